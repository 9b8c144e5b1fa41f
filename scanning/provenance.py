"""Where a document's pages come from: the record that a PDF/A-3b carries as an attached XML file.

The file says for each page which original it is, by name and SHA-256, what was done to its image (nothing, in the
common case: then the digest of the image in the PDF is that of the JPEG as it came), and who scanned it where, with
which software. It is made of the batch's record alone, without a look at the clock: the same document gives the same
bytes. Angles in degrees clockwise, boxes in pixels of the page as it was scanned, page numbers from 1.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from scanning.assemble import Leaf
from scanning.page import PageNote

FILE_NAME = "nguon-goc.xml"
"""Name of the attached file: "origin" in Vietnamese, without its marks for old readers."""
NAMESPACE = "urn:lienthong:provenance:1"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot say; a file's name may hold any."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The original of one page: its file's name as the operator knows it, page number (from 1) and SHA-256."""

    name: str
    page_no: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who scanned what, where, when.

    ``origins`` has one entry for each leaf, in order; ``software`` is name and version; ``begun_at`` is when the batch
    began, by its record.
    """

    station: str
    operator: str | None
    batch: str
    software: str
    origins: tuple[Origin, ...]
    begun_at: dt.datetime | None = None


def to_xml(told: Provenance, document: str, leaves: Sequence[Leaf], notes: Sequence[PageNote]) -> bytes:
    """The attached file, UTF-8. ``document`` is the key; ``notes`` are those of the pages laid out, in order.

    Raises:
        ValueError: origins and pages are not as many.
    """
    spaces = {None: NAMESPACE}
    root = etree.Element(_tag("provenance"), {"document": document}, nsmap=spaces)  # type: ignore[arg-type]  # lxml's stub forgets the default namespace
    facts = {
        "station": told.station,
        "operator": told.operator,
        "batch": told.batch,
        "begun": told.begun_at and told.begun_at.isoformat(),
        "software": told.software,
    }
    for name, text in facts.items():
        if text:
            etree.SubElement(root, _tag(name)).text = _sayable(text)
    for number, (origin, leaf, note) in enumerate(zip(told.origins, leaves, notes, strict=True), start=1):
        page = etree.SubElement(root, _tag("page"), {"number": str(number)})
        source = {"name": _sayable(origin.name), "page": str(origin.page_no), "sha256": origin.sha256}
        etree.SubElement(page, _tag("source"), source)
        image = etree.SubElement(page, _tag("image"), {"sha256": note.image_sha256, "dpi": str(leaf.dpi)})
        if note.conversion:
            image.set("conversion", note.conversion)
        etree.SubElement(page, _tag("shown"), _shown(leaf))
    written: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return written


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _sayable(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _shown(leaf: Leaf) -> dict[str, str]:
    shown = {"skew": f"{leaf.skew_deg:.2f}", "rotation": str(leaf.rotate_deg)}
    if leaf.crop is not None:
        shown["crop"] = " ".join(str(side) for side in leaf.crop)
    if leaf.text_pdf is not None:
        shown["text"] = "yes"
    return shown
