"""``lienthong simulate``: a seeded world with planted faults, and how well the rules find them."""

import asyncio
import dataclasses
import tempfile
from pathlib import Path
from typing import Annotated

import cyclopts

from gateway.cli.output import Exit, Json, complain, record, say, table
from gateway.simulate import drive, families
from gateway.simulate.drive import Played
from gateway.simulate.naive import Tally
from gateway.simulate.score import Alarm, TypeScore
from gateway.simulate.world import World


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What ``--check --json`` prints."""

    seed: int
    recall: float | None
    precision: float | None
    types: dict[str, TypeScore]
    false_alarms: tuple[Alarm, ...]
    missed: tuple[str, ...]
    naive: Tally
    ours: Tally


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """What ``--json`` prints without ``--check``: the size of the world, nothing of its truth."""

    seed: int
    plots: int
    events: int
    cases: int
    slips: tuple[str, ...]


def simulate(
    *,
    seed: Annotated[int, cyclopts.Parameter(help="Number of the world; the same number gives the same world.")],
    check: Annotated[bool, cyclopts.Parameter(help="Compare the cases with the truth: recall and precision.")] = False,
    json: Json = False,
    faults: Annotated[int, cyclopts.Parameter(help="Planted faults of each type.")] = families.FAULTS,
    mimics: Annotated[int, cyclopts.Parameter(help="Innocent look-alikes of each type.")] = families.MIMICS,
    ordinary: Annotated[
        int, cyclopts.Parameter(help="Dossiers to which nothing happens that a rule should see.")
    ] = families.ORDINARY,
    out: Annotated[Path | None, cyclopts.Parameter(help="Empty folder for the store and truth.jsonl.")] = None,
) -> int:
    """Một thế giới giả lập có lỗi cài sẵn: các luật tìm ra bao nhiêu, báo nhầm bao nhiêu.

    Exit codes: 0 simulated; 2 the world slipped: something it meant to do was refused, so its figures prove nothing.
    """
    world = World(seed)
    families.plant(world, faults=faults, mimics=mimics, ordinary=ordinary)
    if out is None:
        with tempfile.TemporaryDirectory(prefix="lienthong-world-") as name:
            played = asyncio.run(drive.run(world, Path(name)))
    else:
        out.mkdir(parents=True, exist_ok=True)
        played = asyncio.run(drive.run(world, out))
    _tell(seed, world, played, check=check, json=json)
    for slip in played.slips:
        complain(slip)
    return Exit.BAD_INPUT if played.slips else Exit.DONE


def _tell(seed: int, world: World, played: Played, *, check: bool, json: bool) -> None:
    score = played.score
    cases = sum(one.right + one.wrong for one in score.types.values())
    told = Simulated(seed, len(world.truth), played.events, cases, played.slips)
    checked = Checked(
        seed,
        score.recall,
        score.precision,
        score.types,
        score.false_alarms,
        score.missed,
        played.naive,
        played.ours,
    )
    if json:
        record(checked if check else told)
        return
    say(f"Thế giới {seed}: {told.plots} câu chuyện, {told.events} tin bưu chính, {told.cases} sai lệch được mở")
    if check:
        _print(checked)


def _print(checked: Checked) -> None:
    say(f"Tìm ra {checked.recall} (recall), đúng {checked.precision} (precision)\n")
    rows = [
        (
            name,
            one.state,
            f"{one.found}/{one.planted}",
            one.recall,
            one.wrong,
            one.precision,
            f"{one.fooled}/{one.mimics}",
            one.hours_p50,
            one.hours_p95,
        )
        for name, one in checked.types.items()
    ]
    columns = ("Loại", "Luật", "Tìm ra", "Recall", "Báo nhầm", "Precision", "Nhầm vỏ", "Giờ p50", "Giờ p95")
    table("Theo loại", columns, rows)
    alarms = [(one.rule, one.subject, one.plot, one.says) for one in checked.false_alarms]
    if alarms:
        table("Báo nhầm", ("Luật", "Đối tượng", "Câu chuyện", "Bằng chứng"), alarms)
    for missed in checked.missed:
        say(f"Bỏ sót {missed}")
    rows_of = [
        (name, one.items, one.kept, one.duplicates, one.regressions, one.false_deliveries)
        for name, one in (("gộp đơn giản", checked.naive), ("lienthong", checked.ours))
    ]
    table("Cùng tin, hai cách gộp", ("Cách", "Bưu gửi", "Tin giữ", "Trùng", "Lùi", "Phát khống"), rows_of)
