"""The portal's lists and look-ups in our words. Pure. A row that cannot be read stands beside those that can."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from adapters._kit import json
from adapters.dvcqg import codes
from adapters.dvcqg.wire import (
    FoundRow,
    FullProcedure,
    PapersOfCase,
    ProcedureRow,
    StepsOfCase,
    TechRow,
    WayRow,
)
from schemas.calendar import VIETNAM
from schemas.errors import Misunderstood, Refused
from schemas.ids import DossierCode
from schemas.national import (
    Dictionary,
    DictionaryRow,
    FoundDossier,
    FoundStep,
    ListedProcedure,
    NamedCode,
    NationalProcedure,
    ProcedureFee,
    ProcedureList,
    ProcedurePaper,
    ProcedureWay,
    UnreadRow,
)

R = TypeVar("R")
_SCALAR: Final = (str, int)


def time_from_wire(told: str) -> dt.datetime | None:
    """An instant for ``20261120081500``; None for anything else, an impossible date too.

    >>> time_from_wire("20261120081500").isoformat()
    '2026-11-20T08:15:00+07:00'
    >>> time_from_wire("20261340000000") is None
    True
    """
    if len(told) != 14 or not (told.isascii() and told.isdecimal()):
        return None
    try:
        return dt.datetime.strptime(told, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM)
    except ValueError:
        return None


def procedures(rows: Sequence[Any], raw: bytes) -> ProcedureList:
    """The list of LayDanhSachTTHC."""
    read, unread = _each(rows, lambda row: _listed(json.check(ProcedureRow, row, raw=raw)))
    return ProcedureList(tuple(read), tuple(unread))


def _listed(row: ProcedureRow) -> ListedProcedure:
    return ListedProcedure(code=row.MATTHC, name=row.TENTTHC)


def procedure(rows: Sequence[Any], raw: bytes, *, code: str) -> NationalProcedure:
    """The procedure of LayThuTuc.

    Raises:
        Refused: the portal has none of this code.
        Misunderstood: the row cannot be read, or is about another procedure.
    """
    if not rows:
        raise Refused("the portal has no procedure of this code", subject=code, raw=raw)
    row = json.check(FullProcedure, rows[0], raw=raw, subject=code)
    if code != row.MATTHC:
        raise Misunderstood(f"asked about {code}, answered about {row.MATTHC}", subject=code, raw=raw)
    return NationalProcedure(
        code=row.MATTHC,
        name=row.TENTTHC,
        publisher=row.MACOQUANCONGBO,
        fields=tuple(NamedCode(one.MALINHVUC, one.TENLINHVUC) for one in row.LINHVUCTHUCHIEN),
        steps=_steps(row.TRINHTUTHUCHIEN),
        ways=tuple(way for one in row.CACHTHUCTHUCHIEN for way in _ways(one)),
        papers=_papers(row.THANHPHANHOSO),
        results=tuple(NamedCode(one.MAKETQUA, one.TENKETQUA) for one in row.KETQUATHUCHIEN),
        units=tuple(NamedCode(one.MADONVI, one.TENDONVI) for one in row.COQUANTHUCHIEN),
        legal_bases=tuple(NamedCode(one.SOVANBAN, one.TENVANBAN) for one in row.CANCUPHAPLY),
        applicants=tuple(one.TENDOITUONG for one in row.DOITUONGTHUCHIEN),
        requirements=row.YEUCAU,
    )


def _steps(cases: Sequence[StepsOfCase]) -> tuple[str, ...]:
    return tuple(
        f"{case.TRUONGHOP}: {step.TENTRINHTU}" if case.TRUONGHOP else step.TENTRINHTU
        for case in cases
        for step in case.TRINHTU
    )


def _ways(way: WayRow) -> list[ProcedureWay]:
    beside = [_fee(fee.MAPHILEPHI, fee.SOTIEN, fee.DONVI, fee.MOTA) for fee in way.PHILEPHI]
    if not way.THOIGIAN:
        return [ProcedureWay(way.KENH, "", "", tuple(beside))]
    return [
        ProcedureWay(
            channel=way.KENH,
            term=term.THOIGIANGIAIQUYET,
            term_unit=term.DONVITINH,
            fees=tuple([_fee(fee.MAPHILEPHI, fee.SOTIEN, fee.DONVI, fee.MOTA) for fee in term.PHILEPHI] + beside),
        )
        for term in way.THOIGIAN
    ]


def _fee(code: str, amount: str, unit: str, what: str) -> ProcedureFee:
    whole = int(amount) if amount.isascii() and amount.isdecimal() and len(amount) <= codes.MOST_DIGITS else None
    return ProcedureFee(code=code, amount=whole, unit=unit, what=what)


def _papers(cases: Sequence[PapersOfCase]) -> tuple[ProcedurePaper, ...]:
    return tuple(
        ProcedurePaper(case.TRUONGHOP, paper.MAGIAYTO, paper.TENGIAYTO, paper.TENMAUDON, paper.URL)
        for case in cases
        for paper in case.GIAYTO
    )


def dictionary(name: str, rows: Sequence[Any], raw: bytes) -> Dictionary:
    """One of the portal's dictionaries; ``name`` is a key of ``codes.DICTIONARIES``."""
    known = codes.DICTIONARIES[name]
    read, unread = _each(rows, lambda row: _entry(known, row, raw))
    return Dictionary(name, tuple(read), tuple(unread))


