"""What came in, raw, before it is believed."""

import datetime as dt
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.bodies import Bodies, BodyKind
from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.messages import body, inbox
from schemas.errors import NotFound
from schemas.ids import InboxNo, PeerId, Sha256
from schemas.message import HINT, UNPROVEN, Inbound, InboxState, NewInbound

_TABLE: Final = inbox
_GET: Final = sa.select(inbox).where(inbox.c.id == sa.bindparam("inbox"))
_SAME: Final = sa.select(inbox).where(inbox.c.peer == sa.bindparam("peer"), inbox.c.ext_id == sa.bindparam("ext_id"))
_PENDING: Final = (
    sa.select(inbox).where(sa.text("inbox.state = 'received'")).order_by(inbox.c.id).limit(sa.bindparam("limit"))
)
_UPDATE: Final = sa.update(inbox).where(inbox.c.id == sa.bindparam("row_id"))
_SETTLE: Final = _UPDATE.values(
    tries=inbox.c.tries + 1,
    state=sa.bindparam("state"),
    detail=sa.bindparam("detail"),
    settled_at=sa.bindparam("settled_at"),
)
_STRANGE: Final = (
    inbox.c.peer == sa.bindparam("of_peer"),
    # A row that proved itself when it was applied is nobody's burden; a hint never does.
    sa.or_(inbox.c.kind == HINT, sa.and_(inbox.c.kind == UNPROVEN, inbox.c.state != InboxState.APPLIED.value)),
)
_UNPROVEN: Final = (
    sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.func.length(body.c.content)), 0))
    .select_from(
        inbox.outerjoin(body, sa.and_(body.c.kind == BodyKind.INBOX.value, body.c.owner == inbox.c.id, body.c.n == 0))
    )
    .where(*_STRANGE)
)
_OLD: Final = (*_STRANGE, inbox.c.state != InboxState.RECEIVED.value, inbox.c.received_at < sa.bindparam("before"))
_FORGET_BODIES: Final = sa.delete(body).where(
    body.c.kind == BodyKind.INBOX.value, body.c.owner.in_(sa.select(inbox.c.id).where(*_OLD))
)
_FORGET_ROWS: Final = sa.delete(inbox).where(*_OLD)
_REOPEN: Final = (
    sa.update(inbox)
    .where(*_STRANGE, inbox.c.kind == UNPROVEN, inbox.c.state == InboxState.QUARANTINED.value)
    .values(state=InboxState.RECEIVED, settled_at=None)
)


class Inbox:
    """:class:`schemas.ports.message_stores.InboxStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql
        self._bodies = Bodies(sql)

    def put(self, inbound: NewInbound) -> tuple[Inbound, bool]:
        """T1: insert, or return the first one of the same (peer, ext_id) with False."""
        number = self._sql.insert_new_id(_TABLE, _row(inbound))
        if number is None:
            first = self._sql.rows(_SAME, {"peer": inbound.peer, "ext_id": inbound.ext_id})[0]
            return _inbound(first), False
        self._bodies.put(BodyKind.INBOX, number, inbound.body, at=inbound.received_at)
        return _new(InboxNo(number), inbound), True

    def get(self, inbox: InboxNo) -> Inbound:
        """Raises NotFound."""
        row = self._sql.row(_GET, {"inbox": inbox})
        if row is None:
            raise NotFound("nothing came in under this number", subject=str(inbox))
        return _inbound(row)

    def body(self, inbox: InboxNo) -> bytes:
        """The raw bytes. Raises NotFound when their retention is over."""
        return self._bodies.get(BodyKind.INBOX, inbox)

    def pending(self, *, limit: int) -> tuple[Inbound, ...]:
        """RECEIVED rows, oldest first: the work of T2."""
        return tuple(_inbound(row) for row in self._sql.rows(_PENDING, {"limit": limit}))

    def settle(self, inbox: InboxNo, state: InboxState, *, detail: str, now: dt.datetime) -> None:
        """End of T2, counted in ``tries``. RECEIVED again means that it waits for another try. Raises NotFound."""
        settled_at = None if state is InboxState.RECEIVED else now
        self._change(inbox, _SETTLE, {"state": state, "detail": detail, "settled_at": settled_at})

    def set_answer(self, inbox: InboxNo, answer: bytes) -> None:
        """Keep the first answer, so that a repetition gets the same. Raises NotFound."""
        self._change(inbox, _UPDATE, {"answer": answer})

    def list(self, *, peer: PeerId | None, limit: int = 50, after: InboxNo | None = None) -> tuple[Inbound, ...]:
        """Newest first."""
        query = sa.select(inbox).order_by(inbox.c.id.desc()).limit(limit)
        if peer is not None:
            query = query.where(inbox.c.peer == peer)
        if after is not None:
            query = query.where(inbox.c.id < after)
        return tuple(_inbound(row) for row in self._sql.rows(query))

    def unproven(self, peer: PeerId) -> tuple[int, int]:
        """Rows of the peer that nobody has proven (hints among them), and the bytes of their bodies."""
        row = self._sql.rows(_UNPROVEN, {"of_peer": peer})[0]
        return int(row[0]), int(row[1])

    def forget_unproven(self, peer: PeerId, *, before: dt.datetime) -> int:
        """Drop settled unproven rows that came in before ``before``, bodies included; returns how many."""
        told = {"of_peer": peer, "before": before}
        self._sql.run(_FORGET_BODIES, told)
        return self._sql.run(_FORGET_ROWS, told)

    def reopen_unproven(self, peer: PeerId) -> int:
        """Let quarantined unproven rows be tried again, after a key was pinned; returns how many."""
        return self._sql.run(_REOPEN, {"of_peer": peer})

    def _change(self, inbox: InboxNo, statement: sa.Update, values: dict[str, Any]) -> None:
        if self._sql.run(statement, {**values, "row_id": inbox}) == 0:
            raise NotFound("nothing came in under this number", subject=str(inbox))


_Headers = tuple[tuple[str, str], ...]


def _row(inbound: NewInbound) -> dict[str, Any]:
    return {
        "peer": inbound.peer,
        "kind": inbound.kind,
        "ext_id": inbound.ext_id,
        "sha256": inbound.sha256,
        "headers": to_json(inbound.headers),
        "received_at": inbound.received_at,
        "receipt": inbound.receipt,
        "state": InboxState.RECEIVED,
        "tries": 0,
        "detail": "",
        "answer": inbound.answer,
        "settled_at": None,
        "correlation_id": inbound.correlation_id,
    }


def _new(number: InboxNo, inbound: NewInbound) -> Inbound:
    return Inbound(
        id=number,
        peer=inbound.peer,
        kind=inbound.kind,
        ext_id=inbound.ext_id,
        sha256=inbound.sha256,
        headers=inbound.headers,
        received_at=inbound.received_at,
        receipt=inbound.receipt,
        state=InboxState.RECEIVED,
        tries=0,
        detail="",
        answer=inbound.answer,
        correlation_id=inbound.correlation_id,
    )


def _inbound(row: Any) -> Inbound:
    return Inbound(
        id=InboxNo(row.id),
        peer=PeerId(row.peer),
        kind=row.kind,
        ext_id=row.ext_id,
        sha256=Sha256(row.sha256),
        headers=from_json(row.headers, _Headers),
        received_at=row.received_at,
        receipt=row.receipt,
        state=InboxState(row.state),
        tries=row.tries,
        detail=row.detail,
        answer=bytes(row.answer),
        correlation_id=row.correlation_id,
    )
