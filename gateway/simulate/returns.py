"""Attempts, storage and the way back (D-07, D-14 … D-17, D-39, E-13)."""

import datetime as dt
from typing import Final

from gateway.simulate.pair import Pair
from gateway.simulate.parcel import Parcel
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR
from schemas.shipment import Purpose
from schemas.tracking import Movement
from tracking.table import Trigger


def stands_still(plot: Plot) -> None:
    """On the road, and then no scan for more than a week."""
    at = plot.begin(last=4)
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    again = plot.world.round(seen + plot.rng.uniform(9, 11) * DAY, 1.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, again, office=parcel.destination())
    delivered = plot.world.counter(again, 2.0)
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    folder.finish(delivered)
    plot.faulty(seen, "no scan for more than a week", entails=("E-12",))


def stands_still_over_tet(plot: Plot) -> None:
    """No scan because nobody works, or because the road is long: it goes on as it should."""
    at = plot.begin(first=17, last=19) if plot.n % 2 else plot.begin()
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    again = plot.world.round(seen, plot.rng.uniform(9, 13))
    parcel.say(Movement.OUT_FOR_DELIVERY, again, office=parcel.destination())
    delivered = plot.world.counter(again, 1.0)
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    folder.finish(delivered)
    plot.innocent(seen, "Tết lies between two scans" if plot.n % 2 else "a day and a half on a mountain road")


def undeliverable(plot: Plot) -> None:
    """The citizen cannot be found; the result comes back."""
    parcel, decided = _failed_and_returning(plot)
    back = plot.world.counter(decided, 6.0)
    parcel.say(Movement.RETURNED, back, office=parcel.template.origin_office)
    parcel.amend(back + 3 * HOUR, sender_receipt_at=back + 3 * HOUR)
    plot.faulty(decided, "the result comes back undelivered", entails=("D-14", "E-13"))


def second_attempt(plot: Plot) -> None:
    """The first attempt fails and the second succeeds; or what comes back is no result."""
    if plot.n % 3 == 2:
        at = plot.begin()
        folder, (parcel,) = plot.inbound(at)
        seen = parcel.travel(at, until=Movement.ACCEPTED)
        asked = plot.world.office(seen, 0.5)
        folder.move(Trigger.ASK_WITHDRAWAL, asked)
        parcel.amend(asked, recall_at=asked)
        back = plot.world.counter(asked, 1.0)
        parcel.say(Movement.RETURNING, back, lag=HOUR / 4)
        folder.move(Trigger.GRANT_WITHDRAWAL, plot.world.office(back, 1.0))
        home = plot.world.counter(back, 3.0)
        parcel.say(Movement.RETURNED, home, office=parcel.template.origin_office)
        parcel.amend(home + 2 * HOUR, sender_receipt_at=home + 2 * HOUR)
        folder.move(Trigger.CLOSE_PAPERS, max(home, plot.world.office(back, 1.0)) + 4 * HOUR)
        plot.innocent(back, "a lawful return: the citizen took the dossier back")
        return
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at)
    out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    failed = plot.world.counter(out, 1.0)
    parcel.say(Movement.ATTEMPT_FAILED, failed, office=parcel.destination(), attempt=1)
    again = plot.world.round(failed, 7.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, again, office=parcel.destination())
    parcel.say(Movement.DELIVERED, plot.world.counter(again, 1.0), office=parcel.destination(), attempt=2)
    plot.innocent(failed, "not at home the first time, delivered the second")


def returned_not_receipted(plot: Plot) -> None:
    """The carrier says that it gave the item back; the sender signs only after two days."""
    _returned(plot, plot.rng.uniform(44, 66))


def returned_and_receipted(plot: Plot) -> None:
    """The sender signs within the day."""
    _returned(plot, plot.rng.uniform(2, 18))


def attempts_exhausted(plot: Plot) -> None:
    """Two attempts failed, and for two days nobody decides what becomes of the item."""
    _two_attempts(plot, plot.rng.uniform(44, 66))


def attempts_and_then_collected(plot: Plot) -> None:
    """Two attempts failed, and the office keeps it for collection within the day; or only one failed."""
    _two_attempts(plot, plot.rng.uniform(2, 14))


def storage_ends(plot: Plot) -> None:
    """It waits at the counter until a day before the end of its storage term."""
    _collected(plot, days_before_the_end=plot.rng.uniform(0.3, 0.9))


def collected_in_time(plot: Plot) -> None:
    """It waits at the counter and is collected long before the end of its storage term."""
    _collected(plot, days_before_the_end=plot.rng.uniform(2.6, 3.6))


def lost(plot: Plot) -> None:
    """The carrier declares a loss, or an inquiry stays without an answer for more than ten working days."""
    if plot.n % 2:
        at = plot.begin()
        _folder, (parcel,) = plot.inbound(at)
        seen = parcel.travel(at, until=Movement.IN_TRANSIT)
        declared = plot.world.counter(seen, 14.0)
        parcel.say(Movement.LOST, declared)
        plot.faulty(declared, "declared lost", entails=("E-12",))
        return
    at = plot.begin(last=4)
    folder, (parcel,) = plot.inbound(at)
    asked = _asked_about(plot, parcel, at)
    found = plot.world.office(asked, 8 * 12.0)
    parcel.say(Movement.DELIVERED, found, office=parcel.destination())
    folder.finish(found)
    plot.faulty(asked, "an inquiry without an answer for more than ten working days", entails=("D-07", "E-12"))


