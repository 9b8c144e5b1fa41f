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
from collections.abc import Mapping, Sequence
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


def read_events(
    events: Sequence[Element], reading: Reading, *, root: str, lawful: bool = False
) -> tuple[PushEntry, ...]:
    """Judge each ``event`` element; ``root`` is the way to them, for the paths of complaints.

    ``lawful``: the body around them holds to the published schema as a whole, so it is not looked at event by event.
    """
    schema = None if lawful else xml.load_schema(names.CONTRACT_FILES, "event.xsd")
    return tuple(_read(element, place, reading, schema, root) for place, element in enumerate(events, start=1))


def _read(element: Element, index: int, reading: Reading, schema: xml.Schema | None, root: str) -> PushEntry:
    found: tuple[Violation, ...] = ()
    if schema is not None:
        if reading.naive_offset is not None:
            _repair(element, reading.naive_offset)
        found = schema.violations(element, limit=1)
    told = xml.parts(element)
    code, path, what = _flaw(element, found[0]) if found else _wanting(told)
    event_id = _text(told, "eventId")
    if code:
        complaint = _complaint(element, code, what, reading)
        return PushEntry(index, _short(event_id), None, complaint, f"{root}/{_place(element, index)}{path}")
    try:
        event, forbidden = _event(element, told, reading)
    except (ValueError, OverflowError) as error:  # lawful in XSD, but no date of ours: hour 24, year 0001 west of UTC
        complaint = _complaint(element, "EV-03", f"a time that cannot be reckoned with: {error}", reading)
        return PushEntry(index, event_id, None, complaint, f"{root}/{_place(element, index)}/occurred")
    if not forbidden:
        return PushEntry(index, event_id, event, None, "")
    complaint = _complaint(element, "EV-15", f"code {event.code} takes no reason", reading)
    return PushEntry(index, event_id, event, complaint, f"{root}/{_place(element, index)}/reason")


def _text(told: Mapping[str, Element], name: str) -> str | None:
    """The text of a part, white space around it removed; None where there is no such part."""
    found = told.get(name)
    return None if found is None else (found.text or "").strip()


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


def _wanting(told: Mapping[str, Element]) -> tuple[str, str, str]:
    if "itemNumber" not in told and "bagNumber" not in told:
        return "EV-03", "", "at least one of itemNumber and bagNumber is wanted"
    return "", "", ""


def _complaint(element: Element, code: str, what: str, reading: Reading) -> Complaint:
    number = xml.text(element, "itemNumber")
    return Complaint(code=code, what=what, number=number[:35] if number else None, raw_sha256=reading.raw_sha256)


# --- a lawful event ---------------------------------------------------------------------------------------------------


def _event(element: Element, told: Mapping[str, Element], reading: Reading) -> tuple[TrackingEvent, bool]:
    code = told["code"]
    said = _said(element, told, code)
    try:
        mapped, forbidden = reading.meaning(said), False
    except ReasonNotAllowed:
        mapped, forbidden = None, True
    office = xml.parts(told["office"]) if "office" in told else _NOTHING
    next_office = xml.parts(told["nextOffice"]) if "nextOffice" in told else _NOTHING
    weight, recorded = _text(told, "weightGrams"), _text(told, "recorded")
    event = TrackingEvent(
        carrier=reading.carrier,
        source=reading.peer,
        carrier_event_id=_text(told, "eventId"),
        number=_text(told, "itemNumber"),
        reference=_text(told, "orderReference"),
        code=said.code,
        code_list="/".join(filter(None, (said.code_list, code.get("version")))),
        text=_text(told, "text") or "",
        mapped=mapped,
        occurred=read_time(told["occurred"]),
        recorded_at=_instant(recorded) if recorded else None,
        received_at=reading.received_at,
        office=_text(office, "code") or "",
        office_name=_text(office, "name") or "",
        next_office=_text(next_office, "code") or "",
        attempt=int(_text(told, "attemptNo") or 0),
        forecast=_text(told, "forecast") in _TRUE,
        supersedes=_text(told, "supersedes"),
        withdrawn=_text(told, "withdrawn") in _TRUE,
        recipient=_recipient(told.get("recipient")),
        evidence=tuple(map(_evidence, xml.children(element, "evidence"))) if "evidence" in told else (),
        money=tuple(map(_money, xml.children(element, "money"))) if "money" in told else (),
        weight_g=int(weight) if weight else None,
        seal=_text(told, "sealNumber"),
        raw_sha256=reading.raw_sha256,
        any_row_means_accepted=reading.any_row_means_accepted,
        bag=_text(told, "bagNumber"),
    )
    return event, forbidden


_NOTHING: Mapping[str, Element] = {}
_TRUE = frozenset({"true", "1"})


def _said(element: Element, told: Mapping[str, Element], code: Element) -> Said:
    kinds = (xml.parts(one)["kind"] for one in xml.children(element, "evidence")) if "evidence" in told else ()
    return Said(
        code=(code.text or "").strip(),
        code_list=code.get("list") or "",
        direction=Direction.RETURN if _text(told, "direction") == "RETURN" else Direction.FORWARD,
        reason=_text(told, "reason"),
        action=_text(told, "action"),
        evidence=tuple((one.get("list") or "", (one.text or "").strip()) for one in kinds),
        named="recipient" in told and bool(xml.text(told["recipient"], "nameMasked")),
    )


def _instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


_PRECISIONS = {one.upper(): one for one in Precision}
_LASTS = {
    Precision.SECOND: dt.timedelta(0),
    Precision.MINUTE: dt.timedelta(seconds=59),
    Precision.DAY: dt.timedelta(seconds=86_399),
}
"""From the first second of an interval to its last."""


def read_time(occurred: Element) -> EventTime:
    """An EventTime element: wall time as told, and the closed interval of UTC seconds in which it lies.

    Raises:
        ValueError, OverflowError: a time outside of the calendar.
    """
    told = xml.parts(occurred)
    at = dt.datetime.fromisoformat(_text(told, "at") or "").replace(microsecond=0)
    precision = _PRECISIONS[_text(told, "precision") or ""]
    if precision is Precision.DAY:
        at = at.replace(hour=0, minute=0, second=0)
    elif precision is Precision.MINUTE:
        at = at.replace(second=0)
    naive = at.replace(tzinfo=None)
    wall = naive.isoformat()
    zone = _ZONES[_text(told, "zoneSource") or "EXPLICIT"]
    low = at.astimezone(dt.UTC)
    high = low + _LASTS[precision]
    if zone is ZoneSource.UNKNOWN:
        told_as_utc = naive.replace(tzinfo=dt.UTC)
        low, high = told_as_utc - _EAST, told_as_utc + _LASTS[precision] + _WEST
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
