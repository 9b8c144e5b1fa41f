"""What the portal and the one-stop system say against what the post does (E-02 … E-12)."""

import dataclasses
import datetime as dt
from typing import Final

from gateway.simulate.folder import Folder
from gateway.simulate.pair import Pair
from gateway.simulate.parcel import Parcel
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR
from schemas.dossier import IntakeMode
from schemas.shipment import Purpose
from schemas.tracking import Direction, EvidenceLevel, Mapped, MoneyLine, Movement, Outcome
from tracking.table import Trigger


def accepted_before_arrival(plot: Plot) -> None:
    """Accepted by an office that cannot have the paper yet; its intake is neither delegated nor online."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    folder.change(intake_mode=IntakeMode.FORWARDED)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    told = plot.world.office(seen, 0.3)
    folder.amend(told - HOUR / 10, lambda one: dataclasses.replace(one, intake_mode=IntakeMode.DELEGATED))
    folder.status(2, told)
    folder.amend(told + HOUR / 2, lambda one: dataclasses.replace(one, intake_mode=IntakeMode.FORWARDED))
    delivered = deliver(plot, parcel, plot.world.counter(told, 6.0))
    folder.receipt(plot.world.office(delivered, 0.5))
    folder.work(plot.world.office(delivered, 0.6))
    plot.faulty(told, "accepted while its item is on the road", entails=("E-12", "D-11"))


def accepted_by_delegation(plot: Plot) -> None:
    """The post takes in for the office: accepted while the paper is on the road, as agreed."""
    at = plot.begin()
    mode = (IntakeMode.DELEGATED, IntakeMode.ONLINE)[plot.n % 2]
    folder, (parcel,) = plot.inbound(at, mode=mode)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    told = plot.world.office(seen, 0.3)
    folder.status(2, told)
    delivered = deliver(plot, parcel, seen)
    folder.receipt(plot.world.office(delivered, 0.5))
    folder.work(plot.world.office(delivered, 0.6))
    plot.innocent(told, f"its intake is {mode}")


def late_acceptance(plot: Plot) -> None:
    """Delivered and signed for; accepted only after a working day."""
    _accepted_after(plot, plot.rng.uniform(9, 14))


def soon_accepted(plot: Plot) -> None:
    """Accepted within four hours of work, over a night or a weekend."""
    _accepted_after(plot, plot.rng.uniform(0.5, 3.0))


def papers_not_sent_back(plot: Plot) -> None:
    """Refused, and the citizen's papers lie there for days."""
    refused(plot, plot.rng.uniform(14, 24))


def papers_sent_back(plot: Plot) -> None:
    """Refused, and the papers are on their way within the day; or the withdrawal is not granted yet."""
    if plot.n % 2:
        at = plot.begin()
        folder, (parcel,) = plot.inbound(at)
        delivered = parcel.travel(at)
        signed = plot.world.office(delivered, 0.5)
        folder.receipt(signed)
        folder.status(2, plot.world.office(signed, 0.5))
        asked = plot.world.office(signed, 3.0)
        folder.move(Trigger.ASK_WITHDRAWAL, asked)
        back = plot.world.office(asked, 14.0)
        folder.move(Trigger.TAKE_BACK_WITHDRAWAL, back, promise=folder.promise)
        folder.work(back)
        plot.innocent(asked, "the withdrawal was asked for and not granted: nothing must go back")
        return
    refused(plot, plot.rng.uniform(1, 5))


def result_before_its_time(plot: Plot) -> None:
    """A result is with the post while the dossier is still at work."""
    folder, parcel, at = sent_while_working(plot, Purpose.RESULT_OUT)
    delivered = parcel.travel(at)
    folder.work_on(plot.world.office(delivered, 2.0))
    plot.faulty(at, "a result is on its way while the dossier is at work", entails=("D-02",))


