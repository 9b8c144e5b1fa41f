"""OAuth2 client credentials as the LGSP gateways (WSO2) speak it: a token kept until it runs out, renewed once.

The plain form is ``POST <token url>``, form ``grant_type=client_credentials``, ``Authorization: Basic
base64(key:secret)``; the reply is ``{access_token, token_type, expires_in, scope}`` (vn-protocols §1.10, §2.1).
Sources disagree about nearly each part of it (§8 no. 15), so :class:`TokenStyle` says how one peer deviates: where key
and secret stand in the log-in, in which header the token travels, whether the reply is wrapped. What needs no setting
is read as it comes: ``token_type`` in small letters, ``expires_in`` as text, missing, negative or too large for a time.
"""

import asyncio
import base64
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from adapters._kit import json, probing, wso2
from adapters._kit.http import ANY, JSON, PeerHttp, Reply
from adapters._kit.json import Seconds, Shape, Text
from adapters._kit.settings import Settings
from schemas.errors import CallError, Misunderstood, Refused, Unauthorised
from schemas.ports.clock import Clock
from schemas.wire import Probe

EARLY_S = 30.0
"""A token is renewed this long before it runs out, so that it does not run out on the way."""
LONGEST_S = 30 * 86_400.0
"""Told lives beyond this are cut to it: gateways tell 9223372036854775807 for "never"."""
_FORM: Final = "application/x-www-form-urlencoded"


class TokenReply(Shape):
    """The reply to a log-in; ``expires_in`` in seconds, 0 where the peer does not tell."""

    access_token: Text = ""
    token_type: Text = ""
    expires_in: Seconds = 0.0
    error: Text = ""
    error_description: Text = ""


class WrappedTokenReply(Shape):
    """The same inside ``{code, message, data}``; ``data`` may be missing where the log-in failed."""

    code: Text = ""
    message: Text = ""
    data: TokenReply | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class TokenStyle:
    """How one peer wants the log-in and the token. The words are the choices of the settings of these names."""

    token_request: str = "basic"
    """``basic``: Basic of key:secret · ``basic_ready``: the key is the ready base64 · ``bearer_key``: Bearer and the
    key · ``form_secret``, ``json_secret``, ``query_secret``: client_id and client_secret beside grant_type."""
    token_header: str = "authorization"
    """``authorization``, or ``access_token``: the bare token in a header of that name."""
    token_scheme: str = "bearer"
    """``bearer``: a told "bearer" is said as ``Bearer`` · ``as_told``: in the letters in which it was told."""
    token_reply: str = "plain"
    """``plain``, or ``data``: the reply is wrapped in ``{code, message, data}``."""
    token_life_s: float = 0.0
    """Life of a token whose reply tells none; 0: it is used until it is refused."""

    @classmethod
    def of(cls, settings: Settings) -> "TokenStyle":
        """From the settings of these names; what a manifest does not have keeps its default."""
        names = [field.name for field in dataclasses.fields(cls)]
        told = {name: settings.values[name] for name in names if settings.has(name)}
        return cls(**told)  # type: ignore[arg-type]  # the manifest has checked the types of its settings


@dataclasses.dataclass(frozen=True, slots=True)
class Token:
    """A token and the header it travels in. ``authorization`` is ``<scheme> <access_token>`` whatever the header."""

    value: str
    authorization: str
    headers: Mapping[str, str]


