"""WS-Security UsernameToken, as a digest or as text, and Timestamp: built by a caller, read and checked by a server.

PasswordDigest = Base64(SHA-1(nonce + created + password)), with the nonce as raw bytes (OASIS UsernameToken Profile
1.0, §3.1). SHA-1 is what the profile says; the password is a long random one and the nonce is used once. The digest
does not cover the body, so the transport must (TLS). PasswordText is the password itself: only TLS keeps it.
"""

import base64
import binascii
import dataclasses
import datetime as dt
import enum
import hashlib
import hmac
import html
import secrets

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.soap.versions import SOAP_11, Version
from adapters._kit.xml import Element
from schemas.ids import Sha256

WINDOW = dt.timedelta(minutes=5)
"""How far Created may lie from our clock, either way (domain model §5)."""


class Flaw(enum.Enum):
    """Why a token is not accepted."""

    MISSING = "missing"
    """No header, a part missing, or a password of a kind that is not taken."""
    STALE = "stale"


class Clear(enum.StrEnum):
    """What a server does with a password in clear (PasswordText)."""

    REFUSE = "refuse"
    WITH_NONCE = "with_nonce"
    """Taken with Nonce and Created, which are checked as those of a digest."""
    ACCEPT = "accept"
    """Taken without them too, as .NET sends it; what is there is checked."""


@dataclasses.dataclass(frozen=True, slots=True)
class UsernameToken:
    """What a header claims; nothing is proven before :func:`proves`."""

    username: str
    secret: str = dataclasses.field(repr=False)
    """The digest, or the password where ``clear``."""
    clear: bool
    nonce: bytes
    """Empty where a token in clear has none."""
    created: str
    created_at: dt.datetime | None
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


def security_header(
    username: str,
    password: str,
    *,
    now: dt.datetime,
    nonce: bytes | None = None,
    clear: bool = False,
    version: Version = SOAP_11,
) -> bytes:
    """The wsse:Security block with a Timestamp of five minutes and a token; ``nonce`` None draws 16 bytes.

    Written as bytes, because it is built for every call; what others choose is escaped. Raises ValueError for a name or
    password with characters that XML cannot carry.
    """
    nonce = secrets.token_bytes(16) if nonce is None else nonce
    created = _written(now)
    if xml.printable(username + password) != username + password:
        raise ValueError("the user name or the password has characters that XML cannot carry")
    return _BLOCK.format(
        soap=version.ns,
        created=created,
        expires=_written(now + WINDOW),
        username=html.escape(username),
        type=names.PASSWORD_TEXT if clear else names.PASSWORD_DIGEST,
        secret=html.escape(password) if clear else _digest(nonce, created, password),
        nonce=base64.b64encode(nonce).decode(),
    ).encode()


_BLOCK = (
    f'<wsse:Security xmlns:wsse="{names.WSSE}" xmlns:wsu="{names.WSU}" xmlns:soap="{{soap}}" soap:mustUnderstand="1">'
    "<wsu:Timestamp><wsu:Created>{created}</wsu:Created><wsu:Expires>{expires}</wsu:Expires></wsu:Timestamp>"
    '<wsse:UsernameToken><wsse:Username>{username}</wsse:Username><wsse:Password Type="{type}">{secret}</wsse:Password>'
    f'<wsse:Nonce EncodingType="{names.BASE64}">{{nonce}}</wsse:Nonce><wsu:Created>{{created}}</wsu:Created>'
    "</wsse:UsernameToken></wsse:Security>"
)


def _written(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_token(security: Element | None, *, now: dt.datetime, clear: Clear = Clear.REFUSE) -> UsernameToken | Flaw:
    """The token of a wsse:Security block, its times checked against ``now``; the password is not."""
    token = _claimed(security, clear) if security is not None else None
    if token is None:
        return Flaw.MISSING
    created = token.created_at is not None and abs(now - token.created_at) > WINDOW
    expired = token.expires_at is not None and token.expires_at < now - WINDOW
    return Flaw.STALE if created or expired else token


def _claimed(security: Element, clear: Clear) -> UsernameToken | None:
    token = xml.child(security, "UsernameToken")
    password = xml.child(security, "UsernameToken", "Password")
    if token is None or password is None:
        return None
    # The profile's default type is text (§3.1).
    in_clear = password.get("Type", names.PASSWORD_TEXT) == names.PASSWORD_TEXT
    if (in_clear and clear is Clear.REFUSE) or (not in_clear and password.get("Type") != names.PASSWORD_DIGEST):
        return None
    created = xml.text(token, "Created") or ""
    expires = xml.text(security, "Timestamp", "Expires")
    told = UsernameToken(
        username=xml.text(token, "Username") or "",
        secret=(password.text or "") if in_clear else (password.text or "").strip(),
        clear=in_clear,
        nonce=_nonce(xml.text(token, "Nonce") or ""),
        created=created,
        created_at=_instant(created),
        expires_at=_instant(expires) if expires else None,
    )
    bare = in_clear and clear is Clear.ACCEPT and xml.child(token, "Nonce") is None
    whole = told.created_at is not None and bool(told.nonce)
    lawful = (bare and (told.created_at is not None or not created)) or whole
    return told if told.username and lawful else None


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


def proves(token: UsernameToken, password: str) -> bool:
    """Whether the caller knew the password; compares in constant time."""
    wanted = password if token.clear else _digest(token.nonce, token.created, password)
    return hmac.compare_digest(wanted.encode(), token.secret.encode())
