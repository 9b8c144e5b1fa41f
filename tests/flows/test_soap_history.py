"""Our SOAP server tells history: all of it, page by page, to whom it concerns."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit import xml
from schemas.ids import CarrierId
from schemas.tracking import TrackingEvent
from tests.flows.soap_house import (
    KNOWN,
    NOW,
    NS,
    UNKNOWN,
    Said,
    SoapHouse,
    event,
    evidence,
    item,
    push_body,
    soap_house,
)

pytestmark = pytest.mark.flow


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SoapHouse]:
    async with soap_house(tmp_path) as made:
        yield made


def ask(number: str, more: str = "") -> str:
    return f'<GetItemHistory xmlns="{NS}"><itemNumber>{number}</itemNumber>{more}</GetItemHistory>'


# --- telling history ------------------------------------------------------------------------------------------------


async def tell(house: SoapHouse, *events: str) -> tuple[TrackingEvent, ...]:
    """Put events into the store as the worker would."""
    batch = house.adapter().read_push(house.envelope(push_body(*events)), received_at=NOW).batch
    (known,) = await house.store.read(lambda tx: tx.items.find_number(KNOWN))
    await house.store.write(lambda tx: tx.events.append(known.id, [(one, None) for one in batch.events]))
    return batch.events


async def history(house: SoapHouse, number: str, more: str = "") -> Said:
    return await house.post(house.envelope(ask(number, more)), operation="GetItemHistory")


async def test_history_tells_every_event_as_it_was_told(house: SoapHouse) -> None:
    told = await tell(house, event(code="EMA"), event(code="EMI", at="2026-11-20T10:00:00+07:00", after=evidence()))
    said = await history(house, KNOWN)
    assert (xml.text(said.body, "found"), xml.text(said.body, "complete")) == ("true", "true")
    events = xml.child(said.body, "events")
    assert events is not None
    codes = [(xml.text(one, "code"), xml.text(one, "occurred", "at")) for one in xml.children(events)]
    assert codes == [("EMA", "2026-11-20T09:30:00+07:00"), ("EMI", "2026-11-20T10:00:00+07:00")]
    last = list(xml.children(events))[-1]
    assert xml.text(last, "evidence", "sha256") == told[-1].evidence[0].sha256
    assert xml.text(last, "recipient", "nameMasked") is None, "names are not kept, so they cannot be told"


async def test_an_unknown_item_is_not_a_fault(house: SoapHouse) -> None:
    said = await history(house, UNKNOWN)
    assert (said.fault, xml.text(said.body, "found"), xml.text(said.body, "complete")) == (None, "false", "false")


async def test_nobody_sees_the_items_of_another_carrier(house: SoapHouse) -> None:
    other = item(UNKNOWN, carrier=CarrierId("viettel"))
    await house.store.write(lambda tx: tx.items.add(other))
    assert xml.text((await history(house, UNKNOWN)).body, "found") == "false"


async def test_pages_hold_every_event_once(house: SoapHouse) -> None:
    await tell(house, *(event(at=f"2026-11-20T0{n}:00:00+07:00") for n in range(7)))
    seen: list[str | None] = []
    more = "<maxEvents>3</maxEvents>"
    for _ in range(5):
        said = await history(house, KNOWN, more)
        events = xml.child(said.body, "events")
        assert events is not None
        seen += [xml.text(one, "occurred", "at") for one in xml.children(events)]
        token = xml.text(said.body, "nextPageToken")
        if token is None:
            break
        more = f"<maxEvents>3</maxEvents><pageToken>{token}</pageToken>"
    assert len(seen) == len(set(seen)) == 7
    assert (await history(house, KNOWN, "<pageToken>nonsense</pageToken>")).fault == "400.02"


async def test_since_is_never_complete(house: SoapHouse) -> None:
    await tell(house, event(at="2026-11-20T01:00:00+07:00"), event(at="2026-11-20T05:00:00+07:00"))
    said = await history(house, KNOWN, "<since>2026-11-20T03:00:00+07:00</since>")
    events = xml.child(said.body, "events")
    assert events is not None
    assert (len(list(xml.children(events))), xml.text(said.body, "complete")) == (1, "false")