class ClientCredentials:
    """Holds the token of one peer. Many tasks may ask at once; one of them logs in, the others wait for it."""

    def __init__(
        self, http: PeerHttp, url: str, *, key: str, secret: str, clock: Clock, style: TokenStyle | None = None
    ) -> None:
        self._http = http
        self._url = url
        self._key = key
        self._secret = secret
        self._clock = clock
        self._style = style or TokenStyle()
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._until: dt.datetime | None = None

    async def authorised(self, call: Callable[[str, str], Awaitable[Reply]]) -> Reply:
        """:meth:`send` for a caller that makes its headers by itself, from (authorization, token)."""
        return await self.send(lambda token: call(token.authorization, token.value))

    async def send(self, call: Callable[[Token], Awaitable[Reply]]) -> Reply:
        """Run ``call(token)``; where the token was not accepted, log in again and run it once more.

        Not accepted is a 401 with whatever body, and a fault of the gateway that says so, whatever its status (200
        too). Both mean that nothing was applied, so the second call cannot apply anything twice.

        Raises:
            Unauthorised: the log-in was refused, or the new token is not accepted either.
            CallError: what ``call`` raises; a fault of the gateway as :mod:`adapters._kit.wso2` understands it.
        """
        token = await self._current(refused=None)
        try:
            return await self._judged(call(token))
        except Unauthorised as error:
            if error.status != 401 and not _is_over(error):
                raise
        return await self._judged(call(await self._current(refused=token)))

    async def login(self) -> Reply:
        """Log in anew whatever is kept; for the connection test."""
        async with self._lock:
            return (await self._renew())[1]

    async def probe(self) -> Probe:
        """The connection test of a peer whose log-in is all that can be tried without an effect."""
        return await probing.probe(self._token_given)

    async def _token_given(self) -> probing.Heard:
        return probing.Heard(await self.login(), "token given")

    async def _judged(self, call: Awaitable[Reply]) -> Reply:
        """The reply, unless it is the gateway's own fault."""
        try:
            reply = await call
        except CallError as error:
            fault = wso2.error(error.raw, subject=error.subject, status=error.status, retry_after_s=error.retry_after_s)
            if fault is None:
                raise
            raise fault from error
        fault = wso2.error(reply.body, subject=self._http.peer, status=reply.status)
        if fault is not None:
            raise fault
        return reply

    async def _current(self, *, refused: Token | None) -> Token:
        async with self._lock:
            # Another task may have renewed it while this one waited: a refused token is renewed once, not once a task.
            if self._token is None or self._token is refused or self._is_over():
                return (await self._renew())[0]
            return self._token

    def _is_over(self) -> bool:
        return self._until is not None and self._clock.now() >= self._until

    async def _renew(self) -> tuple[Token, Reply]:
        self._token = None
        try:
            reply = await self._log_in()
        except Refused as error:
            raise Unauthorised(
                f"log-in refused: {error.detail}", subject=error.subject, raw=error.raw, status=error.status
            ) from error
        told = self._read(reply)
        self._token = self._made(told)
        life_s = min(told.expires_in if told.expires_in > 0 else self._style.token_life_s, LONGEST_S)
        kept_s = max(life_s - EARLY_S, life_s / 2)
        self._until = reply.received_at + dt.timedelta(seconds=kept_s) if life_s > 0 else None
        return self._token, reply

    async def _log_in(self) -> Reply:
        style = self._style.token_request
        fields = {"grant_type": "client_credentials"}
        headers = {"Accept": "application/json"}
        if style.endswith("_secret"):
            fields |= {"client_id": self._key, "client_secret": self._secret}
        elif style == "bearer_key":
            headers["Authorization"] = f"Bearer {self._key}"
        elif style == "basic_ready":
            headers["Authorization"] = f"Basic {self._key}"
        else:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{self._key}:{self._secret}".encode()).decode()
        as_json, in_query = style == "json_secret", style == "query_secret"
        body = json.dump(fields) if as_json else b"" if in_query else urlencode(fields).encode()
        return await self._http.post(
            self._url,
            body,
            content_type="application/json" if as_json else _FORM,
            params=fields if in_query else None,
            headers=headers,
            accept=ANY,
            effect=False,
        )

    def _read(self, reply: Reply) -> TokenReply:
        """The token that was told; a refusal with 200 is one as well."""
        peer = self._http.peer
        if reply.content_type not in (*JSON, "", "text/plain"):  # token services forget the type; a page is no token
            raise Misunderstood(
                f"log-in: {reply.content_type} instead of {JSON[0]}", subject=peer, raw=reply.body, status=reply.status
            )
        if self._style.token_reply == "data":
            wrapped = json.parse(WrappedTokenReply, reply.body, subject=peer, status=reply.status)
            told = wrapped.data or TokenReply(error=wrapped.code, error_description=wrapped.message)
        else:
            told = json.parse(TokenReply, reply.body, subject=peer, status=reply.status)
        if told.access_token:
            return told
        if told.error:
            says = f"log-in refused: {told.error} {told.error_description}".rstrip()
            raise Unauthorised(says, subject=peer, raw=reply.body, status=reply.status, code=told.error)
        raise Misunderstood("log-in: no access_token", subject=peer, raw=reply.body, status=reply.status)

    def _made(self, told: TokenReply) -> Token:
        scheme = told.token_type or "Bearer"
        if self._style.token_scheme == "bearer" and scheme.lower() == "bearer":
            scheme = "Bearer"
        authorization = f"{scheme} {told.access_token}"
        in_own = self._style.token_header == "access_token"
        headers = {"access_token": told.access_token} if in_own else {"Authorization": authorization}
        return Token(told.access_token, authorization, headers)


def _is_over(error: CallError) -> bool:
    return error.code.isdecimal() and int(error.code) in wso2.TOKEN_IS_OVER
