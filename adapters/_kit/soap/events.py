"""Events of the contract postal-tracking as records, judged one by one, so that a bad one takes no sibling along.

Stage two of the validation (domain model §5): each event is held against the published XSD by itself. What is wrong
becomes a :class:`schemas.tracking.Complaint` with a code: EV-01 number, EV-02 time without zone, EV-03 another field,
EV-04 digest of evidence; EV-15 (a reason that the code does not allow) keeps the event, without a meaning, so that it
is never folded. An unknown code is an event without ``mapped``.

What a code means is the peer's matter: :class:`Reading` brings its table along.
"""

import dataclasses
import datetime as dt
import decimal
import hashlib
import re
import unicodedata
from collections.abc import Sequence
from typing import Protocol

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element, Violation
from schemas.ids import CarrierId, PeerId, Sha256
from schemas.tracking import (
    Complaint,
    Direction,
    EventTime,
    Evidence,
    EvidenceLevel,
    Mapped,
    MoneyLine,
    Precision,
    PushEntry,
    Recipient,
    TrackingEvent,
    ZoneSource,
)

_NAIVE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?")
_ZONES = {
    "EXPLICIT": ZoneSource.EXPLICIT,
    "OFFICE": ZoneSource.OFFICE,
    "OPERATOR_DEFAULT": ZoneSource.CARRIER_DEFAULT,
    "QUIRK": ZoneSource.QUIRK,
    "UNKNOWN": ZoneSource.UNKNOWN,
}
_WEST, _EAST = dt.timedelta(hours=12), dt.timedelta(hours=14)
"""The farthest zones there are: a wall time of unknown zone lies between wall - 14 h and wall + 12 h of UTC."""


@dataclasses.dataclass(frozen=True, slots=True)
class Said:
    """What a table of codes needs to know of an event. Lists are as told, without version."""

    code: str
    code_list: str
    direction: Direction
    reason: str | None
    action: str | None
    evidence: tuple[tuple[str, str], ...]
    """(list, kind) of each piece."""
    named: bool
    """The recipient's masked name is told."""


class ReasonNotAllowed(Exception):
    """The code has no reasons, but the event gives one (EV-15)."""


