"""zeep as a foreign client of our server, and as a second reader of our contract. It is not our own code: its parsing
and its WS-Security meet our answers."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import zeep
import zeep.exceptions
import zeep.wsse.username

from adapters._kit import xml
from tests.flows.soap_house import KNOWN, PASSWORD, UNKNOWN, USER, SoapHouse, soap_house

pytestmark = pytest.mark.interop
T = TypeVar("T")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SoapHouse]:
    async with soap_house(tmp_path) as made:
        # zeep signs with the machine's time, so the house's clock stands at it
        made.clock.at = dt.datetime.now(dt.UTC)  # noqa: TID251  # a foreign client's clock is the machine's
        yield made


async def asked(house: SoapHouse, call: Callable[[Any], T], *, password: str = PASSWORD) -> T:
    """Load the served WSDL and call, in a thread: zeep blocks, and the server lives in this loop."""

    def run() -> T:
        token = zeep.wsse.username.UsernameToken(USER, password, use_digest=True)  # type: ignore[no-untyped-call]  # zeep has no annotations
        client = zeep.Client(f"{house.url}?wsdl", wsse=token)  # type: ignore[no-untyped-call]  # as above, of zeep
        return call(client.service)

    return await asyncio.to_thread(run)


def told(number: str | None = KNOWN, code: str = "EMC", **more: object) -> dict[str, object]:
    at = dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=7)))
    event: dict[str, object] = {
        "code": {"_value_1": code, "list": "M40"},
        "occurred": {"at": at, "precision": "SECOND"},
    }
    if number is not None:
        event["itemNumber"] = number
    return event | more


def batch(*events: dict[str, object], name: str = "z-1") -> dict[str, object]:
    return {"batchId": name, "sender": USER, "sentAt": dt.datetime.now(dt.UTC), "events": {"event": list(events)}}  # noqa: TID251  # a foreign client, the machine's clock


async def test_ping(house: SoapHouse) -> None:
    reply = await asked(house, lambda service: service.Ping(echo="Đã phát thành công"))
    assert (reply.echo, reply.accepting, reply.contractVersion) == ("Đã phát thành công", True, "1.0")
    assert reply.serverTime.tzinfo is not None


async def test_push_events(house: SoapHouse) -> None:
    proof: dict[str, Any] = {
        "recipient": {"relation": {"_value_1": "ADDRESSEE", "list": "LT-RELATION"}, "nameMasked": "N*** V** M**"},
        "evidence": [
            {
                "kind": {"_value_1": "SIGNATURE", "list": "LT-EVIDENCE"},
                "sha256": "ab" * 32,
                "mediaType": "image/png",
                "bytes": 812,
            }
        ],
    }
    events = [told(), told(code="EMI", **proof), told(UNKNOWN), told(None)]
    reply = await asked(house, lambda service: service.PushEvents(**batch(*events)))
    results = [(one.index, one.outcome, one.code) for one in reply.results.result]
    assert results == [
        (1, "ACCEPTED", None),
        (2, "ACCEPTED", None),
        (3, "QUARANTINED", "EV-14"),
        (4, "REJECTED", "EV-03"),
    ]
    assert (reply.accepted, reply.quarantined, reply.rejected, reply.repeated) == (2, 1, 1, False)


async def test_get_item_history_of_nothing_is_an_empty_list_and_no_fault(house: SoapHouse) -> None:
    reply = await asked(house, lambda service: service.GetItemHistory(itemNumber=UNKNOWN))
    assert (reply.found, reply.complete, reply.nextPageToken) == (False, False, None)
    known = await asked(house, lambda service: service.GetItemHistory(itemNumber=KNOWN, maxEvents=10))
    assert (known.found, known.complete) == (True, True)


async def test_faults_carry_their_detail(house: SoapHouse) -> None:
    with pytest.raises(zeep.exceptions.Fault) as wrong:
        await asked(house, lambda service: service.Ping(), password="guess")
    assert wrong.value.code == "soap:Client"
    assert b"401.01" in detail(wrong.value)
    with pytest.raises(zeep.exceptions.Fault) as absent:
        await asked(house, lambda service: service.GetItemsByTicket(ticketId="t", page=1))
    assert (absent.value.code, b"404.01" in detail(absent.value)) == ("soap:Client", True)
    with pytest.raises(zeep.exceptions.Fault) as schema:
        await asked(house, lambda service: service.GetItemHistory(itemNumber="small letters"))
    assert b"/GetItemHistory/itemNumber" in detail(schema.value)


def detail(fault: zeep.exceptions.Fault) -> bytes:
    assert fault.detail is not None
    return xml.write(fault.detail)


async def test_large_batch_in_vietnamese(house: SoapHouse) -> None:
    text = "Bưu gửi đến bưu cục phát, phường Nguyễn Thị Minh Khai "
    minutes = dt.timedelta(minutes=1)
    first = dt.datetime(2026, 11, 20, 0, 0, tzinfo=dt.UTC)
    events = [told(text=text, occurred={"at": first + n * minutes, "precision": "MINUTE"}) for n in range(500)]
    reply = await asked(house, lambda service: service.PushEvents(**batch(*events)))
    assert (reply.accepted, len(reply.results.result)) == (500, 500)