def _entry(known: codes.DictionaryOf, row: object, raw: bytes) -> DictionaryRow:
    if not isinstance(row, dict):
        raise Misunderstood("a row of a dictionary is no object", raw=raw)
    code_at = known.code or next((key for key in row if key.upper().startswith("MA")), "MA…")
    name_at = known.name or next((key for key in row if key.upper().startswith("TEN")), "TEN…")
    more = tuple(
        (key, str(value).strip())
        for key, value in row.items()
        if key not in (code_at, name_at) and isinstance(value, _SCALAR) and not isinstance(value, bool)
    )
    return DictionaryRow(_said(row, code_at, raw), _said(row, name_at, raw), more)


def _said(row: Mapping[str, object], name: str, raw: bytes) -> str:
    """A field that must say something. Raises Misunderstood."""
    value = row.get(name)
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text or "\0" in text:
        raise Misunderstood(f"{name}: must be a text", raw=raw)
    return text


def tech_id(rows: Sequence[Any], raw: bytes, *, subject: str) -> str | None:
    """The technical id of TraCuuTechID; None for an empty list."""
    return json.check(TechRow, rows[0], raw=raw, subject=subject).TECHNICALID if rows else None


def found_dossier(rows: Sequence[FoundRow], code: DossierCode) -> FoundDossier | None:
    """The dossier of TraCuuHoSo."""
    row = next((row for row in rows if row.MaHoSo == code), None)
    if row is None:
        return None
    steps = None
    if row.DanhSachTienDo is not None:
        steps = tuple(
            FoundStep(time_from_wire(one.ThoiDiemXuLy), national_from(one.TrangThai), one.NguoiXuLy, one.NoiDungXuLy)
            for one in row.DanhSachTienDo
        )
    return FoundDossier(code, national_from(row.TrangThaiHoSo), row.TrangThaiHoSo, steps)


def national_from(told: str) -> int | None:
    """A national state that is in our table; anything else stays unknown.

    >>> national_from("9"), national_from("11"), national_from("")
    (9, None, None)
    """
    if not (told.isascii() and told.isdecimal()) or len(told) > 2:
        return None
    return int(told) if int(told) in codes.NATIONAL else None


def _each(rows: Sequence[Any], read: Callable[[Any], R]) -> tuple[list[R], list[UnreadRow]]:
    good: list[R] = []
    bad: list[UnreadRow] = []
    for n, row in enumerate(rows):
        try:
            good.append(read(row))
        except Misunderstood as error:
            bad.append(UnreadRow(n, error.detail, json.dump([row])))
    return good, bad
