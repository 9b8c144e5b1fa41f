"""Fetching what citizens ask us through a portal: every row into the inbox as it came, then read (T1, T2).

Reading changes nothing at the portal, so there is nothing to acknowledge: a crash in between reads the list again, and
the inbox knows each question by the portal's key. Whether one is answered stands in the outbox.
"""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

import structlog

from adapters.registry import Registry
from gateway import failpoints
from gateway.workers.inbox import QUESTION, Inbox
from gateway.workers.questions import after_failure, counted_as
from schemas.errors import CallError, Refused, Unauthorised
from schemas.ids import PeerId
from schemas.message import NewInbound
from schemas.national import WaitingQuestion
from schemas.ports.clock import Clock
from schemas.ports.portal import CitizenQuestions
from schemas.ports.stores import Store, Tx

log = structlog.get_logger(__name__)

AT_ONCE: Final = 200
"""Rows stored in one transaction."""
NOT_OFFERED: Final = dt.timedelta(days=1)
"""How long a portal is left alone that says it has no such list."""


class Citizens:
    """Fetches the questions at every portal that is switched on."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, inbox: Inbox, rhythm_s: float) -> None:
        """``inbox`` is rung after each list; ``rhythm_s`` is used for peers whose manifest names no poll interval."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._inbox = inbox
        self._rhythm_s = rhythm_s

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """Whom to ask; each gets a loop of its own."""
        return self._registry.with_port(CitizenQuestions)

    async def once(self) -> None:
        """Ask every peer in turn."""
        for peer in self.peers:
            await self.ask(peer)

    async def ask(self, peer: PeerId) -> None:
        """Fetch the list if it is time; an outage is noted and ends the look."""
        name = questions_of(peer)
        state = await self._store.read(lambda tx: tx.feeds.get(name))
        if state.next_at is not None and state.next_at > self._clock.now():
            return
        try:
            with counted_as("feed"):
                rows = await self._registry.port(peer, CitizenQuestions).questions()
        except CallError as error:
            failed = error
            await self._store.write(lambda tx: self._failed(tx, name, failed))
            return
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            failpoints.hit("t1.before_commit")
            await self._store.write(lambda tx, some=some: self._keep(tx, peer, some))  # type: ignore[misc]  # bound now
        failpoints.hit("t1.after_commit")
        await self._store.write(lambda tx: self._done(tx, peer))
        self._inbox.ring()

    def _keep(self, tx: Tx, peer: PeerId, rows: Sequence[WaitingQuestion]) -> None:
        now = self._clock.now()
        for row in rows:
            tx.inbox.put(
                NewInbound(
                    peer=peer,
                    kind=QUESTION,
                    ext_id=f"question:{row.key or row.raw.sha256}",
                    sha256=row.raw.sha256,
                    body=row.raw.body,
                    headers=(),
                    received_at=now,
                    receipt="",
                    correlation_id=uuid.uuid4().hex,
                )
            )

    def _done(self, tx: Tx, peer: PeerId) -> None:
        now = self._clock.now()
        state = tx.feeds.get(questions_of(peer))
        pause = dt.timedelta(seconds=self._registry.peer(peer).poll_interval_s or self._rhythm_s)
        tx.feeds.put(
            dataclasses.replace(
                state, last_ok_at=now, failing_since=None, failures=0, last_error="", next_at=now + pause
            )
        )

    def _failed(self, tx: Tx, name: PeerId, error: CallError) -> None:
        now = self._clock.now()
        log.warning("citizens.failed", peer=name, error=type(error).__name__, detail=str(error))
        state = after_failure(tx.feeds.get(name), error, now)
        if isinstance(error, Refused) and not isinstance(error, Unauthorised):
            state = dataclasses.replace(state, next_at=now + NOT_OFFERED)
        tx.feeds.put(state)


def questions_of(peer: PeerId) -> PeerId:
    """Under which name is kept how asking for questions goes, apart from the peer's other feeds."""
    return PeerId(f"{peer}/questions")
