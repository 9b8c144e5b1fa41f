"""Writing a package: lay out, describe, prove, and only then let it be seen.

::

    urn_<fonds>_uuid_<uuid>/
      METS.xml
      metadata/descriptive/EAD.xml   metadata/preservation/PREMIS.xml
      documentation/ho-so.json
      schemas/*.xsd
      representations/rep1/METS.xml
      representations/rep1/data/<dossier code>.001.pdf …
      representations/rep1/metadata/preservation/PREMIS.xml
"""

import functools
import hashlib
import os
import shutil
import tempfile
import zipfile
from pathlib import Path

from lxml import etree

from scanning.archive.ead import ead
from scanning.archive.mets import Contents, Group, Laid, mets
from scanning.archive.order import ArchiveOrder, file_name
from scanning.archive.premis import premis
from scanning.archive.xml import written
from schemas.errors import Stale

CONTRACT = Path(__file__).with_name("contract")
SCHEMAS = ("mets.xsd", "xlink.xsd", "DILCISExtensionMETS.xsd")
REPRESENTATION = "rep1"
_BUFFER = 1 << 20


def write(order: ArchiveOrder, documentation: bytes, folder: Path) -> Path:
    """Make the package as a folder below ``folder``; nothing stands there before all of it is proven.

    Args:
        order: what goes in.
        documentation: the dossier's own record as JSON, kept beside its papers.
        folder: exists; gets one new folder, named by the package's id. One that is there already is the same package.

    Returns:
        The folder.

    Raises:
        Stale: a document's bytes are not those that were attached.
        OSError: the disk refuses.
    """
    target = folder / order.folder_name
    if target.exists():
        return target
    with tempfile.TemporaryDirectory(prefix=".package-", dir=folder) as fresh:
        made = Path(fresh) / order.folder_name
        _lay_out(order, documentation, made)
        made.replace(target)
    return target


def write_zip(order: ArchiveOrder, documentation: bytes, folder: Path) -> Path:
    """The same as one ZIP file, ``<package>.zip``, stored without compression: PDFs hold compressed images already."""
    target = folder / f"{order.folder_name}.zip"
    with tempfile.TemporaryDirectory(prefix=".package-", dir=folder) as fresh:
        made = Path(fresh) / order.folder_name
        _lay_out(order, documentation, made)
        draft = Path(fresh) / target.name
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for path in sorted(made.rglob("*")):
                if path.is_file():
                    _add(archive, path, f"{order.folder_name}/{path.relative_to(made).as_posix()}")
        draft.replace(target)
    return target


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    """One entry with a fixed time, so that the same package is the same ZIP."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o644 << 16
    with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as out:
        shutil.copyfileobj(source, out, _BUFFER)


def _lay_out(order: ArchiveOrder, documentation: bytes, made: Path) -> None:
    inner = made / "representations" / REPRESENTATION
    (inner / "data").mkdir(parents=True)
    papers = []
    for number, file in enumerate(order.files, start=1):
        name = file_name(order, number)
        laid = _copied(file.path, inner / "data" / name, f"data/{name}", "application/pdf")
        if laid.sha256 != file.document.sha256:
            raise Stale("the document's bytes are not those that were attached", subject=file.document.key)
        papers.append(laid)
    told = premis(order)
    _described(order, inner, tuple(papers), told)
    representation = _stated(inner / "METS.xml", f"representations/{REPRESENTATION}/METS.xml", "application/xml")
    below = tuple(_moved(laid, f"representations/{REPRESENTATION}/") for laid in papers)
    schemas = []
    for name in SCHEMAS:
        place = made / "schemas" / name
        place.parent.mkdir(exist_ok=True)
        schemas.append(_copied(CONTRACT / name, place, f"schemas/{name}", "application/xml"))
    contents = Contents(
        name=order.package_id,
        label=f"Hồ sơ {order.dossier.code}",
        up="",
        descriptive=(_put(made, "metadata/descriptive/EAD.xml", ead(order), "application/xml", "EAD"),),
        preservation=(_put(made, "metadata/preservation/PREMIS.xml", told, "application/xml", "PREMIS"),),
        groups=(
            Group("Documentation", (_put(made, "documentation/ho-so.json", documentation, "application/json"),)),
            Group("Schemas", tuple(schemas)),
            Group(f"Representations/{REPRESENTATION}", (representation, *below)),
        ),
        representation=REPRESENTATION,
    )
    _put(made, "METS.xml", _proven(mets(order, contents)), "application/xml")


def _described(order: ArchiveOrder, inner: Path, papers: tuple[Laid, ...], told: bytes) -> None:
    contents = Contents(
        name=REPRESENTATION,
        label=f"Hồ sơ {order.dossier.code}: bản số hóa",
        up="../../",
        descriptive=(),
        preservation=(_put(inner, "metadata/preservation/PREMIS.xml", told, "application/xml", "PREMIS"),),
        groups=(Group("Representations/data", papers),),
        representation=None,
    )
    _put(inner, "METS.xml", _proven(mets(order, contents)), "application/xml")


def _proven(told: etree._Element) -> bytes:
    """The document as bytes; what the schema refuses is a fault of this program, never shown as a package."""
    _schema().assertValid(told)
    return written(told)


@functools.cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(CONTRACT / "package.xsd"))


def _put(folder: Path, href: str, content: bytes, mime: str, kind: str = "") -> Laid:
    place = folder / href
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as out:
        out.write(content)
        os.fsync(out.fileno())
    return Laid(href, len(content), hashlib.sha256(content).hexdigest(), mime, kind)


def _copied(source: Path, place: Path, href: str, mime: str) -> Laid:
    """Copy in pieces, digest on the way: a document may be hundreds of megabytes."""
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as opened, place.open("wb") as out:
        while chunk := opened.read(_BUFFER):
            digest.update(chunk)
            size += len(chunk)
            out.write(chunk)
        os.fsync(out.fileno())
    return Laid(href, size, digest.hexdigest(), mime)


def _stated(place: Path, href: str, mime: str) -> Laid:
    content = place.read_bytes()
    return Laid(href, len(content), hashlib.sha256(content).hexdigest(), mime)


def _moved(laid: Laid, below: str) -> Laid:
    return Laid(below + laid.href, laid.size, laid.sha256, laid.mime, laid.kind)
