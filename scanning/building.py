"""From leaves to an approved PDF/A: lay out, declare, judge.

Runs inside a worker child; a benchmark or a test may call it in its own process.
"""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from scanning import pdfa, textlayer, verify
from scanning.assemble import Leaf, assemble
from scanning.page import PageNote, PdfA
from scanning.provenance import FILE_NAME, Provenance, to_xml
from scanning.structure import BadFile
from schemas.document import ScanReason


def build(
    leaves: Sequence[Leaf],
    out: Path,
    *,
    identifier: str,
    title: str,
    flavour: str = pdfa.FLAVOUR,
    provenance: Provenance | None = None,
) -> PdfA:
    """Lay out, declare, judge; only an approved file ever stands at ``out``.

    Args:
        leaves: the pages, in order.
        out: where the approved file will stand.
        identifier: document key, for ``dc:identifier``.
        title: for ``dc:title``, in Vietnamese.
        flavour: "2b"; "2u" where the leaves have text; "3b" with ``provenance`` attached as XML. A page of a scanner's
            PDF that must be kept and shows text without Unicode makes of a 2u what it can promise, a 2b.
        provenance: where the pages come from; one entry for each leaf. For "3b", where it must be given.

    Raises:
        BadFile: a page cannot be carried over, or the judge refuses.
        ValueError: no such flavour, or "3b" and provenance do not go together.
    """
    draft_path = out.with_name(f".{out.name}.draft")
    _check_unchanged(leaves)
    try:
        draft = assemble(leaves, scratch=out.with_name(f".{out.name}.images"))
        if flavour == "2u" and draft.keeps_pages and any(textlayer.unmapped(draft.pdf)):
            flavour = "2b"
        candidate = pdfa.make(
            draft,
            draft_path,
            identifier=identifier,
            title=title,
            flavour=flavour,
            attachment=_manifest(provenance, identifier, leaves, draft.notes),
        )
        approved = verify.judge(candidate.path, flavour=flavour, notes=candidate.notes)
        draft_path.replace(out)
        _settle_folder(out.parent)
    finally:
        draft_path.unlink(missing_ok=True)
    return PdfA(out, approved.sha256, approved.size_bytes, approved.flavour, approved.notes)


def _check_unchanged(leaves: Sequence[Leaf]) -> None:
    """A failing disk or a scanner that writes on would put another page into the PDF: 0.8 ms for a page of 1.5 MB."""
    for path, sha256 in {(leaf.source.path, leaf.sha256) for leaf in leaves if leaf.sha256 is not None}:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise BadFile(ScanReason.DAMAGED, "Its bytes have changed since it was measured.")


def _manifest(
    told: Provenance | None, identifier: str, leaves: Sequence[Leaf], notes: Sequence[PageNote]
) -> pdfa.Attachment | None:
    if told is None:
        return None
    xml = to_xml(told, identifier, leaves, notes)
    return pdfa.Attachment(FILE_NAME, "Nguồn gốc các trang", xml)


def _settle_folder(folder: Path) -> None:
    """Make the rename durable, where the system lets a folder be synced."""
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
