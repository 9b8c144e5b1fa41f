"""OpenTicket and GetItemsByTicket: a question about up to 3000 items, answered later and page by page.

The ticket is a row before it is answered; a desk composes the pages afterwards, each a row of its own, so that a
restart in the middle costs a page and not the ticket. PENDING says that nothing is known yet, never that there is
nothing. A requestId is the ticket's idempotency key: the same one with the same items is the same ticket.
"""

import asyncio
import datetime as dt
import secrets
from collections.abc import Callable, Iterator
from typing import Final

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element
from gateway.accounts import AccountTx, GatewayStore
from gateway.inbound.soap.admission import Readers
from gateway.inbound.soap.eyes import Eyes
from gateway.inbound.soap.faults import SoapFault
from gateway.inbound.soap.history import write_event
from gateway.inbound.soap.request import SoapRequest, written
from gateway.log import logger
from schemas.ports.clock import Clock
from schemas.ports.stores import Tx
from schemas.ticket import GivenTicket, TicketState

LIFE: Final = dt.timedelta(days=1)
"""How long an answer can be fetched."""
KEPT: Final = dt.timedelta(days=30)
"""How long an expired ticket still says EXPIRED, before nobody knows it."""
RETRY_S: Final = 2
"""Seconds after which a ticket is usually READY."""
MOST_WAITING: Final = 20
"""Tickets of all callers that may wait; more are told to come later, so that nobody fills the disk."""
ITEMS: Final = 500
"""Items of a page."""
EVENTS: Final = 200
"""Events of an item; GetItemHistory tells them all."""
PAGE_BYTES: Final = 2 * 1024 * 1024
"""A page ends here, even with fewer items."""
MORE: Final = "MORE"
"""Code of an item with more events than EVENTS."""
_AT_ONCE: Final = 50
"""Items looked up in one transaction."""
_LOG: Final = logger(__name__)


class OpenTicket:
    """Takes the question."""

    def __init__(self, store: GatewayStore, *, ring: Callable[[], None]) -> None:
        """``ring`` wakes the desk once the ticket is durable."""
        self._store = store
        self._ring = ring

    async def __call__(self, request: SoapRequest) -> Element:
        """Answer with the ticket. Raises SoapFault."""
        fresh = _fresh(request)

        def take(tx: AccountTx) -> GivenTicket | str:
            if not request.use_nonce(tx):
                return "401.02"
            ticket, new = tx.tickets.give(fresh)
            if new and len(tx.tickets.waiting(limit=MOST_WAITING + 1)) > MOST_WAITING:
                raise SoapFault("429.01", f"{MOST_WAITING} tickets are waiting")
            if new:
                tx.after_commit(self._ring)
            return ticket if ticket.digest == fresh.digest else "409.01"

        ticket = await self._store.write(take)
        if isinstance(ticket, str):
            raise SoapFault(ticket, "the nonce was used before" if ticket == "401.02" else fresh.request)
        reply = xml.element("OpenTicketResponse", names.CONTRACT)
        xml.add(reply, "ticketId", ticket.id)
        xml.add(reply, "readyAfterSeconds", RETRY_S if ticket.state is TicketState.PENDING else 0)
        xml.add(reply, "expiresAt", written(ticket.expires_at))
        return reply


def _fresh(request: SoapRequest) -> GivenTicket:
    items = xml.child(request.body, "items")
    told = [(one.text or "").strip() for one in xml.children(items)] if items is not None else []
    return GivenTicket(
        id=secrets.token_hex(16),
        account=request.key.name,
        request=xml.text(request.body, "requestId") or "",
        digest=request.content,
        numbers=tuple(dict.fromkeys(told)),
        opened_at=request.now,
        expires_at=request.now + LIFE,
    )


class GetItemsByTicket:
    """Hands out the answer."""

    def __init__(self, store: GatewayStore) -> None:
        self._store = store

    async def __call__(self, request: SoapRequest) -> Element:
        """Answer with the state, and with a page once there are pages. Raises SoapFault."""
        name, page = xml.text(request.body, "ticketId") or "", int(xml.text(request.body, "page") or 1)

        def look(tx: AccountTx) -> tuple[GivenTicket | None, bytes | None]:
            return tx.tickets.given(name), tx.tickets.page(name, page)

        ticket, body = await self._store.read(look)
        if ticket is None or ticket.account != request.key.name:
            raise SoapFault("404.01", name)
        state = TicketState.EXPIRED if request.now >= ticket.expires_at else ticket.state
        if state is TicketState.READY and body is None:
            flaw = xml.Violation("/GetItemsByTicket/page", 0, "PAGE", f"the answer has {ticket.pages} pages")
            raise SoapFault("400.02", "page", violations=(flaw,))
        return _page_reply(ticket, state, page, body)


