"""Talks to the dossier axis: sends with the token, reads the envelope. What it says is in :mod:`.translate`.

Taking a report out is two steps on purpose: ``fetch`` changes nothing, and only ``acknowledge`` makes the axis forget,
so a crash in between costs a second look and no report.
"""

import hashlib
from collections.abc import Mapping
from typing import TypeVar

from adapters._kit import json
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.oauth import ClientCredentials, Token, TokenStyle
from adapters._kit.settings import Settings
from adapters.lien_thong import codes, translate
from adapters.lien_thong.wire import DetailReply, Envelope, ListReply, SentReply
from schemas.dossier import RequestKind
from schemas.ids import Sha256
from schemas.portal import (
    OneStopDossier,
    OneStopReport,
    OneStopRequest,
    OneStopStatus,
    PortalReceipt,
    ProfileRef,
)
from schemas.ports.clock import Clock
from schemas.wire import Probe, RawDocument

E = TypeVar("E", bound=Envelope)


class Adapter:
    """DossierSink, RequestSink, DossierSource and Prober of the axis."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Read the settings; opens nothing."""
        self._http = http
        self._base_url = settings.text("base_url")
        self._system_id = settings.text("system_id")
        self._system_received = settings.text("system_received")
        self._paths = settings.table("operation_paths")
        self._by_service = settings.text("routing") == "service"
        self._words = settings.text("type_values") == "word"
        self._supplement_by = settings.text("supplement_operation")
        self._empty_update = codes.SUPPLEMENT if settings.text("update_without_code") == "supplement" else None
        self._tells_fail = settings.text("unreadable") == "fail"
        self._login = ClientCredentials(
            http,
            settings.text("token_url"),
            key=settings.text("consumer_key"),
            secret=settings.text("consumer_secret"),
            clock=clock,
            style=TokenStyle.of(settings),
        )

    async def submit(self, dossier: OneStopDossier) -> PortalReceipt:
        """Hand the dossier over by syncDossier. Raises Duplicate where the axis has it already."""
        body = translate.dossier_to_wire(
            dossier, system_id=self._system_id, system_received=self._system_received, words=self._words
        )
        return await self._send("syncDossier", body, subject=dossier.code)

    async def tell(self, status: OneStopStatus) -> PortalReceipt:
        """Tell a status of ours by sendStatusProfile. Raises Duplicate where the axis has it already."""
        body = translate.status_to_wire(status, words=self._words)
        return await self._send("sendStatusProfile", body, subject=status.code)

    async def request(self, request: OneStopRequest) -> PortalReceipt:
        """Ask for papers or money, or say that they are here. Raises Duplicate where the axis has it already."""
        money = request.kind is RequestKind.FEE
        operation = "sendRequestOrPayMentProfile" if money else self._supplement_by
        return await self._send(operation, translate.request_to_wire(request, words=self._words), subject=request.code)

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
        told = json.parse(DetailReply, raw)
        return (translate.report(told, raw, sha256, update_without_code=self._empty_update),)

    async def acknowledge(self, ref: ProfileRef, *, done: bool) -> None:
        """Say by updateStatusReceiver that the report was taken (or not understood); saying it again is good too."""
        if not done and not self._tells_fail:
            return
        params = {"profile_id": ref.key, "status": "done" if done else "fail"}
        reply = await self._call("POST", "updateStatusReceiver", params=params)
        _read(Envelope, reply, subject=ref.key)

    async def probe(self) -> Probe:
        """Take a new token."""
        return await self._login.probe()

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
        typed = {"Content-Type": "application/json; charset=utf-8"} if body else {}
        named = {"service": self._paths.get(operation, operation)} if self._by_service else {}
        url = self._base_url if self._by_service else join(self._base_url, self._paths.get(operation, operation))

        async def call(token: Token) -> Reply:
            headers = {"Accept": "application/json", **typed, **token.headers}
            told = {**named, **(params or {})}
            return await self._http.request(method, url, params=told, headers=headers, body=body, effect=effect)

        return await self._login.send(call)


def _read(shape: type[E], reply: Reply, *, subject: str) -> E:
    # The envelope first: a failure need not carry what a success must.
    envelope = json.parse(Envelope, reply.body, subject=subject, status=reply.status)
    failed = translate.failure(envelope, reply.body, subject=subject)
    if failed is not None:
        raise failed
    return json.parse(shape, reply.body, subject=subject, status=reply.status)
