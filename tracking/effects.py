"""What a move changes besides state, national code and history: dates, pauses, requests, legs, proofs.

Each effect is a pure function (dossier, facts, at) -> dossier and is named in the rows of :mod:`tracking.table`.
The processing clock (Pr) lives in ``pauses`` and ``due_at``; the postal clock (Po) lives in the folds of the items.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable

from schemas.dossier import (
    CodeAlias,
    Dossier,
    DueChange,
    Leg,
    Pause,
    PauseEffect,
    ProofKind,
    Request,
    RequestKind,
    Result,
    ReturnProof,
    Supplement,
)
from schemas.organisation import SupplementClock
from tracking import deadlines
from tracking.facts import Facts

Effect = Callable[[Dossier, Facts, dt.datetime], Dossier]


def lodge(dossier: Dossier, _facts: Facts, at: dt.datetime) -> Dossier:
    """NgayNopHoSo."""
    return dataclasses.replace(dossier, submitted_at=dossier.submitted_at or at)


def begin_leg(dossier: Dossier, _facts: Facts, at: dt.datetime) -> Dossier:
    """The post carries the paper from where it was handed in to the unit that decides."""
    if any(leg.received_at is None and leg.done_at is None for leg in dossier.legs):
        return dossier
    origin = dossier.post_unit or dossier.receiving_unit
    leg = Leg(origin, dossier.competent_unit, sent_at=at, received_at=None, due_at=None, done_at=None)
    return dataclasses.replace(dossier, legs=(*dossier.legs, leg))


def sign_leg(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """The unit's receipt ends the way to it; a leg is opened where nobody told of one."""
    received = facts.receipt_at or at
    for n, leg in enumerate(dossier.legs):
        if leg.received_at is None and leg.done_at is None:
            return _with_leg(dossier, n, dataclasses.replace(leg, received_at=received))
    if dossier.legs:
        return dossier
    origin = dossier.post_unit or dossier.receiving_unit
    leg = Leg(origin, dossier.competent_unit, sent_at=None, received_at=received, due_at=None, done_at=None)
    return dataclasses.replace(dossier, legs=(leg,))


