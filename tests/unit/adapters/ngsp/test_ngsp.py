"""Field by field, and over a socket: the dossier with its files, one step a call, results in either spelling."""

import dataclasses
import datetime as dt
import doctest
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from adapters._kit import json as wire_json
from adapters._kit.http import PeerHttp
from adapters._kit.sandbox.fields import FieldTables
from adapters._kit.sandbox.process import SandboxProcess
from adapters._kit.settings import check_settings
from adapters.manifest import read_manifest
from adapters.ngsp import translate
from adapters.ngsp.client import Adapter
from adapters.ngsp.wire import Result
from adapters.registry import PEERS_FOLDER, make_http
from schemas.dossier import PartyKind
from schemas.errors import CallError, Refused, Unauthorised, Unknown
from schemas.ids import Sha256
from schemas.portal import Attachment, PortalDossier, PortalFee, PortalSupplement, Registration
from tests.contract.adapters import records
from tests.contract.adapters.bench import RealClock

RECORDED = Path(__file__).parents[3] / "recorded" / "ngsp"
TABLES = FieldTables(PEERS_FOLDER / "ngsp" / "contract" / "fields.toml")
PAPER = b"%PDF-1.7 mot"
DIGEST = Sha256(hashlib.sha256(PAPER).hexdigest())
PLAIN = translate.Dialect(good=frozenset({"200"}), zeros=False, attachment_id="AttachmentId")
ASKED = PortalSupplement(1, "Bình", "Sổ hộ khẩu", records.NOW, None, settled=False, due_before=None, due_after=None)


def dossier(**change: Any) -> PortalDossier:
    plain = dataclasses.replace(
        records.portal_dossier(),
        owner=dataclasses.replace(records.CITIZEN, id_number="099099000001"),
        attachments=(Attachment(DIGEST, "Tờ khai.pdf", 1, "", digitised=True),),
        fees=(PortalFee("Lệ phí", "LP01", 20_000, 1),),
    )
    return dataclasses.replace(plain, **change)


class Desk:
    """Has the one paper."""

    async def keep(self, registration: Registration) -> None:
        raise AssertionError("one call has nothing to keep")

    async def file(self, sha256: Sha256) -> bytes:
        return {DIGEST: PAPER}[sha256]


def made(settings: dict[str, Any], **more: object) -> tuple[Adapter, PeerHttp]:
    clock = RealClock()
    manifest = read_manifest(PEERS_FOLDER / "ngsp" / "manifest.toml")
    checked = check_settings(manifest, {"enabled": True, **settings, **more})
    http = make_http(checked, clock=clock)
    return Adapter(checked, http=http, clock=clock), http


def sent(dialect: translate.Dialect = PLAIN, **change: Any) -> dict[str, Any]:
    return translate.dossier_to_wire(dossier(**change), {DIGEST: PAPER}, dialect)


def test_a_dossier_becomes_what_is_recorded() -> None:
    row = sent(code="000.00.14.H99-261120-0007")
    assert row == json.loads((RECORDED / "SyncDocument.request.json").read_text("utf-8"))
    assert TABLES.faults("SyncDocument", row) == []
    assert set(TABLES.names("SyncDocument")) - set(row) == {
        "SuccessDate",
        "ReturnedDate",
        "FinishedDate",
        "RequireSupplementaryDate",
    }


def test_a_step_becomes_what_is_recorded() -> None:
    progress = records.progress("000.00.14.H99-261120-0007")  # type: ignore[arg-type]  # a code is text
    step = dataclasses.replace(progress.steps[0], at=records.NOW)
    row = translate.trace_to_wire(progress, step, "000.00.00.H99")
    assert row == json.loads((RECORDED / "UpdateDocumentTraces.request.json").read_text("utf-8"))
    assert tuple(row) == TABLES.names("UpdateDocumentTraces")
    assert TABLES.faults("UpdateDocumentTraces", row) == []


