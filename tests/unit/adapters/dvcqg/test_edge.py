"""Broken replies over a real socket: each is an error with its raw bytes, none is an answer."""

import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.dvcqg.client import Adapter
from schemas.errors import CallError, Misunderstood, Outage, Refused, Throttled, Transient, Unauthorised, Unknown
from schemas.message import Operation
from schemas.portal import OneStopStatus
from schemas.ports.carrier import Answer
from tests.unit.adapters.dvcqg.records import DOSSIER, NOW, PROGRESS, RECORDED, make_adapter, recorded

MALFORMED = sorted((RECORDED / "malformed").glob("*.bin"))
Do = Callable[[Adapter], Awaitable[object]]
DO: dict[str, Do] = {
    "register": lambda adapter: adapter.register(DOSSIER),
    "progress": lambda adapter: adapter.progress(PROGRESS),
    "ask": lambda adapter: adapter.ask(Operation.PORTAL_PROGRESS, PROGRESS, since=NOW),
}
JSON = "application/json"


@dataclasses.dataclass
class Heard:
    """One request as it came over the socket."""

    method: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]


class Canned:
    """A portal that says the same every time: one reply to log-ins, one to everything else."""

    def __init__(self, say: web.Response | bytes, *, login: bytes | None = None, **settings: str) -> None:
        self.say = say
        self.login = recorded("login.json") if login is None else login
        self.settings = {"username": "u", "password": "p", "madonvi": "H99", **settings}
        self.asked: list[str] = []
        self.heard: list[Heard] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        self.heard.append(Heard(request.method, dict(request.query), dict(request.headers), await request.json()))
        if request.path == "/mapi/login":
            return web.Response(body=self.login, content_type=JSON)
        if isinstance(self.say, bytes):
            return web.Response(body=self.say, content_type=JSON)
        said = self.say
        return web.Response(status=said.status, headers=said.headers, body=said.body)

    @contextlib.asynccontextmanager
    async def adapter(self) -> AsyncIterator[Adapter]:
        """Our adapter, pointed at this portal."""
        app = web.Application()
        app.router.add_post("/{path:.*}", self.answer)
        async with TestServer(app) as server:
            adapter, http = make_adapter({"base_url": str(server.make_url("/")), **self.settings})
            async with http:
                yield adapter

    async def raised(self, do: Do) -> CallError:
        """What a call to this portal raises."""
        async with self.adapter() as adapter:
            with pytest.raises(CallError) as caught:
                await do(adapter)
        return caught.value


async def test_a_call_is_worded_as_the_contract_says() -> None:
    portal = Canned(recorded("good_int.json"))
    async with portal.adapter() as adapter:
        await adapter.register(DOSSIER)
        await adapter.progress(PROGRESS)
    login, create, steps = portal.heard
    dstcode = {"dstcode": "VN:GOV:000.00.00.G22:vpcpdvcprovider"}
    assert [heard.query for heard in portal.heard] == [dstcode] * 3
    assert {heard.headers["Content-Type"] for heard in portal.heard} == {"application/json; charset=utf-8"}
    assert login.body == {"username": "u", "password": "p"}
    envelope = {"session": "9f6c0001", "madonvi": "H99"}
    row = json.loads(recorded("DongBoHoSoMC.request.json"))
    assert create.body == {**envelope, "service": "DongBoHoSoMC", "isUpdating": "False", "data": [row]}
    told = json.loads(recorded("CapNhatTienDoHoSoMC.request.json"))
    assert steps.body == {**envelope, "service": "CapNhatTienDoHoSoMC", "data": told}


async def test_an_update_follows_a_create_that_met_the_dossier() -> None:
    portal = Canned(recorded("exists_minus_3.json"))
    await portal.raised(DO["register"])  # this portal says "exists" to the update as well: then it is a refusal
    assert [heard.body.get("isUpdating") for heard in portal.heard] == [None, "False", "True"]
    assert portal.heard[1].body["data"] == portal.heard[2].body["data"]


async def test_placements_are_settings() -> None:
    portal = Canned(recorded("good_int.json"), dstcode_placement="header", is_updating_placement="query")
    async with portal.adapter() as adapter:
        await adapter.register(DOSSIER)
    create = portal.heard[1]
    assert create.query == {"isUpdating": "False"}
    assert create.headers["dstcode"].endswith("vpcpdvcprovider")
    assert "isUpdating" not in create.body


async def test_no_dstcode_where_none_is_wanted() -> None:
    portal = Canned(recorded("good_int.json"), dstcode="")
    async with portal.adapter() as adapter:
        await adapter.register(DOSSIER)
    assert all(not heard.query and "dstcode" not in heard.headers for heard in portal.heard)


