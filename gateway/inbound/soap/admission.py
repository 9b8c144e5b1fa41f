"""Who calls: a client certificate that we know, or a WS-Security UsernameToken.

A certificate is known by its SHA-256 (`[soap.certificates]`). It comes from our own TLS, or from a proxy that ends the
TLS and tells it in a header, which only a proxy may set (`[soap] certificate_header`). Where both a certificate and a
token come, both must speak for the same account.
"""

import dataclasses
import datetime as dt
import hashlib
import ssl
import uuid
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from adapters._kit import xml
from adapters._kit.soap import envelope, names, wsse
from adapters.registry import Registry
from gateway.accounts import ApiKey, GatewayStore
from gateway.inbound.soap.faults import SoapFault
from gateway.inbound.soap.request import SoapRequest
from gateway.sections import Soap
from schemas.ids import PeerId
from schemas.ports.carrier import ContractPush
from schemas.ports.clock import Clock

_NOBODY: Final = "no such account, but the digest takes as long"

Readers = Callable[[PeerId], ContractPush | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Doorway:
    """What the settings say of who may come in."""

    clear: wsse.Clear = wsse.Clear.REFUSE
    certificates: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """SHA-256 of a client certificate in lower case hex → name of the account."""
    certificate_header: str = ""
    """Header in which a proxy tells the certificate (PEM, URL-encoded); empty: none is believed."""

    @classmethod
    def of(cls, settings: Soap) -> "Doorway":
        """From the settings."""
        certificates = {digest.lower(): name for digest, name in settings.certificates.items()}
        return cls(wsse.Clear(settings.password_text), certificates, settings.certificate_header)


def readers_of(registry: Registry) -> Readers:
    """The adapters that read pushes, of the peers that are switched on."""

    def reader(peer: PeerId) -> ContractPush | None:
        return registry.port(peer, ContractPush) if registry.offers(peer, ContractPush) else None

    return reader


class Admission:
    """Turns a proven caller into a request."""

    def __init__(self, *, store: GatewayStore, clock: Clock, readers: Readers, doorway: Doorway) -> None:
        self._store = store
        self._clock = clock
        self._readers = readers
        self._doorway = doorway

    async def admit(
        self, request: web.Request, read: envelope.Envelope, raw: bytes, *, correlation_id: str
    ) -> SoapRequest:
        """The request of whoever proved itself. Raises SoapFault 401.01 and 401.02."""
        now = self._clock.now()
        holder = self._holder(request)
        security = read.header(names.WSSE, "Security")
        if holder is not None and (security is None or xml.child(security, "UsernameToken") is None):
            token, key = None, await self._key(holder)
        else:
            token = self._token(security, now)
            key = await self._key(token.username)
            if not wsse.proves(token, _password(key)):
                raise SoapFault("401.01")
        if key is None or not key.active or (holder is not None and holder != key.name):
            raise SoapFault("401.01")
        return SoapRequest(
            operation=xml.local(read.body),
            body=read.body,
            raw=raw,
            key=key,
            token=token,
            reader=self._readers(key.peer) if key.peer is not None else None,
            now=now,
            correlation_id=correlation_id,
        )

    def _token(self, security: xml.Element | None, now: dt.datetime) -> wsse.UsernameToken:
        token = wsse.read_token(security, now=now, clear=self._doorway.clear)
        if token is wsse.Flaw.STALE:
            raise SoapFault("401.02", "Created or Expires is outside of five minutes")
        if not isinstance(token, wsse.UsernameToken):
            raise SoapFault("401.01", "a UsernameToken with PasswordDigest, Nonce and Created is wanted")
        return token

    async def _key(self, name: str) -> ApiKey | None:
        return await self._store.read(lambda tx: tx.accounts.key(name))

    def _holder(self, request: web.Request) -> str | None:
        """Name of the account whose certificate came with the connection; None where none did that we know."""
        certificate = _of_connection(request) or _of_proxy(request, self._doorway.certificate_header)
        return self._doorway.certificates.get(hashlib.sha256(certificate).hexdigest()) if certificate else None


def _of_connection(request: web.Request) -> bytes | None:
    """The certificate in DER, as our own TLS proved it."""
    tls = request.get_extra_info("ssl_object")
    return tls.getpeercert(binary_form=True) if isinstance(tls, ssl.SSLObject | ssl.SSLSocket) else None


def _of_proxy(request: web.Request, header: str) -> bytes | None:
    told = unquote(request.headers.get(header, "")) if header else ""
    if not told:
        return None
    try:
        return ssl.PEM_cert_to_DER_cert(told)
    except ValueError:
        return None


def _password(key: ApiKey | None) -> str:
    usable = key is not None and key.active and bool(key.password)
    # The random part makes sure that nobody can present the digest of the stand-in.
    return key.password if key is not None and usable else f"{_NOBODY} {uuid.uuid4()}"
