"""Asking about many items by one ticket, before the rest are asked about one by one (batch endpoints first).

A ticket is a row before it is opened: a process that dies between the call and the answer sends the same request again
and gets the same ticket. Its items are not due meanwhile. A page is applied, its items are planned and the row moves on
to the next page in one transaction. Whatever the answer leaves open (a ticket that expired or failed, items left out or
cut short) is due at once and is asked one by one, so a ticket never hides an item.
"""

import dataclasses
import datetime as dt
import functools
import uuid
from collections.abc import Sequence

import structlog

from adapters.registry import Peer, Registry
from gateway import failpoints
from gateway.workers.questions import THE_PEERS, Questions, Take, after_failure, counted_as
from schemas.errors import CallError
from schemas.ids import PeerId
from schemas.ports.carrier import TicketPull
from schemas.ports.clock import Clock
from schemas.ports.message_stores import FeedState
from schemas.ports.stores import Store, Tx
from schemas.shipment import Item
from schemas.ticket import MOST_NUMBERS, OpenedTicket, TicketPage, TicketState

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Tickets open at one peer: a second one can be filled while the first is answered."""
PATIENCE = dt.timedelta(hours=6)
"""A ticket that is not answered by then is given up: asking one by one is slow, but it ends."""


class TicketQuestions:
    """Opens tickets at the peers that offer ``TicketPull`` and takes their answers."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, take: Take, questions: Questions) -> None:
        """``take`` applies an answer; ``questions`` says what is due and what may be spent, and plans what is known."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._take = take
        self._questions = questions

    async def ask(self, peer: Peer) -> None:
        """Go on with the tickets that are open, and open another one where enough is due."""
        name = peer.manifest.name
        if await self._left_alone(name):
            return
        try:
            for ticket in await self._store.read(lambda tx: tx.tickets.opened(name)):
                if ticket.next_at <= self._clock.now():
                    await self._go_on(peer, ticket)
            if not await self._left_alone(name):
                await self._open_another(peer)
        except CallError as error:
            log.warning("tickets.failed", peer=name, error=type(error).__name__, detail=str(error))
            await self._store.write(functools.partial(self._note_failure, peer=name, error=error))
        finally:
            await self._questions.spend(peer)

    async def _left_alone(self, peer: PeerId) -> bool:
        state = await self._store.read(lambda tx: tx.feeds.get(ticketing(peer)))
        return state.next_at is not None and state.next_at > self._clock.now()

    def _note_failure(self, tx: Tx, peer: PeerId, error: Exception) -> None:
        tx.feeds.put(after_failure(tx.feeds.get(ticketing(peer)), error, self._clock.now()))

    async def _open_another(self, peer: Peer) -> None:
        carrier, at_least = peer.manifest.carrier, self._port(peer).ticket_from
        if carrier is None or at_least < 1 or await self._questions.allowed(peer) < 1:
            return
        now = self._clock.now()

        def begin(tx: Tx) -> OpenedTicket | None:
            due = self._questions.due(tx, peer, carrier, MOST_NUMBERS)
            if len(due) < at_least or len(tx.tickets.opened(peer.manifest.name)) >= AT_ONCE:
                return None
            numbers = tuple(dict.fromkeys(item.number for item in due if item.number is not None))
            # Named by what is asked and when: a transaction may run twice and must name the ticket alike.
            request = uuid.uuid5(uuid.NAMESPACE_URL, f"{peer.manifest.name} {now.isoformat()} {numbers[0]}").hex
            fresh = OpenedTicket(peer.manifest.name, carrier, request, numbers, now, now)
            tx.tickets.put_opened(fresh)
            _wait(tx, due, now + PATIENCE)
            return fresh

        fresh = await self._store.write(begin)
        if fresh is not None:
            await self._go_on(peer, fresh)

    def _port(self, peer: Peer) -> TicketPull:
        return self._registry.port(peer.manifest.name, TicketPull)

    async def _go_on(self, peer: Peer, ticket: OpenedTicket) -> None:
        """Open it if that has not been done, and fetch the pages that are there. Raises CallError of the peer's own."""
        try:
            if ticket.ticket is None:
                ticket = await self._opened(peer, ticket)
            while ticket.next_at <= self._clock.now():
                following = await self._fetched(peer, ticket)
                if following is None:
                    return
                ticket = following
        except THE_PEERS:
            if self._clock.now() - ticket.opened_at > PATIENCE:
                await self._give_up(ticket, "no answer for too long")
            raise
        except CallError as error:
            await self._give_up(ticket, str(error))

    async def _opened(self, peer: Peer, ticket: OpenedTicket) -> OpenedTicket:
        with counted_as("question"):
            receipt = await self._port(peer).open_ticket(ticket.numbers, request=ticket.request)
        failpoints.hit("ticket.before_note")
        known = dataclasses.replace(
            ticket, ticket=receipt.ticket, next_at=receipt.ready_at, expires_at=receipt.expires_at
        )
        await self._store.write(lambda tx: tx.tickets.put_opened(known))
        return known

    async def _fetched(self, peer: Peer, ticket: OpenedTicket) -> OpenedTicket | None:
        """The ticket after one more look; None when it is closed."""
        with counted_as("question"):
            page = await self._port(peer).fetch_ticket(ticket)
        failpoints.hit("ticket.before_take")
        if page.state is TicketState.PENDING and self._clock.now() - ticket.opened_at <= PATIENCE:
            later = dataclasses.replace(ticket, next_at=page.retry_at or self._clock.now())
            await self._store.write(lambda tx: tx.tickets.put_opened(later))
            return later if later.next_at > self._clock.now() else None
        if page.state is not TicketState.READY:
            await self._give_up(ticket, f"the ticket is {page.state.upper()}")
            return None
        return await self._store.write(lambda tx: self._page(tx, peer, ticket, page))

    def _page(self, tx: Tx, peer: Peer, ticket: OpenedTicket, page: TicketPage) -> OpenedTicket | None:
        """One page: its events, the plans of its items, and where the ticket stands."""
        if page.batch is not None:
            self._take(tx, page.batch)
        whole = set(page.answered) - set(page.cut)
        self._questions.plan(tx, _items(tx, ticket, sorted(whole)), failed=False)
        _wait(tx, _items(tx, ticket, page.cut), self._clock.now())
        following = dataclasses.replace(ticket, page=ticket.page + 1, answered=(*ticket.answered, *page.answered))
        if ticket.page < page.pages:
            tx.tickets.put_opened(following)
            return following
        left = set(ticket.numbers) - set(following.answered)
        _wait(tx, _items(tx, ticket, sorted(left)), self._clock.now())
        tx.tickets.close(ticket)
        tx.feeds.put(_healed(tx, ticketing(peer.manifest.name), self._clock.now()))
        return None

    async def _give_up(self, ticket: OpenedTicket, why: str) -> None:
        """Its items are due at once, and no other ticket is opened for a while."""
        log.warning("tickets.given_up", peer=ticket.peer, ticket=ticket.ticket, detail=why)

        def close(tx: Tx) -> None:
            left = set(ticket.numbers) - set(ticket.answered)
            _wait(tx, _items(tx, ticket, sorted(left)), self._clock.now())
            tx.tickets.close(ticket)
            self._note_failure(tx, ticket.peer, RuntimeError(why))

        await self._store.write(close)


def ticketing(peer: PeerId) -> PeerId:
    """Under which name is kept how asking by ticket goes."""
    return PeerId(f"{peer}/ticket")


def _healed(tx: Tx, name: PeerId, now: dt.datetime) -> FeedState:
    state = tx.feeds.get(name)
    return dataclasses.replace(state, failing_since=None, failures=0, last_error="", last_ok_at=now, next_at=None)


def _items(tx: Tx, ticket: OpenedTicket, numbers: Sequence[str]) -> tuple[Item, ...]:
    """The carrier's items with these numbers that are still asked about."""
    if not numbers:
        return ()
    found = tx.items.named(numbers).values()
    mine = (item for items in found for item in items if item.carrier == ticket.carrier)
    return tuple(item for item in mine if item.polls.next_at is not None)


def _wait(tx: Tx, items: Sequence[Item], until: dt.datetime) -> None:
    tx.items.put_folds([(item, item.fold, dataclasses.replace(item.polls, next_at=until)) for item in items])
