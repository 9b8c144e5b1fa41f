"""The key that seals: out of a PKCS#12 file or in a PKCS#11 token. Only the sealing threads of the parent hold one.

A key is opened once and kept: opening a PKCS#12 file costs 80 ms (the passphrase is stretched, the key's primes are
checked), opening a token 19 ms, a signature 1 ms. Keys are RSA of at least 2048 bits: the authorities of state bodies
issue no other, and a signature of fixed length is what lets :mod:`scanning.seal_cms` keep its template.
"""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import pkcs11
from asn1crypto import core, pkcs12, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates
from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.sign.pkcs11 import open_pkcs11_session

from scanning.certificates import from_der, read
from schemas.errors import BadSealKey, TokenMissing, WrongPin

LEAST_BITS = 2048
_AWAY = (
    pkcs11.exceptions.TokenNotPresent,
    pkcs11.exceptions.TokenNotRecognised,
    pkcs11.exceptions.DeviceRemoved,
    pkcs11.exceptions.SlotIDInvalid,
    pkcs11.exceptions.NoSuchToken,
)
_STALE = (
    pkcs11.exceptions.SessionHandleInvalid,
    pkcs11.exceptions.SessionClosed,
    pkcs11.exceptions.ObjectHandleInvalid,
    pkcs11.exceptions.KeyHandleInvalid,
    pkcs11.exceptions.UserNotLoggedIn,
)
"""The token was pulled and plugged in again: one new session, then it counts as missing."""


class SealKey(Protocol):
    """A private key with its certificate. ``name`` is the file or token, for messages."""

    name: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    def sign(self, data: bytes) -> bytes:
        """RSA PKCS#1 v1.5 over the SHA-256 of ``data``. Safe from several threads.

        Raises:
            SealingWaits: TokenMissing, WrongPin or BadSealKey.
        """
        ...

    def close(self) -> None:
        """Forget the key."""
        ...


class FileKey:
    """A key from a PKCS#12 file, in this process's memory."""

    def __init__(self, path: Path, passphrase: bytes, chain: Iterable[x509.Certificate] = ()) -> None:
        """Open the file; the certificates in it beside the key's own join ``chain``.

        Raises:
            WrongPin: the passphrase does not open it.
            BadSealKey: the file is away, broken, or holds no RSA key with its certificate.
        """
        self.name = str(path)
        raw = read(path)
        try:
            key, certificate, others = load_key_and_certificates(raw, passphrase)
        except ValueError as error:
            kind = WrongPin if _is_pkcs12(raw) else BadSealKey
            raise kind("the file cannot be opened", subject=self.name) from error
        if not isinstance(key, RSAPrivateKey) or key.key_size < LEAST_BITS or certificate is None:
            raise BadSealKey(f"no RSA key of {LEAST_BITS} bits with its certificate in it", subject=self.name)
        self._key = key
        self.certificate = from_der(certificate.public_bytes(serialization.Encoding.DER))
        inside = [from_der(other.public_bytes(serialization.Encoding.DER)) for other in others]
        self.chain = (*inside, *chain)

    def sign(self, data: bytes) -> bytes:
        """See :class:`SealKey`."""
        return self._key.sign(data, PKCS1v15(), hashes.SHA256())

    def close(self) -> None:
        """See :class:`SealKey`."""
        del self._key


