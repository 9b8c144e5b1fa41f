"""Certificates from files: roots to trust, intermediates to send along. No key is ever read here."""

from pathlib import Path

from asn1crypto import pem, x509

from schemas.errors import BadSealKey


def certificates(path: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM or DER file.

    Raises:
        BadSealKey: the file is away or holds none.
    """
    raw = read(path)
    try:
        if not pem.detect(raw):
            return (from_der(raw),)
        found = tuple(from_der(der) for kind, _, der in pem.unarmor(raw, multiple=True) if kind == "CERTIFICATE")
    except ValueError as error:
        raise BadSealKey("no certificate can be read from the file", subject=str(path)) from error
    if not found:
        raise BadSealKey("no certificate in the file", subject=str(path))
    return found


def from_der(der: bytes) -> x509.Certificate:
    """A certificate, read to its end.

    Raises:
        ValueError: it is none.
    """
    certificate = x509.Certificate.load(der, strict=True)
    certificate.native  # noqa: B018  (reads all of it now: a broken one is a fault of the settings, not of a document)
    return certificate


def signer_name(certificate: x509.Certificate) -> str:
    """Whose certificate it is, as people know them."""
    told = certificate.subject.native
    return str(told.get("common_name") or told.get("organization_name") or certificate.subject.human_friendly)


def read(path: Path) -> bytes:
    """The bytes of a file named in the settings.

    Raises:
        BadSealKey: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadSealKey(f"cannot be read: {error.strerror}", subject=str(path)) from error
