"""From leaves to an approved PDF/A: lay out, declare, judge.

Runs inside a worker child; a benchmark or a test may call it in its own process.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from scanning import pdfa, verify
from scanning.assemble import Leaf, assemble
from scanning.page import PdfA
from scanning.provenance import Provenance


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
        flavour: "2b"; "2u" for leaves with text; "3b" with ``provenance`` attached as XML.
        provenance: where the pages come from; one origin for each leaf.

    Raises:
        BadFile: a page cannot be carried over, or the judge refuses.
    """
    draft_path = out.with_name(f".{out.name}.draft")
    try:
        candidate = pdfa.make(assemble(leaves), draft_path, identifier=identifier, title=title)
        approved = verify.judge(candidate.path, flavour=pdfa.FLAVOUR, notes=candidate.notes)
        draft_path.replace(out)
        _settle_folder(out.parent)
    finally:
        draft_path.unlink(missing_ok=True)
    return PdfA(out, approved.sha256, approved.size_bytes, approved.flavour, approved.notes)


def _settle_folder(folder: Path) -> None:
    """Make the rename durable, where the system lets a folder be synced."""
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
