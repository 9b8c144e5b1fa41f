"""Every foreign code of the ministries' portal, as tables with their source.

Sources: ``D`` the document page of 2026 (vn-protocols §1.9), ``I`` our inference; the long form is contract/README.md.
A code that is not here is news and is told as it came.
"""

from collections.abc import Mapping
from typing import Final

from schemas.dossier import PartyKind
from schemas.errors import CallError, Duplicate, Refused, Unauthorised, Unknown

NATIONAL: Final[Mapping[int, str]] = {  # TrangThai, D: the national codes
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}

WITH_LISTS: Final = frozenset({5, 6, 9})
"""Statuses that may carry DanhSachLePhi and DanhSachGiayToKetQua (D)."""

NOT_THERE: Final = "404"
TOKEN_IS_OVER: Final = "401"

ERROR_CODES: Final[Mapping[str, type[CallError]]] = {  # the HTTP ones D, that the envelope repeats them I, 409 I
    "400": Refused,
    "401": Unauthorised,
    "403": Unauthorised,
    "404": Refused,
    "409": Duplicate,
    "502": Unknown,
}
"""502 is the system behind the gateway: whether it applied a call is open."""

OWNER_KINDS: Final[Mapping[PartyKind, int]] = {  # LoaiDoiTuong, D: 0 citizen, 1 business, 2 household business
    PartyKind.CITIZEN: 0,
    PartyKind.BUSINESS: 1,
}
"""Not the 1 to 4 of the national portal. For the kinds that are missing here the portal has published no code."""

ORIGINAL, COPY, ELECTRONIC = 0, 1, 2
"""LoaiBan (D)."""

COPIES: Final[Mapping[str, int]] = {"copy": COPY}
"""Kind of a component → LoaiBan where it is no original (I)."""

UNPAID, PAID = 0, 1
"""TrangThaiThanhToan (D)."""
