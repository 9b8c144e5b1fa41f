import dataclasses
import hashlib

import pytest

from gateway.storage.bodies import BodyKind
from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.errors import Applied, NotFound, Stale
from schemas.ids import DossierId, MessageNo, PeerId
from schemas.message import AttemptClass, Message, MessageState, Operation
from schemas.ports.message_stores import MessageFilter, Verdict
from schemas.wire import Exchange
from tests.contract.stores import records
from tests.contract.stores.records import COMMUNE, PEER, POST, T0, later

OTHER = PeerId("lien_thong")
DELIVERED = Verdict(MessageState.DELIVERED, None, AttemptClass.OK, Applied.YES, 200, "00", "")


def outage(due: float) -> Verdict:
    return Verdict(MessageState.PENDING, later(due), AttemptClass.OUTAGE, Applied.NO, None, "", "không kết nối được")


async def dossiers(database: Database, n: int = 1) -> list[DossierId]:
    def store(tx: GatewayTx) -> list[DossierId]:
        return [tx.dossiers.add(records.dossier(f"A-{k}")).id for k in range(n)]

    return await database.write(store)


async def put(database: Database, to: DossierId, *keys: str, peer: PeerId = PEER) -> list[Message]:
    def store(tx: GatewayTx) -> list[Message]:
        return [tx.messages.put(records.message(to, key, peer=peer), now=T0) for key in keys]

    return await database.write(store)


def take(tx: GatewayTx, at: float = 1, limit: int = 9) -> list[MessageNo]:
    return [m.id for m, _ in tx.messages.lease(PEER, now=later(at), until=later(at + 30), limit=limit)]


def finish(tx: GatewayTx, verdict: Verdict = DELIVERED, at: float = 1) -> Message:
    """Lease one message and settle it."""
    ((message, attempt),) = tx.messages.lease(PEER, now=later(at), until=later(at + 30), limit=1)
    return tx.messages.settle(message.id, attempt, verdict, (), now=later(at + 1))


async def test_the_same_fact_twice_is_one_message(database: Database) -> None:
    (to,) = await dossiers(database)
    new = records.message(to)
    first = await database.write(lambda tx: tx.messages.put(new, now=T0))
    again = await database.write(lambda tx: tx.messages.put(dataclasses.replace(new, body=b"{}"), now=later(5)))
    assert again == first
    assert (first.sequence, first.state, first.next_try_at, first.tries) == (1, MessageState.PENDING, T0, 0)
    assert first.digest == hashlib.sha256(new.body).hexdigest()
    assert await database.read(lambda tx: tx.messages.get(first.id)) == first
    assert await database.read(lambda tx: tx.messages.body(first.id)) == new.body
    replay = dataclasses.replace(new, nonce="n-1", replay_of=first.id)
    other = await database.write(lambda tx: tx.messages.put(replay, now=T0))
    assert (other.id != first.id, other.sequence, other.replay_of) == (True, 2, first.id)


async def test_sequences_count_by_peer_and_dossier(database: Database) -> None:
    a, b = await dossiers(database, 2)
    told = [*await put(database, a, "1", "2"), *await put(database, b, "3"), *await put(database, a, "4", peer=OTHER)]
    assert [m.sequence for m in told] == [1, 2, 1, 1]


async def test_one_in_flight_and_in_order_for_each_dossier(database: Database) -> None:
    a, b = await dossiers(database, 2)
    a1, a2 = await put(database, a, "a1", "a2")
    (b1,) = await put(database, b, "b1")
    assert await database.write(take) == [a1.id, b1.id]
    assert await database.write(take) == []
    assert await database.read(lambda tx: tx.messages.due_peers(now=later(1))) == ()
    await database.write(lambda tx: tx.messages.expire_leases(now=later(99)))

    def deliver(tx: GatewayTx) -> None:
        for message, attempt in tx.messages.lease(PEER, now=later(99), until=later(199), limit=9):
            tx.messages.settle(message.id, attempt, DELIVERED, (), now=later(100))

    await database.write(deliver)
    assert await database.write(lambda tx: take(tx, 101)) == [a2.id]


@pytest.mark.parametrize("state", [MessageState.REFUSED, MessageState.PARKED, MessageState.PENDING])
async def test_an_open_message_holds_back_its_own_dossier_only(database: Database, state: MessageState) -> None:
    a, b = await dossiers(database, 2)
    await put(database, a, "a1", "a2")
    verdict = dataclasses.replace(outage(500), state=state)
    held = await database.write(lambda tx: finish(tx, verdict))
    (b1,) = await put(database, b, "b1")
    assert held.state is state
    assert await database.write(take) == [b1.id]
    due = later(500) if state is MessageState.PENDING else None
    assert await database.read(lambda tx: tx.messages.next_due(PEER)) == due


