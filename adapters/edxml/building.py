"""Records become documents: elements in the layout's order and with its prefixes, signed; files are put in at last."""

import dataclasses
import datetime as dt
import secrets
from collections.abc import Mapping
from pathlib import Path

from adapters._kit import xml
from adapters._kit.signatures import SigningKey
from adapters._kit.xml_form import add_under, declare
from adapters.edxml import shape, signing
from adapters.edxml.apart import Run, new_word, whole
from adapters.edxml.translate import CID, XLINK_HREF
from schemas.calendar import VIETNAM
from schemas.errors import Refused
from schemas.official_document import DocumentStatus, EnclosedFile, OfficialDocument, Organ, Staff

XLINK = "http://www.w3.org/1999/xlink"
ACTOR = "http://schemas.xmlsoap.org/soap/actor/next"
SCHEMA_PREFIXES = {"xsi": "http://www.w3.org/2001/XMLSchema-instance", "xsd": "http://www.w3.org/2001/XMLSchema"}
Fill = Mapping[str, object]
"""Element name → text, a mapping of the same kind, or a tuple of those for an element that repeats. None: left out."""


@dataclasses.dataclass(frozen=True, slots=True)
class Hand:
    """How we write: the layout, and the key that signs (None: unsigned) with our certificate in DER."""

    layout: str = "vpcp"
    key: SigningKey | None = None
    certificate: bytes = b""


def write_document(document: OfficialDocument, into: Path, hand: Hand) -> None:
    """Write the document to the new file ``into``; its files are read piece by piece.

    Raises:
        Refused: a text has characters that XML cannot carry, a content id is there twice, or a file is empty; nothing
            was sent.
        OSError: a file cannot be read.
    """
    ids = [file.content_id for file in document.files]
    if len(set(ids)) != len(ids):
        raise Refused("two enclosed files have the same content id; nothing was sent", subject=document.id)
    if not all(Path(file.path).stat().st_size for file in document.files):
        raise Refused("an enclosed file is empty; nothing was sent", subject=document.id)
    root, envelope = _start()
    runs = tuple(Run(new_word(), Path(file.path), encoded=False) for file in document.files)
    try:
        _fill(envelope, hand.layout, "edXMLEnvelope", {"edXMLHeader": _header(document, hand.layout)})
        _manifest(envelope, document.files, hand.layout)
        _attachments(root, document.files, runs, hand.layout)
    except ValueError as error:
        raise Refused(f"{error}; nothing was sent", subject=document.id) from error
    _finish(root, runs, into, hand)


def write_status(status: DocumentStatus, into: Path, hand: Hand) -> None:
    """Write the status to the new file ``into``. Raises Refused as :func:`write_document`."""
    root, envelope = _start()
    told = {
        "ResponseFor": {
            "OrganId": status.about_organ,
            "Code": status.about_code,
            "PromulgationDate": _day(status.about_date),
            "DocumentId": status.about_document,
        },
        "From": _organ(status.sender),
        "StatusCode": status.code,
        "Description": status.description,
        "Timestamp": _time(status.at),
        "StaffInfo": _staff(status.staff),
    }
    try:
        _fill(envelope, "status", "edXMLEnvelope", {"edXMLHeader": {"Status": told, "DigitalSignature": {}}})
    except ValueError as error:
        raise Refused(f"{error}; nothing was sent", subject=status.about_document) from error
    xml.add(envelope, "edXMLBody")
    _finish(root, (), into, hand)


def _start() -> tuple[xml.Element, xml.Element]:
    root = declare("edXML", shape.NS, **SCHEMA_PREFIXES)
    return root, add_under(root, "edXMLEnvelope", shape.NS, **{shape.PREFIX: shape.NS})


def _finish(root: xml.Element, runs: tuple[Run, ...], into: Path, hand: Hand) -> None:
    if hand.key is not None:
        signing.sign(root, runs, hand.key, hand.certificate)
    with into.open("xb") as out:
        for piece in whole(xml.write(root), runs):
            out.write(piece)


def _fill(parent: xml.Element, layout: str, name: str, fill: Fill) -> None:
    """Add what ``fill`` says below ``parent``, in the order of the layout."""
    for child in shape.order(layout, name):
        told = fill.get(child)
        for value in told if isinstance(told, tuple) else (told,):
            if isinstance(value, Mapping):
                made = xml.add(parent, child)
                if child == "TraceHeaderList" and layout == "vpcp":
                    attributes = {
                        "id": f"t{secrets.token_hex(4)}",
                        "version": "1.0",
                        "mustUnderstand": "1",
                        "actor": ACTOR,
                    }
                    for attribute, text in attributes.items():
                        made.set(attribute, text)
                if value:
                    _fill(made, layout, child, value)
            elif value is not None:
                xml.add(parent, child, value)


