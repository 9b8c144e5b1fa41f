"""Between the carrier's delivery and the dossier (D-03 … D-06, D-12, D-18, D-19, D-28)."""

import dataclasses
import datetime as dt
from typing import Final

from gateway.simulate.folder import Folder
from gateway.simulate.pair import Pair
from gateway.simulate.parcel import Parcel, name_hash
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR
from schemas.calendar import VIETNAM
from schemas.shipment import ExpectedOffice, Purpose
from schemas.tracking import (
    Direction,
    EvidenceLevel,
    Mapped,
    Movement,
    Outcome,
    Recipient,
)
from tracking.table import Trigger

WRONG_OFFICE: Final = "990160"


def no_receipt(plot: Plot) -> None:
    """Delivered to the office, and the office does not sign for more than a working day."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    delivered = parcel.travel(at)
    folder.finish(plot.world.office(delivered, plot.rng.uniform(14, 20)))
    plot.faulty(delivered, "delivered; the office signed only after a working day and more", entails=("E-03",))


def receipt_on_the_next_working_day(plot: Plot) -> None:
    """Delivered towards the evening or before the weekend; the office signs when it opens."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    on_the_way = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    delivered = on_the_way.astimezone(VIETNAM).replace(hour=16, minute=plot.rng.randrange(5, 50))
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    folder.finish(plot.world.office(delivered, 0.5))
    plot.innocent(delivered, "delivered in the evening or before days off; the office signed when it opened")


def received_not_delivered(plot: Plot) -> None:
    """The office has the papers and works; the carrier's closing scan is missing for days."""
    at = plot.begin(last=14)
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    signed = plot.world.office(seen, 1.0)
    folder.receipt(signed)
    folder.work(signed)
    parcel.say(Movement.DELIVERED, signed + plot.rng.uniform(66, 100) * HOUR, office=parcel.destination())
    plot.faulty(signed, "the office signed; no closing scan for three days", entails=("D-07", "E-12"))


def closing_scan_on_its_way(plot: Plot) -> None:
    """The closing scan comes a day after the office's receipt."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    signed = plot.world.office(seen, 1.0)
    folder.receipt(signed)
    folder.work(signed)
    parcel.say(Movement.DELIVERED, signed + plot.rng.uniform(12, 40) * HOUR, office=parcel.destination())
    plot.innocent(signed, "the closing scan came within two days", entails=("D-07",))


def moving_after_the_end(plot: Plot) -> None:
    """The dossier is closed, and its item is scanned on a road again."""
    at = plot.begin(last=8)
    folder, (parcel,) = plot.inbound(at)
    folder.archived = False
    if plot.n % 2:
        over = folder.finish(parcel.travel(at))
        entails: tuple[str, ...] = ("D-31",)
    else:
        seen = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
        signed = plot.world.office(seen, 1.0)
        folder.receipt(signed)
        over = folder.work(signed)
        entails = ("D-04", "D-07", "E-12")
    closed = over + DAY
    folder.move(Trigger.ARCHIVE, closed, grace_over=True)
    moved = plot.world.counter(closed + 4 * DAY, 1.0)
    parcel.say(Movement.IN_TRANSIT, moved, office="990160")
    plot.faulty(moved, "scanned on the road days after its dossier was closed", entails=entails)
    if plot.n % 2 == 0:
        parcel.say(Movement.DELIVERED, plot.world.counter(moved, 8.0), office=parcel.destination())


def late_news_of_a_closed_dossier(plot: Plot) -> None:
    """The dossier is closed; then the closing scan comes, or old news from a slow wire."""
    at = plot.begin(last=10)
    folder, (parcel,) = plot.inbound(at)
    folder.archived = False
    if plot.n % 2:
        over = folder.finish(parcel.travel(at))
        folder.move(Trigger.ARCHIVE, over + DAY, grace_over=True)
        late = over + 3 * DAY
        scanned = at + 3 * HOUR
        parcel.say(Movement.IN_TRANSIT, scanned, office="990160", lag=late - scanned)
        plot.innocent(late, "heard after the closing, but it happened before the delivery")
        return
    seen = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    signed = plot.world.office(seen, 1.0)
    folder.receipt(signed)
    over = folder.work(signed)
    folder.move(Trigger.ARCHIVE, over + HOUR, grace_over=True)
    closing = max(over + 5 * HOUR, signed + 40 * HOUR)
    parcel.say(Movement.DELIVERED, closing, office=parcel.destination())
    plot.innocent(closing, "the late closing scan at the expected office", entails=("D-04", "D-07", "E-12"))


def moving_after_withdrawal(plot: Plot) -> None:
    """The citizen took the dossier back; the recall never reached the post, and the item goes on."""
    folder, parcel, at = _withdrawn(plot, recalled=False)
    scanned = plot.world.counter(at, 3.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, scanned, office=parcel.destination())
    plot.faulty(at, "withdrawn, and still scanned forward", entails=("D-07",))
    stopped = plot.world.counter(scanned, 5.0)
    parcel.amend(stopped, recall_at=stopped)
    _brought_back(plot, folder, parcel, stopped)


def withdrawn_and_coming_back(plot: Plot) -> None:
    """Withdrawn, and the item comes back as it should; or the papers of a withdrawn dossier travel home."""
    if plot.n % 2:
        folder, parcel, at = _withdrawn(plot, recalled=True)
        _brought_back(plot, folder, parcel, plot.world.counter(at, 4.0))
        plot.innocent(at, "recalled in time: it only moves back")
        return
    at = plot.begin()
    folder = plot.working(at)
    folder.past(Trigger.ASK_WITHDRAWAL, at).past(Trigger.GRANT_WITHDRAWAL, at + HOUR)
    folder.past(Trigger.SEND_PAPERS, at + 2 * HOUR, originals=True).file(at + 2 * HOUR)
    parcel = plot.parcel(folder, Purpose.PAPERS_BACK, at + 2 * HOUR).register(at + 2 * HOUR).pack(folder, at + 2 * HOUR)
    parcel.travel(at + 2 * HOUR)
    plot.innocent(at, "the papers of a withdrawn dossier travel home")


def wrong_office(plot: Plot) -> None:
    """Scanned for delivery at an office that nobody expected."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, unit=plot.near_unit())
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    astray = plot.world.round(seen, 4.0)
    if plot.n % 2:
        parcel.say(Movement.DELIVERED, plot.world.counter(astray, 1.0), office=WRONG_OFFICE)
        folder.finish(plot.world.office(astray, 2.0))
        astray = plot.world.counter(astray, 1.0)
    else:
        parcel.say(Movement.OUT_FOR_DELIVERY, astray, office=WRONG_OFFICE)
        right = plot.world.round(astray, 6.0)
        parcel.say(Movement.OUT_FOR_DELIVERY, right, office=parcel.destination())
        delivered = plot.world.counter(right, 1.0)
        parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
        folder.finish(delivered)
    plot.faulty(astray, f"came to the delivery office {WRONG_OFFICE}", entails=("D-13",))


