"""Stories that cannot have happened so, and sources that disagree (D-31 … D-35)."""

import dataclasses
import datetime as dt
from typing import Final

from gateway.simulate.pair import Pair
from gateway.simulate.parcel import FEED, PUSH, Parcel
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR, Heard
from schemas.calendar import VIETNAM
from schemas.tracking import (
    Direction,
    EventTime,
    EvidenceLevel,
    Mapped,
    MoneyLine,
    Movement,
    Outcome,
    Precision,
    ZoneSource,
)


def moves_after_delivery(plot: Plot) -> None:
    """Delivered, and a day later scanned on the road again."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    delivered = parcel.travel(at)
    folder.finish(delivered)
    moved = plot.world.counter(delivered, plot.rng.uniform(5, 9))
    parcel.say(Movement.IN_TRANSIT, moved, office=parcel.destination())
    plot.faulty(moved, "scanned on the road after its delivery", entails=("D-05",))


def more_news_after_delivery(plot: Plot) -> None:
    """News after a delivery that move nothing: money, a scan of the same day, a delivery that was taken back."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    if plot.n % 3 == 0:
        delivered = parcel.travel(at)
        paid = Mapped(Movement.IN_TRANSIT, Outcome.OPEN, Direction.FORWARD, EvidenceLevel.NONE, action="money")
        money = (MoneyLine("cod", 20_000),)
        parcel.say(None, delivered + 5 * HOUR, code="110", mapped=paid, money=money)
        why = "a money code after the delivery moves nothing"
    elif plot.n % 3 == 1:
        out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
        delivered = plot.world.counter(out, 1.0)
        told = _whole_day(delivered)
        parcel.say(Movement.DELIVERED, delivered, office=parcel.destination(), occurred=told)
        parcel.say(Movement.OUT_FOR_DELIVERY, delivered + HOUR / 2, office=parcel.destination(), code="EDG2")
        why = "delivered, told to the day; a scan of the same day is no movement after it"
    else:
        early = parcel.travel(at, until=Movement.IN_TRANSIT)
        wrong = parcel.say(Movement.DELIVERED, early + HOUR, office=parcel.destination(), carrier_event_id="w")
        parcel.say_again(wrong, wrong.received_at + HOUR, withdrawn=True)
        out = plot.world.round(early, 6.0)
        parcel.say(Movement.OUT_FOR_DELIVERY, out, office=parcel.destination())
        delivered = plot.world.counter(out, 1.0)
        parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
        why = "the carrier took a delivery scan back before anything followed"
    folder.finish(delivered)
    plot.innocent(delivered, why)


def impossible_time(plot: Plot) -> None:
    """Delivered before it was accepted, or scanned tomorrow."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    if plot.n % 2:
        accepted = at + HOUR
        parcel.say(Movement.ACCEPTED, accepted, office=parcel.template.origin_office)
        told = parcel.say(Movement.IN_TRANSIT, accepted + 3 * DAY, lag=-(3 * DAY - 2 * HOUR))
        folder.finish(parcel.travel(accepted + 2 * HOUR))
        plot.faulty(told.received_at, "a scan three days ahead of its own receipt")
        return
    accepted = plot.world.counter(at, 9.0)
    delivered = accepted - plot.rng.uniform(2, 5) * HOUR
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    parcel.say(Movement.ACCEPTED, accepted, office=parcel.template.origin_office)
    folder.finish(accepted)
    plot.faulty(accepted, "delivered hours before it was accepted", entails=("D-31", "D-01", "D-05"))


def odd_but_possible_time(plot: Plot) -> None:
    """A missing scan is not "before"; a delivery told to the day overlaps with everything of that day."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    if plot.n % 3 == 0:
        out = plot.world.round(at, 2.0)
        parcel.say(Movement.OUT_FOR_DELIVERY, out, office=parcel.destination())
        delivered = plot.world.counter(out, 1.0)
        parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
        why = "nobody scanned the acceptance"
    elif plot.n % 3 == 1:
        accepted = plot.world.counter(at, 0.5)
        delivered = accepted + HOUR
        parcel.say(Movement.ACCEPTED, accepted, office=parcel.template.origin_office)
        parcel.say(Movement.DELIVERED, delivered, office=parcel.destination(), occurred=_whole_day(delivered))
        why = "delivered the same day, told to the day only"
    else:
        delivered = parcel.travel(at)
        late = parcel.seen[0]
        parcel.say(Movement.IN_TRANSIT, late.occurred.utc_low + HOUR, office="990100", code="EMC", lag=2 * DAY)
        why = "an old scan that came by a slow wire after the delivery"
    folder.finish(delivered)
    plot.innocent(delivered, why)


