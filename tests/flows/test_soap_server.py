"""Our SOAP server, over a socket, with a store behind it: nothing that came in is lost without a word."""

import asyncio
import datetime as dt
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit import xml
from gateway.inbound.soap import sequence
from schemas.errors import Misunderstood
from schemas.ids import CarrierId, Sha256
from schemas.message import NewInbound
from schemas.ports.carrier import ContractPush
from schemas.tracking import Movement, Push, TrackingEvent
from tests.flows.soap_house import (
    KNOWN,
    NOW,
    NS,
    PEER,
    UNKNOWN,
    Said,
    SoapHouse,
    envelope,
    event,
    item,
    key,
    push_body,
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


async def rows(house: SoapHouse) -> int:
    return len(await house.store.read(lambda tx: tx.inbox.list(peer=PEER)))


def ping(echo: str = "xin chào") -> str:
    return f'<Ping xmlns="{NS}"><echo>{echo}</echo></Ping>'


def ask(number: str, more: str = "") -> str:
    return f'<GetItemHistory xmlns="{NS}"><itemNumber>{number}</itemNumber>{more}</GetItemHistory>'


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


def evidence() -> str:
    picture = hashlib.sha256(b"signature").hexdigest()
    return (
        f'<recipient><relation list="LT-RELATION">ADDRESSEE</relation><nameMasked>N*** M**</nameMasked></recipient>'
        f'<evidence><kind list="LT-EVIDENCE">SIGNATURE</kind><sha256>{picture}</sha256>'
        f"<mediaType>image/png</mediaType><bytes>9</bytes></evidence>"
    )


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
    state = await house.store.read(lambda tx: tx.feeds.get(sequence.feed_of(PEER)))
    assert (state.failures, state.failing_since, state.last_error) == (2, NOW, "missing batches: 3, 4")
    for number in (4, 3):
        await house.push(event(), batch=f"b-{number}", sequence=number)
    state = await house.store.read(lambda tx: tx.feeds.get(sequence.feed_of(PEER)))
    assert (state.failures, state.failing_since, state.last_error) == (0, None, "")


# --- who ------------------------------------------------------------------------------------------------------------


async def faulty(house: SoapHouse, header: str, body: str | None = None) -> str | None:
    return (await house.post(envelope(body or push_body(event()), headers=header))).fault


async def test_only_who_knows_the_password_comes_in(house: SoapHouse) -> None:
    assert await faulty(house, "") == "401.01"
    assert await faulty(house, security(NOW, password="guess")) == "401.01"
    assert await faulty(house, security(NOW, user="nobody")) == "401.01"
    in_clear = security(NOW).replace("#PasswordDigest", "#PasswordText")
    assert await faulty(house, in_clear) == "401.01"
    await house.store.write(lambda tx: tx.accounts.put_key(key("rest-only", password="")))
    assert await faulty(house, security(NOW, user="rest-only", password="")) == "401.01"
    await house.store.write(lambda tx: tx.accounts.put_key(key("old", active=False)))
    assert await faulty(house, security(NOW, user="old")) == "401.01"
    assert await rows(house) == 0


async def test_a_token_is_good_for_five_minutes_and_for_one_message(house: SoapHouse) -> None:
    assert await faulty(house, security(NOW - dt.timedelta(minutes=6))) == "401.02"
    assert await faulty(house, security(NOW + dt.timedelta(minutes=6))) == "401.02"
    assert await faulty(house, security(NOW, expires="2026-11-20T07:50:00Z")) == "401.02"
    once = security(NOW, nonce=b"0123456789abcdef")
    assert await faulty(house, once) is None
    assert await faulty(house, once) == "401.02"
    assert await faulty(house, once, push_body(event(), batch="b-2")) == "401.02"
    assert (await house.post(envelope(ping(), headers=once), operation="Ping")).fault == "401.02"
    assert await rows(house) == 1


async def test_a_sender_speaks_for_itself_only(house: SoapHouse) -> None:
    assert (await house.push(event(), sender="somebody-else")).fault == "403.01"
    await house.store.write(lambda tx: tx.accounts.put_key(key("office", peer=None)))
    header = security(NOW, user="office")
    assert await faulty(house, header, push_body(event(), sender="office")) == "403.01"


# --- the envelope ---------------------------------------------------------------------------------------------------


async def test_soap_action_and_body_must_agree(house: SoapHouse) -> None:
    raw = house.envelope(push_body(event()))
    assert (await house.post(raw, operation="Ping")).fault == "400.03"
    assert (await house.post(raw, headers={"SOAPAction": '""'})).fault is None


async def test_an_operation_of_the_contract_that_is_not_served_says_so(house: SoapHouse) -> None:
    ticket = (
        f'<OpenTicket xmlns="{NS}"><requestId>r</requestId><items><itemNumber>{KNOWN}</itemNumber></items></OpenTicket>'
    )
    said = await house.post(house.envelope(ticket), operation="OpenTicket")
    assert said.fault == "503.01"
    assert xml.text(said.body, "detail", "ServiceFault", "retryable") == "true"


async def test_other_versions_and_strange_headers_are_refused_as_soap_wants(house: SoapHouse) -> None:
    twelve = envelope(ping(), root="http://www.w3.org/2003/05/soap-envelope")
    assert (await house.post(twelve, operation="Ping")).fault == "VersionMismatch"
    said = await house.post(twelve, headers={"Content-Type": "application/soap+xml"})
    assert said.fault == "VersionMismatch"
    strange = house.envelope(ping(), headers='<x:Route xmlns:x="urn:x" s:mustUnderstand="1"/>')
    assert (await house.post(strange, operation="Ping")).fault == "MustUnderstand"
    assert (await house.post(b"{}", headers={"Content-Type": "application/json"})).fault == "400.01"
    assert (await house.post(b"x", headers={"Content-Encoding": "gzip"})).fault == "400.01"


async def test_five_megabytes_are_too_much_and_an_entity_bomb_is_no_xml(house: SoapHouse) -> None:
    large = house.envelope(push_body(event(after=f"<text>{'x' * 5_000_000}</text>")))
    assert (await house.post(large)).fault == "413.01"
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "ha">{entities}]>'.encode()
    raw = house.envelope(push_body(event(after="<text>&e8;</text>")))
    assert (await house.post(raw.replace(b'utf-8"?>', b'utf-8"?>' + bomb, 1))).fault == "400.01"
    assert (await house.post(raw.replace(b'utf-8"?>', b'utf-8"?><!DOCTYPE a>', 1))).fault == "400.01"
    assert (await house.push(event())).fault is None


