"""Made-up dossiers and steps, and how the tests reach an adapter."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

from adapters._kit.http import PeerHttp
from adapters._kit.settings import check_settings
from adapters.dvcqg.client import Adapter
from adapters.manifest import read_manifest
from adapters.registry import PEERS_FOLDER, make_http
from schemas.calendar import VIETNAM
from schemas.dossier import Address, Channel, Component, IdKind, Party, PartyKind, ReturnMethod
from schemas.ids import DossierCode, DossierId, ProcedureCode, Sha256
from schemas.portal import Attachment, PortalDossier, PortalProgress, ProgressStep

RECORDED = Path(__file__).parents[3] / "recorded" / "dvcqg"
CODE = DossierCode("000.00.14.H99-261120-0007")
NOW = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)


class StandingClock:
    """A clock that stands; nothing in this adapter waits for it."""

    def now(self) -> dt.datetime:
        return NOW

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
ATTACHMENTS = (
    Attachment(Sha256("a" * 64), "Tờ khai.pdf", 1, "https://mc.example.vn/f/1", digitised=True),
    Attachment(Sha256("b" * 64), "Khác.pdf", None, "https://mc.example.vn/f/2", digitised=False),
)
COMPONENTS = (
    Component(1, "Tờ khai", "form", 1, 2),
    Component(2, "Bản chính giấy khai sinh", "original", 2, 2),
)
DOSSIER = PortalDossier(
    dossier=DossierId(7),
    code=CODE,
    procedure=ProcedureCode("9.000908"),
    procedure_name="Cấp bản sao từ sổ gốc",
    field_code="G15-CT01",
    field_name="Chứng thực",
    channel=Channel.POST,
    owner=OWNER,
    summary="Nộp qua bưu chính công ích",
    submitted_at=local(19, 15, 30),
    accepted_at=local(20, 8, 15).astimezone(dt.UTC),
    due_at=local(23, 16, 30),
    returned_at=local(22, 10, 2, 11),
    finished_at=local(21, 16),
    refused_at=None,
    national=10,
    return_method=ReturnMethod.POST,
    unit_name="UBND phường Thử",
    unit_code="000.00.14.H99",
    components=COMPONENTS,
    attachments=ATTACHMENTS,
    as_of=NOW,
)
STEPS = (
    ProgressStep(
        at=local(20, 8, 15),
        national=2,
        by="Cán bộ một cửa",
        title="Chuyên viên",
        department="Bộ phận Một cửa",
        what="Tiếp nhận hồ sơ",
        started_at=local(20, 8, 15),
        due_at=local(23, 16, 30),
    ),
    ProgressStep(
        at=local(21, 9).astimezone(dt.UTC),
        national=9,
        by="Bưu điện",
        title="",
        department="",
        what="Giao bưu chính phát trả, vận đơn EL000000005VN",
        started_at=None,
        due_at=None,
    ),
)
PROGRESS = PortalProgress(dossier=DossierId(7), code=CODE, steps=STEPS)


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def make_adapter(settings: Mapping[str, object]) -> tuple[Adapter, PeerHttp]:
    """The adapter as the registry makes it; close the second."""
    checked = check_settings(read_manifest(PEERS_FOLDER / "dvcqg" / "manifest.toml"), {"enabled": True, **settings})
    http = make_http(checked, clock=StandingClock())
    return Adapter(checked, http=http, clock=StandingClock()), http
