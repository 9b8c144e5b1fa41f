"""The three ways to the portal and both generations of fields, against the played portal in a process of its own."""

import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters._kit.sandbox.process import SandboxProcess
from adapters.dvcqg.client import Adapter
from schemas.errors import BadConfiguration, CallError, Misunderstood, Outage, Refused, Unauthorised
from schemas.ids import DossierCode
from schemas.message import Operation
from schemas.portal import PortalDossier, PortalProgress
from schemas.ports.carrier import Answer
from tests.contract.adapters import json_mutants
from tests.contract.adapters.mutants import Must, Mutant, Sort
from tests.contract.adapters.records import portal_answer, portal_rating, portal_status, published_question
from tests.unit.adapters.dvcqg.records import DOSSIER, NOW, PROGRESS, make_adapter, recorded

PROXY = {"variant": "proxy", "create_path": "/tao", "update_path": "/sua", "progress_path": "/tien-trinh"}


def numbered(n: int) -> PortalDossier:
    return dataclasses.replace(DOSSIER, code=DossierCode(f"000.00.14.H99-261120-1{n:03}"))


def steps_of(dossier: PortalDossier) -> PortalProgress:
    return dataclasses.replace(PROGRESS, code=dossier.code)


@contextlib.asynccontextmanager
async def played(folder: Path, **options: str) -> AsyncIterator[tuple[SandboxProcess, Adapter]]:
    """The portal with these options, and an adapter with the settings that it announces."""
    async with SandboxProcess("dvcqg", ledger=folder / "ledger.jsonl", options=options) as sandbox:
        adapter, http = make_adapter(sandbox.settings)
        async with http:
            yield sandbox, adapter


async def applied(sandbox: SandboxProcess) -> list[str]:
    return [line["operation"] for line in await sandbox.control.applied()]


# --- what each way leads to -------------------------------------------------------------------------------------------


async def test_a_proxy_takes_bare_rows_at_an_address_for_each_thing(tmp_path: Path) -> None:
    async with played(tmp_path, variant="proxy") as (sandbox, adapter):
        assert (await adapter.register(DOSSIER)).created
        assert not (await adapter.register(DOSSIER)).created  # the second address, for what is there
        assert (await adapter.progress(PROGRESS)).peer_code == "0"  # told in words alone
        await adapter.tell_status(portal_status())
        assert {one.code for one in (await adapter.procedures()).procedures} == {"2.000908", "1.000948.H99"}
        assert (await adapter.procedure("2.000908")).results[0].code == "KQ.G99.000122"
        assert await adapter.tech_id("099099000001") == "TECH-000001"
        assert adapter.dictionaries() == ("linh-vuc", "nhom-thu-tuc", "thu-tuc-thuoc-loai")
        assert (await adapter.probe()).ok
        lines = await sandbox.control.applied("DongBoHoSoMC")
        assert [line["data"]["mode"] for line in lines] == ["create", "update"]
        assert await applied(sandbox) == [
            "DongBoHoSoMC",
            "DongBoHoSoMC",
            "CapNhatTienDoHoSoMC",
            "DongBoTrangThaiHoSo",
        ]


async def test_a_proxy_is_not_asked_for_what_it_does_not_pass_on(tmp_path: Path) -> None:
    async with played(tmp_path, variant="proxy") as (sandbox, adapter):
        for refused in (
            adapter.rate(portal_rating()),
            adapter.answer_question(portal_answer()),
            adapter.questions(),
            adapter.look_up(DOSSIER.code),
        ):
            with pytest.raises(Refused, match="nothing was sent"):
                await refused
        # A proxy that cannot be asked cannot deny: the message waits for a person and is not sent again.
        for operation, payload in (
            (Operation.PORTAL_PROGRESS, PROGRESS),
            (Operation.PORTAL_ANSWER, portal_answer()),
            (Operation.PORTAL_FAQ, published_question()),
        ):
            assert await adapter.ask(operation, payload, since=NOW) is Answer.CANNOT_TELL
        assert await applied(sandbox) == []


