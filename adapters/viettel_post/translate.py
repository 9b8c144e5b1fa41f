"""Their words to our records and back; pure, no await, no clock. News is :mod:`adapters.viettel_post.journeys`."""

import dataclasses
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from adapters._kit.json import dump, parse
from adapters.viettel_post.places import Found, one_line
from adapters.viettel_post.wire import CreatedReply, Envelope, Service, ServicesByText
from schemas.dossier import Party
from schemas.errors import CallError, Duplicate, Refused, Transient, Unauthorised, Unknown
from schemas.ids import PeerId
from schemas.numbers import citizen_id, s10
from schemas.shipment import (
    BookingOrder,
    BookingReceipt,
    InstructionKind,
    LegDirection,
    OrderInstruction,
    PriceQuote,
)

PEER = PeerId("viettel_post")
VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
LONGEST_BYTES = 150
"""Longest text of a field, in bytes of UTF-8."""
CANCEL = 4
"""UPDATE_TYPE that cancels an order which nobody has fetched yet."""
ALREADY_SO = "order status already exists on the system"
"""Message of a status 203 that says: the order is in that very state."""
_LEGS = {LegDirection.TO_OFFICE: "O", LegDirection.TO_CITIZEN: "C"}
_LEG = re.compile(r"-[OC][1-9][0-9]?$")
_DIGITS = re.compile(r"(?<!\d)\d{9,12}(?!\d)")
_NO_TOKEN = frozenset({201, 202})
_SYSTEM_ERROR = 205
_STATUS_MOVED = 203


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say about this customer's contract."""

    service: str
    services: Mapping[str, str]
    """Viettel Post's service by ours, where it differs from ``service``."""
    group_address: int
    type_5: str
    """What UPDATE_TYPE 5 means: ``unknown``, ``take_back`` or ``delete``."""
    duplicate_words: tuple[str, ...]


# --- orders out ------------------------------------------------------------------------------------------------------


def reference_out(order: BookingOrder) -> str:
    """Our reference with the leg behind it: Viettel Post takes a reference once, a dossier may need several orders."""
    return f"{order.reference}-{_LEGS[order.direction]}{order.seq}"


def reference_in(told: str) -> str:
    """Our reference as the house knows it.

    >>> reference_in("000.00.14.H99-261120-0007-C1")
    '000.00.14.H99-261120-0007'
    """
    return _LEG.sub("", told)


def order_to_wire(order: BookingOrder, terms: Terms, *, sender: Found | None, receiver: Found | None) -> bytes:
    """Body of createOrder where the places are found, of createOrderNlp where they are None.

    Raises:
        Refused: a party without name, telephone or address, or a text longer than Viettel Post takes.
    """
    body: dict[str, object] = {
        "ORDER_NUMBER": _fitting("ORDER_NUMBER", reference_out(order), order),
        "GROUPADDRESS_ID": terms.group_address,
        "DELIVERY_DATE": order.ordered_at.astimezone(VIET_NAM).strftime("%d/%m/%Y %H:%M:%S"),
        **_party("SENDER", order.sender, sender, order),
        **_party("RECEIVER", order.addressee, receiver, order),
        "PRODUCT_NAME": _cut(_contents(order)),
        "PRODUCT_QUANTITY": 1,
        "PRODUCT_PRICE": 0,
        "PRODUCT_TYPE": "TH",
        "ORDER_PAYMENT": 3 if order.cod_due else 1,
        "ORDER_SERVICE": terms.services.get(order.service, terms.service),
        "ORDER_SERVICE_ADD": "",
        "ORDER_NOTE": _cut(f"Mã hồ sơ: {order.dossier_code}"),
        "MONEY_COLLECTION": order.cod_due,
        "CHECK_UNIQUE": True,
    }
    if order.weight_g is not None:
        body["PRODUCT_WEIGHT"] = order.weight_g
    return dump(body)


def price_to_wire(order: BookingOrder, *, sender: Found | None, receiver: Found | None) -> bytes:
    """Body of getPriceAll where the places are found, of getPriceAllNlp where they are None."""
    body: dict[str, object] = {
        "PRODUCT_TYPE": "TH",
        "PRODUCT_WEIGHT": order.weight_g or 50,  # theirs where an order tells none
        "PRODUCT_PRICE": 0,
        "MONEY_COLLECTION": order.cod_due,
        "TYPE": 1,
    }
    for side, party, found in (("SENDER", order.sender, sender), ("RECEIVER", order.addressee, receiver)):
        if found is None:
            body[f"{side}_ADDRESS"] = _fitting(f"{side}_ADDRESS", one_line(party.address), order)
        else:
            body |= _ids(side, found)
    return dump(body)


def update_to_wire(order: BookingOrder, kind: int, note: str) -> bytes:
    """Body of UpdateOrder.

    Raises:
        Refused: the order has no number of Viettel Post yet; an S10 is none of theirs.
    """
    if order.number is None or s10.is_valid(order.number):
        raise Refused("nothing was sent: Viettel Post's own number of the order is not known", subject=order.reference)
    return dump({"TYPE": kind, "ORDER_NUMBER": order.number, "NOTE": _cut(note)})


