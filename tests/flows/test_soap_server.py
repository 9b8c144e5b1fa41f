"""Our SOAP server takes news: nothing that came in is lost without a word."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit import xml
from schemas.errors import Misunderstood
from schemas.ids import CarrierId, Sha256, push_feed
from schemas.message import NewInbound
from schemas.ports.carrier import ContractPush
from schemas.tracking import Movement, Push
from tests.flows.soap_house import (
    KNOWN,
    NOW,
    PEER,
    UNKNOWN,
    SoapHouse,
    event,
    evidence,
    push_body,
    rows,
    security,
    soap_house,
)
from tracking import ingest, reading

pytestmark = pytest.mark.flow
MALFORMED = Path(__file__).parents[1] / "recorded" / "postal_soap" / "malformed"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SoapHouse]:
    async with soap_house(tmp_path) as made:
        yield made


# --- taking news ----------------------------------------------------------------------------------------------------


async def test_a_batch_is_durable_before_it_is_answered_and_wakes_the_worker(house: SoapHouse) -> None:
    raw = house.envelope(push_body(event(), sequence=1))
    said = await house.post(raw)
    assert (said.status, said.fault, said.results) == (200, None, [("ACCEPTED", None)])
    assert house.rung.is_set()
    (row,) = await house.store.read(lambda tx: tx.inbox.list(peer=PEER))
    assert (row.kind, row.ext_id, row.sha256) == ("soap", "b-1", hashlib.sha256(raw).hexdigest())
    assert xml.text(said.body, "receiptId") == row.receipt
    assert await house.store.read(lambda tx: tx.inbox.body(row.id)) == raw


async def test_the_stored_bytes_are_what_the_worker_applies(house: SoapHouse) -> None:
    await house.push(event(code="EMI", after=evidence()), event(code="QQQ"), event(number="bad"))
    (row,) = await house.store.read(lambda tx: tx.inbox.pending(limit=5))
    raw = await house.store.read(lambda tx: tx.inbox.body(row.id))
    batch = house.adapter().read_push(raw, received_at=row.received_at).batch
    assert [one.mapped and one.mapped.movement for one in batch.events] == [Movement.DELIVERED, None]
    assert [one.code for one in batch.complaints] == ["EV-01"]
    assert batch == house.adapter().read_push(raw, received_at=row.received_at).batch
    with pytest.raises(Misunderstood):
        house.adapter().read_push(b"<gone/>", received_at=row.received_at)


async def test_one_bad_event_takes_no_sibling_along(house: SoapHouse) -> None:
    good = [event(at=f"2026-11-20T0{n}:00:00+07:00") for n in range(5)]
    said = await house.push(*good[:2], event(at="2026-11-20T09:00:00"), *good[2:])
    assert [one[0] for one in said.results] == ["ACCEPTED", "ACCEPTED", "REJECTED", "ACCEPTED", "ACCEPTED", "ACCEPTED"]
    assert said.results[2] == ("REJECTED", "EV-02")
    assert (said.count("accepted"), said.count("rejected")) == (5, 1)


BAD_EVENTS = {
    "number with a space": (event(number="EL 12"), "REJECTED", "EV-01"),
    "number in small letters": (event(number="el123456785vn"), "REJECTED", "EV-01"),
    "time without zone": (event(at="2026-11-20T09:00:00"), "REJECTED", "EV-02"),
    "recorded without zone": (event(after="<recorded>2026-11-20T09:00:00</recorded>"), "REJECTED", "EV-02"),
    "no such day": (event(at="2026-13-45T09:00:00Z"), "REJECTED", "EV-03"),
    "hour 24, lawful in XSD": (event(at="2026-11-20T24:00:00Z"), "REJECTED", "EV-03"),
    "code without its list": (event().replace(' list="M40"', ""), "REJECTED", "EV-03"),
    "elements in another order": (event(before="<text>x</text>"), "REJECTED", "EV-03"),
    "element that is not in the contract": (event(after="<mood>good</mood>"), "REJECTED", "EV-03"),
    "attempt 100": (event(after="<attemptNo>100</attemptNo>"), "REJECTED", "EV-03"),
    "neither item nor bag": (event(number=""), "REJECTED", "EV-03"),
    "empty": ("<event/>", "REJECTED", "EV-03"),
    "text only": ("<event>delivered, honestly</event>", "REJECTED", "EV-03"),
    "in another namespace": ('<event xmlns="urn:else"/>', "fault", "400.02"),
    "short digest": (
        event(
            after='<evidence><kind list="K">S</kind><sha256>ab</sha256>'
            "<mediaType>m</mediaType><bytes>1</bytes></evidence>"
        ),
        "REJECTED",
        "EV-04",
    ),
    "in the future": (event(at="2026-11-21T09:00:00+07:00"), "QUARANTINED", "EV-11"),
    "before the booking": (event(at="2026-11-01T09:00:00+07:00"), "QUARANTINED", "EV-12"),
    "unknown code": (event(code="QQQ"), "QUARANTINED", "EV-13"),
    "unknown list": (event(codes="VN-POST", at="2026-11-20T09:31:00+07:00"), "QUARANTINED", "EV-13"),
    "unknown item": (event(number=UNKNOWN), "QUARANTINED", "EV-14"),
    "reason of a delivery": (event(code="EMI", after='<reason list="R">16</reason>'), "QUARANTINED", "EV-15"),
}


@pytest.mark.parametrize(("bad", "outcome", "code"), BAD_EVENTS.values(), ids=BAD_EVENTS)
async def test_a_bad_event_is_told_and_its_sibling_goes_through(
    house: SoapHouse, bad: str, outcome: str, code: str
) -> None:
    said = await house.push(event(), bad)
    if outcome == "fault":
        assert said.fault == code
    else:
        assert said.results == [("ACCEPTED", None), (outcome, code)]


async def test_every_malformed_recording_is_a_fault_or_a_code(house: SoapHouse) -> None:
    files = sorted(MALFORMED.glob("*.xml"))
    assert len(files) >= 20
    for file in files:
        wanted = file.stem.partition("_")[0]
        raw = file.read_bytes().replace(b"<!--SECURITY-->", security(house.clock.now()).encode())
        raw = raw.replace(b">m-1<", f">{file.stem}<".encode())
        before = await rows(house)
        said = await house.post(raw)
        if wanted.startswith("EV"):
            assert (wanted in [code for _, code in said.results], await rows(house)) == (True, before + 1), file.name
        else:
            assert (said.fault, said.status, await rows(house)) == (wanted, 500, before), file.name


async def test_the_worker_does_what_the_answer_said(house: SoapHouse) -> None:
    lawful = [bad for bad, outcome, code in BAD_EVENTS.values() if outcome == "QUARANTINED" and code != "EV-15"]
    said = await house.push(event(), *lawful, event(), event(code="EMG", after="<attemptNo>1</attemptNo>"))
    (row,) = await house.store.read(lambda tx: tx.inbox.pending(limit=1))
    batch = house.adapter().read_push(await house.store.read(lambda tx: tx.inbox.body(row.id)), received_at=NOW).batch
    done = await house.store.write(
        lambda tx: ingest.ingest(
            tx, batch, tell=lambda _tx, _fact: None, context_source=reading.load_context, now=house.clock.now()
        )
    )
    told = [
        ("DUPLICATE" if not one.new else "QUARANTINED" if one.quarantine else "ACCEPTED", one.quarantine)
        for one in done.outcomes
    ]
    assert [outcome for outcome, _ in said.results] == [outcome for outcome, _ in told]
    assert [code for outcome, code in said.results if outcome == "QUARANTINED"] == [
        code for outcome, code in told if outcome == "QUARANTINED"
    ]
    assert {outcome for outcome, _ in told} == {"ACCEPTED", "DUPLICATE", "QUARANTINED"}
    again = await house.push(event(), *lawful, event(code="EMG", after="<attemptNo>1</attemptNo>"), batch="b-2")
    assert {outcome for outcome, _ in again.results} == {"DUPLICATE"}


class Stumbling:
    """A reader with a slip of ours in it, until somebody mends it."""

    def __init__(self) -> None:
        self.mended: ContractPush | None = None

    @property
    def carrier(self) -> CarrierId:
        return CarrierId("vnpost")

    def read_push(self, raw: bytes, *, received_at: dt.datetime) -> Push:
        if self.mended is None:
            raise ZeroDivisionError
        return self.mended.read_push(raw, received_at=received_at)


async def test_what_we_cannot_read_by_our_own_fault_is_kept_and_answered_when_we_can(tmp_path: Path) -> None:
    reader = Stumbling()
    async with soap_house(tmp_path, reader=reader) as house:
        assert (await house.push(event())).fault == "500.01"
        assert (await rows(house), house.rung.is_set()) == (1, True)
        reader.mended = house.adapter()
        said = await house.push(event())
        assert (said.results, xml.text(said.body, "repeated"), await rows(house)) == ([("ACCEPTED", None)], "true", 1)


# --- the same again -------------------------------------------------------------------------------------------------


async def test_the_same_batch_gets_the_first_answer(house: SoapHouse) -> None:
    first = await house.push(event(), event(code="QQQ"))
    house.clock.at += dt.timedelta(hours=1)
    second = await house.push(event(), event(code="QQQ"))
    assert [xml.text(one.body, "repeated") for one in (first, second)] == ["false", "true"]
    same = ("batchId", "receiptId", "receivedAt", "accepted", "quarantined")
    assert [xml.text(first.body, name) for name in same] == [xml.text(second.body, name) for name in same]
    assert (first.results, await rows(house)) == (second.results, 1)


async def test_the_same_batch_id_with_another_content_is_refused(house: SoapHouse) -> None:
    await house.push(event())
    assert (await house.push(event(code="EMI"))).fault == "409.01"
    assert (await house.push(event())).fault is None


async def test_prefixes_and_declarations_do_not_make_another_content(house: SoapHouse) -> None:
    body = push_body(event())
    await house.post(house.envelope(body))
    prefixed = body.replace("<", "<p:").replace("<p:/", "</p:").replace("xmlns=", "xmlns:p=")
    said = await house.post(house.envelope(prefixed))
    assert (said.fault, xml.text(said.body, "repeated")) == (None, "true")


async def test_an_id_of_another_kind_of_news_is_not_taken_for_ours(house: SoapHouse) -> None:
    other = NewInbound(PEER, "history", "b-1", Sha256("0" * 64), b"x", (), NOW, "r", "c")
    await house.store.write(lambda tx: tx.inbox.put(other))
    assert (await house.push(event())).fault == "409.01"


async def test_an_event_known_already_is_a_duplicate_even_inside_the_batch(house: SoapHouse) -> None:
    batch = house.adapter().read_push(house.envelope(push_body(event())), received_at=NOW).batch
    (known,) = await house.store.read(lambda tx: tx.items.find_number(KNOWN))
    await house.store.write(lambda tx: tx.events.append(known.id, [(one, None) for one in batch.events]))
    said = await house.push(event(), event(code="EMG"), event(code="EMG"))
    assert said.results == [("DUPLICATE", None), ("ACCEPTED", None), ("DUPLICATE", None)]
    back = await house.push(event(after="<withdrawn>true</withdrawn>"), batch="b-2")
    assert back.results == [("ACCEPTED", None)], "taking an event back is news"


async def test_many_senders_of_one_batch_at_once_make_one_row(house: SoapHouse) -> None:
    said = await asyncio.gather(*(house.push(event()) for _ in range(8)))
    assert sorted(str(xml.text(one.body, "repeated")) for one in said) == ["false"] + ["true"] * 7
    assert len({xml.text(one.body, "receiptId") for one in said}) == await rows(house) == 1


async def test_a_gap_in_the_sequence_is_remembered_until_it_is_filled(house: SoapHouse) -> None:
    for number in (1, 2, 5):
        await house.push(event(), batch=f"b-{number}", sequence=number)
    state = await house.store.read(lambda tx: tx.feeds.get(push_feed(PEER)))
    assert (state.failures, state.failing_since, state.last_error) == (2, NOW, "missing batches: 3, 4")
    for number in (4, 3):
        await house.push(event(), batch=f"b-{number}", sequence=number)
    state = await house.store.read(lambda tx: tx.feeds.get(push_feed(PEER)))
    assert (state.failures, state.failing_since, state.last_error) == (0, None, "")


async def test_the_quirk_of_one_sender_repairs_its_times(tmp_path: Path) -> None:
    async with soap_house(tmp_path, naive_times_are_local=True) as house:
        said = await house.push(event(at="2026-11-20T09:30:00"))
        assert said.results == [("ACCEPTED", None)]
        (row,) = await house.store.read(lambda tx: tx.inbox.pending(limit=1))
        raw = await house.store.read(lambda tx: tx.inbox.body(row.id))
        (told,) = house.adapter().read_push(raw, received_at=row.received_at).batch.events
        assert (told.occurred.zone_source, told.occurred.utc_low.hour) == ("quirk", 2)
