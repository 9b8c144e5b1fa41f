"""Proofs on what peers send to us: HMAC with two active secrets, RSA-SHA256, the window against replay.

Pure functions over raw bytes: no clock (``now`` is an argument), no nonce store (the gateway's ``use_nonce``).
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from schemas.errors import BadConfiguration

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
        return any(_proves(key, signature, message) for key in self._keys)


def _proves(key: rsa.RSAPublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
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
