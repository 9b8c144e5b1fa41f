"""Every foreign code of the national portal, as tables with their source.

Sources: ``C`` seen in the public code of several one-stop systems, ``D`` seen in a document, ``I`` our inference; the
long form is contract/README.md. A code that is not here is news: an unlisted error code is retried with its text shown,
an unlisted status is never sent.
"""

import dataclasses
import enum
import unicodedata
from collections.abc import Mapping
from typing import Final

from schemas.dossier import Channel, IdKind, PartyKind, ReturnMethod

MOST_STEPS: Final = 10
"""Steps of one CapNhatTienDoHoSoMC (C: what one system sends at a time; no maximum is published)."""
MOST_SUMMARY: Final = 1000
"""Characters of TrichYeuHoSo (C)."""
MOST_PERSON: Final = 50
"""Characters of NguoiXuLy (C)."""
MOST_FILE_NAME: Final = 4000
"""Characters of TenTepDinhKem (C)."""


class Meaning(enum.Enum):
    """What an error code of a reply means to us."""

    GOOD = "good"
    EXISTS = "exists"
    REFUSED = "refused"
    NO_SESSION = "no session"


@dataclasses.dataclass(frozen=True, slots=True)
class ErrorRow:
    """Meaning of an error code, in their words, and where that was seen."""

    meaning: Meaning
    says: str
    source: str


ERROR_CODES: Final[Mapping[int, ErrorRow]] = {
    0: ErrorRow(Meaning.GOOD, "Thành công; comes as 0, “0” and “00”", "C"),
    -3: ErrorRow(Meaning.EXISTS, "Hồ sơ đã tồn tại, where the message says so", "C"),
    3: ErrorRow(Meaning.EXISTS, "as -3, from older systems", "C"),
    -1: ErrorRow(Meaning.REFUSED, "Dữ liệu không hợp lệ; the message has the reason", "C for the other way; I"),
    -2: ErrorRow(Meaning.NO_SESSION, "Phiên làm việc không hợp lệ hoặc đã hết hạn", "I"),
}
_EXISTS: Final = "đã tồn tại"

NATIONAL: Final[Mapping[int, str]] = {  # TrangThaiHoSo and TrangThai, C in three systems and D
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

CHANNELS: Final[Mapping[Channel, str]] = {  # KenhThucHien, C; another API uses 2 and 3 only
    Channel.IN_PERSON: "1",
    Channel.ONLINE: "2",
    Channel.POST: "3",
}

RETURN_METHODS: Final[Mapping[ReturnMethod, str]] = {  # HinhThuc, C
    ReturnMethod.COUNTER: "0",
    ReturnMethod.POST: "1",
}

OWNER_KINDS: Final[Mapping[PartyKind, str]] = {  # LoaiDoiTuong, C; the ministries' portal counts 0..2, do not mix
    PartyKind.CITIZEN: "1",
    PartyKind.BUSINESS: "2",
    PartyKind.STATE_BODY: "3",
    PartyKind.ORGANISATION: "4",
}

ID_KINDS: Final[Mapping[IdKind, tuple[str, int]]] = {  # LoaiDinhDanh and its digits, C; others are not published
    IdKind.CCCD: ("1", 12),
    IdKind.CMND: ("2", 9),
}

NOT_DELETED: Final = "False"
"""IsDeleted (C; one system says "0")."""
LODGED_LOCALLY: Final = "2"
"""NoiNopHoSo: in the province's own system (C)."""


def says_exists(message: str) -> bool:
    """Whether a reply's message says that the dossier is there already; decomposed Vietnamese letters count too."""
    return _EXISTS in " ".join(unicodedata.normalize("NFC", message).casefold().split())
