"""Their words to our records and back; pure, no await, no clock."""

import dataclasses
import datetime as dt
import hashlib
import re
from zoneinfo import ZoneInfo

from adapters._kit.json import check, dump, parse
from adapters.vnpost_hcc.codes import ACCEPTED, CODE_LIST, UNCLEAR
from adapters.vnpost_hcc.cursor import Cursor, oid_time
from adapters.vnpost_hcc.terms import Terms
from adapters.vnpost_hcc.wire import FeedPage, FeedRow, OrderReply
from schemas.dossier import Party
from schemas.errors import Misunderstood, Refused, Unknown
from schemas.ids import PeerId, Sha256
from schemas.numbers import citizen_id
from schemas.shipment import BookingOrder, BookingReceipt, LegDirection
from schemas.tracking import (
    Complaint,
    EventTime,
    Mapped,
    Precision,
    TrackingBatch,
    TrackingEvent,
    ZoneSource,
)
from schemas.wire import RawDocument

PEER = PeerId("vnpost_hcc")
VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
AHEAD = dt.timedelta(minutes=15)
"""A row is written after its event; an EventTime further ahead of the row's own id than this doubts the zone."""
SEVEN_HOURS = dt.timedelta(hours=7)
_DIGITS = re.compile(r"(?<!\d)\d{9,12}(?!\d)")
_SERVICE_NAMES = {LegDirection.TO_OFFICE: "Thu gom hồ sơ tại nhà", LegDirection.TO_CITIZEN: "Trả hồ sơ tại nhà"}


def order_to_wire(order: BookingOrder, terms: Terms) -> bytes:
    """Body of postOrder (contract/fields.toml). The identity number never goes out, though it once was a convention.

    Raises:
        Refused: a party without the postal code of its province, an address, a name or a telephone: VNPost wants
            them; or no item number where the setting ``item_code`` requires one.
    """
    sender = party("Sender", order.sender, order.reference, terms)
    receiver = party("Receiver", order.addressee, order.reference, terms)
    collects = order.direction is LegDirection.TO_OFFICE
    return dump(
        {
            "CustomerCode": terms.customer_code,
            "OrderNumber": order.reference,
            "ItemCode": item_code(order, terms),
            "CODAmount": order.cod_due,
            **sender,
            "SenderDesc": description(order),
            "Description": "",
            **receiver,
            "FlagConfig": terms.flag_to_office if collects else terms.flag_to_citizen,
        }
    )


def item_code(order: BookingOrder, terms: Terms) -> str:
    """The number that the order carries: one of a block that the carrier leased to us, or none.

    Raises:
        Refused: the setting requires one and the item has none.
    """
    if terms.item_code == "required" and not order.number:
        raise Refused("nothing was sent: the item has no number; lease another block", subject=order.reference)
    return "" if terms.item_code == "never" else order.number or ""


def receipt_from_wire(raw: bytes, reference: str, number: str | None) -> BookingReceipt:
    """Read the reply to postOrder, cancelOrder or postDocument.

    Raises:
        Unknown: Status 101, which does not say that this order was taken.
        Refused: any other status, with VNPost's own message.
        Misunderstood: no such reply.
    """
    reply = parse(OrderReply, raw, subject=reference)
    if reply.Status == ACCEPTED:
        return BookingReceipt(reference, number, reply.Status, reply.Message)
    kind = Unknown if reply.Status == UNCLEAR else Refused
    told = f"VNPost says Status {reply.Status}: {reply.Message or 'no message'}"
    raise kind(told, subject=reference, raw=raw, status=200, code=reply.Status)


def page_from_wire(
    raw: bytes, *, cursor: Cursor, page_size: int, terms: Terms, received_at: dt.datetime
) -> TrackingBatch:
    """Read a page of the feed: events, complaints about single rows, and where to go on.

    Raises:
        Misunderstood: no page, one that holds fewer rows than it says, or a full one that leads nowhere.
    """
    page = parse(FeedPage, raw, subject=PEER)
    told_n = page.returned if page.returned is not None else min(page.size or 0, 1)
    if len(page.embedded.rows) < told_n:
        what = f"the page says that it returns {told_n} rows and holds {len(page.embedded.rows)}"
        raise Misunderstood(what, subject=PEER, raw=raw)
    digest = Sha256(hashlib.sha256(raw).hexdigest())
    events: list[TrackingEvent] = []
    complaints: list[Complaint] = []
    last = cursor.position
    for told in page.embedded.rows:
        try:
            row = check(FeedRow, told, raw=raw, subject=PEER)
        except Misunderstood as fault:
            complaints.append(Complaint("shape", fault.detail, _named(told), digest))
            continue
        last = max(last, row.id.oid.lower())
        if not row.ItemCode and not row.OrderNumber:
            complaints.append(Complaint("shape", f"row {row.id.oid} names neither item nor order", None, digest))
            continue
        events.append(_event(row, terms, received_at, digest))
        if row.StatusCode not in terms.codes:
            complaints.append(Complaint("unknown_code", f"{row.StatusCode} {row.StatusMessage}", row.ItemCode, digest))
    n = len(page.embedded.rows)
    # Where a gateway caps the page below what we asked for, its _size still tells that there is more.
    more = n > 0 and last > cursor.position and (n >= page_size or (page.size or 0) > n)
    if n >= page_size and last <= cursor.position:
        raise Misunderstood("the feed does not lead beyond lastId", subject=PEER, raw=raw)
    return TrackingBatch(
        peer=PEER,
        carrier=terms.carrier,
        events=tuple(events),
        complaints=tuple(complaints),
        raw=(RawDocument(digest, raw, "application/json"),),
        received_at=received_at,
        next_cursor=cursor.onward(last, more=more),
        more=more,
    )