@pytest.mark.parametrize("do", DO)
@pytest.mark.parametrize("broken", MALFORMED, ids=lambda path: str(path.stem))
async def test_a_broken_reply_is_misunderstood_with_its_bytes(broken: Path, do: str) -> None:
    raised = await Canned(broken.read_bytes()).raised(DO[do])
    assert type(raised) is Misunderstood
    assert raised.raw == broken.read_bytes()


@pytest.mark.parametrize("broken", MALFORMED, ids=lambda path: str(path.stem))
async def test_a_broken_login_is_misunderstood_and_nothing_follows(broken: Path) -> None:
    portal = Canned(recorded("good_int.json"), login=broken.read_bytes())
    raised = await portal.raised(DO["register"])
    assert type(raised) is Misunderstood
    assert raised.raw == broken.read_bytes()
    assert portal.asked == ["/mapi/login"]


@pytest.mark.parametrize(
    "login", [b'{"error_code": 0}', b'{"error_code": 0, "session": ""}', b'{"error_code": 0, "session": null}']
)
async def test_a_good_login_without_a_session_is_misunderstood(login: bytes) -> None:
    assert type(await Canned(b"", login=login).raised(DO["register"])) is Misunderstood


async def test_a_refused_login_is_our_credentials_not_our_message() -> None:
    login = '{"error_code": "-1", "message": "Sai mật khẩu", "session": "x"}'.encode()
    raised = await Canned(b"", login=login).raised(DO["register"])
    assert type(raised) is Unauthorised
    assert "Sai mật khẩu" in str(raised)


@pytest.mark.parametrize(
    "result",
    [
        "",
        ', "result": null',
        ', "result": {}',
        ', "result": "none"',
        ', "result": [null]',
        ', "result": [{}]',
        ', "result": [[]]',
        ', "result": [{"TrangThaiHoSo": "2"}]',
        ', "result": [{"MaHoSo": {"a": 1}}]',
        ', "result": [{"MaHoSo": "x", "DanhSachTienDo": "none"}]',
        ', "result": [{"MaHoSo": "x", "DanhSachTienDo": [{"TrangThai": "2"}]}]',
        ', "result": [{"MaHoSo": "x", "DanhSachTienDo": [{"ThoiDiemXuLy": "1", "TrangThai": []}]}]',
    ],
)
async def test_a_look_up_without_its_list_never_reads_as_not_there(result: str) -> None:
    raised = await Canned(f'{{"error_code": "0", "message": ""{result}}}'.encode()).raised(DO["ask"])
    assert type(raised) is Misunderstood


@pytest.mark.parametrize(
    ("status", "kind", "when_asked"),
    [
        (400, Refused, Refused),
        (404, Refused, Refused),
        (429, Throttled, Throttled),
        (500, Unknown, Outage),
        (502, Unknown, Outage),
        (503, Transient, Transient),
        (302, Misunderstood, Misunderstood),
    ],
)
async def test_a_status_says_what_was_applied(status: int, kind: type[CallError], when_asked: type[CallError]) -> None:
    html = web.Response(status=status, body=b"<html>", content_type="text/html", headers={"Location": "/elsewhere"})
    assert type(await Canned(html).raised(DO["progress"])) is kind
    assert type(await Canned(html).raised(DO["ask"])) is when_asked


async def test_a_page_of_html_with_200_is_misunderstood() -> None:
    page = web.Response(body=b"<html>Dang nhap</html>", content_type="text/html")
    raised = await Canned(page).raised(DO["progress"])
    assert type(raised) is Misunderstood
    assert raised.raw == b"<html>Dang nhap</html>"


@pytest.mark.parametrize(
    "say", [recorded("no_session.json"), web.Response(status=401, body=b"{}", content_type=JSON)], ids=["code", "401"]
)
async def test_a_session_that_never_holds_is_tried_twice_and_no_more(say: web.Response | bytes) -> None:
    portal = Canned(say)
    assert type(await portal.raised(DO["progress"])) is Unauthorised
    assert portal.asked == ["/mapi/login", "/mapi/g"] * 2


async def test_a_message_that_is_not_the_portals_cannot_be_asked_about() -> None:
    adapter, http = make_adapter({"base_url": "http://127.0.0.1:1", "username": "u", "password": "p", "madonvi": "H99"})
    status = OneStopStatus(DOSSIER.dossier, DOSSIER.code, "000.00.14.H99", "000.00.15.H99", 4, NOW, "Cán bộ", "")
    async with http:
        assert await adapter.ask(Operation.ONE_STOP_STATUS, status, since=NOW) is Answer.CANNOT_TELL
        with pytest.raises(Outage):  # an outage is no answer
            await adapter.ask(Operation.PORTAL_DOSSIER, DOSSIER, since=NOW)
