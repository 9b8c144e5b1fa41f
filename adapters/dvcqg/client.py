"""Talks to the national portal: keeps the session, sends, reads the reply. What it says is in :mod:`.translate`.

One session serves all calls (its life is unpublished). A call that the portal refuses for the session's sake was not
applied, so the client logs in again and repeats it, once. Calls that meet an expired session together log in once.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Mapping
from typing import TypeVar

from adapters._kit import json
from adapters._kit.http import PeerHttp, join
from adapters._kit.http import Reply as HttpReply
from adapters._kit.settings import Settings
from adapters.dvcqg import translate
from adapters.dvcqg.wire import FailedLookup, FoundRow, LoginReply, LookupReply, Reply
from schemas.errors import CallError, Misunderstood, Unauthorised
from schemas.message import Operation, Payload
from schemas.portal import PortalDossier, PortalProgress, PortalReceipt
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.wire import Probe

R = TypeVar("R", bound=Reply)


class Adapter:
    """StatusSink, OutcomeQuery and Prober of the national portal."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Read the settings; opens nothing. Reply times come from ``http``, so ``clock`` is not kept."""
        self._http = http
        self._subject = http.peer
        self._auth_url = join(settings.text("base_url"), settings.text("auth_path"))
        self._service_url = join(settings.text("base_url"), settings.text("integration_path"))
        self._account = {"username": settings.text("username"), "password": settings.text("password")}
        self._unit = settings.text("madonvi")
        dstcode = {"dstcode": settings.text("dstcode")} if settings.has("dstcode") else {}
        in_query = settings.text("dstcode_placement") == "query"
        self._query = dstcode if in_query else {}
        self._headers = {} if in_query else dstcode
        self._updating_in_query = settings.text("is_updating_placement") == "query"
        self._session = ""
        self._login = asyncio.Lock()

    async def register(self, dossier: PortalDossier) -> PortalReceipt:
        """Create by DongBoHoSoMC; where the portal says "đã tồn tại", send the same snapshot as an update."""
        data = [translate.dossier_to_wire(dossier)]
        reply, raw = await self._sync(data, updating=False, subject=dossier.code)
        created = not translate.exists_already(reply)
        if not created:
            reply, raw = await self._sync(data, updating=True, subject=dossier.code)
        _raise(translate.failure(reply, raw, subject=dossier.code))
        return translate.receipt(reply, created=created)

    async def progress(self, progress: PortalProgress) -> PortalReceipt:
        """Append the steps by CapNhatTienDoHoSoMC, all in one call."""
        body = {"data": translate.steps_to_wire(progress)}
        reply, raw = await self._call("CapNhatTienDoHoSoMC", body, Reply, subject=progress.code)
        _raise(translate.failure(reply, raw, subject=progress.code))
        return translate.receipt(reply, created=True)

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Look the dossier up by TraCuuHoSo; ``since`` is not needed, because steps are known by what they say."""
        match payload:
            case PortalProgress():
                return translate.progress_answer(await self._find(payload.code), payload)
            case PortalDossier():
                return translate.dossier_answer(await self._find(payload.code), payload)
            case _:
                return Answer.CANNOT_TELL

    async def probe(self) -> Probe:
        """Log in anew. The session that is in use stays in use."""
        started = time.monotonic()
        try:
            reply = await self._send_login()
            self._read_login(reply)
        except CallError as error:
            return Probe(ok=False, what=str(error), latency_ms=_ms_since(started))
        skew = reply.server_time - reply.received_at if reply.server_time is not None else None
        return Probe(
            ok=True,
            what="logged in",
            latency_ms=_ms_since(started),
            clock_skew_s=skew.total_seconds() if skew is not None else None,
        )

    async def _find(self, code: str) -> list[FoundRow]:
        reply, raw = await self._call("TraCuuHoSo", {"mahoso": code}, FailedLookup, subject=code, effect=False)
        _raise(translate.failure(reply, raw, subject=code))
        # A good reply without `result` would read as "not there", and a step be sent twice.
        return json.parse(LookupReply, raw, subject=code).result

    async def _sync(self, data: list[translate.Row], *, updating: bool, subject: str) -> tuple[Reply, bytes]:
        told = {"isUpdating": "True" if updating else "False"}
        in_query = self._updating_in_query
        body: dict[str, object] = {"data": data} if in_query else {**told, "data": data}
        return await self._call("DongBoHoSoMC", body, Reply, subject=subject, query=told if in_query else {})

    async def _call(
        self,
        service: str,
        parameters: Mapping[str, object],
        shape: type[R],
        *,
        subject: str,
        query: Mapping[str, str] | None = None,
        effect: bool = True,
    ) -> tuple[R, bytes]:
        """Call a service within the session; a reply whose code says "no session" is repeated once with a new one."""
        for last in (False, True):
            session = await self._ensure_session()
            envelope = {"session": session, "madonvi": self._unit, "service": service, **parameters}
            try:
                reply = await self._http.post(
                    self._service_url,
                    json.dump(envelope),
                    params={**self._query, **(query or {})},
                    headers={"Accept": "application/json", "Charset": "utf-8", **self._headers},
                    effect=effect,
                )
                told = json.parse(shape, reply.body, subject=subject, status=reply.status)
                refused = translate.failure(told, reply.body, subject=subject)
                if not isinstance(refused, Unauthorised):
                    return told, reply.body
            except Unauthorised as error:
                refused = error
            self._forget(session)
            if last:
                raise refused
        raise AssertionError("the second round returns or raises")

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
            self._auth_url,
            json.dump(self._account),
            params=self._query,
            headers={"Accept": "application/json", "Charset": "utf-8", **self._headers},
            effect=False,
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


def _raise(error: CallError | None) -> None:
    if error is not None:
        raise error


def _ms_since(started: float) -> float:
    return (time.monotonic() - started) * 1000.0
