"""Tickets of both directions, with the pages of the answers that we give."""

import dataclasses
import datetime as dt
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.columns import Micros
from gateway.storage.tables.tickets import given_ticket, opened_ticket, ticket_page
from schemas.errors import NotFound
from schemas.ids import PeerId
from schemas.ticket import GivenTicket, OpenedTicket, TicketState

_GIVEN: Final = sa.select(given_ticket.c.doc).where(given_ticket.c.id == sa.bindparam("of_ticket"))
_SAME: Final = sa.select(given_ticket.c.doc).where(
    given_ticket.c.account == sa.bindparam("of_account"), given_ticket.c.request == sa.bindparam("of_request")
)
_WAITING: Final = (
    sa.select(given_ticket.c.doc)
    .where(given_ticket.c.state == TicketState.PENDING.value)
    .order_by(given_ticket.c.opened_at, given_ticket.c.id)
    .limit(sa.bindparam("most"))
)
_PAGE: Final = sa.select(ticket_page.c.body).where(
    ticket_page.c.ticket == sa.bindparam("of_ticket"), ticket_page.c.page == sa.bindparam("of_page")
)
_SETTLE: Final = sa.update(given_ticket).where(given_ticket.c.id == sa.bindparam("of_ticket"))
_BEFORE: Final = sa.bindparam("before", type_=Micros())
_OLD: Final = sa.select(given_ticket.c.id).where(given_ticket.c.expires_at < _BEFORE)
_OLD_PAGES: Final = sa.delete(ticket_page).where(ticket_page.c.ticket.in_(_OLD))
_OLD_TICKETS: Final = sa.delete(given_ticket).where(given_ticket.c.expires_at < _BEFORE)
_OPENED: Final = (
    sa.select(opened_ticket.c.doc)
    .where(opened_ticket.c.peer == sa.bindparam("of_peer"))
    .order_by(opened_ticket.c.opened_at, opened_ticket.c.request)
)
_CLOSE: Final = sa.delete(opened_ticket).where(
    opened_ticket.c.peer == sa.bindparam("of_peer"), opened_ticket.c.request == sa.bindparam("of_request")
)


class Tickets:
    """:class:`schemas.ports.ticket_stores.TicketStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def give(self, ticket: GivenTicket) -> tuple[GivenTicket, bool]:
        """Insert; or the first one of the same (account, request), with False."""
        if self._sql.insert_new(given_ticket, _row(ticket)):
            return ticket, True
        doc = self._sql.scalar(_SAME, {"of_account": ticket.account, "of_request": ticket.request})
        return from_json(doc, GivenTicket), False

    def given(self, ticket: str) -> GivenTicket | None:
        """A ticket that we gave, by its id."""
        doc = self._sql.scalar(_GIVEN, {"of_ticket": ticket})
        return None if doc is None else from_json(doc, GivenTicket)

    def waiting(self, *, limit: int) -> tuple[GivenTicket, ...]:
        """Given tickets that are PENDING, oldest first."""
        return tuple(from_json(row.doc, GivenTicket) for row in self._sql.rows(_WAITING, {"most": limit}))

    def put_page(self, ticket: str, page: int, body: bytes) -> None:
        """Keep a page of the answer (from 1); a page that is there is replaced."""
        self._sql.put(ticket_page, {"ticket": ticket, "page": page, "body": body})

    def page(self, ticket: str, page: int) -> bytes | None:
        """A page of the answer."""
        body = self._sql.scalar(_PAGE, {"of_ticket": ticket, "of_page": page})
        return None if body is None else bytes(body)

    def settle(self, ticket: str, state: TicketState, *, pages: int = 0, why: str = "") -> None:
        """The answer is complete, or will never be. Raises NotFound."""
        known = self.given(ticket)
        if known is None:
            raise NotFound("no such ticket was given", subject=ticket)
        settled = _row(dataclasses.replace(known, state=state, pages=pages, why=why))
        self._sql.run(_SETTLE, {"state": settled["state"], "doc": settled["doc"], "of_ticket": ticket})

    def forget(self, *, expired_before: dt.datetime) -> int:
        """Delete the pages and rows of given tickets that expired before; returns how many tickets."""
        self._sql.run(_OLD_PAGES, {"before": expired_before})
        return self._sql.run(_OLD_TICKETS, {"before": expired_before})

    def drop_pages(self, *, now: dt.datetime) -> None:
        """Delete the pages of given tickets that have expired; their rows still say so."""
        self._sql.run(_OLD_PAGES, {"before": now})

    def opened(self, peer: PeerId) -> tuple[OpenedTicket, ...]:
        """Tickets open at a peer, oldest first."""
        return tuple(from_json(row.doc, OpenedTicket) for row in self._sql.rows(_OPENED, {"of_peer": peer}))

    def put_opened(self, ticket: OpenedTicket) -> None:
        """Insert or replace by (peer, request)."""
        row = {"peer": ticket.peer, "request": ticket.request, "opened_at": ticket.opened_at, "doc": to_json(ticket)}
        self._sql.put(opened_ticket, row)

    def close(self, ticket: OpenedTicket) -> None:
        """Every page is applied, or the ticket is given up."""
        self._sql.run(_CLOSE, {"of_peer": ticket.peer, "of_request": ticket.request})


def _row(ticket: GivenTicket) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "account": ticket.account,
        "request": ticket.request,
        "state": ticket.state,
        "opened_at": ticket.opened_at,
        "expires_at": ticket.expires_at,
        "doc": to_json(ticket),
    }
