"""Our records in the axis' words and its profiles in ours. Pure: no network, no clock, no token.

Times are ``yyyy/MM/dd HH:mm:ss`` in Asia/Ho_Chi_Minh, every scalar is a string, and what is absent is the empty string.
"""

import base64
import binascii
import datetime as dt

from adapters._kit import json
from adapters.lien_thong import codes
from adapters.lien_thong.wire import DetailReply, EForm, Envelope, ListReply, Profile, SentReply
from schemas.calendar import VIETNAM
from schemas.dossier import Component, Party, RequestKind
from schemas.errors import CallError, Misunderstood, Refused, Transient
from schemas.ids import DossierCode, Sha256
from schemas.portal import (
    Attachment,
    OneStopDossier,
    OneStopReport,
    OneStopRequest,
    OneStopStatus,
    PortalReceipt,
    ProfileRef,
    ReportKind,
)

Row = dict[str, object]
_TIME = "%Y/%m/%d %H:%M:%S"


def time_to_wire(at: dt.datetime | None) -> str:
    """``2026/11/20 08:15:00`` for an instant, empty for None.

    >>> time_to_wire(dt.datetime(2026, 11, 20, 17, 15, tzinfo=dt.UTC))
    '2026/11/21 00:15:00'
    """
    return f"{at.astimezone(VIETNAM):{_TIME}}" if at is not None else ""


def time_from_wire(text: str, name: str, raw: bytes) -> dt.datetime:
    """The instant of a local time. Raises Misunderstood that names the field."""
    try:
        return dt.datetime.strptime(text, _TIME).replace(tzinfo=VIETNAM)
    except ValueError as error:
        raise Misunderstood(f"profileInmodel.{name}: no time like 2026/11/20 08:15:00", raw=raw) from error


# --- what we send ----------------------------------------------------------------------------------------------------


def dossier_to_wire(dossier: OneStopDossier, *, system_id: str, system_received: str, words: bool = True) -> Row:
    """The body of syncDossier. ``source_id`` is made of the fact alone, so that a repetition is known.

    ``words``: ``type`` says "profile", else the channel.
    """
    return {
        "status": codes.RECEIPT,
        "type": codes.A_PROFILE if words else codes.IN_PERSON,
        "source_id": f"{dossier.code}/{dossier.target_code}",
        "ref_code": dossier.code,
        "procedures_code": dossier.procedure,
        "procedures_name": dossier.procedure_name,
        "system_id": system_id,
        "system_received": system_received,
        "profile_ems": dossier.item_number or "",
        "creation_date": time_to_wire(dossier.submitted_at),
        "accept_date": "",
        "appointment_date": time_to_wire(dossier.due_at),
        "applicants_type": codes.OWNER_KINDS[dossier.owner.kind],
        "applicants_id": dossier.owner.id_number or "",
        "org_impl_code": dossier.target_code,
        "return_type": codes.RETURN_TYPES[dossier.return_method],
        "note": dossier.note,
        "from_unit_code": dossier.origin_code,
        "to_unit_code": [dossier.target_code],
        "data_eform": "",
        "profileAttachments": [_attachment(attachment) for attachment in dossier.attachments],
        "profileDocFees": [],
        "profileDocPaper": [_paper(component) for component in dossier.components],
        "profileOwner": _person(dossier.owner),
        "profileApplicant": _person(dossier.submitter),
    }


def status_to_wire(status: OneStopStatus, *, words: bool = True) -> Row:
    """The body of sendStatusProfile. ``words``: with ``type`` "status".

    Raises:
        Refused: the national code is none of 1 to 10; nothing was sent.
    """
    if status.national not in codes.NATIONAL:
        raise Refused(f"national code {status.national} is none of 1 to 10; nothing was sent", subject=status.code)
    return {
        **({"type": codes.A_STATUS} if words else {}),
        "source_id": f"{status.code}/{status.national}/{status.at.astimezone(VIETNAM):%Y%m%d%H%M%S}",
        "ref_code": status.code,
        "status": codes.OUR_ACTION[status.national],
        "status_profile": str(status.national),
        "process_officials": status.by,
        "time_of_process": time_to_wire(status.at),
        "from_unit_code": status.origin_code,
        "to_unit_code": [status.target_code],
        "note": status.note,
    }


def request_to_wire(request: OneStopRequest, *, words: bool = True) -> Row:
    """Papers or money asked for or brought; the body of sendRequestOrPayMentProfile, and of syncDossier for papers."""
    fee = request.kind is RequestKind.FEE
    mark = f"{request.kind}-{'answered' if request.answered else 'asked'}"
    money = {
        "is_request_payment": codes.WAS_PAID if request.answered else codes.ASKS,
        "total_amount": "" if request.amount is None else str(request.amount),
    }
    return {
        "status": codes.PAYMENT if fee else codes.UPDATE,
        "type": codes.A_PROFILE if words else codes.IN_PERSON,
        "source_id": f"{request.code}/{mark}/{request.at.astimezone(VIETNAM):%Y%m%d%H%M%S}",
        "ref_code": request.code,
        "status_profile": "" if request.answered else str(request.national),
        "process_officials": request.by,
        "time_of_process": time_to_wire(request.at),
        "from_unit_code": request.origin_code,
        "to_unit_code": [request.target_code],
        "note": request.note,
        "profileAttachments": [_attachment(attachment) for attachment in request.attachments],
        **(money if fee else {}),
    }


def receipt(reply: SentReply) -> PortalReceipt:
    """The receipt of a reply that :func:`failure` has nothing against."""
    return PortalReceipt(created=True, peer_code=reply.profile_id or reply.error_code, peer_text=reply.error_desc)


# --- what we hear ----------------------------------------------------------------------------------------------------


