"""``lienthong calendar check | change``: days decided otherwise, and the promises that they would touch."""

import asyncio
import dataclasses
import datetime as dt
import functools
from typing import Annotated

import cyclopts

from gateway.catalogue import calendars
from gateway.cli import opening
from gateway.cli.output import Exit, Json, complain, local, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.storage.database import Database
from schemas.audit import Act
from schemas.calendar import DayOverride, WorkCalendar
from schemas.discrepancy import Subject
from schemas.ids import DossierId, UnitId
from schemas.ports.stores import Tx
from tracking import advance, promises
from tracking.promises import Touched

PAGE = 500
"""Dossiers read in one transaction."""

app = cyclopts.App(name="calendar", help="Lịch làm việc: ngày nghỉ, ngày làm bù và các ngày hẹn chịu ảnh hưởng.")

Off = Annotated[tuple[dt.date, ...], cyclopts.Parameter(name="--off", help="A day off, YYYY-MM-DD; repeatable.")]
Work = Annotated[tuple[dt.date, ...], cyclopts.Parameter(name="--work", help="A day that is worked; repeatable.")]
Unit = Annotated[str, cyclopts.Parameter(name="--unit", help="Only for this unit; else for everybody.")]
Why = Annotated[str, cyclopts.Parameter(name="--why", help="Number of the decision, or the reason.")]


@dataclasses.dataclass(frozen=True, slots=True)
class Changed:
    """What ``--json`` prints: the calendar's versions before and after, and the promises that it touches."""

    unit: UnitId | None
    before: str
    after: str
    written: bool
    touched: tuple[Touched, ...]


@app.command
def check(*, off: Off = (), work: Work = (), unit: Unit = "", config: Config = None, json: Json = False) -> int:
    """Liệt kê các ngày hẹn sẽ khác đi nếu đổi lịch như vậy; không thay đổi gì.

    Exit codes: 0 listed; 2 no day, or a day outside of the calendar.
    """
    return _run(_rows(off, work, ""), unit, config, json=json, write=False)


@app.command
def change(
    *, why: Why, off: Off = (), work: Work = (), unit: Unit = "", config: Config = None, json: Json = False
) -> int:
    """Đổi lịch và liệt kê các ngày hẹn chịu ảnh hưởng; ngày đã hẹn giữ nguyên, từng hồ sơ do người quyết định.

    Exit codes: 0 changed; 2 no day, or a day outside of the calendar.
    """
    return _run(_rows(off, work, why), unit, config, json=json, write=True)


def _rows(off: tuple[dt.date, ...], work: tuple[dt.date, ...], why: str) -> tuple[DayOverride, ...]:
    return (
        *(DayOverride(day, working=False, why=why) for day in off),
        *(DayOverride(day, working=True, why=why) for day in work),
    )


def _run(rows: tuple[DayOverride, ...], unit: str, config: Config, *, json: bool, write: bool) -> int:
    settings = load_settings(config)
    if not rows:
        complain("Cần ít nhất một ngày: --off hoặc --work.")
        return Exit.BAD_INPUT

    async def run() -> Changed:
        async with opening.store(settings) as database:
            return await _change(database, rows, UnitId(unit), write=write)

    try:
        told = asyncio.run(run())
    except ValueError as error:
        complain(str(error))
        return Exit.BAD_INPUT
    if json:
        record(told)
    else:
        _print(told)
    return Exit.DONE


async def _change(database: Database, rows: tuple[DayOverride, ...], unit: UnitId, *, write: bool) -> Changed:
    before = await database.read(lambda tx: tx.catalogue.calendar(unit))
    after = calendars.changed(before, unit or None, rows)
    ids = await database.read(lambda tx: tx.nominations.every(Subject.DOSSIER))
    found: list[Touched] = []
    for first in range(0, len(ids), PAGE):
        page = tuple(DossierId(row) for row in ids[first : first + PAGE])
        found += await database.read(functools.partial(_page, page=page, unit=unit, changed=after))
    if write:
        await database.write(lambda tx: _put(tx, after, rows))
    return Changed(unit or None, before.version, after.version, write, tuple(found))


def _page(tx: Tx, *, page: tuple[DossierId, ...], unit: UnitId, changed: WorkCalendar) -> list[Touched]:
    """Touched promises of these dossiers."""
    found = []
    for dossier in sorted(tx.dossiers.many(page), key=lambda one: one.id):
        promise = advance.promise_of(tx, dossier) if dossier.state in promises.OPEN_STATES else None
        if promise is None or not _concerned(promise.calendar, dossier.competent_unit, unit):
            continue
        touched = promises.touched(dossier, promise, changed)
        if touched is not None:
            found.append(touched)
    return found


def _concerned(calendar: WorkCalendar, competent: UnitId, unit: UnitId) -> bool:
    """A unit's own change concerns its own dossiers; the common one those whose unit has no calendar of its own."""
    return competent == unit if unit else calendar.unit is None


def _put(tx: Tx, changed: WorkCalendar, rows: tuple[DayOverride, ...]) -> None:
    tx.catalogue.put_calendar(changed)
    days = ", ".join(f"{row.day} {'works' if row.working else 'off'}" for row in rows)
    who, key = opening.principal().who, changed.unit or "common"
    tx.audit.write(
        Act(SystemClock().now(), who, "calendar.changed", "calendar", key, changed.unit, f"{days}: {rows[0].why}"[:500])
    )


def _print(told: Changed) -> None:
    rows = [
        (
            one.code,
            one.unit,
            local(one.promised),
            local(one.would_be) or "ngoài lịch",
            ("chính thức" if one.final else "dự kiến") + (", đơn vị tự hẹn" if one.by_unit else ""),
        )
        for one in told.touched
    ]
    if rows:
        table("Ngày hẹn chịu ảnh hưởng", ("Hồ sơ", "Đơn vị", "Đã hẹn", "Theo lịch mới", "Loại"), rows)
    say(f"{len(rows)} ngày hẹn chịu ảnh hưởng; tất cả giữ nguyên.")
    say(f"Lịch {'đã đổi' if told.written else 'chưa đổi'}: {told.before} → {told.after}")
