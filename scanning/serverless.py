"""The scan line without a server: files and folders in, PDF/A and `manifest.json` out. Behind `lienthong scan`."""

import asyncio
import dataclasses
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from scanning.approved import Sealer
from scanning.feed import visible_files
from scanning.journal import FileJournal
from scanning.manifest import InputError, Manifest
from scanning.ocr import PoolReader
from scanning.pipeline import InputFile, Pipeline
from scanning.policy import LinePolicy
from scanning.pool import WorkerPool
from scanning.progress import ProgressBoard
from scanning.text_queue import TextQueue
from schemas.document import DocumentText, ScanBatch, ScannedDocument, SetAside
from schemas.ports.clock import Clock
from schemas.ports.documents import Delivered

STATION = "scan"


async def scan_paths(
    inputs: Sequence[Path],
    out_dir: Path,
    *,
    clock: Clock,
    policy: LinePolicy | None = None,
    sealer: Sealer | None = None,
    workers: int | None = None,
    board: ProgressBoard | None = None,
) -> Manifest:
    """Scan the inputs as one batch, in the order given; originals are read and never touched.

    Args:
        inputs: image files, PDFs, and folders (walked in natural order of names: 2 before 10).
        out_dir: made if missing; gets the PDFs and ``manifest.json``.
        clock: whose now is the time of the run.
        policy: text, provenance, order of the feed; default: none of it.
        sealer: seals what is not in doubt; default: nothing is sealed.
        workers: worker processes; default one a processor.
        board: told of every step, for a progress bar.

    Returns:
        The manifest, as written. ``is_clean`` is what the exit code asks.

    Raises:
        LineDown: workers do not start or the disk is full; nothing is half done that a second run does not mend.
        SealingWaits: the key or the timestamp authority is away; nobody would be there later to seal what waits.
        OSError: ``out_dir`` cannot be made.
    """
    policy = dataclasses.replace(policy or LinePolicy(), cards=True)  # the folder holds the card's picture as well
    await asyncio.to_thread(out_dir.mkdir, parents=True, exist_ok=True)
    files, errors = await asyncio.to_thread(gather, inputs, leave_out=out_dir)
    batch = ScanBatch(id="scan", station=STATION, operator=None, begun_at=clock.now())
    inbox = FolderInbox(out_dir)
    journal = FileJournal(":memory:")
    try:
        with tempfile.TemporaryDirectory(prefix=".scan-", dir=out_dir) as drafts:
            async with WorkerPool(workers) as pool:
                line = Pipeline(
                    *(pool, journal, inbox),
                    out_dir=Path(drafts),
                    clock=clock,
                    policy=policy,
                    sealer=sealer,
                    board=board,
                )
                report = await line.process(batch, files)
                if line.sealing_trouble is not None:
                    raise line.sealing_trouble
                reader = PoolReader(pool, languages=policy.languages)
                texts = TextQueue(journal, reader, inbox, clock=clock, at_once=pool.size)
                await texts.drain()
    finally:
        journal.close()
    documents = tuple(dataclasses.replace(document, path=inbox.where[document.key]) for document in report.documents)
    manifest = Manifest(documents, report.set_aside, tuple(errors), unread=texts.missing)
    await asyncio.to_thread(manifest.write, out_dir)
    return manifest


class FolderInbox:
    """A :class:`schemas.ports.documents.DocumentInbox` that is a folder: files named by dossier code and number.

    Circular 02/2019 names a file by the dossier code and the document's number, with a dot between them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counts: dict[str, int] = {}
        self.where: dict[str, Path] = {}
        """Document key to the file."""

    async def deliver(self, document: ScannedDocument) -> Delivered:
        """Move the file in under its name."""
        if document.key in self.where:
            return Delivered(document.key, repeated=True)
        stem = document.dossier_code or "chua-ro-ho-so"
        self._counts[stem] = self._counts.get(stem, 0) + 1
        target = self._folder / f"{stem}.{self._counts[stem]:03d}.pdf"
        await asyncio.to_thread(os.replace, document.path, target)
        self.where[document.key] = target
        return Delivered(document.key, repeated=False)

    async def set_aside(self, item: SetAside) -> None:
        """Nothing to move: the original stays where it lies, and the manifest names it."""

    async def read(self, text: DocumentText) -> None:
        """Write the text beside its PDF, as ``NAME.txt``; pages are parted by form feeds."""
        pdf = self.where.get(text.key)
        if pdf is not None:
            whole = "\f".join(page.text for page in text.pages)
            await asyncio.to_thread(pdf.with_suffix(".txt").write_text, whole, "utf-8")


def gather(inputs: Sequence[Path], *, leave_out: Path) -> tuple[list[InputFile], list[InputError]]:
    """Files of the inputs in order, and the inputs that cannot be used. A file named twice counts once.

    ``leave_out`` is the output folder, which may lie inside an input and is no input itself.
    """
    files: dict[Path, InputFile] = {}
    errors = []
    for given in inputs:
        if not given.exists():
            errors.append(InputError(str(given), "unreadable: There is no such file or folder."))
            continue
        found = list(_walk(given, leave_out.resolve())) if given.is_dir() else [(given.name, given)]
        if not found:
            errors.append(InputError(str(given), "empty: The folder holds no files."))
        for name, path in found:
            if not os.access(path, os.R_OK) or not path.is_file():
                errors.append(InputError(str(path), "unreadable: The file may not be opened."))
            else:
                files.setdefault(path.resolve(), InputFile(name, path, path.resolve()))
    return _with_unique_names(list(files.values())), errors


def _walk(folder: Path, leave_out: Path) -> Iterator[tuple[str, Path]]:
    for path in visible_files(folder):
        if not path.resolve().is_relative_to(leave_out):
            yield path.relative_to(folder).as_posix(), path


def _with_unique_names(files: list[InputFile]) -> list[InputFile]:
    """Names must be unique in a batch; where two folders hold the same name, both are called by their full path."""
    counts: dict[str, int] = {}
    for file in files:
        counts[file.name] = counts.get(file.name, 0) + 1
    return [dataclasses.replace(file, name=str(file.path)) if counts[file.name] > 1 else file for file in files]
