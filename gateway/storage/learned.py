"""What the log taught and the stories it is learned from; volumes of feeds and the ledger of calls by the hour."""

import collections
import dataclasses
import datetime as dt
import functools
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from gateway.storage.codec import from_json, from_micros, to_json, to_micros
from gateway.storage.sql import SQLITE, Sql
from gateway.storage.tables.columns import Micros
from gateway.storage.tables.dossiers import dossier, dossier_step, event, item
from gateway.storage.tables.house import learned
from gateway.storage.tables.messages import feed_hour, peer_call
from schemas.dossier import Party
from schemas.ids import CarrierId, DossierId, ItemId, PeerId
from schemas.lag import DossierStory, ItemStory, Lag, LagKey, Learned, Pace, Sighting
from schemas.ports.learned import CallCount, Way
from schemas.tracking import Movement
from tracking.lag import route_between

_NAME: Final = "lags"
_TABLE: Final = learned
_HOUR_US: Final = 3_600_000_000
_OF_RANK: Final = {movement.rank: movement for movement in Movement}
_GET: Final = sa.select(learned.c.doc).where(learned.c.name == _NAME)
_DIGEST: Final = sa.select(learned.c.digest).where(learned.c.name == _NAME)
_KEPT: Final[dict[str, Learned]] = {}
"""The last one that was read, by the digest of its text: every transaction asks, it changes once a night."""
_THESE: Final[sa.BindParameter[Any]] = sa.bindparam("these", expanding=True)
_AFTER: Final[sa.BindParameter[Any]] = sa.bindparam("after")
_SINCE: Final = sa.bindparam("since", type_=Micros())
_LIMIT: Final[sa.BindParameter[Any]] = sa.bindparam("limit")
_ITEMS: Final = (
    sa.select(item.c.id, item.c.carrier, item.c.doc)
    .where(item.c.id > _AFTER, item.c.last_event_at >= _SINCE)
    .order_by(item.c.id)
    .limit(_LIMIT)
)
_LOGS: Final = (
    sa.select(
        event.c.item_id,
        event.c.rank,
        sa.type_coerce(event.c.utc_low, sa.BigInteger).label("low"),
        sa.type_coerce(event.c.received_at, sa.BigInteger).label("heard"),
    )
    .where(event.c.item_id.in_(_THESE), event.c.known, event.c.quarantine.is_(None), event.c.withdrawn_at.is_(None))
    .order_by(event.c.item_id, event.c.utc_low, event.c.rank, event.c.received_at)
)
_DOSSIERS: Final = (
    sa.select(dossier.c.id, dossier.c.procedure)
    .where(dossier.c.id > _AFTER, dossier.c.changed_at >= _SINCE)
    .order_by(dossier.c.id)
    .limit(_LIMIT)
)
_STEPS: Final = (
    sa.select(dossier_step.c.dossier_id, dossier_step.c.state, dossier_step.c.at)
    .where(dossier_step.c.dossier_id.in_(_THESE))
    .order_by(dossier_step.c.dossier_id, dossier_step.c.n)
)
_PEER: Final[sa.BindParameter[Any]] = sa.bindparam("peer")
_HOURS: Final = (
    sa.select(feed_hour.c.hour, sa.func.sum(feed_hour.c.events).label("events"))
    .where(feed_hour.c.peer == _PEER, feed_hour.c.hour.in_(_THESE))
    .group_by(feed_hour.c.hour)
)
_FIRST: Final = sa.select(feed_hour.c.hour).where(feed_hour.c.peer == _PEER).order_by(feed_hour.c.hour).limit(1)
_FETCHED: Final = sa.select(sa.func.coalesce(sa.func.sum(feed_hour.c.events), 0)).where(
    feed_hour.c.peer == _PEER, feed_hour.c.hour > _SINCE, feed_hour.c.way != Way.PUSH.value
)
_CALLS: Final = (
    sa.select(peer_call)
    .where(peer_call.c.hour >= _SINCE)
    .order_by(peer_call.c.hour, peer_call.c.peer, peer_call.c.purpose)
)
_CALLS_OF: Final = _CALLS.where(peer_call.c.peer == _PEER)
_FORGET: Final = tuple(sa.delete(table).where(table.c.hour < _SINCE) for table in (peer_call, feed_hour))


@dataclasses.dataclass(frozen=True, slots=True)
class _Way:
    """What the lags ask of an item; the rest of its record is not read."""

    service: str
    sender: Party | None
    addressee: Party | None


@dataclasses.dataclass(frozen=True, slots=True)
class _Row:
    """One learned lag as it is kept, in seconds."""

    key: tuple[str, ...]
    samples: int
    p50_s: float
    p95_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class _Doc:
    at: dt.datetime
    lags: tuple[_Row, ...]
    paces: tuple[_Row, ...]
    remaining: tuple[_Row, ...]


