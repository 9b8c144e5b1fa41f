"""The log-in of VNPost's commercial interface: a token in the header ``h-token``, renewed when it is refused."""

import asyncio
from collections.abc import Awaitable, Callable

from adapters._kit.http import PeerHttp, Reply
from adapters._kit.json import dump, parse
from adapters.vnpost.wire import LoginReply
from schemas.errors import Refused, Unauthorised

Call = Callable[[dict[str, str]], Awaitable[Reply]]


class Session:
    """Holds the token of one peer. Many tasks may ask at once; one of them logs in, the others wait for it."""

    def __init__(self, http: PeerHttp, url: str, *, username: str, password: str) -> None:
        self._http = http
        self._url = url
        self._body = dump({"TenDangNhap": username, "MatKhau": password})
        self._lock = asyncio.Lock()
        self._token = ""

    async def authorised(self, call: Call) -> Reply:
        """Run ``call(headers)``; after a 401 log in again and run it once more: a 401 means that nothing was applied.

        Raises:
            Unauthorised: the log-in was refused, or the new token is not accepted either.
        """
        token = await self._login(refused="")
        try:
            return await call({"h-token": token})
        except Unauthorised as error:
            if error.status != 401:
                raise
        return await call({"h-token": await self._login(refused=token)})

    async def login(self) -> Reply:
        """Log in anew whatever is kept; for the connection test."""
        async with self._lock:
            return await self._renew()

    async def _login(self, *, refused: str) -> str:
        async with self._lock:
            # Another task may have renewed it while this one waited: a refused token is renewed once, not once a task.
            if not self._token or self._token == refused:
                await self._renew()
            return self._token

    async def _renew(self) -> Reply:
        self._token = ""
        try:
            reply = await self._http.post(self._url, self._body, effect=False)
        except Refused as error:
            raise Unauthorised(
                f"log-in refused: {error.detail}", subject=error.subject, raw=error.raw, status=error.status
            ) from error
        told = parse(LoginReply, reply.body, subject=self._http.peer, status=reply.status)
        if told.IsSuccess is False or not told.Token:
            words = told.Message or "no token"
            raise Unauthorised(f"log-in refused: {words}", subject=self._http.peer, raw=reply.body, status=reply.status)
        self._token = told.Token
        return reply
