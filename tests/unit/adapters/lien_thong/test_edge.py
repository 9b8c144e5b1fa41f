"""Broken replies over a real socket: each is an error with its raw bytes, none is an answer."""

import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from adapters.lien_thong.client import Adapter
from schemas.errors import (
    CallError,
    Duplicate,
    Misunderstood,
    Outage,
    Refused,
    Throttled,
    Transient,
    Unauthorised,
    Unknown,
)
from schemas.portal import ProfileRef
from tests.unit.adapters.lien_thong.records import (
    DOSSIER,
    NOW,
    ORIGIN,
    RECORDED,
    STATUS,
    StandingClock,
    make_adapter,
    recorded,
)

MALFORMED = sorted((RECORDED / "malformed").glob("*.bin"))
REF = ProfileRef("P00000012", ORIGIN)
Do = Callable[[Adapter], Awaitable[object]]
DO: dict[str, Do] = {
    "submit": lambda adapter: adapter.submit(DOSSIER),
    "tell": lambda adapter: adapter.tell(STATUS),
    "waiting": lambda adapter: adapter.waiting(ORIGIN),
    "fetch": lambda adapter: adapter.fetch(REF),
    "acknowledge": lambda adapter: adapter.acknowledge(REF, done=True),
}
JSON = "application/json"
TOKEN = b'{"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600, "scope": "default"}'


class Canned:
    """An axis that says the same every time: one reply to the token call, one to everything else."""

    def __init__(self, say: web.Response | bytes, *, token: bytes = TOKEN) -> None:
        self.say = say
        self.token = token
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if request.path == "/token":
            return web.Response(body=self.token, content_type=JSON)
        if isinstance(self.say, bytes):
            return web.Response(body=self.say, content_type=JSON)
        said = self.say
        return web.Response(status=said.status, headers=said.headers, body=said.body)

    def server(self) -> TestServer:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self.answer)
        return TestServer(app)

    async def raised(self, do: Do) -> CallError:
        """What a call to this axis raises."""
        async with self.server() as server:
            adapter, http = make_adapter(settings(server))
            try:
                with pytest.raises(CallError) as caught:
                    await do(adapter)
            finally:
                await http.aclose()
        return caught.value


def settings(server: BaseTestServer) -> dict[str, str]:
    url = str(server.make_url("/"))
    names = {"consumer_key": "k", "consumer_secret": "s", "system_id": "LIENTHONG"}
    return {"base_url": url, "token_url": f"{url}token", **names}


@pytest.mark.parametrize("do", DO)
@pytest.mark.parametrize("broken", MALFORMED, ids=lambda path: str(path.stem))
async def test_a_broken_reply_is_misunderstood_with_its_bytes(broken: Path, do: str) -> None:
    raised = await Canned(broken.read_bytes()).raised(DO[do])
    assert type(raised) is Misunderstood
    assert raised.raw == broken.read_bytes()


@pytest.mark.parametrize("broken", MALFORMED, ids=lambda path: str(path.stem))
async def test_a_broken_token_reply_is_misunderstood_and_nothing_follows(broken: Path) -> None:
    axis = Canned(recorded("sent.json"), token=broken.read_bytes())
    assert type(await axis.raised(DO["submit"])) is Misunderstood
    assert axis.asked == ["/token"]


@pytest.mark.parametrize(
    "listed",
    [
        "",
        ', "profileReceivers": null',
        ', "profileReceivers": {}',
        ', "profileReceivers": "none"',
        ', "profileReceivers": [null]',
        ', "profileReceivers": [{}]',
        ', "profileReceivers": [[]]',
        ', "profileReceivers": ["P1"]',
        ', "profileReceivers": [{"profile_id": ""}]',
        ', "profileReceivers": [{"profile_id": null}]',
        ', "profileReceivers": [{"profile_id": {}}]',
    ],
)
async def test_a_list_that_is_none_never_reads_as_empty(listed: str) -> None:
    raw = f'{{"status": "SUCCESS", "errorCode": "0"{listed}}}'.encode()
    raised = await Canned(raw).raised(DO["waiting"])
    assert type(raised) is Misunderstood
    assert raised.raw == raw


@pytest.mark.parametrize("do", DO)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("refused.json", Refused),
        ("busy.json", Transient),
        ("unlisted.json", Transient),
        ("no_but_zero.json", Misunderstood),
        ("exists.json", Duplicate),
        ("wso2_fault.json", Unauthorised),
    ],
)
async def test_a_failure_is_an_error_of_every_call(do: str, name: str, kind: type[CallError]) -> None:
    raised = await Canned(recorded(name)).raised(DO[do])
    assert type(raised) is kind
    assert raised.raw == recorded(name)


@pytest.mark.parametrize(
    ("status", "kind", "when_read"),
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
async def test_a_status_says_what_was_applied(status: int, kind: type[CallError], when_read: type[CallError]) -> None:
    html = web.Response(status=status, body=b"<html>", content_type="text/html", headers={"Location": "/elsewhere"})
    assert type(await Canned(html).raised(DO["submit"])) is kind
    assert type(await Canned(html).raised(DO["waiting"])) is when_read


async def test_a_token_that_never_holds_is_tried_twice_and_no_more() -> None:
    axis = Canned(web.Response(status=401, body=b"{}", content_type=JSON))
    assert type(await axis.raised(DO["submit"])) is Unauthorised
    assert axis.asked == ["/token", "/syncDossier"] * 2


async def test_a_token_is_renewed_before_it_runs_out() -> None:
    axis = Canned(recorded("list_empty.json"))
    clock = StandingClock()
    async with axis.server() as server:
        adapter, http = make_adapter(settings(server), clock)
        async with http:
            await adapter.waiting(ORIGIN)
            clock.at = NOW + dt.timedelta(seconds=3500)
            await adapter.waiting(ORIGIN)
            assert axis.asked.count("/token") == 1
            clock.at = NOW + dt.timedelta(seconds=3580)
            await adapter.waiting(ORIGIN)
    assert axis.asked.count("/token") == 2
