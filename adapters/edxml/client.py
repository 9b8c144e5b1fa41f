"""Talks to the document axis: sends, lists, fetches to a file, acknowledges. Documents are built and read elsewhere.

Taking a document out is two steps on purpose: ``fetch_document`` changes nothing, and only ``acknowledge_document``
makes the axis forget, so a crash in between costs a second look and no document.
"""

import asyncio
import base64
import contextlib
import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TypeVar

from adapters._kit import json, probing
from adapters._kit.call import Sink
from adapters._kit.http import JSON, XML, PeerHttp, Reply, join
from adapters._kit.oauth import ClientCredentials
from adapters._kit.settings import Settings
from adapters._kit.signatures import PinnedCertificate, SigningKey, certificate_der
from adapters.edxml import building, codes, reading, translate
from adapters.edxml.building import Hand
from adapters.edxml.signing import Covers, Policy
from adapters.edxml.wire import Envelope, ListReply, SentReply, WaitingRow
from schemas.errors import BadConfiguration, Misunderstood, Transient
from schemas.ids import Sha256
from schemas.official_document import (
    DocumentRef,
    DocumentStatus,
    ExchangeReceipt,
    FetchedFile,
    MessageKind,
    OfficialDocument,
)
from schemas.ports.clock import Clock
from schemas.wire import Probe

E = TypeVar("E", bound=Envelope)
MESSAGE_TYPES: Mapping[MessageKind, str] = {MessageKind.DOCUMENT: "edoc", MessageKind.STATUS: "status"}


class Adapter:
    """DocumentExchange and Prober of the axis."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Read the settings, the pinned certificates and our key. Raises BadConfiguration."""
        self._http = http
        self._clock = clock
        self._base_url = settings.text("base_url")
        self._system_id = settings.text("system_id")
        self._hand = _hand(settings)
        self._rules = _rules(settings)
        self._most = settings.integer("max_document_bytes")
        self._scratch = settings.text("scratch_dir") or None
        secret = settings.text("secret")
        pair = f"{self._system_id}:{secret}".encode()
        self._basic = f"Basic {base64.b64encode(pair).decode()}"
        token_url = settings.text("token_url")
        self._login = (
            ClientCredentials(http, token_url, key=self._system_id, secret=secret, clock=clock) if token_url else None
        )

    async def send_document(self, document: OfficialDocument) -> ExchangeReceipt:
        """Build, sign and send a document by sendEdoc. Raises Duplicate where the axis has its id already."""
        to = ",".join(receiver.id for receiver in document.receivers)

        def write(into: Path) -> None:
            building.write_document(document, into, self._hand)

        return await self._send(write, MessageKind.DOCUMENT, sender=document.sender.id, to=to, subject=document.id)

    async def send_status(self, status: DocumentStatus) -> ExchangeReceipt:
        """Build, sign and send a status by sendEdoc. Raises Duplicate where the axis has it already."""

        def write(into: Path) -> None:
            building.write_status(status, into, self._hand)

        return await self._send(
            write, MessageKind.STATUS, sender=status.sender.id, to=status.about_organ, subject=status.about_document
        )

    async def waiting_documents(self, kind: MessageKind) -> tuple[DocumentRef, ...]:
        """What waits for us by getReceivedEdocList, oldest first, each key once."""
        reply = await self._call("GET", "getReceivedEdocList", params=_kind(kind), effect=False)
        told = _read(ListReply, reply, subject=self._system_id)
        rows = {row.doc_id: row for row in reversed(told.data)}
        refs = [_ref(row, kind, reply.body) for row in reversed(rows.values())]
        # Rows without a time keep their place among themselves and go first: they may be the oldest.
        return tuple(sorted(refs, key=lambda ref: ref.created_at.timestamp() if ref.created_at is not None else 0.0))

    async def fetch_document(self, ref: DocumentRef, into: Path) -> FetchedFile:
        """Write the document to the new file ``into`` by getEdoc, as it comes; nothing is left there after an error."""
        try:
            with _new_file(into) as sink:
                to, params = Sink(sink, XML, self._most), {"docId": ref.key}
                reply = await self._call("GET", "getEdoc", params=params, effect=False, accept=(*XML, *JSON), sink=to)
            if reply.content_type not in XML:
                _read(Envelope, reply, subject=ref.key)
                raise Misunderstood("getEdoc says OK and gives no document", subject=ref.key, raw=reply.body)
            return await asyncio.to_thread(_measured, into, ref.key)
        except BaseException:
            await asyncio.to_thread(into.unlink, missing_ok=True)
            raise

    def read_document(self, file: Path, folder: Path) -> OfficialDocument | DocumentStatus:
        """Verify and read a fetched file; blocking. Raises Misunderstood with the named fault in ``code``."""
        return reading.read(file, folder, self._rules, self._clock.now())

    async def acknowledge_document(self, ref: DocumentRef, *, done: bool) -> None:
        """Say by updateStatus that it was taken; saying it again is good too."""
        params = {"docId": ref.key, "status": "done" if done else "fail"}
        reply = await self._call("POST", "updateStatus", params=params)
        _read(Envelope, reply, subject=ref.key)

    async def probe(self) -> Probe:
        """List what waits; tells when a pinned certificate runs out, and what the clocks say."""
        return await probing.probe(self._listed)

    async def _listed(self) -> probing.Heard:
        if self._login is not None:
            await self._login.login()
        reply = await self._call("GET", "getReceivedEdocList", params=_kind(MessageKind.STATUS), effect=False)
        told = _read(ListReply, reply, subject=self._system_id)
        ends = [one.not_after for one in self._rules.policy.certificates]
        good = not ends or max(ends) > self._clock.now()
        until = f"; its certificate is good until {max(ends):%Y-%m-%d}" if ends else "; no certificate is pinned"
        return probing.Heard(reply, f"{len(told.data)} statuses wait{until}", ok=good)

    async def _send(
        self, write: Callable[[Path], None], kind: MessageKind, *, sender: str, to: str, subject: str
    ) -> ExchangeReceipt:
        with tempfile.TemporaryDirectory(prefix="edxml-", dir=self._scratch) as folder:
            file = Path(folder) / "out.xml"
            await asyncio.to_thread(write, file)
            params = {**_kind(kind), "from": sender, "to": to}
            reply = await self._call("POST", "sendEdoc", params=params, source=file)
        told = _read(SentReply, reply, subject=subject)
        return ExchangeReceipt(key=told.doc_id, text=told.error_desc)

    async def _call(
        self,
        method: str,
        operation: str,
        *,
        params: Mapping[str, str],
        effect: bool = True,
        accept: tuple[str, ...] = JSON,
        source: Path | None = None,
        sink: Sink | None = None,
    ) -> Reply:
        def call(header: str, _token: str) -> Awaitable[Reply]:
            headers = {"Accept": ", ".join(accept[:1]), "Authorization": header}
            if source is not None:
                headers["Content-Type"] = "application/xml; charset=utf-8"
            url = join(self._base_url, operation)
            return self._http.request(
                method, url, params=params, headers=headers, accept=accept, effect=effect, source=source, sink=sink
            )

        return await (self._login.authorised(call) if self._login is not None else call(self._basic, ""))


