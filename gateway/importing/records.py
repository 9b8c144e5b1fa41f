"""One JSON object becomes one record of ``schemas``: the same field names, times with a zone, nothing unknown.

What is ours (ids, versions, folds, polls) may not be told; what a line leaves out gets the value that says nothing.
"""

import dataclasses
import datetime as dt
import enum
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from gateway.storage.codec import from_json, to_json
from schemas.calendar import VIETNAM
from schemas.dossier import Channel, Dossier, IntakeMode, ReturnMethod
from schemas.errors import LienthongError
from schemas.ids import MessageId
from schemas.shipment import Item
from schemas.tracking import EvidenceLevel, Fold, TrackingEvent
from tracking import matching

T = TypeVar("T")

LONGEST_LINE: Final = 256 * 1024
"""Bytes; a dossier with a hundred steps has 40,000."""


class Unreadable(LienthongError):
    """A line that cannot be a record; ``detail`` says why."""

    text = MessageId("import.unreadable")


@dataclasses.dataclass(frozen=True, slots=True)
class Packed:
    """A dossier in an imported item, by its code."""

    dossier: str
    part: int
    parts: int
    since: dt.datetime
    until: dt.datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class ItemLine:
    """An item and what it holds."""

    item: Item
    packed: tuple[Packed, ...]


def dossier(line: bytes, now: dt.datetime) -> Dossier:
    """Raises Unreadable."""
    told = object_of(line, ours=("id", "version"), needed=("code", "procedure", "owner", "receiving_unit", "state"))
    unit = told["receiving_unit"]
    plain: dict[str, Any] = {
        **dict.fromkeys(("aliases", "interrupted", "history", "due_history", "requests", "pauses", "supplements"), ()),
        **dict.fromkeys(("legs", "components", "results", "peer_states"), ()),
        **dict.fromkeys(("post_unit", "national", "submitted_at", "accepted_at", "closed_at", "due_at")),
        **{"return_address": None, "return_proof": None, "calendar_version": "", "note": "", "authority": "self"},
        **{"id": 0, "version": 0, "procedure_version": 1, "due_final": False, "parcels_declared": 1},
        **{"competent_unit": unit, "returning_unit": unit, "submitter": told["owner"], "correlation_id": told["code"]},
        **{
            "intake_mode": IntakeMode.FORWARDED,
            "channel": Channel.POST,
            "return_method": ReturnMethod.COUNTER,
            "created_at": now,
        },
    }
    record = record_of(plain | told, Dossier)
    if record.history and record.history[-1].state is not record.state:
        raise Unreadable(f"state is {record.state}, but its last step came to {record.history[-1].state}")
    return record


def item(line: bytes, now: dt.datetime) -> ItemLine:
    """Raises Unreadable."""
    told = object_of(line, ours=("id", "version", "fold", "polls"), needed=("carrier", "valid_from", "purpose"))
    packed = tuple(_packed(one, told["valid_from"]) for one in told.pop("packing", ()))
    number = told.get("number")
    if not number and not told.get("reference"):
        raise Unreadable("neither number nor reference: nobody could ever find it")
    plain: dict[str, Any] = {
        **dict.fromkeys(("number", "reference", "valid_to", "sender_unit", "receiver_unit", "sender", "addressee")),
        **dict.fromkeys(("booked_at", "handed_over_at", "promised_at", "storage_until", "weight_g")),
        **dict.fromkeys(("sender_receipt_at", "inquiry_at", "recall_at")),
        **dict.fromkeys(("attempt_max", "fee_due", "cod_due"), 0),
        **{"aliases": (), "expected_offices": (), "service": "", "origin_office": "", "parcels_declared": 1},
        **{"id": 0, "version": 0, "fold": Fold.empty(), "number_scheme": matching.scheme_of(number)},
        "evidence_required": int(EvidenceLevel.STATUS_ONLY),
    }
    return ItemLine(record_of(plain | told, Item), packed)


