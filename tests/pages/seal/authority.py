"""A certification authority of one's own, with a time-stamp authority and revocation lists on a real socket.

Everything is fictional. The server runs in a thread with a loop of its own, as a foreign machine would, and can be
away, slow, or answer nonsense. :func:`sealed_kinds` makes one file of every kind of seal for whoever judges them.
"""

import asyncio
import datetime as dt
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from scanning.approved import PdfA, SealedPdf
from scanning.seal import PadesSealer, SealPlan
from scanning.seal_check import Level
from scanning.seal_keys import FileKey, SealKey, TokenKey
from scanning.seal_time import Authority
from scanning.stamp import Stamp

UNIT = "Ủy ban nhân dân xã Nậm Lừa"
PASSPHRASE = "mật khẩu thử"
PIN = "246810"
TOKEN = "seal-test"
FONT = Path("/usr/share/fonts/truetype/croscore/Tinos-Regular.ttf")
SOFTHSM = next(iter(Path("/usr/lib").glob("**/softhsm/libsofthsm2.so")), None)
NOW = dt.datetime.now(dt.UTC)  # noqa: TID251  (certificates and pyHanko's validation live in real time)
DAY = dt.timedelta(days=1)
Pair = tuple[rsa.RSAPrivateKey, x509.Certificate]


