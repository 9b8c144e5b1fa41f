"""A calendar is changed beside a running gateway: the promises are listed, none is moved."""

import pytest

from schemas.ids import UnitId
from schemas.ports.stores import Tx
from tests.flows.command import House, house
from tests.flows.news import CODE, world
from tests.unit.tracking.build import OFFICE, after
from tracking.table import Trigger

__all__ = ["house", "world"]  # fixtures: used by name only

pytestmark = pytest.mark.flow

MONDAY = after(days=7).replace(hour=16, minute=30)


async def test_a_change_lists_the_promises_it_touches_and_moves_none(house: House) -> None:
    """Accepted on Monday with five working days: due on Monday; the Friday between becomes a day off."""
    accepted = await house.world.move(house.dossier, Trigger.ACCEPT, at=after(2))
    assert accepted.due_at == MONDAY
    looked = await house.says("calendar", "check", "--off", "2026-11-20", "--json")
    (touched,) = looked.json["touched"]
    assert (looked.code, touched["code"], looked.json["written"]) == (0, CODE, False)
    assert touched["would_be"].startswith("2026-11-24T")
    assert await calendar_version(house) == looked.json["before"], "checking changes nothing"

    done = await house.says("calendar", "change", "--off", "2026-11-20", "--why", "CV 12/UBND")
    assert (done.code, CODE in done.out, "24/11/2026" in done.out) == (0, True, True)
    assert await calendar_version(house) == looked.json["after"] != looked.json["before"]
    assert (await house.world.dossier(accepted)).due_at == MONDAY
    rows = await house.world.database.read(lambda tx: tx.audit.rows(limit=1000))
    told = [row.act for row in rows if row.act.act == "calendar.changed"]
    assert [(act.object_key, "CV 12/UBND" in act.detail) for act in told] == [("common", True)]
    again = await house.says("calendar", "check", "--off", "2026-11-20", "--json")
    assert again.json["touched"] == [], "it was told once; what was kept is not told again"


async def test_a_units_own_day_touches_its_own_dossiers_only(house: House) -> None:
    await house.world.move(house.dossier, Trigger.ACCEPT, at=after(2))
    other = await house.says("calendar", "check", "--off", "2026-11-20", "--unit", "so-khac", "--json")
    own = await house.says("calendar", "check", "--off", "2026-11-20", "--unit", OFFICE, "--json")
    assert (other.json["touched"], len(own.json["touched"])) == ([], 1)
    assert (await house.says("calendar", "change", "--off", "2026-11-20", "--why", "lễ", "--unit", OFFICE)).code == 0
    assert await calendar_version(house, OFFICE) != await calendar_version(house)


@pytest.mark.parametrize("words", [("check",), ("check", "--off", "1999-01-01"), ("change", "--why", "x")])
async def test_no_day_or_one_that_no_calendar_knows_is_refused(house: House, words: tuple[str, ...]) -> None:
    assert (await house.says("calendar", *words)).code == 2


async def calendar_version(house: House, unit: str = "") -> str:
    def read(tx: Tx) -> str:
        return tx.catalogue.calendar(UnitId(unit)).version

    return await house.world.database.read(read)
