"""What the webhook tells, as events; pure.

The direction latches by what is told and not by when it arrives: 502, 515 and ``IS_RETURNING`` are events with the
direction RETURN, the fold takes events in the order of their own time, and after the first of them a 501 is a delivery
to the sender (`tracking/status.py`). So a push that comes late or twice changes nothing.
"""

import dataclasses
import hashlib
from collections.abc import Mapping

from adapters._kit import walltime
from adapters._kit.json import parse
from adapters.viettel_post.codes import CODE_LIST, FAILED
from adapters.viettel_post.translate import PEER, reference_in
from adapters.viettel_post.wire import Journey, Pushed
from schemas.errors import Misunderstood
from schemas.ids import CarrierId, Sha256
from schemas.tracking import Complaint, Direction, Mapped, MoneyLine, TrackingBatch, TrackingEvent
from schemas.wire import Callback, RawDocument

FORMS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S")
"""ORDER_STATUSDATE: the first is documented; one client logged the last; the others cost nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """How to take a push: for which carrier, with which codes, and whether its times are known to be Viet Nam's."""

    carrier: CarrierId
    codes: Mapping[str, Mapped]
    zone_known: bool


def pushed(raw: bytes) -> Pushed:
    """The body of a push as it is shaped. Raises Misunderstood."""
    return parse(Pushed, raw, subject=PEER)


def batch_from_wire(callback: Callback, reading: Reading) -> TrackingBatch:
    """Read a push: one event; an unknown code is told as a complaint too.

    Raises:
        Misunderstood: no push, or a time that is none.
    """
    journey = pushed(callback.body).DATA
    digest = Sha256(hashlib.sha256(callback.body).hexdigest())
    event = _event(journey, reading, callback, digest)
    unknown = Complaint("unknown_code", f"{event.code}: {event.text}", event.number, digest)
    return TrackingBatch(
        peer=PEER,
        carrier=reading.carrier,
        events=(event,),
        complaints=() if event.mapped is not None else (unknown,),
        raw=(RawDocument(digest, callback.body, "application/json"),),
        received_at=callback.received_at,
    )


def _event(journey: Journey, reading: Reading, callback: Callback, digest: Sha256) -> TrackingEvent:
    code = str(journey.ORDER_STATUS)
    try:
        occurred = walltime.read(journey.ORDER_STATUSDATE, FORMS, zone_known=reading.zone_known)
    except (ValueError, OverflowError) as error:
        raise Misunderstood(
            f"DATA.ORDER_STATUSDATE: {error}", subject=journey.ORDER_NUMBER, raw=callback.body
        ) from error
    reference = reference_in(journey.ORDER_REFERENCE)
    return TrackingEvent(
        carrier=reading.carrier,
        source=PEER,
        carrier_event_id=None,
        number=journey.ORDER_NUMBER,
        reference=reference if reference and reference != journey.ORDER_NUMBER else None,
        code=code,
        code_list=CODE_LIST,
        text=" – ".join(text for text in (journey.STATUS_NAME, journey.NOTE) if text),
        mapped=_meaning(journey, code, reading.codes),
        occurred=occurred,
        recorded_at=None,
        received_at=callback.received_at,
        office="",  # their offices come as a text that is written anew each time: no part of an event's key
        office_name=journey.LOCATION_CURRENTLY or journey.LOCALION_CURRENTLY,
        next_office="",
        attempt=0,
        forecast=False,
        supersedes=None,
        withdrawn=False,
        recipient=None,
        evidence=(),
        money=_money(journey),
        weight_g=journey.PRODUCT_WEIGHT or None,
        seal=None,
        raw_sha256=digest,
    )


def _meaning(journey: Journey, code: str, codes: Mapping[str, Mapped]) -> Mapped | None:
    mapped = codes.get(code)
    if mapped is None:
        return None
    if journey.IS_RETURNING:
        mapped = dataclasses.replace(mapped, direction=Direction.RETURN)
    if code in FAILED and journey.REASON_CODE:
        mapped = dataclasses.replace(mapped, reason=journey.REASON_CODE)
    return mapped


def _money(journey: Journey) -> tuple[MoneyLine, ...]:
    told = (("cod", journey.MONEY_COLLECTION), ("fee", journey.MONEY_TOTAL))
    return tuple(MoneyLine(kind, amount) for kind, amount in told if amount)
