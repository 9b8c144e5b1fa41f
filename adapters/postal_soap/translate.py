"""Bodies of the contract postal-tracking as records. Pure: bytes and elements in, records out."""

import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import Mapping

from adapters._kit import xml
from adapters._kit.soap import envelope, names
from adapters._kit.soap.events import Reading, read_events
from adapters._kit.xml import Element
from adapters.postal_soap import codes
from schemas.errors import Misunderstood
from schemas.ids import CarrierId, PeerId, Sha256
from schemas.tracking import Complaint, Push, PushEntry, TrackingBatch, TrackingEvent
from schemas.wire import RawDocument

ITEM_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z./-]{3,34}")
"""ItemNumber of the contract; another number cannot even be asked about."""
LOCAL_OFFSET = "+07:00"
"""Viet Nam has one zone and no summer time."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sender:
    """Whose words are read. ``naive_is_local``: the quirk of a post that forgets the zone."""

    peer: PeerId
    carrier: CarrierId
    naive_is_local: bool = False
    any_row_means_accepted: bool = False

    def reading(self, raw: RawDocument, received_at: dt.datetime) -> Reading:
        """How to read the events in ``raw``."""
        return Reading(
            peer=self.peer,
            carrier=self.carrier,
            meaning=codes.meaning,
            naive_offset=LOCAL_OFFSET if self.naive_is_local else None,
            raw_sha256=raw.sha256,
            received_at=received_at,
            any_row_means_accepted=self.any_row_means_accepted,
        )

    def batch(self, entries: tuple[PushEntry, ...], raw: RawDocument, received_at: dt.datetime) -> TrackingBatch:
        """What was understood and what was complained of."""
        return TrackingBatch(
            peer=self.peer,
            carrier=self.carrier,
            events=_events(entries),
            complaints=_complaints(entries),
            raw=(raw,),
            received_at=received_at,
        )


def document(raw: bytes) -> RawDocument:
    """The bytes as they came, with their digest."""
    return RawDocument(Sha256(hashlib.sha256(raw).hexdigest()), raw, "text/xml")


def _events(entries: tuple[PushEntry, ...]) -> tuple[TrackingEvent, ...]:
    return tuple(entry.event for entry in entries if entry.event is not None)


def _complaints(entries: tuple[PushEntry, ...]) -> tuple[Complaint, ...]:
    return tuple(entry.complaint for entry in entries if entry.complaint is not None)


def push_from_envelope(raw: bytes, sender: Sender, *, received_at: dt.datetime) -> Push:
    """Read an envelope of PushEvents, each event by itself.

    Raises:
        Misunderstood: no envelope, another body, or a wrapper that breaks the contract.
    """
    body = envelope.read_envelope(raw, subject=sender.peer).body
    if xml.namespace(body) != names.CONTRACT or xml.local(body) != "PushEvents":
        raise Misunderstood(f"{body.tag!s} instead of PushEvents", subject=sender.peer, raw=raw)
    lawful = xml.load_schema(names.CONTRACT_FILES, "postal-tracking.xsd").holds(body)
    found = () if lawful else xml.load_schema(names.CONTRACT_FILES, "lax.xsd").violations(body)
    if found:
        raise Misunderstood(f"{found[0].path}: {found[0].message}", subject=sender.peer, raw=raw)
    told = document(raw)
    reading = sender.reading(told, received_at)
    entries = read_events(_event_elements(body), reading, root="/PushEvents/events", lawful=lawful)
    sequence = xml.text(body, "sequence")
    return Push(
        batch_id=xml.text(body, "batchId") or "",
        sender=xml.text(body, "sender") or "",
        sent_at=instant(xml.text(body, "sentAt") or "", raw, sender),
        sequence=int(sequence) if sequence else None,
        entries=entries,
        batch=sender.batch(entries, told, received_at),
    )


def instant(text: str, raw: bytes, sender: Sender) -> dt.datetime:
    """An Instant of the contract. Raises Misunderstood for one that is no date of ours."""
    try:
        return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:  # lawful in XSD, but no date of ours: hour 24, year 12026
        raise Misunderstood(f"{text} cannot be reckoned with: {error}", subject=sender.peer, raw=raw) from error


def seconds_between(ours: dt.datetime, theirs: str) -> float | None:
    """Theirs minus ours; None where theirs is no date that we can reckon with."""
    try:
        return (dt.datetime.fromisoformat(theirs) - ours).total_seconds()
    except (ValueError, OverflowError):
        return None


def _event_elements(body: Element) -> list[Element]:
    events = xml.child(body, "events")
    return list(xml.children(events, "event")) if events is not None else []


@dataclasses.dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of an item's history. ``whole``: the post says that all pages together are everything."""

    batch: TrackingBatch
    found: bool
    whole: bool
    next_page: str | None


