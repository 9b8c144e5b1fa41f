"""The other side of our own REST API: used by the demo, and by whatever of ours talks to a gateway from afar.

A connection that fails is tried again until ``patience_s`` is over: a gateway that is being restarted is not an error
for a caller whose requests are idempotent.
"""

import asyncio
import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar, FormData

from schemas.errors import Outage
from schemas.ports.clock import Clock

PAUSE_S = 0.1
TIMEOUT = ClientTimeout(total=30.0, connect=5.0)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of a reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


class ApiClient:
    """``async with ApiClient(url, key=…, clock=…) as api: await api.get("/api/v1/dossiers/…")``."""

    def __init__(self, url: str, *, key: str | None, clock: Clock, patience_s: float = 30.0) -> None:
        """``key`` is the secret of an API key; None: cookies only, as a browser."""
        self.url = url
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._clock = clock
        self._patience_s = patience_s
        self._session: ClientSession | None = None

    async def __aenter__(self) -> "ApiClient":
        self._session = ClientSession(timeout=TIMEOUT, headers=self._headers, cookie_jar=CookieJar(unsafe=True))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, path: str) -> Answer:
        """GET."""
        return await self._call("GET", path)

    async def post(self, path: str, body: object, *, key: str | None = None) -> Answer:
        """POST JSON; ``key`` becomes the Idempotency-Key."""
        headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
        return await self._call("POST", path, data=json.dumps(body).encode(), headers=headers)

    async def submit(self, path: str, fields: Mapping[str, str]) -> Answer:
        """POST a form, as a browser does; redirects are followed."""
        return await self._call("POST", path, data=dict(fields), headers={"Origin": self.url})

    async def upload(self, path: str, files: tuple[Path, ...]) -> Answer:
        """POST files as multipart. A repetition after a lost answer is harmless: the line knows the same bytes."""

        def form() -> FormData:
            made = FormData()
            for file in files:
                made.add_field("file", file.read_bytes(), filename=file.name)
            return made

        return await self._call("POST", path, make=form)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        make: Callable[[], FormData] | None = None,
    ) -> Answer:
        if self._session is None:
            raise RuntimeError("use `async with`")
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience_s
        while True:
            try:
                body = make() if make else data
                async with self._session.request(method, f"{self.url}{path}", data=body, headers=headers) as reply:
                    return Answer(reply.status, dict(reply.headers), await reply.read())
            except (ClientError, TimeoutError, ConnectionError) as error:
                if loop.time() > until:
                    raise Outage(f"{type(error).__name__}: {error}", subject=f"{method} {path}") from error
            await self._pause()

    async def _pause(self) -> None:
        await self._clock.wait_until(self._clock.now() + dt.timedelta(seconds=PAUSE_S))
