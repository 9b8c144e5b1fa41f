"""Second half of the walk: the pages of a part are read where their text goes into the PDF, then bound into one PDF/A.

The originals are read where they lie now: in the work folder while the batch runs, where they are kept afterwards. The
same pages with the same policy give the same bytes, so a PDF that was lost is simply bound again.
"""

import asyncio
import importlib.metadata
import logging
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from scanning import protocol, stages
from scanning.approved import PdfA, approved_from_json
from scanning.batch import Ledger, Opened
from scanning.bounded import in_order
from scanning.ocr import NoTextReader, PageReader, PageToRead, PoolReader, Reading, reading_from_json, reading_to_json
from scanning.policy import LinePolicy, TextMode
from scanning.pool import WorkerPool
from scanning.protocol import Json
from scanning.stages import Stage
from scanning.structure import BadFile
from schemas.document import ScanBatch, ScannedPage, ScanReason
from schemas.ids import DossierCode

BUILD_S, BUILD_PAGE_S = 60.0, 2.0
"""Deadlines: of a document, and what each page adds to it."""
DEATHS_MOST = 3
"""Pages that may break a worker while the bad ones of a document are looked for."""

log = logging.getLogger(__name__)

Places = Mapping[str, Opened]
"""Where the bytes of each file of a batch are, by its name in the batch."""


class Binder:
    """Makes documents; serves any number of batches at the same time."""

    def __init__(
        self, pool: WorkerPool, *, out_dir: Path, policy: LinePolicy, reader: PageReader | None = None
    ) -> None:
        """``out_dir`` gets the PDFs, and the text layers while they are needed; ``reader`` is by default the pool's."""
        self._pool = pool
        self._reader = reader or PoolReader(pool, languages=policy.languages)
        self._out_dir = out_dir
        self._layers = out_dir / "layers"
        self._policy = policy

    def path_of(self, key: str) -> Path:
        """Where the document with this key stands once it is bound."""
        return self._out_dir / f"{key}.pdf"

    async def bind(
        self,
        ledger: Ledger,
        batch: ScanBatch,
        key: str,
        pages: Sequence[ScannedPage],
        places: Places,
        *,
        code: DossierCode | None,
    ) -> tuple[PdfA, Json]:
        """The approved PDF/A of these pages, and the worker's answer as the journal keeps it.

        Raises:
            BadFile: a page cannot be carried over, or the judge refuses.
            LineDown: not now; nothing is lost.
        """
        out = self.path_of(key)
        texts = await self._texts(ledger, pages, places) if self._policy.text is TextMode.LAYER else {}
        answer = await self._pool.run(
            protocol.BUILD,
            deadline_s=BUILD_S + BUILD_PAGE_S * len(pages),
            leaves=[_leaf(page, places[page.source], texts.get((page.source, page.source_page))) for page in pages],
            out=str(out),
            identifier=key,
            title=f"Hồ sơ {code}" if code else "Tài liệu quét chưa rõ hồ sơ",
            flavour=self._policy.flavour(text=bool(texts)),
            provenance=_provenance(batch, pages) if self._policy.provenance else None,
        )
        return approved_from_json(answer, out), answer

    async def faults(self, pages: Sequence[ScannedPage], places: Places) -> dict[int, BadFile]:
        """Which pages cannot be bound even alone, by their place in ``pages``, and why.

        It stops blaming pages when several in a row broke their worker: then the whole is at fault, not one of them.
        """
        found: dict[int, BadFile] = {}
        probe = self._out_dir / f"probe-{uuid.uuid4().hex}.pdf"
        for place, page in enumerate(pages):
            try:
                await self._pool.run(
                    protocol.BUILD,
                    deadline_s=BUILD_S,
                    leaves=[_leaf(page, places[page.source], None)],
                    out=str(probe),
                    identifier="probe",
                    title="probe",
                )
            except BadFile as bad:
                found[place] = bad
            finally:
                await asyncio.to_thread(probe.unlink, missing_ok=True)
            if sum(bad.reason in _BROKE_ITS_WORKER for bad in found.values()) >= DEATHS_MOST:
                return {}
        return found

    async def _texts(self, ledger: Ledger, pages: Sequence[ScannedPage], places: Places) -> dict[tuple[str, int], str]:
        """Text layers of the pages, by source and page number; none at all where the machine has no reader."""
        self._layers.mkdir(parents=True, exist_ok=True)
        jobs = (self._read(ledger, page, places[page.source]) for page in pages)
        try:
            readings = await in_order(jobs, at_once=self._pool.size)
        except NoTextReader as missing:
            log.warning("batch %s is bound without a text layer: %s", ledger.batch_id, missing)
            return {}
        return {
            (page.source, page.source_page): str(reading.layer)
            for page, reading in zip(pages, readings, strict=True)
            if reading.layer is not None
        }

    async def _read(self, ledger: Ledger, page: ScannedPage, place: Opened) -> Reading:
        """The words of one page, read once: from the journal while the layer still stands."""
        subject = stages.page_subject(page.source, page.source_page)
        layer = self._layers / f"{page.sha256}-{page.source_page}.pdf"
        known = ledger.result(subject, Stage.READ)
        same_way_up = known is not None and known.get("rotate_deg", 0) == page.rotate_deg
        if known is not None and same_way_up and (not known["layer"] or await asyncio.to_thread(layer.is_file)):
            return reading_from_json(known)
        told = PageToRead(
            place.path, place.kind, page.source_page, page.dpi, skew_deg=page.skew_deg, rotate_deg=page.rotate_deg
        )
        try:
            reading = await self._reader.read(told, layer=layer)
        except BadFile as bad:  # its words are lost, its image is not
            told_bad = {**reading_to_json(_UNREAD), "fault": bad.reason, "rotate_deg": page.rotate_deg}
            await ledger.record(subject, Stage.READ, told_bad)
            return _UNREAD
        await ledger.record(subject, Stage.READ, {**reading_to_json(reading), "rotate_deg": page.rotate_deg})
        return reading

    def forget_layers(self, pages: Sequence[ScannedPage]) -> None:
        """The document is bound and that is written down: its text layers are in it, and nowhere else any more."""
        for page in pages:
            (self._layers / f"{page.sha256}-{page.source_page}.pdf").unlink(missing_ok=True)


_BROKE_ITS_WORKER = (ScanReason.WORKER_DIED, ScanReason.DEADLINE)
_UNREAD = Reading("", None, "")


def _leaf(page: ScannedPage, place: Opened, text_pdf: str | None) -> Json:
    return {
        "path": str(place.path),
        "kind": place.kind,
        "page_no": page.source_page,
        "dpi": page.dpi,
        "skew_deg": page.skew_deg,
        "rotate_deg": page.rotate_deg,
        "crop": page.crop,
        "text_pdf": text_pdf,
        "sha256": page.sha256,
    }


def _provenance(batch: ScanBatch, pages: Sequence[ScannedPage]) -> Json:
    return {
        "station": batch.station,
        "operator": batch.operator,
        "batch": batch.id,
        "begun_at": batch.begun_at.isoformat(),
        "software": _software(),
        "origins": [[page.source, page.source_page, page.sha256] for page in pages],
    }


def _software() -> str:
    """Name and version of ourselves; a bare checkout has no version."""
    try:
        return f"lienthong {importlib.metadata.version('lienthong')}"
    except importlib.metadata.PackageNotFoundError:
        return "lienthong"
