"""Proven elements become records. Pure: the enclosed files were written before, their names and digests come in."""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator

from adapters._kit import xml
from adapters.edxml import codes
from schemas.calendar import VIETNAM
from schemas.errors import Misunderstood
from schemas.ids import Sha256
from schemas.official_document import (
    DocumentSigner,
    DocumentStatus,
    EnclosedFile,
    OfficialDocument,
    Organ,
    Staff,
    Trace,
)

CID = "cid:"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
_DATE = re.compile(
    r"(?:(\d{4})[/-](\d{2})[/-](\d{2})|(\d{2})[/-](\d{2})[/-](\d{4}))(?:[ T](\d{2}):(\d{2}):(\d{2}))?", re.A
)


@dataclasses.dataclass(frozen=True, slots=True)
class Mention:
    """What the manifest in the envelope says of an enclosed file."""

    content_id: str
    name: str
    content_type: str
    description: str


def document(envelope: xml.Element, files: tuple[EnclosedFile, ...], signed_by: Sha256 | None) -> OfficialDocument:
    """The envelope of a document as a record.

    Raises:
        Misunderstood: a date that is none, or an id that is empty; names the element.
    """
    header = _must(envelope, "edXMLHeader")
    message = _must(header, "MessageHeader")
    signer = xml.child(message, "SignerInfo")
    business = xml.child(header, "TraceHeaderList", "Bussiness")
    due = _text(message, "DueDate")
    code = _text(business, "BussinessDocType") if business is not None else "0"
    return OfficialDocument(
        id=_filled(message, "DocumentId"),
        sender=organ(_must(message, "From")),
        receivers=tuple(organ(one) for one in xml.children(message, "To")),
        number=_text(message, "Code", "CodeNumber"),
        notation=_text(message, "Code", "CodeNotation"),
        promulgated_on=day(_text(message, "PromulgationInfo", "PromulgationDate"), "PromulgationDate"),
        place=_text(message, "PromulgationInfo", "Place"),
        subject=_text(message, "Subject"),
        type_code=_text(message, "DocumentType", "Type"),
        type_name=_text(message, "DocumentType", "TypeName"),
        type_detail=_text(message, "DocumentType", "TypeDetail"),
        content=_text(message, "Content"),
        signer=_signer(signer) if signer is not None else None,
        due_on=day(due, "DueDate") if due else None,
        to_places=_texts(message, "ToPlaces", "Place"),
        priority=_text(message, "OtherInfo", "Priority"),
        sphere=_text(message, "OtherInfo", "SphereOfPromulgation"),
        typer_notation=_text(message, "OtherInfo", "TyperNotation"),
        copies=_text(message, "OtherInfo", "PromulgationAmount"),
        pages=_text(message, "OtherInfo", "PageAmount"),
        appendixes=tuple(one for one in _texts(message, "OtherInfo", "Appendixes", "Appendix") if one),
        steering_type=_text(message, "SteeringType"),
        business=codes.business(code),
        business_code=code,
        business_reason=_text(business, "BussinessDocReason") if business is not None else "",
        staff=staff(business if business is not None else xml.child(header, "TraceHeaderList", "TraceHeader")),
        paper=_text(business, "Paper") if business is not None else "",
        traces=tuple(_traces(header)),
        files=files,
        signed_by=signed_by,
    )


def status(envelope: xml.Element, signed_by: Sha256 | None) -> DocumentStatus:
    """The envelope of a status as a record. Raises Misunderstood as :func:`document`."""
    told = _must(_must(envelope, "edXMLHeader"), "Status")
    date = _text(told, "ResponseFor", "PromulgationDate")
    code = _filled(told, "StatusCode")
    return DocumentStatus(
        about_organ=_filled(told, "ResponseFor", "OrganId"),
        about_code=_text(told, "ResponseFor", "Code"),
        about_date=day(date, "ResponseFor/PromulgationDate") if date else None,
        about_document=_filled(told, "ResponseFor", "DocumentId"),
        sender=organ(_must(told, "From")),
        handling=codes.handling(code),
        code=code,
        at=moment(_text(told, "Timestamp"), "Timestamp"),
        description=_text(told, "Description"),
        staff=staff(told),
        signed_by=signed_by,
    )