def history_from_reply(
    body: Element, raw: bytes, sender: Sender, *, asked: str, received_at: dt.datetime, lawful: bool = False
) -> HistoryPage:
    """Read a GetItemHistoryResponse that the lax schema has let through, or the published one where ``lawful``.

    Raises:
        Misunderstood: it is about another item, or holds events of an item that it says it does not know.
    """
    parts = xml.parts(body)
    number = _text(parts, "itemNumber")
    if number != asked:
        raise Misunderstood(f"asked about {asked}, answered about {number}", subject=sender.peer, raw=raw)
    told = document(raw)
    entries = read_events(
        _event_elements(body),
        sender.reading(told, received_at),
        root="/GetItemHistoryResponse/events",
        lawful=lawful,
    )
    found = _text(parts, "found") in ("true", "1")
    if entries and not found:
        raise Misunderstood(f"events of {asked}, which it says it does not know", subject=sender.peer, raw=raw)
    return HistoryPage(
        batch=about(sender.batch(entries, told, received_at), asked),
        found=found,
        whole=_text(parts, "complete") in ("true", "1"),
        next_page=_text(parts, "nextPageToken") or None,
    )


def _text(parts: Mapping[str, Element], name: str) -> str:
    found = parts.get(name)
    return (found.text or "").strip() if found is not None else ""


def about(batch: TrackingBatch, asked: str) -> TrackingBatch:
    """The batch without the rows of other items; those are complaints, never moved to the item that was asked about."""
    mine, complaints = [], list(batch.complaints)
    for event in batch.events:
        if event.number == asked:
            mine.append(event)
        elif event.number is None:
            mine.append(dataclasses.replace(event, number=asked))
        else:
            what = f"an event of {event.number} in the history of {asked}"
            complaints.append(Complaint("EV-01", what, event.number, event.raw_sha256))
    return dataclasses.replace(batch, events=tuple(mine), complaints=tuple(complaints))


def unaskable(number: str, sender: Sender, *, received_at: dt.datetime) -> TrackingBatch:
    """The answer to a number that the contract cannot carry: a complaint, so that its neighbours are still asked."""
    told = document(b"")
    complaint = Complaint("EV-01", f"{number!r} cannot be asked about by this contract", number, told.sha256)
    return dataclasses.replace(sender.batch((), told, received_at), complaints=(complaint,), raw=())


def joined(pages: list[HistoryPage], *, number: str, all_of_it: bool) -> TrackingBatch:
    """The pages of one item as one batch; complete only as far as nothing is in doubt.

    ``all_of_it``: we asked without ``since``.
    """
    last = pages[-1].batch
    complaints = tuple(one for page in pages for one in page.batch.complaints)
    whole = all_of_it and pages[-1].found and all(page.whole for page in pages) and not complaints
    return dataclasses.replace(
        last,
        events=tuple(one for page in pages for one in page.batch.events),
        complaints=complaints,
        raw=tuple(one for page in pages for one in page.batch.raw),
        complete_for=(number,) if whole else (),
    )


def merged(batches: list[TrackingBatch], sender: Sender, *, received_at: dt.datetime) -> TrackingBatch:
    """The histories of several items as one batch."""
    if len(batches) == 1:
        return batches[0]
    return TrackingBatch(
        peer=sender.peer,
        carrier=sender.carrier,
        events=tuple(one for batch in batches for one in batch.events),
        complaints=tuple(one for batch in batches for one in batch.complaints),
        raw=tuple(one for batch in batches for one in batch.raw),
        received_at=received_at,
        complete_for=tuple(one for batch in batches for one in batch.complete_for),
    )
