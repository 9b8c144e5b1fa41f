"""The token flow and its known deviations, over a real socket: what is asked, what is read, what follows a refusal."""

import asyncio
import base64
import datetime as dt
import doctest
import json
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters._kit import wso2
from adapters._kit.http import ANY, PeerHttp, Reply
from adapters._kit.oauth import ClientCredentials, Token, TokenStyle
from schemas.errors import CallError, Misunderstood, Refused, Throttled, Transient, Unauthorised
from schemas.ids import PeerId

NOW = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)
GOOD = {"access_token": "t-1", "token_type": "Bearer", "expires_in": 3600, "scope": "default"}
BASIC = base64.b64encode(b"key:secret").decode()


class StandingClock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nothing here waits until {when}")


class Gateway:
    """A token service and one operation; ``says`` are the replies of the operation, the last one for ever."""

    def __init__(self) -> None:
        self.token: web.Response | Mapping[str, object] = GOOD
        self.says: list[tuple[int, str, bytes]] = [(200, "application/json", b"{}")]
        self.logins: list[tuple[str, Mapping[str, str], bytes, Mapping[str, str]]] = []
        self.calls: list[Mapping[str, str]] = []
        self.clock = StandingClock()
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.path == "/token":
            self.logins.append((request.method, headers, await request.read(), dict(request.query)))
            if isinstance(self.token, web.Response):
                told = self.token
                return web.Response(status=told.status, body=told.body, content_type=told.content_type)
            return web.json_response({**self.token, "access_token": f"t-{len(self.logins)}"})
        self.calls.append(headers)
        status, kind, body = self.says.pop(0) if len(self.says) > 1 else self.says[0]
        return web.Response(status=status, body=body, content_type=kind)

    def credentials(self, http: PeerHttp, **style: object) -> ClientCredentials:
        told = TokenStyle(**style)  # type: ignore[arg-type]  # the tests name the fields
        return ClientCredentials(http, f"{self.url}token", key="key", secret="secret", clock=self.clock, style=told)

    async def call(self, **style: object) -> Reply:
        async with self.http() as http:
            return await self.send(self.credentials(http, **style), http)

    async def send(self, credentials: ClientCredentials, http: PeerHttp) -> Reply:
        async def operation(token: Token) -> Reply:
            return await http.post(f"{self.url}do", b"{}", headers=token.headers, accept=ANY)

        return await credentials.send(operation)

    def http(self) -> PeerHttp:
        return PeerHttp(PeerId("axis"), clock=self.clock, origins=[self.url])


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    made = Gateway()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.answer)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/"))
        yield made


@pytest.mark.parametrize(
    ("request_style", "authorization", "body", "query"),
    [
        ("basic", f"Basic {BASIC}", b"grant_type=client_credentials", {}),
        ("basic_ready", "Basic key", b"grant_type=client_credentials", {}),
        ("bearer_key", "Bearer key", b"grant_type=client_credentials", {}),
        ("form_secret", None, b"grant_type=client_credentials&client_id=key&client_secret=secret", {}),
        ("query_secret", None, b"", {"client_id": "key", "client_secret": "secret"}),
    ],
)
async def test_key_and_secret_stand_where_the_peer_wants_them(
    gateway: Gateway, request_style: str, authorization: str | None, body: bytes, query: Mapping[str, str]
) -> None:
    await gateway.call(token_request=request_style)
    ((method, headers, sent, asked),) = gateway.logins
    assert (method, headers.get("authorization"), sent) == ("POST", authorization, body)
    assert {name: value for name, value in asked.items() if name != "grant_type"} == query


async def test_key_and_secret_as_json(gateway: Gateway) -> None:
    await gateway.call(token_request="json_secret")
    ((_, headers, sent, _),) = gateway.logins
    assert headers["content-type"] == "application/json"
    assert json.loads(sent) == {"grant_type": "client_credentials", "client_id": "key", "client_secret": "secret"}


