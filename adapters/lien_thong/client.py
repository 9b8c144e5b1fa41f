"""Talks to the dossier axis: sends with the token, reads the envelope. What it says is in :mod:`.translate`.

Taking a report out is two steps on purpose: ``fetch`` changes nothing, and only ``acknowledge`` makes the axis forget,
so a crash in between costs a second look and no report.
"""

import hashlib
import time
from collections.abc import Awaitable, Mapping
from typing import TypeVar

from adapters._kit import json
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.oauth import ClientCredentials
from adapters._kit.settings import Settings
from adapters.lien_thong import translate
from adapters.lien_thong.wire import DetailReply, Envelope, ListReply, SentReply
from schemas.errors import CallError
from schemas.ids import Sha256
from schemas.portal import OneStopDossier, OneStopReport, OneStopStatus, PortalReceipt, ProfileRef
from schemas.ports.clock import Clock
from schemas.wire import Probe, RawDocument

E = TypeVar("E", bound=Envelope)


class Adapter:
    """DossierSink, DossierSource and Prober of the axis."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Read the settings; opens nothing."""
        self._http = http
        self._base_url = settings.text("base_url")
        self._system_id = settings.text("system_id")
        self._system_received = settings.text("system_received")
        self._login = ClientCredentials(
            http,
            settings.text("token_url"),
            key=settings.text("consumer_key"),
            secret=settings.text("consumer_secret"),
            clock=clock,
        )

    async def submit(self, dossier: OneStopDossier) -> PortalReceipt:
        """Hand the dossier over by syncDossier. Raises Duplicate where the axis has it already."""
        body = translate.dossier_to_wire(dossier, system_id=self._system_id, system_received=self._system_received)
        return await self._send("syncDossier", body, subject=dossier.code)

    async def tell(self, status: OneStopStatus) -> PortalReceipt:
        """Tell a status of ours by sendStatusProfile. Raises Duplicate where the axis has it already."""
        return await self._send("sendStatusProfile", translate.status_to_wire(status), subject=status.code)

    async def waiting(self, unit_code: str) -> tuple[ProfileRef, ...]:
        """What waits for the unit by getListDossier, oldest first."""
        reply = await self._call("GET", "getListDossier", params={"unit_code": unit_code}, effect=False)
        return translate.refs(_read(ListReply, reply, subject=unit_code), unit_code)

    async def fetch(self, ref: ProfileRef) -> RawDocument:
        """The raw detail by getDetailDossier; an envelope that tells a failure is an error, not a detail."""
        reply = await self._call("GET", "getDetailDossier", params={"profile_id": ref.key}, effect=False)
        _read(Envelope, reply, subject=ref.key)
        digest = Sha256(hashlib.sha256(reply.body).hexdigest())
        return RawDocument(sha256=digest, body=reply.body, content_type=reply.content_type)

    def read(self, raw: bytes, sha256: Sha256) -> tuple[OneStopReport, ...]:
        """Understand a stored detail: one profile is one report. Raises Misunderstood with the raw bytes."""
        return (translate.report(json.parse(DetailReply, raw), raw, sha256),)

    async def acknowledge(self, ref: ProfileRef, *, done: bool) -> None:
        """Say by updateStatusReceiver that the report was taken; saying it again is good too."""
        params = {"profile_id": ref.key, "status": "done" if done else "fail"}
        reply = await self._call("POST", "updateStatusReceiver", params=params)
        _read(Envelope, reply, subject=ref.key)

    async def probe(self) -> Probe:
        """Take a new token."""
        started = time.monotonic()
        try:
            reply = await self._login.login()
        except CallError as error:
            return Probe(ok=False, what=str(error), latency_ms=_ms_since(started))
        skew = reply.server_time - reply.received_at if reply.server_time is not None else None
        return Probe(
            ok=True,
            what="token given",
            latency_ms=_ms_since(started),
            clock_skew_s=skew.total_seconds() if skew is not None else None,
        )

    async def _send(self, operation: str, body: Mapping[str, object], *, subject: str) -> PortalReceipt:
        reply = await self._call("POST", operation, body=json.dump(body))
        return translate.receipt(_read(SentReply, reply, subject=subject))

    async def _call(
        self,
        method: str,
        operation: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        effect: bool = True,
    ) -> Reply:
        def call(header: str, _token: str) -> Awaitable[Reply]:
            headers = {"Accept": "application/json", "Authorization": header}
            if body:
                headers["Content-Type"] = "application/json; charset=utf-8"
            url = join(self._base_url, operation)
            return self._http.request(method, url, params=params, headers=headers, body=body, effect=effect)

        return await self._login.authorised(call)


def _read(shape: type[E], reply: Reply, *, subject: str) -> E:
    # The envelope first: a failure need not carry what a success must.
    envelope = json.parse(Envelope, reply.body, subject=subject, status=reply.status)
    failed = translate.failure(envelope, reply.body, subject=subject)
    if failed is not None:
        raise failed
    return json.parse(shape, reply.body, subject=subject, status=reply.status)


def _ms_since(started: float) -> float:
    return (time.monotonic() - started) * 1000.0
