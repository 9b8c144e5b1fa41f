"""WS-Security UsernameToken with PasswordDigest, and Timestamp: built by a caller, read and checked by a server.

PasswordDigest = Base64(SHA-1(nonce + created + password)), with the nonce as raw bytes (OASIS UsernameToken Profile
1.0, §3.1). SHA-1 is what the profile says; the password is a long random one and the nonce is used once. The digest
does not cover the body, so the transport must (TLS).
"""

import base64
import binascii
import dataclasses
import datetime as dt
import enum
import hashlib
import hmac
import secrets

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element
from schemas.ids import Sha256

WINDOW = dt.timedelta(minutes=5)
"""How far Created may lie from our clock, either way (domain model §5)."""


class Flaw(enum.Enum):
    """Why a token is not accepted."""

    MISSING = "missing"
    """No header, a part missing, or a password in clear."""
    STALE = "stale"


@dataclasses.dataclass(frozen=True, slots=True)
class UsernameToken:
    """What a header claims; nothing is proven before :func:`digest_matches`."""

    username: str
    digest: str
    nonce: bytes
    created: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    """End of the Timestamp header, where there is one."""

    @property
    def nonce_key(self) -> Sha256:
        """The nonce in a form of bounded length, for the store of used nonces."""
        return Sha256(hashlib.sha256(self.nonce).hexdigest())


def _digest(nonce: bytes, created: str, password: str) -> str:
    packed = nonce + created.encode() + password.encode()
    # The profile fixes the algorithm; see the module's docstring.
    return base64.b64encode(hashlib.sha1(packed, usedforsecurity=False).digest()).decode()


def security_header(username: str, password: str, *, now: dt.datetime, nonce: bytes | None = None) -> Element:
    """The wsse:Security block with a Timestamp of five minutes and a digest token; ``nonce`` None draws 16 bytes."""
    nonce = secrets.token_bytes(16) if nonce is None else nonce
    created = _written(now)
    block = xml.element("Security", names.WSSE, prefix="wsse")
    block.set(f"{{{names.ENVELOPE_11}}}mustUnderstand", "1")
    stamp = xml.add(block, "Timestamp", ns=names.WSU)
    xml.add(stamp, "Created", created)
    xml.add(stamp, "Expires", _written(now + WINDOW))
    token = xml.add(block, "UsernameToken")
    xml.add(token, "Username", username)
    xml.add(token, "Password", _digest(nonce, created, password), Type=names.PASSWORD_DIGEST)
    xml.add(token, "Nonce", base64.b64encode(nonce).decode(), EncodingType=names.BASE64)
    xml.add(token, "Created", created, ns=names.WSU)
    return block


def _written(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_token(security: Element | None, *, now: dt.datetime) -> UsernameToken | Flaw:
    """The token of a wsse:Security block, its times checked against ``now``; the password is not."""
    token = _claimed(security) if security is not None else None
    if token is None:
        return Flaw.MISSING
    stale = abs(now - token.created_at) > WINDOW or (token.expires_at is not None and token.expires_at < now - WINDOW)
    return Flaw.STALE if stale else token


def _claimed(security: Element) -> UsernameToken | None:
    token = xml.child(security, "UsernameToken")
    password = xml.child(security, "UsernameToken", "Password")
    if token is None or password is None or password.get("Type") != names.PASSWORD_DIGEST:
        return None
    created = xml.text(token, "Created") or ""
    created_at = _instant(created)
    nonce = _nonce(xml.text(token, "Nonce") or "")
    username = xml.text(token, "Username") or ""
    if not username or created_at is None or not nonce:
        return None
    expires = xml.text(security, "Timestamp", "Expires")
    return UsernameToken(
        username=username,
        digest=(password.text or "").strip(),
        nonce=nonce,
        created=created,
        created_at=created_at,
        expires_at=_instant(expires) if expires else None,
    )


def _instant(text: str) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.astimezone(dt.UTC) if at.tzinfo is not None else None


def _nonce(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def digest_matches(token: UsernameToken, password: str) -> bool:
    """Whether the caller knew the password; compares in constant time."""
    return hmac.compare_digest(_digest(token.nonce, token.created, password).encode(), token.digest.encode())
