"""Tickets: a question about many items whose answer is fetched later (OpenTicket, GetItemsByTicket; domain model §5).

We give tickets to those who ask us, and we open tickets at peers; both are rows, because both must survive a restart.
"""

import dataclasses
import datetime as dt
import enum

from schemas.ids import CarrierId, PeerId, Sha256
from schemas.tracking import TrackingBatch

MOST_NUMBERS = 3000
"""Items of one ticket."""


class TicketState(enum.StrEnum):
    """How far the answer is. PENDING is not empty: nothing is known yet."""

    PENDING = "pending"
    READY = "ready"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, slots=True)
class GivenTicket:
    """A ticket that we gave. (account, request) is unique: the same request gets the same ticket."""

    id: str
    account: str
    request: str
    digest: Sha256
    """Of the request's content, so that a reused request id is noticed."""
    numbers: tuple[str, ...]
    opened_at: dt.datetime
    expires_at: dt.datetime
    state: TicketState = TicketState.PENDING
    pages: int = 0
    """Of the answer, once it is READY."""
    why: str = ""
    """What went wrong, where it FAILED."""


@dataclasses.dataclass(frozen=True, slots=True)
class OpenedTicket:
    """A ticket that we opened at a peer, or are about to: ``ticket`` is None until the peer answered.

    The row stands before the call, so that a call cut short is repeated with the same ``request`` and opens nothing
    twice.
    """

    peer: PeerId
    carrier: CarrierId
    request: str
    numbers: tuple[str, ...]
    opened_at: dt.datetime
    next_at: dt.datetime
    """When to ask next."""
    ticket: str | None = None
    expires_at: dt.datetime | None = None
    page: int = 1
    """The next page to be fetched; those before it are applied."""
    answered: tuple[str, ...] = ()
    """Numbers of the pages that are applied."""


@dataclasses.dataclass(frozen=True, slots=True)
class TicketReceipt:
    """A peer's answer to opening a ticket."""

    ticket: str
    ready_at: dt.datetime
    expires_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class TicketPage:
    """A peer's answer to fetching one page. ``batch`` is None unless the ticket is READY."""

    state: TicketState
    retry_at: dt.datetime | None = None
    pages: int = 0
    batch: TrackingBatch | None = None
    answered: tuple[str, ...] = ()
    """Numbers that this page speaks of, unknown ones too."""
    cut: tuple[str, ...] = ()
    """Those of them with more events than a page holds: only GetItemHistory tells them all."""
