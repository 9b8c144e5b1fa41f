"""A draft becomes a PDF/A candidate, 2b, 2u or 3b: output intent, XMP, and nothing that depends on the day.

The same pages give the same bytes: the colour profile is frozen in the tree (Pillow's sRGB, "no copyright, use freely",
its date pinned), the file identifier is made from the content, no date is written and no /Info exists (a signer would
rewrite it and leave XMP behind). XMP uses predefined schemas only: a custom namespace needs an extension schema, which
half the validators refuse. Station, operator and batch are on the document's record; only a 3b carries them, as the
XML file of :mod:`scanning.provenance`.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pikepdf.pdfa
from lxml import etree

from scanning.page import PageNote, PdfDraft
from scanning.structure import BadFile
from schemas.document import ScanReason

FLAVOUR = "2b"
"""What is declared when nothing else is asked for."""
FLAVOURS = ("2b", "2u", "3b")
PROFILE = Path(__file__).with_name("srgb.icc")
_NS = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
}
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Attachment:
    """An XML file that a 3b carries."""

    name: str
    says: str
    xml: bytes


@dataclass(frozen=True, slots=True)
class Candidate:
    """Written, durable, not judged: only :mod:`scanning.verify` may call it a PDF/A."""

    path: Path
    notes: tuple[PageNote, ...]


def make(
    draft: PdfDraft,
    out: Path,
    *,
    identifier: str,
    title: str,
    flavour: str = FLAVOUR,
    attachment: Attachment | None = None,
) -> Candidate:
    """Declare the draft PDF/A and write it to ``out``, durably.

    Args:
        draft: pages laid out; the draft is changed and its files are closed.
        out: path of the candidate; overwritten.
        identifier: document key, for ``dc:identifier``.
        title: for ``dc:title``, in Vietnamese.
        flavour: one of :data:`FLAVOURS`; part 3 only differs by the file attached.
        attachment: for "3b".

    Raises:
        BadFile: a kept page cannot be repaired for PDF/A, or a source stream is damaged.
        ValueError: no such flavour, or an attachment in part 2.
    """
    if flavour not in FLAVOURS or (attachment is not None) != (flavour == "3b"):
        raise ValueError(f"flavour {flavour}, {'an' if attachment else 'no'} attachment")
    pdf = draft.pdf
    try:
        if draft.keeps_pages:
            pikepdf.pdfa.prepare(pdf, judged_as(flavour))  # kept pages: annotations, interpolation, scripts
        if attachment is not None:
            _attach(pdf, attachment)
        _declare(pdf, xmp(identifier, title, flavour))
        pdf.save(
            out,
            min_version="1.7",
            object_stream_mode=pikepdf.ObjectStreamMode.disable,  # a plain xref table is what our byte check can read
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            compress_streams=False,
            deterministic_id=True,
            fix_metadata_version=False,
        )
    except (pikepdf.PdfError, ValueError) as error:
        raise BadFile(ScanReason.NOT_CONFORMANT, str(error)) from error
    finally:
        draft.files.close()
    _settle(out)
    return Candidate(out, draft.notes)


def judged_as(flavour: str) -> str:
    """The flavour that `pikepdf.pdfa` is asked about: it knows no level U, whose other rules are those of B."""
    return flavour[0] + "b"


def _declare(pdf: pikepdf.Pdf, packet: bytes) -> None:
    profile = pikepdf.Stream(pdf, PROFILE.read_bytes())
    profile["/N"] = 3
    intent = pikepdf.Dictionary(
        Type=pikepdf.Name.OutputIntent,
        S=pikepdf.Name.GTS_PDFA1,
        OutputConditionIdentifier=pikepdf.String("sRGB IEC61966-2.1"),
        Info=pikepdf.String("sRGB IEC61966-2.1"),
        RegistryName=pikepdf.String("http://www.color.org"),
        DestOutputProfile=pdf.make_indirect(profile),
    )
    pdf.Root["/OutputIntents"] = pikepdf.Array([intent])
    metadata = pikepdf.Stream(pdf, packet)
    metadata["/Type"] = pikepdf.Name.Metadata
    metadata["/Subtype"] = pikepdf.Name.XML
    pdf.Root["/Metadata"] = pdf.make_indirect(metadata)
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]


def _attach(pdf: pikepdf.Pdf, attachment: Attachment) -> None:
    """Embed the file and name it as a supplement of the whole document (ISO 19005-3, 6.8). It carries no date."""
    stream = pikepdf.Stream(pdf, attachment.xml)
    stream["/Type"] = pikepdf.Name.EmbeddedFile
    stream["/Subtype"] = pikepdf.Name("/text/xml")
    stream["/Params"] = pikepdf.Dictionary(Size=len(attachment.xml))
    embedded = pdf.make_indirect(stream)
    file = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Filespec,
            F=pikepdf.String(attachment.name),
            UF=pikepdf.String(attachment.name),
            Desc=pikepdf.String(attachment.says),
            AFRelationship=pikepdf.Name.Supplement,
            EF=pikepdf.Dictionary(F=embedded, UF=embedded),
        )
    )
    names = pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String(attachment.name), file]))
    pdf.Root["/Names"] = pikepdf.Dictionary(EmbeddedFiles=names)
    pdf.Root["/AF"] = pikepdf.Array([file])


def xmp(identifier: str, title: str, flavour: str = FLAVOUR) -> bytes:
    """The XMP packet: PDF/A part and level, identifier, title, format and producer."""
    root = etree.Element(_tag("x", "xmpmeta"), nsmap={"x": _NS["x"]})
    rdf = etree.SubElement(root, _tag("rdf", "RDF"), nsmap={"rdf": _NS["rdf"]})
    spaces = {prefix: _NS[prefix] for prefix in ("dc", "pdf", "pdfaid", "xmp")}
    about = etree.SubElement(rdf, _tag("rdf", "Description"), {_tag("rdf", "about"): ""}, nsmap=spaces)
    for prefix, name, text in (
        ("pdfaid", "part", flavour[0]),
        ("pdfaid", "conformance", flavour[1].upper()),
        ("dc", "format", "application/pdf"),
        ("dc", "identifier", identifier),
        ("pdf", "Producer", "lienthong"),
        ("xmp", "CreatorTool", "lienthong"),
    ):
        etree.SubElement(about, _tag(prefix, name)).text = text
    choices = etree.SubElement(etree.SubElement(about, _tag("dc", "title")), _tag("rdf", "Alt"))
    etree.SubElement(choices, _tag("rdf", "li"), {_XML_LANG: "x-default"}).text = title
    body: bytes = etree.tostring(root, encoding="utf-8")
    begin = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'.encode()
    return begin + body + b'\n<?xpacket end="w"?>'


def _tag(prefix: str, name: str) -> str:
    return f"{{{_NS[prefix]}}}{name}"


def _settle(path: Path) -> None:
    """Push the bytes to the disk before anybody renames the file."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
