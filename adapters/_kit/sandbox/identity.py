"""A key and a certificate of a peer that we play; made once and kept beside its ledger. Good for nothing else."""

import dataclasses
import datetime as dt
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters._kit.signatures import PinnedCertificate, SigningKey

DAYS = 3650


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """Files in PEM, and what they hold."""

    key_file: Path
    certificate_file: Path
    key: SigningKey
    pinned: PinnedCertificate


def identity(folder: Path, name: str, now: dt.datetime) -> Identity:
    """The identity ``name`` in ``folder``; made where it is not there yet."""
    key_file, certificate_file = folder / f"{name}.key.pem", folder / f"{name}.crt.pem"
    if not certificate_file.exists():
        _make(key_file, certificate_file, name, now)
    key, pinned = SigningKey.from_pem(key_file.read_bytes()), PinnedCertificate.from_pem(certificate_file.read_bytes())
    return Identity(key_file, certificate_file, key, pinned)


def _make(key_file: Path, certificate_file: Path, name: str, now: dt.datetime) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"sandbox {name}")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=DAYS))
        .not_valid_after(now + dt.timedelta(days=DAYS))
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*form))
    # Last, so that a certificate never stands without its key.
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
