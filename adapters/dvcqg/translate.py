"""Our dossiers and steps in the portal's words and its replies in ours. Pure: no network, no clock, no session.

Dates are ``yyyyMMddHHmmss`` in Asia/Ho_Chi_Minh, every scalar is a string, and what is absent is the empty string.
"""

import collections
import datetime as dt

from adapters.dvcqg import codes
from adapters.dvcqg.dialect import G1_DOSSIER, G1_FILE, G1_RESULT, STANDARD, Dialect
from adapters.dvcqg.wire import FoundRow, Reply
from schemas.calendar import VIETNAM
from schemas.dossier import Component, Party
from schemas.errors import CallError, Refused, Transient, Unauthorised
from schemas.ids import DossierCode
from schemas.portal import (
    Attachment,
    PortalDossier,
    PortalFee,
    PortalProgress,
    PortalReceipt,
    PortalSupplement,
    ProgressStep,
    ResultPaper,
)
from schemas.ports.carrier import Answer

Row = dict[str, object]


def time_to_wire(at: dt.datetime | None) -> str:
    """``20261120081500`` for an instant, empty for None.

    >>> time_to_wire(dt.datetime(2026, 11, 20, 17, 15, tzinfo=dt.UTC))
    '20261121001500'
    """
    return f"{at.astimezone(VIETNAM):%Y%m%d%H%M%S}" if at is not None else ""


def dossier_to_wire(dossier: PortalDossier, dialect: Dialect = STANDARD) -> Row:
    """One element of ``data`` of DongBoHoSoMC; the generation is the dialect's.

    Raises:
        Refused: the national code is none of the portal's; nothing was sent.
    """
    row = _dossier(dossier, dialect)
    if dialect.generation == "G1":
        return _without(row, G1_DOSSIER)
    return row


def steps_to_wire(progress: PortalProgress) -> list[dict[str, str]]:
    """``data`` of CapNhatTienDoHoSoMC, in the order given.

    Raises:
        Refused: more than ten steps, none, or a national code that is none of the portal's; nothing was sent.
    """
    if not 1 <= len(progress.steps) <= codes.MOST_STEPS:
        raise Refused(
            f"a call carries 1 to {codes.MOST_STEPS} steps, not {len(progress.steps)}; nothing was sent",
            subject=progress.code,
        )
    return [_step(progress.code, step) for step in progress.steps]


def receipt(reply: Reply, *, created: bool) -> PortalReceipt:
    """The receipt of a reply that :func:`failure` has nothing against."""
    return PortalReceipt(created=created, peer_code=str(reply.error_code), peer_text=reply.message)


def exists_already(reply: Reply) -> bool:
    """True where creating met a dossier that is there: 0, 3 or -3 with "đã tồn tại" in the message."""
    row = codes.ERROR_CODES.get(reply.error_code)
    return row is not None and row.meaning in _EXISTING and codes.says_exists(reply.message)


def failure(reply: Reply, raw: bytes, *, subject: str) -> CallError | None:
    """What a well-formed reply with an error code means; None where the code is 0.

    Only listed codes are final: another one is Transient, so that it is tried again with its text on the screen.
    """
    row = codes.ERROR_CODES.get(reply.error_code)
    kind: type[CallError] = Transient
    says = f"error_code {reply.error_code} is not in our table"
    if row is not None:
        if row.meaning is codes.Meaning.GOOD:
            return None
        kind = Unauthorised if row.meaning is codes.Meaning.NO_SESSION else Refused
        says = f"error_code {reply.error_code}"
    return kind(f"{says}: {reply.message or 'no message'}", subject=subject, raw=raw, code=str(reply.error_code))


def progress_answer(found: list[FoundRow], progress: PortalProgress) -> Answer:
    """Whether the steps were appended, by what TraCuuHoSo shows of the dossier.

    APPLIED when all are there, NOT_APPLIED when none is, CANNOT_TELL when some are or when no list is sent. A step is
    known by all that TraCuuHoSo repeats of it; two equal steps of a message must be there twice.
    """
    row = _row_of(found, progress.code)
    if row is None:
        return Answer.NOT_APPLIED
    if row.DanhSachTienDo is None:
        return Answer.CANNOT_TELL
    seen: collections.Counter[tuple[str, ...]] = collections.Counter(
        (step.ThoiDiemXuLy, step.TrangThai, step.NoiDungXuLy, step.NguoiXuLy, step.PhongBanXuLy)
        for step in row.DanhSachTienDo
    )
    wanted = collections.Counter(_identity(step) for step in steps_to_wire(progress))
    missing = wanted - seen
    if not missing:
        return Answer.APPLIED
    return Answer.NOT_APPLIED if missing == wanted else Answer.CANNOT_TELL


