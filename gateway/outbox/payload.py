"""Which record belongs to which operation, and its bytes in a message's body."""

from typing import Final

from gateway.storage import codec
from schemas.message import Operation, Payload
from schemas.national import PortalAnswer, PortalRating, PortalStatus, PublishedQuestion
from schemas.official_document import DocumentStatus, OfficialDocument
from schemas.portal import OneStopDossier, OneStopRequest, OneStopStatus, PortalDossier, PortalProgress
from schemas.shipment import BookingOrder, OrderInstruction, PostalRegistration

RECORDS: Final[dict[Operation, type[Payload]]] = {
    Operation.CARRIER_BOOK: BookingOrder,
    Operation.CARRIER_CANCEL: BookingOrder,
    Operation.CARRIER_INSTRUCT: OrderInstruction,
    Operation.CARRIER_REGISTER: PostalRegistration,
    Operation.PORTAL_DOSSIER: PortalDossier,
    Operation.PORTAL_PROGRESS: PortalProgress,
    Operation.PORTAL_STATUS: PortalStatus,
    Operation.PORTAL_RATING: PortalRating,
    Operation.PORTAL_ANSWER: PortalAnswer,
    Operation.PORTAL_FAQ: PublishedQuestion,
    Operation.ONE_STOP_DOSSIER: OneStopDossier,
    Operation.ONE_STOP_STATUS: OneStopStatus,
    Operation.ONE_STOP_REQUEST: OneStopRequest,
    Operation.EXCHANGE_DOCUMENT: OfficialDocument,
    Operation.EXCHANGE_STATUS: DocumentStatus,
}


def encode(payload: Payload) -> bytes:
    """The body of a message."""
    return codec.to_json(payload).encode()


def decode(operation: Operation, body: bytes) -> Payload:
    """The record in a message's body."""
    return codec.from_json(body, RECORDS[operation])
