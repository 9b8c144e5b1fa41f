"""Their words to our records; pure, no await, no clock."""

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from adapters._kit import news, walltime
from adapters._kit.json import check, parse
from adapters._kit.meanings import means
from adapters.ghtk.codes import CODE_LIST, DELIVERED, NOT_DELIVERED, REPORTS, WITH_REASON
from adapters.ghtk.wire import Envelope, Order, OrderReply, Pushed
from schemas.errors import CallError, Misunderstood, Refused, Unauthorised
from schemas.ids import CarrierId, PeerId
from schemas.tracking import Complaint, EventTime, Mapped, MoneyLine, Movement, TrackingBatch, TrackingEvent, ZoneSource
from schemas.wire import Callback

PEER = PeerId("ghtk")
FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")
FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 100
_LOST_PLUS = re.compile(r"(T[0-9:.]+) ([0-9]{2}:?[0-9]{2})")
"""``2016-11-02T12:18:39+07:00`` in a form whose plus was not escaped, as GHTK's own example writes it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """How to take their words: carrier, codes, is the zone of naive times known, what "no such order" sounds like."""

    carrier: CarrierId
    codes: Mapping[str, Mapped]
    zone_known: bool
    not_found_words: tuple[str, ...]


def push_from_wire(callback: Callback, reading: Reading) -> TrackingBatch:
    """Read a push, a form or JSON. Raises Misunderstood: neither of them, or a time that is none."""
    told, content_type = _pushed(callback)
    code = str(told.status_id)
    event = _event(code, _time(told.action_time, callback.body, reading), callback.body, reading, callback.received_at)
    weight_g = round(told.weight * 1000) if told.weight is not None else 0
    event = dataclasses.replace(
        event,
        number=told.label_id,
        reference=told.partner_id or None,
        text=" – ".join(text for text in (told.reason, "giao một phần" if told.return_part_package else "") if text),
        mapped=_reasoned(event.mapped, code, told.reason_code),
        money=tuple(MoneyLine(kind, sum_) for kind, sum_ in (("cod", told.pick_money), ("fee", told.fee)) if sum_),
        weight_g=weight_g or None,
    )
    return news.batch(
        PEER,
        reading.carrier,
        [event],
        [callback.body],
        received_at=callback.received_at,
        content_type=content_type,
    )


def orders_from_wire(
    replies: Sequence[tuple[str, bytes]], reading: Reading, *, received_at: dt.datetime
) -> TrackingBatch:
    """Read the replies to services/shipment/v2, by the label that was asked about: the state of each order now.

    Raises:
        Misunderstood: no such reply.
        Refused, Unauthorised: GHTK's own error, but for "no such order", which is an item without events.
    """
    events: list[TrackingEvent] = []
    complaints: list[Complaint] = []
    for number, raw in replies:
        if is_unknown(raw, number, reading.not_found_words):
            continue
        order = parse(OrderReply, raw, subject=number).order
        complaints += news.another(number, order.label_id, raw)
        events.append(_state(order, raw, reading, received_at))
    raws = [raw for _, raw in replies]
    return news.batch(PEER, reading.carrier, events, raws, received_at=received_at, complaints=complaints)


def is_unknown(raw: bytes, subject: str, words: Sequence[str]) -> bool:
    """True where the reply says that there is no such order.

    Raises:
        Refused, Unauthorised: another error of GHTK's.
        Misunderstood: no such reply.
    """
    envelope = parse(Envelope, raw, subject=subject)
    if envelope.success:
        return False
    said = envelope.message.casefold()
    if any(word.casefold() in said for word in words):
        return True
    kind: type[CallError] = Unauthorised if "token" in said else Refused
    raise kind(f"GHTK says no: {envelope.message or 'no message'}", subject=subject, raw=raw, status=200)


def _pushed(callback: Callback) -> tuple[Pushed, str]:
    told = dict(callback.headers).get("content-type", "").partition(";")[0].strip().lower()
    if told != FORM and (told.endswith("json") or callback.body.lstrip()[:1] in (b"{", b"[", b"")):
        return parse(Pushed, callback.body, subject=PEER), "application/json"
    return check(Pushed, _form(callback.body), raw=callback.body, subject=PEER), FORM


def _form(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:  # no form, or no UTF-8
        raise Misunderstood(f"no form: {error}", subject=PEER, raw=raw) from error
    told = dict(pairs)
    twice = sorted({name for name, value in pairs if told[name] != value})
    if twice:
        raise Misunderstood(f"{', '.join(twice)}: told twice with two values", subject=PEER, raw=raw)
    return told


def _time(text: str, raw: bytes, reading: Reading) -> EventTime:
    mended = _LOST_PLUS.sub(r"\1+\2", text.strip())
    try:
        occurred = walltime.read(mended, FORMS, zone_known=reading.zone_known)
    except (ValueError, OverflowError) as error:
        raise Misunderstood(f"time: {error}", subject=PEER, raw=raw) from error
    return occurred if mended == text.strip() else dataclasses.replace(occurred, zone_source=ZoneSource.QUIRK)


def _state(order: Order, raw: bytes, reading: Reading, received_at: dt.datetime) -> TrackingEvent:
    """The state now. Its time is the day of delivery where it is told, else the day of the order's last change.

    ``modified`` changes with anything about the order, so a finer time would make one state many events; and a failed
    delivery that is asked about is the state of waiting after it, not another attempt.
    """
    code = str(order.status)
    told = order.deliver_date if code in DELIVERED and order.deliver_date else order.modified
    event = _event(code, _time(told[:10], raw, reading), raw, reading, received_at)
    mapped = event.mapped
    if code == NOT_DELIVERED and mapped is not None:
        mapped = means(Movement.HELD, reason="not_delivered")
    return dataclasses.replace(
        event,
        number=order.label_id,
        reference=order.partner_id or None,
        text=" – ".join(text for text in (order.status_text, order.message) if text),
        mapped=mapped,
        weight_g=order.weight or None,
    )


def _reasoned(mapped: Mapped | None, code: str, reason: str) -> Mapped | None:
    if mapped is None or not reason or code not in WITH_REASON:
        return mapped
    return dataclasses.replace(mapped, reason=reason)


def _event(code: str, occurred: EventTime, raw: bytes, reading: Reading, received_at: dt.datetime) -> TrackingEvent:
    event = news.event(
        carrier=reading.carrier,
        source=PEER,
        code=code,
        code_list=CODE_LIST,
        mapped=reading.codes.get(code),
        occurred=occurred,
        received_at=received_at,
        raw_sha256=news.digest_of(raw),
    )
    return dataclasses.replace(event, forecast=code in REPORTS)
