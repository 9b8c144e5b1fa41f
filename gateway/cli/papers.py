"""``lienthong scan``: the scan line on files, without a server."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from json import dumps
from pathlib import Path
from typing import Annotated

import cyclopts
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.cli.output import Exit, Json, complain, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.console.catalogue import sentence
from gateway.sealing import configured_sealer
from gateway.sections import Seal
from scanning.manifest import Manifest
from scanning.policy import LinePolicy, TextMode
from scanning.pool import LineDown
from scanning.progress import BatchProgress, Phase, ProgressBoard
from scanning.serverless import scan_paths
from schemas.document import FeedOrder
from schemas.errors import BadConfiguration
from schemas.ports.clock import Clock

_PHASES = {
    Phase.INSPECTING: "Kiểm tra tệp",
    Phase.MEASURING: "Đọc trang",
    Phase.BUILDING: "Lập PDF/A",
    Phase.ENDED: "Xong",
    Phase.WAITING: "Dừng",
}


def scan(
    inputs: Annotated[list[Path], cyclopts.Parameter(help="Images, PDFs or folders of them.")],
    /,
    *,
    out: Annotated[Path, cyclopts.Parameter(help="Folder for the documents and manifest.json; made if it is missing.")],
    text: Annotated[
        TextMode,
        cyclopts.Parameter(
            help="Words on the pages: not read, written beside the PDF as .txt, or laid under the image (PDF/A-2u)."
        ),
    ] = TextMode.NONE,
    languages: Annotated[str, cyclopts.Parameter(help="Languages of the text reader, such as vie+eng.")] = "vie",
    provenance: Annotated[
        bool, cyclopts.Parameter(help="Attach where each page comes from as XML (PDF/A-3b).", show_default=False)
    ] = False,
    order: Annotated[
        FeedOrder,
        cyclopts.Parameter(
            name=("--order", "--duplex"),
            help="How sheets of two sides were fed; stack: all fronts, then the turned stack with all backs.",
        ),
    ] = FeedOrder.AS_FED,
    seal: Annotated[
        bool,
        cyclopts.Parameter(
            help="Seal what is not in doubt, as section [seal] of the settings says.", show_default=False
        ),
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Quét ảnh, PDF hoặc thư mục thành PDF/A và manifest.json; không cần máy chủ.

    Exit codes: 0 everything became PDF/A; 2 something was set aside or could not be read (its neighbours went through);
    3 it cannot be done here now (workers, disk, no text reader, key or time stamp of the seal away); 1 wrong settings.
    """
    clock = SystemClock()
    policy = LinePolicy(text=text, languages=languages, provenance=provenance, order=order)
    sealing = _sealing(config) if seal else Seal()
    try:
        with _bar(clock) as board:
            manifest = asyncio.run(_scan(inputs, out, clock, policy, board, sealing))
    except LineDown as down:
        complain(f"{sentence('trouble.line_down')} {down}")
        return Exit.DEPENDENCY
    if json:
        say(dumps(manifest.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(manifest)
    if manifest.unread:
        complain(f"{sentence('scan.no_text_reader')} {manifest.unread}")
        return Exit.DEPENDENCY
    return Exit.DONE if manifest.is_clean else Exit.BAD_INPUT


async def _scan(
    inputs: list[Path], out: Path, clock: Clock, policy: LinePolicy, board: ProgressBoard, sealing: Seal
) -> Manifest:
    async with configured_sealer(sealing, clock=clock) as sealer:
        return await scan_paths(inputs, out, clock=clock, policy=policy, board=board, sealer=sealer)


def _sealing(config: Path | None) -> Seal:
    """The settings of the seal.

    Raises:
        BadConfiguration: they say that nothing is sealed.
    """
    sealing = load_settings(config).seal
    if sealing.level == "none":
        raise BadConfiguration("--seal asks for a seal, and the setting seal.level says none.", subject="seal.level")
    return sealing


@contextlib.contextmanager
def _bar(clock: Clock) -> Iterator[ProgressBoard]:
    """A board whose strokes move a bar on standard error, where somebody watches."""
    if not sys.stderr.isatty():
        yield ProgressBoard(clock)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(_PHASES[Phase.INSPECTING], total=None)

        def move(told: BatchProgress) -> None:
            building = told.phase is Phase.BUILDING
            done, total = (
                (told.documents + told.waiting, told.documents_total)
                if building
                else (told.pages_done, told.pages_total)
            )
            bar.update(task, description=_PHASES[told.phase], completed=done, total=total or None)

        yield ProgressBoard(clock, on_change=move)


def _print(manifest: Manifest) -> None:
    made = [
        (d.path.name, d.dossier_code or "(chưa rõ)", len(d.pages), d.conformance, d.seal.level if d.seal else "")
        for d in manifest.documents
    ]
    table("Tài liệu", ("Tệp", "Mã hồ sơ", "Số trang", "Chuẩn", "Ký số"), made)
    if manifest.quarantine:
        kept = [(item.source, item.source_page, sentence(item.reason.text)) for item in manifest.quarantine]
        table("Để riêng", ("Tệp", "Trang", "Lý do"), kept)
    for error in manifest.errors:
        complain(f"{error.source}: {error.reason}")
