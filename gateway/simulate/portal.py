"""What the portal and the one-stop system say against what the post does (E-02 … E-14, E-16, E-18, E-19, E-21)."""

import dataclasses
import datetime as dt
from typing import Final

from gateway.simulate.pair import Pair
from gateway.simulate.parcel import Parcel
from gateway.simulate.plot import Folder, Plot
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
    delivered = _deliver(plot, parcel, plot.world.counter(told, 6.0))
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
    delivered = _deliver(plot, parcel, seen)
    folder.receipt(plot.world.office(delivered, 0.5))
    folder.work(plot.world.office(delivered, 0.6))
    plot.innocent(told, f"its intake is {mode}")


def late_acceptance(plot: Plot) -> None:
    """Delivered and signed for; accepted only after a working day."""
    _accepted_after(plot, plot.rng.uniform(7, 14))


def soon_accepted(plot: Plot) -> None:
    """Accepted within four hours of work, over a night or a weekend."""
    _accepted_after(plot, plot.rng.uniform(0.5, 3.0))


def papers_not_sent_back(plot: Plot) -> None:
    """Refused, and the citizen's papers lie there for days."""
    _refused(plot, plot.rng.uniform(14, 24))


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
    _refused(plot, plot.rng.uniform(1, 5))


def result_before_its_time(plot: Plot) -> None:
    """A result is with the post while the dossier is still at work."""
    folder, parcel, at = _sent_while_working(plot, Purpose.RESULT_OUT)
    delivered = parcel.travel(at)
    folder.work_on(plot.world.office(delivered, 2.0))
    plot.faulty(at, "a result is on its way while the dossier is at work", entails=("D-02",))


def request_while_working(plot: Plot) -> None:
    """What the post has is a request to the citizen, or a result that is only booked."""
    purpose = (Purpose.REQUEST_OUT, Purpose.RESULT_OUT)[plot.n % 2]
    folder, parcel, at = _sent_while_working(plot, purpose)
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
    _supplement(plot, plot.rng.uniform(7, 14))


def supplement_taken_up(plot: Plot) -> None:
    """The missing papers are on their way, come, and are looked at."""
    _supplement(plot, plot.rng.uniform(0.5, 3.0))


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
        _deliver(plot, parcel, plot.world.counter(proved, 2.0))
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
    delivered = _deliver(plot, parcel, again)
    folder.finish(delivered)
    plot.faulty(seen, "no word from anybody for four working days", entails=("D-07",))


def quiet_lawfully(plot: Plot) -> None:
    """Quiet, because the office works on it and nothing travels; or because it is Tết."""
    if plot.n % 2:
        at = plot.begin(first=17, last=19)
        folder, (parcel,) = plot.inbound(at)
        seen = parcel.travel(at, until=Movement.ACCEPTED)
        folder.finish(_deliver(plot, parcel, seen))
        plot.innocent(seen, "Tết")
        return
    at = plot.begin()
    folder = plot.working(at).file(at)
    folder.work_on(plot.world.office(at, 34.0))
    plot.innocent(at, "nothing travels; the office works on it")


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
    _refused(plot, 2.0)


def stopped_with_result_away(plot: Plot) -> None:
    """Stopped while a result is with the post."""
    folder, parcel, at = _sent_while_working(plot, Purpose.RESULT_OUT)
    seen = parcel.travel(at, until=Movement.IN_TRANSIT)
    stopped = plot.world.office(seen, 0.5)
    folder.move(Trigger.STOP, stopped, reason="không đủ điều kiện")
    _deliver(plot, parcel, plot.world.counter(stopped, 4.0))
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


def _collected(parcel: Parcel, at: dt.datetime) -> None:
    money = (MoneyLine("cod", 20_000),)
    parcel.say(None, at + HOUR / 12, code="110", mapped=PAID, money=money, office=parcel.destination())


PAID: Final = Mapped(Movement.IN_TRANSIT, Outcome.OPEN, Direction.FORWARD, EvidenceLevel.NONE, action="money")


def _deliver(plot: Plot, parcel: Parcel, after: dt.datetime) -> dt.datetime:
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


def _refused(plot: Plot, hours: float) -> None:
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, by_post=True)
    delivered = parcel.travel(at)
    signed = plot.world.office(delivered, 0.5)
    folder.receipt(signed)
    refused = plot.world.office(signed, 2.0)
    folder.status(3, refused, reason="thiếu giấy tờ")
    sent = plot.world.office(refused, hours)
    folder.move(Trigger.SEND_PAPERS, sent, originals=True)
    back = plot.parcel(folder, Purpose.PAPERS_BACK, sent).register(sent).pack(folder, sent)
    back.travel(sent)
    plot.judge(refused, f"refused; the papers left {hours:.0f} working hours later")


def _sent_while_working(plot: Plot, purpose: Purpose) -> tuple[Folder, Parcel, dt.datetime]:
    at = plot.begin()
    folder = plot.working(at).file(at)
    return folder, plot.parcel(folder, purpose, at).register(at).pack(folder, at), at


def _supplement(plot: Plot, hours: float) -> None:
    at = plot.begin()
    folder = plot.working(at).past(Trigger.ASK_SUPPLEMENT, at, reason="thiếu bản sao").file(at)
    posted = plot.world.office(at, 5.0)
    parcel = plot.parcel(folder, Purpose.SUPPLEMENT_IN, posted).register(posted).pack(folder, posted)
    delivered = parcel.travel(posted)
    complete = plot.world.office(delivered, hours)
    folder.move(Trigger.SUPPLEMENT_COMPLETE, complete, promise=folder.promise)
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
    folder.move(Trigger.SUPPLEMENT_COMPLETE, complete, promise=folder.promise)
    folder.work_on(complete)
    plot.judge(back, "the request reached the citizen" if delivered else "the request came back", entails=("D-14",))


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
    "E-14": Pair(request_undelivered, request_delivered),
    "E-16": Pair(refused_after_acceptance, refused_before_acceptance),
    "E-18": Pair(stopped_with_result_away, stopped_with_papers_away),
    "E-19": Pair(returned_without_proof, returned_with_proof),
    "E-21": Pair(portal_lags, portal_soon_knows),
}
