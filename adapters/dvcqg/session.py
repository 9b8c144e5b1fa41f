"""Variant A: the national adapter behind a security server, with a session.

One session serves all calls (its life is unpublished). A call that the portal refuses for the session's sake was not
applied, so it is repeated with a new one, once; a call whose outcome is unknown is never repeated here. Calls that meet
an expired session together log in once.
"""

import asyncio
from typing import TypeVar

from adapters._kit import json
from adapters._kit.http import PeerHttp, join
from adapters._kit.http import Reply as HttpReply
from adapters._kit.settings import Settings
from adapters.dvcqg import translate
from adapters.dvcqg.transport import SYNC, ServiceCall, required
from adapters.dvcqg.wire import LoginReply, Reply
from schemas.errors import Misunderstood, Unauthorised
from schemas.wire import Probe

R = TypeVar("R", bound=Reply)


class SessionTransport:
    """Always POST, one envelope for everything."""

    def __init__(self, settings: Settings, http: PeerHttp) -> None:
        self._http = http
        self._subject = http.peer
        base = settings.text("base_url")
        self._auth_url = join(base, settings.text("auth_path"))
        self._service_url = join(base, settings.text("integration_path"))
        self._share_url = join(base, settings.text("share_path"))
        self._account = {name: required(settings, name, "adapter") for name in ("username", "password")}
        self._unit = settings.text("madonvi")
        dstcode = {"dstcode": settings.text("dstcode")} if settings.has("dstcode") else {}
        in_query = settings.text("dstcode_placement") == "query"
        self._query = dstcode if in_query else {}
        self._headers = {"Accept": "application/json", "Charset": "utf-8", **({} if in_query else dstcode)}
        self._updating_in_query = settings.text("is_updating_placement") == "query"
        self._session = ""
        self._login = asyncio.Lock()

    def offers(self, service: str) -> bool:
        """All of them; the portal refuses what it does not have."""
        return True

    async def call(self, call: ServiceCall, shape: type[R]) -> tuple[R, bytes]:
        """Call a service within the session; a reply that says "no session" is repeated once with a new one."""
        for last in (False, True):
            session = await self._ensure_session()
            try:
                reply = await self._send(call, session)
                told = json.parse(shape, reply.body, subject=call.subject, status=reply.status)
                refused = translate.failure(told, reply.body, subject=call.subject)
                if not isinstance(refused, Unauthorised):
                    return told, reply.body
            except Unauthorised as error:
                refused = error
            self._forget(session)
            if last:
                raise refused
        raise AssertionError("the second round returns or raises")

    async def probe(self) -> Probe:
        """Log in anew. The session that is in use stays in use."""
        reply = await self._send_login()
        self._read_login(reply)
        skew = reply.server_time - reply.received_at if reply.server_time is not None else None
        return Probe(True, "logged in", 0.0, skew.total_seconds() if skew is not None else None)

    async def _send(self, call: ServiceCall, session: str) -> HttpReply:
        told = {} if call.updating is None else {"isUpdating": str(call.updating)}
        in_query = call.service == SYNC and self._updating_in_query
        body: dict[str, object] = {"session": session, "madonvi": self._unit, "service": call.service}
        body |= {**call.parameters, **({} if in_query else told), **call.more}
        if call.effect:
            body["data"] = call.data
        return await self._http.post(
            self._share_url if call.shared else self._service_url,
            json.dump(body),
            params={**self._query, **(told if in_query else {})},
            headers=self._headers,
            effect=call.effect,
        )

    async def _ensure_session(self) -> str:
        async with self._login:
            if not self._session:
                self._session = self._read_login(await self._send_login())
            return self._session

    def _forget(self, session: str) -> None:
        """Drop ``session`` unless another call has already put a new one in its place."""
        if self._session == session:
            self._session = ""

    async def _send_login(self) -> HttpReply:
        return await self._http.post(
            self._auth_url, json.dump(self._account), params=self._query, headers=self._headers, effect=False
        )

    def _read_login(self, reply: HttpReply) -> str:
        told = json.parse(LoginReply, reply.body, subject=self._subject, status=reply.status)
        if told.error_code != 0:
            raise Unauthorised(
                f"log-in: error_code {told.error_code}: {told.message or 'no message'}",
                subject=self._subject,
                raw=reply.body,
                code=str(told.error_code),
            )
        if not told.session:
            raise Misunderstood("log-in: error_code 0 without a session", subject=self._subject, raw=reply.body)
        return told.session
