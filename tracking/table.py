"""The transition table of domain model §3 as data: 34 rows, some with variants for their different sources.

Nothing here decides: :mod:`tracking.transitions` reads the rows. A row with two lawful ways has one :class:`Row` per
way, under the same number, and its guards tell them apart. The national code is a function of the state: the column
``national`` names it, and the portal hears it once a code exists and only when it changes.
"""

import dataclasses
import enum
from collections.abc import Callable

from schemas.dossier import Dossier, DossierState
from tracking import effects, guards
from tracking.effects import Effect
from tracking.guards import Guard

S = DossierState


class Trigger(enum.StrEnum):
    """What happened; who moves a dossier names one of these."""

    BEGIN = "begin"
    LODGE = "lodge"
    VOID = "void"
    POST_HAS_IT = "post_has_it"
    ARRIVE = "arrive"
    HAND_IN = "hand_in"
    ACCEPT = "accept"
    REFUSE = "refuse"
    ASK_SUPPLEMENT = "ask_supplement"
    BEGIN_WORK = "begin_work"
    SEND_ON = "send_on"
    TAKE_OVER = "take_over"
    SUPPLEMENT_POSTED = "supplement_posted"
    SUPPLEMENT_ARRIVED = "supplement_arrived"
    SUPPLEMENT_COMPLETE = "supplement_complete"
    ASK_FEE = "ask_fee"
    PROVE_FEE = "prove_fee"
    STOP = "stop"
    ASK_WITHDRAWAL = "ask_withdrawal"
    GRANT_WITHDRAWAL = "grant_withdrawal"
    TAKE_BACK_WITHDRAWAL = "take_back_withdrawal"
    SIGN_RESULT = "sign_result"
    RESULT_POSTED = "result_posted"
    HOLD = "hold"
    OUT_AGAIN = "out_again"
    DELIVERED = "delivered"
    RETURN_DECIDED = "return_decided"
    SENDER_RECEIPT = "sender_receipt"
    HAND_OUT = "hand_out"
    SEND_PAPERS = "send_papers"
    CLOSE_PAPERS = "close_papers"
    REOPEN = "reopen"
    DECLARE_LOST = "declare_lost"
    FIND = "find"
    SUCCEED = "succeed"
    ARCHIVE = "archive"


class Clock(enum.Enum):
    """What a row does to the processing clock (Pr) or the postal clock (Po)."""

    LEAVE = "leave"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class Stack(enum.Enum):
    """What a row does to the stack of interrupted states; *prev* is its top."""

    LEAVE = "leave"
    PUSH = "push"
    POP = "pop"
    CLEAR = "clear"


class Goal(enum.Enum):
    """Targets that are not one state."""

    PREVIOUS = "previous"
    SAME = "same"
    REOPENED = "reopened"


National = Callable[[Dossier, DossierState], int | None]
"""(dossier before the move, state after it) → the code that the portal should hear, before asking whether it may."""

OPEN = frozenset(
    {S.LODGED, S.IN_POST, S.ARRIVED, S.ACCEPTED, S.PROCESSING, S.BETWEEN_UNITS}
    | {S.SUPP_ASKED, S.SUPP_IN_POST, S.SUPP_ARRIVED, S.FEE_ASKED}
)
ENDED = frozenset({S.REFUSED, S.WITHDRAWN, S.STOPPED})
ON_RESULT_WAY = frozenset({S.RESULT_IN_POST, S.RESULT_HELD})
HOLDABLE = frozenset(S) - {S.DRAFT, S.VOID, S.CLOSED, S.RETURNED, S.LOST_HOLD}

CODE_OF: dict[DossierState, int] = {
    **dict.fromkeys((S.LODGED, S.IN_POST, S.ARRIVED), 1),
    **dict.fromkeys((S.SUPP_ASKED, S.SUPP_IN_POST, S.SUPP_ARRIVED), 5),
    **dict.fromkeys((S.WITHDRAW_ASKED, S.WITHDRAWN), 7),
    **dict.fromkeys((S.RESULT_READY, S.RESULT_IN_POST, S.RESULT_HELD, S.PROOF_WAIT), 9),
    **dict.fromkeys((S.RESULT_GOING_BACK, S.RESULT_BACK), 9),
    S.ACCEPTED: 2,
    S.REFUSED: 3,
    S.PROCESSING: 4,
    S.FEE_ASKED: 6,
    S.STOPPED: 8,
    S.RETURNED: 10,
}
"""States with one code. DRAFT has none; VOID, BETWEEN_UNITS, PAPERS_OUT, CLOSED and LOST_HOLD keep what was."""


def by_state(_dossier: Dossier, state: DossierState) -> int | None:
    """The state's own code."""
    return CODE_OF.get(state)


def kept(dossier: Dossier, _state: DossierState) -> int | None:
    """The code that was."""
    return dossier.national


def seven_if_one_was_sent(dossier: Dossier, _state: DossierState) -> int | None:
    """A dossier that the portal never heard of ends without a word."""
    return 7 if any(step.national == 1 for step in dossier.history) or dossier.national == 1 else None


