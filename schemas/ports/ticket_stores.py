"""Rows of tickets: those that we gave, with the pages of their answers, and those that we opened at peers.

The rules of :mod:`schemas.ports.stores` hold: synchronous, inside one transaction, database only.
"""

import datetime as dt
from typing import Protocol

from schemas.ids import PeerId
from schemas.ticket import GivenTicket, OpenedTicket, TicketState


class TicketStore(Protocol):
    """Tickets of both directions."""

    def give(self, ticket: GivenTicket) -> tuple[GivenTicket, bool]:
        """Insert; or the first one of the same (account, request), with False."""
        ...

    def given(self, ticket: str) -> GivenTicket | None:
        """A ticket that we gave, by its id."""
        ...

    def waiting(self, *, limit: int) -> tuple[GivenTicket, ...]:
        """Given tickets that are PENDING, oldest first."""
        ...

    def put_page(self, ticket: str, page: int, body: bytes) -> None:
        """Keep a page of the answer (from 1); a page that is there is replaced."""
        ...

    def page(self, ticket: str, page: int) -> bytes | None:
        """A page of the answer."""
        ...

    def settle(self, ticket: str, state: TicketState, *, pages: int = 0, why: str = "") -> None:
        """The answer is complete, or will never be. Raises NotFound."""
        ...

    def forget(self, *, expired_before: dt.datetime) -> int:
        """Delete the pages and rows of given tickets that expired before; returns how many tickets."""
        ...

    def drop_pages(self, *, now: dt.datetime) -> None:
        """Delete the pages of given tickets that have expired; their rows still say so."""
        ...

    def opened(self, peer: PeerId) -> tuple[OpenedTicket, ...]:
        """Tickets open at a peer, oldest first."""
        ...

    def put_opened(self, ticket: OpenedTicket) -> None:
        """Insert or replace by (peer, request)."""
        ...

    def close(self, ticket: OpenedTicket) -> None:
        """Every page is applied, or the ticket is given up."""
        ...