def mentions(envelope: xml.Element) -> dict[str, Mention]:
    """What the manifest mentions, by content id without ``cid:``.

    Raises:
        Misunderstood: an id twice, or a reference whose two ids differ or that points out of the document.
    """
    found: dict[str, Mention] = {}
    manifest = xml.child(envelope, "edXMLBody", "edXMLManifest")
    for one in xml.children(manifest, "Reference") if manifest is not None else ():
        content_id = plain_id(_filled(one, "ContentId"))
        href = one.get(XLINK_HREF)
        if href is not None and (not href.startswith(CID) or plain_id(href) != content_id):
            raise _wrong(f"a reference to {href!r} for the content {content_id!r}")
        if content_id in found:
            raise _wrong(f"the content {content_id!r} is mentioned twice")
        found[content_id] = Mention(
            content_id, _text(one, "AttachmentName"), _text(one, "ContentType"), _text(one, "Description")
        )
    return found


def organ(element: xml.Element) -> Organ:
    """From or To."""
    return Organ(
        id=_filled(element, "OrganId"),
        name=_text(element, "OrganName"),
        in_charge=_text(element, "OrganizationInCharge"),
        address=_text(element, "OrganAdd"),
        email=_text(element, "Email"),
        telephone=_text(element, "Telephone"),
        fax=_text(element, "Fax"),
        website=_text(element, "Website"),
    )


def staff(parent: xml.Element | None) -> Staff | None:
    """StaffInfo below ``parent`` in either layout; None where nothing is told."""
    told = xml.child(parent, "StaffInfo") if parent is not None else None
    if told is None:
        return None
    found = Staff(
        department=_text(told, "Department"),
        name=_text(told, "Staff") or _text(told, "StaffName"),
        mobile=_text(told, "Mobile"),
        email=_text(told, "Email"),
    )
    return found if found != Staff() else None


def plain_id(content_id: str) -> str:
    """A content id without ``cid:``: one sender writes it with, another without."""
    return content_id.removeprefix(CID)


def day(text: str, what: str) -> dt.date:
    """A date as yyyy/MM/dd or dd/MM/yyyy. Raises Misunderstood for anything else."""
    return moment(text, what).date()


def moment(text: str, what: str) -> dt.datetime:
    """A time in Viet Nam as yyyy/MM/dd HH:mm:ss or dd/MM/yyyy HH:mm:ss, aware. Raises Misunderstood."""
    told = _DATE.fullmatch(text)
    if told is None:
        raise _wrong(f"{what}: {text[:40]!r} is no date")
    year, month, date = (told[1], told[2], told[3]) if told[1] else (told[6], told[5], told[4])
    try:
        return dt.datetime(
            int(year), int(month), int(date), int(told[7] or 0), int(told[8] or 0), int(told[9] or 0), tzinfo=VIETNAM
        )
    except ValueError as error:
        raise _wrong(f"{what}: {text!r}: {error}") from error


def _traces(header: xml.Element) -> Iterator[Trace]:
    told = xml.child(header, "TraceHeaderList")
    for one in xml.children(told, "TraceHeader") if told is not None else ():
        yield Trace(_filled(one, "OrganId"), moment(_text(one, "Timestamp"), "TraceHeader/Timestamp"))


def _signer(element: xml.Element) -> DocumentSigner:
    return DocumentSigner(_text(element, "FullName"), _text(element, "Position"), _text(element, "Competence"))


def _texts(element: xml.Element, *names: str) -> tuple[str, ...]:
    parent = xml.child(element, *names[:-1])
    return tuple(xml.text(one) or "" for one in xml.children(parent, names[-1])) if parent is not None else ()


def _text(element: xml.Element, *names: str) -> str:
    return xml.text(element, *names) or ""


def _filled(element: xml.Element, *names: str) -> str:
    told = _text(element, *names)
    if not told:
        raise _wrong(f"{'/'.join((xml.local(element), *names))} is empty")
    return told


def _must(element: xml.Element, name: str) -> xml.Element:
    found = xml.child(element, name)
    if found is None:
        raise _wrong(f"{xml.local(element)} without {name}")
    return found


def _wrong(what: str) -> Misunderstood:
    return Misunderstood(what, code="content")