def failure(reply: Envelope, raw: bytes, *, subject: str) -> CallError | None:
    """What a well-formed envelope means; None where both its words are good.

    ``errorCode`` decides. Only listed codes are final: another one is Transient, so that it is tried again with its
    text on the screen. No SUCCESS and yet no error is a contradiction: Misunderstood.
    """
    code = reply.error_code.lstrip("0") or codes.GOOD
    if code == codes.GOOD and reply.status.upper() == codes.SUCCESS:
        return None
    kind = Misunderstood if code == codes.GOOD else codes.ERROR_CODES.get(code, Transient)
    says = f"status {reply.status} with errorCode {reply.error_code}"
    if kind is Transient and code not in codes.ERROR_CODES:
        says += ", which is not in our table"
    return kind(f"{says}: {reply.error_desc or 'no description'}", subject=subject, raw=raw, code=reply.error_code)


def refs(reply: ListReply, unit_code: str) -> tuple[ProfileRef, ...]:
    """What waits, in their order, each profile once."""
    keys = dict.fromkeys(row.profile_id for row in reply.profiles)
    return tuple(ProfileRef(key=key, unit_code=unit_code) for key in keys)


def report(
    reply: DetailReply, raw: bytes, sha256: Sha256, *, update_without_code: int | None = codes.SUPPLEMENT
) -> OneStopReport:
    """A profile as a report. ``update_without_code``: what an empty CAPNHAT means; None: nothing certain.

    Raises:
        Misunderstood: an unknown status or code, a contradiction of the two, or a time that is none.
    """
    profile = reply.profile
    kind = _kind(profile, raw)
    national = _national(profile, raw, update_without_code) if kind is ReportKind.STATUS else None
    due_at = profile.appointment_date
    return OneStopReport(
        key=profile.profile_id or profile.source_id or sha256,
        kind=kind,
        code=DossierCode(profile.ref_code),
        national=national,
        at=time_from_wire(profile.time_of_process, "time_of_process", raw),
        by=profile.process_officials,
        due_at=time_from_wire(due_at, "appointment_date", raw) if due_at else None,
        reason=_reason(profile, national),
        result_codes=_result_codes(profile, raw),
        raw_sha256=sha256,
        amount=_amount(profile, raw) if profile.status == codes.PAYMENT else None,
    )


def _kind(profile: Profile, raw: bytes) -> ReportKind:
    if profile.status == codes.RECEIPT and profile.status_profile in ("", "1"):
        return ReportKind.RECEIVED
    if profile.status != codes.PAYMENT or profile.is_request_payment in ("", codes.ASKS):
        return ReportKind.STATUS
    if profile.is_request_payment != codes.WAS_PAID:
        raise Misunderstood("profileInmodel.is_request_payment: neither true nor false", raw=raw)
    return ReportKind.PAID


def _reason(profile: Profile, national: int | None) -> str:
    """The note; where papers are asked for, which ones."""
    wanted = [paper.paper_name for paper in profile.papers if paper.paper_name] if national == codes.SUPPLEMENT else []
    return "; ".join(part for part in (profile.note, ", ".join(wanted)) if part)


def _amount(profile: Profile, raw: bytes) -> int | None:
    """Đồng that are asked for or were paid; the total and the sum of the fees may not contradict each other."""
    told = [_dong(fee.price, "profileDocFees.price", raw) for fee in profile.fees if fee.price]
    total = _dong(profile.total_amount, "total_amount", raw) if profile.total_amount else None
    if total is not None and told and sum(told) != total:
        raise Misunderstood(f"profileInmodel.total_amount: {total} is not the sum of profileDocFees", raw=raw)
    return total if total is not None else sum(told) if told else None


def _dong(text: str, name: str, raw: bytes) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise Misunderstood(f"profileInmodel.{name}: no whole amount of đồng", raw=raw)
    return int(text)


def _national(profile: Profile, raw: bytes, update_without_code: int | None) -> int:
    """The national code. An unknown or contradictory one is never guessed."""
    action = codes.ACTIONS.get(profile.status)
    if action is None:
        raise Misunderstood(f"profileInmodel.status: {profile.status!r} is not in our table", raw=raw)
    told = profile.status_profile
    default = update_without_code if profile.status == codes.UPDATE else action.default
    national = _code(told) if told else default
    if national is None or national not in action.allowed:
        raise Misunderstood(
            f"profileInmodel.status_profile: {told!r} does not go with status {profile.status}", raw=raw
        )
    return national


def _code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 2 else None


def _result_codes(profile: Profile, raw: bytes) -> tuple[str, ...]:
    if profile.status != codes.RESULT or not profile.data_eform:
        return ()
    try:
        decoded = base64.b64decode(profile.data_eform, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Misunderstood("profileInmodel.data_eform: no base64", raw=raw) from error
    try:
        return json.parse(EForm, decoded).result_codes
    except Misunderstood as error:
        raise Misunderstood(f"profileInmodel.data_eform: {error.detail}", raw=raw) from error


# --- pieces ----------------------------------------------------------------------------------------------------------


def _attachment(attachment: Attachment) -> Row:
    return {
        "content_type": codes.PDF,
        "attachment_name": attachment.name,
        "content_transfer_encoded": "",
        "attachment_file_url": attachment.url,
        "is_verified": "0",
        "is_deleted": "0",
    }


def _paper(component: Component) -> Row:
    return {"paper_name": component.name, "amount": str(component.copies), "paper_type": component.kind}


def _person(party: Party) -> Row:
    return {
        "name": party.name,
        "identity_type": codes.ID_TYPES[party.id_kind] if party.id_kind is not None else "",
        "identity_number": party.id_number or "",
        "phone": party.phone,
        "email": party.email,
        "address": party.address.line,
        "ward": party.address.commune,
        "province": party.address.province,
    }
