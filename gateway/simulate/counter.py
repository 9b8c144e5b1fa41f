"""Between the counter and the carrier's first scan (D-01, D-02, D-08), and units that fall silent (E-20)."""

import datetime as dt
from typing import Final

from gateway.simulate.pair import Pair
from gateway.simulate.parcel import FEED
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR
from schemas.calendar import VIETNAM
from schemas.shipment import Purpose
from schemas.tracking import Movement
from tracking.table import Trigger


def not_accepted(plot: Plot) -> None:
    """The post's person signed and the first scan came only after a day and a half."""
    at = _before_a_plain_day(plot)
    plot.faulty(*_late_scan(plot, at, plot.rng.uniform(30, 44)))


def scanned_next_morning(plot: Plot) -> None:
    """A night, or a slow wire, lies between the signature and the scan; or only an unknown code shows that it came."""
    at = _before_a_plain_day(plot)
    if plot.n % 3 == 0:
        evening = at.astimezone(VIETNAM).replace(hour=16, minute=plot.rng.randrange(1, 50))
        folder, (parcel,) = plot.inbound(evening)
        folder.finish(parcel.travel(plot.world.counter(evening, 1.5)))
        plot.innocent(evening, "handed over in the evening, scanned the next morning: a few hours of work")
        return
    folder, (parcel,) = plot.inbound(at)
    if plot.n % 3 == 1:
        parcel.say(Movement.ACCEPTED, at + HOUR / 2, office=parcel.template.origin_office, lag=3 * HOUR)
        folder.finish(parcel.travel(at + 2 * HOUR))
        plot.innocent(at, "scanned at once, heard of hours later: the wire was slow")
        return
    parcel.say(None, at + HOUR, office=parcel.template.origin_office, peer=FEED, any_row_means_accepted=True)
    folder.finish(parcel.travel(at + 6 * HOUR))
    plot.innocent(at, "an unknown code of a feed whose every row proves that the post has it", entails=("D-35",))


def never_seen(plot: Plot) -> None:
    """Handed over with a signature, and two days and more without a single scan."""
    at = _before_a_plain_day(plot)
    since, why = _late_scan(plot, at, plot.rng.uniform(66, 90))
    plot.faulty(since, why, entails=("D-01", "E-12", "D-07"))


def seen_late_or_not_handed_over(plot: Plot) -> None:
    """A late first scan is no loss; a booking that nobody brought to the post cannot be seen."""
    at = _before_a_plain_day(plot)
    if plot.n % 2:
        since, _ = _late_scan(plot, at, plot.rng.uniform(28, 40))
        plot.innocent(since, "the first scan came late, but it came", entails=("D-01",))
        return
    parcel = plot.parcel(None, Purpose.RESULT_OUT, at).change(handed_over_at=None, booked_at=at).register(at)
    parcel.say(Movement.CANCELLED, at + 5 * DAY)
    plot.innocent(at, "booked and never brought to the post; the order was cancelled")


def accepted_before_hand_over(plot: Plot) -> None:
    """The post scanned the envelope while the dossier still lies in the draft tray of the clerk who forgot to lodge."""
    at = plot.begin()
    late = plot.rng.uniform(26, 40)
    _lodged_late(plot, at, late)
    plot.faulty(at, f"accepted by the post, lodged {late:.0f} hours later", entails=("E-12",))


def lodged_soon_after(plot: Plot) -> None:
    """The scan of the post was faster than the clerk's last key by less than an hour and a half."""
    at = plot.begin()
    _lodged_late(plot, at, plot.rng.uniform(0.3, 1.2))
    plot.innocent(at, "the clerk pressed the last key soon after the post's scan")


def silent_unit(plot: Plot) -> None:
    """The unit signed, and said nothing for three working days and more."""
    at = plot.begin(last=12)
    folder, (parcel,) = plot.inbound(at)
    signed = plot.world.office(parcel.travel(at), 0.5)
    folder.receipt(signed)
    spoke = plot.world.office(signed, plot.rng.uniform(30, 38))
    folder.work(spoke)
    plot.faulty(signed, "signed for it and said nothing for four working days", entails=("E-03", "E-12"))


def unit_on_holiday(plot: Plot) -> None:
    """The unit signed on the last day before Tết and went on after it; or it works slowly, but it says so."""
    if plot.n % 2:
        at = plot.begin(first=15, last=17)
        folder, (parcel,) = plot.inbound(at)
        signed = plot.world.office(parcel.travel(at), 0.5)
        folder.receipt(signed)
        folder.work(plot.world.office(signed, 1.0))
        plot.innocent(signed, "Tết lay between the receipt and the work")
        return
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    signed = plot.world.office(parcel.travel(at), 0.5)
    folder.receipt(signed)
    accepted = plot.world.office(signed, 2.0)
    folder.status(2, accepted)
    folder.status(4, plot.world.office(accepted, 18.0))
    folder.status(9, plot.world.office(accepted, 40.0))
    folder.status(10, plot.world.office(accepted, 44.0))
    plot.innocent(signed, "slow, but within three working days of its last word")


def _late_scan(plot: Plot, at: dt.datetime, hours: float) -> tuple[dt.datetime, str]:
    if plot.n % 3 == 2:
        _folder, (parcel,) = plot.outbound(at)
        parcel.travel(at + hours * HOUR)
    else:
        folder, (parcel,) = plot.inbound(at)
        folder.finish(parcel.travel(at + hours * HOUR))
    return at, f"signed for, and no scan for {hours:.0f} hours"


def _before_a_plain_day(plot: Plot) -> dt.datetime:
    """Monday to Thursday: the next day the post works again."""
    at = plot.begin(last=15)
    while at.astimezone(VIETNAM).weekday() > 3:
        at = plot.begin(last=15)
    return at


def _lodged_late(plot: Plot, at: dt.datetime, hours: float) -> None:
    folder = plot.draft(at).file(at)
    parcel = plot.parcel(folder, Purpose.DOSSIER_IN, at, handed_over_at=None).register(at).pack(folder, at)
    parcel.say(Movement.ACCEPTED, at + HOUR / 6, office=parcel.template.origin_office, lag=HOUR / 4)
    lodged = at + hours * HOUR
    folder.move(Trigger.LODGE, lodged)
    folder.move(Trigger.POST_HAS_IT, lodged + HOUR / 60, item_accepted=True)
    folder.finish(parcel.travel(max(lodged, at + HOUR)))


PAIRS: Final[dict[str, Pair]] = {
    "D-01": Pair(not_accepted, scanned_next_morning),
    "D-02": Pair(accepted_before_hand_over, lodged_soon_after),
    "D-08": Pair(never_seen, seen_late_or_not_handed_over),
    "E-20": Pair(silent_unit, unit_on_holiday),
}