def dossier_answer(found: list[FoundRow], dossier: PortalDossier) -> Answer:
    """Whether a snapshot was written: certainly not while the dossier is absent or in another state.

    The same state proves nothing, because the other fields of the snapshot are not told.
    """
    row = _row_of(found, dossier.code)
    if row is None:
        return Answer.NOT_APPLIED
    same = row.TrangThaiHoSo in ("", str(dossier.national))
    return Answer.CANNOT_TELL if same else Answer.NOT_APPLIED


_EXISTING = (codes.Meaning.GOOD, codes.Meaning.EXISTS)


def _row_of(found: list[FoundRow], code: DossierCode) -> FoundRow | None:
    return next((row for row in found if row.MaHoSo == code), None)


def _identity(step: dict[str, str]) -> tuple[str, ...]:
    # Stripped as the shapes of a reply strip, so that a blank at an end does not make two steps of one.
    names = ("ThoiDiemXuLy", "TrangThai", "NoiDungXuLy", "NguoiXuLy", "PhongBanXuLy")
    return tuple(step[name].strip() for name in names)


def national(code: int, subject: str) -> str:
    """A national code as text. Raises Refused for one that is none of the portal's; nothing was sent."""
    if code not in codes.NATIONAL:
        raise Refused(f"national code {code} is none of 1 to 10; nothing was sent", subject=subject)
    return str(code)


def _step(code: DossierCode, step: ProgressStep) -> dict[str, str]:
    return {
        "MaHoSo": code,
        "NguoiXuLy": step.by[: codes.MOST_PERSON],
        "ChucDanh": step.title,
        "ThoiDiemXuLy": time_to_wire(step.at),
        "PhongBanXuLy": step.department,
        "NoiDungXuLy": step.what,
        "TrangThai": national(step.national, code),
        "NgayBatDau": time_to_wire(step.started_at),
        "NgayKetThucTheoQuyDinh": time_to_wire(step.due_at),
    }


def _dossier(dossier: PortalDossier, dialect: Dialect) -> Row:
    owner = dossier.owner
    return {
        "MaHoSo": dossier.code,
        "MaTTHC": dossier.procedure,
        "TenTTHC": dossier.procedure_name,
        "MaLinhVuc": dossier.field_code,
        "TenLinhVuc": dossier.field_name,
        "KenhThucHien": codes.CHANNELS[dossier.channel],
        "SoGiayToChuHoSo": owner.id_number or "",
        "ChuHoSo": owner.name,
        "LoaiDoiTuong": codes.OWNER_KINDS[owner.kind],
        "MaDoiTuong": _owner_reference(dossier, dialect),
        "ThongTinKhac": "",
        "Email": owner.email,
        "Fax": "",
        "SoDienThoai": owner.phone,
        "TrichYeuHoSo": dossier.summary[: codes.MOST_SUMMARY],
        "NgayNopHoSo": time_to_wire(dossier.submitted_at),
        "NgayTiepNhan": time_to_wire(dossier.accepted_at),
        "NgayHenTra": time_to_wire(dossier.due_at),
        "NgayTra": time_to_wire(dossier.returned_at),
        "NgayKetThucXuLy": time_to_wire(dossier.finished_at),
        "NgayTuChoi": time_to_wire(dossier.refused_at),
        "TrangThaiHoSo": national(dossier.national, dossier.code),
        "ThongTinTra": "",
        "HinhThuc": codes.RETURN_METHODS[dossier.return_method],
        "DonViXuLy": dossier.unit_name,
        "GhiChu": "",  # dropped by the newest system: the portal limits it without saying how
        "TaiLieuNop": [file_to_wire(attachment, dialect) for attachment in dossier.attachments],
        "DanhSachLePhi": [_fee(fee) for fee in dossier.fees],
        "DanhSachTepDinhKemKhac": _papers(dossier),
        "DanhSachHoSoBoSung": [_supplement(supplement) for supplement in dossier.supplements],
        "DanhSachGiayToKetQua": [_result(n, paper, dialect) for n, paper in enumerate(dossier.results, start=1)],
        "NoiNopHoSo": codes.LODGED_AT_PORTAL if dossier.born_at_portal else codes.LODGED_LOCALLY,
        "HoSoCoThanhPhanSoHoa": _flag(any(attachment.digitised for attachment in dossier.attachments)),
        "TaiKhoanDuocXacThucVoiVNeID": _flag(dossier.vneid_verified),
        "DuocThanhToanTrucTuyen": str(int(dossier.paid_online)),
        "DinhDanhCHS": _owner_ids(owner),
        "DSKetNoiCSDL": [{"MaCSDL": code} for code in dossier.databases],
    }


