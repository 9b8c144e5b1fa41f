"""Made-up dossiers, and how the tests reach an adapter."""

import dataclasses
import datetime as dt
import hashlib
import itertools
import json
import os
from collections.abc import Mapping
from pathlib import Path

from adapters._kit.http import PeerHttp
from adapters._kit.settings import check_settings
from adapters.dvc_bo.client import Adapter
from adapters.manifest import read_manifest
from adapters.registry import PEERS_FOLDER, make_http
from gateway.storage import codec
from schemas.dossier import Address, Channel, Component, IdKind, Party, PartyKind, ReturnMethod
from schemas.ids import DossierCode, DossierId, ProcedureCode, Sha256
from schemas.portal import (
    Attachment,
    PortalDossier,
    PortalFee,
    PortalProgress,
    ProgressStep,
    Registration,
    ResultPaper,
)

RECORDED = Path(__file__).parents[3] / "recorded" / "dvc_bo"
NOW = dt.datetime(2026, 11, 20, 1, 15, 0, 120_000, tzinfo=dt.UTC)
PAPERS = (b"%PDF-1.7\r\n\x00\xff mot \r\r\n\n--het", b"%PDF-1.7\nhai")
_serial = itertools.count(1)


class StandingClock:
    """A clock that stands until it is moved; nothing in this adapter waits for it."""

    def __init__(self) -> None:
        self.at = dt.datetime.now(dt.UTC)  # noqa: TID251  # tokens of the sandbox follow the machine's time

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nothing here waits until {when}")


def digest(content: bytes) -> Sha256:
    return Sha256(hashlib.sha256(content).hexdigest())


OWNER = Party(
    kind=PartyKind.CITIZEN,
    name="Nguyễn Văn Mẫu",
    id_kind=IdKind.CCCD,
    id_number="099099000001",
    phone="0900000000",
    address=Address("Số 1 đường Thử", "Phường Thử", "Tỉnh Mẫu", "36"),
    email="mau@example.vn",
    id_issued_on=dt.date(2021, 8, 15),
)
DOSSIER = PortalDossier(
    dossier=DossierId(7),
    code=DossierCode("000.00.14.H99-261120-0007"),
    procedure=ProcedureCode("9.000908"),
    procedure_name="Cấp bản sao từ sổ gốc",
    field_code="G09-LV01",
    field_name="Lưu trữ",
    channel=Channel.POST,
    owner=OWNER,
    summary="Nộp qua bưu chính công ích",
    submitted_at=NOW,
    accepted_at=NOW + dt.timedelta(hours=1),
    due_at=NOW + dt.timedelta(days=3),
    returned_at=None,
    finished_at=None,
    refused_at=None,
    national=2,
    return_method=ReturnMethod.POST,
    unit_name="Cục Thử",
    unit_code="G09.20",
    components=(Component(1, "Tờ khai", "form", 1, 2), Component(2, "Bản sao giấy khai sinh", "copy", 2, 2)),
    attachments=(
        Attachment(digest(PAPERS[0]), "Tờ khai.pdf", 1, "https://mc.example.vn/f/1", digitised=True),
        Attachment(digest(PAPERS[1]), "Ảnh.pdf", None, "https://mc.example.vn/f/2", digitised=True),
    ),
    as_of=NOW,
    results=(ResultPaper("KQ.G09.000122", "Bản sao", None, "https://mc.example.vn/f/9"),),
    fees=(PortalFee("Lệ phí", "LP01", 20_000, 1),),
)
NUMBER = Registration(number="G09.20-20261120-0000007", peer_id="HS00000009", created=True)
STEP = ProgressStep(
    at=NOW,
    national=4,
    by="Cán bộ một cửa",
    title="",
    department="Bưu điện",
    what="Chuyển hồ sơ",
    started_at=NOW - dt.timedelta(days=1),
    due_at=None,
)
PROGRESS = PortalProgress(DossierId(7), DOSSIER.code, (STEP,), NUMBER)


def dossier(**change: object) -> PortalDossier:
    """A dossier with a code of its own."""
    code = DossierCode(f"000.00.14.H99-261120-{os.getpid() % 90 * 100 + next(_serial):04d}")
    return dataclasses.replace(DOSSIER, **{"code": code, **change})  # type: ignore[arg-type]  # the tests name the fields


class FileDesk:
    """Keeps how far it came in a file, fsynced; a new process reads it there. Documents are :data:`PAPERS`."""

    def __init__(self, file: Path) -> None:
        self.file_of_kept = file
        self.kept: list[Registration] = []

    async def keep(self, registration: Registration) -> None:
        with self.file_of_kept.open("w", encoding="utf-8") as file:
            file.write(codec.to_json(registration))
            file.flush()
            os.fsync(file.fileno())
        self.kept.append(registration)

    async def file(self, sha256: Sha256) -> bytes:
        return {digest(paper): paper for paper in PAPERS}[sha256]

    def read(self) -> Registration | None:
        """What the last process left."""
        return (
            codec.from_json(self.file_of_kept.read_text("utf-8"), Registration) if self.file_of_kept.exists() else None
        )


def make_adapter(settings: Mapping[str, object], clock: StandingClock | None = None) -> tuple[Adapter, PeerHttp]:
    """The adapter as the registry makes it; close the second."""
    clock = clock or StandingClock()
    manifest = read_manifest(PEERS_FOLDER / "dvc_bo" / "manifest.toml")
    checked = check_settings(manifest, {"enabled": True, **settings})
    http = make_http(checked, clock=clock)
    return Adapter(checked, http=http, clock=clock), http


def recorded(name: str) -> object:
    return json.loads((RECORDED / name).read_text("utf-8"))