def accept(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """NgayTiepNhan and the final NgayHenTra; the agency's code where it gave one."""
    coded = _with_code(dossier, facts, at)
    started = dataclasses.replace(coded, accepted_at=coded.accepted_at or at, due_final=True)
    due = facts.due_at
    if due is None and facts.promise is not None:
        due = deadlines.due_at(facts.promise.term, at, facts.promise.calendar)
    return _promised(started, facts, due, at, "accepted")


def ask_supplement(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """Form 02: one more request, and Pr stands still or will begin again, as the procedure version says."""
    asked = Supplement(
        n=len(dossier.supplements) + 1, asked_at=at, due_at=facts.supplement_due_at, arrived_at=None, settled_at=None
    )
    earlier = tuple(one if one.settled_at else dataclasses.replace(one, settled_at=at) for one in dossier.supplements)
    request = Request(RequestKind.SUPPLEMENT, at, None, facts.supplement_due_at, None, facts.reason)
    changed = dataclasses.replace(_settled(dossier, RequestKind.SUPPLEMENT, at), supplements=(*earlier, asked))
    changed = dataclasses.replace(changed, requests=(*changed.requests, request))
    restart = facts.promise is not None and facts.promise.supplement_clock is SupplementClock.RESTART
    return _paused(changed, RequestKind.SUPPLEMENT, at, PauseEffect.RESTART if restart else PauseEffect.PAUSE)


def supplement_arrives(dossier: Dossier, _facts: Facts, at: dt.datetime) -> Dossier:
    """The newest supplement is here."""
    if not dossier.supplements:
        return dossier
    *earlier, last = dossier.supplements
    return dataclasses.replace(dossier, supplements=(*earlier, dataclasses.replace(last, arrived_at=at)))


def settle_supplement(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """The papers are complete: Pr resumes, NgayHenTraMoi."""
    settled = tuple(one if one.settled_at else dataclasses.replace(one, settled_at=at) for one in dossier.supplements)
    changed = dataclasses.replace(_settled(dossier, RequestKind.SUPPLEMENT, at), supplements=settled)
    return _resumed(changed, RequestKind.SUPPLEMENT, facts, at)


def ask_fee(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """Fee notice: Pr stands still."""
    request = Request(RequestKind.FEE, at, facts.fee_amount, facts.supplement_due_at, None, facts.reason)
    changed = dataclasses.replace(dossier, requests=(*dossier.requests, request))
    return _paused(changed, RequestKind.FEE, at, PauseEffect.PAUSE)


def settle_fee(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """Paid: Pr resumes."""
    return _resumed(_settled(dossier, RequestKind.FEE, at), RequestKind.FEE, facts, at)


def ask_withdrawal(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """The citizen asks for the dossier back: Pr stands still."""
    request = Request(RequestKind.WITHDRAWAL, at, None, None, None, facts.reason)
    changed = dataclasses.replace(dossier, requests=(*dossier.requests, request))
    return _paused(changed, RequestKind.WITHDRAWAL, at, PauseEffect.PAUSE)


def take_back_withdrawal(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """The citizen changed their mind: Pr resumes."""
    return _resumed(_settled(dossier, RequestKind.WITHDRAWAL, at), RequestKind.WITHDRAWAL, facts, at)


def end_processing(dossier: Dossier, _facts: Facts, at: dt.datetime) -> Dossier:
    """Pr ends: whatever pause stands open ends with it, and so does every open request."""
    pauses = tuple(one if one.until else dataclasses.replace(one, until=at) for one in dossier.pauses)
    requests = tuple(one if one.settled_at else dataclasses.replace(one, settled_at=at) for one in dossier.requests)
    return dataclasses.replace(dossier, pauses=pauses, requests=requests)


def begin_work(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """Leg 1: the competent unit has it, and its budget runs."""
    if dossier.legs and dossier.legs[-1].target == dossier.competent_unit:
        last = dossier.legs[-1]
        due = last.due_at or _leg_due(dossier, facts, at)
        signed = dataclasses.replace(last, received_at=last.received_at or at, due_at=due)
        return _with_leg(dossier, len(dossier.legs) - 1, signed)
    leg = Leg(dossier.receiving_unit, dossier.competent_unit, None, at, _leg_due(dossier, facts, at), None)
    return dataclasses.replace(dossier, legs=(*dossier.legs, leg))


def send_on(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """The leg to the next unit begins; the giver stays the holder until the taker signs."""
    done = _leg_done(dossier, at)
    leg = Leg(dossier.competent_unit, facts.next_unit or dossier.competent_unit, at, None, facts.due_at, None)
    return dataclasses.replace(done, legs=(*done.legs, leg))


def take_over(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """DonViXuLy becomes the holder, its budget runs; a dossier sent back stays with the giver."""
    if not dossier.legs:
        return dossier
    last = dossier.legs[-1]
    if facts.sent_back:
        return _with_leg(dossier, len(dossier.legs) - 1, dataclasses.replace(last, done_at=at))
    received = facts.receipt_at or at
    taken = dataclasses.replace(last, received_at=received, due_at=last.due_at or _leg_due(dossier, facts, received))
    signed = _with_leg(dossier, len(dossier.legs) - 1, taken)
    return dataclasses.replace(signed, competent_unit=last.target)


def sign_result(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """The result exists: Pr ends, the unit's leg is done."""
    known = {result.code for result in dossier.results}
    results = tuple(Result(code, None) for code in facts.result_codes if code not in known)
    done = _leg_done(end_processing(dossier, facts, at), at)
    return dataclasses.replace(done, results=(*done.results, *results))


def prove_by_post(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    """NgayTra is the time of delivery, not the time at which we heard of it."""
    delivered = facts.delivered_at or at
    proof = ReturnProof(
        ProofKind.POSTAL, delivered, f"post, proof {facts.evidence.name.lower()}", facts.evidence_sha256
    )
    return dataclasses.replace(dossier, return_proof=proof)


def prove_by_hand(dossier: Dossier, facts: Facts, _at: dt.datetime) -> Dossier:
    """Signature at the counter, or electronic delivery."""
    return dataclasses.replace(dossier, return_proof=facts.proof)


def close(dossier: Dossier, _facts: Facts, at: dt.datetime) -> Dossier:
    """The file goes to the archive."""
    return dataclasses.replace(dossier, closed_at=at)


def reopen(dossier: Dossier, _facts: Facts, _at: dt.datetime) -> Dossier:
    """Open again; the old proof is kept until a new one replaces it."""
    return dataclasses.replace(dossier, closed_at=None)


def succeed(dossier: Dossier, facts: Facts, _at: dt.datetime) -> Dossier:
    """New units; code and due date stay."""
    return dataclasses.replace(
        dossier,
        receiving_unit=facts.receiving_unit or dossier.receiving_unit,
        competent_unit=facts.competent_unit or dossier.competent_unit,
        returning_unit=facts.returning_unit or dossier.returning_unit,
    )


def _with_code(dossier: Dossier, facts: Facts, at: dt.datetime) -> Dossier:
    if facts.new_code is None or facts.new_code == dossier.code:
        return dossier
    ended = tuple(
        dataclasses.replace(alias, valid_to=at) if alias.code == dossier.code and alias.valid_to is None else alias
        for alias in dossier.aliases
    )
    alias = CodeAlias(facts.new_code, "official", at, None)
    return dataclasses.replace(dossier, code=facts.new_code, aliases=(*ended, alias))


def _promised(dossier: Dossier, facts: Facts, due: dt.datetime | None, at: dt.datetime, why: str) -> Dossier:
    """Set the due date; the one that was gets its row in ``due_history``."""
    if due is None or due == dossier.due_at:
        return dossier
    history = dossier.due_history
    if dossier.due_at is not None:
        history = (*history, DueChange(dossier.due_at, dossier.calendar_version, at, why))
    version = facts.promise.calendar.version if facts.promise is not None else dossier.calendar_version
    return dataclasses.replace(dossier, due_at=due, due_history=history, calendar_version=version)


def _paused(dossier: Dossier, kind: RequestKind, at: dt.datetime, effect: PauseEffect) -> Dossier:
    """Pr stands still from ``at``; there is nothing to stop before acceptance, and a stopped kind stays stopped."""
    if dossier.accepted_at is None or any(one.kind is kind and one.until is None for one in dossier.pauses):
        return dossier
    return dataclasses.replace(dossier, pauses=(*dossier.pauses, Pause(kind, at, None, effect)))


def _resumed(dossier: Dossier, kind: RequestKind, facts: Facts, at: dt.datetime) -> Dossier:
    """End the pause of this kind and move the due date, unless an outer pause still stands (it will give back all)."""
    running = next((one for one in dossier.pauses if one.kind is kind and one.until is None), None)
    if running is None:
        return _promised(dossier, facts, facts.due_at, at, f"{kind.value} settled")
    pauses = tuple(dataclasses.replace(one, until=at) if one is running else one for one in dossier.pauses)
    changed = dataclasses.replace(dossier, pauses=pauses)
    due = facts.due_at
    if facts.promise is not None and all(one.until for one in pauses):
        restart = running.effect is PauseEffect.RESTART
        if due is None and dossier.due_at is not None:
            due = deadlines.shifted(facts.promise, dossier.due_at, running.since, at, restart=restart)
        changed = _leg_resumed(changed, facts, running, at)
    return _promised(changed, facts, due, at, f"{kind.value} settled")


def _leg_resumed(dossier: Dossier, facts: Facts, stop: Pause, at: dt.datetime) -> Dossier:
    """The unit's own budget gets back what the dossier's term gets back."""
    last = dossier.legs[-1] if dossier.legs else None
    if last is None or last.due_at is None or last.done_at is not None or facts.promise is None:
        return dossier
    if stop.effect is PauseEffect.RESTART:
        due = _leg_due(dossier, facts, at)
    else:
        due = deadlines.shifted(facts.promise, last.due_at, stop.since, at, restart=False)
    return _with_leg(dossier, len(dossier.legs) - 1, dataclasses.replace(last, due_at=due or last.due_at))


def _settled(dossier: Dossier, kind: RequestKind, at: dt.datetime) -> Dossier:
    requests = tuple(
        dataclasses.replace(one, settled_at=at) if one.kind is kind and one.settled_at is None else one
        for one in dossier.requests
    )
    return dataclasses.replace(dossier, requests=requests)


def _leg_due(dossier: Dossier, facts: Facts, received: dt.datetime) -> dt.datetime | None:
    """By the budget of the unit that has it now: the first one whose leg is signed for is number 0."""
    before = sum(leg.received_at is not None for leg in dossier.legs[:-1])
    return deadlines.leg_due_at(facts.promise, before, received) if facts.promise is not None else None


def _leg_done(dossier: Dossier, at: dt.datetime) -> Dossier:
    if not dossier.legs or dossier.legs[-1].done_at is not None:
        return dossier
    return _with_leg(dossier, len(dossier.legs) - 1, dataclasses.replace(dossier.legs[-1], done_at=at))


def _with_leg(dossier: Dossier, n: int, leg: Leg) -> Dossier:
    return dataclasses.replace(dossier, legs=(*dossier.legs[:n], leg, *dossier.legs[n + 1 :]))
