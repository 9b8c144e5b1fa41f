"""``lienthong archive``: a closed dossier as a package for the digital archive."""

import asyncio
from pathlib import Path
from typing import Annotated

import cyclopts

from gateway.cli import opening
from gateway.cli.output import Exit, say
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.desk.archive import ArchiveDesk


def archive(
    dossier: Annotated[str, cyclopts.Parameter(help="Code of the closed dossier, the present one or an old one.")],
    /,
    *,
    out: Annotated[Path, cyclopts.Parameter(help="Folder that gets the package; made if it is missing.")],
    packed: Annotated[bool, cyclopts.Parameter(name="--zip", help="One ZIP file instead of a folder.")] = False,
    config: Config = None,
) -> int:
    """Xuất hồ sơ đã kết thúc thành gói lưu trữ số (METS, PREMIS, EAD) theo Thông tư 05/2025/TT-BNV.

    Exit codes: 0 made, its place is printed; 1 no fonds is set for the office; 2 no such dossier, or it is not final.
    """
    settings = load_settings(config)

    async def run() -> Path:
        await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
        async with opening.store(settings) as database:
            desk = ArchiveDesk(database, blob=database.blobs.path, clock=SystemClock(), fonds=settings.archive.fonds)
            return await desk.export(dossier, out, principal=opening.principal(), packed=packed)

    say(str(asyncio.run(run())))
    return Exit.DONE
