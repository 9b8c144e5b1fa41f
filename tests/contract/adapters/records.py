"""Fictional records that every peer should be able to take; each call makes new references."""

import datetime as dt
import itertools
import os

from schemas.dossier import Address, Channel, Component, IdKind, Party, PartyKind, RequestKind, ReturnMethod
from schemas.ids import CarrierId, DossierCode, DossierId, ItemId, ProcedureCode, UnitId
from schemas.national import PortalAnswer, PortalRating, PortalStatus, PublishedQuestion, Satisfaction
from schemas.numbers import s10
from schemas.official_document import DocumentStatus, Handling, OfficialDocument, Organ
from schemas.portal import OneStopDossier, OneStopRequest, OneStopStatus, PortalDossier, PortalProgress, ProgressStep
from schemas.shipment import BookingOrder, LegDirection, PostalRegistration, Purpose

NOW = dt.datetime(2026, 11, 20, 3, 15, tzinfo=dt.UTC)
ID_NUMBER = "000099000001"
_serial = itertools.count(os.getpid() % 9000 * 1000 + 1)

CITIZEN = Party(
    kind=PartyKind.CITIZEN,
    name="Nguyễn Văn Mẫu",
    id_kind=IdKind.CCCD,
    id_number=ID_NUMBER,
    phone="0900000000",
    address=Address("Số 1 phố Thử", "Phường Thử", "Tỉnh Mẫu", "36"),
)
DESK = Party(
    kind=PartyKind.STATE_BODY,
    name="Trung tâm Phục vụ hành chính công phường Thử",
    id_kind=None,
    id_number=None,
    phone="02120000000",
    address=Address("Số 2 phố Thử", "Phường Thử", "Tỉnh Mẫu", "36"),
)
PAPERS = (Component(no=1, name="Tờ khai", kind="TK01", copies=1, sheets_counted=2),)


def new_code() -> DossierCode:
    """A dossier code never used before in this run."""
    return DossierCode(f"000.00.14.H99-261120-{next(_serial) % 10_000:04d}")


def new_number() -> str:
    """A valid item number never used before in this run."""
    return s10.mint("EL", next(_serial) % 100_000_000)


def order(carrier: CarrierId) -> BookingOrder:
    """An order that brings a result to a citizen."""
    code = new_code()
    return BookingOrder(
        carrier=carrier,
        dossier=DossierId(1),
        dossier_code=code,
        item=ItemId(1),
        number=new_number(),
        reference=code,
        direction=LegDirection.TO_CITIZEN,
        seq=1,
        purpose=Purpose.RESULT_OUT,
        service="HCC",
        sender=DESK,
        addressee=CITIZEN,
        contents="Tên thủ tục: Cấp bản sao từ sổ gốc",
        cod_due=0,
        weight_g=120,
        ordered_at=NOW,
    )


def registration(carrier: CarrierId) -> PostalRegistration:
    """A dossier announced with both of its legs."""
    code = new_code()
    return PostalRegistration(
        carrier=carrier,
        dossier=DossierId(1),
        dossier_code=code,
        reference=code,
        procedure=ProcedureCode("2.000908"),
        procedure_title="Cấp bản sao từ sổ gốc",
        category="Chứng thực",
        elements=("Tờ khai",),
        collect_from=CITIZEN,
        bring_to=CITIZEN,
        announced_at=NOW,
    )


def portal_dossier() -> PortalDossier:
    """A dossier that was accepted."""
    return PortalDossier(
        dossier=DossierId(1),
        code=new_code(),
        procedure=ProcedureCode("2.000908"),
        procedure_name="Cấp bản sao từ sổ gốc",
        field_code="G15-CT01",
        field_name="Chứng thực",
        channel=Channel.POST,
        owner=CITIZEN,
        summary="Nộp qua bưu chính công ích",
        submitted_at=NOW,
        accepted_at=NOW + dt.timedelta(hours=1),
        due_at=NOW + dt.timedelta(days=3),
        returned_at=None,
        finished_at=None,
        refused_at=None,
        national=2,
        return_method=ReturnMethod.POST,
        unit_name="UBND phường Thử",
        unit_code="000.00.14.H99",
        components=PAPERS,
        attachments=(),
        as_of=NOW,
    )


