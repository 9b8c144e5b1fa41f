"""What the portal delivers to us: dossiers that were born there, amendments, notices of land tax and receipts. Pure.

A delivery is the dossier itself or ``{service, isUpdating, isSync, data}`` (C, in one system). It is stored as it came
before anybody reads it; reading never loses a field, because the raw delivery stays.
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from adapters._kit import json
from adapters.dvcqg import codes
from adapters.dvcqg.listing import time_from_wire
from adapters.dvcqg.wire import NoticeData, NoticeEnvelope
from schemas.dossier import Address, IdKind, Party, PartyKind
from schemas.errors import Misunderstood
from schemas.ids import DossierCode, ProcedureCode, Sha256
from schemas.national import NoticeFile, NoticeKind, PortalNotice
from schemas.wire import Callback, CallbackReply

_FIRST: Final = json.dump({"error_code": 0, "message": "Đã nhận"})
_AGAIN: Final = json.dump({"error_code": 0, "message": "Đã nhận trước đó"})


def proven(callback: Callback, header: str, secret: str) -> bool:
    """Whether the delivery carries the secret that was agreed on; without a secret nothing is proven."""
    told = next((value for name, value in callback.headers if name == header.lower()), "")
    return bool(secret) and hmac.compare_digest(told.removeprefix("Bearer ").strip().encode(), secret.encode())


def event_key(callback: Callback) -> str:
    """Deliveries carry no number of their own: the same bytes are the same delivery (I)."""
    return f"notice:{hashlib.sha256(callback.body).hexdigest()}"


def answer(*, repeated: bool) -> CallbackReply:
    """Code 0: it is safe with us. It is applied later."""
    return CallbackReply(200, "application/json", _AGAIN if repeated else _FIRST)


def read(raw: bytes) -> PortalNotice:
    """A stored delivery.

    Raises:
        Misunderstood: no JSON, an unknown service, no dossier code, a file that is no base64.
    """
    service, data = _opened(raw)
    kind = _kind(service, data, raw)
    code = data.MaHoSoQG or data.MaHoSo
    if not code:
        raise Misunderstood("MaHoSo: a delivery without a dossier code", raw=raw)
    return PortalNotice(
        kind=kind,
        code=DossierCode(code),
        procedure=ProcedureCode(data.MaTTHC) if data.MaTTHC else None,
        owner=_owner(data),
        note=data.ThongTinSuaDoi or (data.ThongTinThanhToan.NoiDungThanhToan if data.ThongTinThanhToan else ""),
        files=_files(data, raw),
        at=_at(data),
        paid=_paid(data, raw),
        service=service,
    )


def _opened(raw: bytes) -> tuple[str, NoticeData]:
    told = json.parse(dict[str, object], raw)
    if "data" in told:
        envelope = json.parse(NoticeEnvelope, raw)
        return envelope.service, envelope.data
    return "", json.parse(NoticeData, raw)


def _kind(service: str, data: NoticeData, raw: bytes) -> NoticeKind:
    if service in codes.NOTICES:
        return codes.NOTICES[service]
    if data.ThongTinThanhToan is not None:
        return NoticeKind.PAYMENT
    if data.MaHoSoQG or data.ThongTinSuaDoi:
        return NoticeKind.AMENDMENT
    if data.MaTTHC:
        return NoticeKind.DOSSIER
    raise Misunderstood(f"service {service!r}: neither a dossier nor anything else that we know", raw=raw)


def _owner(data: NoticeData) -> Party | None:
    name = data.TenThuongNhan or data.HoTenNguoiNopTien or data.NguoiLienHe
    if not name:
        return None
    place = data.DiaChiDoanhNghiep
    return Party(
        kind=PartyKind.BUSINESS if data.TenThuongNhan else PartyKind.CITIZEN,
        name=name,
        id_kind=IdKind.TAX_CODE if data.MaSoThue else None,
        id_number=data.MaSoThue or None,
        phone=data.DienThoai,
        address=Address(place.DiaChiChiTiet, place.MaXa, place.MaTinh, "") if place else Address("", "", "", ""),
        email=data.Email,
    )


def _files(data: NoticeData, raw: bytes) -> tuple[NoticeFile, ...]:
    files = []
    if data.TepDonDangKy:
        files.append(_inline(data.TenTepDonDangKy, data.TepDonDangKy, raw))
    for name, url in ((data.TenTepDangKy, data.URLTepDangKy), ("", data.UrlFileChungTu)):
        if url:
            files.append(NoticeFile(name, url, 0, None))
    return tuple(files)


def _inline(name: str, text: str, raw: bytes) -> NoticeFile:
    try:
        body = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Misunderstood(f"TepDonDangKy: no base64: {error}", raw=raw) from error
    return NoticeFile(name, "", len(body), Sha256(hashlib.sha256(body).hexdigest()))


def _at(data: NoticeData) -> dt.datetime | None:
    return time_from_wire(data.ThongTinThanhToan.ThoiGianThanhToan) if data.ThongTinThanhToan else None


def _paid(data: NoticeData, raw: bytes) -> int | None:
    told: Mapping[str, str] = data.ThongTinThanhToan.model_dump() if data.ThongTinThanhToan else {}
    amount = told.get("SoTien", "")
    if not amount or told["TrangThaiThanhToan"] != codes.PAID:
        return None
    if not (amount.isascii() and amount.isdecimal()) or len(amount) > codes.MOST_DIGITS:
        raise Misunderstood("SoTien: no amount in đồng", raw=raw)
    return int(amount)
