"""The error family: what happened, may we retry, and which sentence people read.

The class docstring is the English sentence. ``text`` names the Vietnamese one in the catalogue; a house test joins
them. :class:`CallError` is what a wire port may raise; :mod:`gateway.outbox.retry` alone decides what follows.
"""

import enum
from typing import ClassVar

from schemas.ids import MessageId, Sha256


class LienthongError(Exception):
    """Something in the gateway could not be done."""

    text: ClassVar[MessageId] = MessageId("error")

    def __init__(self, detail: str = "", *, subject: str = "") -> None:
        """Say what happened in ``detail`` and to which dossier, item or file in ``subject``."""
        self.detail = detail
        self.subject = subject
        parts = [(self.__doc__ or "").partition("\n")[0]]
        parts += [f"[{subject}]"] if subject else []
        parts += [detail] if detail else []
        super().__init__(" ".join(parts))


# --- numbers ---------------------------------------------------------------------------------------------------------


class InvalidNumber(LienthongError, ValueError):
    """The number is not valid."""

    text = MessageId("number.invalid")


class InvalidFormat(InvalidNumber):
    """The number has characters in places where they cannot be."""

    text = MessageId("number.format")


class InvalidLength(InvalidFormat):
    """The number is too short or too long."""

    text = MessageId("number.length")


class BadCheckDigit(InvalidNumber):
    """The check digit does not fit the number."""

    text = MessageId("number.check_digit")


class InvalidComponent(InvalidNumber):
    """A part of the number, such as its date, cannot be."""

    text = MessageId("number.component")


# --- the gateway's own rules -----------------------------------------------------------------------------------------


class UnlawfulMove(LienthongError):
    """The dossier's state does not allow this step."""

    text = MessageId("dossier.unlawful_move")


class GuardFailed(UnlawfulMove):
    """The step is lawful from this state, but a condition of it is not met yet."""

    text = MessageId("dossier.guard_failed")


class NotFound(LienthongError):
    """There is no such thing here."""

    text = MessageId("not_found")


class Stale(LienthongError):
    """Somebody else changed it in the meantime."""

    text = MessageId("stale")


class KeyReused(LienthongError):
    """The idempotency key was used before with another body."""

    text = MessageId("idempotency.reused")


class NumbersExhausted(LienthongError):
    """The leased block of numbers is used up."""

    text = MessageId("numbers.exhausted")


class NotAllowed(LienthongError):
    """This person or system may not do that."""

    text = MessageId("not_allowed")


class StoreFull(LienthongError):
    """The store cannot take more until space is made; nothing was accepted."""

    text = MessageId("store.full")


class BadConfiguration(LienthongError):
    """A setting is wrong, so the program does not start."""

    text = MessageId("configuration")


# --- the seal --------------------------------------------------------------------------------------------------------


class SealingWaits(LienthongError):
    """The document cannot be sealed now; it waits unsealed and is tried again."""

    text = MessageId("seal.waits")


class TimestampMissing(SealingWaits):
    """The time-stamp authority gives no time stamp."""

    text = MessageId("seal.time")


class RevocationUnknown(SealingWaits):
    """It cannot be learnt whether the certificates of the seal are revoked."""

    text = MessageId("seal.revocation")


class TokenMissing(SealingWaits):
    """The token with the sealing key is not there."""

    text = MessageId("seal.token")


class CertificateNotValid(SealingWaits):
    """The sealing certificate is not valid at this time."""

    text = MessageId("seal.certificate")


class BadSealKey(SealingWaits, BadConfiguration):
    """The key that seals documents cannot be used."""

    text = MessageId("seal.key")


class WrongPin(BadSealKey):
    """The PIN or passphrase of the sealing key is wrong."""

    text = MessageId("seal.pin")


# --- calls to a peer -------------------------------------------------------------------------------------------------


class Retry(enum.Enum):
    """May the same message be sent again?"""

    LATER = "later"
    NEVER = "never"


class Applied(enum.Enum):
    """What we know about the effect at the peer."""

    NO = "no"
    YES = "yes"
    MAYBE = "maybe"


class CallError(LienthongError):
    """The call to the peer did not succeed."""

    text = MessageId("call.failed")
    retry: ClassVar[Retry] = Retry.LATER
    applied: ClassVar[Applied] = Applied.MAYBE

    def __init__(
        self,
        detail: str = "",
        *,
        subject: str = "",
        raw: bytes = b"",
        status: int | None = None,
        code: str = "",
        retry_after_s: float | None = None,
    ) -> None:
        """Keep the raw reply (``raw``), the HTTP ``status``, the peer's own ``code`` and its Retry-After in seconds."""
        super().__init__(detail, subject=subject)
        self.raw = raw
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self.raw_sha256: Sha256 | None = None


class Outage(CallError):
    """The peer cannot be reached; nothing was sent."""

    text = MessageId("call.outage")
    applied = Applied.NO


class Transient(CallError):
    """The peer says that it cannot take it now."""

    text = MessageId("call.transient")
    applied = Applied.NO


class Throttled(Transient):
    """The peer asks us to slow down."""

    text = MessageId("call.throttled")


class Refused(CallError):
    """The peer refuses this message and gives its reason."""

    text = MessageId("call.refused")
    retry = Retry.NEVER
    applied = Applied.NO


class Unauthorised(Refused):
    """The peer does not accept our credentials."""

    text = MessageId("call.unauthorised")
    retry = Retry.LATER


class Duplicate(CallError):
    """The peer says it already has this message. We count it as delivered."""

    text = MessageId("call.duplicate")
    retry = Retry.NEVER
    applied = Applied.YES


class Misunderstood(CallError):
    """The peer's reply breaks its own contract; the raw bytes are kept."""

    text = MessageId("call.misunderstood")


class Unknown(CallError):
    """The message was sent, but no whole reply came; the peer may or may not have applied it."""

    text = MessageId("call.unknown")
