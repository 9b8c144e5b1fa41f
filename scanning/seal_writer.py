"""How a seal is appended to a file: pyHanko's writer kept quiet, and how people see the page that gets the stamp."""

import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError

from scanning.seal_objects import first_page
from scanning.stamp import Box, Sheet
from scanning.structure import BadFile
from schemas.document import ScanReason

_INHERITED = ("/MediaBox", "/CropBox", "/Rotate")
_DEEPEST = 50
"""Levels of the page tree; ours has two."""


class QuietWriter(IncrementalPdfFileWriter):
    """pyHanko's writer without its own marks: no /Info, no new producer, no date in the metadata.

    The metadata of an approved file is part of what was approved; a producer in /Info that differs from the one in XMP
    is what validators warn of.
    """

    def _update_meta(self) -> None:
        return


def fresh_writer(data: bytes) -> QuietWriter:
    """A writer for an approved file.

    Raises:
        BadFile: SIGNED, there is a seal in it; NOT_CONFORMANT, it cannot be read.
    """
    try:
        writer = QuietWriter(io.BytesIO(data))
        signed = "/AcroForm" in writer.root or "/DSS" in writer.root
    except (PdfError, ValueError, KeyError) as error:
        raise BadFile(ScanReason.NOT_CONFORMANT, f"{type(error).__name__}: {error}") from error
    if signed:
        raise BadFile(ScanReason.SIGNED)
    return writer


def sheet_of(writer: IncrementalPdfFileWriter) -> Sheet:
    """How people see page one."""
    page = first_page(writer.root).get_object()
    told = {}
    node = page
    for _ in range(_DEEPEST):
        told = {**{key: node[key] for key in _INHERITED if key in node}, **told}
        if "/Parent" not in node:
            break
        node = node["/Parent"]
    media, crop = _box(told["/MediaBox"]), _box(told.get("/CropBox", told["/MediaBox"]))
    seen = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
    return Sheet(seen, int(told.get("/Rotate", 0)) % 360, float(page.get("/UserUnit", 1)))


def _box(found: generic.ArrayObject) -> Box:
    one, two, three, four = (float(edge) for edge in found)
    return min(one, three), min(two, four), max(one, three), max(two, four)
