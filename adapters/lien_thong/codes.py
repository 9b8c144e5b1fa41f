"""Every foreign code of the dossier axis, as tables with their source.

Sources: ``C`` seen in the public code of one-stop systems, ``I`` our inference; the long form is contract/README.md. A
code that is not here is news: an unlisted error code is retried with its text shown, an unlisted status is
Misunderstood.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

from schemas.dossier import IdKind, PartyKind, ReturnMethod
from schemas.errors import CallError, Duplicate, Refused, Transient

SUCCESS: Final = "SUCCESS"
"""``status`` of a good envelope (C)."""
GOOD: Final = "0"
"""``errorCode`` of a good envelope (C)."""

ERROR_CODES: Final[Mapping[str, type[CallError]]] = {  # "0" is C; the others I
    "1": Refused,
    "2": Duplicate,
    "3": Refused,
    "99": Transient,
}

NATIONAL: Final[Mapping[int, str]] = {  # status_profile, C: the national codes
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

RECEIPT: Final = "TIEPNHAN"
"""``status`` of a report that is the unit's receipt while ``status_profile`` is "1" or empty (I)."""

RESULT: Final = "KETQUA"
"""``status`` of a report whose ``data_eform`` holds result codes (I); elsewhere the form is the citizen's own."""


@dataclasses.dataclass(frozen=True, slots=True)
class ActionRow:
    """What a ``status`` means: the national codes it may come with, and the one meant where none is told (I)."""

    says: str
    allowed: frozenset[int]
    default: int | None = None


ACTIONS: Final[Mapping[str, ActionRow]] = {  # names C, the rest I
    "TIEPNHAN": ActionRow("Tiếp nhận", frozenset(NATIONAL)),
    "CAPNHAT": ActionRow("Cập nhật", frozenset(NATIONAL)),
    "RUT": ActionRow("Rút hồ sơ", frozenset({7}), 7),
    "TUCHOI": ActionRow("Từ chối", frozenset({3, 8}), 3),
    "KETQUA": ActionRow("Kết quả", frozenset({9, 10}), 9),
    "THANHTOAN": ActionRow("Thanh toán", frozenset({6}), 6),
}

OUR_ACTION: Final[Mapping[int, str]] = {  # which status we say a national code with (I)
    1: "TIEPNHAN",
    2: "TIEPNHAN",
    3: "TUCHOI",
    4: "CAPNHAT",
    5: "CAPNHAT",
    6: "THANHTOAN",
    7: "RUT",
    8: "CAPNHAT",
    9: "KETQUA",
    10: "CAPNHAT",
}

IN_PERSON: Final = "3"
"""``type`` HOSO_TRUC_TIEP (C; 2 is online). A dossier on paper is one, by whatever way it came (I)."""

A_PROFILE, A_STATUS = "profile", "status"
"""``type`` in a newer client's words (C)."""

UPDATE: Final = "CAPNHAT"
"""``status`` of papers that are asked for or sent later (C)."""
PAYMENT: Final = "THANHTOAN"
"""``status`` of a fee that is asked for or was paid (C)."""
ASKS, WAS_PAID = "true", "false"
"""``is_request_payment`` (C)."""
SUPPLEMENT: Final = 5
"""What CAPNHAT without a code asks for, where the setting says so (C: a unit's client sends it at just that code)."""

OWNER_KINDS: Final[Mapping[PartyKind, str]] = {  # applicants_type, I: the portal's LoaiDoiTuong
    PartyKind.CITIZEN: "1",
    PartyKind.BUSINESS: "2",
    PartyKind.STATE_BODY: "3",
    PartyKind.ORGANISATION: "4",
}

RETURN_TYPES: Final[Mapping[ReturnMethod, str]] = {  # return_type, I: the portal's HinhThuc
    ReturnMethod.COUNTER: "0",
    ReturnMethod.POST: "1",
}

ID_TYPES: Final[Mapping[IdKind, str]] = {  # identity_type, I
    IdKind.CCCD: "cccd",
    IdKind.CMND: "cmnd",
    IdKind.PASSPORT: "passport",
    IdKind.TAX_CODE: "tax_code",
}

PDF: Final = "application/pdf"
"""``content_type`` of an attachment: everything we attach is PDF/A."""
