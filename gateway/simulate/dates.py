"""Promises and the two clocks (D-09, D-10, D-11, E-15, E-17)."""

import dataclasses
import datetime as dt
from typing import Final

from gateway.sample import province
from gateway.simulate.folder import Folder
from gateway.simulate.pair import Pair
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR
from schemas.dossier import Dossier, Pause, PauseEffect, RequestKind
from schemas.organisation import ProcedureVersion
from schemas.shipment import Purpose
from tracking.table import Trigger

THREE_DAYS: Final[ProcedureVersion] = next(
    one for one in province.PROCEDURES if one.term.amount == 3 and one.field_code == "G99-KD01"
)


def at_risk(plot: Plot) -> None:
    """Still at work in the last working hours before the promised date, and then just in time."""
    at = plot.begin()
    folder, due = _accepted(plot, at)
    signed = due - HOUR * plot.rng.uniform(0.3, 0.9)
    _signed(plot, folder, signed)
    plot.faulty(due - 8 * HOUR, "still at work on its last day")


def done_in_time(plot: Plot) -> None:
    """Signed a day and more before the promised date; or the clock stands still because papers are wanted."""
    at = plot.begin()
    folder, due = _accepted(plot, at)
    if plot.n % 2:
        folder.move(Trigger.ASK_SUPPLEMENT, plot.world.office(at, 3.0), reason="thiếu bản sao")
        folder.move(Trigger.SUPPLEMENT_ARRIVED, due + DAY, supplement_here=True)
        folder.complete(due + DAY + HOUR)
        _signed(plot, folder, plot.world.office(due + DAY, 3.0))
        plot.innocent(due, "the clock stood still while papers were wanted")
        return
    _signed(plot, folder, plot.world.office(at, plot.rng.uniform(4, 9)))
    plot.innocent(due, "signed long before the promised date")


def too_late(plot: Plot) -> None:
    """Signed a day and more after the promised date."""
    at = plot.begin()
    folder, due = _accepted(plot, at)
    _signed(plot, folder, plot.world.office(due, plot.rng.uniform(6, 14)))
    plot.faulty(due, "not signed on the promised date", entails=("D-09",))


def in_time_over_tet(plot: Plot) -> None:
    """The term runs over Tết or a weekend and is kept; or the promise was moved lawfully."""
    at = plot.begin(first=15, last=18) if plot.n % 2 else plot.begin()
    folder, due = _accepted(plot, at)
    _signed(plot, folder, due - 10 * HOUR if plot.n % 2 == 0 else plot.world.office(at, 12.0))
    plot.innocent(due, "kept, counted in working days", entails=("D-09",))


def wrong_clock(plot: Plot) -> None:
    """The processing clock runs while papers are wanted, or stands still though nobody is waited for."""
    at = plot.begin()
    folder = plot.working(at)
    if plot.n % 2:
        folder.past(Trigger.ASK_SUPPLEMENT, at, reason="thiếu bản sao").change(pauses=()).file(at)
        folder.move(Trigger.SUPPLEMENT_ARRIVED, plot.world.office(at, 20.0), supplement_here=True)
        resumed = plot.world.office(at, 22.0)
        folder.complete(resumed)
        folder.work_on(resumed)
        plot.faulty(at, "papers are wanted and the clock runs", entails=("E-17",))
        return
    paused = Pause(RequestKind.SUPPLEMENT, at - HOUR, None, PauseEffect.PAUSE)
    folder.change(pauses=(paused,)).file(at)
    mended = plot.world.office(at, 20.0)
    folder.amend(mended, _unpaused)
    folder.work_on(mended)
    plot.faulty(at, "at work, and the clock stands still", entails=("E-17",))


def right_clock(plot: Plot) -> None:
    """The clock stands still while papers travel, and runs again after it."""
    at = plot.begin()
    folder = plot.working(at).past(Trigger.ASK_SUPPLEMENT, at, reason="thiếu bản sao").file(at)
    posted = plot.world.office(at, 4.0)
    parcel = plot.parcel(folder, Purpose.SUPPLEMENT_IN, posted).register(posted).pack(folder, posted)
    delivered = parcel.travel(posted, lag=HOUR / 6)
    complete = plot.world.office(delivered, 2.0)
    folder.complete(complete)
    folder.work_on(complete)
    plot.innocent(at, "a supplement on its way: the clock stands still")