def file_to_wire(attachment: Attachment, dialect: Dialect) -> Row:
    """One element of TaiLieuNop."""
    row: Row = {
        "TepDinhKemId": attachment.sha256,
        "TenTepDinhKem": attachment.name[: codes.MOST_FILE_NAME],
        "IsDeleted": dialect.not_deleted,
        "MaThanhPhanHoSo": str(attachment.component_no) if attachment.component_no is not None else "",
        "DuongDanTaiTepTin": attachment.url,
        "DuocSoHoa": _flag(attachment.digitised),
        "DuocTaiSuDung": str(int(attachment.reuse)),
        "DuocLayTuKhoDMQG": _flag(attachment.from_store),
        "MaKetQuaThayThe": attachment.replaced_result,
    }
    return _without(row, G1_FILE) if dialect.generation == "G1" else row


def _result(n: int, paper: ResultPaper, dialect: Dialect) -> Row:
    row: Row = {
        "TenGiayTo": (paper.name or paper.code)[: codes.MOST_RESULT_NAME],
        "MaThanhPhanHoSo": "",
        "GiayToId": paper.sha256 or str(n),
        "DuongDanTepTinKetQua": paper.url,
        "MaGiayToKetQua": paper.code,
    }
    return _without(row, G1_RESULT) if dialect.generation == "G1" else row


def _fee(fee: PortalFee) -> Row:
    return {
        "TenPhiLePhi": fee.name,
        "MaPhiLePhi": fee.code,
        "HinhThucThu": str(fee.when),
        "Gia": str(fee.amount),
        "LoaiPhiLePhi": "",
    }


def _supplement(supplement: PortalSupplement) -> Row:
    return {
        "HoSoBoSungId": str(supplement.n),
        "NguoiYeuCauBoSung": supplement.asked_by,
        "NoiDungBoSung": supplement.what,
        "NgayBoSung": time_to_wire(supplement.asked_at),
        "NguoiTiepNhanBoSung": "",
        "ThongTinTiepNhan": "",
        "NgayTiepNhanBoSung": time_to_wire(supplement.arrived_at),
        "TrangThaiBoSung": "True" if supplement.settled else "False",
        "DanhSachGiayToBoSung": [],
        "DanhSachLePhiBoSung": [],
        "NgayHenTraTruoc": time_to_wire(supplement.due_before),
        "NgayHenTraMoi": time_to_wire(supplement.due_after),
    }


def _owner_reference(dossier: PortalDossier, dialect: Dialect) -> str:
    """MaDoiTuong: forks send the TechID, the identity number, or nothing."""
    if dialect.owner_reference == "id_number":
        return dossier.owner.id_number or ""
    return dossier.owner_reference if dialect.owner_reference == "tech_id" else ""


def _without(row: Row, names: frozenset[str]) -> Row:
    return {name: value for name, value in row.items() if name not in names}


def _papers(dossier: PortalDossier) -> list[Row]:
    """Papers of the dossier that no file stands for."""
    with_file = {attachment.component_no for attachment in dossier.attachments}
    return [_paper(component) for component in dossier.components if component.no not in with_file]


def _paper(component: Component) -> Row:
    return {"TenGiayTo": component.name, "SoLuong": str(component.copies), "LoaiGiayTo": component.kind}


def _owner_ids(owner: Party) -> list[Row]:
    """Identity numbers of a published kind; never a made-up one where the number is missing."""
    known = codes.ID_KINDS.get(owner.id_kind) if owner.id_kind is not None else None
    number = owner.id_number or ""
    if known is None or not (number.isascii() and number.isdecimal() and len(number) == known[1]):
        return []
    return [{"LoaiDinhDanh": known[0], "SoDinhDanh": number}]


def _flag(value: bool) -> str:
    return "1" if value else "0"