async def test_an_answer_relates_to_its_message(house: SoapHouse) -> None:
    header = '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:7</a:MessageID>'
    for body, operation in ((ping(), "Ping"), (push_body("<event/>"), "PushEvents"), ("<nothing/>", "Ping")):
        said = await house.post(house.envelope(body, headers=header), operation=operation)
        assert xml.text(said.root, "Header", "RelatesTo") == "urn:uuid:7"


async def test_violations_are_named_with_path_and_line(house: SoapHouse) -> None:
    said = await house.post(house.envelope(push_body(event()).replace("<sentAt>", "<sentAt>never ")))
    fault = xml.child(said.body, "detail", "ServiceFault")
    assert fault is not None
    assert xml.text(fault, "violations", "violation", "path") == "/PushEvents/sentAt"
    assert (xml.text(fault, "messageVi") or "").startswith("Nội dung")


async def test_a_house_that_takes_nothing_says_so_and_keeps_nothing(house: SoapHouse) -> None:
    house.accepting = False
    assert (await house.push(event())).fault == "503.01"
    said = await house.post(house.envelope(ping()), operation="Ping")
    assert (xml.text(said.body, "accepting"), xml.text(said.body, "echo")) == ("false", "xin chào")
    house.accepting = True
    assert (await house.push(event())).results == [("ACCEPTED", None)]


async def test_the_contract_is_served_with_the_address_it_was_asked_at(house: SoapHouse) -> None:
    async with house.session.get(f"{house.url}?wsdl") as reply:
        wsdl = xml.parse(await reply.read())
    addresses = [one.get("location") for one in wsdl.iter() if xml.local(one) == "address"]
    assert addresses == [house.url]
    (place,) = [one.get("schemaLocation") for one in wsdl.iter() if xml.local(one) == "import"]
    async with house.session.get(str(place)) as reply:
        assert xml.local(xml.parse(await reply.read())) == "schema"
    async with house.session.get(f"{house.url}?xsd=../../pyproject.toml") as reply:
        assert reply.status != 200


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


async def test_the_quirk_of_one_sender_repairs_its_times(tmp_path: Path) -> None:
    async with soap_house(tmp_path, naive_times_are_local=True) as house:
        said = await house.push(event(at="2026-11-20T09:30:00"))
        assert said.results == [("ACCEPTED", None)]
        (row,) = await house.store.read(lambda tx: tx.inbox.pending(limit=1))
        raw = await house.store.read(lambda tx: tx.inbox.body(row.id))
        (told,) = house.adapter().read_push(raw, received_at=row.received_at).batch.events
        assert (told.occurred.zone_source, told.occurred.utc_low.hour) == ("quirk", 2)
