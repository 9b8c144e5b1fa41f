"""Every error as one answer (RFC 9457): a status, a sentence for people, the faults, and the correlation id.

Nothing else of the error goes out: no class name, no stack trace, no bytes of a peer. What happened is in the log
under the same correlation id.
"""

from collections.abc import Mapping
from typing import ClassVar, Final, Protocol

from gateway.desk.checks import Faults
from gateway.desk.requests import Fault
from gateway.inbound.forms.replies import FaultReply, ProblemReply
from gateway.log import redact
from schemas import errors
from schemas.errors import LienthongError
from schemas.ids import MessageId

PROBLEM_JSON: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:x-lienthong:problem:"


class Say(Protocol):
    """The catalogue of sentences, as :func:`gateway.console.catalogue.sentence` offers it."""

    def __call__(self, message_id: str, lang: str = "vi", **values: str) -> str:
        """The sentence in a language, its places filled."""
        ...


class EdgeError(LienthongError):
    """The request itself cannot be taken."""

    text = MessageId("request.invalid")
    status: ClassVar[int] = 400
    retry_after_s: int = 0
    """Seconds after which the same request may do better; 0: not for waiting."""


class Unauthenticated(EdgeError):
    """Nobody is logged in, and no valid key came with the request."""

    text = MessageId("request.unauthenticated")
    status = 401


class ForgedForm(EdgeError):
    """The form does not carry the token of this session."""

    text = MessageId("request.forged")
    status = 403


class NoSuchPage(EdgeError):
    """There is nothing at this address."""

    text = MessageId("request.no_page")
    status = 404


class WrongMethod(EdgeError):
    """This address does not answer this method."""

    text = MessageId("request.method")
    status = 405


class TooSlow(EdgeError):
    """The request did not come in within the time allowed."""

    text = MessageId("request.too_slow")
    status = 408


class TooLarge(EdgeError):
    """The request is larger than allowed."""

    text = MessageId("request.too_large")
    status = 413


class UnsupportedType(EdgeError):
    """The request has a content type or encoding that is not taken here."""

    text = MessageId("request.type")
    status = 415


class TooMany(EdgeError):
    """Too many requests; try again later."""

    text = MessageId("request.too_many")
    status = 429

    def __init__(self, detail: str = "", *, retry_after_s: int = 60, subject: str = "") -> None:
        """Say in how many seconds to come back."""
        super().__init__(detail, subject=subject)
        self.retry_after_s = retry_after_s


STATUS: Final[Mapping[type[LienthongError], int]] = {
    Faults: 422,
    errors.InvalidNumber: 422,
    errors.UnlawfulMove: 409,
    errors.NotFound: 404,
    errors.Stale: 409,
    errors.KeyReused: 409,
    errors.NumbersExhausted: 409,
    errors.NotAllowed: 403,
    errors.StoreFull: 507,
    errors.CallError: 502,
}
"""Status of each family; a class not named here takes that of its nearest ancestor, and at last 500."""


def status_of(error: Exception) -> int:
    """The HTTP status that tells this error."""
    if isinstance(error, EdgeError):
        return error.status
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(error: Exception, *, say: Say, lang: str, instance: str, correlation_id: str) -> ProblemReply:
    """The answer to an error; one that is not of our family is told as an internal error and nothing more."""
    status = status_of(error)
    text = str(error.text) if isinstance(error, LienthongError) and status != 500 else "error"
    subject = error.subject if isinstance(error, LienthongError) and status not in (401, 500) else ""
    sentence = say(text, lang)
    return ProblemReply(
        type=f"{TYPE_PREFIX}{text}",
        title=say(f"status.{status}", lang),
        status=status,
        detail=f"{sentence} [{redact(subject)}]" if subject else sentence,
        instance=redact(instance),
        correlation_id=correlation_id,
        faults=tuple(told(fault, say, lang) for fault in error.faults) if isinstance(error, Faults) else (),
    )


def told(fault: Fault, say: Say, lang: str) -> FaultReply:
    """One fault with its sentence."""
    return FaultReply(path=fault.path, code=fault.text, message=say(fault.text, lang, **dict(fault.values)))