class TokenKey:
    """A key that stays in its token; PKCS#11 through the vendor's library."""

    def __init__(
        self,
        module: Path,
        *,
        token: str,
        pin: str,
        label: str | None = None,
        chain: Iterable[x509.Certificate] = (),
    ) -> None:
        """Open the token named ``token``; ``label`` names the key when there is more than one.

        Raises:
            TokenMissing: it is not plugged in.
            WrongPin: the PIN is wrong or locked.
            BadSealKey: the library cannot be loaded, or there is no RSA key with its certificate.
        """
        self.name = f"{token} ({module.name})"
        self.chain = tuple(chain)
        self._module, self._token, self._pin, self._label = module, token, pin, label
        self._lock = threading.Lock()
        self._session: pkcs11.Session | None = None
        self._key: pkcs11.PrivateKey | None = None
        with self._lock:
            self._open()
        self.certificate = self._find_certificate()

    def sign(self, data: bytes) -> bytes:
        """See :class:`SealKey`. A session of a token does one thing at a time, so callers take turns."""
        with self._lock:
            try:
                return self._sign(data)
            except (*_STALE, *_AWAY, TokenMissing):
                self._forget()
                return self._sign(data)

    def close(self) -> None:
        """See :class:`SealKey`."""
        with self._lock:
            self._forget()

    def _sign(self, data: bytes) -> bytes:
        if self._key is None:
            self._open()
        assert self._key is not None, "opened"
        try:
            sign = self._key.sign  # type: ignore[attr-defined]  # from a mixin that its annotations leave out
            return bytes(sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
        except _STALE:
            raise
        except _AWAY as error:
            raise TokenMissing(_told(error), subject=self.name) from error
        except pkcs11.PKCS11Error as error:
            raise BadSealKey(_told(error), subject=self.name) from error

    def _open(self) -> None:
        try:
            self._session = open_pkcs11_session(
                str(self._module), token_criteria=TokenCriteria(label=self._token), user_pin=self._pin
            )
            self._key = self._find_key(self._session)
        except (pkcs11.exceptions.PinIncorrect, pkcs11.exceptions.PinLocked, pkcs11.exceptions.PinLenRange) as error:
            raise WrongPin(_told(error), subject=self.name) from error
        except _AWAY as error:
            raise TokenMissing(_told(error), subject=self.name) from error
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            if "No token" in str(error):  # pyHanko's own sentence when no slot holds this token
                raise TokenMissing(subject=self.name) from error
            raise BadSealKey(_told(error), subject=self.name) from error

    def _find_key(self, session: pkcs11.Session) -> pkcs11.PrivateKey:
        wanted: dict[pkcs11.Attribute, object] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        if self._label:
            wanted[pkcs11.Attribute.LABEL] = self._label
        keys = list(session.get_objects(wanted))
        if len(keys) != 1:
            raise BadSealKey(f"{len(keys)} keys{f' {self._label!r}' if self._label else ''}", subject=self.name)
        key = keys[0]
        if (
            not isinstance(key, pkcs11.PrivateKey)
            or key.key_type is not pkcs11.KeyType.RSA
            or key.key_length < LEAST_BITS
        ):
            raise BadSealKey(f"the key is not RSA of {LEAST_BITS} bits", subject=self.name)
        return key

    def _find_certificate(self) -> x509.Certificate:
        assert self._session is not None and self._key is not None, "opened"
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE, pkcs11.Attribute.ID: self._key.id}
        found = [bytes(one[pkcs11.Attribute.VALUE]) for one in self._session.get_objects(wanted)]
        if len(found) != 1:
            raise BadSealKey(f"{len(found)} certificates with the id of the key", subject=self.name)
        return from_der(found[0])

    def _forget(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None:
            try:
                session.close()
            except pkcs11.PKCS11Error:  # it went with the token
                return


def secret(path: Path) -> str:
    """The PIN or passphrase in a file, without the line end.

    Raises:
        BadSealKey: the file cannot be read.
    """
    try:
        return read(path).decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadSealKey("the file is not text", subject=str(path)) from error


def _is_pkcs12(raw: bytes) -> bool:
    """Whether the outer shape is whole, so that what does not fit is the passphrase."""
    try:
        pfx = pkcs12.Pfx.load(raw, strict=True)
        return isinstance(pfx["version"], core.Integer) and bool(pfx["auth_safe"]["content"].native)
    except (ValueError, KeyError, TypeError):
        return False


def _told(error: BaseException) -> str:
    """What a token says, by the name of its error: most carry no text."""
    return str(error) or type(error).__name__
