"""T3 and T4 of a message: who may be sent now, and how a try ended (DESIGN §4).

One in flight and in order per (peer, dossier): a message is *held* while a message of the same peer and dossier with a
lower sequence is open. Waiting, refused, parked and unknown messages are open, so they hold; only a delivered,
resolved or cancelled one lets the next go. Because the message that is taken is itself open, one call can never take
two of the same dossier. A message of no dossier holds nothing and is held by nothing.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.bodies import Bodies, BodyKind
from gateway.storage.sql import POSTGRES, Sql
from gateway.storage.tables.messages import attempt, exchange, message
from schemas.errors import Applied, NotFound, Stale
from schemas.ids import AttemptNo, DossierId, ItemId, MessageNo, PeerId, Sha256, UnitId
from schemas.message import Attempt, AttemptClass, Message, MessageState, Operation
from schemas.ports.message_stores import Verdict
from schemas.wire import Exchange

_earlier: Final = message.alias("earlier")
_WAITING: Final = sa.text("message.state IN ('pending', 'unknown')")
# Written out as in the partial indexes: a planner proves that an index covers a query only from constants.
_NOT_HELD: Final = ~sa.exists().where(
    _earlier.c.peer == message.c.peer,
    _earlier.c.dossier_id == message.c.dossier_id,
    _earlier.c.sequence < message.c.sequence,
    sa.text("earlier.state NOT IN ('delivered', 'resolved', 'cancelled')"),
)
_MESSAGE: Final = sa.bindparam("message", type_=sa.BigInteger)
_GET: Final = sa.select(message).where(message.c.id == _MESSAGE)
_GET_LOCKED: Final = _GET.with_for_update()
_LEASABLE: Final = (
    sa.select(message)
    .where(message.c.peer == sa.bindparam("peer"), _WAITING, message.c.next_try_at <= sa.bindparam("now"), _NOT_HELD)
    .order_by(message.c.next_try_at, message.c.id)
    .limit(sa.bindparam("limit"))
)
_LEASABLE_LOCKED: Final = _LEASABLE.with_for_update(skip_locked=True, of=message)
_TAKE: Final = (
    sa.update(message)
    .where(message.c.id == sa.bindparam("of_message"))
    .values(state=MessageState.SENDING, tries=message.c.tries + 1, lease_until=sa.bindparam("until"))
)
_END: Final = sa.update(attempt).where(attempt.c.id == sa.bindparam("attempt"))
_STARTED: Final = sa.select(attempt).where(
    attempt.c.message_id == _MESSAGE, attempt.c.outcome == AttemptClass.STARTED.value
)
_UPDATE: Final = sa.update(message).where(message.c.id == sa.bindparam("row_id"))
_SENDING: Final = sa.select(message).where(sa.text("message.state = 'sending'")).order_by(message.c.id)
_EXPIRED: Final = _SENDING.where(message.c.lease_until <= sa.bindparam("now"))
_PEERS: Final = sa.select(message.c.peer).where(_WAITING, message.c.next_try_at <= sa.bindparam("now")).distinct()
_ANY: Final = (
    sa.select(message.c.id)
    .where(message.c.peer == sa.bindparam("peer"), _WAITING, message.c.next_try_at <= sa.bindparam("now"), _NOT_HELD)
    .limit(1)
)
_NEXT_DUE: Final = (
    sa.select(message.c.next_try_at)
    .where(_WAITING, message.c.next_try_at.is_not(None), _NOT_HELD)
    .order_by(message.c.next_try_at)
    .limit(1)
)
_NEXT_DUE_OF: Final = _NEXT_DUE.where(message.c.peer == sa.bindparam("peer"))
_ATTEMPTS: Final = sa.select(attempt).where(attempt.c.message_id == _MESSAGE).order_by(attempt.c.n)
_EXCHANGES: Final = sa.select(exchange).where(exchange.c.attempt_id == sa.bindparam("attempt")).order_by(exchange.c.n)
_NOT_A_FAILURE: Final = (AttemptClass.OK, AttemptClass.DUPLICATE, AttemptClass.ASKED)


class Leases:
    """The half of the outbox that moves messages through their tries."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._bodies = Bodies(sql)

    def get(self, message: MessageNo, *, locked: bool = False) -> Message:
        """Raises NotFound. ``locked``: nobody else changes it before this transaction ends."""
        query = _GET_LOCKED if locked and self._sql.dialect == POSTGRES else _GET
        row = self._sql.row(query, {"message": message})
        if row is None:
            raise NotFound("no message with this number", subject=str(message))
        return message_of(row)

    def lease(
        self, peer: PeerId, *, now: dt.datetime, until: dt.datetime, limit: int
    ) -> tuple[tuple[Message, Attempt], ...]:
        """T3, see :meth:`schemas.ports.message_stores.MessageStore.lease`."""
        query = _LEASABLE_LOCKED if self._sql.dialect == POSTGRES else _LEASABLE
        found = [message_of(row) for row in self._sql.rows(query, {"peer": peer, "now": now, "limit": limit})]
        if not found:
            return ()
        self._sql.run(_TAKE, [{"of_message": waiting.id, "until": until} for waiting in found])
        taken = [dataclasses.replace(waiting, tries=waiting.tries + 1, lease_until=until) for waiting in found]
        started = ((waiting, self._sql.insert(attempt, _attempt_row(waiting, now))) for waiting in taken)
        return tuple((waiting, _attempt(number, waiting, now)) for waiting, number in started)

    def settle(
        self, message: MessageNo, attempt: Attempt, verdict: Verdict, exchanges: Sequence[Exchange], *, now: dt.datetime
    ) -> Message:
        """T4: end the attempt and set the message's state. Raises Stale where the lease is no longer this attempt's."""
        sent = self.get(message, locked=True)
        started = self._sql.row(_STARTED, {"message": message})
        if sent.state is not MessageState.SENDING or started is None or started.id != attempt.id:
            raise Stale("the lease ran out and the message went on without this try", subject=str(message))
        self._end(attempt.id, verdict, now)
        self._keep(attempt.id, exchanges)
        failed = verdict.outcome not in _NOT_A_FAILURE
        settled = dataclasses.replace(
            sent,
            state=verdict.state,
            next_try_at=verdict.next_try_at,
            lease_until=None,
            settled_at=None if verdict.state.open else now,
            last_class=verdict.outcome.value.capitalize() if failed else "",
            last_detail=verdict.detail,
        )
        self._store(settled)
        return settled

    def expire(self, *, now: dt.datetime, all_of_them: bool = False) -> tuple[MessageNo, ...]:
        """Messages still SENDING past their lease (or all of them): attempt CRASHED, state UNKNOWN, due now."""
        query = _SENDING if all_of_them else _EXPIRED
        if self._sql.dialect == POSTGRES:
            query = query.with_for_update(skip_locked=True)
        late = [message_of(row) for row in self._sql.rows(query, {} if all_of_them else {"now": now})]
        crashed = Verdict(
            state=MessageState.UNKNOWN,
            next_try_at=now,
            outcome=AttemptClass.CRASHED,
            applied=Applied.MAYBE,
            status=None,
            peer_code="",
            detail="the sender stopped before it could say how the try ended",
        )
        for sent in late:
            started = self._sql.row(_STARTED, {"message": sent.id})
            if started is not None:
                self._end(AttemptNo(started.id), crashed, now)
            self._store(
                dataclasses.replace(
                    sent,
                    state=crashed.state,
                    next_try_at=now,
                    lease_until=None,
                    last_class=AttemptClass.UNKNOWN.value.capitalize(),
                    last_detail=crashed.detail,
                )
            )
        return tuple(sent.id for sent in late)

    def due_peers(self, *, now: dt.datetime) -> tuple[PeerId, ...]:
        """Peers that have something to lease now."""
        waiting = sorted(row.peer for row in self._sql.rows(_PEERS, {"now": now}))
        return tuple(PeerId(peer) for peer in waiting if self._sql.row(_ANY, {"peer": peer, "now": now}) is not None)

    def next_due(self, peer: PeerId | None) -> dt.datetime | None:
        """When the next message (of ``peer``) that nothing holds back is due."""
        due: dt.datetime | None = (
            self._sql.scalar(_NEXT_DUE) if peer is None else self._sql.scalar(_NEXT_DUE_OF, {"peer": peer})
        )
        return due

    def set_state(self, message: MessageNo, state: MessageState, *, reason: str, now: dt.datetime) -> Message:
        """A person's decision, see the port. Raises Stale while it is being sent, and once it is settled."""
        before = self.get(message, locked=True)
        if before.state is MessageState.SENDING:
            raise Stale("it is being sent at this moment", subject=str(message))
        if not before.state.open:
            raise Stale(f"it is {before.state.value} already; to send it again, replay it", subject=str(message))
        waiting = state is MessageState.PENDING
        after = dataclasses.replace(
            before,
            state=state,
            reason=reason,
            next_try_at=now if waiting else None,
            settled_at=None if state.open else now,
        )
        self._store(after)
        return after

    def attempts(self, message: MessageNo) -> tuple[Attempt, ...]:
        """Oldest first, with their exchanges; bytes whose retention is over are empty."""
        return tuple(self._attempt_of(row) for row in self._sql.rows(_ATTEMPTS, {"message": message}))

    def _attempt_of(self, row: Any) -> Attempt:
        requests = self._bodies.all(BodyKind.REQUEST, row.id)
        replies = self._bodies.all(BodyKind.REPLY, row.id)
        exchanges = tuple(
            Exchange(
                url=told.url,
                request=requests.get(told.n, b""),
                reply=replies.get(told.n, b""),
                status=told.status,
                started_at=told.started_at,
                ended_at=told.ended_at,
            )
            for told in self._sql.rows(_EXCHANGES, {"attempt": row.id})
        )
        return attempt_of(row, exchanges)

    def _end(self, attempt: AttemptNo, verdict: Verdict, now: dt.datetime) -> None:
        values = {
            "attempt": attempt,
            "ended_at": now,
            "outcome": verdict.outcome,
            "applied": verdict.applied,
            "status": verdict.status,
            "peer_code": verdict.peer_code,
            "detail": verdict.detail,
        }
        self._sql.run(_END, values)

    def _keep(self, attempt: AttemptNo, exchanges: Sequence[Exchange]) -> None:
        for n, told in enumerate(exchanges):
            row = {
                "attempt_id": attempt,
                "n": n,
                "url": told.url,
                "status": told.status,
                "started_at": told.started_at,
                "ended_at": told.ended_at,
            }
            self._sql.put(exchange, row)
            self._bodies.put(BodyKind.REQUEST, attempt, told.request, at=told.started_at, n=n)
            self._bodies.put(BodyKind.REPLY, attempt, told.reply, at=told.ended_at, n=n)

    def _store(self, changed: Message) -> None:
        values = {
            "row_id": changed.id,
            "state": changed.state,
            "next_try_at": changed.next_try_at,
            "lease_until": changed.lease_until,
            "settled_at": changed.settled_at,
            "last_class": changed.last_class,
            "last_detail": changed.last_detail,
            "reason": changed.reason,
        }
        self._sql.run(_UPDATE, values)


