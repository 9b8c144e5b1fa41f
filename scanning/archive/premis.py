"""PREMIS.xml: each file with its fixity and format, and what was done to it, by whom.

PREMIS data dictionary 3.0. Identifiers are local to the package. A person appears by account name as the scan knows
it, never with an identity number.
"""

import datetime as dt

from lxml import etree

from scanning.archive.order import ArchivedFile, ArchiveOrder, file_name, local
from scanning.archive.xml import add, root, written
from schemas.attachment import AttachedDocument

SCHEMA = "http://www.loc.gov/premis/v3 https://www.loc.gov/standards/premis/v3/premis-v3-0.xsd"
_PRONOM = {"PDF/A-2b": "fmt/477", "PDF/A-2u": "fmt/478", "PDF/A-3b": "fmt/480", "PDF/A-3u": "fmt/481"}
"""Keys of the PRONOM registry of file formats."""
_SOFTWARE = "software-lienthong"


def premis(order: ArchiveOrder) -> bytes:
    """The document for all files of the package, in their order."""
    told = root("premis:premis", "xsi", "xlink", attributes={"version": "3.0", "xsi:schemaLocation": SCHEMA})
    for number, file in enumerate(order.files, start=1):
        _object(told, order, number, file)
    for number, file in enumerate(order.files, start=1):
        _events(told, order, number, file)
    _agents(told, order)
    return written(told)


def _object(told: etree._Element, order: ArchiveOrder, number: int, file: ArchivedFile) -> None:
    document = file.document
    made = add(told, "premis:object", attributes={"xsi:type": "premis:file"})
    _identifier(made, "object", f"file-{number}")
    what = add(made, "premis:objectCharacteristics")
    fixity = add(what, "premis:fixity")
    add(fixity, "premis:messageDigestAlgorithm", "SHA-256")
    add(fixity, "premis:messageDigest", document.sha256)
    add(what, "premis:size", str(document.size))
    form = add(what, "premis:format")
    named = add(form, "premis:formatDesignation")
    add(named, "premis:formatName", document.conformance)
    if (key := _PRONOM.get(document.conformance)) is not None:
        registry = add(form, "premis:formatRegistry")
        add(registry, "premis:formatRegistryName", "PRONOM")
        add(registry, "premis:formatRegistryKey", key)
    add(made, "premis:originalName", document.name or file_name(order, number))
    for sha256 in document.originals:
        link = add(made, "premis:relationship")
        add(link, "premis:relationshipType", "derivation")
        add(link, "premis:relationshipSubType", "has source")
        source = add(link, "premis:relatedObjectIdentifier")
        add(source, "premis:relatedObjectIdentifierType", "SHA-256 of the scanner's file")
        add(source, "premis:relatedObjectIdentifierValue", sha256)


def _events(told: etree._Element, order: ArchiveOrder, number: int, file: ArchivedFile) -> None:
    document = file.document
    _event(told, f"event-{number}-1", "digitization", document.scanned_at, "", f"file-{number}", _person(document))
    outcome = f"{document.conformance} approved"
    _event(told, f"event-{number}-2", "validation", document.attached_at, outcome, f"file-{number}", _SOFTWARE)
    at = order.made_at
    _event(told, f"event-{number}-3", "ingestion", at, order.package_id, f"file-{number}", _SOFTWARE)


def _event(told: etree._Element, name: str, kind: str, at: dt.datetime, outcome: str, about: str, agent: str) -> None:
    made = add(told, "premis:event")
    _identifier(made, "event", name)
    add(made, "premis:eventType", kind)
    add(made, "premis:eventDateTime", local(at))
    if outcome:
        add(add(made, "premis:eventOutcomeInformation"), "premis:eventOutcome", outcome)
    for what, value in (("Agent", agent), ("Object", about)):
        link = add(made, f"premis:linking{what}Identifier")
        add(link, f"premis:linking{what}IdentifierType", "local")
        add(link, f"premis:linking{what}IdentifierValue", value)


def _person(document: AttachedDocument) -> str:
    return f"person-{document.operator or document.station}"


def _agents(told: etree._Element, order: ArchiveOrder) -> None:
    people = dict.fromkeys(_person(file.document) for file in order.files)
    for person in people:
        _agent(told, person, person.partition("-")[2], "person")
    _agent(told, _SOFTWARE, f"lienthong {order.software}", "software")


def _agent(told: etree._Element, name: str, shown: str, kind: str) -> None:
    made = add(told, "premis:agent")
    _identifier(made, "agent", name)
    add(made, "premis:agentName", shown)
    add(made, "premis:agentType", kind)


def _identifier(parent: etree._Element, what: str, value: str) -> None:
    made = add(parent, f"premis:{what}Identifier")
    add(made, f"premis:{what}IdentifierType", "local")
    add(made, f"premis:{what}IdentifierValue", value)
