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
from schemas.national import NoticeKind

MOST_STEPS: Final = 10
"""Steps of one CapNhatTienDoHoSoMC (C: what one system sends at a time; no maximum is published)."""
MOST_SUMMARY: Final = 1000
"""Characters of TrichYeuHoSo (C)."""
MOST_PERSON: Final = 50
"""Characters of NguoiXuLy (C)."""
MOST_FILE_NAME: Final = 4000
"""Characters of TenTepDinhKem (C)."""
MOST_DIGITS: Final = 15
"""Digits of an amount in đồng that are believed; more are no amount."""
MOST_RESULT_NAME: Final = 2000
"""Characters of TenGiayTo of a result (C)."""


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
_DONE: Final = "thành công"


@dataclasses.dataclass(frozen=True, slots=True)
class NationalRow:
    """A national state: what it is called, and where that was seen."""

    says: str
    source: str


_THREE: Final = "C in three systems; D"

NATIONAL: Final[Mapping[int, NationalRow]] = {  # TrangThaiHoSo and TrangThai; valid since 2019-01-01
    1: NationalRow("Mới đăng ký", _THREE),
    2: NationalRow("Được tiếp nhận", _THREE),
    3: NationalRow("Không được tiếp nhận", _THREE),
    4: NationalRow("Đang xử lý", _THREE),
    5: NationalRow("Yêu cầu bổ sung giấy tờ", _THREE),
    6: NationalRow("Yêu cầu thực hiện nghĩa vụ tài chính", _THREE),
    7: NationalRow("Công dân yêu cầu rút hồ sơ", _THREE),
    8: NationalRow("Dừng xử lý", _THREE),
    9: NationalRow("Đã xử lý xong", _THREE),
    10: NationalRow("Đã trả kết quả", _THREE),
}

STATUS_BACK: Final[Mapping[int, str]] = {  # TrangThai of DongBoTrangThaiHoSo type 2, C in one system
    4: "2",
    6: "2",
    9: "2",
    10: "2",
    3: "5",
    7: "5",
    8: "5",
}
"""2 taken in, 5 to be completed or refused; the other states have no code there and are not told."""
STATUS_BACK_RAW: Final[Mapping[int, str]] = {**{code: str(code) for code in NATIONAL}, 3: "11"}
"""DongBoTrangThaiHoSoKM: our state as it is, but 11 for 3 (C in one system)."""
STATUS_BACK_TYPE: Final = "2"
"""``type`` of DongBoTrangThaiHoSo (C)."""

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

LODGED_AT_PORTAL: Final = "1"
"""NoiNopHoSo: at the national portal (I)."""
LODGED_LOCALLY: Final = "2"
"""NoiNopHoSo: in the province's own system (C)."""

PAID: Final = "1"
"""TrangThaiThanhToan: paid (D of another API of the same family; I here)."""
TECH_ID_PROVIDER: Final = "wso2is"
"""``provider`` of TraCuuTechID (C)."""


@dataclasses.dataclass(frozen=True, slots=True)
class DictionaryOf:
    """A dictionary of the portal: its service, the fields that hold code and name, and where they were seen.

    Fields that were seen nowhere are empty: then the first that begins with MA, and with TEN, is taken (I).
    """

    service: str
    code: str
    name: str
    source: str


DICTIONARIES: Final[Mapping[str, DictionaryOf]] = {
    "co-quan": DictionaryOf("LayDanhMucCoQuan", "MADONVI", "TENDONVI", "C"),
    "linh-vuc": DictionaryOf("LayDanhMucLinhVuc", "MALINHVUC", "TENLINHVUC", "C in two systems"),
    "gioi-tinh": DictionaryOf("LayDanhMucGioiTinh", "", "", "C, name only"),
    "tinh-thanh": DictionaryOf("LayDanhMucTinhThanh", "", "", "C, name only"),
    "quan-huyen": DictionaryOf("LayDanhMucQuanHuyen", "", "", "C, name only; without object since 2025-07-01"),
    "phuong-xa": DictionaryOf("LayDanhMucPhuongXa", "", "", "C, name only"),
    "quoc-gia": DictionaryOf("LayDanhMucQuocGia", "", "", "C, name only"),
    "dan-toc": DictionaryOf("LayDanhMucDanToc", "", "", "C, name only"),
    "ton-giao": DictionaryOf("LayDanhMucTonGiao", "", "", "C, name only"),
    "hon-nhan": DictionaryOf("LayDanhMucTinhTrangHonNhan", "", "", "C, name only"),
    "doi-tuong": DictionaryOf("LayDanhMucDoiTuong", "", "", "C, name only"),
    "cap-thuc-hien": DictionaryOf("LayDanhMucCapThucHien", "", "", "C, name only"),
    "can-cu-phap-ly": DictionaryOf("LayDanhMucCanCuPhapLy", "", "", "C, name only"),
    "le-phi": DictionaryOf("LayDanhMucLePhi", "", "", "C, name only"),
    "nhom-thu-tuc": DictionaryOf("LayDanhMucNhomThuTuc", "", "", "C, name only"),
    "thu-tuc-thuoc-loai": DictionaryOf("LayDanhMucThuTucThuocLoai", "", "", "C, name only"),
    "dich-vu-cong": DictionaryOf("LayDVC", "MADVC", "TENDVC", "C"),
}

NOTICES: Final[Mapping[str, NoticeKind]] = {  # `service` of a delivery; one without is a dossier
    "NhanThongBaoThueDat": NoticeKind.LAND_TAX,  # C
    "NhanChungTuThueDat": NoticeKind.PAYMENT,  # C
}


def plain(text: str) -> str:
    """``text`` as two systems may compare it: composed letters, one case, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def says_exists(message: str) -> bool:
    """Whether a reply's message says that the dossier is there already; decomposed Vietnamese letters count too."""
    return _EXISTS in plain(message)


def says_done(text: str) -> bool:
    """Whether a reply that is only a sentence says that it is done (a provincial proxy, C)."""
    return _DONE in plain(text)
