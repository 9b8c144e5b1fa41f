"""The axis in its known variants, each a process of its own: the same story goes through all of them."""

import dataclasses
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from adapters.lien_thong.client import Adapter
from schemas.dossier import RequestKind
from schemas.errors import Duplicate, Refused
from schemas.portal import OneStopReport, ReportKind
from tests.unit.adapters.lien_thong.records import DOSSIER, REQUEST, STATUS, make_adapter

pytestmark = pytest.mark.slow
PAPERS = dataclasses.replace(REQUEST, kind=RequestKind.SUPPLEMENT, national=5, amount=None)


async def take(adapter: Adapter) -> list[OneStopReport]:
    """Everything that waits: listed, fetched, read, acknowledged."""
    reports: list[OneStopReport] = []
    for ref in await adapter.waiting(DOSSIER.origin_code):
        document = await adapter.fetch(ref)
        reports += adapter.read(document.body, document.sha256)
        await adapter.acknowledge(ref, done=True)
    return reports


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"spelling": "camel", "codes_told": "0", "tell_life": "text", "token_type": "bearer", "over": "xml"},
        {"service": "1", "token_request": "bearer_key", "tell_life": "none", "over": "html"},
        {"token_request": "json_secret", "token_header": "access_token", "tell_life": "huge", "over": "json_200"},
        {"token_request": "query_secret"},
        {"token_request": "form_secret"},
        {"token_request": "basic_ready"},
    ],
    ids=lambda options: "-".join(options.values()) or "plain",
)
async def test_one_story_goes_through_every_variant(options: dict[str, str], tmp_path: Path) -> None:
    async with SandboxProcess("lien_thong", ledger=tmp_path / "ledger.jsonl", options=options) as axis:
        adapter, http = make_adapter(axis.settings)
        async with http:
            await adapter.submit(DOSSIER)
            await adapter.request(REQUEST)
            await adapter.request(PAPERS)
            await axis.control.event(code="expire_tokens")
            with pytest.raises(Duplicate):
                await adapter.request(REQUEST)
            await adapter.request(dataclasses.replace(PAPERS, answered=True, attachments=DOSSIER.attachments))
            await adapter.tell(STATUS)
            for act in ("receive", "supplement"):
                await axis.control.event(reference=DOSSIER.code, code=act, papers=["Sổ hộ khẩu cũ"])
            for act in ("fee", "paid"):
                await axis.control.event(reference=DOSSIER.code, code=act, amount=15_000)
            received, supplement, fee, paid = await take(adapter)
        applied = [str(line["operation"]) for line in await axis.control.applied()]
    assert applied[:5] == [
        "syncDossier",
        "sendRequestOrPayMentProfile",
        "syncDossier",
        "syncDossier",
        "sendStatusProfile",
    ]
    assert received.kind is ReportKind.RECEIVED
    assert (supplement.national, supplement.reason) == (5, "Sổ hộ khẩu cũ")
    assert (fee.kind, fee.national, fee.amount) == (ReportKind.STATUS, 6, 15_000)
    assert (paid.kind, paid.national, paid.amount) == (ReportKind.PAID, None, 15_000)


async def test_papers_may_be_asked_for_by_the_other_operation(tmp_path: Path) -> None:
    async with SandboxProcess("lien_thong", ledger=tmp_path / "ledger.jsonl") as axis:
        adapter, http = make_adapter({**axis.settings, "supplement_operation": "sendRequestOrPayMentProfile"})
        async with http:
            with pytest.raises(Refused, match="Không tìm thấy"):
                await adapter.request(PAPERS)
            await adapter.submit(DOSSIER)
            await adapter.request(PAPERS)
        (line,) = await axis.control.applied("sendRequestOrPayMentProfile")
    assert (line["key"], line["data"]["row"]["status"]) == (DOSSIER.code, "CAPNHAT")


async def test_a_report_that_is_not_understood_is_told_as_failed_or_left(tmp_path: Path) -> None:
    async with SandboxProcess("lien_thong", ledger=tmp_path / "ledger.jsonl") as axis:
        leaving, first = make_adapter({**axis.settings, "unreadable": "leave"})
        telling, second = make_adapter(axis.settings)
        async with first, second:
            await telling.submit(DOSSIER)
            await axis.control.event(reference=DOSSIER.code, code="receive")
            (ref,) = await leaving.waiting(DOSSIER.origin_code)
            await leaving.acknowledge(ref, done=False)
            assert await leaving.waiting(DOSSIER.origin_code) == (ref,)
            await telling.acknowledge(ref, done=False)
            assert await telling.waiting(DOSSIER.origin_code) == ()
        (line,) = await axis.control.applied("updateStatusReceiver")
    assert line["data"] == {"status": "fail"}