def request_while_working(plot: Plot) -> None:
    """What the post has is a request to the citizen, or a result that is only booked."""
    purpose = (Purpose.REQUEST_OUT, Purpose.RESULT_OUT)[plot.n % 2]
    folder, parcel, at = sent_while_working(plot, purpose)
    if purpose is Purpose.REQUEST_OUT:
        delivered = parcel.travel(at)
        folder.work_on(plot.world.office(delivered, 2.0))
        plot.innocent(at, "a request to the citizen, not a result")
        return
    parcel.change(handed_over_at=None)
    parcel.say(Movement.CANCELLED, at + DAY)
    folder.work_on(plot.world.office(at, 6.0))
    plot.innocent(at, "booked and cancelled, never handed over")


def supplement_lies_there(plot: Plot) -> None:
    """The missing papers came, and for more than half a working day nobody looks at them."""
    _supplement(plot, plot.rng.uniform(9, 14))


def supplement_taken_up(plot: Plot) -> None:
    """The missing papers are on their way, come, and are looked at."""
    _supplement(plot, plot.rng.uniform(1.0, 3.0))


def paid_at_the_post(plot: Plot) -> None:
    """The fee was paid to the postman, and the dossier still waits for it."""
    folder, parcel, at = _fee_asked(plot)
    paid = parcel.travel(at)
    _collected(parcel, paid)
    proved = plot.world.office(paid, plot.rng.uniform(18, 26))
    folder.move(Trigger.PROVE_FEE, proved, fee_proof=True, promise=folder.promise)
    folder.work_on(proved)
    plot.faulty(paid, "paid at the post, the dossier waits for the fee")


def paid_and_synchronised(plot: Plot) -> None:
    """Paid at the post and taken up within the hour; or paid elsewhere while the letter is still on the road."""
    folder, parcel, at = _fee_asked(plot)
    if plot.n % 2:
        paid = parcel.travel(at)
        _collected(parcel, paid)
        proved, why = paid + HOUR / 3, "paid and taken up at once"
    else:
        seen = parcel.travel(at, until=Movement.IN_TRANSIT)
        proved, why = plot.world.office(seen, 1.0), "paid on line while the letter is on the road"
        deliver(plot, parcel, plot.world.counter(proved, 2.0))
    folder.move(Trigger.PROVE_FEE, proved, fee_proof=True, promise=folder.promise)
    folder.work_on(plot.world.office(proved, 0.1))
    plot.innocent(at, why)


def result_not_sent(plot: Plot) -> None:
    """The result is signed, the citizen wants it by post, and for days there is no item."""
    _result_sent_after(plot, plot.rng.uniform(14, 22))


def result_sent_soon(plot: Plot) -> None:
    """The result leaves within the day; or the citizen fetches it and no item is needed."""
    if plot.n % 2:
        at = plot.begin()
        folder = plot.ready(at).file(at)
        out = plot.world.office(at, 16.0)
        folder.move(Trigger.HAND_OUT, out, proof=plot.handed_out(out))
        plot.innocent(at, "the citizen fetches it at the counter")
        return
    _result_sent_after(plot, plot.rng.uniform(0.5, 5.0))


def delivery_not_told(plot: Plot) -> None:
    """The result was delivered, and the portal still says that it is ready."""
    at = plot.begin()
    plot.portal_deaf = True
    folder, (parcel,) = plot.outbound(at)
    delivered = parcel.travel(at)
    if plot.n % 2:
        folder.tell_portal(delivered + plot.rng.uniform(50, 80) * HOUR)
    plot.faulty(delivered, "delivered; the portal still says 9", entails=("E-21",))


def delivery_told(plot: Plot) -> None:
    """Delivered, and the portal hears of it within the hour."""
    at = plot.begin()
    _folder, (parcel,) = plot.outbound(at)
    plot.innocent(parcel.travel(at), "the portal hears of the delivery within the hour")


