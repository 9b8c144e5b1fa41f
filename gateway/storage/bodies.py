"""Bytes of messages and answers, apart from their metadata: own right, own retention. The digest stays with the row."""

import datetime as dt
import enum
from typing import Final

import sqlalchemy as sa

from gateway.storage.sql import Sql
from gateway.storage.tables.messages import body
from schemas.errors import NotFound


class BodyKind(enum.StrEnum):
    """Whose bytes they are; ``owner`` is the row id of the message, inbox row or attempt."""

    MESSAGE = "message"
    INBOX = "inbox"
    REQUEST = "request"
    REPLY = "reply"


_ONE: Final = (body.c.kind == sa.bindparam("of_kind"), body.c.owner == sa.bindparam("of_owner"))
_GET: Final = sa.select(body.c.content).where(*_ONE, body.c.n == 0)
_ALL: Final = sa.select(body.c.n, body.c.content).where(*_ONE)
_FORGET: Final = sa.delete(body).where(
    body.c.kind == sa.bindparam("of_kind"), body.c.kept_since < sa.bindparam("before")
)


class Bodies:
    """The ``body`` table."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def put(self, kind: BodyKind, owner: int, content: bytes, *, at: dt.datetime, n: int = 0) -> None:
        """Insert or replace."""
        row = {"kind": kind, "owner": owner, "n": n, "kept_since": at, "content": content}
        self._sql.put(body, row)

    def get(self, kind: BodyKind, owner: int) -> bytes:
        """Raises NotFound when the retention is over."""
        content = self._sql.scalar(_GET, {"of_kind": kind, "of_owner": owner})
        if content is None:
            raise NotFound(f"the bytes of this {kind.value} are not kept any more; its digest is", subject=str(owner))
        return bytes(content)

    def all(self, kind: BodyKind, owner: int) -> dict[int, bytes]:
        """Bytes by place; one whose retention is over is missing."""
        return {row.n: bytes(row.content) for row in self._sql.rows(_ALL, {"of_kind": kind, "of_owner": owner})}

    def forget(self, kind: BodyKind, *, before: dt.datetime) -> int:
        """End of retention: drop the bytes kept since before ``before``; returns how many."""
        return self._sql.run(_FORGET, {"of_kind": kind, "before": before})
