"""Asking carriers by number: who is due, as many as the budget allows, the most urgent first.

:mod:`tracking.watch` says when and in which order, :mod:`tracking.budget` how many; here they meet the rows. Whatever
an answer says and when to ask next are committed in one transaction. An outage is the peer's: its items stay due and
the peer is left alone for as long as it says. A question that the peer cannot answer is halved until the item that
spoils it stands alone, so that one bad item never hides its neighbours.
"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import math
from collections.abc import Callable, Iterator

import structlog

from adapters._kit.http import PURPOSE
from adapters.registry import Peer, Registry
from gateway.workers import sweeps
from schemas.errors import CallError, Outage, Transient, Unauthorised
from schemas.ids import CarrierId, PeerId, push_feed
from schemas.ports.carrier import ContractPush, TrackingPull, TrackingPush
from schemas.ports.clock import Clock
from schemas.ports.message_stores import FeedState
from schemas.ports.stores import Store, Tx
from schemas.shipment import Item
from schemas.tracking import TrackingBatch
from tracking import budget, watch
from tracking.budget import Bucket, Terms
from tracking.rules.context import Context, ContextSource

log = structlog.get_logger(__name__)

BATCH = 50
"""Items in one question at most; what a call holds is in the manifest."""
ONE_BY_ONE = 10
"""Items in one question at a peer that is asked about one item a call: an outage loses the answers before it."""
IN_FLIGHT_SHARE = 0.5
"""Of the calls that a peer takes at the same time; the other half is for messages (as `tracking.budget.RATE_SHARE`)."""
AFTER_FAILURE = (5.0, 30.0, 120.0, 600.0)
"""Seconds until a failed peer is asked again; its Retry-After where that is longer."""
HELP_AFTER = dt.timedelta(hours=1)
"""Of several peers that speak for a carrier, the one that is asked about most items a call asks; the others take what
has waited longer than this."""
PUSH_FRESH = dt.timedelta(days=1)
"""A push that is older proves nothing about the pushes of today."""
SWEEP_PAGES = 20
"""Pages of a sweep in one look: 10,000 items, each page a transaction of its own."""
THE_PEERS = (Outage, Transient, Unauthorised)
"""Errors that would meet any other question as well."""

Take = Callable[[Tx, TrackingBatch], None]
"""Applies an answer inside a transaction."""


class Questions:
    """Asks the peers that offer ``TrackingPull``."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, take: Take, context: ContextSource) -> None:
        """``take`` applies an answer; budgets begin with one call, whatever is due."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._take = take
        self._context = context
        self._buckets: dict[PeerId, Bucket] = {}

    async def ask(self, peer: Peer) -> None:
        """Ask about what is due until nothing is, the budget is spent, or the peer fails."""
        carrier = peer.manifest.carrier
        if carrier is None:
            return
        for _ in range(SWEEP_PAGES):
            if not await self._store.read(lambda tx: self._missed(tx, carrier)):
                break
            await self._store.write(lambda tx: self._sweep(tx, peer, carrier))
        going = True
        while going:
            allowed = await self.allowed(peer)
            due = await self._store.read(lambda tx, most=allowed: self.due(tx, peer, carrier, most))  # type: ignore[misc]  # bound now
            going = bool(due) and await self._go(peer, due)

    async def allowed(self, peer: Peer) -> int:
        """How many items may be asked about in one go now; notes the calls made so far."""
        await self.note_calls(peer)
        now, name, terms = self._clock.now(), peer.manifest.name, terms_of(peer)
        terms = dataclasses.replace(terms, calls_per_day=self._registry.quota(name))
        spent = await self._store.read(lambda tx: self._spent(tx, name, now))
        bucket = budget.filled(self._buckets.get(name, Bucket(now)), terms, spent, now)
        self._buckets[name] = bucket
        calls = budget.affordable(bucket, terms, spent)
        return min(in_one_question(terms) * questions_at_once(peer), calls * terms.items_per_call)

    def due(self, tx: Tx, peer: Peer, carrier: CarrierId, most: int) -> tuple[Item, ...]:
        """Items that this peer should be asked about now, the most urgent first."""
        now = self._clock.now()
        waits_until = tx.feeds.get(asking(peer.manifest.name)).next_at
        if most < 1 or (waits_until is not None and waits_until > now):
            return ()
        first = min((self._registry.peer(name) for name in self._askers(carrier)), key=lambda one: _turn(tx, one))
        if first.manifest.name != peer.manifest.name:
            now -= HELP_AFTER
        return tuple(item for item in tx.items.due_for_poll(carrier, now, limit=most) if item.number is not None)

    def _spent(self, tx: Tx, name: PeerId, now: dt.datetime) -> int:
        """Calls of today with the peer's account, by everybody who shares it."""
        return sum(spent_today(tx, one.manifest.name, now) for one in self._registry.sharing(name))

    def _askers(self, carrier: CarrierId) -> tuple[PeerId, ...]:
        return self._registry.for_carrier(carrier, TrackingPull)

    async def _go(self, peer: Peer, due: tuple[Item, ...]) -> bool:
        """Ask about all of them, as many questions at the same time as the peer takes; True where to go on."""
        terms = terms_of(peer)
        if len(due) <= in_one_question(terms):
            return await self.question(peer, due)
        most = max(min(BATCH, terms.items_per_call), math.ceil(len(due) / questions_at_once(peer)))
        parts = [due[first : first + most] for first in range(0, len(due), most)]
        told = await asyncio.gather(*(self._part(peer, part) for part in parts))
        if not any(made for made, _ in told):  # nobody counts at a peer without a wire
            await self.pay(peer, len(due))
        failed = [(part, error) for part, (_, error) in zip(parts, told, strict=True) if error is not None]
        theirs = [error for _, error in failed if isinstance(error, THE_PEERS)]
        if theirs:
            await self._store.write(lambda tx: self._failed(tx, peer, theirs[0]))
            return False
        return all([await self._halve(peer, part, error) for part, error in failed])

    async def _part(self, peer: Peer, asked: tuple[Item, ...]) -> tuple[int, CallError | None]:
        """One of several questions; returns the calls that were counted meanwhile, whoever made them, and the error."""
        answer = await self._fetch(peer, asked)
        made = await self.spend(peer)
        if isinstance(answer, CallError):
            return made, answer
        await self._store.write(lambda tx: self._answered(tx, peer, answer, asked))
        return made, None

    async def question(self, peer: Peer, asked: tuple[Item, ...]) -> bool:
        """One question; True where the next one makes sense."""
        error = await self._try(peer, asked)
        if error is None:
            return True
        if isinstance(error, THE_PEERS):
            await self._store.write(lambda tx: self._failed(tx, peer, error))
            return False
        return await self._halve(peer, asked, error)

    async def _halve(self, peer: Peer, asked: tuple[Item, ...], error: CallError) -> bool:
        """Find the item that spoils the question. Where both halves fail, it is not one item."""
        while len(asked) > 1:
            half = len(asked) // 2
            parts = (asked[:half], asked[half:])
            told = [(part, await self._try(peer, part)) for part in parts]
            failed = [(part, one) for part, one in told if one is not None]
            if not failed:
                return True
            if len(failed) == 2:
                error = failed[0][1]
                break
            ((asked, error),) = failed
        alone = len(asked) == 1
        await self._store.write(lambda tx: self._refused(tx, peer, asked, error, alone=alone))
        return alone

    async def _try(self, peer: Peer, asked: tuple[Item, ...]) -> CallError | None:
        """Ask; apply the answer. Returns what went wrong at the peer."""
        answer = await self._fetch(peer, asked)
        await self.pay(peer, len(asked))
        if isinstance(answer, CallError):
            return answer
        await self._store.write(lambda tx: self._answered(tx, peer, answer, asked))
        return None

    async def _fetch(self, peer: Peer, asked: tuple[Item, ...]) -> TrackingBatch | CallError:
        numbers = [item.number for item in asked if item.number is not None]
        try:
            with counted_as("question"):
                return await self._registry.port(peer.manifest.name, TrackingPull).fetch(numbers, since=None)
        except CallError as error:
            return error

    async def pay(self, peer: Peer, items: int) -> None:
        """Take the calls out of the bucket: those that were made, or as many as foreseen where none is counted."""
        await self.spend(peer, {"question": terms_of(peer).calls_for(items)})

    async def spend(self, peer: Peer, foreseen: dict[str, int] | None = None) -> int:
        """Write the calls made into the ledger and take the questions among them out of the bucket; how many."""
        made = await self.note_calls(peer, foreseen=foreseen)
        name = peer.manifest.name
        self._buckets[name] = budget.without(self._buckets.get(name, Bucket(self._clock.now())), made)
        return made

    async def note_calls(self, peer: Peer, foreseen: dict[str, int] | None = None) -> int:
        """Write the peer's calls into the ledger; returns how many of them were questions."""
        counts = {**(foreseen or {}), **peer.http.take_calls()}
        if counts:
            await self._store.write(lambda tx: note(tx, peer.manifest.name, counts, self._clock.now()))
        return counts.get("question", 0)

    def _answered(self, tx: Tx, peer: Peer, batch: TrackingBatch, asked: tuple[Item, ...]) -> None:
        now = self._clock.now()
        self._take(tx, batch)
        for state in self._states(tx, peer):
            healed = dataclasses.replace(state, failing_since=None, failures=0, last_error="", last_ok_at=now)
            tx.feeds.put(healed if state.failing_since is None else dataclasses.replace(healed, next_at=None))
        self.plan(tx, asked, failed=False)

    def _failed(self, tx: Tx, peer: Peer, error: CallError) -> None:
        """The peer is left alone for a while; its items stay due."""
        log.warning("questions.failed", peer=peer.manifest.name, error=type(error).__name__, detail=str(error))
        for state in self._states(tx, peer):
            tx.feeds.put(after_failure(state, error, self._clock.now()))

    def _refused(self, tx: Tx, peer: Peer, asked: tuple[Item, ...], error: CallError, *, alone: bool) -> None:
        """An item that cannot be asked about waits longer each time; where it is all of them, the peer fails."""
        if alone:
            log.warning("questions.item_refused", peer=peer.manifest.name, item=asked[0].id, detail=str(error))
        else:
            self._failed(tx, peer, error)
        self.plan(tx, asked, failed=True)

    def _states(self, tx: Tx, peer: Peer) -> tuple[FeedState, ...]:
        """What is known of asking; and of the peer, where asking is the only way in which we read it (D-36)."""
        name = peer.manifest.name
        only = "TrackingFeed" not in peer.manifest.capabilities
        return tuple(tx.feeds.get(one) for one in ((asking(name), name) if only else (asking(name),)))

    def plan(self, tx: Tx, asked: tuple[Item, ...], *, failed: bool) -> None:
        """When to ask about each of them again."""
        now = self._clock.now()
        context = self._context(tx, now)
        well = {carrier: self._push_well(tx, carrier) for carrier in {item.carrier for item in asked}}
        for item in tx.items.many([one.id for one in asked]):
            failures = item.polls.failures + 1 if failed else 0
            known = dataclasses.replace(item, polls=dataclasses.replace(item.polls, last_at=now, failures=failures))
            outlook = outlook_of(known, context, push_well=well[item.carrier])
            next_at = watch.next_poll(known, now=now, chance=_chance(item), outlook=outlook)
            tx.items.put(dataclasses.replace(known, polls=dataclasses.replace(known.polls, next_at=next_at)))

    def _push_well(self, tx: Tx, carrier: CarrierId) -> bool:
        """Somebody pushes for the carrier, lately and without a gap that is seen."""
        now = self._clock.now()
        heard = [(name, tx.feeds.get(push_feed(name))) for name in self._pushers(carrier)]
        fresh = [
            name
            for name, state in heard
            if state.last_ok_at is not None and now - state.last_ok_at < PUSH_FRESH and state.failing_since is None
        ]
        return any(sweeps.gap_of(tx, name) is None for name in fresh)

    def _pushers(self, carrier: CarrierId) -> tuple[PeerId, ...]:
        found = {name for port in (TrackingPush, ContractPush) for name in self._registry.for_carrier(carrier, port)}
        return tuple(sorted(found))

    def _missed(self, tx: Tx, carrier: CarrierId) -> bool:
        """Pushes of the carrier were missed, and not all of its items are planned for it yet."""
        return any(sweeps.wanted(tx, name, carrier) is not None for name in self._pushers(carrier))

    def _sweep(self, tx: Tx, peer: Peer, carrier: CarrierId) -> None:
        now, terms = self._clock.now(), terms_of(peer)
        spent = self._spent(tx, peer.manifest.name, now)
        for name in self._pushers(carrier):
            sweeps.step(tx, name, carrier, terms=terms, spent=spent, now=now)


