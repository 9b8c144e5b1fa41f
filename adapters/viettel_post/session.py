"""The token of Viettel Post: short, long, or by the portal's own token; kept until it runs out, renewed once.

``password`` is ``/v2/user/Login`` alone, a token for a while; ``owner`` goes on to ``/v2/user/ownerconnect`` with it,
whose token lasts a year or two; ``portal_token`` changes a token made in Viettel Post's portal for one of the API
(``/v2/user/LoginVTP``). That a token is over is said with HTTP 200: status 201, 202 or a message about it.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.json import dump, parse
from adapters._kit.settings import Settings
from adapters.viettel_post import translate
from adapters.viettel_post.wire import SessionReply
from schemas.errors import BadConfiguration, Refused, Unauthorised
from schemas.ports.clock import Clock

EARLY_S = 60.0
"""A token is renewed this long before it runs out."""
T = TypeVar("T")


class TokenSession:
    """Holds the token. Many tasks may ask at once; one of them logs in, the others wait for it."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Raises BadConfiguration where the chosen way of logging in lacks its credentials."""
        self._way = settings.text("login")
        wanted = ("portal_token",) if self._way == "portal_token" else ("username", "password")
        for name in wanted:
            if not settings.has(name):
                raise BadConfiguration(
                    f"peers.viettel_post.{name}: is required with login = {self._way!r}", subject=translate.PEER
                )
        self._base_url = settings.text("base_url")
        self._credentials = {"USERNAME": settings.text("username"), "PASSWORD": settings.text("password")}
        self._portal_token = settings.text("portal_token")
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._until: dt.datetime | None = None

    async def call(self, send: Callable[[str], Awaitable[Reply]], read: Callable[[Reply], T]) -> T:
        """Send with the token and read the reply; where the token is over log in again and send once more.

        A refused token means that nothing was applied, so the second call cannot apply anything twice.

        Raises:
            Unauthorised: the log-in was refused, or the new token is not accepted either.
        """
        token = await self._login(refused="")
        try:
            return read(await send(token))
        except Unauthorised as error:
            if error.status == 403:
                raise
        return read(await send(await self._login(refused=token)))

    async def login(self) -> Reply:
        """Log in anew whatever is kept; for the connection test."""
        async with self._lock:
            return await self._renew()

    async def _login(self, *, refused: str) -> str:
        async with self._lock:
            over = self._until is not None and self._clock.now() >= self._until
            # Another task may have renewed it while this one waited: a refused token is renewed once, not once a task.
            if not self._token or self._token == refused or over:
                await self._renew()
            return self._token

    async def _renew(self) -> Reply:
        self._token = ""
        if self._way == "portal_token":
            return await self._ask("v2/user/LoginVTP", {"token": self._portal_token}, {})
        reply = await self._ask("v2/user/Login", self._credentials, {})
        if self._way == "owner":
            reply = await self._ask("v2/user/ownerconnect", self._credentials, {"Token": self._token})
        return reply

    async def _ask(self, path: str, body: dict[str, str], headers: dict[str, str]) -> Reply:
        url = join(self._base_url, path)
        try:
            reply = await self._http.post(url, dump(body), headers=headers, effect=False)
            translate.accepted(reply.body, translate.PEER, effect=False)
        except Refused as error:
            raise Unauthorised(
                f"log-in refused: {error.detail}",
                subject=error.subject,
                raw=error.raw,
                status=error.status,
                code=error.code,
            ) from error
        told = parse(SessionReply, reply.body, subject=translate.PEER, status=reply.status).data
        self._token = told.token
        self._until = None
        if told.expired:
            self._until = dt.datetime.fromtimestamp(told.expired / 1000, dt.UTC) - dt.timedelta(seconds=EARLY_S)
        return reply
