"""What we know of peers: breakers and stops, cursors of feeds, nonces used once, first answers."""

import datetime as dt
from typing import Final

import sqlalchemy as sa

from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.messages import breaker, feed, first_answer, nonce
from schemas.errors import Stale
from schemas.ids import PeerId
from schemas.ports.message_stores import Breaker, FeedState, IdempotentAnswer

_BREAKER: Final = sa.select(breaker.c.doc).where(breaker.c.peer == sa.bindparam("peer"))
_FEED: Final = sa.select(feed.c.doc).where(feed.c.peer == sa.bindparam("peer"))
_OVER: Final = sa.delete(nonce).where(nonce.c.keep_until < sa.bindparam("now"))
_ANSWER: Final = sa.select(first_answer).where(
    first_answer.c.principal == sa.bindparam("principal"), first_answer.c.key == sa.bindparam("of_key")
)


class Feeds:
    """:class:`schemas.ports.message_stores.FeedStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, peer: PeerId) -> FeedState:
        """The state; an empty one for a feed never read."""
        doc = self._sql.scalar(_FEED, {"peer": peer})
        if doc is None:
            return FeedState(peer, None, None, None, 0, "", None)
        return from_json(doc, FeedState)

    def put(self, state: FeedState) -> None:
        """Insert or replace by peer."""
        self._sql.put(feed, {"peer": state.peer, "next_at": state.next_at, "doc": to_json(state)})


class Peers:
    """:class:`schemas.ports.message_stores.PeerStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def breaker(self, peer: PeerId) -> Breaker:
        """The breaker; a closed one for a peer never seen."""
        doc = self._sql.scalar(_BREAKER, {"peer": peer})
        if doc is None:
            return Breaker(peer=peer, failures=0, open_until=None, last_error="", stopped=False)
        return from_json(doc, Breaker)

    def put_breaker(self, breaker: Breaker) -> None:
        """Insert or replace by peer."""
        self._sql.put(_BREAKERS, {"peer": breaker.peer, "stopped": breaker.stopped, "doc": to_json(breaker)})

    def use_nonce(self, realm: str, nonce: str, *, now: dt.datetime, keep_until: dt.datetime) -> bool:
        """True for the first use, False for a repetition. Forgets nonces whose time is over."""
        self._sql.run(_OVER, {"now": now})
        return self._sql.insert_new(_NONCES, {"realm": realm, "nonce": nonce, "keep_until": keep_until})


_BREAKERS: Final = breaker
_NONCES: Final = nonce


class FirstAnswers:
    """:class:`schemas.ports.message_stores.IdempotencyStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, principal: str, key: str) -> IdempotentAnswer | None:
        """The first answer, or None."""
        row = self._sql.row(_ANSWER, {"principal": principal, "of_key": key})
        return None if row is None else IdempotentAnswer(row.digest, row.status, bytes(row.reply))

    def put(self, principal: str, key: str, answer: IdempotentAnswer, *, now: dt.datetime) -> None:
        """Keep the first answer. Raises Stale where there is one."""
        row = {
            "principal": principal,
            "key": key,
            "digest": answer.digest,
            "status": answer.status,
            "reply": answer.reply,
            "at": now,
        }
        if not self._sql.insert_new(first_answer, row):
            raise Stale("this key was answered in the meantime", subject=key)
