"""`lienthong reconcile`, the pass that goes on where it broke off, and what we would have said at a moment."""

import datetime as dt
import random
from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.storage.codec import to_json
from gateway.workers.rules import PASS, full_pass
from schemas.bag import Bag, BagLine
from schemas.discrepancy import Finding, Subject
from schemas.ids import BagNumber, ItemId, PeerId, UnitId
from schemas.numbers import s10
from schemas.ports.stores import Store, Tx
from schemas.shipment import Item
from schemas.tracking import Movement
from tests.contract.stores.scattered import Scatter
from tests.flows.command import House, house
from tests.flows.news import World, world
from tests.unit.tracking.build import T0, after, event, item
from tracking import known, sweep
from tracking.reading import load_context
from tracking.sweep import SweepCursor

__all__ = ["house", "world"]  # fixtures: used by name only

pytestmark = pytest.mark.flow


def then(tx: Tx, moment: dt.datetime) -> set[Finding]:
    past = known.at(tx, moment)
    return set(sweep.judge(past, sweep.everything(tx), (), load_context(past, moment)))


def now(tx: Tx, moment: dt.datetime) -> set[Finding]:
    return set(sweep.judge(tx, sweep.everything(tx), (), load_context(tx, moment)))


async def test_as_of_says_what_was_said_then_though_the_news_came_since(world: World) -> None:
    one = await world.lodged()
    await world.pack(item(), one)
    said = await world.database.read(lambda tx: now(tx, after(9)))
    assert {finding.rule for finding in said} == {"D-01"}
    await world.hear(event(Movement.ACCEPTED, after(2), received_at=after(25)))
    await world.hear(event(Movement.DELIVERED, after(8), received_at=after(26)))
    await world.report(None, after(27))
    assert "D-01" not in {finding.rule for finding in await world.database.read(lambda tx: now(tx, after(27)))}
    before = await world.database.read(lambda tx: tx.audit.rows(limit=5000))
    assert await world.database.read(lambda tx: then(tx, after(9))) == said
    assert await world.database.read(lambda tx: tx.audit.rows(limit=5000)) == before
    assert await world.database.read(lambda tx: then(tx, T0 - dt.timedelta(days=1))) == set()


async def test_the_present_moment_says_what_the_pass_says(world: World) -> None:
    """A moment after the last row of a scattered store changes nothing; an earlier one can always be asked."""
    chance = random.Random(7)
    for _ in range(12):

        def look(tx: Tx) -> None:
            moment = Scatter(chance).store(tx)
            late = after(days=400)
            assert then(tx, late) == now(tx, late)
            then(tx, moment)
            raise LookupError

        with pytest.raises(LookupError):
            await world.do(look)


async def test_a_pass_that_was_stopped_goes_on_where_it_stood(world: World) -> None:
    for n in range(6):
        await world.do(lambda tx, n=n: tx.items.add(_wrong(n)))  # type: ignore[misc]  # bound now
    clock = SystemClock()

    async def first_chunk() -> SweepCursor:
        def chunk(tx: Tx) -> SweepCursor:
            cursor = sweep.begin(tx, load_context(tx, clock.now()))
            after_one = sweep.next_chunk(tx, cursor, limit=4, context_source=load_context, now=clock.now())
            tx.schedule.keep_progress(PASS, to_json(after_one.place))
            return after_one

        return await world.do(chunk)

    assert (await first_chunk()).seen == 4
    rest = await _pass(world.database)
    assert rest.work is not None
    assert len(rest.work.items) == 2
    cases = await world.database.read(lambda tx: tx.discrepancies.open())
    assert sum(case.rule == "D-20" for case in cases) == 6
    assert await world.database.read(lambda tx: tx.schedule.progress(PASS)) is None
    again = await _pass(world.database)
    assert again.work is not None and len(again.work.items) == 6
    assert again.changed == 0


async def _pass(store: Store) -> SweepCursor:
    return await full_pass(store, peers=(PeerId("loopback"),), clock=SystemClock(), context=load_context, chunk=4)


def _wrong(n: int) -> Item:
    number = s10.mint("EL", n)
    wrong = f"{number[:10]}{(int(number[10]) + 1) % 10}{number[11:]}"
    return item(number=wrong, handed_over_at=None, id=ItemId(0), version=0)


async def test_the_command_lists_exits_and_asks_the_past(house: House, tmp_path: Path) -> None:
    await house.world.pack(item(number="EL000000006VN"), house.dossier)
    line = BagLine(1, None, "EL000000006VN", after(1), None)
    bag = Bag(BagNumber("TU-7"), 0, UnitId("post"), UnitId("office"), (), after(1), after(2), None, None, (line,), None)
    await house.world.do(lambda tx: tx.bags.put(bag))
    told = await house.says("reconcile", "--json", "--fail-on", "medium")
    assert told.code == 4, told.err
    found = {one["rule"]: one for one in told.json["findings"]}
    assert set(found["D-20"]) == {
        "id", "rule", "subject_kind", "subject", "severity", "opened_at", "evidence", "remedy"
    }  # fmt: skip
    assert (found["D-20"]["severity"], found["D-20"]["subject_kind"]) == ("medium", Subject.ITEM)
    past = await house.says("reconcile", "--as-of", "2026-11-01T00:00", "--json", "--fail-on", "low")
    assert (past.code, past.json["findings"]) == (0, [])
    table = await house.says("reconcile", "--shadow")
    assert table.code == 0 and "D-20" in table.out
    totals = await house.says("reconcile", "--totals", "--as-of", "2026-11-18T00:00:00+07:00", "--json")
    assert totals.json["control_totals"][0]["handed_over"] >= 1
    assert [(one["bag"], one["put_in"], one["taken_out"]) for one in totals.json["bag_totals"]] == [("TU-7", 1, 0)]
    shown = await house.says("reconcile", "--totals", "--as-of", "2026-11-18T00:00:00+07:00")
    assert "TU-7" in shown.out
    wrong = await house.says("reconcile", "--as-of", "yesterday")
    assert wrong.code == 2 and "yesterday" in wrong.err
