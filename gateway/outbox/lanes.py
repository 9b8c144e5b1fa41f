"""The lane of one peer: leases, sends, settles; in order per dossier, several dossiers at once.

A lane sleeps until its bell rings or the next message is due. It then opens up to ``max_in_flight`` slots; a slot
settles its message and leases its next one in the same transaction, so a busy lane costs one commit a message.
Everything that could be lost lives in rows: a lane that dies is started again and finds what is due.
"""

import asyncio
import datetime as dt
import random
from collections.abc import Callable
from typing import Final

import structlog

from adapters._kit.http import recording
from adapters.manifest import OnUnknown
from gateway import failpoints
from gateway.outbox import breaker as breakers
from gateway.outbox import effects, retry
from gateway.outbox import payload as payloads
from gateway.outbox.bells.bell import Bell
from gateway.outbox.dispatch import Dispatcher, Sent
from schemas.audit import Act
from schemas.errors import Duplicate, Stale
from schemas.ids import PeerId
from schemas.message import Attempt, AttemptClass, Message, MessageState
from schemas.ports.clock import Clock
from schemas.ports.message_stores import Breaker, Verdict
from schemas.ports.stores import Store, Tx
from schemas.wire import Exchange

log = structlog.get_logger(__name__)

Leased = tuple[Message, Attempt]
_STILL_TRYING = frozenset({MessageState.PENDING, MessageState.UNKNOWN})
"""No decision yet: the attempt row tells it, the audit log would only repeat it."""
SAID_BY_US: Final = frozenset({AttemptClass.REFUSED, AttemptClass.MISUNDERSTOOD, AttemptClass.ASKED})
"""Endings that come about without any call, too (a party without an address, a rule to park): without an exchange they
say nothing about the peer, so they neither open nor close its breaker."""


