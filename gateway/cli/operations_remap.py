"""``lienthong remap FILE --carrier C``: a carrier told what its codes mean; history is read again by it."""

import asyncio
import dataclasses
import datetime as dt
import json as jsons
from pathlib import Path
from typing import Annotated, Final

import cyclopts

from gateway.cli import opening
from gateway.cli.operations_import import DryRun
from gateway.cli.output import Exit, Json, complain, record, say
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.importing.lines import lines
from gateway.importing.taking import nobody
from gateway.storage.codec import from_json
from gateway.workers.rules import full_pass
from schemas.ids import CarrierId, ItemId
from schemas.ports.stores import Tx
from tracking import ingest, reading
from tracking.remap import CodeTable, DatedMeaning, Remapped, remap

_FIELDS: Final = {field.name for field in dataclasses.fields(DatedMeaning)}


class _DryRun(Exception):
    def __init__(self, done: Remapped) -> None:
        super().__init__()
        self.done = done


@dataclasses.dataclass(frozen=True, slots=True)
class Again:
    """What ``--json`` prints."""

    carrier: CarrierId
    dry_run: bool
    items: int
    events: int
    changed: int


def remap_codes(
    file: Annotated[Path, cyclopts.Parameter(help="JSONL: code_list, code, since, until (dates or null), mapped.")],
    /,
    *,
    carrier: Annotated[str, cyclopts.Parameter(help="Whose codes they are.")],
    dry_run: DryRun = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Đọc lại lịch sử theo bảng mã (có ngày hiệu lực) của hãng; sự kiện chờ vì mã lạ được tính lại.

    Exit codes: 0 done; 2 no such file, or the table cannot be read. The adapter's own table says what new events mean.
    """
    settings = load_settings(config)
    if not file.is_file():
        complain(f"Không có tệp {file}.")
        return Exit.BAD_INPUT
    try:
        table = CodeTable(CarrierId(carrier), [_meaning(line.raw) for line in lines(file)])
    except ValueError as error:
        complain(f"Bảng mã không dùng được: {error}")
        return Exit.BAD_INPUT
    done = asyncio.run(_run(settings, table, dry=dry_run))
    if json:
        record(done)
    else:
        head = "Nếu đọc lại: " if dry_run else ""
        say(f"{head}{done.items} bưu gửi, {done.events} sự kiện đổi nghĩa, {done.changed} bưu gửi đổi trạng thái.")
    return Exit.DONE


def _meaning(raw: bytes) -> DatedMeaning:
    told = jsons.loads(raw)
    if not isinstance(told, dict) or not set(told) <= _FIELDS:
        raise ValueError(f"each line is an object with {', '.join(sorted(_FIELDS))}")
    return from_json(jsons.dumps({"since": None, "until": None, **told}), DatedMeaning)


async def _run(settings: Settings, table: CodeTable, *, dry: bool) -> Again:
    clock = SystemClock()
    total = Again(table.carrier, dry, 0, 0, 0)
    async with opening.store(settings) as database:
        after: ItemId | None = None
        while True:
            now, who, place = clock.now(), opening.principal().who, after

            def chunk(tx: Tx, now: dt.datetime = now, who: str = who, place: ItemId | None = place) -> Remapped:
                done = remap(tx, table, now=now, by=who, after=place)
                ingest.refold_items(
                    tx, done.changed, tell=nobody, context_source=reading.load_context, now=now, by=who, settle=False
                )
                if dry:
                    raise _DryRun(done)
                return done

            try:
                done = await database.write(chunk)
            except _DryRun as rolled_back:
                done = rolled_back.done
            sums = (total.items + done.items, total.events + done.events, total.changed + len(done.changed))
            total = Again(table.carrier, dry, *sums)
            after = done.after
            if after is None:
                break
        if not dry and total.events:
            await full_pass(database, peers=(), clock=clock, context=reading.load_context)
    return total
