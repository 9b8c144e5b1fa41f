"""Leases against a model: one in flight and in order for each peer and dossier, whatever happens in between."""

import dataclasses
import datetime as dt
import functools
from collections.abc import Callable
from typing import TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.storage import address, schema
from gateway.storage.audit import ChainEnd
from gateway.storage.tables.messages import attempt, body, exchange, message
from gateway.storage.transaction import GatewayTx
from schemas.errors import Applied, Stale
from schemas.ids import DossierId, MessageNo, PeerId
from schemas.message import Attempt, AttemptClass, Message, MessageState
from schemas.ports.message_stores import Verdict
from tests.contract.stores import records
from tests.contract.stores.records import later

T = TypeVar("T")

PEERS = (PeerId("dvcqg"), PeerId("lien_thong"))
DOSSIERS = 3
LEASE_S = 30
VERDICTS = {
    MessageState.DELIVERED: AttemptClass.OK,
    MessageState.PENDING: AttemptClass.OUTAGE,
    MessageState.UNKNOWN: AttemptClass.UNKNOWN,
    MessageState.REFUSED: AttemptClass.REFUSED,
    MessageState.PARKED: AttemptClass.TRANSIENT,
}
DECISIONS = (MessageState.PENDING, MessageState.RESOLVED, MessageState.CANCELLED)


@dataclasses.dataclass
class Known:
    """A message as the model sees it; times in seconds."""

    peer: PeerId
    dossier: DossierId
    state: MessageState
    due: int | None
    lease_until: int = 0


class Leases(RuleBasedStateMachine):
    """The store beside a dictionary."""

    def __init__(self, engine: sa.Engine, dossiers: list[DossierId]) -> None:
        super().__init__()
        self.engine = engine
        self.dossiers = dossiers
        self.now = 0
        self.known: dict[MessageNo, Known] = {}
        self.held: dict[MessageNo, Attempt] = {}
        """Attempts that somebody still believes to be running, lost leases among them."""

    def write(self, fn: Callable[[GatewayTx], T]) -> T:
        with self.engine.begin() as connection:
            return fn(GatewayTx(connection, ChainEnd()))

    @initialize()
    def begin_empty(self) -> None:
        with self.engine.begin() as connection:
            for table in (exchange, attempt, body, message):
                connection.execute(sa.delete(table))

    @rule(peer=st.sampled_from(PEERS), which=st.integers(0, DOSSIERS - 1))
    def put(self, peer: PeerId, which: int) -> None:
        new = records.message(self.dossiers[which], f"k-{len(self.known)}", peer=peer)
        stored = self.write(lambda tx: tx.messages.put(new, now=self.at()))
        self.known[stored.id] = Known(peer, self.dossiers[which], MessageState.PENDING, self.now)

    @rule(peer=st.sampled_from(PEERS), limit=st.integers(1, 4))
    def lease(self, peer: PeerId, limit: int) -> None:
        until = self.now + LEASE_S
        leased = self.write(lambda tx: tx.messages.lease(peer, now=self.at(), until=later(until), limit=limit))
        assert [told.id for told, _ in leased] == self.leasable(peer)[:limit]
        for told, started in leased:
            assert told.state is self.known[told.id].state
            self.known[told.id].state = MessageState.SENDING
            self.known[told.id].lease_until = until
            self.held[told.id] = started

    @precondition(lambda self: bool(self.held))
    @rule(data=st.data(), state=st.sampled_from(sorted(VERDICTS)), wait=st.integers(0, 60))
    def settle(self, data: st.DataObject, state: MessageState, wait: int) -> None:
        number = data.draw(st.sampled_from(sorted(self.held)))
        started = self.held.pop(number)
        retried = state in (MessageState.PENDING, MessageState.UNKNOWN)
        due = self.now + wait if retried else None
        at = None if due is None else later(due)
        verdict = Verdict(state, at, VERDICTS[state], Applied.MAYBE, None, "", "")
        model = self.known[number]
        if model.state is not MessageState.SENDING:
            self.must_be_stale(lambda tx: tx.messages.settle(number, started, verdict, (), now=self.at()))
            return
        self.write(lambda tx: tx.messages.settle(number, started, verdict, (), now=self.at()))
        model.state, model.due = state, due

    @rule(everything=st.booleans())
    def expire(self, everything: bool) -> None:
        late = [
            number
            for number, model in self.known.items()
            if model.state is MessageState.SENDING and (everything or model.lease_until <= self.now)
        ]
        found = self.write(lambda tx: tx.messages.expire_leases(now=self.at(), all_of_them=everything))
        assert list(found) == sorted(late)
        for number in late:
            self.known[number].state, self.known[number].due = MessageState.UNKNOWN, self.now

    @precondition(lambda self: bool(self.known))
    @rule(data=st.data(), state=st.sampled_from(DECISIONS))
    def decide(self, data: st.DataObject, state: MessageState) -> None:
        number = data.draw(st.sampled_from(sorted(self.known)))
        model = self.known[number]

        def change(tx: GatewayTx) -> Message:
            return tx.messages.set_state(number, state, reason="vì", now=self.at())

        if model.state is MessageState.SENDING or not model.state.open:
            self.must_be_stale(change)
            return
        self.write(change)
        model.state, model.due = state, self.now if state is MessageState.PENDING else None

    @rule(seconds=st.integers(1, 40))
    def pass_time(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        stored, due_peers, next_due = self.write(
            lambda tx: (
                {number: tx.messages.get(number).state for number in self.known},
                tx.messages.due_peers(now=self.at()),
                tx.messages.next_due(),
            )
        )
        assert stored == {number: model.state for number, model in self.known.items()}
        assert due_peers == tuple(sorted(peer for peer in PEERS if self.leasable(peer)))
        dues = [model.due for number, model in self.known.items() if self.may_go(number) and model.due is not None]
        assert next_due == (later(min(dues)) if dues else None)

    @invariant()
    def one_in_flight(self) -> None:
        flying = [(m.peer, m.dossier) for m in self.known.values() if m.state is MessageState.SENDING]
        assert len(flying) == len(set(flying))

    def at(self) -> dt.datetime:
        return later(self.now)

    def may_go(self, number: MessageNo) -> bool:
        """Waiting, and no earlier message of its peer and dossier is open."""
        mine = self.known[number]
        earlier = (m for n, m in self.known.items() if n < number and (m.peer, m.dossier) == (mine.peer, mine.dossier))
        return mine.state in (MessageState.PENDING, MessageState.UNKNOWN) and not any(m.state.open for m in earlier)

    def leasable(self, peer: PeerId) -> list[MessageNo]:
        due = [
            (model.due, number)
            for number, model in self.known.items()
            if model.peer == peer and model.due is not None and model.due <= self.now and self.may_go(number)
        ]
        return [number for _, number in sorted(due)]

    def must_be_stale(self, fn: Callable[[GatewayTx], object]) -> None:
        try:
            self.write(fn)
        except Stale:
            return
        raise AssertionError("a decision about something that went on without it was taken")


@pytest.mark.slow
def test_leases_follow_the_model(url: str) -> None:
    schema.upgrade(url)
    engine = sa.create_engine(address.parse(url).url)
    with engine.begin() as connection:
        tx = GatewayTx(connection, ChainEnd())
        dossiers = [tx.dossiers.add(records.dossier(f"A-{n}")).id for n in range(DOSSIERS)]
    profile = settings(max_examples=60, stateful_step_count=30, deadline=None)
    machine = functools.partial(Leases, engine, dossiers)
    run_state_machine_as_test(machine, settings=profile)  # type: ignore[arg-type]  # any maker of machines will do
    engine.dispose()