class LearnedLags:
    """:class:`schemas.ports.learned.LearnedStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self) -> Learned:
        """What was learned last; empty where nothing was."""
        digest = self._sql.scalar(_DIGEST)
        if digest is None:
            return Learned()
        known = _KEPT.get(digest)
        if known is None:
            known = _read(self._sql.scalar(_GET))
            _KEPT.clear()
            _KEPT[digest] = known
        return known

    def put(self, learned: Learned) -> None:
        """Replace what was learned. Raises ValueError without its time."""
        if learned.at is None:
            raise ValueError("what was learned says when")
        doc = _Doc(learned.at, _rows(learned.lags), _rows(learned.paces), _rows(learned.remaining))
        told = to_json(doc)
        digest = hashlib.sha256(told.encode()).hexdigest()
        self._sql.put(_TABLE, {"name": _NAME, "at": learned.at, "digest": digest, "doc": told})

    def items(self, after: ItemId, *, since: dt.datetime, limit: int) -> tuple[ItemStory, ...]:
        """Items with news since ``since``, ascending by id."""
        rows = self._sql.rows(_ITEMS, {"after": after, "since": since, "limit": limit})
        logs: dict[int, list[Sighting]] = collections.defaultdict(list)
        for row in self._sql.rows_in(_LOGS, [row.id for row in rows]):
            logs[row.item_id].append(Sighting(_OF_RANK[row.rank], from_micros(row.low), from_micros(row.heard)))
        return tuple(_story(row, tuple(logs[row.id])) for row in rows)

    def dossiers(self, after: DossierId, *, since: dt.datetime, limit: int) -> tuple[DossierStory, ...]:
        """Dossiers that changed since ``since``, ascending by id."""
        rows = self._sql.rows(_DOSSIERS, {"after": after, "since": since, "limit": limit})
        steps: dict[int, list[tuple[str, dt.datetime]]] = collections.defaultdict(list)
        for row in self._sql.rows_in(_STEPS, [row.id for row in rows]):
            steps[row.dossier_id].append((row.state, row.at))
        return tuple(DossierStory(DossierId(row.id), row.procedure, tuple(steps[row.id])) for row in rows)


class Volumes:
    """:class:`schemas.ports.learned.VolumeStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, peer: PeerId, way: Way, at: dt.datetime, events: int) -> None:
        """Count new events in the hour of ``at``; none at all leave no row."""
        if events:
            row = {"peer": peer, "hour": hour_of(at), "way": way, "events": events}
            self._sql.run(_counting(self._sql.dialect, feed_hour, "events"), row)

    def hours(self, peer: PeerId, these: Sequence[dt.datetime]) -> dict[dt.datetime, int]:
        """Events of each of these hours, all ways together."""
        found = {row.hour: int(row.events) for row in self._sql.rows(_HOURS, {"peer": peer, "these": list(these)})}
        return {hour: found.get(hour, 0) for hour in these}

    def first(self, peer: PeerId) -> dt.datetime | None:
        """The first hour with news of the peer."""
        first: dt.datetime | None = self._sql.scalar(_FIRST, {"peer": peer})
        return first

    def fetched(self, peer: PeerId, after: dt.datetime) -> int:
        """Events that we fetched in the full hours that began after ``after``."""
        return int(self._sql.scalar(_FETCHED, {"peer": peer, "since": after}))


class Calls:
    """:class:`schemas.ports.learned.CallStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def add(self, peer: PeerId, purpose: str, at: dt.datetime, calls: int) -> None:
        """Count calls in the hour of ``at``."""
        row = {"hour": hour_of(at), "peer": peer, "purpose": purpose, "calls": calls}
        self._sql.run(_counting(self._sql.dialect, peer_call, "calls"), row)

    def since(self, at: dt.datetime, *, peer: PeerId | None = None) -> tuple[CallCount, ...]:
        """Counts of the hours that begin at ``at`` or later, oldest first."""
        query = _CALLS if peer is None else _CALLS_OF
        values = {"since": at} if peer is None else {"since": at, "peer": peer}
        return tuple(
            CallCount(PeerId(row.peer), row.purpose, row.hour, row.calls) for row in self._sql.rows(query, values)
        )

    def forget(self, before: dt.datetime) -> int:
        """Drop hours before ``before``, of calls and of volumes."""
        return sum(self._sql.run(statement, {"since": before}) for statement in _FORGET)


def hour_of(at: dt.datetime) -> dt.datetime:
    """The beginning of the hour, UTC; Viet Nam is seven whole hours ahead, so its hours begin with ours."""
    return from_micros(to_micros(at) // _HOUR_US * _HOUR_US)


@functools.cache
def _counting(dialect: str, table: sa.Table, column: str) -> sa.Insert:
    statement: Any = sqlite.insert(table) if dialect == SQLITE else postgresql.insert(table)
    more = {column: table.c[column] + statement.excluded[column]}
    answer: sa.Insert = statement.on_conflict_do_update(
        index_elements=[one.name for one in table.primary_key.columns], set_=more
    )
    return answer


def _story(row: Any, log: tuple[Sighting, ...]) -> ItemStory:
    way = from_json(row.doc, _Way)
    route = route_between(way.sender, way.addressee)
    return ItemStory(ItemId(row.id), CarrierId(row.carrier), way.service, route, log)


def _rows(learned: Mapping[Any, Lag]) -> tuple[_Row, ...]:
    rows = (
        _Row(tuple(map(str, key)), lag.samples, lag.p50.total_seconds(), lag.p95.total_seconds())
        for key, lag in learned.items()
    )
    return tuple(sorted(rows, key=lambda row: row.key))


def _lag(row: _Row) -> Lag:
    return Lag(row.samples, dt.timedelta(seconds=row.p50_s), dt.timedelta(seconds=row.p95_s))


def _read(doc: str) -> Learned:
    told = from_json(doc, _Doc)
    lags: dict[LagKey, Lag] = {}
    for row in told.lags:
        carrier, service, *route = row.key
        lags[(CarrierId(carrier), service, route[0]) if route else (CarrierId(carrier), service)] = _lag(row)
    paces: dict[Pace, Lag] = {}
    for row in told.paces:
        carrier, service, word, *route = row.key
        plain = (CarrierId(carrier), service, Movement(word))
        paces[(*plain, route[0]) if route else plain] = _lag(row)
    return Learned(told.at, lags, paces, {(row.key[0], row.key[1]): _lag(row) for row in told.remaining})