@pytest.mark.parametrize(
    ("style", "told", "header", "value"),
    [
        ({}, "Bearer", "authorization", "Bearer t-1"),
        ({}, "bearer", "authorization", "Bearer t-1"),
        ({}, "", "authorization", "Bearer t-1"),
        ({}, None, "authorization", "Bearer t-1"),
        ({}, "MAC", "authorization", "MAC t-1"),
        ({"token_scheme": "as_told"}, "bearer", "authorization", "bearer t-1"),
        ({"token_header": "access_token"}, "Bearer", "access_token", "t-1"),
    ],
)
async def test_the_token_travels_in_the_wanted_header(
    gateway: Gateway, style: Mapping[str, str], told: str | None, header: str, value: str
) -> None:
    gateway.token = {**GOOD, "token_type": told}
    await gateway.call(**style)
    assert gateway.calls[0][header] == value
    assert len({"authorization", "access_token"} & set(gateway.calls[0])) == 1


@pytest.mark.parametrize(
    ("told", "after_s", "logins"),
    [
        (3600, 3569, 1),
        (3600, 3570, 2),
        ("3600", 3570, 2),
        (" 3600 ", 3570, 2),
        ("3600.5", 3571, 2),
        (40, 20, 2),
        (None, 10**9, 1),
        ("", 10**9, 1),
        (0, 10**9, 1),
        (-1, 10**9, 1),
        (9223372036854775807, 29 * 86_400, 1),
        (9223372036854775807, 31 * 86_400, 2),
        ("9" * 300, 31 * 86_400, 2),
    ],
)
async def test_every_way_to_tell_a_life_is_read(gateway: Gateway, told: object, after_s: int, logins: int) -> None:
    gateway.token = {**GOOD, "expires_in": told}
    await lives(gateway, after_s)
    assert len(gateway.logins) == logins


async def test_a_life_that_is_not_told_at_all_is_the_settings(gateway: Gateway) -> None:
    gateway.token = {name: value for name, value in GOOD.items() if name != "expires_in"}
    await lives(gateway, 2000, token_life_s=1800.0)
    assert len(gateway.logins) == 2


async def lives(gateway: Gateway, after_s: int, **style: object) -> None:
    async with gateway.http() as http:
        credentials = gateway.credentials(http, **style)
        await gateway.send(credentials, http)
        gateway.clock.at = NOW + dt.timedelta(seconds=after_s)
        await gateway.send(credentials, http)


WSO2_JSON = b'{"fault":{"code":%d,"type":"Status report","message":"Runtime Error"}}'
WSO2_XML = b'<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>%d</ams:code></ams:fault>'


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (401, "text/html", b"<html><body>Unauthorized</body></html>"),
        (401, "application/json", b""),
        (401, "application/xml", WSO2_XML % 900901),
        (403, "application/json", WSO2_JSON % 900903),
        (500, "application/xml", WSO2_XML % 900902),
        (200, "application/json", WSO2_JSON % 900901),
        (200, "text/xml", WSO2_XML % 900904),
    ],
)
async def test_a_token_that_is_not_accepted_is_renewed_once(
    gateway: Gateway, status: int, kind: str, body: bytes
) -> None:
    gateway.says = [(status, kind, body), (200, "application/json", b'{"ok": 1}')]
    assert (await gateway.call()).body == b'{"ok": 1}'
    assert [call["authorization"] for call in gateway.calls] == ["Bearer t-1", "Bearer t-2"]
    gateway.says = [(status, kind, body)]
    with pytest.raises(Unauthorised) as raised:
        await gateway.call()
    assert raised.value.raw == body
    assert len(gateway.calls) == 4, "a second token that is not accepted either ends it"


