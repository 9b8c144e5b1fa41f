"""OAuth2 client credentials as the LGSP gateways (WSO2) speak it: a token kept until it runs out, renewed once.

``POST <token url>``, form ``grant_type=client_credentials``, ``Authorization: Basic base64(key:secret)``; the reply
is ``{access_token, token_type, expires_in, scope}`` (vn-protocols §1.10).
"""

import asyncio
import base64
import datetime as dt
from collections.abc import Awaitable, Callable

from adapters._kit.http import PeerHttp, Reply
from adapters._kit.json import Shape, Text, Whole, parse
from schemas.errors import Misunderstood, Refused, Unauthorised
from schemas.ports.clock import Clock

EARLY_S = 30.0
"""A token is renewed this long before it runs out, so that it does not run out on the way."""


class TokenReply(Shape):
    """The reply to a log-in; ``expires_in`` in seconds, 0 where the peer does not tell."""

    access_token: str
    token_type: Text = "Bearer"
    expires_in: Whole = 0


class ClientCredentials:
    """Holds the token of one peer. Many tasks may ask at once; one of them logs in, the others wait for it."""

    def __init__(self, http: PeerHttp, url: str, *, key: str, secret: str, clock: Clock) -> None:
        self._http = http
        self._url = url
        self._basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self._clock = clock
        self._lock = asyncio.Lock()
        self._header = ""
        self._token = ""
        self._until: dt.datetime | None = None

    async def authorised(self, call: Callable[[str, str], Awaitable[Reply]]) -> Reply:
        """Run ``call(authorization, token)``; after a 401 log in again and run it once more.

        ``authorization`` is ``<token_type> <access_token>``. A 401 means that nothing was applied, so the second call
        cannot apply anything twice.

        Raises:
            Unauthorised: the log-in was refused, or the new token is not accepted either.
        """
        header, token = await self._login(refused="")
        try:
            return await call(header, token)
        except Unauthorised as error:
            if error.status != 401:
                raise
        return await call(*await self._login(refused=token))

    async def login(self) -> Reply:
        """Log in anew whatever is kept; for the connection test."""
        async with self._lock:
            return await self._renew()

    async def _login(self, *, refused: str) -> tuple[str, str]:
        async with self._lock:
            # Another task may have renewed it while this one waited: a refused token is renewed once, not once a task.
            if not self._token or self._token == refused or self._is_over():
                await self._renew()
            return self._header, self._token

    def _is_over(self) -> bool:
        return self._until is not None and self._clock.now() >= self._until

    async def _renew(self) -> Reply:
        self._token = ""
        try:
            reply = await self._http.post(
                self._url,
                b"grant_type=client_credentials",
                content_type="application/x-www-form-urlencoded",
                headers={"Authorization": f"Basic {self._basic}"},
                effect=False,
            )
        except Refused as error:
            raise Unauthorised(
                f"log-in refused: {error.detail}", subject=error.subject, raw=error.raw, status=error.status
            ) from error
        told = parse(TokenReply, reply.body, subject=self._http.peer, status=reply.status)
        if not told.access_token:
            raise Misunderstood("access_token is empty", subject=self._http.peer, status=reply.status)
        self._token = told.access_token
        self._header = f"{told.token_type or 'Bearer'} {told.access_token}"
        lives_s = max(told.expires_in - EARLY_S, told.expires_in / 2)
        self._until = reply.received_at + dt.timedelta(seconds=lives_s) if told.expires_in > 0 else None
        return reply
