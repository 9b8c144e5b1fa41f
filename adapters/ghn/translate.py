"""Their words to our records; pure, no await, no clock."""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from adapters._kit import news, walltime
from adapters._kit.json import check, dump, parse
from adapters.ghn.codes import CODE_LIST, MONEY_ONLY, MOVES, WITH_REASON
from adapters.ghn.wire import Entry, Envelope, Order, OrderReply, Pushed
from schemas.errors import CallError, Misunderstood, Refused, Unauthorised
from schemas.ids import CarrierId, PeerId
from schemas.tracking import Complaint, Mapped, MoneyLine, TrackingBatch, TrackingEvent
from schemas.wire import Callback

PEER = PeerId("ghn")
FORMS = ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y-%m-%d", "%d/%m/%Y")
"""GHN writes ISO 8601 with Z; what has no zone is read with the zone of the setting ``event_zone``."""
MONEY = "money"


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """How to take their words: carrier, codes, is the zone of naive times known, what "no such order" sounds like."""

    carrier: CarrierId
    codes: Mapping[str, Mapped]
    zone_known: bool
    not_found_words: tuple[str, ...]


def push_from_wire(callback: Callback, reading: Reading) -> TrackingBatch:
    """Read a push. Raises Misunderstood: no push, or a time that is none."""
    told = parse(Pushed, callback.body, subject=PEER)
    event = _event(told.Status, told.Time, callback.body, reading, callback.received_at)
    event = dataclasses.replace(
        event,
        number=told.OrderCode,
        reference=told.ClientOrderCode or None,
        text=" – ".join(text for text in (told.Description, told.Reason) if text),
        mapped=_of_type(_reasoned(event.mapped, told.Status, told.ReasonCode), told.Type),
        office_name=told.Warehouse,
        money=tuple(
            MoneyLine(kind, amount) for kind, amount in (("cod", told.CODAmount), ("fee", told.TotalFee)) if amount
        ),
        weight_g=told.Weight or None,
    )
    return news.batch(PEER, reading.carrier, [event], [callback.body], received_at=callback.received_at)


def question_to_wire(number: str) -> bytes:
    """Body of shipping-order/detail."""
    return dump({"order_code": number})


def orders_from_wire(
    replies: Sequence[tuple[str, bytes]], reading: Reading, *, received_at: dt.datetime
) -> TrackingBatch:
    """Read the replies to shipping-order/detail, by the code that was asked about.

    Raises:
        Misunderstood: no such reply.
        Refused, Unauthorised: GHN's own error, but for "no such order", which is an item without events.
    """
    events: list[TrackingEvent] = []
    complaints: list[Complaint] = []
    for number, raw in replies:
        order = _order(number, raw, reading)
        if order is not None:
            complaints += news.another(number, order.order_code, raw)
            _entries(order, raw, reading, received_at, events, complaints)
    raws = [raw for _, raw in replies]
    return news.batch(PEER, reading.carrier, events, raws, received_at=received_at, complaints=complaints)


def accepted(raw: bytes, subject: str) -> None:
    """Raises what a reply other than code 200 says: Unauthorised or Refused."""
    envelope = parse(Envelope, raw, subject=subject)
    if envelope.code == 200:
        return
    kind: type[CallError] = Unauthorised if envelope.code in (401, 403) else Refused
    told = f"GHN says {envelope.code}: {envelope.message or 'no message'}"
    raise kind(told, subject=subject, raw=raw, code=str(envelope.code))


def _order(number: str, raw: bytes, reading: Reading) -> Order | None:
    envelope = parse(Envelope, raw, subject=number)
    said = envelope.message.casefold()
    if envelope.code in (400, 404) and any(word.casefold() in said for word in reading.not_found_words):
        return None
    accepted(raw, number)
    data = parse(OrderReply, raw, subject=number).data
    return data[0] if isinstance(data, list) else data


def _entries(
    order: Order,
    raw: bytes,
    reading: Reading,
    received_at: dt.datetime,
    events: list[TrackingEvent],
    complaints: list[Complaint],
) -> None:
    """The log, entry by entry: a bad one costs no other. Without a log the state at the order's last change."""
    told = order.log or [{"status": order.status, "updated_date": order.updated_date}]
    if order.log is None:
        missing = "log: is missing; only the present state is read"
        complaints.append(Complaint("shape", missing, order.order_code, news.digest_of(raw)))
    for line in told:
        try:
            entry = check(Entry, line, raw=raw, subject=order.order_code)
            event = _event(entry.status, entry.updated_date, raw, reading, received_at)
        except Misunderstood as fault:
            complaints.append(Complaint("shape", fault.detail, order.order_code, news.digest_of(raw)))
            continue
        events.append(
            dataclasses.replace(
                event,
                number=order.order_code,
                reference=order.client_order_code or None,
                text=entry.reason,
                mapped=_reasoned(event.mapped, entry.status, entry.reason_code),
            )
        )


def _reasoned(mapped: Mapped | None, state: str, reason: str) -> Mapped | None:
    if mapped is None or not reason or state not in WITH_REASON:
        return mapped
    return dataclasses.replace(mapped, reason=reason)


def _of_type(mapped: Mapped | None, kind: str) -> Mapped | None:
    """What a push of a type means: a state, money only, or, for a type that nobody knows, nothing."""
    kind = kind.casefold()
    if mapped is None or kind in MOVES:
        return mapped
    return dataclasses.replace(mapped, action=MONEY) if kind in MONEY_ONLY else None


def _event(state: str, at: str, raw: bytes, reading: Reading, received_at: dt.datetime) -> TrackingEvent:
    try:
        occurred = walltime.read(at, FORMS, zone_known=reading.zone_known)
    except (ValueError, OverflowError) as error:
        raise Misunderstood(f"time of state {state}: {error}", subject=PEER, raw=raw) from error
    return news.event(
        carrier=reading.carrier,
        source=PEER,
        code=state,
        code_list=CODE_LIST,
        mapped=reading.codes.get(state),
        occurred=occurred,
        received_at=received_at,
        raw_sha256=news.digest_of(raw),
    )