def asked_twice(plot: Plot) -> None:
    """A second request to complete the papers: it counts as overdue by indicator 2.1."""
    at = plot.begin()
    folder = plot.working(at).past(Trigger.ASK_SUPPLEMENT, at, reason="thiếu bản sao").file(at)
    arrived = plot.world.office(at, 6.0)
    folder.move(Trigger.SUPPLEMENT_ARRIVED, arrived, supplement_here=True)
    again = plot.world.office(arrived, 2.0)
    folder.move(Trigger.ASK_SUPPLEMENT, again, reason="bản sao mờ", approvals=("Chủ tịch",))
    second = plot.world.office(again, 6.0)
    folder.move(Trigger.SUPPLEMENT_ARRIVED, second, supplement_here=True)
    complete = plot.world.office(second, 2.0)
    folder.complete(complete)
    folder.work_on(complete)
    plot.faulty(again, "asked for papers a second time")


def asked_once(plot: Plot) -> None:
    """Asked once, told twice; or a fee after a supplement."""
    at = plot.begin()
    folder = plot.working(at).past(Trigger.ASK_SUPPLEMENT, at, reason="thiếu bản sao").file(at)
    if plot.n % 2:
        folder.status(5, plot.world.office(at, 1.0))
    arrived = plot.world.office(at, 6.0)
    folder.move(Trigger.SUPPLEMENT_ARRIVED, arrived, supplement_here=True)
    complete = plot.world.office(arrived, 2.0)
    folder.complete(complete)
    if plot.n % 2 == 0:
        folder.move(Trigger.ASK_FEE, complete + HOUR, fee_amount=20_000)
        complete = plot.world.office(complete, 6.0)
        folder.move(Trigger.PROVE_FEE, complete, fee_proof=True, promise=folder.promise)
    folder.work_on(complete)
    plot.innocent(at, "one request, told twice" if plot.n % 2 else "one supplement, then a fee")


def resumed_without_a_date(plot: Plot) -> None:
    """The papers came, the work goes on, and nobody gave a new date."""
    at = plot.begin()
    asked, arrived = plot.world.office(at - 4 * DAY), plot.world.office(at - 2 * DAY)
    folder = plot.working(asked).past(Trigger.ASK_SUPPLEMENT, asked, reason="thiếu bản sao")
    folder.past(Trigger.SUPPLEMENT_ARRIVED, arrived, supplement_here=True)
    due = folder.dossier.due_at
    history = folder.dossier.due_history
    folder.past(Trigger.SUPPLEMENT_COMPLETE, at, promise=None).change(due_at=due, due_history=history).file(at)
    folder.work_on(plot.world.office(at, 9.0))
    plot.faulty(at, "resumed after a supplement, the old date stands")


def resumed_with_a_date(plot: Plot) -> None:
    """The papers came and the new date was given."""
    at = plot.begin()
    asked, arrived = plot.world.office(at - 4 * DAY), plot.world.office(at - 2 * DAY)
    folder = plot.working(asked).past(Trigger.ASK_SUPPLEMENT, asked, reason="thiếu bản sao")
    folder.past(Trigger.SUPPLEMENT_ARRIVED, arrived, supplement_here=True)
    folder.past(Trigger.SUPPLEMENT_COMPLETE, at).file(at)
    folder.work_on(plot.world.office(at, 9.0))
    plot.innocent(at, "resumed with a new date")


def _accepted(plot: Plot, at: dt.datetime) -> tuple[Folder, dt.datetime]:
    """A three-day procedure handed in at the counter and begun at ``at``; answers the promised date."""
    folder = plot.lodged(at, post=None, procedure=THREE_DAYS)
    folder.past(Trigger.HAND_IN, at, direct=True, receipt_at=at).past(Trigger.ACCEPT, at + HOUR / 3)
    folder.past(Trigger.BEGIN_WORK, at + HOUR / 2).file(at + HOUR / 2)
    if folder.dossier.due_at is None:
        raise ValueError("the calendar of the world promises no date")
    return folder, folder.dossier.due_at


def _signed(plot: Plot, folder: Folder, at: dt.datetime) -> None:
    folder.move(Trigger.SIGN_RESULT, at, result_codes=("KQ.G99.000001",))
    out = plot.world.office(at, 1.0)
    folder.move(Trigger.HAND_OUT, out, proof=plot.handed_out(out))
    folder.move(Trigger.ARCHIVE, out + DAY, grace_over=True)


def _unpaused(dossier: Dossier) -> Dossier:
    return dataclasses.replace(dossier, pauses=())


PAIRS: Final[dict[str, Pair]] = {
    "D-09": Pair(at_risk, done_in_time),
    "D-10": Pair(too_late, in_time_over_tet),
    "D-11": Pair(wrong_clock, right_clock),
    "E-15": Pair(asked_twice, asked_once),
    "E-17": Pair(resumed_without_a_date, resumed_with_a_date),
}
