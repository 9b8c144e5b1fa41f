"""How one installation writes: everything in which the public systems disagree, read from the settings once."""

import dataclasses
from collections.abc import Mapping
from typing import Final

from adapters._kit.settings import Settings
from adapters.dvcqg import codes

G1_DOSSIER: Final = frozenset(
    {
        "KenhThucHien",
        "SoGiayToChuHoSo",
        "NgayNopHoSo",
        "NgayTuChoi",
        "NoiNopHoSo",
        "HoSoCoThanhPhanSoHoa",
        "TaiKhoanDuocXacThucVoiVNeID",
        "DuocThanhToanTrucTuyen",
        "DinhDanhCHS",
        "DSKetNoiCSDL",
    }
)
"""Fields of a dossier that the first generation (2019 to 2020) does not know."""
G1_FILE: Final = frozenset({"DuocSoHoa", "DuocTaiSuDung", "DuocLayTuKhoDMQG", "MaKetQuaThayThe"})
"""The same of a submitted file."""
G1_RESULT: Final = frozenset({"MaGiayToKetQua"})
"""The same of a result."""


@dataclasses.dataclass(frozen=True, slots=True)
class Dialect:
    """Words that are settings; the defaults are what the newest public system writes."""

    generation: str = "G2"
    not_deleted: str = "False"
    owner_reference: str = "tech_id"
    status_back: Mapping[int, str] = dataclasses.field(default_factory=lambda: codes.STATUS_BACK)
    answer_date: str = "%d/%m/%Y"


STANDARD: Final = Dialect()


def dialect_of(settings: Settings) -> Dialect:
    """The dialect that the settings ask for."""
    raw = settings.text("status_back") == "raw"
    compact = settings.text("answer_date") == "yyyyMMddHHmmss"
    return Dialect(
        generation=settings.text("generation"),
        not_deleted=settings.text("is_deleted"),
        owner_reference=settings.text("owner_reference"),
        status_back=codes.STATUS_BACK_RAW if raw else codes.STATUS_BACK,
        answer_date="%Y%m%d%H%M%S" if compact else "%d/%m/%Y",
    )