def returned_on_paper_only(plot: Plot) -> None:
    """A clerk closes the dossier at the counter while its result is with the post."""
    at = plot.begin()
    folder, parcel = _booked_result(plot, at)
    folder.move(Trigger.HAND_OUT, at + HOUR, proof=plot.handed_out(at))
    accepted = plot.world.counter(at, 2.0)
    if plot.n % 2:
        parcel.travel(accepted)
    else:
        out = parcel.travel(accepted, until=Movement.OUT_FOR_DELIVERY)
        failed = plot.world.counter(out, 1.0)
        parcel.say(Movement.ATTEMPT_FAILED, failed, office=parcel.destination(), attempt=1)
        back = plot.world.counter(failed, 4.0)
        parcel.say(Movement.RETURNING, back)
        home = plot.world.counter(back, 4.0)
        parcel.say(Movement.RETURNED, home, office=parcel.template.origin_office)
        parcel.amend(home + 2 * HOUR, sender_receipt_at=home + 2 * HOUR)
    plot.faulty(accepted, "said to be returned while it is with the post", entails=("D-02", "D-04", "D-05", "D-14"))


def returned_after_all(plot: Plot) -> None:
    """The post brought it back, the office has it, and the citizen fetched it at the counter."""
    at = plot.begin()
    folder, (parcel,) = plot.outbound(at)
    out = parcel.travel(at, until=Movement.OUT_FOR_DELIVERY)
    back = plot.world.counter(out, 2.0)
    parcel.say(Movement.RETURNING, back)
    home = plot.world.counter(back, 4.0)
    parcel.say(Movement.RETURNED, home, office=parcel.template.origin_office)
    folder.signed_back(parcel, home + 3 * HOUR)
    fetched = plot.world.office(home + 3 * HOUR, 4.0)
    folder.move(Trigger.HAND_OUT, fetched, proof=plot.handed_out(fetched))
    plot.innocent(fetched, "came back, and was handed out at the counter", entails=("D-14", "E-13"))


def nothing_happens(plot: Plot) -> None:
    """With the post, and not a word from anybody for four working days."""
    at = plot.begin(last=8)
    folder, (parcel,) = plot.inbound(at)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    again = plot.world.office(seen, plot.rng.uniform(30, 38))
    delivered = deliver(plot, parcel, again)
    folder.finish(delivered)
    plot.faulty(seen, "no word from anybody for four working days", entails=("D-07",))


def quiet_lawfully(plot: Plot) -> None:
    """Quiet, because the office works on it and nothing travels; or because it is Tết."""
    if plot.n % 2:
        at = plot.begin(first=17, last=19)
        folder, (parcel,) = plot.inbound(at)
        seen = parcel.travel(at, until=Movement.ACCEPTED)
        folder.finish(deliver(plot, parcel, seen))
        plot.innocent(seen, "Tết")
        return
    at = plot.begin()
    folder = plot.working(at).file(at)
    folder.work_on(plot.world.office(at, 34.0))
    plot.innocent(at, "nothing travels; the office works on it")


def _collected(parcel: Parcel, at: dt.datetime) -> None:
    money = (MoneyLine("cod", 20_000),)
    parcel.say(None, at + HOUR / 12, code="110", mapped=PAID, money=money, office=parcel.destination())


PAID: Final = Mapped(Movement.IN_TRANSIT, Outcome.OPEN, Direction.FORWARD, EvidenceLevel.NONE, action="money")


def deliver(plot: Plot, parcel: Parcel, after: dt.datetime) -> dt.datetime:
    """The last round after ``after``, and the delivery."""
    out = plot.world.round(after, 4.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, out, office=parcel.destination())
    delivered = plot.world.counter(out, plot.rng.uniform(0.5, 1.5))
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    return delivered


