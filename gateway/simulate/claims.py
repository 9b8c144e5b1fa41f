"""What somebody claims of a dossier and nothing bears out (E-14, E-16, E-18, E-19, E-21)."""

import dataclasses
from typing import Final

from gateway.simulate.pair import Pair
from gateway.simulate.plot import Plot
from gateway.simulate.portal import deliver, refused, sent_while_working
from gateway.simulate.world import DAY, HOUR
from schemas.shipment import Purpose
from schemas.tracking import Movement
from tracking.table import Trigger


def request_undelivered(plot: Plot) -> None:
    """The citizen was asked for papers by a letter that never reached them."""
    _request(plot, delivered=False)


def request_delivered(plot: Plot) -> None:
    """The request reached the citizen at the first or the second attempt."""
    _request(plot, delivered=True)


def refused_after_acceptance(plot: Plot) -> None:
    """The one-stop system says refused, of a dossier that was accepted."""
    at = plot.begin()
    folder = plot.working(at).file(at)
    told = plot.world.office(at, 2.0)
    folder.status(3, told, reason="hồ sơ không hợp lệ", refused=True)
    back = plot.world.office(told, plot.rng.uniform(6, 12))
    folder.status(4, back)
    folder.work_on(back)
    plot.faulty(told, "refused after it was accepted", entails=("E-21",))


def refused_before_acceptance(plot: Plot) -> None:
    """Refused as it should be: before it was accepted."""
    refused(plot, 2.0)


def stopped_with_result_away(plot: Plot) -> None:
    """Stopped while a result is with the post."""
    folder, parcel, at = sent_while_working(plot, Purpose.RESULT_OUT)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    stopped = plot.world.office(seen, 0.5)
    folder.move(Trigger.STOP, stopped, reason="không đủ điều kiện")
    deliver(plot, parcel, plot.world.counter(stopped, 4.0))
    folder.move(Trigger.CLOSE_PAPERS, stopped + 8 * DAY)
    plot.faulty(stopped, "stopped while a result is with the post", entails=("E-05", "D-02", "D-06", "D-05"))


def stopped_with_papers_away(plot: Plot) -> None:
    """Stopped, and the citizen's own papers travel home."""
    at = plot.begin()
    folder = plot.working(at).past(Trigger.STOP, at, reason="không đủ điều kiện")
    folder.past(Trigger.SEND_PAPERS, at + HOUR, originals=True).file(at + HOUR)
    parcel = plot.parcel(folder, Purpose.PAPERS_BACK, at + HOUR).register(at + HOUR).pack(folder, at + HOUR)
    parcel.travel(at + HOUR)
    plot.innocent(at, "the citizen's own papers travel home")


def returned_without_proof(plot: Plot) -> None:
    """Said to be returned, and nothing proves it."""
    at = plot.begin()
    folder = plot.ready(at).past(Trigger.HAND_OUT, at, proof=plot.handed_out(at)).change(return_proof=None).file(at)
    folder.amend(at + 5 * DAY, lambda one: dataclasses.replace(one, return_proof=plot.handed_out(at)))
    plot.faulty(at, "returned, and nothing proves it")


def returned_with_proof(plot: Plot) -> None:
    """Returned with a signature at the counter, or by post with whole proof."""
    at = plot.begin()
    if plot.n % 2:
        plot.ready(at).past(Trigger.HAND_OUT, at, proof=plot.handed_out(at)).file(at)
        plot.innocent(at, "signed for at the counter")
        return
    _folder, (parcel,) = plot.outbound(at)
    plot.innocent(parcel.travel(at), "the post's proof is whole")


def portal_lags(plot: Plot) -> None:
    """The portal never took the news; or the one-stop system says what this dossier never was."""
    at = plot.begin()
    folder = plot.working(at, by_post=plot.n % 2 == 0)
    if plot.n % 2:
        plot.portal_deaf = True
        folder.file(at)
        told = plot.world.office(at, 2.0)
        folder.status(9, told)
        folder.tell_portal(told + plot.rng.uniform(60, 90) * HOUR)
        out = plot.world.office(told, 34.0)
        folder.move(Trigger.HAND_OUT, out, proof=plot.handed_out(out))
        folder.tell_portal(out + HOUR / 3)
        plot.faulty(told, "the portal still says 4")
        return
    folder.file(at)
    told = plot.world.office(at, 2.0)
    folder.status(10, told, refused=True)
    signed = plot.world.office(told, 14.0)
    folder.move(Trigger.SIGN_RESULT, signed, result_codes=("KQ.G99.000001",))
    parcel = plot.parcel(folder, Purpose.RESULT_OUT, signed + HOUR).register(signed + HOUR).pack(folder, signed + HOUR)
    parcel.travel(signed + HOUR)
    plot.faulty(told, "the one-stop system says 10 of a dossier at work", entails=("E-11", "E-19"))


def portal_soon_knows(plot: Plot) -> None:
    """The portal hears of it within the hour, while the state moves on quickly."""
    at = plot.begin()
    folder = plot.working(at).file(at)
    folder.work_on(at)
    plot.innocent(at, "told within minutes")


def _request(plot: Plot, *, delivered: bool) -> None:
    at = plot.begin()
    folder = plot.working(at).past(Trigger.ASK_SUPPLEMENT, at, reason="thiếu bản sao").file(at)
    parcel = plot.parcel(folder, Purpose.REQUEST_OUT, at).register(at).pack(folder, at)
    out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    failed = plot.world.counter(out, 1.0)
    if plot.n % 2 or not delivered:
        parcel.say(Movement.ATTEMPT_FAILED, failed, office=parcel.destination(), attempt=1)
    back = plot.world.counter(failed, 6.0)
    if delivered:
        parcel.say(Movement.DELIVERED, back, office=parcel.destination())
    else:
        parcel.say(Movement.RETURNING, back)
        home = plot.world.counter(back, 5.0)
        parcel.say(Movement.RETURNED, home, office=parcel.template.origin_office)
        parcel.amend(home + 2 * HOUR, sender_receipt_at=home + 2 * HOUR)
    arrived = plot.world.office(back, 14.0)
    folder.move(Trigger.SUPPLEMENT_ARRIVED, arrived, supplement_here=True)
    complete = plot.world.office(arrived, 2.0)
    folder.complete(complete)
    folder.work_on(complete)
    plot.judge(back, "the request reached the citizen" if delivered else "the request came back", entails=("D-14",))


PAIRS: Final[dict[str, Pair]] = {
    "E-14": Pair(request_undelivered, request_delivered),
    "E-16": Pair(refused_after_acceptance, refused_before_acceptance),
    "E-18": Pair(stopped_with_result_away, stopped_with_papers_away),
    "E-19": Pair(returned_without_proof, returned_with_proof),
    "E-21": Pair(portal_lags, portal_soon_knows),
}