def event(line: bytes, now: dt.datetime) -> TrackingEvent:
    """``occurred`` may be an instant with its zone, or a date, which is the whole day here. Raises Unreadable."""
    told = object_of(line, ours=(), needed=("carrier", "code", "occurred"))
    if not told.get("number") and not told.get("reference"):
        raise Unreadable("neither number nor reference: nobody can say what it is about")
    plain: dict[str, Any] = {
        **dict.fromkeys(("carrier_event_id", "number", "reference", "mapped", "recorded_at", "supersedes")),
        **dict.fromkeys(("recipient", "weight_g", "seal")),
        **dict.fromkeys(("text", "office", "office_name", "next_office"), ""),
        **{"evidence": (), "money": (), "attempt": 0, "forecast": False, "withdrawn": False, "received_at": now},
        **{"source": f"import/{told['carrier']}", "code_list": told["carrier"]},
        "raw_sha256": hashlib.sha256(line).hexdigest(),
    }
    occurred = told["occurred"]
    if isinstance(occurred, str):
        told["occurred"] = _time(occurred)
    return record_of(plain | told, TrackingEvent)


READERS: Final[Mapping[str, Callable[[bytes, dt.datetime], Dossier | ItemLine | TrackingEvent]]] = {
    "dossiers": dossier,
    "items": item,
    "events": event,
}


def object_of(line: bytes, *, ours: tuple[str, ...], needed: tuple[str, ...]) -> dict[str, Any]:
    """A line's object without what is ours and with what is needed. Raises Unreadable."""
    if len(line) > LONGEST_LINE:
        raise Unreadable(f"longer than {LONGEST_LINE} bytes")
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}"[:200]) from None
    if not isinstance(told, dict):
        raise Unreadable("not an object")
    mine = [name for name in ours if name in told]
    if mine:
        raise Unreadable(f"{', '.join(mine)}: the gateway gives these itself")
    missing = [name for name in needed if told.get(name) in (None, "")]
    if missing:
        raise Unreadable(f"missing: {', '.join(missing)}")
    return told


def record_of(values: Mapping[str, Any], kind: type[T]) -> T:
    """A record of exactly these fields, its times with a zone. Raises Unreadable."""
    fields: Any = kind  # a dataclass, which the type of a class cannot say
    unknown = sorted(set(values) - {field.name for field in dataclasses.fields(fields)})
    if unknown:
        raise Unreadable(f"{kind.__name__} has no field {', '.join(unknown)}")
    try:
        record = from_json(to_json(values), kind)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)[:200]) from None
    naive = _naive(record)
    if naive:
        raise Unreadable(f"{naive}: a time without zone says nothing about when")
    return record


def _naive(value: object, name: str = "") -> str:
    """The name of the first time without zone, empty where there is none."""
    if isinstance(value, dt.datetime):
        return (name or "time") if value.tzinfo is None else ""
    if dataclasses.is_dataclass(value) and not isinstance(value, enum.Enum):
        inside = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    elif isinstance(value, tuple):
        inside = ((name, one) for one in value)
    else:
        return ""
    return next((found for key, one in inside if (found := _naive(one, key))), "")


def _packed(told: object, since: str) -> Packed:
    if not isinstance(told, dict):
        raise Unreadable("packing: a list of objects with dossier, part, parts, since and until")
    return record_of({"part": 1, "parts": 1, "since": since, "until": None} | told, Packed)


def _time(told: str) -> dict[str, Any]:
    try:
        if len(told) == len("2026-11-20"):
            low = dt.datetime.combine(dt.date.fromisoformat(told), dt.time(), VIETNAM)
            high = low + dt.timedelta(days=1) - dt.timedelta(microseconds=1)
            day = {"wall": told, "precision": "day", "zone_source": "carrier_default"}
            return day | {"utc_low": low, "utc_high": high}
        at = dt.datetime.fromisoformat(told)
    except ValueError:
        raise Unreadable(f"occurred: {told[:40]!r} is neither a date nor a time") from None
    if at.tzinfo is None:
        raise Unreadable("occurred: a time without zone says nothing about when")
    wall = at.replace(tzinfo=None).isoformat(timespec="seconds")
    return {"wall": wall, "precision": "second", "zone_source": "explicit", "utc_low": at, "utc_high": at}
