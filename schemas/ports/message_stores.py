"""Rows of what goes out and what comes in: messages, attempts, inbox, peers, feeds, first answers.

The rules of :mod:`schemas.ports.stores` hold: synchronous, inside one transaction, database only.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from schemas.errors import Applied
from schemas.ids import (
    DossierId,
    InboxNo,
    MessageNo,
    PeerId,
    UnitId,
)
from schemas.message import (
    Attempt,
    AttemptClass,
    Inbound,
    InboxState,
    Message,
    MessageState,
    NewInbound,
    NewMessage,
    Operation,
)
from schemas.wire import Exchange


@dataclasses.dataclass(frozen=True, slots=True)
class MessageFilter:
    """What a list of messages shows; None means any."""

    peer: PeerId | None = None
    states: tuple[MessageState, ...] | None = None
    dossier: DossierId | None = None
    operation: Operation | None = None
    units: tuple[UnitId, ...] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """How a try ended and what becomes of its message; computed by :mod:`gateway.outbox.retry`, stored in T4."""

    state: MessageState
    next_try_at: dt.datetime | None
    outcome: AttemptClass
    applied: Applied
    status: int | None
    peer_code: str
    detail: str


class MessageStore(Protocol):
    """The outbox: messages, attempts, and the bodies, which live apart."""

    def put(self, message: NewMessage, *, now: dt.datetime) -> Message:
        """Insert, or return the one with the same (peer, operation, business_key, nonce)."""
        ...

    def get(self, message: MessageNo) -> Message:
        """Raises NotFound."""
        ...

    def body(self, message: MessageNo) -> bytes:
        """The payload. Raises NotFound when its retention is over."""
        ...

    def extend_pending(self, message: MessageNo, body: bytes, *, asserted_state: str, as_of: dt.datetime) -> None:
        """Replace the body of a message that was never tried. Raises Stale when it was."""
        ...

    def shrink(self, message: MessageNo, body: bytes) -> None:
        """Keep only what is still to be told of a message being sent; ``digest`` stays that of the whole."""
        ...

    def last_open(self, peer: PeerId, dossier: DossierId, operation: Operation) -> Message | None:
        """The newest open message of this kind."""
        ...

    def lease(
        self, peer: PeerId, *, now: dt.datetime, until: dt.datetime, limit: int
    ) -> tuple[tuple[Message, Attempt], ...]:
        """T3: take due messages that no earlier open message of their dossier holds back, at most one a dossier.

        Sets SENDING and ``lease_until`` and writes the STARTED attempt, before any call. Messages in UNKNOWN are
        leased too (the caller asks or resends); their ``state`` in the answer is the one before the lease.
        """
        ...

    def settle(
        self, message: MessageNo, attempt: Attempt, verdict: Verdict, exchanges: Sequence[Exchange], *, now: dt.datetime
    ) -> Message:
        """T4: end the attempt and set the message's state. Raises Stale where the lease is no longer this attempt's."""
        ...

    def expire_leases(self, *, now: dt.datetime, all_of_them: bool = False) -> tuple[MessageNo, ...]:
        """Messages still SENDING past their lease: attempt CRASHED, state UNKNOWN, due now.

        ``all_of_them``: whatever the lease says; only where this is the one process and it has just started.
        """
        ...

    def due_peers(self, *, now: dt.datetime) -> tuple[PeerId, ...]:
        """Peers that have something to lease now."""
        ...

    def next_due(self, peer: PeerId | None = None) -> dt.datetime | None:
        """When the next waiting message (of ``peer``) that nothing holds back is due; None: nothing waits."""
        ...

    def set_state(self, message: MessageNo, state: MessageState, *, reason: str, now: dt.datetime) -> Message:
        """A person's decision: PENDING (retry now), RESOLVED or CANCELLED. Raises Stale while it is being sent."""
        ...

    def attempts(self, message: MessageNo) -> tuple[Attempt, ...]:
        """Oldest first, with their exchanges."""
        ...

    def list(self, where: MessageFilter, *, limit: int = 50, after: MessageNo | None = None) -> tuple[Message, ...]:
        """Newest first, keyset paging."""
        ...

    def counts(self) -> tuple[tuple[PeerId, MessageState, int, dt.datetime], ...]:
        """(peer, state, how many, oldest created) for the duty wall and the metrics."""
        ...


class InboxStore(Protocol):
    """What came in, raw, before it is believed."""

    def put(self, inbound: NewInbound) -> tuple[Inbound, bool]:
        """T1: insert, or return the first one of the same (peer, ext_id) with False."""
        ...

    def get(self, inbox: InboxNo) -> Inbound:
        """Raises NotFound."""
        ...

    def body(self, inbox: InboxNo) -> bytes:
        """The raw bytes."""
        ...

    def pending(self, *, limit: int) -> tuple[Inbound, ...]:
        """RECEIVED rows, oldest first: the work of T2."""
        ...

    def settle(self, inbox: InboxNo, state: InboxState, *, detail: str, now: dt.datetime) -> None:
        """End of T2."""
        ...

    def set_answer(self, inbox: InboxNo, answer: bytes) -> None:
        """Keep the first answer, so that a repetition gets the same."""
        ...

    def list(self, *, peer: PeerId | None, limit: int = 50, after: InboxNo | None = None) -> tuple[Inbound, ...]:
        """Newest first."""
        ...

    def unproven(self, peer: PeerId) -> tuple[int, int]:
        """Rows of the peer that nobody has proven (hints among them), and the bytes of their bodies."""
        ...

    def forget_unproven(self, peer: PeerId, *, before: dt.datetime) -> int:
        """Drop settled unproven rows that came in before ``before``, bodies included; returns how many."""
        ...

    def reopen_unproven(self, peer: PeerId) -> int:
        """Let quarantined unproven rows be tried again, after a key was pinned; returns how many."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class FeedState:
    """What we know of a peer's feed: where to go on, when it last answered, since when it fails."""

    peer: PeerId
    cursor: str | None
    last_ok_at: dt.datetime | None
    failing_since: dt.datetime | None
    failures: int
    last_error: str
    next_at: dt.datetime | None


class FeedStore(Protocol):
    """Cursors and health of feeds."""

    def get(self, peer: PeerId) -> FeedState:
        """The state; an empty one for a feed never read."""
        ...

    def put(self, state: FeedState) -> None:
        """Insert or replace by peer."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Breaker:
    """Circuit breaker of a peer: open until ``open_until`` after ``failures`` in a row."""

    peer: PeerId
    failures: int
    open_until: dt.datetime | None
    last_error: str
    stopped: bool
    """A person stopped sending to this peer."""


class PeerStore(Protocol):
    """Breakers and stops of peers, and the nonces and ids that a peer may use once."""

    def breaker(self, peer: PeerId) -> Breaker:
        """The breaker; a closed one for a peer never seen."""
        ...

    def put_breaker(self, breaker: Breaker) -> None:
        """Insert or replace by peer."""
        ...

    def use_nonce(self, realm: str, nonce: str, *, now: dt.datetime, keep_until: dt.datetime) -> bool:
        """True for the first use, False for a repetition. Forgets nonces whose time is over."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class IdempotentAnswer:
    """The first answer to a key: digest of the request body, HTTP status and reply."""

    digest: str
    status: int
    reply: bytes


class IdempotencyStore(Protocol):
    """First answers by (principal, key)."""

    def get(self, principal: str, key: str) -> IdempotentAnswer | None:
        """The first answer, or None."""
        ...

    def put(self, principal: str, key: str, answer: IdempotentAnswer, *, now: dt.datetime) -> None:
        """Keep the first answer. Raises Stale where there is one."""
        ...
