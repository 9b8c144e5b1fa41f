"""METS.xml: what lies where in the package, with size, time and SHA-256. E-ARK CSIP 2.1.0, rule numbers in comments.

One document for the package, one for its representation; both from the same hand. Links are relative to the file that
holds them.
"""

import dataclasses
from collections.abc import Sequence

from lxml import etree

from scanning.archive.order import ArchiveOrder, local
from scanning.archive.xml import add, root

PROFILE = "https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml"
SCHEMA = (
    "http://www.loc.gov/METS/ {up}schemas/mets.xsd "
    "https://DILCIS.eu/XML/METS/CSIPExtensionMETS {up}schemas/DILCISExtensionMETS.xsd"
)
CATEGORY = "Textual works – Digital"
"""From the vocabulary of content categories (CSIP2)."""
_OTHER = {"csip:CONTENTINFORMATIONTYPE": "OTHER", "csip:OTHERCONTENTINFORMATIONTYPE": "Hồ sơ thủ tục hành chính"}


@dataclasses.dataclass(frozen=True, slots=True)
class Laid:
    """A file of the package: ``href`` relative to the METS.xml that names it."""

    href: str
    size: int
    sha256: str
    mime: str
    kind: str = ""
    """METS name of a metadata file's standard: ``EAD`` or ``PREMIS``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Files under one heading: ``Documentation``, ``Schemas`` or ``Representations/rep1``."""

    use: str
    files: tuple[Laid, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """All that one METS.xml describes."""

    name: str
    """Value of OBJID (CSIP1): the package's id, or the representation's name."""
    label: str
    up: str
    """Way to the package's root from where the file lies: empty or ``../../``."""
    descriptive: tuple[Laid, ...]
    preservation: tuple[Laid, ...]
    groups: tuple[Group, ...]
    representation: str | None
    """The representation whose METS.xml is in the group ``Representations/…``; None inside a representation."""


def mets(order: ArchiveOrder, contents: Contents) -> etree._Element:
    """The document, not yet proven against its schema."""
    at = local(order.made_at)
    told = root(
        "mets:mets",
        *("xsi", "xlink", "csip"),
        attributes={
            "OBJID": contents.name,  # CSIP1
            "LABEL": contents.label,
            "TYPE": CATEGORY,  # CSIP2
            "PROFILE": PROFILE,  # CSIP6
            "xsi:schemaLocation": SCHEMA.format(up=contents.up),
            **_OTHER,  # CSIP4, CSIP5
        },
    )
    _header(told, order, at)
    for number, file in enumerate(contents.descriptive, start=1):  # CSIP17-30
        section = add(told, "mets:dmdSec", attributes={"ID": f"dmd-{number}", "CREATED": at, "STATUS": "CURRENT"})
        _reference(section, file, at)
    if contents.preservation:  # CSIP31-44
        administrative = add(told, "mets:amdSec", attributes={"ID": "amd-1"})
        for number, file in enumerate(contents.preservation, start=1):
            attributes = {"ID": f"digiprov-{number}", "STATUS": "CURRENT", "CREATED": at}
            _reference(add(administrative, "mets:digiprovMD", attributes=attributes), file, at)
    _files(told, contents.groups, at)
    _structure(told, contents)
    return told


def _header(told: etree._Element, order: ArchiveOrder, at: str) -> None:
    header = add(
        told,
        "mets:metsHdr",
        attributes={"CREATEDATE": at, "LASTMODDATE": at, "RECORDSTATUS": "NEW", "csip:OAISPACKAGETYPE": "AIP"},
    )  # CSIP7-9
    software = {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}  # CSIP10-16
    agent = add(header, "mets:agent", attributes=software)
    add(agent, "mets:name", "lienthong")
    add(agent, "mets:note", order.software, {"csip:NOTETYPE": "SOFTWARE VERSION"})
    owner = add(header, "mets:agent", attributes={"ROLE": "ARCHIVIST", "TYPE": "ORGANIZATION"})
    add(owner, "mets:name", order.unit(order.dossier.competent_unit))


def _reference(section: etree._Element, file: Laid, at: str) -> None:
    where = {"LOCTYPE": "URL", "xlink:type": "simple", "xlink:href": file.href, "MDTYPE": file.kind}
    add(section, "mets:mdRef", attributes={**where, **_measured(file, at)})


def _files(told: etree._Element, groups: Sequence[Group], at: str) -> None:
    section = add(told, "mets:fileSec", attributes={"ID": "files"})  # CSIP58-79
    for group_no, group in enumerate(groups, start=1):
        attributes = {"ID": f"group-{group_no}", "USE": group.use, **_OTHER}
        made = add(section, "mets:fileGrp", attributes=attributes)
        for file_no, file in enumerate(group.files, start=1):
            told_file = add(made, "mets:file", attributes={"ID": f"file-{group_no}-{file_no}", **_measured(file, at)})
            place = {"LOCTYPE": "URL", "xlink:type": "simple", "xlink:href": file.href}
            add(told_file, "mets:FLocat", attributes=place)


def _measured(file: Laid, at: str) -> dict[str, str]:
    return {
        "MIMETYPE": file.mime,
        "SIZE": str(file.size),
        "CREATED": at,
        "CHECKSUM": file.sha256,
        "CHECKSUMTYPE": "SHA-256",
    }


def _structure(told: etree._Element, contents: Contents) -> None:
    attributes = {"ID": "structure", "TYPE": "PHYSICAL", "LABEL": "CSIP"}  # CSIP80-112
    top = add(told, "mets:structMap", attributes=attributes)
    package = add(top, "mets:div", attributes={"ID": "div-package", "LABEL": contents.name})
    described = {
        "ID": "div-metadata",
        "LABEL": "Metadata",
        "DMDID": " ".join(f"dmd-{number}" for number in range(1, len(contents.descriptive) + 1)),
        "ADMID": " ".join(f"digiprov-{number}" for number in range(1, len(contents.preservation) + 1)),
    }
    add(package, "mets:div", attributes={name: value for name, value in described.items() if value})
    for number, group in enumerate(contents.groups, start=1):
        heading = group.use.partition("/")[0]
        div = add(package, "mets:div", attributes={"ID": f"div-{heading.lower()}", "LABEL": heading})
        if contents.representation is None or heading != "Representations":
            add(div, "mets:fptr", attributes={"FILEID": f"group-{number}"})
            continue
        add(div, "mets:fptr", attributes={"FILEID": f"group-{number}"})
        name = contents.representation
        one = add(div, "mets:div", attributes={"ID": f"div-{name}", "LABEL": f"Representations/{name}"})
        pointer = {
            "LOCTYPE": "URL",
            "xlink:type": "simple",
            "xlink:href": f"representations/{name}/METS.xml",
            "xlink:title": f"group-{number}",
        }
        add(one, "mets:mptr", attributes=pointer)
