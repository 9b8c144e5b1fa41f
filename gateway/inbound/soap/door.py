"""From a request to an operation, and from every error to a fault.

In this order, so that a stranger learns nothing of the schema and nothing unproven is kept: size, content type, XML,
envelope, mustUnderstand, credentials, which operation, its schema.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from adapters._kit import xml
from adapters._kit.soap import envelope, names
from adapters._kit.xml import Element
from gateway.accounts import GatewayStore
from gateway.inbound.middleware import CORRELATION
from gateway.inbound.soap import arriving
from gateway.inbound.soap.admission import Admission
from gateway.inbound.soap.arriving import Visit
from gateway.inbound.soap.faults import HeaderFault, SoapFault
from gateway.inbound.soap.request import SoapRequest
from gateway.log import logger
from schemas.errors import StoreFull

_UNDERSTOOD: Final = ((names.WSSE, "Security"), (names.WSA, "*"))
_LOG: Final = logger(__name__)

Serve = Callable[[SoapRequest], Awaitable[Element]]


class Door:
    """Handles ``POST /soap/postal-tracking``."""

    def __init__(
        self, *, store: GatewayStore, admission: Admission, serves: Mapping[str, Serve], nonce_in: frozenset[str]
    ) -> None:
        """Take the operations served; ``nonce_in`` names those that use the nonce in their own transaction."""
        self._store = store
        self._admission = admission
        self._serves = dict(serves)
        self._nonce_in = nonce_in

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call in the version it spoke; whatever goes wrong is a fault."""
        version = arriving.claimed_version(request)
        visit = Visit(request.get(CORRELATION) or uuid.uuid4().hex, version, arriving.takes_gzip(request))
        try:
            body = await self._answer(request, visit)
            _held(body)
        except (SoapFault, HeaderFault) as error:
            _LOG.info("a SOAP call was refused", detail=str(error))
            return arriving.refusal(error, visit)
        except StoreFull as error:
            return arriving.refusal(SoapFault("503.01", str(error)), visit)
        except Exception:  # the last net: the caller gets a fault and the log the trace
            _LOG.exception("a SOAP call failed")
            return arriving.refusal(SoapFault("500.01"), visit)
        return arriving.answer(body, visit)

    async def _answer(self, request: web.Request, visit: Visit) -> Element:
        raw, read = await arriving.read_call(request, visit.version)
        visit.message_id = _message_id(read)
        strange = read.must_understand(_UNDERSTOOD)
        if strange is not None:
            raise HeaderFault("MustUnderstand", f"the header {strange.tag!s} is not understood here", block=strange)
        call = await self._admission.admit(request, read, raw, correlation_id=visit.correlation_id)
        _agreed(arriving.action_of(request, visit.version), call)
        serve = self._serves[call.operation]
        _schema(call)
        if call.operation not in self._nonce_in and not await self._store.write(call.use_nonce):
            raise SoapFault("401.02", "the nonce was used before")
        return await serve(call)


def _message_id(read: envelope.Envelope) -> str | None:
    told = read.message_id
    return told if told is not None and len(told) <= 500 else None


def _agreed(action: str, call: SoapRequest) -> None:
    """Which operation: the body decides; an action that names another one is refused, an empty one is lawful."""
    if xml.namespace(call.body) != names.CONTRACT or call.operation not in names.OPERATIONS:
        raise SoapFault("400.02", f"{call.body.tag!s} is no operation of this contract")
    if action not in ("", names.action(call.operation)):
        raise SoapFault("400.03", f"SOAPAction {action[:100]}, body {call.operation}")


def _schema(call: SoapRequest) -> None:
    name = "lax.xsd" if call.operation == "PushEvents" else "postal-tracking.xsd"
    found = xml.load_schema(names.CONTRACT_FILES, name).violations(call.body)
    if found:
        raise SoapFault("400.02", f"{len(found)} violations", violations=found)


def _held(body: Element) -> None:
    """Our own answer holds to the contract, or it does not leave the house."""
    found = xml.load_schema(names.CONTRACT_FILES, "postal-tracking.xsd").violations(body, limit=1)
    if found:
        raise ValueError(f"our answer breaks the contract at {found[0].path}: {found[0].code}")
