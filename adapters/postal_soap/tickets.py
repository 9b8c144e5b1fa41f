"""Answers of GetItemsByTicket and OpenTicket as records. Pure: elements in, records out."""

import dataclasses
import datetime as dt

from adapters._kit import xml
from adapters._kit.soap.events import read_events
from adapters._kit.xml import Element
from adapters.postal_soap.translate import Sender, about, document, instant
from schemas.errors import Misunderstood
from schemas.ticket import OpenedTicket, TicketPage, TicketReceipt, TicketState
from schemas.tracking import Complaint, TrackingBatch

RETRY = dt.timedelta(seconds=30)
"""Until the next look, where a pending ticket names no time."""
LONGEST = dt.timedelta(hours=1)
"""Until the next look, whatever time it names: a post that says 4,294,967,295 seconds is asked again all the same."""
MOST_PAGES = 3000


def receipt_from_reply(body: Element, raw: bytes, sender: Sender, *, received_at: dt.datetime) -> TicketReceipt:
    """Read an OpenTicketResponse that the schema has let through.

    Raises:
        Misunderstood: it expires at a time that cannot be reckoned with, or has expired already.
    """
    expires_at = instant(xml.text(body, "expiresAt") or "", raw, sender)
    if expires_at <= received_at:
        raise Misunderstood(f"a ticket that expired at {expires_at.isoformat()}", subject=sender.peer, raw=raw)
    wait = _wait(xml.text(body, "readyAfterSeconds"))
    return TicketReceipt(xml.text(body, "ticketId") or "", received_at + wait, expires_at)


def _wait(told: str | None) -> dt.timedelta:
    return min(dt.timedelta(seconds=int(told)), LONGEST) if told is not None else RETRY


def page_from_reply(
    body: Element, raw: bytes, sender: Sender, *, asked: OpenedTicket, received_at: dt.datetime, lawful: bool = False
) -> TicketPage:
    """Read a GetItemsByTicketResponse that the lax schema has let through.

    Raises:
        Misunderstood: it is of another ticket or page, or tells items without being READY.
    """
    state, items = TicketState((xml.text(body, "state") or "").lower()), xml.child(body, "items")
    rows = list(xml.children(items, "item")) if items is not None else []
    told = (xml.text(body, "ticketId"), int(xml.text(body, "page") or 0))
    pages = int(xml.text(body, "pages") or 0)
    flaw = _flaw(told, (asked.ticket, asked.page), state, len(rows), pages)
    if flaw:
        raise Misunderstood(flaw, subject=sender.peer, raw=raw)
    if state is not TicketState.READY:
        pending = state is TicketState.PENDING
        retry_at = received_at + max(_wait(xml.text(body, "retryAfterSeconds")), dt.timedelta(seconds=1))
        return TicketPage(state, retry_at if pending else None)
    reading = _Reading(sender, raw, received_at, frozenset(asked.numbers) - frozenset(asked.answered), lawful)
    found = [reading.item(row, place) for place, row in enumerate(rows, start=1)]
    batch = reading.batch([one for one in found if one is not None])
    return TicketPage(state, None, pages, batch, tuple(reading.answered), tuple(reading.cut))


def _flaw(
    told: tuple[str | None, int], asked: tuple[str | None, int], state: TicketState, rows: int, pages: int
) -> str:
    if told != asked:
        return f"asked about ticket {asked[0]}, page {asked[1]}; answered about {told[0]}, page {told[1]}"
    if state is not TicketState.READY and rows:
        return f"{rows} items of a ticket that is {state.upper()}"
    if state is TicketState.READY and not asked[1] <= pages <= MOST_PAGES:
        return f"page {asked[1]} of {pages}"
    return ""


class _Reading:
    """One page: what was understood of it, and which numbers it speaks of."""

    def __init__(
        self, sender: Sender, raw: bytes, received_at: dt.datetime, wanted: frozenset[str], lawful: bool
    ) -> None:
        self._sender = sender
        self._document = document(raw)
        self._received_at = received_at
        self._wanted = set(wanted)
        self._lawful = lawful
        self.answered: list[str] = []
        self.cut: list[str] = []
        self.complaints: list[Complaint] = []

    def item(self, row: Element, place: int) -> TrackingBatch | None:
        """What the page says of one item; a complaint costs no neighbour."""
        number, outcome = xml.text(row, "itemNumber") or "", xml.text(row, "outcome")
        if number not in self._wanted:
            self._odd("EV-01", f"{number} was not asked about, or stands here twice", number)
            return None
        self._wanted.discard(number)
        if outcome in ("ERROR", "FORBIDDEN"):
            if outcome == "FORBIDDEN":  # nothing changes when it is asked again soon
                self.answered.append(number)
            self._odd(outcome, f"{number}: {xml.text(row, 'code') or 'no code'}", number)
            return None
        self.answered.append(number)
        return self._history(row, number, outcome, place)

    def _odd(self, code: str, what: str, number: str) -> None:
        self.complaints.append(Complaint(code, what, number[:35], self._document.sha256))

    def _history(self, row: Element, number: str, outcome: str | None, place: int) -> TrackingBatch | None:
        events = xml.child(row, "events")
        elements = list(xml.children(events, "event")) if events is not None else []
        if outcome == "UNKNOWN":
            if elements:
                self._odd("EV-14", f"events of {number}, which it says it does not know", number)
            return None
        root = f"/GetItemsByTicketResponse/items/item[{place}]/events"
        reading = self._sender.reading(self._document, self._received_at)
        entries = read_events(elements, reading, root=root, lawful=self._lawful)
        batch = about(self._sender.batch(entries, self._document, self._received_at), number)
        complete = xml.text(row, "complete") in ("true", "1")
        if not complete and xml.text(row, "code") == "MORE":
            self.cut.append(number)
        return dataclasses.replace(batch, complete_for=(number,) if complete and not batch.complaints else ())

    def batch(self, found: list[TrackingBatch]) -> TrackingBatch:
        """The whole page."""
        empty = self._sender.batch((), self._document, self._received_at)
        return dataclasses.replace(
            empty,
            events=tuple(event for one in found for event in one.events),
            complaints=(*self.complaints, *(told for one in found for told in one.complaints)),
            complete_for=tuple(number for one in found for number in one.complete_for),
        )
