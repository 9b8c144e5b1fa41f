"""The fictional province Mường Sa (H99): a few units, ten procedures, agreements, number ranges (product facts §6).

Realistic in shape, impossible in fact: procedure codes begin with 9, identity numbers with 099, telephones with 0100,
and no such province exists.
"""

import datetime as dt
from typing import Final

from schemas.calendar import Term, TermKind
from schemas.ids import CarrierId, ProcedureCode, UnitId
from schemas.organisation import (
    Agreement,
    ComponentKind,
    ProcedureVersion,
    SupplementClock,
    Tree,
    Unit,
    UnitCode,
    UnitKind,
)

SINCE: Final = dt.date(2025, 9, 1)
"""The commune post offices exist from this day (product facts §0.4)."""
CARRIER: Final = CarrierId("vnpost")
PROVINCE: Final = UnitId("muong-sa")
COMMUNE: Final = UnitId("muong-khat")
OTHER_COMMUNE: Final = UnitId("chieng-vat")
THIRD_COMMUNE: Final = UnitId("na-tong")
POST: Final = UnitId("bd-muong-khat")
OTHER_POST: Final = UnitId("bd-chieng-vat")


def _unit(
    unit: UnitId, kind: UnitKind, name: str, parent: UnitId | None, codes: tuple[tuple[str, str], ...], phone: str
) -> Unit:
    tree = Tree.POST if kind is UnitKind.POST_OFFICE else Tree.GOVERNMENT
    return Unit(
        id=unit,
        kind=kind,
        tree=tree,
        name=name,
        parent=parent,
        address=f"Trung tâm {name}, tỉnh Mường Sa",
        phone=phone,
        hotline="0100 000 099",
        codes=tuple(UnitCode(scheme, code, SINCE, None) for scheme, code in codes),
        valid_from=SINCE,
        valid_to=None,
    )


UNITS: Final = (
    _unit(
        PROVINCE,
        UnitKind.PROVINCE,
        "UBND tỉnh Mường Sa",
        None,
        (("qcvn102", "000.00.00.H99"), ("qd20", "H99")),
        "0100 000 001",
    ),
    _unit(
        COMMUNE,
        UnitKind.COMMUNE,
        "Trung tâm Phục vụ hành chính công xã Mường Khắt",
        PROVINCE,
        (("qcvn102", "000.00.14.H99"), ("qd20", "H99.14"), ("post", "990140")),
        "0100 000 014",
    ),
    _unit(
        OTHER_COMMUNE,
        UnitKind.COMMUNE,
        "Trung tâm Phục vụ hành chính công xã Chiềng Vạt",
        PROVINCE,
        (("qcvn102", "000.00.15.H99"), ("qd20", "H99.15"), ("post", "990150")),
        "0100 000 015",
    ),
    _unit(
        THIRD_COMMUNE,
        UnitKind.COMMUNE,
        "Trung tâm Phục vụ hành chính công xã Nà Tòng",
        PROVINCE,
        (("qcvn102", "000.00.16.H99"), ("qd20", "H99.16"), ("post", "990160")),
        "0100 000 016",
    ),
    _unit(POST, UnitKind.POST_OFFICE, "Bưu điện xã Mường Khắt", None, (("post", "990141"),), "0100 000 114"),
    _unit(OTHER_POST, UnitKind.POST_OFFICE, "Bưu điện xã Chiềng Vạt", None, (("post", "990151"),), "0100 000 115"),
)

_DAYS: Final = TermKind.WORKING_DAYS
_SAME: Final = TermKind.SAME_DAY
_ROWS: Final = (
    ("9.000003", "Cấp bản sao trích lục hộ tịch", "HT01", "Hộ tịch", _SAME, 0, 8_000, ("Tờ khai",)),
    (
        "9.000004",
        "Cấp Giấy xác nhận tình trạng hôn nhân",
        "HT01",
        "Hộ tịch",
        _DAYS,
        3,
        15_000,
        ("Tờ khai", "Giấy tờ tùy thân"),
    ),
    ("9.000010", "Chứng thực bản sao từ bản chính", "CT01", "Chứng thực", _SAME, 0, 2_000, ("Bản chính giấy tờ",)),
    (
        "9.000012",
        "Đăng ký thành lập hộ kinh doanh",
        "KD01",
        "Kinh doanh",
        _DAYS,
        3,
        100_000,
        ("Giấy đề nghị đăng ký hộ kinh doanh", "Giấy tờ pháp lý của chủ hộ"),
    ),
    (
        "9.000013",
        "Đăng ký thay đổi nội dung đăng ký hộ kinh doanh",
        "KD01",
        "Kinh doanh",
        _DAYS,
        3,
        100_000,
        ("Thông báo thay đổi",),
    ),
    (
        "9.000021",
        "Cấp đổi Giấy chứng nhận quyền sử dụng đất",
        "DD01",
        "Đất đai",
        _DAYS,
        7,
        20_000,
        ("Đơn đề nghị", "Giấy chứng nhận đã cấp"),
    ),
    (
        "9.000023",
        "Đăng ký biến động do chuyển nhượng, thừa kế, tặng cho",
        "DD01",
        "Đất đai",
        _DAYS,
        10,
        28_000,
        ("Đơn đăng ký biến động", "Hợp đồng", "Giấy chứng nhận đã cấp"),
    ),
    (
        "9.000028",
        "Thực hiện, điều chỉnh, thôi hưởng trợ cấp xã hội hằng tháng",
        "BT01",
        "Bảo trợ xã hội",
        _DAYS,
        22,
        0,
        ("Tờ khai",),
    ),
    ("9.000031", "Đổi, cấp lại Giấy xác nhận khuyết tật", "BT01", "Bảo trợ xã hội", _DAYS, 5, 0, ("Đơn đề nghị",)),
    ("9.000034", "Cấp bản sao văn bằng, chứng chỉ từ sổ gốc", "GD01", "Giáo dục", _SAME, 0, 0, ("Đơn đề nghị",)),
)

PROCEDURES: Final = tuple(
    ProcedureVersion(
        code=ProcedureCode(code),
        version=1,
        name=name,
        field_code=f"G99-{field_code}",
        field_name=field_name,
        competent=None,
        term=Term(kind, amount),
        fee=fee,
        supplement_clock=SupplementClock.PAUSE,
        components=tuple(
            ComponentKind(no, paper, "original" if no == 1 else "copy", 1, True)
            for no, paper in enumerate(papers, start=1)
        ),
        valid_from=SINCE,
        valid_to=None,
    )
    for code, name, field_code, field_name, kind, amount, fee, papers in _ROWS
)
"""Fees and terms are plausible sample values, not quotations of law."""

AGREEMENTS: Final = tuple(
    Agreement(
        government=government,
        post=post,
        carrier=CARRIER,
        delegated=government != THIRD_COMMUNE,
        procedures=tuple(procedure.code for procedure in PROCEDURES),
        valid_from=SINCE,
        valid_to=None,
    )
    for government in (COMMUNE, OTHER_COMMUNE, THIRD_COMMUNE)
    for post in (POST, OTHER_POST)
)

S10_RANGES: Final = ((POST, "EE", 47_312_000, 47_312_999), (OTHER_POST, "EE", 47_313_000, 47_313_999))
"""Serial numbers (eight digits, without check digit) that the carrier leased to each post unit."""
