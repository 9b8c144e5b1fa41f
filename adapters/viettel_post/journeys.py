"""What the webhook tells, as events; pure.

The direction latches by what is told and not by when it arrives: 502, 515 and ``IS_RETURNING`` are events with the
direction RETURN, the fold takes events in the order of their own time, and after the first of them a 501 is a delivery
to the sender (`tracking/status.py`). So a push that comes late or twice changes nothing.
"""

import dataclasses
from collections.abc import Mapping

from adapters._kit import news, walltime
from adapters._kit.json import parse
from adapters.viettel_post.codes import CODE_LIST, FAILED
from adapters.viettel_post.translate import PEER, reference_in
from adapters.viettel_post.wire import Journey, Pushed
from schemas.errors import Misunderstood
from schemas.ids import CarrierId
from schemas.tracking import Direction, Mapped, MoneyLine, TrackingBatch, TrackingEvent
from schemas.wire import Callback

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
    event = _event(journey, reading, callback)
    return news.batch(PEER, reading.carrier, [event], [callback.body], received_at=callback.received_at)


def _event(journey: Journey, reading: Reading, callback: Callback) -> TrackingEvent:
    code = str(journey.ORDER_STATUS)
    try:
        occurred = walltime.read(journey.ORDER_STATUSDATE, FORMS, zone_known=reading.zone_known)
    except (ValueError, OverflowError) as error:
        raise Misunderstood(
            f"DATA.ORDER_STATUSDATE: {error}", subject=journey.ORDER_NUMBER, raw=callback.body
        ) from error
    reference = reference_in(journey.ORDER_REFERENCE)
    event = news.event(
        carrier=reading.carrier,
        source=PEER,
        code=code,
        code_list=CODE_LIST,
        mapped=_meaning(journey, code, reading.codes),
        occurred=occurred,
        received_at=callback.received_at,
        raw_sha256=news.digest_of(callback.body),
    )
    return dataclasses.replace(
        event,
        number=journey.ORDER_NUMBER,
        reference=reference if reference and reference != journey.ORDER_NUMBER else None,
        text=" – ".join(text for text in (journey.STATUS_NAME, journey.NOTE) if text),
        # Their offices come as a text that is written anew each time: no part of an event's key.
        office_name=journey.LOCATION_CURRENTLY or journey.LOCALION_CURRENTLY,
        money=_money(journey),
        weight_g=journey.PRODUCT_WEIGHT or None,
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
