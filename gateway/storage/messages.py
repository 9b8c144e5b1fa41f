"""The outbox: one row for each thing to tell one peer. Tries and leases are :mod:`gateway.storage.leases`."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.bodies import Bodies, BodyKind
from gateway.storage.leases import Leases, message_of
from gateway.storage.sql import Sql
from gateway.storage.tables.messages import message
from schemas.errors import Stale
from schemas.ids import DossierId, MessageNo, PeerId, Sha256
from schemas.message import Attempt, Message, MessageState, NewMessage, Operation
from schemas.ports.message_stores import MessageFilter, Verdict
from schemas.wire import Exchange

_SAME: Final = sa.select(message).where(
    message.c.peer == sa.bindparam("peer"),
    message.c.operation == sa.bindparam("operation"),
    message.c.business_key == sa.bindparam("business_key"),
    message.c.nonce == sa.bindparam("nonce"),
)
_LAST_SEQUENCE: Final = sa.select(sa.func.coalesce(sa.func.max(message.c.sequence), 0)).where(
    message.c.peer == sa.bindparam("peer"), message.c.dossier_id == sa.bindparam("dossier")
)
_LAST_OPEN: Final = (
    sa.select(message)
    .where(
        message.c.peer == sa.bindparam("peer"),
        message.c.dossier_id == sa.bindparam("dossier"),
        message.c.operation == sa.bindparam("operation"),
        sa.text("message.state NOT IN ('delivered', 'resolved', 'cancelled')"),
    )
    .order_by(message.c.sequence.desc())
    .limit(1)
)
_EXTEND: Final = sa.update(message).where(message.c.id == sa.bindparam("row_id"))
_COUNTS: Final = (
    sa.select(
        message.c.peer, message.c.state, sa.func.count().label("n"), sa.func.min(message.c.created_at).label("old")
    )
    .group_by(message.c.peer, message.c.state)
    .order_by(message.c.peer, message.c.state)
)


class Messages:
    """:class:`schemas.ports.message_stores.MessageStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._bodies = Bodies(sql)
        self._leases = Leases(sql)

    def put(self, message: NewMessage, *, now: dt.datetime) -> Message:
        """Insert, or return the one with the same (peer, operation, business_key, nonce)."""
        self._sql.lock("message", message.peer, str(message.dossier))
        same = {
            "peer": message.peer,
            "operation": message.operation,
            "business_key": message.business_key,
            "nonce": message.nonce,
        }
        known = self._sql.row(_SAME, same)
        if known is not None:
            return message_of(known)
        last = int(self._sql.scalar(_LAST_SEQUENCE, {"peer": message.peer, "dossier": message.dossier}))
        stored = _new(message, sequence=last + 1, now=now)
        number = self._sql.insert_new_id(_TABLE, _row(stored))
        if number is None:
            return message_of(self._sql.rows(_SAME, same)[0])
        self._bodies.put(BodyKind.MESSAGE, number, message.body, at=now)
        return dataclasses.replace(stored, id=MessageNo(number))

    def get(self, message: MessageNo) -> Message:
        """Raises NotFound."""
        return self._leases.get(message)

    def body(self, message: MessageNo) -> bytes:
        """The payload. Raises NotFound when its retention is over."""
        return self._bodies.get(BodyKind.MESSAGE, message)

    def extend_pending(self, message: MessageNo, body: bytes, *, asserted_state: str, as_of: dt.datetime) -> None:
        """Replace the body of a message that was never tried. Raises Stale when it was."""
        known = self._leases.get(message, locked=True)
        if known.tries or known.state is not MessageState.PENDING:
            raise Stale("it was sent before, so it cannot say more", subject=str(message))
        values = {"row_id": message, "digest": _digest(body), "asserted_state": asserted_state, "as_of": as_of}
        self._sql.run(_EXTEND, values)
        self._bodies.put(BodyKind.MESSAGE, message, body, at=known.created_at)

    def shrink(self, message: MessageNo, body: bytes) -> None:
        """Keep only what is still to be told of a message being sent; ``digest`` stays that of the whole."""
        known = self._leases.get(message, locked=True)
        if not known.state.open:
            raise Stale(f"it is {known.state.value} already", subject=str(message))
        self._bodies.put(BodyKind.MESSAGE, message, body, at=known.created_at)

    def last_open(self, peer: PeerId, dossier: DossierId, operation: Operation) -> Message | None:
        """The newest open message of this kind."""
        row = self._sql.row(_LAST_OPEN, {"peer": peer, "dossier": dossier, "operation": operation})
        return None if row is None else message_of(row)

    def lease(
        self, peer: PeerId, *, now: dt.datetime, until: dt.datetime, limit: int
    ) -> tuple[tuple[Message, Attempt], ...]:
        """T3: take due messages that no earlier open message of their dossier holds back, at most one a dossier."""
        return self._leases.lease(peer, now=now, until=until, limit=limit)

    def settle(
        self, message: MessageNo, attempt: Attempt, verdict: Verdict, exchanges: Sequence[Exchange], *, now: dt.datetime
    ) -> Message:
        """T4: end the attempt and set the message's state. Raises Stale where the lease is no longer this attempt's."""
        return self._leases.settle(message, attempt, verdict, exchanges, now=now)

    def expire_leases(self, *, now: dt.datetime, all_of_them: bool = False) -> tuple[MessageNo, ...]:
        """Messages still SENDING past their lease: attempt CRASHED, state UNKNOWN, due now.

        ``all_of_them``: whatever the lease says; only where this is the one process and it has just started.
        """
        return self._leases.expire(now=now, all_of_them=all_of_them)

    def due_peers(self, *, now: dt.datetime) -> tuple[PeerId, ...]:
        """Peers that have something to lease now."""
        return self._leases.due_peers(now=now)

    def next_due(self, peer: PeerId | None = None) -> dt.datetime | None:
        """When the next waiting message (of ``peer``) that nothing holds back is due; None: nothing waits."""
        return self._leases.next_due(peer)

    def set_state(self, message: MessageNo, state: MessageState, *, reason: str, now: dt.datetime) -> Message:
        """A person's decision: PENDING (retry now), RESOLVED or CANCELLED.

        Raises Stale while it is being sent, and for a message that is settled: to send it again, replay it.
        """
        return self._leases.set_state(message, state, reason=reason, now=now)

    def attempts(self, message: MessageNo) -> tuple[Attempt, ...]:
        """Oldest first, with their exchanges."""
        return self._leases.attempts(message)

    def list(self, where: MessageFilter, *, limit: int = 50, after: MessageNo | None = None) -> tuple[Message, ...]:
        """Newest first, keyset paging."""
        query = sa.select(message).where(*_conditions(where)).order_by(message.c.id.desc()).limit(limit)
        if after is not None:
            query = query.where(message.c.id < after)
        return tuple(message_of(row) for row in self._sql.rows(query))

    def counts(self) -> tuple[tuple[PeerId, MessageState, int, dt.datetime], ...]:
        """(peer, state, how many, oldest created) for the duty wall and the metrics."""
        return tuple((PeerId(row.peer), MessageState(row.state), row.n, row.old) for row in self._sql.rows(_COUNTS))


_TABLE: Final = message


def _conditions(where: MessageFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if where.peer is not None:
        conditions.append(message.c.peer == where.peer)
    if where.states is not None:
        conditions.append(message.c.state.in_([state.value for state in where.states]))
    if where.dossier is not None:
        conditions.append(message.c.dossier_id == where.dossier)
    if where.operation is not None:
        conditions.append(message.c.operation == where.operation)
    if where.units is not None:
        conditions.append(message.c.unit.in_(list(where.units)))
    return conditions


def _digest(body: bytes) -> Sha256:
    return Sha256(hashlib.sha256(body).hexdigest())


def _new(message: NewMessage, *, sequence: int, now: dt.datetime) -> Message:
    return Message(
        id=MessageNo(0),
        peer=message.peer,
        operation=message.operation,
        business_key=message.business_key,
        dossier=message.dossier,
        item=message.item,
        unit=message.unit,
        asserted_state=message.asserted_state,
        as_of=message.as_of,
        sequence=sequence,
        digest=_digest(message.body),
        state=MessageState.PENDING,
        tries=0,
        created_at=now,
        next_try_at=now,
        lease_until=None,
        settled_at=None,
        last_class="",
        last_detail="",
        reason="",
        replay_of=message.replay_of,
        nonce=message.nonce,
        correlation_id=message.correlation_id,
    )


_SAME_NAMES: Final = tuple(
    field.name for field in dataclasses.fields(Message) if field.name not in ("id", "dossier", "item")
)


def _row(stored: Message) -> dict[str, Any]:
    row = {name: getattr(stored, name) for name in _SAME_NAMES}
    return {**row, "dossier_id": stored.dossier, "item_id": stored.item}