async def test_a_proxy_that_passes_more_on_is_used_for_more(tmp_path: Path) -> None:
    async with SandboxProcess("dvcqg", ledger=tmp_path / "l.jsonl", options={"variant": "proxy"}) as sandbox:
        more = ["TraCuuHoSo", "DongBoKetQuaHoiDapGuiTuDVCQG", "LayNoiDungTraLoiTheoCauHoi"]
        adapter, http = make_adapter({**sandbox.settings, "offered": more})
        async with http:
            await adapter.register(DOSSIER)
            await adapter.progress(PROGRESS)
            answer = portal_answer()
            await adapter.answer_question(answer)
            assert await adapter.ask(Operation.PORTAL_PROGRESS, PROGRESS, since=NOW) is Answer.APPLIED
            assert await adapter.ask(Operation.PORTAL_ANSWER, answer, since=NOW) is Answer.APPLIED


async def test_a_proxy_with_another_token_lets_nobody_in(tmp_path: Path) -> None:
    async with SandboxProcess("dvcqg", ledger=tmp_path / "l.jsonl", options={"variant": "proxy"}) as sandbox:
        adapter, http = make_adapter({**sandbox.settings, "proxy_token": "wrong"})
        async with http:
            with pytest.raises(Unauthorised):
                await adapter.register(DOSSIER)
            assert not (await adapter.probe()).ok


async def test_the_third_way_has_unit_and_kind_in_the_query(tmp_path: Path) -> None:
    async with played(tmp_path, variant="query") as (sandbox, adapter):
        assert (await adapter.register(DOSSIER)).created
        assert not (await adapter.register(DOSSIER)).created
        await adapter.progress(PROGRESS)
        assert (await adapter.probe()).ok
        assert adapter.dictionaries() == ()
        with pytest.raises(Refused, match="does not lead to LayDanhSachTTHC"):
            await adapter.procedures()
        with pytest.raises(Refused, match="nothing was sent"):
            await adapter.tell_status(portal_status())
        lines = await sandbox.control.applied("DongBoHoSoMC")
        assert [line["data"]["mode"] for line in lines] == ["create", "update"]


@pytest.mark.parametrize("variant", ["adapter", "proxy", "query"])
async def test_the_same_dossier_is_the_same_on_every_way(variant: str, tmp_path: Path) -> None:
    async with played(tmp_path, variant=variant) as (sandbox, adapter):
        await adapter.register(DOSSIER)
        await adapter.progress(PROGRESS)
        (line,) = await sandbox.control.applied("DongBoHoSoMC")
        assert line["data"]["row"] == json.loads(recorded("DongBoHoSoMC.request.json"))


@pytest.mark.parametrize("placement", ["body", "query"])
async def test_is_updating_where_the_portal_wants_it(placement: str, tmp_path: Path) -> None:
    async with played(tmp_path, is_updating_placement=placement) as (_, adapter):
        assert (await adapter.register(DOSSIER)).created
        assert not (await adapter.register(DOSSIER)).created


async def test_a_portal_of_the_first_generation_takes_only_its_own_fields(tmp_path: Path) -> None:
    async with SandboxProcess("dvcqg", ledger=tmp_path / "l.jsonl", options={"generation": "G1"}) as sandbox:
        old, http = make_adapter(sandbox.settings)
        new, other = make_adapter({**sandbox.settings, "generation": "G2"})
        async with http, other:
            with pytest.raises(Refused, match="KenhThucHien: no such field"):
                await new.register(DOSSIER)
            assert (await old.register(DOSSIER)).created
        (line,) = await sandbox.control.applied("DongBoHoSoMC")
        assert "KenhThucHien" not in line["data"]["row"]
        assert set(line["data"]["row"]["TaiLieuNop"][0]) == {
            "TepDinhKemId",
            "TenTepDinhKem",
            "IsDeleted",
            "MaThanhPhanHoSo",
            "DuongDanTaiTepTin",
        }


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"variant": "proxy", "update_path": "/u", "progress_path": "/p"}, "create_path"),
        ({"variant": "proxy", "create_path": "/c", "progress_path": "/p"}, "update_path"),
        ({"variant": "proxy", "create_path": "/c", "update_path": "/u"}, "progress_path"),
        ({"variant": "adapter", "password": "p"}, "username"),
        ({"variant": "adapter", "username": "u"}, "password"),
    ],
)
def test_what_a_variant_cannot_do_without_is_named_at_the_start(settings: dict[str, str], missing: str) -> None:
    with pytest.raises(BadConfiguration, match=missing):
        make_adapter({"base_url": "http://127.0.0.1:9", "madonvi": "H99", **settings})


