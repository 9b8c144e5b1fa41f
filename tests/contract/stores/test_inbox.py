import asyncio

import pytest

from gateway.storage.database import Database
from schemas.errors import NotFound
from schemas.ids import InboxNo, PeerId
from schemas.message import InboxState
from tests.contract.stores import records
from tests.contract.stores.records import PEER, later


async def test_the_first_copy_is_kept_and_answered_again(database: Database) -> None:
    first, new = await database.write(lambda tx: tx.inbox.put(records.inbound(body=b"\x00\xffraw")))
    assert new and first.state is InboxState.RECEIVED
    await database.write(lambda tx: tx.inbox.set_answer(first.id, b"<ok/>"))
    again, new_again = await database.write(lambda tx: tx.inbox.put(records.inbound(body=b"other", receipt="r-2")))
    assert not new_again
    assert (again.id, again.receipt, again.answer) == (first.id, "r-1", b"<ok/>")
    assert await database.read(lambda tx: tx.inbox.body(first.id)) == b"\x00\xffraw"
    elsewhere, new_elsewhere = await database.write(lambda tx: tx.inbox.put(records.inbound(peer=PeerId("ems"))))
    assert new_elsewhere and elsewhere.id != first.id


async def test_sixty_four_copies_at_once_are_one_row(database: Database) -> None:
    answers = await asyncio.gather(*(database.write(lambda tx: tx.inbox.put(records.inbound())) for _ in range(64)))
    assert sum(new for _, new in answers) == 1
    assert len({inbound.id for inbound, _ in answers}) == 1


async def test_pending_is_oldest_first_until_settled(database: Database) -> None:
    for n in range(3):
        await database.write(lambda tx, n=n: tx.inbox.put(records.inbound(f"x-{n}")))  # type: ignore[misc]  # bound now
    waiting = await database.read(lambda tx: tx.inbox.pending(limit=9))
    assert [one.ext_id for one in waiting] == ["x-0", "x-1", "x-2"]
    a, b, c = (one.id for one in waiting)
    await database.write(lambda tx: tx.inbox.settle(a, InboxState.APPLIED, detail="", now=later(1)))
    await database.write(lambda tx: tx.inbox.settle(b, InboxState.RECEIVED, detail="thử lại sau", now=later(1)))
    await database.write(lambda tx: tx.inbox.settle(c, InboxState.QUARANTINED, detail="EV-01", now=later(1)))
    (left,) = await database.read(lambda tx: tx.inbox.pending(limit=9))
    assert (left.id, left.tries, left.detail) == (b, 1, "thử lại sau")
    listed = await database.read(lambda tx: tx.inbox.list(peer=PEER, limit=2, after=c))
    assert [(one.id, one.state) for one in listed] == [(b, InboxState.RECEIVED), (a, InboxState.APPLIED)]
    assert await database.read(lambda tx: tx.inbox.list(peer=PeerId("ems"))) == ()


async def test_missing_is_said(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.inbox.get(InboxNo(9)))
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.inbox.body(InboxNo(9)))
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.inbox.settle(InboxNo(9), InboxState.APPLIED, detail="", now=later()))
