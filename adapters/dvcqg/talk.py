"""Questions, answers, ratings and states told back, in the portal's words and in ours. Pure."""

import hashlib
from collections.abc import Sequence
from typing import Any

from adapters._kit import json
from adapters.dvcqg import codes
from adapters.dvcqg.dialect import Dialect
from adapters.dvcqg.translate import Row, file_to_wire, time_to_wire
from adapters.dvcqg.wire import AnswerRow, QuestionRow
from schemas.calendar import VIETNAM
from schemas.errors import Misunderstood, Refused
from schemas.ids import Sha256
from schemas.national import (
    CitizenQuestion,
    GivenAnswer,
    PortalAnswer,
    PortalRating,
    PortalStatus,
    PublishedQuestion,
    Satisfaction,
    WaitingQuestion,
)
from schemas.ports.carrier import Answer
from schemas.wire import RawDocument


def status_to_wire(status: PortalStatus, dialect: Dialect) -> Row:
    """``data`` of DongBoTrangThaiHoSo, an object.

    Raises:
        Refused: the portal has no code for this state; nothing was sent.
    """
    told = dialect.status_back.get(status.national)
    if told is None:
        raise Refused(
            f"DongBoTrangThaiHoSo has no code for state {status.national}; nothing was sent", subject=status.code
        )
    return {
        "MaHoSo": status.code,
        "MaHoSoDonVi": status.local_code,
        "MaDoiTuong": status.owner_reference,
        "NoiDung": status.note,
        "NgayXuLy": time_to_wire(status.at),
        "TrangThai": told,
        "TaiLieuXuLy": [_status_file(file_to_wire(attachment, dialect)) for attachment in status.files],
    }


def _status_file(row: Row) -> Row:
    names = ("TenTepDinhKem", "MaThanhPhanHoSo", "TepDinhKemId", "DuongDanTaiTepTin", "IsDeleted")
    return {name: row[name] for name in names}


def rating_to_wire(rating: PortalRating) -> Row:
    """``data`` of DongBoDanhGia, an object."""
    return {
        "Madonvi": rating.unit_code,
        "TenDonVi": rating.unit_name,
        "Month": str(rating.month),
        "Year": str(rating.year),
        "NgayTongHop": time_to_wire(rating.compiled_at),
        "TongSoNguoiDanhGia": str(rating.people),
        "PhanTramDanhGia": _shares(rating.staff),
        "PhanTramDanhGiaDichVu": _shares(rating.service),
        "DanhSachNoiDungYKien": list(rating.remarks),
    }


def _shares(shares: Satisfaction) -> Row:
    return {
        "RatHaiLong": percent(shares.very),
        "HaiLong": percent(shares.content),
        "ChuaHaiLong": percent(shares.not_content),
    }


def percent(share: float) -> str:
    """A share with at most two places.

    >>> percent(87.5), percent(100.0), percent(33.333)
    ('87.5', '100', '33.33')
    """
    return f"{share:.2f}".rstrip("0").rstrip(".")


def answer_to_wire(answer: PortalAnswer, dialect: Dialect) -> list[Row]:
    """``data`` of DongBoKetQuaHoiDapGuiTuDVCQG."""
    return [
        {
            "HOIDAPID": answer.question,
            "MADONVI": answer.unit_code,
            "NGUOITRALOI": answer.by,
            "CHUCVUNGUOITRALOI": answer.title,
            "NGAYTRALOI": f"{answer.at.astimezone(VIETNAM):{dialect.answer_date}}",
            "NOIDUNGTRALOI": answer.text,
        }
    ]


def faq_to_wire(question: PublishedQuestion) -> list[Row]:
    """``data`` of DongBoHoiDap. The public system writes MaLinhVuc so, and the other names in capitals."""
    return [
        {
            "HOIDAPID": question.key,
            "MaLinhVuc": question.field_code,
            "NOIDUNG": question.question,
            "MADONVI": question.unit_code,
            "TENDONVI": question.unit_name,
            "TRALOIID": question.answer_key,
            "NOIDUNGTRALOI": question.answer,
        }
    ]


def waiting(rows: Sequence[Any]) -> tuple[WaitingQuestion, ...]:
    """The rows of a list of questions as bytes, each with its key where it has one; nothing is judged yet."""
    return tuple(_waiting(row) for row in rows)


def _waiting(row: object) -> WaitingQuestion:
    body = json.dump(row) if isinstance(row, dict | list) else json.dump([row])
    told = row.get("HOIDAPID") if isinstance(row, dict) else None
    key = str(told).strip() if isinstance(told, str | int) and not isinstance(told, bool) else ""
    return WaitingQuestion(key, RawDocument(Sha256(hashlib.sha256(body).hexdigest()), body, "application/json"))


def question(raw: bytes) -> CitizenQuestion:
    """A stored row. Raises Misunderstood: no key, no words, or a field of another type."""
    row = json.parse(QuestionRow, raw)
    if not row.NOIDUNG:
        raise Misunderstood("NOIDUNG: a question without words", subject=row.HOIDAPID, raw=raw)
    return CitizenQuestion(
        key=row.HOIDAPID,
        asked_by=row.HOVATEN,
        email=row.THUDIENTU,
        field_code=row.MALINHVUC,
        procedure=row.MATTHCDP,
        unit_code=row.MADONVI,
        unit_name=row.TENDONVI,
        text=row.NOIDUNG,
        answer_key=row.TRALOIID if row.TRALOIID != "0" else "",
        answer=row.NOIDUNGTRALOI,
    )


def answers(rows: Sequence[Any], raw: bytes, *, key: str) -> tuple[GivenAnswer, ...]:
    """The answers of LayNoiDungTraLoiTheoCauHoi. Raises Misunderstood: one broken row may be the one that is ours."""
    read = [json.check(AnswerRow, row, raw=raw, subject=key) for row in rows]
    return tuple(GivenAnswer(row.TRALOIID, row.NOIDUNGTRALOI) for row in read)


def answered(found: Sequence[GivenAnswer], answer: PortalAnswer) -> Answer:
    """Whether our answer is there: certainly not while there is none at all; another one proves nothing."""
    if any(_same(one.text, answer.text) for one in found):
        return Answer.APPLIED
    return Answer.CANNOT_TELL if found else Answer.NOT_APPLIED


def published(found: Sequence[WaitingQuestion], question: PublishedQuestion) -> Answer:
    """Whether our question is in the list: by its number and its words; one of the two alone proves nothing."""
    signs = {_sign(one, question) for one in found}
    if 2 in signs:
        return Answer.APPLIED
    return Answer.CANNOT_TELL if 1 in signs else Answer.NOT_APPLIED


def _sign(found: WaitingQuestion, wanted: PublishedQuestion) -> int:
    row = json.parse(QuestionRow, found.raw.body)
    return (wanted.key == row.HOIDAPID) + _same(row.NOIDUNG, wanted.question)


def _same(one: str, other: str) -> bool:
    return codes.plain(one) == codes.plain(other)
