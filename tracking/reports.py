"""What a one-stop system's report means for a dossier: the lawful way from where it stands to what they say. Pure.

They report a national code, not a trigger, and they skip codes: a report of 4 on a dossier that is ARRIVED means that
it was accepted and is worked on. :func:`way_to` looks for the shortest lawful way among the rows that such a report can
stand for, trying each on the pure table; where there is none the report is refused by name and nothing is moved.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

from schemas.dossier import Dossier, DossierState, ProofKind, ReturnMethod, ReturnProof
from schemas.errors import GuardFailed, UnlawfulMove
from schemas.ids import PeerId, Sha256
from schemas.portal import OneStopReport, ReportKind
from tracking import follow, transitions
from tracking.deadlines import Promise
from tracking.facts import Facts
from tracking.rules.present import present_parcels
from tracking.rules.views import Parcel
from tracking.table import CODE_OF, Trigger
from tracking.transitions import Move

LONGEST_WAY = 6
REOPENS_TALK = frozenset({DossierState.WITHDRAW_ASKED, DossierState.SUPP_ARRIVED})
"""States in which a newer report of the same national code is news: 7 granted, 5 asked again."""

T = Trigger
_HERE = (T.POST_HAS_IT, T.ARRIVE, T.HAND_IN)
_ACCEPTED = (*_HERE, T.SUPPLEMENT_ARRIVED, T.SUPPLEMENT_COMPLETE, T.PROVE_FEE, T.TAKE_BACK_WITHDRAWAL, T.ACCEPT)
_AT_WORK = (*_ACCEPTED, T.BEGIN_WORK, T.TAKE_OVER)
_MEANS: dict[int, tuple[Trigger, ...]] = {
    2: _ACCEPTED,
    3: (*_HERE, T.REFUSE),
    4: _AT_WORK,
    5: (*_HERE, T.BEGIN_WORK, T.TAKE_OVER, T.PROVE_FEE, T.ASK_SUPPLEMENT),
    6: (*_HERE, T.ACCEPT, T.TAKE_OVER, T.ASK_FEE),
    7: (T.ASK_WITHDRAWAL, T.GRANT_WITHDRAWAL),
    8: (*_AT_WORK, T.STOP),
    9: (*_AT_WORK, T.SIGN_RESULT),
    10: (*_AT_WORK, T.SIGN_RESULT, T.HAND_OUT),
}
"""National code → rows that a report of it can stand for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """The moves to make, in order; empty when the dossier stands there already. ``facts`` go with each of them."""

    triggers: tuple[Trigger, ...]
    facts: Facts


def is_old_news(dossier: Dossier, report: OneStopReport) -> bool:
    """True where the report tells nothing new: the code that stands, or one that was passed before a later step."""
    last = dossier.history[-1].at if dossier.history else None
    if report.national == transitions.code_of(dossier):
        return dossier.state not in REOPENS_TALK or last is None or report.at <= last
    passed = any(step.national == report.national for step in dossier.history)
    return passed and last is not None and report.at <= last


def unfollowed(dossier: Dossier) -> tuple[OneStopReport, ...]:
    """What peers say that this dossier never came to, in their own words: worth another try when it has moved."""
    had = {CODE_OF.get(step.state, step.national) for step in dossier.history}
    return tuple(
        OneStopReport(
            key="",
            kind=ReportKind.STATUS,
            code=dossier.code,
            national=theirs.national,
            at=theirs.as_of,
            by=theirs.peer,
            due_at=theirs.due_at,
            reason=theirs.reason,
            result_codes=theirs.result_codes,
            raw_sha256=Sha256(""),
        )
        for theirs in dossier.peer_states
        if theirs.national not in had and theirs.national in _MEANS
    )


def way_to(
    dossier: Dossier,
    report: OneStopReport,
    parcels: Sequence[Parcel],
    *,
    peer: PeerId,
    now: dt.datetime,
    promise: Promise | None = None,
) -> Way:
    """The shortest lawful way to the reported code.

    Args:
        dossier: as it stands.
        report: of kind STATUS.
        parcels: what carries the dossier's parts; a delivery that we know of fills in the unit's missing receipt.
        peer: who reports.
        now: present time.
        promise: for trying the moves; the due dates are computed again when they are made.

    Raises:
        UnlawfulMove: no lawful way leads there; the text names the nearest refusal.
    """
    facts = _facts(dossier, report, parcels, promise)
    national = report.national
    if national is None or national not in _MEANS:
        raise UnlawfulMove(f"a report of national code {national} moves no dossier", subject=dossier.code)
    asked = _Asked(national, facts, report, peer, now)
    ways = [_Tried(dossier, ())]
    for _ in range(LONGEST_WAY):
        ways = [longer for way in ways for longer in asked.one_step_more(way)]
        arrived = next((way for way in ways if asked.answered_by(way)), None)
        if arrived is not None:
            return Way(arrived.triggers, facts)
    detail = f"{peer} reports {national} while it stands at {dossier.state}; no lawful way leads there. {asked.refusal}"
    raise UnlawfulMove(detail.strip(), subject=dossier.code)


@dataclasses.dataclass(frozen=True, slots=True)
class _Tried:
    """A way tried on the pure table, and the dossier at its end."""

    dossier: Dossier
    triggers: tuple[Trigger, ...]


class _Asked:
    """One report's question to the table; remembers the first refusal that people should read."""

    def __init__(self, national: int, facts: Facts, report: OneStopReport, peer: PeerId, now: dt.datetime) -> None:
        self.national = national
        self.facts = facts
        self.report = report
        self.source = f"peer:{peer}"
        self.now = now
        self.refusal = ""

    def one_step_more(self, way: _Tried) -> Iterator[_Tried]:
        """Every lawful move that goes on from the end of ``way``."""
        for trigger in _MEANS[self.national]:
            try:
                move = transitions.decide(
                    way.dossier,
                    trigger,
                    self.facts,
                    at=self.report.at,
                    recorded_at=self.now,
                    by=self.report.by,
                    source=self.source,
                )
            except GuardFailed as refusal:
                self.refusal = self.refusal or refusal.detail
                continue
            except UnlawfulMove:
                continue
            if isinstance(move, Move):
                yield _Tried(transitions.apply_move(way.dossier, move), (*way.triggers, trigger))

    def answered_by(self, way: _Tried) -> bool:
        """The way ends at the reported code."""
        return transitions.code_of(way.dossier) == self.national


def _facts(dossier: Dossier, report: OneStopReport, parcels: Sequence[Parcel], promise: Promise | None) -> Facts:
    """What the items say, and what a report of this code implies about the unit's own acts."""
    posted = bool(present_parcels(dossier, parcels))
    proof = None
    if report.national == 10 and dossier.return_method is ReturnMethod.COUNTER:
        proof = ReturnProof(ProofKind.COUNTER_SIGNATURE, report.at, report.by, report.raw_sha256)
    known = follow.facts_of(dossier, parcels)
    return dataclasses.replace(
        known,
        reason=report.reason,
        fee_amount=report.amount,
        approvals=(report.by,),
        due_at=report.due_at,
        receipt_at=known.receipt_at or report.at,
        direct=not posted,
        post_signed=posted and known.post_signed,
        taker_signed=True,
        supplement_here=True,
        fee_proof=True,
        result_codes=report.result_codes,
        proof=proof,
        promise=promise,
    )
