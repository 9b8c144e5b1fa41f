"""Proofs on what peers send to us: HMAC with two active secrets, RSA-SHA256, pinned certificates, the replay window.

Pure functions over raw bytes: no clock (``now`` is an argument), no nonce store (the gateway's ``use_nonce``).
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from schemas.errors import BadConfiguration
from schemas.ids import Sha256

REPLAY_WINDOW_S = 300.0
"""Five minutes each way, as for WS-Security time stamps (domain model §5)."""


def hmac_sha256(secret: bytes, message: bytes) -> str:
    """Lower-case hex of HMAC-SHA256 (RFC 2104)."""
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def hmac_matches(message: bytes, signature: str, secrets: Sequence[bytes]) -> bool:
    """True where one of the active secrets (the present and the next one) gives ``signature``, hex or base64.

    Compares in constant time and tries every secret, so the time tells nothing about which one fits.
    """
    given = _digest(signature.removeprefix("sha256="))
    fits = [hmac.compare_digest(given, hmac.digest(secret, message, "sha256")) for secret in secrets if secret]
    return any(fits)


def token_matches(given: str, tokens: Sequence[str]) -> bool:
    """True where ``given`` is one of the active shared tokens; an empty token never matches."""
    fits = [hmac.compare_digest(given.encode(), token.encode()) for token in tokens if token]
    return any(fits)


def within_window(told: dt.datetime, now: dt.datetime, *, window_s: float = REPLAY_WINDOW_S) -> bool:
    """True where a signed time is near enough to now, before or after."""
    return abs((now - told).total_seconds()) <= window_s


class RsaVerifier:
    """Verifies RSA PKCS#1 v1.5 with SHA-256 by up to two active public keys."""

    def __init__(self, keys: Sequence[rsa.RSAPublicKey]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def from_pem(cls, *texts: str) -> "RsaVerifier":
        """Read public keys in PEM. Raises BadConfiguration for anything that is no RSA public key."""
        keys = []
        for text in texts:
            try:
                key = serialization.load_pem_public_key(text.encode())
            except ValueError as error:
                raise BadConfiguration(f"no public key in PEM: {error}") from error
            if not isinstance(key, rsa.RSAPublicKey):
                raise BadConfiguration("the public key is not RSA")
            keys.append(key)
        return cls(keys)

    @classmethod
    def from_numbers(cls, modulus_b64: str, exponent_b64: str) -> "RsaVerifier":
        """Take modulus and exponent in base64, as .NET peers tell them (exponent ``AQAB``)."""
        try:
            modulus = int.from_bytes(base64.b64decode(modulus_b64, validate=True), "big")
            exponent = int.from_bytes(base64.b64decode(exponent_b64, validate=True), "big")
            return cls([rsa.RSAPublicNumbers(exponent, modulus).public_key()])
        except (binascii.Error, ValueError) as error:
            raise BadConfiguration(f"modulus and exponent are no RSA key: {error}") from error

    def verify(self, message: bytes, signature_b64: str) -> bool:
        """True where one of the keys proves ``message``; never raises for a bad signature."""
        try:
            signature = base64.b64decode(signature_b64, validate=True)
        except (binascii.Error, ValueError):
            return False
        return any(_proves(key, signature, message, hashes.SHA256()) for key in self._keys)


HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
"""By the names of :mod:`hashlib`. Whether SHA-1 may be used at all is its caller's decision."""
LEAST_BITS = 2048
"""Shorter RSA keys are no proof any more (NIST SP 800-131A)."""


class PinnedCertificate:
    """A certificate that we were given by hand: the key in it proves, whatever a message says about keys."""

    def __init__(self, certificate: x509.Certificate) -> None:
        """Take an RSA certificate. Raises BadConfiguration for another key, or one that is too short."""
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
            raise BadConfiguration(f"the certificate must have an RSA key of at least {LEAST_BITS} bits")
        self._key = key
        self.fingerprint = Sha256(certificate.fingerprint(hashes.SHA256()).hex())
        self.not_before = certificate.not_valid_before_utc
        self.not_after = certificate.not_valid_after_utc

    @classmethod
    def from_pem(cls, pem: bytes) -> "PinnedCertificate":
        """Read one certificate in PEM. Raises BadConfiguration for anything else."""
        try:
            return cls(x509.load_pem_x509_certificate(pem))
        except ValueError as error:
            raise BadConfiguration(f"no certificate in PEM: {error}") from error

    def valid_at(self, now: dt.datetime) -> bool:
        """True within its dates."""
        return self.not_before <= now <= self.not_after

    def proves(self, message: bytes, signature: bytes, hash_name: str) -> bool:
        """True where its key made the RSA PKCS#1 v1.5 signature; never raises for a bad one."""
        return _proves(self._key, signature, message, HASHES[hash_name]())


def valid_until(certificate: bytes) -> dt.datetime:
    """When a certificate in PEM or DER ends. Raises BadConfiguration for bytes that are none."""
    try:
        pem = certificate.lstrip().startswith(b"-----")
        read = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate
        return read(certificate).not_valid_after_utc
    except ValueError as error:
        raise BadConfiguration(f"no certificate: {error}") from error


def certificate_der(pem: bytes) -> bytes:
    """A certificate in PEM as DER. Raises BadConfiguration for anything else."""
    try:
        return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
    except ValueError as error:
        raise BadConfiguration(f"no certificate in PEM: {error}") from error


class SigningKey:
    """Our RSA key, for what we sign ourselves."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    @classmethod
    def from_pem(cls, pem: bytes, password: str = "") -> "SigningKey":
        """Read a private key in PEM. Raises BadConfiguration: no key, a wrong password, not RSA, or too short."""
        try:
            key = serialization.load_pem_private_key(pem, password.encode() or None)
        except (ValueError, TypeError) as error:
            raise BadConfiguration("no private key in PEM, or another password") from error
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < LEAST_BITS:
            raise BadConfiguration(f"the key must be RSA of at least {LEAST_BITS} bits")
        return cls(key)

    @classmethod
    def generate(cls) -> "SigningKey":
        """A new key of the shortest length that is taken; for peers that we play."""
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=LEAST_BITS))

    @property
    def pem(self) -> bytes:
        """The private key, unencrypted, in PEM."""
        plain = serialization.NoEncryption()
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)

    @property
    def public_pem(self) -> str:
        """The public half in PEM."""
        kind = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._key.public_key().public_bytes(serialization.Encoding.PEM, kind).decode()

    @property
    def public_numbers(self) -> tuple[str, str]:
        """Modulus and exponent in base64, as .NET peers tell them."""
        numbers = self._key.public_key().public_numbers()
        parts = (numbers.n, numbers.e)
        told = [base64.b64encode(part.to_bytes((part.bit_length() + 7) // 8, "big")).decode() for part in parts]
        return told[0], told[1]

    def sign(self, message: bytes, hash_name: str = "sha256") -> bytes:
        """RSA PKCS#1 v1.5 over ``message``."""
        return self._key.sign(message, padding.PKCS1v15(), HASHES[hash_name]())


def _proves(key: rsa.RSAPublicKey, signature: bytes, message: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    try:
        key.verify(signature, message, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def _digest(signature: str) -> bytes:
    try:
        return bytes.fromhex(signature)
    except ValueError:
        pass
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""