async def test_a_lease_writes_the_attempt_and_tells_the_state_before(database: Database) -> None:
    (to,) = await dossiers(database)
    (told,) = await put(database, to, "k")
    ((leased, attempt),) = await database.write(
        lambda tx: tx.messages.lease(PEER, now=later(1), until=later(31), limit=1)
    )
    assert leased == dataclasses.replace(told, tries=1, lease_until=later(31))
    assert (attempt.n, attempt.outcome, attempt.started_at, attempt.ended_at) == (
        1,
        AttemptClass.STARTED,
        later(1),
        None,
    )
    stored = await database.read(lambda tx: (tx.messages.get(told.id), tx.messages.attempts(told.id)))
    assert stored == (dataclasses.replace(leased, state=MessageState.SENDING), (attempt,))


async def test_settling_ends_the_attempt_and_keeps_what_was_said(database: Database) -> None:
    (to,) = await dossiers(database)
    (told,) = await put(database, to, "k")
    said = [
        Exchange("http://p/1", b"<a/>", b"", None, later(1), later(2)),
        Exchange("http://p/2", b"<b/>", b"\x00", 503, later(2), later(3)),
    ]

    def send(tx: GatewayTx) -> Message:
        ((message, attempt),) = tx.messages.lease(PEER, now=later(1), until=later(31), limit=1)
        return tx.messages.settle(message.id, attempt, outage(60), said, now=later(4))

    after = await database.write(send)
    assert (after.state, after.next_try_at, after.lease_until, after.settled_at) == (
        MessageState.PENDING,
        later(60),
        None,
        None,
    )
    assert (after.last_class, after.last_detail) == ("Outage", "không kết nối được")
    (attempt,) = await database.read(lambda tx: tx.messages.attempts(told.id))
    assert attempt.exchanges == tuple(said)
    assert (attempt.outcome, attempt.applied, attempt.ended_at) == (AttemptClass.OUTAGE, Applied.NO, later(4))
    assert await database.write(lambda tx: take(tx, 59)) == []
    done = await database.write(lambda tx: finish(tx, at=60))
    assert (done.state, done.settled_at, done.last_class, done.tries) == (MessageState.DELIVERED, later(61), "", 2)
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.messages.settle(told.id, attempt, DELIVERED, (), now=later(70)))


async def test_a_lost_lease_is_an_unknown_outcome(database: Database) -> None:
    (to,) = await dossiers(database)
    (told,) = await put(database, to, "k")
    ((_, attempt),) = await database.write(lambda tx: tx.messages.lease(PEER, now=T0, until=later(30), limit=1))
    assert await database.write(lambda tx: tx.messages.expire_leases(now=later(29))) == ()
    assert await database.write(lambda tx: tx.messages.expire_leases(now=later(31))) == (told.id,)
    lost = await database.read(lambda tx: tx.messages.get(told.id))
    assert (lost.state, lost.next_try_at, lost.lease_until) == (MessageState.UNKNOWN, later(31), None)
    ((again, second),) = await database.write(
        lambda tx: tx.messages.lease(PEER, now=later(31), until=later(61), limit=1)
    )
    assert (again.state, second.n) == (MessageState.UNKNOWN, 2)
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.messages.settle(told.id, attempt, DELIVERED, (), now=later(32)))
    attempts = await database.read(lambda tx: tx.messages.attempts(told.id))
    assert [one.outcome for one in attempts] == [AttemptClass.CRASHED, AttemptClass.STARTED]
    assert await database.write(lambda tx: tx.messages.expire_leases(now=later(32), all_of_them=True)) == (told.id,)


async def test_due_times_are_those_of_messages_that_may_go(database: Database) -> None:
    a, b = await dossiers(database, 2)
    assert await database.read(lambda tx: tx.messages.next_due()) is None
    await put(database, a, "a1", "a2")
    await database.write(lambda tx: finish(tx, outage(300)))
    await put(database, b, "b1", peer=OTHER)
    store = database.read
    assert await store(lambda tx: tx.messages.next_due()) == T0
    assert await store(lambda tx: tx.messages.next_due(PEER)) == later(300)
    assert await store(lambda tx: tx.messages.due_peers(now=later(299))) == (OTHER,)
    assert await store(lambda tx: tx.messages.due_peers(now=later(300))) == (PEER, OTHER)