def progress(code: DossierCode, *, by: str = "Cán bộ một cửa") -> PortalProgress:
    """One step of a dossier."""
    step = ProgressStep(
        at=NOW + dt.timedelta(hours=2, seconds=next(_serial) % 3600),
        national=4,
        by=by,
        title="",
        department="Bưu điện",
        what="Chuyển hồ sơ đến cơ quan có thẩm quyền",
        started_at=None,
        due_at=None,
    )
    return PortalProgress(dossier=DossierId(1), code=code, steps=(step,))


def portal_status() -> PortalStatus:
    """A state of ours for a dossier that was born at the portal."""
    code = new_code()
    return PortalStatus(
        dossier=DossierId(1),
        code=code,
        local_code=code,
        owner_reference="",
        national=4,
        at=NOW,
        note="Đang xử lý",
    )


def portal_rating() -> PortalRating:
    """A month of a unit."""
    shares = Satisfaction(very=70.0, content=27.5, not_content=2.5)
    return PortalRating(
        unit_code="000.00.14.H99",
        unit_name="UBND phường Thử",
        year=2026,
        month=10,
        compiled_at=NOW,
        people=40,
        staff=shares,
        service=shares,
        remarks=("Nhanh",),
    )


def portal_answer(question: str = "4101") -> PortalAnswer:
    """An answer that nobody gave before."""
    return PortalAnswer(
        question=question,
        unit_code="000.00.14.H99",
        by="Nguyễn Thị Thử",
        title="Chuyên viên",
        at=NOW,
        text=f"Kết quả được trả qua bưu điện, lần {next(_serial)}.",
    )


def published_question() -> PublishedQuestion:
    """A question that nobody published before."""
    n = next(_serial)
    return PublishedQuestion(
        key=str(n),
        field_code="G15-CT01",
        unit_code="000.00.14.H99",
        unit_name="UBND phường Thử",
        question=f"Câu hỏi {n}: có nộp qua bưu điện được không?",
        answer_key=str(n),
        answer="Có.",
    )


def one_stop_dossier() -> OneStopDossier:
    """A dossier handed in at the post."""
    return OneStopDossier(
        dossier=DossierId(1),
        code=new_code(),
        procedure=ProcedureCode("2.000908"),
        procedure_name="Cấp bản sao từ sổ gốc",
        owner=CITIZEN,
        submitter=CITIZEN,
        origin=UnitId("post-1"),
        origin_code="000.00.99.H99",
        target=UnitId("office-1"),
        target_code="000.00.14.H99",
        submitted_at=NOW,
        due_at=NOW + dt.timedelta(days=3),
        return_method=ReturnMethod.POST,
        item_number=new_number(),
        components=PAPERS,
        attachments=(),
        note="",
    )


def one_stop_status(dossier: OneStopDossier) -> OneStopStatus:
    """News of that dossier."""
    return OneStopStatus(
        dossier=dossier.dossier,
        code=dossier.code,
        origin_code=dossier.origin_code,
        target_code=dossier.target_code,
        national=2,
        at=NOW + dt.timedelta(hours=3),
        by="Bưu điện phường Thử",
        note="",
    )


def one_stop_request(dossier: OneStopDossier) -> OneStopRequest:
    """A fee that the unit is to ask for."""
    return OneStopRequest(
        dossier=dossier.dossier,
        code=dossier.code,
        origin_code=dossier.origin_code,
        target_code=dossier.target_code,
        kind=RequestKind.FEE,
        answered=False,
        national=6,
        amount=20_000,
        at=NOW + dt.timedelta(hours=3, seconds=next(_serial) % 3600),
        by="Bưu điện phường Thử",
        note="Lệ phí cấp bản sao",
        attachments=(),
    )


def official_document() -> OfficialDocument:
    """A document without files, never sent before."""
    n = str(next(_serial))
    us, them = Organ("000.00.00.H99", "UBND tỉnh Mẫu"), Organ("000.00.14.H99", "Sở Thử nghiệm")
    return OfficialDocument(
        id=f"{us.id},2026/11/20,{n}/UBND-VP",
        sender=us,
        receivers=(them,),
        number=n,
        notation="UBND-VP",
        promulgated_on=NOW.date(),
        subject="V/v chuyển hồ sơ",
    )


def document_status(document: OfficialDocument) -> DocumentStatus:
    """What became of a document at its receiver."""
    return DocumentStatus(
        about_organ=document.sender.id,
        about_code=f"{document.number}/{document.notation}",
        about_date=document.promulgated_on,
        about_document=document.id,
        sender=document.receivers[0],
        handling=Handling.RECEIVED,
        code="03",
        at=NOW,
    )