class Lane:
    """Sends the messages of one peer. ``run`` ends only by cancellation."""

    def __init__(
        self,
        peer: PeerId,
        *,
        store: Store,
        bell: Bell,
        dispatcher: Dispatcher,
        clock: Clock,
        policy: retry.RetryPolicy,
        breaker_policy: breakers.BreakerPolicy,
        max_in_flight: int,
        lease_for: dt.timedelta,
        tried: Callable[[PeerId, AttemptClass], None] = lambda _peer, _outcome: None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """One lane for each peer that is switched on. ``lease_for`` must be longer than any wire deadline."""
        self._lease_for = lease_for
        self._tried = tried
        self.peer = peer
        self._store = store
        self._bell = bell
        self._dispatcher = dispatcher
        self._clock = clock
        self._policy = policy
        self._breaker_policy = breaker_policy
        self._max_in_flight = max_in_flight
        self._jitter = jitter
        self._slots: set[asyncio.Task[None]] = set()
        self._freed = asyncio.Event()
        self._closing = False

    async def run(self) -> None:
        """Work until cancelled; slots in flight go with it, their rows stay SENDING until the lease ends."""
        try:
            while not self._closing:
                leased, due = await self._store.write(self._look)
                for pair in leased:
                    self._open_slot(pair)
                await self._sleep(due)
        finally:
            for slot in self._slots:
                slot.cancel()

    async def drain(self, within_s: float) -> None:
        """Lease nothing more and wait for the calls under way; what is still out then is cancelled with ``run``."""
        self._closing = True
        if self._slots:
            await asyncio.wait(set(self._slots), timeout=within_s)
        self._freed.set()

    def _look(self, tx: Tx) -> tuple[tuple[Leased, ...], dt.datetime | None]:
        now = self._clock.now()
        breaker = tx.peers.breaker(self.peer)
        free = self._max_in_flight - len(self._slots)
        n = breakers.allowance(breaker, free, now)
        if breaker.open_until is not None and self._slots:
            n = 0  # the probe is on its way, or tries from before the outage are: their endings decide
        leased = self._lease(tx, n) if n > 0 else ()
        if breaker.stopped or len(leased) >= free:
            return leased, None
        if breaker.open_until is not None:
            return leased, breaker.open_until if breaker.open_until > now else None
        return leased, tx.messages.next_due(self.peer)

    def _lease(self, tx: Tx, limit: int) -> tuple[Leased, ...]:
        now = self._clock.now()
        return tx.messages.lease(self.peer, now=now, until=now + self._lease_for, limit=limit)

    async def _sleep(self, due: dt.datetime | None) -> None:
        overdue = due is not None and due <= self._clock.now()
        if overdue and not self._slots:
            return
        bell = asyncio.ensure_future(self._bell.wait(self.peer, None if overdue else due))
        freed = asyncio.ensure_future(self._freed.wait())
        try:
            await asyncio.wait({bell, freed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            bell.cancel()
            freed.cancel()
            self._freed.clear()

    def _open_slot(self, pair: Leased) -> None:
        slot = asyncio.create_task(self._slot(pair), name=f"lane:{self.peer}:{pair[0].id}")
        self._slots.add(slot)
        slot.add_done_callback(self._close_slot)

    def _close_slot(self, slot: asyncio.Task[None]) -> None:
        self._slots.discard(slot)
        self._freed.set()
        if not slot.cancelled() and (error := slot.exception()) is not None:
            log.error("slot.failed", peer=self.peer, error=type(error).__name__, detail=str(error))

    async def _slot(self, pair: Leased | None) -> None:
        while pair is not None:
            failpoints.hit("t3.after_lease")
            message, attempt = pair
            with structlog.contextvars.bound_contextvars(correlation_id=message.correlation_id):
                pair = await self._one(message, attempt)

    async def _one(self, message: Message, attempt: Attempt) -> Leased | None:
        with recording() as exchanges:
            sent, verdict = await self._try(message, attempt)
        failpoints.hit("t4.before_settle")
        following = await self._settle(message, attempt, verdict, sent, tuple(exchanges))
        failpoints.hit("t4.after_settle")
        self._tried(self.peer, verdict.outcome)
        log.info(
            "message.tried", peer=self.peer, message=message.id, operation=message.operation, outcome=verdict.outcome
        )
        return following

    async def _try(self, message: Message, attempt: Attempt) -> tuple[Sent | None, Verdict]:
        """One call, outside of any transaction. Every exception becomes a verdict: a lane never dies of a peer."""
        body = await self._store.read(lambda tx: self._dispatcher.body(tx, message))
        unknown = self._dispatcher.on_unknown(message)
        if message.state is MessageState.UNKNOWN and unknown is not OnUnknown.RESEND:
            return None, await self._ask(message, attempt, body, unknown)

        async def checkpoint(rest: bytes) -> None:
            await self._store.write(lambda tx: tx.messages.shrink(message.id, rest))

        try:
            sent = await self._dispatcher.send(message, body, checkpoint)
        except Exception as error:
            self._tell_of(message, error)
            now = self._clock.now()
            return None, retry.after(
                error, tries=attempt.n, unknown=unknown, policy=self._policy, now=now, jitter=self._jitter()
            )
        failpoints.hit("t4.after_call")
        told = "; ".join(part for part in (sent.receipt.peer_text, sent.warning) if part)
        return sent, retry.delivered(sent.receipt.peer_code, told)

    async def _ask(self, message: Message, attempt: Attempt, body: bytes, unknown: OnUnknown) -> Verdict:
        """What became of an earlier try? Whatever happens here, the message is not sent by it."""
        if unknown is OnUnknown.PARK:
            return retry.parked_by_rule()
        try:
            answer = await self._dispatcher.ask(message, body, message.created_at)
        except Exception as error:
            self._tell_of(message, error)
            now = self._clock.now()
            return retry.after_failed_asking(
                error, tries=attempt.n, policy=self._policy, now=now, jitter=self._jitter()
            )
        now = self._clock.now()
        return retry.after_asking(answer, tries=attempt.n, policy=self._policy, now=now, jitter=self._jitter())

    def _tell_of(self, message: Message, error: Exception) -> None:
        if not isinstance(error, Duplicate):
            log.warning("message.failed", peer=self.peer, message=message.id, error=type(error).__name__)

    async def _settle(
        self, message: Message, attempt: Attempt, verdict: Verdict, sent: Sent | None, exchanges: tuple[Exchange, ...]
    ) -> Leased | None:
        def settle(tx: Tx) -> Leased | None:
            now = self._clock.now()
            tx.messages.settle(message.id, attempt, verdict, exchanges, now=now)
            if verdict.state not in _STILL_TRYING:
                tx.audit.write(_act(message, verdict, now))
            if verdict.state is MessageState.DELIVERED:
                self._change_domain(tx, message, sent)
            before = tx.peers.breaker(self.peer)
            breaker = before
            if exchanges or verdict.outcome not in SAID_BY_US:
                breaker = breakers.after_try(before, verdict.outcome, verdict.detail, self._breaker_policy, now)
            if breaker != before:
                tx.peers.put_breaker(breaker)
            if before.open_until is not None:
                return None  # a probe ends here: the lane looks again, and opens every slot where the peer is back
            return self._next(tx, breaker, now)

        try:
            return await self._store.write(settle)
        except Stale:
            log.warning("lease.lost", peer=self.peer, message=message.id)
            return None

    def _change_domain(self, tx: Tx, message: Message, sent: Sent | None) -> None:
        if sent is not None:
            effects.apply(tx, message, sent)
        else:
            effects.confirmed(tx, message, payloads.decode(message.operation, tx.messages.body(message.id)))

    def _next(self, tx: Tx, breaker: Breaker, now: dt.datetime) -> Leased | None:
        if self._closing or breakers.allowance(breaker, 1, now) < 1 or breaker.open_until is not None:
            return None
        leased = self._lease(tx, 1)
        return leased[0] if leased else None


def _act(message: Message, verdict: Verdict, now: dt.datetime) -> Act:
    detail = f"{message.operation} {message.business_key}: {verdict.outcome}"
    who = f"peer:{message.peer}"
    return Act(now, who, f"message.{verdict.state}", "message", str(message.id), message.unit, detail)