def asking(peer: PeerId) -> PeerId:
    """Under which name is kept how asking goes, apart from the feed that the same peer may offer."""
    return PeerId(f"{peer}/pull")


def terms_of(peer: Peer) -> Terms:
    """What the peer allows, by its settings and its manifest."""
    return Terms(peer.rate_per_s, peer.calls_per_day, peer.manifest.items_per_call)


def in_one_question(terms: Terms) -> int:
    """Items that are asked about in one question, of one call or of several one after the other."""
    return min(BATCH, max(terms.items_per_call, ONE_BY_ONE))


def questions_at_once(peer: Peer) -> int:
    """Questions that a peer is asked at the same time."""
    return max(1, int(peer.max_in_flight * IN_FLIGHT_SHARE))


def spent_today(tx: Tx, peer: PeerId, now: dt.datetime) -> int:
    """Calls of today by the ledger, all purposes."""
    return sum(one.calls for one in tx.calls.since(budget.day_of(now)[0], peer=peer))


def note(tx: Tx, peer: PeerId, counts: dict[str, int], now: dt.datetime) -> None:
    """Write calls into the ledger."""
    for purpose, calls in sorted(counts.items()):
        tx.calls.add(peer, purpose, now, calls)


def after_failure(state: FeedState, error: Exception, now: dt.datetime) -> FeedState:
    """The state after one more failure; a peer that says how long it wants to be left alone is believed."""
    wait = AFTER_FAILURE[min(state.failures, len(AFTER_FAILURE) - 1)]
    told = error.retry_after_s if isinstance(error, CallError) else None
    return dataclasses.replace(
        state,
        failing_since=state.failing_since or now,
        failures=state.failures + 1,
        last_error=str(error)[:500],
        next_at=now + dt.timedelta(seconds=max(wait, told or 0)),
    )


def outlook_of(item: Item, context: Context, *, push_well: bool) -> watch.Outlook:
    """What the house knows besides the item."""
    calendar = context.calendar(item.receiver_unit) if item.receiver_unit is not None else None
    return watch.Outlook(calendar, push_well)


@contextlib.contextmanager
def counted_as(purpose: str) -> Iterator[None]:
    """Calls made inside are counted for this purpose."""
    token = PURPOSE.set(purpose)
    try:
        yield
    finally:
        PURPOSE.reset(token)


def _turn(tx: Tx, peer: Peer) -> tuple[bool, int, str]:
    failing = tx.feeds.get(asking(peer.manifest.name)).failing_since is not None
    return failing, -peer.manifest.items_per_call, peer.manifest.name


def _chance(item: Item) -> float:
    """From the id, because a transaction may run twice and must do the same; golden, so that neighbours lie apart."""
    return (item.id * 0.6180339887) % 1.0
