"""The HTTP side of a peer against a real socket: what the suite over the peers cannot make happen."""

import asyncio
import contextlib
import datetime as dt
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from adapters._kit.http import ANY, Deadlines, PeerHttp, recording
from adapters._kit.oauth import ClientCredentials
from schemas.errors import Misunderstood, Outage, Refused, Throttled, Transient, Unauthorised, Unknown
from schemas.ids import PeerId
from schemas.wire import Exchange

NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class StillClock:
    """Always the same time unless it is moved."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> dt.datetime:
        return self.time

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nobody waits here until {when}")


@contextlib.asynccontextmanager
async def serving(*handlers: tuple[str, Handler]) -> AsyncIterator[str]:
    app = web.Application()
    for path, handler in handlers:
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def http_to(url: str, **more: object) -> PeerHttp:
    settings: dict[str, object] = {"deadlines": Deadlines(10, 10, 10), **more}
    return PeerHttp(PeerId("test"), clock=StillClock(), origins=[url], **settings)  # type: ignore[arg-type]  # test settings by name


def answering(status: int, body: bytes = b"{}", content_type: str = "application/json", **headers: str) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, body=body, headers={"Content-Type": content_type, **named})

    return handle


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, Misunderstood),
        (400, Refused),
        (401, Unauthorised),
        (403, Unauthorised),
        (404, Refused),
        (408, Transient),
        (409, Refused),
        (413, Refused),
        (429, Throttled),
        (500, Unknown),
        (502, Unknown),
        (503, Transient),
        (504, Unknown),
    ],
)
async def test_each_status_has_its_error(status: int, kind: type[Exception]) -> None:
    async with serving(("/x", answering(status, b'{"why": "because"}'))) as url, http_to(url) as http:
        with pytest.raises(kind) as caught:
            await http.post(f"{url}/x", b"{}")
        assert type(caught.value) is kind
        assert getattr(caught.value, "raw", b"") == b'{"why": "because"}'
        assert getattr(caught.value, "status", None) == status


async def test_a_status_that_the_client_reads_itself_is_a_reply() -> None:
    async with serving(("/x", answering(500, b"<fault/>", "text/xml"))) as url, http_to(url) as http:
        reply = await http.post(f"{url}/x", b"", accept=("text/xml",), allow=(500,))
    assert (reply.status, reply.body) == (500, b"<fault/>")


async def test_a_redirect_is_not_followed() -> None:
    reached: list[str] = []

    async def target(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.json_response({})

    handlers = (("/from", answering(307, Location="/to")), ("/to", target))
    async with serving(*handlers) as url, http_to(url) as http:
        with pytest.raises(Misunderstood):
            await http.post(f"{url}/from", b"secret body")
    assert reached == []


async def test_an_address_that_is_in_no_setting_is_never_called() -> None:
    async with serving(("/x", answering(200))) as url, serving(("/x", answering(200))) as other, http_to(url) as http:
        with recording() as exchanges, pytest.raises(Misunderstood):
            await http.get(f"{other}/x")
    assert exchanges == []


async def test_retry_after_is_read_as_seconds_and_as_date() -> None:
    later = "Fri, 20 Nov 2026 03:02:00 GMT"
    handlers = (("/s", answering(429, Retry_After="12")), ("/d", answering(503, Retry_After=later)))
    async with serving(*handlers) as url, http_to(url) as http:
        with pytest.raises(Throttled) as seconds:
            await http.get(f"{url}/s")
        with pytest.raises(Transient) as date:
            await http.get(f"{url}/d")
    assert seconds.value.retry_after_s == 12.0
    assert date.value.retry_after_s == 120.0


async def test_a_reply_without_end_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            for _ in range(10_000):
                await response.write(b"x" * 10_000)
        return response

    async with serving(("/x", endless)) as url, http_to(url, max_reply_bytes=100_000) as http:
        with pytest.raises(Misunderstood) as caught:
            await http.get(f"{url}/x")
    assert 100_000 < len(caught.value.raw) < 300_000


async def test_a_get_with_an_effect_is_sent_once_though_the_connection_breaks() -> None:
    """aiohttp repeats a GET by itself; a cancelOrder must not be sent twice behind our back (docs/adr/0031)."""
    calls: list[str] = []

    async def hang_up(request: web.Request) -> web.Response:
        calls.append(request.path)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with serving(("/cancel", hang_up), ("/read", hang_up)) as url, http_to(url) as http:
        with pytest.raises(Unknown):
            await http.get(f"{url}/cancel", effect=True)
        assert calls == ["/cancel"]
        with pytest.raises(Outage):
            await http.get(f"{url}/read")


async def test_nothing_sent_is_an_outage_even_by_total_deadline() -> None:
    """A connection that is never accepted: the deadline strikes before one byte of the request was written."""
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0, start_serving=True)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"  # TLS never answers
    async with server, http_to(url, deadlines=Deadlines(0.2, 0.2, 0.3)) as http:
        with pytest.raises(Outage):
            await http.post(f"{url}/order", b"{}")


class TurningClock(StillClock):
    """Time passes only by waiting for it."""

    async def wait_until(self, when: dt.datetime) -> None:
        self.time = max(self.time, when)


async def test_calls_keep_the_rate_of_the_peer() -> None:
    clock = TurningClock()
    async with (
        serving(("/x", answering(200))) as url,
        PeerHttp(PeerId("test"), clock=clock, origins=[url], rate_per_s=4) as http,
    ):
        with recording() as exchanges:
            await asyncio.gather(*(http.get(f"{url}/x") for _ in range(5)))
    assert clock.time == NOW + dt.timedelta(seconds=1)
    assert len(exchanges) == 5


async def test_recordings_of_two_tasks_do_not_mix() -> None:
    handlers = (("/a", answering(200, b'{"a":1}')), ("/b", answering(200, b'{"b":1}')))
    async with serving(*handlers) as url, http_to(url) as http:

        async def record(path: str) -> list[Exchange]:
            with recording() as exchanges:
                await asyncio.gather(*(http.get(f"{url}{path}") for _ in range(3)))
            return exchanges

        first, second = await asyncio.gather(record("/a"), record("/b"))
    assert [exchange.url for exchange in first] == [f"{url}/a"] * 3
    assert [exchange.url for exchange in second] == [f"{url}/b"] * 3


async def test_a_cancelled_call_is_recorded_too() -> None:
    began = asyncio.Event()

    async def never(_request: web.Request) -> web.Response:
        began.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(("/x", never)) as url, http_to(url) as http:
        with recording() as exchanges:
            task = asyncio.create_task(http.post(f"{url}/x", b"body"))
            await asyncio.wait_for(began.wait(), 10)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
    assert exchanges[0].request.endswith(b"body")
    assert exchanges[0].status is None


# --- client credentials ----------------------------------------------------------------------------------------------


class Gateway:
    """Gives tokens and counts log-ins; a token is good until ``spoil`` is called."""

    def __init__(self) -> None:
        self.logins = 0
        self.good: set[str] = set()

    async def token(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Basic a2V5OnNlY3JldA==":  # key:secret
            return web.json_response({"error": "invalid_client"}, status=400)
        self.logins += 1
        self.good.add(f"t{self.logins}")
        return web.json_response({"access_token": f"t{self.logins}", "token_type": "Bearer", "expires_in": 3600})

    async def thing(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or token not in self.good:
            return web.json_response({"fault": "no"}, status=401)
        return web.json_response({"token": token})


@contextlib.asynccontextmanager
async def gateway(secret: str = "secret") -> AsyncIterator[tuple[Gateway, Callable[[], Awaitable[object]], StillClock]]:
    peer = Gateway()
    async with serving(("/token", peer.token), ("/thing", peer.thing)) as url:
        clock = StillClock()
        http = PeerHttp(PeerId("test"), clock=clock, origins=[url])
        async with http:
            login = ClientCredentials(http, f"{url}/token", key="key", secret=secret, clock=clock)
            yield (
                peer,
                lambda: login.authorised(
                    lambda header, _token: http.post(f"{url}/thing", b"{}", headers={"Authorization": header})
                ),
                clock,
            )


async def test_a_token_is_kept_while_it_lives() -> None:
    async with gateway() as (peer, call, clock):
        await asyncio.gather(*(call() for _ in range(5)))
        assert peer.logins == 1
        clock.time += dt.timedelta(seconds=3571)
        await call()
        assert peer.logins == 2, "a token is renewed before it runs out"


async def test_a_refused_token_is_renewed_once_for_all_who_hold_it() -> None:
    async with gateway() as (peer, call, _):
        await call()
        peer.good.clear()
        await asyncio.gather(*(call() for _ in range(5)))
        assert peer.logins == 2


async def test_a_token_that_is_refused_again_is_unauthorised() -> None:
    async with gateway() as (peer, call, _):
        await call()
        peer.good = _Nothing()
        with pytest.raises(Unauthorised):
            await call()
        assert peer.logins == 2


async def test_wrong_credentials_are_unauthorised_and_nothing_is_called() -> None:
    async with gateway(secret="wrong") as (peer, call, _):
        with recording() as exchanges, pytest.raises(Unauthorised):
            await call()
        assert peer.logins == 0
    assert [exchange.status for exchange in exchanges] == [400]


class _Nothing(set[str]):
    def __contains__(self, _token: object) -> bool:
        return False


async def test_any_content_type_may_be_wanted() -> None:
    async with serving(("/x", answering(200, b"abc", "application/octet-stream"))) as url, http_to(url) as http:
        assert (await http.get(f"{url}/x", accept=ANY)).body == b"abc"
        with pytest.raises(Misunderstood):
            await http.get(f"{url}/x")


@pytest.mark.parametrize("packing", ["gzip", "deflate", "raw deflate"])
async def test_a_packed_reply_is_unpacked_and_kept_readable(packing: str) -> None:
    plain = b'{"text": "' + b"a" * 5000 + b'"}'
    packer = zlib.compressobj(wbits={"gzip": 31, "deflate": 15, "raw deflate": -15}[packing])
    packed = packer.compress(plain) + packer.flush()
    encoding = packing.rpartition(" ")[2]
    async with serving(("/x", answering(200, packed, Content_Encoding=encoding))) as url, http_to(url) as http:
        with recording() as exchanges:
            assert (await http.get(f"{url}/x")).body == plain
    assert exchanges[0].reply.endswith(plain)


@pytest.mark.parametrize(
    ("body", "encoding"), [(b'{"a": 1}', "gzip"), (gzip.compress(b"{}" * 99)[:-9], "gzip"), (b"{}", "br")]
)
async def test_a_reply_that_is_not_packed_as_it_says_is_kept_as_it_came(body: bytes, encoding: str) -> None:
    async with serving(("/x", answering(200, body, Content_Encoding=encoding))) as url, http_to(url) as http:
        with pytest.raises(Misunderstood, match="Content-Encoding") as caught:
            await http.get(f"{url}/x")
    assert caught.value.raw == body


async def test_a_small_reply_that_unpacks_to_a_large_one_is_cut_off() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    bomb_at = serving(("/x", answering(200, bomb, Content_Encoding="gzip")))
    async with bomb_at as url, http_to(url, max_reply_bytes=100_000) as http:
        with pytest.raises(Misunderstood, match="longer than") as caught:
            await http.get(f"{url}/x")
    assert len(caught.value.raw) == 100_001