def event_time(ms: int, *, written_at: dt.datetime, meaning: str) -> EventTime:
    """The time of an event; what the row's own id says against it is not hidden.

    With ``epoch`` and an EventTime that lies ahead of the moment in which the row was written, the zone is doubtful:
    the interval then covers both readings, and ``zone_source`` is UNKNOWN. The wall time is never guessed per row,
    because it is part of the event's key.
    """
    told = dt.datetime.fromtimestamp(ms // 1000, dt.UTC)
    if meaning == "local_as_utc":
        at = told - SEVEN_HOURS
        return EventTime(_wall(told), Precision.SECOND, ZoneSource.QUIRK, at, at)
    doubtful = told > written_at + AHEAD
    low = told - SEVEN_HOURS if doubtful else told
    source = ZoneSource.UNKNOWN if doubtful else ZoneSource.EXPLICIT
    return EventTime(_wall(told.astimezone(VIET_NAM)), Precision.SECOND, source, low, told)


def speaks_of(event: TrackingEvent, order: BookingOrder, *, since: dt.datetime) -> bool:
    """True where a row of the feed can only be news of this order, not of an earlier one with the same number."""
    if order.number is not None:
        return event.number == order.number
    return event.reference == order.reference and event.occurred.utc_low >= since


def _event(row: FeedRow, terms: Terms, received_at: dt.datetime, digest: Sha256) -> TrackingEvent:
    written_at = oid_time(row.id.oid)
    text = " – ".join(text for text in (row.StatusMessage, row.Notes) if text)
    plain = plain_event(
        terms,
        number=row.ItemCode or None,
        reference=row.OrderNumber or None,
        code=row.StatusCode,
        code_list=CODE_LIST,
        mapped=terms.codes.get(row.StatusCode),
        occurred=event_time(row.EventTime, written_at=written_at, meaning=terms.event_time),
        received_at=received_at,
        digest=digest,
    )
    return dataclasses.replace(
        plain, carrier_event_id=row.id.oid.lower(), text=text, recorded_at=written_at, office=row.POSID
    )


def plain_event(
    terms: Terms,
    *,
    number: str | None,
    reference: str | None,
    code: str,
    code_list: str,
    mapped: Mapped | None,
    occurred: EventTime,
    received_at: dt.datetime,
    digest: Sha256,
) -> TrackingEvent:
    """An event with nothing but what both interfaces tell."""
    return TrackingEvent(
        carrier=terms.carrier,
        source=PEER,
        carrier_event_id=None,
        number=number,
        reference=reference,
        code=code,
        code_list=code_list,
        text="",
        mapped=mapped,
        occurred=occurred,
        recorded_at=None,
        received_at=received_at,
        office="",
        office_name="",
        next_office="",
        attempt=0,
        forecast=False,
        supersedes=None,
        withdrawn=False,
        recipient=None,
        evidence=(),
        money=(),
        weight_g=None,
        seal=None,
        raw_sha256=digest,
        any_row_means_accepted=terms.any_row_means_accepted,
    )


def party(side: str, party: Party, reference: str, terms: Terms) -> dict[str, object]:
    """A party in VNPost's words. Raises Refused that names every field that is missing."""
    code = party.address.province_code
    wanted = {"Name": party.name, "Address": party.address.line, "Tel": party.phone, "Province": code}
    missing = [f"{side}{name}" for name, value in wanted.items() if not value.strip()]
    if missing or not code.isdecimal():
        what = ", ".join(missing) or f"{side}Province {code!r} is no postal province code"
        raise Refused(f"nothing was sent: {what}", subject=reference)
    parts = (party.address.line, party.address.commune, party.address.province)
    return {
        f"{side}Province": int(code),
        f"{side}District": terms.district,  # districts ended on 2025-07-01; the field is still in the contract
        f"{side}Address": ", ".join(part for part in parts if part),
        f"{side}Name": party.name,
        f"{side}Email": party.email,
        f"{side}Tel": party.phone,
    }


def description(order: BookingOrder) -> str:
    """What is inside, by VNPost's convention, with every identity number masked."""
    hidden = {party.id_number for party in (order.sender, order.addressee) if party.id_number}
    contents = order.contents
    for number in hidden:
        contents = contents.replace(number, citizen_id.mask(number))
    contents = _DIGITS.sub(lambda found: _mask(found[0]), contents)
    parts = (f"Mã hồ sơ: {order.dossier_code}", contents, f"Tên dịch vụ: {_SERVICE_NAMES[order.direction]}")
    return "||".join(part for part in parts if part)


def _mask(digits: str) -> str:
    return citizen_id.mask(digits) if citizen_id.is_valid(digits) else digits


def _named(told: object) -> str | None:
    """The item or order that a broken row names, where it names one in words that can be kept."""
    row = told if isinstance(told, dict) else {}
    number = str(row.get("ItemCode") or row.get("OrderNumber") or "")
    return number if number.isprintable() and number else None


def _wall(at: dt.datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="seconds")
