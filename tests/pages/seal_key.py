"""A sealing key in a PKCS#12 file and a sealer that opens it when it is there: what the line's tests seal with."""

import datetime as dt
from pathlib import Path

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import NameOID

from scanning.approved import PdfA, SealedPdf
from scanning.seal import PadesSealer, SealPlan
from scanning.seal_check import Level
from scanning.seal_keys import FileKey

AT = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
"""When all of these seals are made, by whatever clock the machine has."""
PASSPHRASE = b"chi de thu"
SIGNER = "UBND xã Mường Phăng"


def write_key(folder: Path, at: dt.datetime = AT) -> None:
    """A certificate signed by itself with its key, valid around ``at``; ``seal.pem`` beside it is the root."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SIGNER)])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_cert_sign=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(at - dt.timedelta(days=180))
        .not_valid_after(at + dt.timedelta(days=180))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "seal.pem").write_bytes(certificate.public_bytes(Encoding.DER))
    whole = pkcs12.serialize_key_and_certificates(b"seal", key, certificate, None, BestAvailableEncryption(PASSPHRASE))
    (folder / "seal.p12").write_bytes(whole)


class SealKit:
    """A unit's key and a sealer for it (B-B). The key may lie in the drawer: then sealing waits."""

    def __init__(self, folder: Path) -> None:
        self._drawer = folder / "drawer.p12"
        self._key = folder / "seal.p12"
        if not (folder / "seal.pem").exists():
            write_key(folder)
        self.roots = [asn1.Certificate.load((folder / "seal.pem").read_bytes())]

    def sealer(self) -> "CountingSealer":
        """A sealer that has not opened the key yet."""
        plan = SealPlan(Level.B_B, self.roots)
        return CountingSealer(lambda: FileKey(self._key, PASSPHRASE), plan, now=lambda: AT)

    def take_away(self) -> None:
        """Whoever has not opened the key yet finds none."""
        self._key.rename(self._drawer)

    def bring_back(self) -> None:
        """The key is there again."""
        self._drawer.rename(self._key)


class CountingSealer(PadesSealer):
    """Counts how often it was asked."""

    asked = 0

    async def seal(self, approved: PdfA, out: Path) -> SealedPdf:
        """Count, then seal."""
        self.asked += 1
        return await super().seal(approved, out)