def _read(shape: type[E], reply: Reply, *, subject: str) -> E:
    # The envelope first: a failure need not carry what a success must.
    told = json.parse(Envelope, reply.body, subject=subject, status=reply.status)
    code = told.error_code.lstrip("0")
    if told.status.upper() != codes.GOOD_STATUS:
        kind = codes.ERRORS.get(code, Transient) if code else Misunderstood
        unlisted = ", which is not in our table" if code and code not in codes.ERRORS else ""
        says = f"status {told.status} with errorCode {told.error_code or '(none)'}{unlisted}"
        what = f"{says}: {told.error_desc or 'no description'}"
        raise kind(what, subject=subject, raw=reply.body, status=reply.status, code=told.error_code)
    if code:
        what = f"status {told.status} and yet errorCode {told.error_code}"
        raise Misunderstood(what, subject=subject, raw=reply.body, code=told.error_code)
    return json.parse(shape, reply.body, subject=subject, status=reply.status)


def _ref(row: WaitingRow, kind: MessageKind, raw: bytes) -> DocumentRef:
    try:
        at = translate.moment(row.created_time, "created_time") if row.created_time else None
    except Misunderstood as error:
        error.raw = raw
        raise
    return DocumentRef(key=row.doc_id, kind=kind, sender_id=row.sender, created_at=at)


def _kind(kind: MessageKind) -> dict[str, str]:
    return {"servicetype": "eDoc", "messagetype": MESSAGE_TYPES[kind]}


@contextlib.contextmanager
def _new_file(into: Path) -> Iterator[BinaryIO]:
    with into.open("xb") as sink:
        yield sink


def _measured(into: Path, key: str) -> FetchedFile:
    with into.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256")
    size = into.stat().st_size
    if size == 0:
        raise Misunderstood("an empty document", subject=key)
    return FetchedFile(path=into, sha256=Sha256(digest.hexdigest()), size=size)


def _hand(settings: Settings) -> Hand:
    key_file, certificate_file = settings.text("key_file"), settings.text("certificate_file")
    if not key_file:
        return Hand(layout=settings.text("layout"))
    key = SigningKey.from_pem(_file(settings, "key_file", key_file), settings.text("key_password"))
    der = certificate_der(_file(settings, "certificate_file", certificate_file)) if certificate_file else b""
    return Hand(layout=settings.text("layout"), key=key, certificate=der)


def _rules(settings: Settings) -> reading.Rules:
    files = settings.texts("pinned_certificates")
    pinned = tuple(PinnedCertificate.from_pem(_file(settings, "pinned_certificates", file)) for file in files)
    required = settings.text("signature") == "required"
    if required and not pinned:
        name = settings.manifest.name
        raise BadConfiguration(
            f"peers.{name}.pinned_certificates: signatures are required, so somebody's certificate must be pinned",
            subject=name,
        )
    return reading.Rules(
        policy=Policy(
            certificates=pinned,
            required=required,
            covers=Covers(settings.text("signature_covers")),
            allow_sha1=settings.flag("allow_sha1"),
        ),
        layouts=_layouts(settings),
        strict_prefix=settings.text("prefix_rule") == "strict",
    )


def _layouts(settings: Settings) -> Sequence[str]:
    told = settings.texts("read_layouts")
    if not told or any(layout not in ("vpcp", "java") for layout in told):
        name = settings.manifest.name
        raise BadConfiguration(f"peers.{name}.read_layouts: vpcp, java or both", subject=name)
    return told


def _file(settings: Settings, setting: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        name = settings.manifest.name
        raise BadConfiguration(f"peers.{name}.{setting}: {error}", subject=name) from error