def type_of(wish: OrderInstruction, terms: Terms) -> int:
    """The UPDATE_TYPE of a wish. Raises Refused for one whose number nobody knows for sure."""
    types = {InstructionKind.APPROVE: 1, InstructionKind.APPROVE_RETURN: 2, InstructionKind.DELIVER_AGAIN: 3}
    types[InstructionKind.DELETE_CANCELLED] = 5 if terms.type_5 == "delete" else 11
    if terms.type_5 == "take_back":
        types[InstructionKind.TAKE_BACK] = 5
    if wish.kind not in types:
        raise Refused(
            f"nothing was sent: {wish.kind} has no UPDATE_TYPE; peers.viettel_post.type_5 says {terms.type_5!r}",
            subject=wish.order.reference,
        )
    return types[wish.kind]


# --- replies in ------------------------------------------------------------------------------------------------------


def receipt_from_wire(raw: bytes, order: BookingOrder, terms: Terms) -> BookingReceipt:
    """Read the reply to createOrder.

    Raises:
        Duplicate: Viettel Post has an order of this very reference.
        Refused, Unauthorised, Unknown: any other error, with its own message.
        Misunderstood: no such reply.
    """
    envelope = accepted(raw, order.reference, duplicate_words=terms.duplicate_words)
    created = parse(CreatedReply, raw, subject=order.reference).data
    return BookingReceipt(order.reference, created.ORDER_NUMBER, str(envelope.status), envelope.message)


def updated_from_wire(raw: bytes, order: BookingOrder) -> BookingReceipt:
    """Read the reply to UpdateOrder. Raises as :func:`receipt_from_wire`; Duplicate where it was so already."""
    envelope = accepted(raw, order.reference)
    return BookingReceipt(order.reference, order.number, str(envelope.status), envelope.message)


def prices_from_wire(raw: bytes, order: BookingOrder) -> tuple[PriceQuote, ...]:
    """Read the reply to getPriceAll (a bare list) or getPriceAllNlp (``RESULT``), errors in the envelope.

    Raises:
        Refused: Viettel Post's own reason, or no service at all.
    """
    told = parse(list[Service] | ServicesByText | Envelope, raw, subject=order.reference)  # type: ignore[arg-type]  # a union is no class
    if isinstance(told, Envelope):
        accepted(raw, order.reference, effect=False)
        services: list[Service] = []
    else:
        services = told.RESULT if isinstance(told, ServicesByText) else told
    if not services:
        raise Refused("Viettel Post offers no service for this way", subject=order.reference, raw=raw, status=200)
    return tuple(PriceQuote(one.MA_DV_CHINH, one.TEN_DICHVU, one.GIA_CUOC, one.THOI_GIAN) for one in services)


def accepted(raw: bytes, subject: str, *, duplicate_words: tuple[str, ...] = (), effect: bool = True) -> Envelope:
    """The envelope of a reply that says yes.

    Raises:
        CallError: what its status and message say instead (contract/README.md, Errors).
    """
    envelope = parse(Envelope, raw, subject=subject)
    if envelope.status == 200 and not envelope.error:
        return envelope
    kind = _kind_of(envelope, duplicate_words, effect=effect)
    told = f"Viettel Post says {envelope.status}: {envelope.message or 'no message'}"
    raise kind(told, subject=subject, raw=raw, status=200, code=str(envelope.status))


def _kind_of(envelope: Envelope, duplicate_words: tuple[str, ...], *, effect: bool) -> type[CallError]:
    said = envelope.message.casefold()
    if envelope.status in _NO_TOKEN or "token" in said:
        return Unauthorised
    if envelope.status == _SYSTEM_ERROR or said == "system error":
        return Unknown if effect else Transient
    if envelope.status == _STATUS_MOVED:
        return Duplicate if said == ALREADY_SO else Refused
    return Duplicate if any(word.casefold() in said for word in duplicate_words) else Refused


# --- pieces ----------------------------------------------------------------------------------------------------------


def _party(side: str, party: Party, found: Found | None, order: BookingOrder) -> dict[str, object]:
    address = party.address.line if found is not None else one_line(party.address)
    wanted = {"FULLNAME": party.name, "PHONE": party.phone, "ADDRESS": address}
    missing = [f"{side}_{name}" for name, value in wanted.items() if not value.strip()]
    if missing:
        raise Refused(f"nothing was sent: {', '.join(missing)} is missing", subject=order.reference)
    told: dict[str, object] = {
        f"{side}_{name}": _fitting(f"{side}_{name}", text, order) for name, text in wanted.items()
    }
    told[f"{side}_EMAIL"] = party.email
    return told | (_ids(side, found) if found is not None else {})


def _ids(side: str, found: Found) -> dict[str, object]:
    return {f"{side}_PROVINCE": found.province, f"{side}_DISTRICT": found.district, f"{side}_WARD": found.ward}


def _fitting(field: str, text: str, order: BookingOrder) -> str:
    if len(text.encode()) > LONGEST_BYTES:
        raise Refused(
            f"nothing was sent: {field} has {len(text.encode())} bytes, Viettel Post takes {LONGEST_BYTES}",
            subject=order.reference,
        )
    return text


def _cut(text: str) -> str:
    return text.encode()[:LONGEST_BYTES].decode("utf-8", "ignore")


def _contents(order: BookingOrder) -> str:
    hidden = {party.id_number for party in (order.sender, order.addressee) if party.id_number}
    contents = order.contents
    for number in hidden:
        contents = contents.replace(number, citizen_id.mask(number))
    return _DIGITS.sub(lambda found: citizen_id.mask(found[0]) if citizen_id.is_valid(found[0]) else found[0], contents)
