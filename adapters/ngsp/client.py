"""Talks to the national service platform: sends with the token, reads the result. The words are :mod:`.translate`'s."""

from collections.abc import Mapping

from adapters._kit import json
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.oauth import ClientCredentials, Token, TokenStyle
from adapters._kit.settings import Settings
from adapters.ngsp import translate
from adapters.ngsp.wire import Result
from schemas.errors import Refused
from schemas.ids import Sha256
from schemas.portal import PortalDossier, PortalProgress, PortalReceipt
from schemas.ports.clock import Clock
from schemas.ports.registration import RegistrationDesk
from schemas.wire import Probe


class Adapter:
    """StatusSink, RegistrationInSteps and Prober of the platform."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Read the settings; opens nothing."""
        self._http = http
        self._base_url = settings.text("base_url")
        self._organ = settings.text("organ_code")
        self._with_files = settings.text("attachments") == "base64"
        self._most_bytes = settings.integer("max_files_bytes")
        self._dialect = translate.Dialect(
            good=frozenset(settings.texts("good_statuses")),
            zeros=settings.text("absent_date") == "zeros",
            attachment_id=settings.text("attachment_id_name"),
        )
        self._login = ClientCredentials(
            http,
            settings.text("token_url"),
            key=settings.text("client_id"),
            secret=settings.text("client_secret"),
            clock=clock,
            style=TokenStyle.of(settings),
        )

    async def register(self, dossier: PortalDossier) -> PortalReceipt:
        """The dossier without its files; the same one again changes nothing."""
        return await self._sync(dossier, {})

    async def register_in_steps(self, dossier: PortalDossier, desk: RegistrationDesk) -> PortalReceipt:
        """The dossier with its files, in one call."""
        files: dict[Sha256, bytes] = {}
        for attachment in dossier.attachments if self._with_files else ():
            files[attachment.sha256] = await desk.file(attachment.sha256)
            if sum(map(len, files.values())) > self._most_bytes:
                raise Refused(
                    f"its files have more than max_files_bytes ({self._most_bytes}); nothing was sent",
                    subject=dossier.code,
                )
        return await self._sync(dossier, files)

    async def progress(self, progress: PortalProgress) -> PortalReceipt:
        """One step. Several are refused unsent: the outbox then tells them one by one and keeps each."""
        if len(progress.steps) != 1:
            raise Refused("UpdateDocumentTraces takes one step a call; nothing was sent", subject=progress.code)
        body = translate.trace_to_wire(progress, progress.steps[0], self._organ)
        return await self._send("Document/UpdateDocumentTraces", body, subject=progress.code)

    async def probe(self) -> Probe:
        """Take a new token."""
        return await self._login.probe()

    async def _sync(self, dossier: PortalDossier, files: Mapping[Sha256, bytes]) -> PortalReceipt:
        body = translate.dossier_to_wire(dossier, files, self._dialect)
        return await self._send("Document/SyncDocument", body, subject=dossier.code)

    async def _send(self, path: str, body: Mapping[str, object], *, subject: str) -> PortalReceipt:
        url, sent = join(self._base_url, path), json.dump(body)

        async def call(token: Token) -> Reply:
            return await self._http.post(url, sent, headers={"Accept": "application/json", **token.headers})

        reply = await self._login.send(call)
        result = json.parse(Result, reply.body, subject=subject, status=reply.status)
        failed = translate.failure(result, reply.body, self._dialect, subject=subject)
        if failed is not None:
            raise failed
        return translate.receipt(result)