@dataclass
class World:
    """The authority: its certificates and what its server does."""

    folder: Path
    origin: str = ""
    away: bool = False
    garbage: bool = False
    hold: threading.Event = field(default_factory=threading.Event)
    """Cleared: the time-stamp authority does not answer until it is set."""
    stamps: int = 0
    revoked: set[int] = field(default_factory=set)
    root: Pair = field(init=False)
    middle: Pair = field(init=False)
    stamper: Pair = field(init=False)

    def found(self) -> None:
        """Issue the authority's own certificates; the origin must be known, it stands in them."""
        self.root = self.issue("Gốc thử nghiệm", None, authority=True)
        self.middle = self.issue("Trung gian thử nghiệm", self.root, authority=True)
        self.stamper = self.issue("Dấu thời gian thử nghiệm", self.middle, stamps=True)

    @property
    def roots(self) -> list[asn1.Certificate]:
        return [asn1_of(self.root[1])]

    @property
    def chain(self) -> list[asn1.Certificate]:
        return [asn1_of(self.middle[1])]

    def issue(
        self,
        name: str,
        by: Pair | None,
        *,
        authority: bool = False,
        stamps: bool = False,
        begin: dt.datetime = NOW - DAY,
        end: dt.datetime = NOW + 300 * DAY,
    ) -> Pair:
        """A key and its certificate, signed by ``by`` or by itself."""
        key = rsa.generate_private_key(65537, 2048)
        subject = x509.Name(
            [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
        )
        signer, issuer = (by[0], by[1].subject) if by else (key, subject)
        usage = x509.KeyUsage(not authority, not authority, *(False,) * 3, authority, authority, *(False,) * 2)
        builder = (
            x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(begin, NOW - 2 * DAY) if authority else begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        if by is not None:
            place = x509.UniformResourceIdentifier(f"{self.origin}/crl/{by[1].serial_number}")
            point = x509.DistributionPoint([place], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if stamps:
            builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        return key, builder.sign(signer, hashes.SHA256())

    def p12(self, pair: Pair, name: str = "seal.p12") -> Path:
        """The pair with the intermediate certificate as a PKCS#12 file."""
        path = self.folder / name
        encryption = BestAvailableEncryption(PASSPHRASE.encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"seal", *pair, [self.middle[1]], encryption))
        return path

    async def tsa(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.away:
            raise web.HTTPServiceUnavailable
        await asyncio.to_thread(self.hold.wait, 20)
        if self.garbage:
            return web.Response(body=b"\x30\x03abc", content_type="application/timestamp-reply")
        self.stamps += 1
        key, certificate = self.stamper
        der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        client = DummyTimeStamper(
            asn1_of(certificate),
            keys.PrivateKeyInfo.load(der),
            certs_to_embed=SimpleCertificateStore.from_certs(self.chain),
        )
        reply = client.request_tsa_response(tsp.TimeStampReq.load(body))
        return web.Response(body=reply.dump(), content_type="application/timestamp-reply")

    async def crl(self, request: web.Request) -> web.Response:
        if self.away:
            raise web.HTTPServiceUnavailable
        by = next(pair for pair in (self.root, self.middle) if str(pair[1].serial_number) == request.match_info["by"])
        builder = x509.CertificateRevocationListBuilder(by[1].subject, NOW - DAY, NOW + DAY)
        for serial in self.revoked:
            row = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY).build()
            builder = builder.add_revoked_certificate(row)
        key_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(by[0].public_key())
        builder = builder.add_extension(key_id, critical=False).add_extension(x509.CRLNumber(1), critical=False)
        signed = builder.sign(by[0], hashes.SHA256())
        return web.Response(body=signed.public_bytes(Encoding.DER), content_type="application/pkix-crl")


def asn1_of(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))


@contextmanager
def running_authority(folder: Path) -> Iterator[World]:
    """The authority with its server up."""
    world = World(folder)
    world.hold.set()
    loop, ready = asyncio.new_event_loop(), threading.Event()

    async def up() -> web.AppRunner:
        app = web.Application()
        app.add_routes([web.post("/tsa", world.tsa), web.get("/crl/{by}", world.crl)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        world.origin = f"http://{host}:{port}"
        ready.set()
        return runner

    def serve() -> None:
        runner = loop.run_until_complete(up())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())
        loop.close()

    thread = threading.Thread(target=serve, name="authority")
    thread.start()
    try:
        assert ready.wait(10), "the authority does not come up"
        world.found()
        yield world
    finally:
        world.hold.set()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def token_with(world: World, pair: Pair) -> Path:
    """Put the pair into a fresh SoftHSM token; SOFTHSM2_CONF names the returned configuration."""
    assert SOFTHSM is not None, "told by the fixture"
    store = world.folder / "tokens"
    store.mkdir()
    conf = world.folder / "softhsm2.conf"
    conf.write_text(f"directories.tokendir = {store}\nobjectstore.backend = file\nlog.level = ERROR\n")
    key, certificate = world.folder / "key.der", world.folder / "cert.der"
    key.write_bytes(pair[0].private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(pair[1].public_bytes(Encoding.DER))
    env = {"SOFTHSM2_CONF": str(conf), "PATH": "/usr/bin:/bin"}

    def run(*command: str) -> None:
        subprocess.run(command, env=env, check=True, capture_output=True)

    run("softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "135790")
    told = ("pkcs11-tool", "--module", str(SOFTHSM), "--token-label", TOKEN, "--login", "--pin", PIN, "--id", "01")
    run(*told, "--write-object", str(key), "--type", "privkey", "--label", "seal", "--usage-sign")
    run(*told, "--write-object", str(certificate), "--type", "cert", "--label", "seal")
    key.unlink()
    return conf


def softhsm_is_there() -> bool:
    return SOFTHSM is not None and all(shutil.which(name) for name in ("softhsm2-util", "pkcs11-tool"))


@dataclass(frozen=True)
class Kind:
    """One kind of sealed file."""

    level: Level
    visible: bool
    token: bool = False

    def __str__(self) -> str:
        return f"{self.level}{'-visible' if self.visible else ''}{'-token' if self.token else ''}"


KINDS = (
    *(Kind(level, visible) for level in Level for visible in (False, True)),
    Kind(Level.B_B, visible=False, token=True),
    Kind(Level.B_LTA, visible=True, token=True),
)


def make_sealer(
    world: World,
    kind: Kind,
    open_key: Callable[[], SealKey],
    *,
    call_s: float = 10.0,
    deadline_s: float = 60.0,
    now: Callable[[], dt.datetime] = lambda: NOW,
) -> PadesSealer:
    """A sealer of this kind that asks the local authority."""
    stamp = Stamp(FONT, form="SAO Y", unit=UNIT.upper()) if kind.visible else None
    authority = Authority(f"{world.origin}/tsa", deadline_s=call_s) if kind.level is not Level.B_B else None
    return PadesSealer(open_key, SealPlan(kind.level, world.roots, stamp, authority, deadline_s), now=now)


async def sealed_kinds(world: World, approved: PdfA, folder: Path, pair: Pair, *, token: bool) -> dict[str, SealedPdf]:
    """One sealed file of every kind by the kind's name; those of a token only where there is one.

    ``tests/pages/seal/test_sealed_kinds.py`` lets veraPDF judge them.
    """
    p12 = world.p12(pair)
    made = {}
    for kind in KINDS:
        if kind.token and not token:
            continue
        sealer = make_sealer(world, kind, token_key(world) if kind.token else file_key(p12))
        try:
            made[str(kind)] = await sealer.seal(approved, folder / f"{kind}.pdf")
        finally:
            await sealer.aclose()
    return made


def file_key(p12: Path, passphrase: str = PASSPHRASE) -> Callable[[], SealKey]:
    return lambda: FileKey(p12, passphrase.encode())


def token_key(
    world: World, *, pin: str = PIN, token: str = TOKEN, module: Path | None = SOFTHSM
) -> Callable[[], SealKey]:
    assert module is not None, "told by the fixture"
    return lambda: TokenKey(module, token=token, pin=pin, chain=world.chain)
