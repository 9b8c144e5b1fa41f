"""The nightly look back: lags, paces and times that remain, learned from every story with news in the last quarter.

Read in pages, each a snapshot of its own, so that nothing waits behind it; what comes out replaces what was learned
before in one row. A night that was missed is made up for at the start. The ledger and the volumes forget here, too.
"""

import datetime as dt
import functools

import structlog

from schemas.calendar import VIETNAM, WorkCalendar
from schemas.errors import NotFound
from schemas.ids import DossierId, ItemId
from schemas.lag import Learned
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx
from tracking.lag import WINDOW, Holidays, Learner
from tracking.reading import NO_UNIT, PLAIN_WEEK

log = structlog.get_logger(__name__)

AT = dt.time(2, 15)
"""In Viet Nam: after the carriers' evening files, before the first post vans."""
PAGE = 1_000
"""Stories in one read."""
KEEP = WINDOW + dt.timedelta(weeks=2)
"""How long hours of calls and volumes are kept."""


class Learning:
    """Learns once a night."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        """Starts nothing."""
        self._store = store
        self._clock = clock

    async def once(self) -> None:
        """Learn if this night's turn has come and nobody did."""
        now = self._clock.now()
        learned = await self._store.read(lambda tx: tx.learned.get())
        if learned.at is not None and learned.at >= last_slot(now):
            return
        told = await self.learn(now)
        await self._store.write(lambda tx: _keep(tx, told, now))
        log.info("learned", lags=len(told.lags), paces=len(told.paces), remaining=len(told.remaining))

    async def learn(self, now: dt.datetime) -> Learned:
        """Everything that the last quarter teaches; writes nothing."""
        learner = Learner(Holidays(await self._store.read(_calendar)))
        item: ItemId | None = ItemId(0)
        dossier: DossierId | None = DossierId(0)
        while item is not None:
            item = await self._store.read(functools.partial(_items, learner=learner, after=item, since=now - WINDOW))
        while dossier is not None:
            dossier = await self._store.read(
                functools.partial(_dossiers, learner=learner, after=dossier, since=now - WINDOW)
            )
        return learner.learned(now)


def last_slot(now: dt.datetime) -> dt.datetime:
    """The latest time at which a night's turn came."""
    today = dt.datetime.combine(now.astimezone(VIETNAM).date(), AT, VIETNAM)
    return today if today <= now else today - dt.timedelta(days=1)


def _items(tx: Tx, *, learner: Learner, after: ItemId, since: dt.datetime) -> ItemId | None:
    """A page of items; the last of them, None where there are no more. A read is never run twice."""
    stories = tx.learned.items(after, since=since, limit=PAGE)
    for story in stories:
        learner.item(story)
    return stories[-1].item if len(stories) == PAGE else None


def _dossiers(tx: Tx, *, learner: Learner, after: DossierId, since: dt.datetime) -> DossierId | None:
    stories = tx.learned.dossiers(after, since=since, limit=PAGE)
    for story in stories:
        learner.dossier(story)
    return stories[-1].dossier if len(stories) == PAGE else None


def _calendar(tx: Tx) -> WorkCalendar:
    try:
        return tx.catalogue.calendar(NO_UNIT)
    except NotFound:
        return PLAIN_WEEK


def _keep(tx: Tx, told: Learned, now: dt.datetime) -> None:
    tx.learned.put(told)
    tx.calls.forget(now - KEEP)