@pytest.mark.parametrize(
    ("national", "success", "returned", "status"),
    [(1, False, False, 1), (4, False, False, 1), (3, False, False, 1), (9, True, False, 2), (10, True, True, 2)],
)
def test_the_state_in_their_three_words(national: int, success: bool, returned: bool, status: int) -> None:
    at = records.NOW + dt.timedelta(days=1)
    row = sent(national=national, finished_at=at, returned_at=at if national == 10 else None, refused_at=at)
    assert (row["IsSuccess"], row["IsReturned"], row["Status"]) == (success, returned, status)
    assert ("SuccessDate" in row) is success
    assert ("FinishedDate" in row) is (national in (3, 10))
    assert TABLES.faults("SyncDocument", row) == []


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"owner": dataclasses.replace(records.CITIZEN, kind=PartyKind.ORGANISATION)}, "ApplicantsType", 3),
        ({"owner": dataclasses.replace(records.CITIZEN, kind=PartyKind.STATE_BODY)}, "ApplicantsType", 4),
        ({"supplements": (ASKED,)}, "RequireSupplementaryDate", "2026-11-20T10:15:00.000+0700"),
        ({"supplements": (ASKED,)}, "HasSupplementary", True),
        ({"attachments": ()}, "Attachments", []),
    ],
)
def test_one_change_changes_one_field(change: dict[str, Any], field: str, value: object) -> None:
    row = sent(**change)
    assert row[field] == value
    assert TABLES.faults("SyncDocument", row) == []


def test_a_date_that_is_not_there_is_left_out_or_zeros() -> None:
    assert "SuccessDate" not in sent()
    assert sent(dataclasses.replace(PLAIN, zeros=True))["SuccessDate"] == "0000-00-00T00:00:00.000+0700"


def test_the_schemas_slip_in_a_name_is_a_setting() -> None:
    row = sent(dataclasses.replace(PLAIN, attachment_id="Attachmentld"))
    assert row["Attachments"][0]["Attachmentld"] == 1
    assert TABLES.faults("SyncDocument", row) == []


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (b'{"status": 400, "message": "sai"}', Refused),
        (b'{"Status": "401"}', Unauthorised),
        (b'{"status": 404}', Refused),
        (b'{"status": 500}', Unknown),
        (b'{"status": 0}', Unknown),
        (b'{"status": "OK"}', Unknown),
    ],
)
def test_a_result_that_is_no_success_is_named(told: bytes, kind: type[CallError]) -> None:
    error = translate.failure(wire_json.parse(Result, told), told, PLAIN, subject="X")
    assert type(error) is kind and error.raw == told


@pytest.mark.parametrize("told", [b'{"status": 200}', b'{"Status": "200", "Message": null}'])
def test_two_hundred_is_good_in_every_spelling(told: bytes) -> None:
    assert translate.failure(wire_json.parse(Result, told), told, PLAIN, subject="X") is None


@pytest.mark.parametrize(
    "options", [{}, {"names": "capital", "status_as": "text", "token_request": "basic"}], ids=["small", "capital"]
)
async def test_a_dossier_with_its_file_and_its_steps(options: dict[str, str], tmp_path: Path) -> None:
    async with SandboxProcess("ngsp", ledger=tmp_path / "ledger.jsonl", options=options) as platform:
        adapter, http = made(platform.settings)
        async with http:
            told = dossier()
            await adapter.register_in_steps(told, Desk())
            await platform.control.event(code="expire_tokens")
            await adapter.register_in_steps(told, Desk())
            progress = records.progress(told.code)
            await adapter.progress(progress)
            with pytest.raises(Refused, match="one step a call"):
                await adapter.progress(dataclasses.replace(progress, steps=progress.steps * 2))
            with pytest.raises(Refused, match="Không tìm thấy"):
                await adapter.progress(records.progress(records.new_code()))
        (line,) = await platform.control.applied("SyncDocument")
        assert line["data"]["row"]["Attachments"][0]["Base64"] == "JVBERi0xLjcgbW90"
        assert len(await platform.control.applied("UpdateDocumentTraces")) == 1


async def test_files_beyond_the_limit_are_refused_and_may_be_left_out(tmp_path: Path) -> None:
    async with SandboxProcess("ngsp", ledger=tmp_path / "ledger.jsonl") as platform:
        small, first = made(platform.settings, max_files_bytes=3)
        bare, second = made(platform.settings, attachments="none")
        async with first, second:
            with pytest.raises(Refused, match="max_files_bytes"):
                await small.register_in_steps(dossier(), Desk())
            await bare.register_in_steps(dossier(), Desk())
        (line,) = await platform.control.applied("SyncDocument")
        assert line["data"]["row"]["Attachments"] == []


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(translate).attempted > 0
    assert doctest.testmod(translate).failed == 0