@pytest.mark.parametrize(
    ("code", "kind"), [(900800, Throttled), (900804, Throttled), (900906, Refused), (700700, Transient)]
)
@pytest.mark.parametrize("status", [200, 403, 500])
async def test_other_faults_of_the_gateway_are_named_and_nothing_was_applied(
    gateway: Gateway, status: int, code: int, kind: type[CallError]
) -> None:
    gateway.says = [(status, "application/json", WSO2_JSON % code)]
    with pytest.raises(kind) as raised:
        await gateway.call()
    assert type(raised.value) is kind
    assert raised.value.code == str(code)
    assert len(gateway.calls) == 1


@pytest.mark.parametrize("code", [900905, 900908, 900910])
async def test_a_missing_right_is_no_old_token(gateway: Gateway, code: int) -> None:
    gateway.says = [(403, "application/json", WSO2_JSON % code)]
    with pytest.raises(Unauthorised):
        await gateway.call()
    assert len(gateway.logins) == 1


@pytest.mark.parametrize(
    ("status", "kind", "body", "raised"),
    [
        (200, "text/html", b"<html>login</html>", Misunderstood),
        (200, "application/json", b"", Misunderstood),
        (200, "application/json", b"null", Misunderstood),
        (200, "application/json", b"[]", Misunderstood),
        (200, "application/json", b'{"access_token": ""}', Misunderstood),
        (200, "application/json", b'{"access_token": "t", "expires_in": true}', Misunderstood),
        (200, "application/json", b'{"access_token": "t", "expires_in": "soon"}', Misunderstood),
        (200, "application/json", b'{"access_token": "t", "expires_in": "nan"}', Misunderstood),
        (200, "application/json", b'{"access_token": {"value": "t"}}', Misunderstood),
        (200, "application/json", b'{"error": "invalid_client"}', Unauthorised),
        (400, "application/json", b'{"error": "invalid_client"}', Unauthorised),
        (401, "text/html", b"<html>no</html>", Unauthorised),
        (503, "text/html", b"<html>busy</html>", Transient),
    ],
)
async def test_a_log_in_that_gives_no_token_says_why(
    gateway: Gateway, status: int, kind: str, body: bytes, raised: type[CallError]
) -> None:
    gateway.token = web.Response(status=status, body=body, content_type=kind)
    with pytest.raises(CallError) as caught:
        await gateway.call()
    assert type(caught.value) is raised
    assert caught.value.raw == body
    assert gateway.calls == [], "nothing is sent without a token"


async def test_a_wrapped_token_is_unwrapped(gateway: Gateway) -> None:
    body = json.dumps({"code": 200, "message": "OK", "data": GOOD}).encode()
    gateway.token = web.Response(body=body, content_type="application/json")
    await gateway.call(token_reply="data", token_request="json_secret")
    assert gateway.calls[0]["authorization"] == "Bearer t-1"
    gateway.token = web.Response(body=b'{"code": 401, "message": "sai", "data": null}', content_type="application/json")
    with pytest.raises(Unauthorised, match="401 sai"):
        await gateway.call(token_reply="data", token_request="json_secret")


async def test_many_calls_with_an_old_token_log_in_once(gateway: Gateway) -> None:
    async with gateway.http() as http:
        credentials = gateway.credentials(http)
        await gateway.send(credentials, http)
        old = gateway.calls[0]["authorization"]

        async def operation(token: Token) -> Reply:
            if token.authorization == old:
                raise Unauthorised("over", status=401)
            return await http.post(f"{gateway.url}do", b"{}", headers=token.headers)

        await asyncio.gather(*(credentials.send(operation) for _ in range(8)))
    assert len(gateway.logins) == 2


def test_the_examples_of_the_faults_hold() -> None:
    assert doctest.testmod(wso2).attempted > 0
    assert doctest.testmod(wso2).failed == 0


def test_a_dossier_that_quotes_a_fault_is_none() -> None:
    assert wso2.code(b'{"fault": {"code": 900901}}' + b" " * 5000) is None
    assert wso2.code(b'{"fault": {"code": 123456}}') is None
    assert wso2.code("{'fault': 'lỗi'}".encode()) is None
