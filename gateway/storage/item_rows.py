"""How a postal item becomes columns: its row, the part of it that news change, and the rows of its names."""

import dataclasses
import datetime as dt
import operator
from collections.abc import Callable
from typing import Any, Final

from gateway.storage.codec import to_json, to_micros
from schemas.errors import InvalidNumber
from schemas.numbers import s10
from schemas.shipment import Item, NumberScheme, PollState
from schemas.tracking import Direction, Fold, Movement, Outcome

TOLD: Final = (
    "version",
    "movement",
    "evidence",
    "since",
    "last_event_at",
    "accepted_at",
    "delivered_at",
    "direction",
    "attempts",
    "events_n",
    "doc",
)
FOUND_BY: Final = ("given_to", "outcome", "unknown_n", "regressed", "settled", "poll_at")
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Item))
_VALUES: Final = operator.attrgetter(*_FIELDS)
_DRIVEN: Final[dict[type, Callable[[Any], Any]]] = {
    dt.datetime: to_micros,
    Movement: operator.attrgetter("value"),
    Outcome: operator.attrgetter("value"),
    Direction: operator.attrgetter("value"),
}


def _settled(item: Item) -> bool:
    """True when the carrier's part came to its end and nothing about it is in doubt."""
    fold = item.fold
    if fold.movement is None or not fold.movement.terminal or fold.regressed:
        return False
    if fold.movement is Movement.RETURNED:
        return item.sender_receipt_at is not None
    return fold.movement is not Movement.DELIVERED or fold.evidence >= item.evidence_required


def _poll_at(item: Item) -> dt.datetime | None:
    """When to ask next: what :mod:`tracking.watch` said; an open item that was never asked about is due at once."""
    if item.number is None or item.valid_to is not None:
        return None
    if item.polls.next_at is not None or item.polls.last_at is not None or _settled(item):
        return item.polls.next_at
    return item.valid_from


def told(item: Item) -> dict[str, Any]:
    """What the news changes and no index asks about; the names are :data:`TOLD`."""
    fold = item.fold
    return {
        "movement": fold.movement,
        "evidence": int(fold.evidence),
        "since": fold.since,
        "last_event_at": fold.last_event_at,
        "accepted_at": fold.accepted_at,
        "delivered_at": fold.delivered_at,
        "direction": fold.direction,
        "attempts": fold.attempts,
        "events_n": fold.events_n,
        "doc": to_json(item),
    }


def found_by(item: Item) -> dict[str, Any]:
    """What the news changes and an index asks about; the names are :data:`FOUND_BY`."""
    fold = item.fold
    return {
        "given_to": (fold.recipient.relation or None) if fold.recipient else None,
        "outcome": fold.outcome,
        "unknown_n": fold.unknown_n,
        "regressed": fold.regressed,
        "settled": _settled(item),
        "poll_at": _poll_at(item),
    }


def refolded(item: Item, fold: Fold, polls: PollState) -> Item:
    """The item with its next version; a plain call of its class costs half of ``dataclasses.replace``."""
    values = dict(zip(_FIELDS, _VALUES(item), strict=True))
    return Item(**(values | {"version": item.version + 1, "fold": fold, "polls": polls}))


def driven(values: dict[str, Any]) -> dict[str, Any]:
    """Values as both drivers take them."""
    return {
        name: value if (convert := _DRIVEN.get(type(value))) is None else convert(value)
        for name, value in values.items()
    }


def row(item: Item) -> dict[str, Any]:
    """Everything but id and version, as the tables' types take it."""
    return {
        "carrier": item.carrier,
        "number": item.number,
        "reference": item.reference,
        "purpose": item.purpose,
        "sender_unit": item.sender_unit,
        "receiver_unit": item.receiver_unit,
        "valid_from": item.valid_from,
        "valid_to": item.valid_to,
        "names": _names_of(item),
        **told(item),
        **found_by(item),
        **_asked_about(item),
    }


def _asked_about(item: Item) -> dict[str, Any]:
    """What only the nominations look at, beside the fold."""
    return {
        "origin": item.origin_office or None,
        "expected": "".join(f"|{one.office}|" for one in item.expected_offices) or None,
        "handed_over_at": item.handed_over_at,
        "promised_at": item.promised_at,
        "storage_until": item.storage_until,
        "sender_receipt_at": item.sender_receipt_at,
        "inquiry_at": item.inquiry_at,
        "recall_at": item.recall_at,
        "evidence_required": int(item.evidence_required),
        "attempt_max": item.attempt_max,
        "parcels": item.parcels_declared,
        "wrong_number": _wrong_number(item),
    }


def _wrong_number(item: Item) -> bool:
    if item.number is None or item.number_scheme is not NumberScheme.S10:
        return False
    try:
        s10.validate(item.number)
    except InvalidNumber:
        return True
    return False


def _names_of(item: Item) -> str:
    """Everything that the rows of ``item_number`` depend on."""
    return to_json((item.carrier, item.number or item.reference, item.aliases, item.valid_from, item.valid_to))


def number_rows(item: Item) -> list[dict[str, Any]]:
    """The names under which the item is found."""
    names = (item.number or item.reference, *item.aliases)
    return [
        {
            "number": name,
            "item_id": item.id,
            "carrier": item.carrier,
            "valid_from": item.valid_from,
            "valid_to": item.valid_to,
        }
        for name in dict.fromkeys(names)
        if name
    ]