class Meaning(Protocol):
    """A peer's table of codes."""

    def __call__(self, said: Said) -> Mapped | None:
        """What the code means; None for a code outside the table. Raises ReasonNotAllowed."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """Whose words they are, and how to take them. ``naive_offset`` None: a time without zone is refused."""

    peer: PeerId
    carrier: CarrierId
    meaning: Meaning
    naive_offset: str | None
    """Quirk of a sender that forgets the zone: appended to its naive times, e.g. ``+07:00``."""
    raw_sha256: Sha256
    received_at: dt.datetime
    any_row_means_accepted: bool = False


def read_events(events: Sequence[Element], reading: Reading, *, root: str) -> tuple[PushEntry, ...]:
    """Judge each ``event`` element; ``root`` is the way to them, for the paths of complaints."""
    schema = xml.load_schema(names.CONTRACT_FILES, "event.xsd")
    return tuple(_read(element, place, reading, schema, root) for place, element in enumerate(events, start=1))


def _read(element: Element, index: int, reading: Reading, schema: xml.Schema, root: str) -> PushEntry:
    if reading.naive_offset is not None:
        _repair(element, reading.naive_offset)
    found = schema.violations(element, limit=1)
    code, path, what = _flaw(element, found[0]) if found else _wanting(element)
    event_id = xml.text(element, "eventId") if not found else _short(xml.text(element, "eventId"))
    if code:
        complaint = _complaint(element, code, what, reading)
        return PushEntry(index, event_id, None, complaint, f"{root}/{_place(element, index)}{path}")
    try:
        event, forbidden = _event(element, reading)
    except (ValueError, OverflowError) as error:  # lawful in XSD, but no date of ours: hour 24, year 0001 west of UTC
        complaint = _complaint(element, "EV-03", f"a time that cannot be reckoned with: {error}", reading)
        return PushEntry(index, event_id, None, complaint, f"{root}/{_place(element, index)}/occurred")
    told = None
    if forbidden:
        told = _complaint(element, "EV-15", f"code {event.code} takes no reason", reading)
    return PushEntry(index, event_id, event, told, f"{root}/{_place(element, index)}/reason" if forbidden else "")


def _place(element: Element, index: int) -> str:
    return f"{xml.local(element)}[{index}]"


def _short(text: str | None) -> str | None:
    return text if text and len(text) <= 64 else None


def _repair(element: Element, offset: str) -> None:
    for at in (xml.child(element, "occurred", "at"), xml.child(element, "recorded")):
        if at is not None and len(at) == 0 and _NAIVE.fullmatch((at.text or "").strip()):
            at.text = f"{(at.text or '').strip()}{offset}"
            occurred = at.getparent()
            if occurred is not None and xml.local(occurred) == "occurred":
                _say_quirk(occurred)


def _say_quirk(occurred: Element) -> None:
    told = xml.child(occurred, "zoneSource")
    if told is None:
        xml.add(occurred, "zoneSource", "QUIRK")
    else:
        told.text = "QUIRK"


def _flaw(element: Element, violation: Violation) -> tuple[str, str, str]:
    """Code, way inside the event and words of a schema violation."""
    path = "/" + violation.path.lstrip("/").partition("/")[2] if "/" in violation.path.lstrip("/") else ""
    last = re.sub(r"\[[0-9]+\]", "", path).rpartition("/")[2]
    if last in ("at", "recorded") and _NAIVE.fullmatch(_text_at(element, path)):
        return "EV-02", path, "the time has no zone"
    code = {"itemNumber": "EV-01", "sha256": "EV-04"}.get(last, "EV-03")
    return code, path, violation.message


def _text_at(element: Element, path: str) -> str:
    return xml.text(element, *path.strip("/").split("/")) or ""


def _wanting(element: Element) -> tuple[str, str, str]:
    if xml.child(element, "itemNumber") is None and xml.child(element, "bagNumber") is None:
        return "EV-03", "", "at least one of itemNumber and bagNumber is wanted"
    return "", "", ""


def _complaint(element: Element, code: str, what: str, reading: Reading) -> Complaint:
    number = xml.text(element, "itemNumber")
    return Complaint(code=code, what=what, number=number[:35] if number else None, raw_sha256=reading.raw_sha256)


# --- a lawful event ---------------------------------------------------------------------------------------------------


def _event(element: Element, reading: Reading) -> tuple[TrackingEvent, bool]:
    said = _said(element)
    try:
        mapped, forbidden = reading.meaning(said), False
    except ReasonNotAllowed:
        mapped, forbidden = None, True
    office, next_office = xml.child(element, "office"), xml.child(element, "nextOffice")
    weight, seal = xml.text(element, "weightGrams"), xml.text(element, "sealNumber")
    recorded = xml.text(element, "recorded")
    code = _required(element, "code")
    event = TrackingEvent(
        carrier=reading.carrier,
        source=reading.peer,
        carrier_event_id=xml.text(element, "eventId"),
        number=xml.text(element, "itemNumber"),
        reference=xml.text(element, "orderReference"),
        code=said.code,
        code_list="/".join(filter(None, (code.get("list"), code.get("version")))),
        text=xml.text(element, "text") or "",
        mapped=mapped,
        occurred=read_time(_required(element, "occurred")),
        recorded_at=_instant(recorded) if recorded else None,
        received_at=reading.received_at,
        office=(xml.text(office, "code") or "") if office is not None else "",
        office_name=(xml.text(office, "name") or "") if office is not None else "",
        next_office=(xml.text(next_office, "code") or "") if next_office is not None else "",
        attempt=int(xml.text(element, "attemptNo") or 0),
        forecast=_flag(element, "forecast"),
        supersedes=xml.text(element, "supersedes"),
        withdrawn=_flag(element, "withdrawn"),
        recipient=_recipient(xml.child(element, "recipient")),
        evidence=tuple(_evidence(one) for one in xml.children(element, "evidence")),
        money=tuple(_money(one) for one in xml.children(element, "money")),
        weight_g=int(weight) if weight else None,
        seal=seal,
        raw_sha256=reading.raw_sha256,
        any_row_means_accepted=reading.any_row_means_accepted,
        bag=xml.text(element, "bagNumber"),
    )
    return event, forbidden


def _said(element: Element) -> Said:
    code = _required(element, "code")
    return Said(
        code=(code.text or "").strip(),
        code_list=code.get("list") or "",
        direction=Direction.RETURN if xml.text(element, "direction") == "RETURN" else Direction.FORWARD,
        reason=xml.text(element, "reason"),
        action=xml.text(element, "action"),
        evidence=tuple(
            (_required(one, "kind").get("list") or "", xml.text(one, "kind") or "")
            for one in xml.children(element, "evidence")
        ),
        named=bool(xml.text(element, "recipient", "nameMasked")),
    )


def _required(element: Element, name: str) -> Element:
    found = xml.child(element, name)
    if found is None:  # the schema saw it, so this is a slip of ours
        raise ValueError(f"no {name}")
    return found


def _flag(element: Element, name: str) -> bool:
    return xml.text(element, name) in ("true", "1")


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def read_time(occurred: Element) -> EventTime:
    """An EventTime element: wall time as told, and the closed interval of UTC seconds in which it lies.

    Raises:
        ValueError, OverflowError: a time outside of the calendar.
    """
    at = dt.datetime.fromisoformat(xml.text(occurred, "at") or "").replace(microsecond=0)
    precision = Precision(str(xml.text(occurred, "precision")).lower())
    if precision is Precision.DAY:
        at = at.replace(hour=0, minute=0, second=0)
    elif precision is Precision.MINUTE:
        at = at.replace(second=0)
    wall = at.replace(tzinfo=None).isoformat()
    zone = _ZONES[xml.text(occurred, "zoneSource") or "EXPLICIT"]
    length = {Precision.SECOND: 1, Precision.MINUTE: 60, Precision.DAY: 86_400}[precision]
    low = at.astimezone(dt.UTC)
    high = low + dt.timedelta(seconds=length - 1)
    if zone is ZoneSource.UNKNOWN:
        naive = at.replace(tzinfo=dt.UTC)
        low, high = naive - _EAST, naive + dt.timedelta(seconds=length - 1) + _WEST
    return EventTime(
        wall=wall[:10] if precision is Precision.DAY else wall,
        precision=precision,
        zone_source=zone,
        utc_low=low,
        utc_high=high,
    )


def _recipient(element: Element | None) -> Recipient | None:
    if element is None:
        return None
    name = xml.text(element, "nameMasked")
    folded = unicodedata.normalize("NFC", name).casefold() if name else ""
    return Recipient(
        relation=xml.text(element, "relation") or "",
        name_hash=hashlib.sha256(folded.encode()).hexdigest() if folded else None,
    )


def _evidence(element: Element) -> Evidence:
    return Evidence(
        kind=(xml.text(element, "kind") or "").lower(),
        sha256=Sha256((xml.text(element, "sha256") or "").lower()),
        media_type=xml.text(element, "mediaType") or "",
        uri=xml.text(element, "uri") or "",
        size=int(xml.text(element, "bytes") or 0),
    )


def _money(element: Element) -> MoneyLine:
    return MoneyLine(
        kind=xml.text(element, "kind") or "", amount=int(decimal.Decimal(xml.text(element, "amount") or 0))
    )


PROOF = {
    ("LT-EVIDENCE", "SIGNATURE"): EvidenceLevel.SIGNATURE,
    ("LT-EVIDENCE", "SCAN"): EvidenceLevel.SCAN,
    ("LT-EVIDENCE", "PHOTO"): EvidenceLevel.STATUS_ONLY,
}
"""Kinds of evidence of the contract's own list. A photo of a door proves no more than the status does."""


def proof(said: Said) -> EvidenceLevel:
    """How well a delivery is proven: the best piece of evidence, a name, or the bare status."""
    levels = [PROOF[one] for one in said.evidence if one in PROOF]
    levels.append(EvidenceLevel.NAME if said.named else EvidenceLevel.STATUS_ONLY)
    return max(levels)