def redirected_lawfully(plot: Plot) -> None:
    """Another office delivers it because the addressee asked for that, and the expectation says so."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, unit=plot.near_unit())
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    expected = (*parcel.template.expected_offices, ExpectedOffice(WRONG_OFFICE, seen, "redirection"))
    parcel.amend(seen + HOUR, expected_offices=expected)
    delivered = plot.world.counter(seen, 6.0)
    parcel.say(Movement.IN_TRANSIT, plot.world.counter(seen, 4.0), office=WRONG_OFFICE, code="EMG")
    parcel.say(Movement.DELIVERED, delivered, office=WRONG_OFFICE)
    folder.finish(delivered)
    plot.innocent(delivered, "redirected at the addressee's wish")


def to_somebody_else(plot: Plot) -> None:
    """The result was given to a person who is neither the addressee nor authorised."""
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at)
    stranger = Recipient("OTHER", name_hash("Người Lạ Mặt"))
    delivered = parcel.travel(at, recipient=stranger)
    plot.faulty(delivered, "given to somebody else")


def to_the_addressee(plot: Plot) -> None:
    """Given to the addressee, to an authorised person, or to somebody of whom the feed tells nothing."""
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at)
    addressee = parcel.template.addressee
    name = addressee.name if addressee is not None else ""
    kinds = (
        (Recipient("ADDRESSEE", name_hash(name.upper())), "the addressee, written in capitals"),
        (Recipient("AUTHORISED", name_hash("Quàng Thị Được")), "a person with a letter of authority"),
        (None, "the feed does not tell to whom"),
    )
    recipient, why = kinds[plot.n % len(kinds)]
    plot.innocent(parcel.travel(at, recipient=recipient), why)


def without_proof(plot: Plot) -> None:
    """Delivered by status only where a signature is required; the signature comes days later."""
    _proof_after(plot, plot.rng.uniform(100, 150))  # a pass a day sees it between 72 and 96 hours


def proof_on_its_way(plot: Plot) -> None:
    """Delivered by status only; the signature comes within two days, or is not required of this service."""
    if plot.n % 3 == 0:
        at = plot.begin()
        folder, (parcel,) = plot.inbound(at)
        delivered = parcel.travel(at, mapped=BARE, recipient=None)
        folder.finish(delivered)
        plot.innocent(delivered, "this service never gives more than a status")
        return
    _proof_after(plot, plot.rng.uniform(10, 48))


BARE: Final = Mapped(Movement.DELIVERED, Outcome.DELIVERED, Direction.FORWARD, EvidenceLevel.STATUS_ONLY)


def split_incomplete(plot: Plot) -> None:
    """One dossier in two parcels: the second comes two days and more after the first."""
    _two_parcels(plot, plot.rng.uniform(40, 60))


def split_within_a_day(plot: Plot) -> None:
    """The second of two parcels comes the same day."""
    at = plot.begin()
    folder, (first, second) = plot.inbound(at, parts=2)
    out = first.travel(at, until=Movement.OUT_FOR_DELIVERY)
    second.travel(at, until=Movement.IN_TRANSIT)
    delivered = plot.world.counter(out, 0.5)
    first.say(Movement.DELIVERED, delivered, office=first.destination())
    late = delivered + plot.rng.uniform(0.5, 2.0) * HOUR
    second.say(Movement.DELIVERED, late, office=second.destination())
    folder.finish(late)
    plot.innocent(delivered, "the second parcel came the same day")


def _proof_after(plot: Plot, hours: float) -> None:
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at, item={"evidence_required": EvidenceLevel.SIGNATURE})
    delivered = parcel.travel(at, mapped=BARE, recipient=None)
    signed = dataclasses.replace(BARE, proof=EvidenceLevel.SIGNATURE)
    proof = delivered + hours * HOUR
    parcel.say(
        Movement.DELIVERED, delivered, office=parcel.destination(), code="POD", mapped=signed, lag=proof - delivered
    )
    why = f"delivered by status only, the signature came after {hours:.0f} hours"
    plot.judge(delivered, why, entails=("E-10",))


def _two_parcels(plot: Plot, hours: float) -> None:
    at = plot.begin()
    folder, (first, second) = plot.inbound(at, parts=2)
    delivered = first.travel(at)
    on_the_way = second.travel(at, until=Movement.IN_TRANSIT)
    out = plot.world.round(max(delivered, on_the_way) + hours * HOUR)
    late = plot.world.counter(out, 0.7)
    second.say(Movement.OUT_FOR_DELIVERY, out, office=second.destination())
    second.say(Movement.DELIVERED, late, office=second.destination())
    folder.finish(late)
    plot.judge(delivered, f"the second parcel came {hours:.0f} hours after the first", entails=("E-12", "D-07"))


def _withdrawn(plot: Plot, *, recalled: bool) -> tuple[Folder, Parcel, dt.datetime]:
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.ACCEPTED)
    asked = plot.world.office(seen, 1.0)
    folder.move(Trigger.ASK_WITHDRAWAL, asked)
    if recalled:
        parcel.amend(asked, recall_at=asked)
        parcel.say(Movement.RETURNING, plot.world.counter(asked, 0.5), lag=HOUR / 4)
    granted = plot.world.office(asked, 3.0)
    folder.move(Trigger.GRANT_WITHDRAWAL, granted)
    return folder, parcel, granted


def _brought_back(plot: Plot, folder: Folder, parcel: Parcel, at: dt.datetime) -> None:
    parcel.say(Movement.RETURNING, at)
    back = plot.world.counter(at, 5.0)
    parcel.say(Movement.RETURNED, back, office=parcel.template.origin_office)
    parcel.amend(back + 4 * HOUR, sender_receipt_at=back + 4 * HOUR)
    folder.move(Trigger.CLOSE_PAPERS, back + 6 * HOUR)


PAIRS: Final[dict[str, Pair]] = {
    "D-03": Pair(no_receipt, receipt_on_the_next_working_day),
    "D-04": Pair(received_not_delivered, closing_scan_on_its_way),
    "D-05": Pair(moving_after_the_end, late_news_of_a_closed_dossier),
    "D-06": Pair(moving_after_withdrawal, withdrawn_and_coming_back),
    "D-12": Pair(wrong_office, redirected_lawfully),
    "D-18": Pair(to_somebody_else, to_the_addressee),
    "D-19": Pair(without_proof, proof_on_its_way),
    "D-28": Pair(split_incomplete, split_within_a_day),
}