def _page_reply(ticket: GivenTicket, state: TicketState, page: int, body: bytes | None) -> Element:
    reply = xml.element("GetItemsByTicketResponse", names.CONTRACT)
    xml.add(reply, "ticketId", ticket.id)
    xml.add(reply, "state", state.upper())
    if state is TicketState.PENDING:
        xml.add(reply, "retryAfterSeconds", RETRY_S)
    xml.add(reply, "page", page)
    if state is TicketState.READY and body is not None:
        xml.add(reply, "pages", ticket.pages)
        reply.append(xml.parse(body, max_bytes=len(body)))
    else:
        xml.add(reply, "items")
    return reply


class TicketDesk:
    """Composes the answers of waiting tickets, oldest first."""

    def __init__(self, store: GatewayStore, *, clock: Clock, readers: Readers) -> None:
        """``readers`` as the SOAP server has them: which carrier an account speaks for."""
        self._store = store
        self._clock = clock
        self._readers = readers
        self._came = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def ring(self) -> None:
        """A ticket was given; from any thread."""
        self._loop.call_soon_threadsafe(self._came.set)

    async def run(self) -> None:
        """Compose what waits (a restart left it perhaps), then wait for the ring."""
        while True:
            self._came.clear()
            while await self.once():
                pass
            await self._came.wait()

    async def once(self) -> int:
        """Compose every ticket that waits, and forget what is too old; returns how many were settled."""
        now = self._clock.now()
        await self._store.write(lambda tx: self._tidy(tx, now))
        waiting = await self._store.read(lambda tx: tx.tickets.waiting(limit=MOST_WAITING))
        for ticket in waiting:
            try:
                state, pages, why = TicketState.READY, await self._compose(ticket), ""
            except _Gone as gone:
                state, pages, why = TicketState.FAILED, 0, str(gone)
            await self._store.write(
                lambda tx, told=(ticket.id, state, pages, why): tx.tickets.settle(  # type: ignore[misc]  # bound now
                    told[0], told[1], pages=told[2], why=told[3]
                )
            )
            _LOG.info("a ticket was answered", ticket=ticket.id, state=state, pages=pages, detail=why)
        return len(waiting)

    @staticmethod
    def _tidy(tx: Tx, now: dt.datetime) -> None:
        tx.tickets.drop_pages(now=now)
        tx.tickets.forget(expired_before=now - KEPT)

    async def _compose(self, ticket: GivenTicket) -> int:
        page, items, count, size = 1, _empty(), 0, 0
        for first in range(0, len(ticket.numbers), _AT_ONCE):
            numbers = ticket.numbers[first : first + _AT_ONCE]
            for told in await self._store.read(lambda tx, n=numbers: tuple(self._items(tx, ticket, n))):  # type: ignore[misc]  # bound now
                if count == ITEMS or (count and size + len(told) > PAGE_BYTES):
                    await self._keep(ticket, page, items)
                    page, items, count, size = page + 1, _empty(), 0, 0
                items.append(xml.parse(told, max_bytes=len(told)))
                count, size = count + 1, size + len(told)
        await self._keep(ticket, page, items)
        return page

    async def _keep(self, ticket: GivenTicket, page: int, items: Element) -> None:
        body = xml.write(items, declaration=False)
        await self._store.write(lambda tx: tx.tickets.put_page(ticket.id, page, body))

    def _items(self, tx: AccountTx, ticket: GivenTicket, numbers: tuple[str, ...]) -> Iterator[bytes]:
        key = tx.accounts.key(ticket.account)
        if key is None or not key.active:
            raise _Gone(f"the account {ticket.account} is no longer let in")
        eyes = Eyes.of(key, self._readers(key.peer) if key.peer is not None else None)
        found = {number: eyes.first(items) for number, items in tx.items.named(numbers).items()}
        logs = tx.events.of_items([item.id for item in found.values() if item is not None])
        for number in numbers:
            item = found.get(number)
            told = xml.element("item", names.CONTRACT)
            xml.add(told, "itemNumber", number)
            xml.add(told, "outcome", "UNKNOWN" if item is None else "FOUND")
            log = () if item is None else logs.get(item.id, ())
            if len(log) > EVENTS:
                xml.add(told, "code", MORE)
            if item is not None:
                xml.add(told, "complete", len(log) <= EVENTS)
            events = xml.add(told, "events")
            for row in log[-EVENTS:]:
                write_event(events, row, number)
            yield xml.write(told, declaration=False)


class _Gone(Exception):
    """Who asked is no longer let in."""


def _empty() -> Element:
    return xml.element("items", names.CONTRACT)