def _header(document: OfficialDocument, layout: str) -> Fill:
    return {
        "MessageHeader": _message(document),
        "TraceHeaderList": _traces(document, layout),
        "DigitalSignature": {},
    }


def _message(document: OfficialDocument) -> Fill:
    signer = document.signer
    return {
        "From": _organ(document.sender),
        "To": tuple(_organ(one) for one in document.receivers),
        "Code": {"CodeNumber": document.number, "CodeNotation": document.notation},
        "PromulgationInfo": {"Place": document.place, "PromulgationDate": _day(document.promulgated_on)},
        "DocumentType": {
            "Type": _some(document.type_code),
            "TypeName": document.type_name,
            "TypeDetail": _some(document.type_detail),
        },
        "Subject": document.subject,
        "Content": document.content,
        "SignerInfo": None
        if signer is None
        else {
            "Competence": _some(signer.competence),
            "Position": _some(signer.position),
            "FullName": signer.full_name,
        },
        "DueDate": _day(document.due_on),
        "ToPlaces": {"Place": document.to_places} if document.to_places else None,
        "OtherInfo": {
            "Priority": _some(document.priority),
            "SphereOfPromulgation": _some(document.sphere),
            "TyperNotation": _some(document.typer_notation),
            "PromulgationAmount": _some(document.copies),
            "PageAmount": _some(document.pages),
            "Appendixes": {"Appendix": document.appendixes} if document.appendixes else {},
        },
        "SteeringType": _some(document.steering_type),
        "DocumentId": document.id,
    }


def _traces(document: OfficialDocument, layout: str) -> Fill:
    traces = tuple({"OrganId": trace.organ_id, "Timestamp": _time(trace.at)} for trace in document.traces)
    if layout == "vpcp":
        business = {
            "BussinessDocType": document.business_code,
            "BussinessDocReason": document.business_reason,
            "StaffInfo": _staff(document.staff),
            "Paper": _some(document.paper),
        }
        return {"TraceHeader": traces, "Bussiness": business}
    by = {"StaffName": document.staff.name} if document.staff is not None else None
    business = {"BusinessName": document.business_reason, "BusinessCode": "sendEdoc"}
    return {"TraceHeader": tuple({**trace, "Business": business, "StaffInfo": by} for trace in traces)}


def _manifest(envelope: xml.Element, files: tuple[EnclosedFile, ...], layout: str) -> None:
    manifest = xml.add(xml.add(envelope, "edXMLBody"), "edXMLManifest", version="1.0")
    for file in files:
        cid = CID + file.content_id
        told = {
            "Description": file.description,
            "AttachmentName": file.name,
            "ContentType": file.content_type,
            "ContentId": cid,
        }
        reference = add_under(manifest, "Reference", shape.NS, xlink=XLINK)
        reference.set(XLINK_HREF, cid)
        reference.set(f"{{{XLINK}}}type", "simple")
        _fill(reference, layout, "Reference", told)


def _attachments(root: xml.Element, files: tuple[EnclosedFile, ...], runs: tuple[Run, ...], layout: str) -> None:
    if not files:
        return
    below = xml.add(root, "AttachmentEncoded")
    for file, run in zip(files, runs, strict=True):
        told = {
            "ContentType": file.content_type,
            "ContentId": file.content_id if layout == "vpcp" else CID + file.content_id,
            "Description": file.description,
            "ContentTransferEncoded": run.word,
            "AttachmentName": file.name,
        }
        _fill(xml.add(below, "Attachment"), layout, "Attachment", told)


def _organ(organ: Organ) -> Fill:
    return {
        "OrganId": organ.id,
        "OrganizationInCharge": organ.in_charge,
        "OrganName": organ.name,
        "OrganAdd": _some(organ.address),
        "Email": _some(organ.email),
        "Telephone": _some(organ.telephone),
        "Fax": _some(organ.fax),
        "Website": _some(organ.website),
    }


def _staff(staff: Staff | None) -> Fill | None:
    if staff is None:
        return None
    return {"Department": staff.department, "Staff": staff.name, "Mobile": staff.mobile, "Email": staff.email}


def _some(text: str) -> str | None:
    return text or None


def _day(day: dt.date | None) -> str | None:
    return f"{day:%Y/%m/%d}" if day is not None else None


def _time(at: dt.datetime) -> str:
    return f"{at.astimezone(VIETNAM):%Y/%m/%d %H:%M:%S}"
