"""Made-up dossiers and statuses, and how the tests reach an adapter."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from adapters._kit.http import PeerHttp
from adapters._kit.settings import check_settings
from adapters.lien_thong.client import Adapter
from adapters.manifest import read_manifest
from adapters.registry import PEERS_FOLDER, make_http
from schemas.calendar import VIETNAM
from schemas.dossier import Address, Component, IdKind, Party, PartyKind, RequestKind, ReturnMethod
from schemas.ids import DossierCode, DossierId, ProcedureCode, Sha256, UnitId
from schemas.portal import Attachment, OneStopDossier, OneStopRequest, OneStopStatus

RECORDED = Path(__file__).parents[3] / "recorded" / "lien_thong"
CODE = DossierCode("000.00.14.H99-261120-0007")
ORIGIN, TARGET = "000.00.14.H99", "000.00.15.H99"
NOW = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)


class StandingClock:
    """A clock that stands until it is moved; nothing in this adapter waits for it."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nothing here waits until {when}")


def local(day: int, hour: int, minute: int = 0, second: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, second, tzinfo=VIETNAM)


OWNER = Party(
    kind=PartyKind.CITIZEN,
    name="Nguyễn Văn Mẫu",
    id_kind=IdKind.CCCD,
    id_number="099099000001",
    phone="0900000000",
    address=Address("Số 1 đường Thử", "Phường Thử", "Tỉnh Mẫu", "36"),
    email="mau@example.vn",
)
SUBMITTER = Party(
    kind=PartyKind.ORGANISATION,
    name="Công ty Thử",
    id_kind=None,
    id_number=None,
    phone="0900000001",
    address=Address("Số 2 đường Thử", "Phường Thử", "Tỉnh Mẫu", "36"),
)
DOSSIER = OneStopDossier(
    dossier=DossierId(7),
    code=CODE,
    procedure=ProcedureCode("9.000908"),
    procedure_name="Cấp bản sao từ sổ gốc",
    owner=OWNER,
    submitter=SUBMITTER,
    origin=UnitId("post-1"),
    origin_code=ORIGIN,
    target=UnitId("ward-1"),
    target_code=TARGET,
    submitted_at=local(19, 15, 30).astimezone(dt.UTC),
    due_at=local(23, 16, 30),
    return_method=ReturnMethod.POST,
    item_number="EL000000005VN",
    components=(Component(1, "Tờ khai", "form", 1, 2), Component(2, "Bản chính giấy khai sinh", "original", 2, 2)),
    attachments=(Attachment(Sha256("a" * 64), "Tờ khai.pdf", 1, "https://mc.example.vn/f/1", digitised=True),),
    note="Hồ sơ gửi qua bưu điện",
)
STATUS = OneStopStatus(
    dossier=DossierId(7),
    code=CODE,
    origin_code=ORIGIN,
    target_code=TARGET,
    national=10,
    at=local(22, 10, 2, 11).astimezone(dt.UTC),
    by="Bưu điện",
    note="Phát thành công",
)

REQUEST = OneStopRequest(
    dossier=DossierId(7),
    code=CODE,
    origin_code=ORIGIN,
    target_code=TARGET,
    kind=RequestKind.FEE,
    answered=False,
    national=6,
    amount=20_000,
    at=local(21, 9).astimezone(dt.UTC),
    by="Bưu điện",
    note="Lệ phí cấp bản sao",
    attachments=(),
)


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def make_adapter(settings: Mapping[str, object], clock: StandingClock | None = None) -> tuple[Adapter, PeerHttp]:
    """The adapter as the registry makes it; close the second."""
    clock = clock or StandingClock()
    manifest = read_manifest(PEERS_FOLDER / "lien_thong" / "manifest.toml")
    checked = check_settings(manifest, {"enabled": True, **settings})
    http = make_http(checked, clock=clock)
    return Adapter(checked, http=http, clock=clock), http