def sources_disagree(plot: Plot) -> None:
    """The push says delivered, the feed says returned to the sender, of the same afternoon."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    delivered = parcel.travel(at)
    other = delivered + plot.rng.uniform(0.2, 2.0) * HOUR
    movement = Movement.RETURNED if plot.n % 2 else Movement.LOST
    parcel.say(movement, other, peer=FEED, office=parcel.template.origin_office, lag=6 * HOUR)
    folder.contradicted = movement is Movement.LOST
    folder.archived = not folder.contradicted
    folder.finish(delivered)
    plot.faulty(other, f"one source says delivered, the other {movement}", entails=("D-31", "D-14", "D-15", "D-39"))


def sources_agree(plot: Plot) -> None:
    """Both sources say delivered, at their own times; or one lags behind the other."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    if plot.n % 2:
        delivered = parcel.travel(at)
        parcel.say(Movement.DELIVERED, delivered + HOUR / 3, peer=FEED, office=parcel.destination(), code="4")
        why = "both say delivered, twenty minutes apart"
    else:
        delivered = parcel.travel(at)
        before = delivered - HOUR
        parcel.say(Movement.OUT_FOR_DELIVERY, before, peer=FEED, office=parcel.destination(), code="3", lag=9 * HOUR)
        why = "one source lags behind the other"
    folder.finish(delivered)
    plot.innocent(delivered, why)


def history_rewritten(plot: Plot) -> None:
    """A full history no longer has the acceptance that it had; or it has it at another office."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    asked = plot.world.counter(seen, 3.0)
    first, *others = parcel.seen
    for event in others:
        parcel.say_again(event, asked, complete=True)
    if plot.n % 2:
        moved = dataclasses.replace(first, office="990151", received_at=asked)
        plot.world.tell(PUSH, Heard(moved, complete=True))
    out = plot.world.round(asked, 3.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, out, office=parcel.destination())
    delivered = plot.world.counter(out, 1.0)
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    folder.finish(delivered)
    plot.faulty(asked, "a full history lost the acceptance", entails=("D-01",))


def history_confirmed(plot: Plot) -> None:
    """A full history tells the same again; or a page that is not a full history lacks something."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    asked = plot.world.counter(seen, 3.0)
    whole = plot.n % 2 == 0
    for event in parcel.seen if whole else parcel.seen[1:]:
        parcel.say_again(event, asked, complete=whole)
    out = plot.world.round(asked, 3.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, out, office=parcel.destination())
    delivered = plot.world.counter(out, 1.0)
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    folder.finish(delivered)
    plot.innocent(asked, "the same history told twice" if whole else "a page of a feed, not a full history")


def unknown_code(plot: Plot) -> None:
    """A code outside of the dated table."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    odd = plot.world.counter(seen, 1.0)
    told = parcel.say(None, odd, code=f"Z{plot.rng.randrange(10, 99)}", text="Mã chưa có trong bảng")
    delivered = _deliver(plot, parcel, odd)
    folder.finish(delivered)
    plot.faulty(told.received_at, f"code {told.code} is in no table")


def known_code(plot: Plot) -> None:
    """A forecast, or a code that is learned with the next page."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    odd = plot.world.counter(seen, 1.0)
    if plot.n % 2:
        parcel.say(None, odd, code="DLV", text="Dự kiến phát", forecast=True)
        why = "a forecast is no event"
    else:
        parcel.say(Movement.IN_TRANSIT, odd, code="EMJ", text="Arrival at transit office")
        why = "a rare code that the table knows"
    folder.finish(_deliver(plot, parcel, odd))
    plot.innocent(odd, why)


def _deliver(plot: Plot, parcel: Parcel, after: dt.datetime) -> dt.datetime:
    out = plot.world.round(after, 4.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, out, office=parcel.destination())
    delivered = plot.world.counter(out, 1.0)
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    return delivered


def _whole_day(at: dt.datetime) -> EventTime:
    day = at.astimezone(VIETNAM).date()
    low = dt.datetime.combine(day, dt.time(), VIETNAM)
    high = low + DAY - dt.timedelta(microseconds=1)
    return EventTime(day.isoformat(), Precision.DAY, ZoneSource.CARRIER_DEFAULT, low, high)


PAIRS: Final[dict[str, Pair]] = {
    "D-31": Pair(moves_after_delivery, more_news_after_delivery),
    "D-32": Pair(impossible_time, odd_but_possible_time),
    "D-33": Pair(sources_disagree, sources_agree),
    "D-34": Pair(history_rewritten, history_confirmed),
    "D-35": Pair(unknown_code, known_code),
}