# --- sessions ---------------------------------------------------------------------------------------------------------


async def test_a_session_that_ends_costs_one_log_in_and_no_second_effect(tmp_path: Path) -> None:
    async with played(tmp_path) as (sandbox, adapter):
        await adapter.register(numbered(1))
        await sandbox.control.event(code="expire_sessions")
        await adapter.progress(steps_of(numbered(1)))
        assert await applied(sandbox) == ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"]


async def test_a_session_whose_time_is_over_is_renewed(tmp_path: Path) -> None:
    async with played(tmp_path, session_ttl_s="60") as (sandbox, adapter):
        await sandbox.control.clock("2026-11-22T03:00:00+00:00")
        await adapter.register(numbered(1))
        await sandbox.control.clock("2026-11-22T03:01:00+00:00")
        await adapter.procedures()
        await adapter.progress(steps_of(numbered(1)))
        assert await applied(sandbox) == ["DongBoHoSoMC", "CapNhatTienDoHoSoMC"]


async def test_a_session_that_never_lives_ends_after_the_second_try(tmp_path: Path) -> None:
    async with played(tmp_path, session_ttl_s="0") as (sandbox, adapter):
        with pytest.raises(Unauthorised):
            await adapter.progress(PROGRESS)
        assert await applied(sandbox) == []


# --- broken replies of variants B and C -------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def saying(settings: dict[str, str]) -> AsyncIterator[tuple[Adapter, list[Mutant]]]:
    """A proxy that says whatever stands last in the list."""
    said: list[Mutant] = []

    async def answer(_request: web.Request) -> web.Response:
        told = said[-1]
        headers = {"Content-Type": told.content_type or "application/json; charset=utf-8", **dict(told.headers)}
        return web.Response(body=told.body, status=told.status or 200, headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        adapter, http = make_adapter({"base_url": str(server.make_url("/")), "madonvi": "H99", **settings})
        async with http:
            yield adapter, said


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("proxy.DongBoHoSoMC.created.json", PROXY),
        ("query.DongBoHoSoMC.created.json", {"variant": "query"}),
        ("proxy.LayDanhSachTTHC.wrapped.json", PROXY),
    ],
)
async def test_a_broken_reply_of_a_proxy_is_named(file: str, settings: dict[str, str]) -> None:
    good = recorded(file)
    reads = "LayDanhSachTTHC" in file
    tried = 0
    async with saying(settings) as (adapter, said):
        said.append(Mutant("good", Sort.HARMLESS, Must.SAME, good))
        best = await (adapter.procedures() if reads else adapter.register(DOSSIER))
        for mutant in json_mutants.mutants(good):
            said.append(mutant)
            tried += 1
            try:
                told = await (adapter.procedures() if reads else adapter.register(DOSSIER))
            except CallError as error:
                assert error.raw or not mutant.body or not isinstance(error, Misunderstood), mutant.name
                assert mutant.must is not Must.SAME or reads, mutant.name
                continue
            assert told == best or mutant.path == "message", (mutant.name, told)
            assert mutant.must is not Must.NAMED or mutant.name == "in a text", (mutant.name, told)
    assert tried >= 20


async def test_words_alone_must_say_that_it_is_done() -> None:
    async with saying(PROXY) as (adapter, said):
        for words, good in (("Cập nhật tiến trình thành công", True), ('"Thành  công"', True), ("Lỗi hệ thống", False)):
            said.append(Mutant("words", Sort.HARMLESS, Must.SAME, words.encode(), content_type="text/plain"))
            if good:
                assert (await adapter.progress(PROGRESS)).peer_code == "0"
            else:
                with pytest.raises(Misunderstood, match="thành công") as caught:
                    await adapter.progress(PROGRESS)
                assert caught.value.raw == words.encode()


async def test_nobody_at_the_proxy_is_an_outage() -> None:
    adapter, http = make_adapter({"base_url": "http://127.0.0.1:9", "madonvi": "H99", "variant": "query"})
    async with http:
        with pytest.raises(Outage):
            await adapter.register(DOSSIER)
