"""Our records in the portal's words. Pure: no network, no clock, no token.

One interface, three formats of time (D): ``yyyy-MM-dd HH:mm:ss`` in the dossier, ``yyyyMMddHHmmss`` for the day of
issue of an identity paper, ISO 8601 without zone and with milliseconds in a progress step; all of them local. What is
absent is the empty string.
"""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping

from adapters.dvc_bo import codes
from adapters.dvc_bo.wire import Created, Envelope, UploadedFile
from schemas.calendar import VIETNAM
from schemas.dossier import Component, Party
from schemas.errors import CallError, Misunderstood, Outage, Refused, Unknown
from schemas.ids import Sha256
from schemas.portal import (
    Attachment,
    PeerFile,
    PortalDossier,
    PortalFee,
    PortalProgress,
    PortalReceipt,
    ProgressStep,
    Registration,
    ResultPaper,
)

Row = dict[str, object]


@dataclasses.dataclass(frozen=True, slots=True)
class Dialect:
    """What the customer must tell us: good codes, and our codes in the portal's words where they differ."""

    good: frozenset[str]
    units: Mapping[str, str]
    services: Mapping[str, str]
    owners: Mapping[str, str]
    provinces: Mapping[str, str]
    """Name of a province → MaTinh; the postal codes that we keep of addresses are another system."""


def spaced(at: dt.datetime | None) -> str:
    """Time in the dossier.

    >>> spaced(dt.datetime(2026, 11, 20, 17, 15, tzinfo=dt.UTC))
    '2026-11-21 00:15:00'
    """
    return f"{at.astimezone(VIETNAM):%Y-%m-%d %H:%M:%S}" if at is not None else ""


def compact(day: dt.date | None) -> str:
    """A day in the compact format, at midnight.

    >>> compact(dt.date(2021, 8, 15))
    '20210815000000'
    """
    return f"{day:%Y%m%d}000000" if day is not None else ""


def iso(at: dt.datetime | None) -> str:
    """Time in a progress step: to the millisecond, without zone.

    >>> iso(dt.datetime(2026, 11, 20, 1, 15, 0, 120_999, tzinfo=dt.UTC))
    '2026-11-20T08:15:00.120'
    """
    return at.astimezone(VIETNAM).replace(tzinfo=None).isoformat(timespec="milliseconds") if at is not None else ""


# --- what we send ----------------------------------------------------------------------------------------------------


def dossier_to_wire(dossier: PortalDossier, known: Registration, dialect: Dialect) -> Row:
    """The body of the fourth call.

    Raises:
        Refused: the owner is of a kind for which the portal has no code; nothing was sent.
    """
    kind = owner_code(dossier, dialect)
    return {
        "MaHoSo": known.number,
        "MaTTHC": dossier.procedure,
        "MaDichVuCong": dialect.services.get(dossier.procedure, ""),
        "ChuHoSo": dossier.owner.name,
        "LoaiDoiTuong": kind,
        "MaDonViTiepNhan": unit_code(dossier, dialect),
        "NgayNop": spaced(dossier.submitted_at),
        "NgayTiepNhan": spaced(dossier.accepted_at),
        "EformThongTinChiTiet": {},
        "ThanhPhanHoSo": _components(dossier, known),
        "ThongTinNguoiNop": {
            "LoaiDoiTuong": kind,
            "IdDoiTuong": dossier.owner_reference,
            "ThongTinChiTiet": _owner(dossier.owner, dialect),
        },
    }


def steps_to_wire(progress: PortalProgress, known: Registration) -> list[Row]:
    """The body of the fifth call."""
    return [_step(step, known) for step in progress.steps]


def status_to_wire(dossier: PortalDossier, known: Registration) -> list[Row]:
    """The body of the sixth call; the lists go with 5, 6 and 9 only."""
    lists = dossier.national in codes.WITH_LISTS
    return [
        {
            "IdHoSo": known.peer_id,
            "MaHoSo": known.number,
            "TrangThai": national(dossier.national, subject=dossier.code),
            "NoiDungYKien": dossier.summary,
            "PhongBanXuLy": dossier.unit_name,
            "NoiDungXuLy": codes.NATIONAL[dossier.national],
            "DanhSachLePhi": [_fee(fee, paid=dossier.paid_online != 0) for fee in dossier.fees] if lists else [],
            "DanhSachGiayToKetQua": [_result(paper) for paper in dossier.results] if lists else [],
        }
    ]


def national(code: int, *, subject: str) -> int:
    """The code as it is sent. Raises Refused for one that is none of 1 to 10; nothing was sent."""
    if code not in codes.NATIONAL:
        raise Refused(f"national code {code} is none of 1 to 10; nothing was sent", subject=subject)
    return code


def owner_code(dossier: PortalDossier, dialect: Dialect) -> int:
    """LoaiDoiTuong: the setting's, else the published one. Raises Refused where there is neither; nothing was sent."""
    told = dialect.owners.get(dossier.owner.kind.value, "")
    if told.isascii() and told.isdecimal():
        return int(told)
    if dossier.owner.kind in codes.OWNER_KINDS:
        return codes.OWNER_KINDS[dossier.owner.kind]
    raise Refused(
        f"LoaiDoiTuong of an owner of kind {dossier.owner.kind.value} is not published; setting owner_codes says it; "
        "nothing was sent",
        subject=dossier.code,
    )


def unit_code(dossier: PortalDossier, dialect: Dialect) -> str:
    """Our unit's code in the portal's words."""
    return dialect.units.get(dossier.unit_code, dossier.unit_code)