def previous(dossier: Dossier, state: DossierState) -> int | None:
    """The code that the interrupted state had."""
    if state in CODE_OF:
        return CODE_OF[state]
    had = [step.national for step in dossier.history if step.state is state and step.national is not None]
    return had[-1] if had else dossier.national


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One way through one row of the table."""

    no: int
    trigger: Trigger
    sources: frozenset[DossierState]
    """Empty: the dossier has not begun."""
    target: DossierState | Goal
    guards: tuple[Guard, ...] = ()
    national: National = by_state
    processing: Clock = Clock.LEAVE
    postal: Clock = Clock.LEAVE
    effects: tuple[Effect, ...] = ()
    stack: Stack = Stack.LEAVE
    form: str = ""
    """Number of the official form that the move rests on; another one is refused."""


def _of(*states: DossierState) -> frozenset[DossierState]:
    return frozenset(states)


T = Trigger
G = guards
E = effects

ROWS: tuple[Row, ...] = (
    Row(1, T.BEGIN, frozenset(), S.DRAFT),
    Row(2, T.LODGE, _of(S.DRAFT), S.LODGED, effects=(E.lodge,)),
    Row(3, T.VOID, _of(S.DRAFT, S.LODGED), S.VOID, national=seven_if_one_was_sent, effects=(E.close,)),
    Row(4, T.POST_HAS_IT, _of(S.LODGED), S.IN_POST, (G.post_has_it,), postal=Clock.START, effects=(E.begin_leg,)),
    Row(
        5,
        T.ARRIVE,
        _of(S.IN_POST),
        S.ARRIVED,
        (G.all_delivered, G.unit_receipt),
        postal=Clock.END,
        effects=(E.sign_leg,),
    ),
    Row(6, T.HAND_IN, _of(S.LODGED), S.ARRIVED, (G.handed_over_directly,), effects=(E.sign_leg,)),
    Row(7, T.ACCEPT, _of(S.ARRIVED), S.ACCEPTED, processing=Clock.START, effects=(E.accept,), form="01"),
    Row(
        7,
        T.ACCEPT,
        _of(S.LODGED, S.IN_POST),
        S.ACCEPTED,
        (G.early_acceptance,),
        processing=Clock.START,
        effects=(E.accept,),
        form="01",
    ),
    Row(8, T.REFUSE, _of(S.LODGED, S.ARRIVED), S.REFUSED, (G.reason_given,), effects=(E.end_processing,), form="03"),
    Row(
        8,
        T.REFUSE,
        _of(S.SUPP_ASKED, S.SUPP_ARRIVED),
        S.REFUSED,
        (G.not_yet_accepted, G.reason_given),
        effects=(E.end_processing,),
        form="03",
    ),
    Row(9, T.ASK_SUPPLEMENT, _of(S.LODGED, S.ARRIVED), S.SUPP_ASKED, effects=(E.ask_supplement,), form="02"),
    Row(10, T.BEGIN_WORK, _of(S.ACCEPTED), S.PROCESSING, effects=(E.begin_work,)),
    Row(
        11,
        T.SEND_ON,
        _of(S.ACCEPTED, S.PROCESSING),
        S.BETWEEN_UNITS,
        (G.giver_signed, G.goes_somewhere),
        national=kept,
        effects=(E.send_on,),
    ),
    Row(12, T.TAKE_OVER, _of(S.BETWEEN_UNITS), S.PROCESSING, (G.taken_or_sent_back,), effects=(E.take_over,)),
    Row(
        13,
        T.ASK_SUPPLEMENT,
        _of(S.PROCESSING),
        S.SUPP_ASKED,
        (G.head_for_second_request,),
        processing=Clock.PAUSE,
        effects=(E.ask_supplement,),
        form="02",
    ),
    Row(14, T.SUPPLEMENT_POSTED, _of(S.SUPP_ASKED), S.SUPP_IN_POST, (G.post_has_it,), postal=Clock.START),
    Row(
        15,
        T.SUPPLEMENT_ARRIVED,
        _of(S.SUPP_ASKED, S.SUPP_IN_POST),
        S.SUPP_ARRIVED,
        (G.supplement_here,),
        postal=Clock.END,
        effects=(E.supplement_arrives,),
    ),
    Row(
        16,
        T.SUPPLEMENT_COMPLETE,
        _of(S.SUPP_ARRIVED),
        S.PROCESSING,
        (G.accepted_before,),
        processing=Clock.RESUME,
        effects=(E.settle_supplement,),
    ),
    Row(
        16,
        T.SUPPLEMENT_COMPLETE,
        _of(S.SUPP_ARRIVED),
        S.ACCEPTED,
        (G.not_yet_accepted,),
        processing=Clock.START,
        effects=(E.settle_supplement, E.accept),
        form="01",
    ),
    Row(
        17,
        T.ASK_SUPPLEMENT,
        _of(S.SUPP_ARRIVED),
        S.SUPP_ASKED,
        (G.head_for_second_request,),
        effects=(E.ask_supplement,),
        form="02",
    ),
    Row(
        18,
        T.ASK_FEE,
        _of(S.ACCEPTED, S.PROCESSING),
        S.FEE_ASKED,
        processing=Clock.PAUSE,
        effects=(E.ask_fee,),
        stack=Stack.PUSH,
    ),
    Row(
        19,
        T.PROVE_FEE,
        _of(S.FEE_ASKED),
        Goal.PREVIOUS,
        (G.fee_proved,),
        national=previous,
        processing=Clock.RESUME,
        effects=(E.settle_fee,),
        stack=Stack.POP,
    ),
    Row(
        20,
        T.STOP,
        _of(S.SUPP_ASKED, S.FEE_ASKED, S.PROCESSING),
        S.STOPPED,
        (G.accepted_before, G.reason_given),
        processing=Clock.END,
        effects=(E.end_processing,),
        stack=Stack.CLEAR,
        form="05",
    ),
    Row(
        21,
        T.ASK_WITHDRAWAL,
        OPEN,
        S.WITHDRAW_ASKED,
        processing=Clock.PAUSE,
        effects=(E.ask_withdrawal,),
        stack=Stack.PUSH,
    ),
    Row(
        22,
        T.GRANT_WITHDRAWAL,
        _of(S.WITHDRAW_ASKED),
        S.WITHDRAWN,
        processing=Clock.END,
        effects=(E.end_processing,),
        stack=Stack.CLEAR,
    ),
    Row(
        22,
        T.TAKE_BACK_WITHDRAWAL,
        _of(S.WITHDRAW_ASKED),
        Goal.PREVIOUS,
        national=previous,
        processing=Clock.RESUME,
        effects=(E.take_back_withdrawal,),
        stack=Stack.POP,
    ),
    Row(23, T.SIGN_RESULT, _of(S.PROCESSING), S.RESULT_READY, processing=Clock.END, effects=(E.sign_result,)),
    Row(
        24,
        T.RESULT_POSTED,
        _of(S.RESULT_READY, S.RESULT_BACK),
        S.RESULT_IN_POST,
        (G.returned_by_post, G.result_accepted),
        postal=Clock.START,
    ),
    Row(25, T.HOLD, _of(S.RESULT_IN_POST), S.RESULT_HELD, (G.delivery_failed,)),
    Row(25, T.OUT_AGAIN, _of(S.RESULT_HELD), S.RESULT_IN_POST, (G.out_again,)),
    Row(
        27,
        T.DELIVERED,
        ON_RESULT_WAY | {S.PROOF_WAIT},
        S.RETURNED,
        (G.all_delivered, G.proof_enough),
        postal=Clock.END,
        effects=(E.prove_by_post,),
    ),
    Row(
        26,
        T.DELIVERED,
        ON_RESULT_WAY,
        S.PROOF_WAIT,
        (G.some_delivered, G.proof_wanting),
        postal=Clock.END,
    ),
    Row(28, T.RETURN_DECIDED, ON_RESULT_WAY | {S.PROOF_WAIT}, S.RESULT_GOING_BACK, (G.return_decided,)),
    Row(28, T.SENDER_RECEIPT, _of(S.RESULT_GOING_BACK), S.RESULT_BACK, (G.sender_has_it,), postal=Clock.END),
    Row(29, T.HAND_OUT, _of(S.RESULT_READY, S.RESULT_BACK), S.RETURNED, (G.proof_given,), effects=(E.prove_by_hand,)),
    Row(30, T.SEND_PAPERS, ENDED, S.PAPERS_OUT, (G.originals_here,), national=kept, postal=Clock.START),
    Row(
        30,
        T.CLOSE_PAPERS,
        _of(S.PAPERS_OUT),
        S.CLOSED,
        (G.papers_received,),
        national=kept,
        postal=Clock.END,
        effects=(E.close,),
    ),
    Row(30, T.CLOSE_PAPERS, ENDED, S.CLOSED, (G.no_originals,), national=kept, effects=(E.close,)),
    Row(
        31,
        T.REOPEN,
        _of(S.RETURNED, S.CLOSED),
        Goal.REOPENED,
        (G.was_returned, G.two_persons, G.reason_given, G.reopens_lawfully),
        effects=(E.reopen,),
    ),
    Row(
        32,
        T.DECLARE_LOST,
        HOLDABLE,
        S.LOST_HOLD,
        (G.post_holds, G.loss_declared),
        national=kept,
        stack=Stack.PUSH,
    ),
    Row(32, T.FIND, _of(S.LOST_HOLD), Goal.PREVIOUS, (G.found_or_replaced,), national=previous, stack=Stack.POP),
    Row(
        33,
        T.SUCCEED,
        frozenset(S) - {S.VOID, S.CLOSED},
        Goal.SAME,
        (G.successor_named,),
        national=kept,
        effects=(E.succeed,),
    ),
    Row(34, T.ARCHIVE, _of(S.RETURNED), S.CLOSED, (G.grace_over,), effects=(E.close,), national=kept),
)
"""Row 27 stands before 26: where the proof is whole there is nothing to wait for."""