def inquiry_answered(plot: Plot) -> None:
    """An inquiry that ends well before its term, over Tết or not."""
    at = plot.begin(first=10, last=14) if plot.n % 2 else plot.begin(last=10)
    folder, (parcel,) = plot.inbound(at)
    asked = _asked_about(plot, parcel, at)
    found = plot.world.office(asked, 8 * 5.0)
    parcel.say(Movement.DELIVERED, found, office=parcel.destination())
    folder.finish(found)
    plot.innocent(asked, "found within the term of the inquiry", entails=("D-07", "E-12"))


def _asked_about(plot: Plot, parcel: Parcel, at: dt.datetime) -> dt.datetime:
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    asked = plot.world.office(seen, 10.0)
    parcel.amend(asked, inquiry_at=asked)
    return asked


def _failed_and_returning(plot: Plot) -> tuple[Parcel, dt.datetime]:
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at)
    out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    failed = plot.world.counter(out, 1.0)
    parcel.say(Movement.ATTEMPT_FAILED, failed, office=parcel.destination(), attempt=1)
    decided = plot.world.counter(failed, plot.rng.uniform(2, 6))
    parcel.say(Movement.RETURNING, decided, office=parcel.destination())
    return parcel, decided


def _returned(plot: Plot, hours: float) -> None:
    parcel, decided = _failed_and_returning(plot)
    back = plot.world.counter(decided, 6.0)
    parcel.say(Movement.RETURNED, back, office=parcel.template.origin_office)
    signed = back + hours * HOUR
    parcel.amend(signed, sender_receipt_at=signed)
    plot.judge(back, f"returned; the sender signed after {hours:.0f} hours", entails=("D-14", "E-13"))


def _two_attempts(plot: Plot, hours: float) -> None:
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at)
    out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    first = plot.world.counter(out, 1.0)
    parcel.say(Movement.ATTEMPT_FAILED, first, office=parcel.destination(), attempt=1)
    second = plot.world.round(first, 7.0)
    parcel.say(Movement.ATTEMPT_FAILED, second, office=parcel.destination(), attempt=2)
    decided = second + hours * HOUR
    parcel.say(Movement.READY_FOR_COLLECTION, decided, office=parcel.destination())
    parcel.say(Movement.DELIVERED, decided + 20 * HOUR, office=parcel.destination())
    plot.judge(second, f"two attempts failed; decided after {hours:.0f} hours", entails=("D-07", "E-12"))


def _collected(plot: Plot, *, days_before_the_end: float) -> None:
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at)
    out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    failed = plot.world.counter(out, 1.0)
    parcel.say(Movement.ATTEMPT_FAILED, failed, office=parcel.destination(), attempt=1)
    waits = plot.world.counter(failed, 1.0)
    parcel.say(Movement.READY_FOR_COLLECTION, waits, office=parcel.destination())
    ends = waits + 5 * DAY
    parcel.amend(waits + 2 * HOUR, storage_until=ends)
    parcel.say(Movement.DELIVERED, ends - days_before_the_end * DAY, office=parcel.destination())
    why = f"collected {days_before_the_end:.1f} days before the storage term ended"
    plot.judge(ends - 2 * DAY, why, entails=("D-07", "E-12"))


def result_on_its_way_back(plot: Plot) -> None:
    """The portal says "result ready" while the result travels back."""
    undeliverable(plot)


def papers_come_back_by_order(plot: Plot) -> None:
    """What comes back is a request of the office, not the result; or the result waits and is handed over."""
    at = plot.begin()
    folder = plot.ready(at).file(at)
    parcel = plot.parcel(folder, Purpose.REQUEST_OUT, at).register(at).pack(folder, at)
    out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    back = plot.world.counter(out, 2.0)
    parcel.say(Movement.RETURNING, back)
    home = plot.world.counter(back, 4.0)
    parcel.say(Movement.RETURNED, home, office=parcel.template.origin_office)
    parcel.amend(home + 2 * HOUR, sender_receipt_at=home + 2 * HOUR)
    folder.move(Trigger.HAND_OUT, plot.world.office(home, 3.0), proof=plot.handed_out(home))
    plot.innocent(back, "an old request comes back; the result waits at the counter", entails=("D-14",))


PAIRS: Final[dict[str, Pair]] = {
    "D-07": Pair(stands_still, stands_still_over_tet),
    "D-14": Pair(undeliverable, second_attempt),
    "D-15": Pair(returned_not_receipted, returned_and_receipted),
    "D-16": Pair(attempts_exhausted, attempts_and_then_collected),
    "D-17": Pair(storage_ends, collected_in_time),
    "D-39": Pair(lost, inquiry_answered),
    "E-13": Pair(result_on_its_way_back, papers_come_back_by_order),
}