def form(name: str, content: bytes) -> tuple[bytes, str]:
    """The multipart body with one file in the field ``files``, and its content type; the same file, the same bytes."""
    boundary = hashlib.sha256(content).hexdigest()[:32]
    plain = name.replace("\\", "_").replace('"', "'").replace("\r", " ").replace("\n", " ")
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{plain}"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


# --- what we hear ----------------------------------------------------------------------------------------------------


def failure(reply: Envelope, raw: bytes, dialect: Dialect, *, subject: str, effect: bool) -> CallError | None:
    """What a well-formed envelope means; None for a good code.

    A code that is in no table leaves it open whether the call was applied: Unknown where it has an effect.
    """
    code = reply.code.lstrip("0") or "0"
    if code in dialect.good:
        return None
    kind = codes.ERROR_CODES.get(code)
    says = f"code {reply.code}: {reply.message or 'no message'}"
    if kind is None:
        kind, says = (Unknown if effect else Misunderstood), f"{says}; the code is not in our table"
    if kind is Unknown and not effect:
        kind = Outage
    return kind(says, subject=subject, raw=raw, code=code)


def file(uploaded: UploadedFile, attachment: Attachment, raw: bytes, *, digest: str) -> PeerFile:
    """The file as the portal keeps it.

    Raises:
        Misunderstood: the portal's digest (where ``digest`` says which one it is) is that of another file.
    """
    if digest == "sha256" and uploaded.digest.lower() != attachment.sha256:
        raise Misunderstood(f"HashTepTin of {attachment.name} is not its SHA-256", subject=attachment.sha256, raw=raw)
    return PeerFile(attachment.sha256, uploaded.id, uploaded.digest)


def created(reply: Created, known: Registration) -> Registration:
    """The dossier is there; the portal's own word about its number wins."""
    return dataclasses.replace(known, number=reply.number, peer_id=reply.id, creating=False, created=True)


def receipt(reply: Envelope, known: Registration, *, created: bool) -> PortalReceipt:
    """The receipt of a registration that came to its end."""
    return PortalReceipt(created, reply.code, reply.message, known)


# --- pieces ----------------------------------------------------------------------------------------------------------


def _components(dossier: PortalDossier, known: Registration) -> list[Row]:
    """The papers; a file that belongs to none of them is one of its own, electronic."""
    files = {kept.sha256: kept for kept in known.files}
    numbers = {component.no for component in dossier.components}
    rows = [
        _component(component, [_file(one, files) for one in dossier.attachments if one.component_no == component.no])
        for component in dossier.components
    ]
    for attachment in dossier.attachments:
        if attachment.component_no not in numbers:
            alone = Component(no=0, name=attachment.name, kind="", copies=1, sheets_counted=0)
            rows.append({**_component(alone, [_file(attachment, files)]), "LoaiBan": codes.ELECTRONIC})
    return rows


def _component(component: Component, files: list[Row]) -> Row:
    return {
        "MaThanhPhanHoSo": "",
        "TenThanhPhanHoSo": component.name,
        "SoLuong": component.copies,
        "LoaiBan": codes.COPIES.get(component.kind, codes.ORIGINAL),
        "GiayToDinhKem": files,
    }


def _file(attachment: Attachment, files: Mapping[Sha256, PeerFile]) -> Row:
    kept = files[attachment.sha256]
    return {
        "IdGiayTo": kept.peer_id,
        "MaKetQua": attachment.replaced_result,
        "TenGiayTo": attachment.name,
        "HashTepTin": kept.peer_digest,
    }


def _owner(party: Party, dialect: Dialect) -> Row:
    province = dialect.provinces.get(party.address.province, "")
    address = ", ".join(part for part in (party.address.line, party.address.commune) if part)
    return {
        "TenNguoiNop": party.name,
        "SoDinhDanh": party.id_number or "",
        "NgayCapDinhDanh": compact(party.id_issued_on),
        "NgaySinh": "",
        "SoDienThoai": party.phone,
        "Email": party.email,
        "Fax": "",
        "MaTinh": province,
        "MaHuyen": "",
        "MaXa": "",
        "DiaChiChiTiet": address,
        "TenChuHs": party.name,
        "SoDinhDanhChuHs": party.id_number or "",
        "MaTinhChuHs": province,
        "MaXaChuHs": "",
        "DiaChiChiTietChuHs": address,
    }


def _step(step: ProgressStep, known: Registration) -> Row:
    return {
        "IDHoSo": known.peer_id,
        "MaHoSo": known.number,
        "NguoiXuLy": step.by,
        "ThoiDiemXuLy": iso(step.at),
        "PhongBanXuLy": step.department,
        "NoiDungXuLy": step.what,
        "TrangThai": national(step.national, subject=known.number),
        "NgayBatDau": iso(step.started_at),
        "NgayKetThucTheoQuyDinh": iso(step.due_at),
    }


def _fee(fee: PortalFee, *, paid: bool) -> Row:
    return {
        "TenPhiLePhi": fee.name,
        "MaPhiLePhi": fee.code,
        "HinhThucThu": fee.when,
        "Gia": fee.amount,
        "TrangThaiThanhToan": codes.PAID if paid else codes.UNPAID,
    }


def _result(paper: ResultPaper) -> Row:
    return {"TenGiayTo": paper.name, "MaGiayToKetQua": paper.code, "DuongDanTepTinKetQua": paper.url}