async def test_bodies_grow_before_the_first_try_and_shrink_after(database: Database) -> None:
    (to,) = await dossiers(database)
    (told,) = await put(database, to, "k")
    await database.write(
        lambda tx: tx.messages.extend_pending(told.id, b"[1,2]", asserted_state="IN_POST", as_of=later(9))
    )
    grown = await database.read(lambda tx: tx.messages.get(told.id))
    assert (grown.asserted_state, grown.as_of, grown.digest) == (
        "IN_POST",
        later(9),
        hashlib.sha256(b"[1,2]").hexdigest(),
    )
    await database.write(lambda tx: finish(tx, outage(5)))
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.messages.extend_pending(told.id, b"[]", asserted_state="", as_of=T0))
    await database.write(lambda tx: tx.messages.shrink(told.id, b"[2]"))
    after = await database.read(lambda tx: (tx.messages.body(told.id), tx.messages.get(told.id).digest))
    assert after == (b"[2]", grown.digest)


async def test_a_person_decides(database: Database) -> None:
    (to,) = await dossiers(database)
    first, second = await put(database, to, "1", "2")
    await database.write(
        lambda tx: finish(tx, dataclasses.replace(outage(0), state=MessageState.PARKED, next_try_at=None))
    )
    state = MessageState.PENDING
    again = await database.write(lambda tx: tx.messages.set_state(first.id, state, reason="thử lại", now=later(9)))
    assert (again.state, again.next_try_at, again.reason) == (MessageState.PENDING, later(9), "thử lại")
    await database.write(lambda tx: take(tx, 9))
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.messages.set_state(first.id, MessageState.RESOLVED, reason="", now=later(9)))
    await database.write(lambda tx: tx.messages.expire_leases(now=later(99)))
    done = await database.write(
        lambda tx: tx.messages.set_state(first.id, MessageState.RESOLVED, reason="đã gọi điện", now=later(100))
    )
    assert (done.state, done.settled_at, done.next_try_at) == (MessageState.RESOLVED, later(100), None)
    assert await database.write(lambda tx: take(tx, 101)) == [second.id]
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.messages.set_state(first.id, state, reason="", now=later(101)))
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.messages.set_state(MessageNo(99), state, reason="", now=T0))


async def test_lists_and_counts(database: Database) -> None:
    a, b = await dossiers(database, 2)
    a1, a2 = await put(database, a, "a1", "a2")
    (b1,) = await put(database, b, "b1", peer=OTHER)
    await database.write(finish)
    cancelled = dataclasses.replace(records.message(b, "b2"), unit=POST, operation=Operation.PORTAL_DOSSIER)
    b2 = await database.write(lambda tx: tx.messages.put(cancelled, now=later(3)))

    async def ids(where: MessageFilter, limit: int = 9, after: MessageNo | None = None) -> list[MessageNo]:
        found = await database.read(lambda tx: tx.messages.list(where, limit=limit, after=after))
        return [one.id for one in found]

    assert await ids(MessageFilter()) == [b2.id, b1.id, a2.id, a1.id]
    assert await ids(MessageFilter(), limit=2, after=b2.id) == [b1.id, a2.id]
    assert await ids(MessageFilter(peer=OTHER)) == [b1.id]
    assert await ids(MessageFilter(dossier=a, states=(MessageState.DELIVERED,))) == [a1.id]
    assert await ids(MessageFilter(units=(COMMUNE,), operation=Operation.PORTAL_PROGRESS)) == [b1.id, a2.id, a1.id]
    assert await ids(MessageFilter(units=())) == []
    counts = await database.read(lambda tx: tx.messages.counts())
    assert counts == (
        (PEER, MessageState.DELIVERED, 1, T0),
        (PEER, MessageState.PENDING, 2, T0),
        (OTHER, MessageState.PENDING, 1, T0),
    )
    newest = await database.read(lambda tx: tx.messages.last_open(PEER, a, Operation.PORTAL_PROGRESS))
    assert newest is not None and newest.id == a2.id
    assert await database.read(lambda tx: tx.messages.last_open(PEER, a, Operation.CARRIER_BOOK)) is None


async def test_bodies_end_before_their_rows(database: Database) -> None:
    (to,) = await dossiers(database)
    (told,) = await put(database, to, "k")
    assert await database.write(lambda tx: tx.bodies.forget(BodyKind.MESSAGE, before=T0)) == 0
    assert await database.write(lambda tx: tx.bodies.forget(BodyKind.MESSAGE, before=later(1))) == 1
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.messages.body(told.id))
    assert (await database.read(lambda tx: tx.messages.get(told.id))).digest == told.digest


async def test_messages_of_no_dossier_do_not_wait_for_each_other(database: Database) -> None:
    def put(tx: GatewayTx) -> list[MessageNo]:
        return [tx.messages.put(records.message(None, key, item=None), now=T0).id for key in ("a-1", "a-2")]

    put_both = await database.write(put)
    leased = await database.write(lambda tx: tx.messages.lease(PEER, now=later(1), until=later(30), limit=5))
    assert [message.id for message, _ in leased] == put_both
    assert {message.dossier for message, _ in leased} == {None}
    assert await database.read(lambda tx: tx.messages.get(put_both[0])) is not None
