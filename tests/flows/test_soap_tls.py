"""Mutual TLS over a real socket: our client shows its certificate, our server knows whose it is."""

import dataclasses
import datetime as dt
import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters._kit.soap.wsse import Clear
from adapters.registry import Registry
from gateway.inbound.soap.admission import Doorway
from gateway.sections import Http, Soap
from gateway.tls import door_context
from schemas.errors import BadConfiguration, Outage, Unauthorised
from schemas.ports.carrier import Prober, TrackingPull
from tests.flows.soap_house import (
    KNOWN,
    NOW,
    PASSWORD,
    PEER,
    USER,
    SoapHouse,
    StillClock,
    envelope,
    event,
    key,
    ping,
    push_body,
    rows,
    security,
    soap_house,
)

pytestmark = pytest.mark.flow
BEGIN, END = dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


@dataclasses.dataclass(frozen=True)
class Identity:
    """A certificate and its key in PEM files."""

    cert_file: Path
    key_file: Path

    @property
    def der(self) -> bytes:
        return ssl.PEM_cert_to_DER_cert(self.cert_file.read_text())

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()


class Authority:
    """Signs certificates for servers on this machine and for their callers."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, holder: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name)
        builder = builder.public_key(holder.public_key()).serial_number(x509.random_serial_number())
        return builder.not_valid_before(BEGIN).not_valid_after(END)

    def identity(self, name: str) -> Identity:
        holder = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        made = self._builder(subject, holder).add_extension(names, False).sign(self._key, hashes.SHA256())
        found = Identity(self._folder / f"{name}.crt", self._folder / f"{name}.key")
        found.cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        found.key_file.write_bytes(holder.private_bytes(*private))
        return found


@dataclasses.dataclass(frozen=True)
class Paper:
    """What the tests show: a server, a caller we know, one we do not know, and one of a foreign authority."""

    authority: Authority
    server: Identity
    known: Identity
    unknown: Identity
    foreign: Identity

    def context(self) -> ssl.SSLContext:
        """As the settings of the door make it."""
        http = Http(
            tls_cert_file=self.server.cert_file,
            tls_key_file=self.server.key_file,
            tls_client_ca_file=self.authority.file,
        )
        made = door_context(http)
        assert made is not None
        return made

    def doorway(self, **more: object) -> Doorway:
        return Doorway.of(Soap.model_validate({"certificates": {self.known.sha256.upper(): USER}, **more}))


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    folder = tmp_path_factory.mktemp("paper")
    ours, theirs = Authority(folder, "ours"), Authority(folder, "theirs")
    return Paper(ours, ours.identity("server"), ours.identity("known"), ours.identity("other"), theirs.identity("away"))


def caller(house: SoapHouse, paper: Paper, shows: Identity | None, **more: object) -> Registry:
    told: dict[str, object] = {"url": house.url.replace("127.0.0.1", "localhost"), **more}
    told.setdefault("tls_ca_file", str(paper.authority.file))
    if shows is not None:
        told |= {"tls_client_cert_file": str(shows.cert_file), "tls_client_key_file": str(shows.key_file)}
    return Registry.load({PEER: {"enabled": True, **told}}, clock=StillClock())


async def asked(registry: Registry) -> int:
    try:
        return len((await registry.port(PEER, TrackingPull).fetch([KNOWN], since=None)).complete_for)
    finally:
        await registry.aclose()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
async def test_a_certificate_that_is_known_is_the_account_and_needs_no_token(
    tmp_path: Path, paper: Paper, version: str
) -> None:
    async with soap_house(tmp_path, doorway=paper.doorway(), tls=paper.context()) as house:
        assert await asked(caller(house, paper, paper.known, soap_version=version)) == 1
        probe = caller(house, paper, paper.known, soap_version=version)
        assert (await probe.port(PEER, Prober).probe()).ok
        await probe.aclose()


async def test_whoever_shows_another_certificate_or_none_needs_a_token(tmp_path: Path, paper: Paper) -> None:
    token = {"username": USER, "password": PASSWORD}
    async with soap_house(tmp_path, doorway=paper.doorway(), tls=paper.context()) as house:
        for shows in (paper.unknown, None):
            with pytest.raises(Unauthorised):
                await asked(caller(house, paper, shows))
            assert await asked(caller(house, paper, shows, **token)) == 1
        with pytest.raises(Outage):
            await asked(caller(house, paper, paper.foreign, **token))
        with pytest.raises(Outage, match="nothing was sent"):
            await asked(caller(house, paper, paper.known, tls_ca_file=str(paper.foreign.cert_file)))


async def test_certificate_and_token_must_be_of_one_account(tmp_path: Path, paper: Paper) -> None:
    async with soap_house(tmp_path, doorway=paper.doorway(), tls=paper.context()) as house:
        await house.store.write(lambda tx: tx.accounts.put_key(key("other")))
        assert await asked(caller(house, paper, paper.known, username=USER, password=PASSWORD)) == 1
        with pytest.raises(Unauthorised):
            await asked(caller(house, paper, paper.known, username="other", password=PASSWORD))
        await house.store.write(lambda tx: tx.accounts.put_key(key(active=False)))
        with pytest.raises(Unauthorised):
            await asked(caller(house, paper, paper.known))


async def test_a_proxy_tells_the_certificate_in_the_header_that_is_set_and_in_no_other(
    tmp_path: Path, paper: Paper
) -> None:
    told = quote(paper.known.cert_file.read_text())
    async with soap_house(tmp_path, doorway=paper.doorway(certificate_header="X-Client-Cert")) as house:
        raw = envelope(ping())
        assert (await house.post(raw, operation="Ping", headers={"X-Client-Cert": told})).fault is None
        assert (await house.post(raw, operation="Ping", headers={"X-Other": told})).fault == "401.01"
        assert (await house.post(raw, operation="Ping", headers={"X-Client-Cert": "nonsense"})).fault == "401.01"
        stranger = quote(paper.unknown.cert_file.read_text())
        assert (await house.post(raw, operation="Ping", headers={"X-Client-Cert": stranger})).fault == "401.01"
    (tmp_path / "off").mkdir()
    async with soap_house(tmp_path / "off", doorway=paper.doorway()) as house:
        assert (await house.post(raw, operation="Ping", headers={"X-Client-Cert": told})).fault == "401.01"


async def test_a_password_in_clear_is_taken_where_that_is_set_and_never_stored(tmp_path: Path) -> None:
    def in_clear(change: Callable[[str], str] = str) -> bytes:
        header = security(NOW).replace("#PasswordDigest", "#PasswordText")
        before, _, rest = header.partition('#PasswordText">')
        after = rest.partition("</w:Password>")[2]
        body = push_body(event(), batch=hashlib.sha256(header.encode()).hexdigest())
        return envelope(body, headers=change(f'{before}#PasswordText">{PASSWORD}</w:Password>{after}'))

    def bare(header: str) -> str:
        return header.partition("<w:Nonce>")[0] + "</w:UsernameToken></w:Security>"

    async with soap_house(tmp_path, doorway=Doorway(clear=Clear.WITH_NONCE)) as house:
        raw = in_clear()
        assert (await house.post(raw)).results == [("ACCEPTED", None)]
        assert (await house.post(raw)).fault == "401.02", "a nonce is used once"
        assert (await house.post(in_clear(bare))).fault == "401.01"
        assert (await house.post(raw.replace(PASSWORD.encode(), b"guess"))).fault == "401.01"
        (row,) = await house.store.read(lambda tx: tx.inbox.list(peer=PEER))
        kept = await house.store.read(lambda tx: tx.inbox.body(row.id))
        assert PASSWORD.encode() not in kept and b"EMC" in kept
        assert row.sha256 == hashlib.sha256(kept).hexdigest()
        assert house.adapter().read_push(kept, received_at=NOW).batch.events
    (tmp_path / "bare").mkdir()
    async with soap_house(tmp_path / "bare", doorway=Doorway(clear=Clear.ACCEPT)) as house:
        assert (await house.post(in_clear(bare))).results == [("ACCEPTED", None)]
        assert await rows(house) == 1


def test_files_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    assert door_context(Http()) is None
    with pytest.raises(BadConfiguration, match="TLS files"):
        door_context(Http(tls_cert_file=tmp_path / "gone.pem"))
