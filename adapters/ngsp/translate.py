"""Our records in the platform's words. Pure: no network, no clock, no token.

Times are ``yyyy-MM-dd'T'HH:mm:ss.SSSZ`` with the zone as ``+0700`` (C), in Asia/Ho_Chi_Minh.
"""

import base64
import dataclasses
import datetime as dt
from collections.abc import Mapping

from adapters.ngsp import codes
from adapters.ngsp.wire import Result
from schemas.calendar import VIETNAM
from schemas.dossier import Component
from schemas.errors import CallError, Unknown
from schemas.ids import Sha256
from schemas.portal import Attachment, PortalDossier, PortalFee, PortalProgress, PortalReceipt, ProgressStep

Row = dict[str, object]
ZEROS = "0000-00-00T00:00:00.000+0700"
"""What a client sends for a date that is not there (C)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Dialect:
    """What the customer must tell us."""

    good: frozenset[str]
    zeros: bool
    """A missing date is sent as zeros; else its field is left out."""
    attachment_id: str
    """``AttachmentId``, or ``Attachmentld`` as the schema spells it."""


def instant(at: dt.datetime) -> str:
    """A time with its zone.

    >>> instant(dt.datetime(2026, 11, 20, 17, 15, 0, 120_999, tzinfo=dt.UTC))
    '2026-11-21T00:15:00.120+0700'
    """
    local = at.astimezone(VIETNAM)
    return f"{local.replace(tzinfo=None).isoformat(timespec='milliseconds')}{local:%z}"


def dossier_to_wire(dossier: PortalDossier, files: Mapping[Sha256, bytes], dialect: Dialect) -> Row:
    """The body of SyncDocument; of the attachments those are told whose bytes are in ``files``."""
    supplement = dossier.supplements[-1] if dossier.supplements else None
    row: Row = {
        "DocTypeCode": dossier.procedure,
        "DocTypeName": dossier.procedure_name,
        "DocCode": dossier.code,
        "CitizenName": dossier.owner.name,
        "CitizenInfo": "",
        "ApplicantsId": dossier.owner.id_number or "",
        "ApplicantsType": codes.OWNER_KINDS[dossier.owner.kind],
        "Address": ", ".join(part for part in (dossier.owner.address.line, dossier.owner.address.commune) if part),
        "Email": dossier.owner.email,
        "Phone": dossier.owner.phone,
        "Compendium": dossier.summary,
        **_date("DateReceived", dossier.accepted_at, dialect),
        **_date("DateAppointed", dossier.due_at, dialect),
        "IsSuccess": dossier.national in codes.DONE,
        **_date("SuccessDate", dossier.finished_at if dossier.national in codes.DONE else None, dialect),
        "ApproverName": "",
        "ApproverPosition": "",
        "SuccessNote": "",
        "IsReturned": dossier.national == codes.RETURNED,
        **_date("ReturnedDate", dossier.returned_at, dialect),
        "ReturnNote": "",
        "ReturnedType": codes.RETURNED_TYPES[dossier.return_method],
        **_date("FinishedDate", _ended_at(dossier), dialect),
        "Status": codes.SOLVED if dossier.national in codes.DONE else codes.OPEN,
        "ProcessingOrganName": dossier.unit_name,
        "HasSupplementary": supplement is not None,
        **_date("RequireSupplementaryDate", supplement.asked_at if supplement is not None else None, dialect),
        "Note": "",
        "Attachments": [
            _attachment(one, n, files[one.sha256], dialect)
            for n, one in enumerate(dossier.attachments, start=1)
            if one.sha256 in files
        ],
        "DocFees": [_fee(fee) for fee in dossier.fees],
        "DocPapers": [_paper(component) for component in dossier.components],
        "Supplementaries": [],
        "OrganInchargeIdLevel1": dossier.unit_code,
        "OrganInchargeName": dossier.unit_name,
    }
    return row


def trace_to_wire(progress: PortalProgress, step: ProgressStep, unit_code: str) -> Row:
    """The body of UpdateDocumentTraces: one step."""
    return {
        "DocumentId": int(progress.dossier),
        "DocCode": progress.code,
        "UserName": step.by,
        "UserPosition": step.title,
        "DateCreated": instant(step.at),
        "Comment": step.what,
        "Status": codes.TRACE,
        "OrganizationInchargeIdLevel1": unit_code,
        "OrganizationInchargeName": step.department,
    }


def failure(result: Result, raw: bytes, dialect: Dialect, *, subject: str) -> CallError | None:
    """What the result means; None for a good one. A status that is in no table leaves the outcome open."""
    if result.status in dialect.good:
        return None
    kind = codes.RESULTS.get(result.status)
    says = f"status {result.status}: {result.message or 'no message'}"
    if kind is None:
        kind, says = Unknown, f"{says}; the status is not in our table"
    return kind(says, subject=subject, raw=raw, code=result.status)


def receipt(result: Result) -> PortalReceipt:
    """The receipt of a good result."""
    return PortalReceipt(created=True, peer_code=result.status, peer_text=result.message)


# --- pieces ----------------------------------------------------------------------------------------------------------


def _date(name: str, at: dt.datetime | None, dialect: Dialect) -> Row:
    if at is not None:
        return {name: instant(at)}
    return {name: ZEROS} if dialect.zeros else {}


def _ended_at(dossier: PortalDossier) -> dt.datetime | None:
    if dossier.national not in codes.ENDED:
        return None
    return dossier.returned_at or dossier.refused_at or dossier.finished_at


def _attachment(attachment: Attachment, n: int, content: bytes, dialect: Dialect) -> Row:
    return {
        dialect.attachment_id: n,
        "AttachmentName": attachment.name,
        "IsDeleted": False,
        "IsVerified": True,
        "Base64": base64.b64encode(content).decode(),
    }


def _fee(fee: PortalFee) -> Row:
    return {"FeeName": fee.name, "FeeType": codes.FEE_TYPE, "Price": fee.amount}


def _paper(component: Component) -> Row:
    return {"PaperName": component.name, "Amount": component.copies, "PaperType": component.kind}
