"""The hash chain: who did what, bound to the row before, so that a deleted, edited or moved row shows.

The digest is SHA-256 over the previous digest and the canonical JSON (sorted keys, no spaces, UTF-8) of the act and its
number. Acts are chained when the function of the transaction has ended, in the order in which transactions commit.
A cut-off end leaves a chain that is whole in itself: only a head that was exported (printed, signed, mailed) shows it,
which is why :func:`verify` takes one.
"""

import dataclasses
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.codec import from_micros, to_micros
from gateway.storage.sql import Sql
from gateway.storage.tables.house import audit
from schemas.audit import Act, AuditRow
from schemas.ids import Sha256, UnitId

GENESIS: Final = Sha256("0" * 64)
_canonical: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_HEAD: Final = sa.select(audit.c.seq, audit.c.digest).order_by(audit.c.seq.desc()).limit(1)
_ROWS: Final = (
    sa.select(audit).where(audit.c.seq > sa.bindparam("after")).order_by(audit.c.seq).limit(sa.bindparam("limit"))
)
_CHUNK: Final = 5_000
_HEX: Final = re.compile("[0-9a-f]{64}")


@dataclasses.dataclass(frozen=True, slots=True)
class Head:
    """The newest row of the chain; ``seq`` 0 for an empty one. What is exported every day."""

    seq: int
    digest: Sha256


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A row where the chain does not hold, and what is wrong: deleted, edited, moved or cut off."""

    seq: int
    what: str


@dataclasses.dataclass(frozen=True, slots=True)
class VerifyResult:
    """Outcome of going through the whole chain."""

    rows: int
    head: Head
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """True when every row holds."""
        return not self.faults


class ChainEnd:
    """The head as one writer knows it while a transaction is open; None when it must be read."""

    def __init__(self) -> None:
        self.head: Head | None = None


class Audit:
    """:class:`schemas.ports.house_stores.AuditLog` on a table."""

    def __init__(self, sql: Sql, end: ChainEnd) -> None:
        self._sql = sql
        self._end = end
        self._acts: list[Act] = []

    def write(self, act: Act) -> None:
        """Append one act; its digest is computed when the transaction commits, in order."""
        self._acts.append(act)

    def rows(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditRow, ...]:
        """By ascending number."""
        self.chain()
        return tuple(_row(row) for row in self._sql.rows(_ROWS, {"after": after, "limit": limit}))

    def head(self) -> Head:
        """The newest row's number and digest."""
        self.chain()
        return read_head(self._sql)

    def chain(self) -> None:
        """Number and bind the acts written so far. The writer calls it before the commit."""
        if not self._acts:
            return
        if self._end.head is None:
            self._sql.lock("audit")
            self._end.head = read_head(self._sql)
        head, rows = self._end.head, []
        for act in self._acts:
            row = {"seq": head.seq + 1, "at": to_micros(act.at), **_said(act)}
            digest = digest_of(head.digest, row)
            rows.append({**row, "previous": head.digest, "digest": digest})
            head = Head(head.seq + 1, digest)
        self._sql.insert_all(audit, rows)
        self._end.head = head
        self._acts.clear()


def read_head(sql: Sql) -> Head:
    """The newest row's number and digest."""
    row = sql.row(_HEAD)
    return Head(0, GENESIS) if row is None else Head(row.seq, Sha256(row.digest))


def digest_of(previous: str, row: dict[str, Any]) -> Sha256:
    """Digest of ``row`` (seq, at in microseconds, and the words of the act) that follows ``previous``."""
    return Sha256(hashlib.sha256(bytes.fromhex(previous) + _canonical.encode(row).encode()).hexdigest())


def check(sql: Sql, *, exported: Head | None = None) -> VerifyResult:
    """Go through the whole chain in one open transaction; ``exported`` is a head that was kept elsewhere."""
    faults: list[Fault] = []
    head, rows, seen_exported = Head(0, GENESIS), 0, exported is None or exported.seq == 0
    for row in _all(sql):
        rows += 1
        faults += _faults(head, row)
        head = Head(row.seq, Sha256(row.digest))
        if exported is not None and row.seq == exported.seq:
            seen_exported = True
            if row.digest != exported.digest:
                faults.append(Fault(row.seq, "rewritten: its digest is not the exported one"))
    if exported is not None and not seen_exported:
        faults.append(Fault(head.seq + 1, f"cut off: row {exported.seq} was exported and is gone"))
    return VerifyResult(rows, head, tuple(faults))


def _faults(head: Head, row: Any) -> Iterator[Fault]:
    if row.seq != head.seq + 1:
        yield Fault(head.seq + 1, f"deleted: rows {head.seq + 1} to {row.seq - 1} are missing")
    elif row.previous != head.digest:
        yield Fault(row.seq, "moved or its predecessor edited: it does not follow the row before it")
    told = {"seq": row.seq, "at": row.at, **{name: getattr(row, name) for name in _SAID}}
    if not _HEX.fullmatch(row.previous) or digest_of(row.previous, told) != row.digest:
        yield Fault(row.seq, "edited: its digest is not that of its words")


def _all(sql: Sql) -> Iterator[Any]:
    after = -(2**63)
    while rows := sql.rows(_ROWS, {"after": after, "limit": _CHUNK}):
        yield from rows
        after = rows[-1].seq


_SAID: Final = ("who", "act", "object_kind", "object_key", "unit", "detail")


def _said(act: Act) -> dict[str, Any]:
    return {name: getattr(act, name) for name in _SAID}


def _row(row: Any) -> AuditRow:
    at: dt.datetime = from_micros(row.at)
    act = Act(
        at=at,
        who=row.who,
        act=row.act,
        object_kind=row.object_kind,
        object_key=row.object_key,
        unit=None if row.unit is None else UnitId(row.unit),
        detail=row.detail,
    )
    return AuditRow(seq=row.seq, act=act, previous=Sha256(row.previous), digest=Sha256(row.digest))
