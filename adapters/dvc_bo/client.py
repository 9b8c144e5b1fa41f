"""Talks to the ministries' portal: sends with the token, reads the envelope, goes on where an earlier process stopped.

What each call leaves behind decides what a lost answer to it means (ADR 126). A second number or a second upload costs
a gap in their numbering or a file that no dossier names, so their lost answers are outages and the call is made again.
A second creation would be a second dossier: the house is told before it, and asks afterwards.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TypeVar

from adapters._kit import json
from adapters._kit.http import PeerHttp, Reply, join
from adapters._kit.oauth import ClientCredentials, Token, TokenStyle
from adapters._kit.settings import Settings
from adapters.dvc_bo import codes, translate
from adapters.dvc_bo.wire import CreatedReply, Envelope, NumberReply, UploadReply
from schemas.errors import CallError, Duplicate, Misunderstood, Outage, Refused, Unauthorised, Unknown
from schemas.ids import DossierCode, Sha256
from schemas.message import Operation, Payload
from schemas.portal import Attachment, PeerFile, PortalDossier, PortalProgress, PortalReceipt, Registration
from schemas.ports.carrier import Answer
from schemas.ports.clock import Clock
from schemas.ports.registration import RegistrationDesk
from schemas.wire import Probe

E = TypeVar("E", bound=Envelope)
JSON_TYPE = "application/json; charset=utf-8"


class Adapter:
    """StatusSink, RegistrationInSteps, OutcomeQuery and Prober of the ministries' portal."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Read the settings; opens nothing."""
        self._http = http
        self._base_url = settings.text("base_url")
        steps = ("number", "upload", "create", "progress", "status")
        self._paths = {name: settings.text(f"{name}_path") for name in steps}
        self._number_code = settings.text("number_code")
        self._digest = settings.text("file_digest")
        self._most_bytes = settings.integer("max_file_bytes")
        self._asks = settings.text("ask_by") == "status"
        self._dialect = translate.Dialect(
            good=frozenset(settings.texts("good_codes")),
            units=settings.table("unit_codes"),
            services=settings.table("service_codes"),
            owners=settings.table("owner_codes"),
            provinces=settings.table("province_codes"),
        )
        self._login = ClientCredentials(
            http,
            settings.text("token_url"),
            key=settings.text("client_id"),
            secret=settings.text("client_secret"),
            clock=clock,
            style=TokenStyle.of(settings),
        )
        self._unkept: dict[DossierCode, Registration] = {}

    async def register(self, dossier: PortalDossier) -> PortalReceipt:
        """As :meth:`register_in_steps` for who keeps nothing: the steps are remembered in this process only."""
        known = dossier.registration or self._unkept.get(dossier.code)
        desk = _Memory(self._unkept, dossier.code)
        return await self.register_in_steps(dataclasses.replace(dossier, registration=known), desk)

    async def register_in_steps(self, dossier: PortalDossier, desk: RegistrationDesk) -> PortalReceipt:
        """Number, files, dossier and status, each of them once; where the dossier is there already, its status."""
        begun = dossier.registration or Registration()
        translate.national(dossier.national, subject=dossier.code)
        known = begun if begun.created else await self._create(dossier, begun, desk)
        reply = await self._tell_status(dossier, known, effect=True)
        return translate.receipt(reply, known, created=not begun.created)

    async def progress(self, progress: PortalProgress) -> PortalReceipt:
        """Append the steps, all in one call. Refused where the portal never took the dossier: nothing was sent."""
        known = progress.registration
        if known is None or not known.number:
            raise Refused("the portal has no number for this dossier; nothing was sent", subject=progress.code)
        body = translate.steps_to_wire(progress, known)
        reply = await self._post("progress", body, Envelope, subject=progress.code)
        return translate.receipt(reply, known, created=True)

    async def ask(self, operation: Operation, payload: Payload, *, since: dt.datetime) -> Answer:
        """Did the creation happen? Told by the status call: a number that names no dossier was never created."""
        if not isinstance(payload, PortalDossier):
            return Answer.CANNOT_TELL
        known = payload.registration or self._unkept.get(payload.code)
        if known is None or not (known.creating or known.created):
            return Answer.NOT_APPLIED  # the call that makes the dossier was never sent
        if not self._asks:
            return Answer.CANNOT_TELL
        try:
            await self._tell_status(payload, known, effect=False)
        except Refused as error:
            if error.code == codes.NOT_THERE and not known.created:
                return Answer.NOT_APPLIED
            raise
        return Answer.APPLIED

    async def probe(self) -> Probe:
        """Take a new token."""
        return await self._login.probe()

    # --- the steps --------------------------------------------------------------------------------------------------

    async def _create(self, dossier: PortalDossier, begun: Registration, desk: RegistrationDesk) -> Registration:
        """Everything up to the dossier's being there, kept after each call and before the one that makes it."""
        translate.owner_code(
            dossier, self._dialect
        )  # what would be refused at the end is refused before a number is taken
        if not begun.number:
            begun = dataclasses.replace(begun, number=await self._next_number(dossier))
            await desk.keep(begun)
        there = {file.sha256 for file in begun.files}
        for attachment in dossier.attachments:
            if attachment.sha256 not in there:
                there.add(attachment.sha256)
                begun = dataclasses.replace(begun, files=(*begun.files, await self._upload(attachment, desk)))
                await desk.keep(begun)
        if not begun.creating:
            begun = dataclasses.replace(begun, creating=True)
            await desk.keep(begun)
        created = await self._make(dossier, begun)
        await desk.keep(created)
        return created

    async def _next_number(self, dossier: PortalDossier) -> str:
        params = {"code": self._number_code or translate.unit_code(dossier, self._dialect)}
        try:  # with an effect, or the HTTP library would send a GET twice by itself and take two numbers
            reply = await self._call("GET", "number", params=params, effect=True, subject=dossier.code)
        except Unknown as error:
            says = f"{error.detail}; a number may be lost, no dossier is"
            raise Outage(says, subject=dossier.code, raw=error.raw, status=error.status) from error
        return self._read(NumberReply, reply, subject=dossier.code, effect=False).data.value

    async def _upload(self, attachment: Attachment, desk: RegistrationDesk) -> PeerFile:
        content = await desk.file(attachment.sha256)
        if len(content) > self._most_bytes:
            raise Refused(
                f"{attachment.name} has {len(content)} bytes, max_file_bytes is {self._most_bytes}; nothing was sent",
                subject=attachment.sha256,
            )
        body, content_type = translate.form(attachment.name, content)
        reply = await self._call(
            "POST", "upload", body=body, content_type=content_type, effect=False, subject=attachment.sha256
        )
        told = self._read(UploadReply, reply, subject=attachment.sha256, effect=False)
        return translate.file(told.file, attachment, reply.body, digest=self._digest)

    async def _make(self, dossier: PortalDossier, begun: Registration) -> Registration:
        body = translate.dossier_to_wire(dossier, begun, self._dialect)
        try:
            reply = await self._post("create", body, CreatedReply, subject=dossier.code)
        except Duplicate:  # the number is ours alone, so the dossier under it is this one
            return dataclasses.replace(begun, creating=False, created=True)
        return translate.created(reply.data, begun)

    async def _tell_status(self, dossier: PortalDossier, known: Registration, *, effect: bool) -> Envelope:
        """The sixth call. The same status again changes nothing, so a question may be asked by it."""
        body = translate.status_to_wire(dossier, known)
        return await self._post("status", body, Envelope, subject=dossier.code, effect=effect)

    # --- one call ---------------------------------------------------------------------------------------------------

    async def _post(
        self,
        step: str,
        body: Mapping[str, object] | Sequence[object],
        shape: type[E],
        *,
        subject: str,
        effect: bool = True,
    ) -> E:
        reply = await self._call("POST", step, body=json.dump(body), effect=effect, subject=subject)
        return self._read(shape, reply, subject=subject, effect=effect)

    async def _call(
        self,
        method: str,
        step: str,
        *,
        subject: str,
        effect: bool,
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
        content_type: str = JSON_TYPE,
    ) -> Reply:
        url = join(self._base_url, self._paths[step])
        plain = {"Accept": "application/json", **({"Content-Type": content_type} if body else {})}

        async def call(token: Token) -> Reply:
            headers = {**plain, **token.headers}
            reply = await self._http.request(method, url, params=params, headers=headers, body=body, effect=effect)
            if _code(reply) == codes.TOKEN_IS_OVER:
                raise Unauthorised("the token is over", subject=subject, raw=reply.body, status=401)
            return reply

        try:
            return await self._login.send(call)
        except Refused as error:
            raise self._told(error, subject=subject, effect=effect) from error

    def _told(self, error: Refused, *, subject: str, effect: bool) -> CallError:
        """The portal's own words in place of a bare HTTP status; a page of a proxy stays what it is."""
        try:
            envelope = json.parse(Envelope, error.raw, subject=subject, status=error.status)
        except Misunderstood:
            return error
        return translate.failure(envelope, error.raw, self._dialect, subject=subject, effect=effect) or error

    def _read(self, shape: type[E], reply: Reply, *, subject: str, effect: bool) -> E:
        # The envelope first: a failure need not carry what a success must.
        envelope = json.parse(Envelope, reply.body, subject=subject, status=reply.status)
        failed = translate.failure(envelope, reply.body, self._dialect, subject=subject, effect=effect)
        if failed is not None:
            raise failed
        return json.parse(shape, reply.body, subject=subject, status=reply.status)


class _Memory:
    """A desk that keeps nothing beyond this process and has no documents."""

    def __init__(self, kept: dict[DossierCode, Registration], code: DossierCode) -> None:
        self._kept = kept
        self._code = code

    async def keep(self, registration: Registration) -> None:
        self._kept[self._code] = registration

    async def file(self, sha256: Sha256) -> bytes:
        raise Refused("documents are sent by the outbox only; nothing was sent", subject=sha256)


def _code(reply: Reply) -> str:
    """The envelope's code, empty where there is no envelope."""
    try:
        return json.parse(Envelope, reply.body).code
    except Misunderstood:
        return ""
