"""Their words to our records; pure, no await, no clock."""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence

from adapters._kit import news, walltime
from adapters._kit.json import check, parse
from adapters.ems.codes import CODE_LIST
from adapters.ems.wire import Envelope, Journey, JourneyReply, Pushed, Trace
from schemas.errors import Misunderstood, Refused, Unauthorised
from schemas.ids import CarrierId, PeerId
from schemas.tracking import Complaint, Mapped, MoneyLine, TrackingBatch, TrackingEvent
from schemas.wire import Callback

PEER = PeerId("ems")
FORMS = ("%d/%m/%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%Y-%m-%d")
"""The webhook writes the first, the journey the second; the others are shorter and cost nothing."""
LONGEST = 100
"""Characters of a transaction; examples have ten."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """How to take their words: carrier, codes, is the zone of times known, what "no such item" sounds like."""

    carrier: CarrierId
    codes: Mapping[str, Mapped]
    zone_known: bool
    not_found_words: tuple[str, ...]


def push_from_wire(callback: Callback, reading: Reading) -> TrackingBatch:
    """Read a push. Raises Misunderstood: no push, or a time that is none."""
    told = parse(Pushed, callback.body, subject=PEER)
    event = _event(str(told.status_code), told.datetime, callback.body, reading, callback.received_at)
    event = dataclasses.replace(
        event,
        carrier_event_id=transaction_of(callback) or None,
        number=told.tracking_code,
        reference=told.order_code or None,
        text=" – ".join(text for text in (told.status_name, told.note) if text),
        office_name=told.locate,
        money=tuple(
            MoneyLine(kind, amount) for kind, amount in (("cod", told.money_collect), ("fee", told.total_fee)) if amount
        ),
        weight_g=told.total_weight or None,
    )
    return news.batch(PEER, reading.carrier, [event], [callback.body], received_at=callback.received_at)


def answer_to(callback: Callback) -> bytes:
    """What EMS wants to hear: its own transaction again."""
    return json.dumps({"code": "success", "transaction": transaction_of(callback)}).encode()


def transaction_of(callback: Callback) -> str:
    """The delivery's transaction as text that a store can keep; empty where it has none."""
    told = dict(callback.headers).get("ems-transaction", "")
    return told.encode("utf-8", "replace").decode()[:LONGEST]


def journeys_from_wire(
    replies: Sequence[tuple[str, bytes]], reading: Reading, *, received_at: dt.datetime
) -> TrackingBatch:
    """Read the replies to orders/tracking, by the number that was asked about.

    Raises:
        Misunderstood: no such reply.
        Refused, Unauthorised: EMS's own error, but for "no such item", which is an item without events.
    """
    events: list[TrackingEvent] = []
    complaints: list[Complaint] = []
    for number, raw in replies:
        journey = _journey(number, raw, reading)
        if journey is not None:
            complaints += news.another(number, journey.tracking_code, raw)
            _steps(journey, raw, reading, received_at, events, complaints)
    raws = [raw for _, raw in replies]
    return news.batch(PEER, reading.carrier, events, raws, received_at=received_at, complaints=complaints)


def accepted(raw: bytes, subject: str) -> None:
    """Raises what a reply other than ``success`` says: Unauthorised or Refused."""
    envelope = parse(Envelope, raw, subject=subject)
    if envelope.code != "success":
        kind = Unauthorised if "token" in envelope.message.casefold() else Refused
        told = f"EMS says {envelope.code}: {envelope.message or 'no message'}"
        raise kind(told, subject=subject, raw=raw, status=200, code=envelope.code)


def _journey(number: str, raw: bytes, reading: Reading) -> Journey | None:
    envelope = parse(Envelope, raw, subject=number)
    said = envelope.message.casefold()
    if envelope.code == "error" and any(word.casefold() in said for word in reading.not_found_words):
        return None
    accepted(raw, number)
    return parse(JourneyReply, raw, subject=number).data


def _steps(
    journey: Journey,
    raw: bytes,
    reading: Reading,
    received_at: dt.datetime,
    events: list[TrackingEvent],
    complaints: list[Complaint],
) -> None:
    """One bad step costs no other."""
    for told in journey.traces:
        try:
            trace = check(Trace, told, raw=raw, subject=journey.tracking_code)
            event = _event(str(trace.status), trace.tracedate, raw, reading, received_at)
        except Misunderstood as fault:
            complaints.append(Complaint("shape", fault.detail, journey.tracking_code, news.digest_of(raw)))
            continue
        events.append(
            dataclasses.replace(
                event,
                number=journey.tracking_code,
                text=trace.description,
                office_name=trace.address,
                weight_g=journey.total_weight or None,
            )
        )


def _event(code: str, at: str, raw: bytes, reading: Reading, received_at: dt.datetime) -> TrackingEvent:
    try:
        occurred = walltime.read(at, FORMS, zone_known=reading.zone_known)
    except (ValueError, OverflowError) as error:
        raise Misunderstood(f"time of status {code}: {error}", subject=PEER, raw=raw) from error
    return news.event(
        carrier=reading.carrier,
        source=PEER,
        code=code,
        code_list=CODE_LIST,
        mapped=reading.codes.get(code),
        occurred=occurred,
        received_at=received_at,
        raw_sha256=news.digest_of(raw),
    )