def message_of(row: Any) -> Message:
    """The record of a row of ``message``."""
    return Message(
        id=MessageNo(row.id),
        peer=PeerId(row.peer),
        operation=Operation(row.operation),
        business_key=row.business_key,
        dossier=None if row.dossier_id is None else DossierId(row.dossier_id),
        item=None if row.item_id is None else ItemId(row.item_id),
        unit=UnitId(row.unit),
        asserted_state=row.asserted_state,
        as_of=row.as_of,
        sequence=row.sequence,
        digest=Sha256(row.digest),
        state=MessageState(row.state),
        tries=row.tries,
        created_at=row.created_at,
        next_try_at=row.next_try_at,
        lease_until=row.lease_until,
        settled_at=row.settled_at,
        last_class=row.last_class,
        last_detail=row.last_detail,
        reason=row.reason,
        replay_of=None if row.replay_of is None else MessageNo(row.replay_of),
        nonce=row.nonce,
        correlation_id=row.correlation_id,
    )


def attempt_of(row: Any, exchanges: tuple[Exchange, ...]) -> Attempt:
    """The record of a row of ``attempt``."""
    return Attempt(
        id=AttemptNo(row.id),
        message=MessageNo(row.message_id),
        n=row.n,
        started_at=row.started_at,
        ended_at=row.ended_at,
        outcome=AttemptClass(row.outcome),
        applied=Applied(row.applied),
        status=row.status,
        peer_code=row.peer_code,
        detail=row.detail,
        exchanges=exchanges,
    )


def _attempt(number: int, waiting: Message, now: dt.datetime) -> Attempt:
    return Attempt(
        id=AttemptNo(number),
        message=waiting.id,
        n=waiting.tries,
        started_at=now,
        ended_at=None,
        outcome=AttemptClass.STARTED,
        applied=Applied.MAYBE,
        status=None,
        peer_code="",
        detail="",
        exchanges=(),
    )


def _attempt_row(waiting: Message, now: dt.datetime) -> dict[str, Any]:
    return {
        "message_id": waiting.id,
        "n": waiting.tries,
        "started_at": now,
        "ended_at": None,
        "outcome": AttemptClass.STARTED,
        "applied": Applied.MAYBE,
        "status": None,
        "peer_code": "",
        "detail": "",
    }