def _accepted_after(plot: Plot, hours: float) -> None:
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    delivered = parcel.travel(at)
    folder.receipt(plot.world.office(delivered, min(0.4, hours / 2)))
    accepted = plot.world.office(delivered, hours)
    folder.status(4, accepted)
    folder.work_on(accepted)
    plot.judge(delivered, f"accepted {hours:.1f} working hours after the delivery")


def refused(plot: Plot, hours: float) -> None:
    """Refused on arrival; the papers leave so many working hours later."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, by_post=True)
    delivered = parcel.travel(at, lag=HOUR / 6)
    signed = plot.world.office(delivered, 0.5)
    folder.receipt(signed)
    decided = plot.world.office(signed, 2.0)
    folder.status(3, decided, reason="thiếu giấy tờ", refused=True)  # an outage may hold the post's news back
    sent = plot.world.office(decided, hours)
    folder.move(Trigger.SEND_PAPERS, sent, originals=True)
    back = plot.parcel(folder, Purpose.PAPERS_BACK, sent).register(sent).pack(folder, sent)
    back.travel(sent)
    plot.judge(decided, f"refused; the papers left {hours:.0f} working hours later", entails=("E-21",))


def sent_while_working(plot: Plot, purpose: Purpose) -> tuple[Folder, Parcel, dt.datetime]:
    """Something goes to the citizen while the dossier is at work."""
    at = plot.begin()
    folder = plot.working(at).file(at)
    return folder, plot.parcel(folder, purpose, at).register(at).pack(folder, at), at


def _supplement(plot: Plot, hours: float) -> None:
    at = plot.begin()
    folder = plot.working(at).past(Trigger.ASK_SUPPLEMENT, at, reason="thiếu bản sao").file(at)
    posted = plot.world.office(at, 5.0)
    parcel = plot.parcel(folder, Purpose.SUPPLEMENT_IN, posted).register(posted).pack(folder, posted)
    delivered = parcel.travel(posted, lag=HOUR / 6)
    complete = plot.world.office(delivered, hours)
    folder.complete(complete)
    folder.work_on(complete)
    plot.judge(delivered, f"the supplement was taken up {hours:.1f} working hours after its delivery")


def _fee_asked(plot: Plot) -> tuple[Folder, Parcel, dt.datetime]:
    at = plot.begin()
    folder = plot.working(at).past(Trigger.ASK_FEE, at, fee_amount=20_000).file(at)
    return folder, plot.parcel(folder, Purpose.REQUEST_OUT, at, cod_due=20_000).register(at).pack(folder, at), at


def _booked_result(plot: Plot, at: dt.datetime) -> tuple[Folder, Parcel]:
    folder = plot.ready(at - HOUR, by_post=True).file(at)
    return folder, plot.parcel(folder, Purpose.RESULT_OUT, at).register(at).pack(folder, at)


def _result_sent_after(plot: Plot, hours: float) -> None:
    at = plot.begin()
    folder = plot.ready(at, by_post=True).file(at)
    sent = plot.world.office(at, hours)
    parcel = plot.parcel(folder, Purpose.RESULT_OUT, sent).register(sent).pack(folder, sent)
    parcel.travel(sent)
    plot.judge(at, f"the result was given to the post {hours:.0f} working hours after it was signed")


PAIRS: Final[dict[str, Pair]] = {
    "E-02": Pair(accepted_before_arrival, accepted_by_delegation),
    "E-03": Pair(late_acceptance, soon_accepted),
    "E-04": Pair(papers_not_sent_back, papers_sent_back),
    "E-05": Pair(result_before_its_time, request_while_working),
    "E-07": Pair(supplement_lies_there, supplement_taken_up),
    "E-08": Pair(paid_at_the_post, paid_and_synchronised),
    "E-09": Pair(result_not_sent, result_sent_soon),
    "E-10": Pair(delivery_not_told, delivery_told),
    "E-11": Pair(returned_on_paper_only, returned_after_all),
    "E-12": Pair(nothing_happens, quiet_lawfully),
}
