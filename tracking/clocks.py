"""Which clock runs, and for how long it ran: the processing clock (Pr) and the postal clock (Po) of a dossier. Pure.

Domain model §3: Pr begins with acceptance (rows 7, 16), stands while a supplement, a fee or a withdrawal is asked for
(rows 13 to 19, 21) and ends with the result, a refusal, a stop or a granted withdrawal (rows 20, 22, 23). Po runs while
an item of the dossier is with the post, by the item's fold, whatever the dossier's state. Both may run at once: between
two units the paper travels and the term goes on.
"""

import datetime as dt
import enum
from collections.abc import Iterable

from schemas.calendar import WorkCalendar
from schemas.dossier import Dossier, DossierState
from schemas.shipment import Item
from schemas.tracking import Outcome
from tracking import deadlines

S = DossierState
Span = tuple[dt.datetime, dt.datetime]

_RUNS = frozenset({S.ACCEPTED, S.PROCESSING, S.BETWEEN_UNITS})
_STANDS = frozenset({S.SUPP_ASKED, S.SUPP_IN_POST, S.SUPP_ARRIVED, S.FEE_ASKED, S.WITHDRAW_ASKED})
_ENDS = frozenset({S.RESULT_READY, S.STOPPED, S.WITHDRAWN, S.REFUSED, S.CLOSED, S.RETURNED})


class Processing(enum.StrEnum):
    """What the processing clock does."""

    NOT_BEGUN = "not_begun"
    RUNS = "runs"
    STANDS = "stands"
    ENDED = "ended"


def lawful(dossier: Dossier) -> Processing:
    """What Pr must do by the dossier's state; a lost item interrupts the paper, not the clock (row 32)."""
    state = dossier.interrupted[-1] if dossier.state is S.LOST_HOLD and dossier.interrupted else dossier.state
    if dossier.accepted_at is None:
        return Processing.NOT_BEGUN
    if state in _RUNS:
        return Processing.RUNS
    return Processing.STANDS if state in _STANDS else Processing.ENDED


def recorded(dossier: Dossier) -> Processing:
    """What Pr does by the dossier's own record: its acceptance, its pauses and its end."""
    if dossier.accepted_at is None:
        return Processing.NOT_BEGUN
    if any(pause.until is None for pause in dossier.pauses):
        return Processing.STANDS
    return Processing.ENDED if ended_at(dossier) is not None else Processing.RUNS


def ended_at(dossier: Dossier) -> dt.datetime | None:
    """When Pr ended; None while it did not. A dossier that was reopened was resolved all the same."""
    return next((step.at for step in dossier.history if step.state in _ENDS), None)


def processing_time(dossier: Dossier, calendar: WorkCalendar, now: dt.datetime) -> dt.timedelta:
    """Office time that the unit used: from acceptance to the end, without the stops; two stops at once count once."""
    start = dossier.accepted_at
    if start is None:
        return deadlines.NO_TIME
    end = ended_at(dossier) or now
    stops = _merged((max(one.since, start), min(one.until or end, end)) for one in dossier.pauses)
    used = deadlines.working_time(calendar, start, end)
    return used - sum((deadlines.working_time(calendar, *stop) for stop in stops), deadlines.NO_TIME)


def postal_time(items: Iterable[Item], now: dt.datetime) -> dt.timedelta:
    """Time in which the post held an item of the dossier; parcels that travel together count once."""
    spans = _merged(span for item in items if (span := held(item, now)) is not None)
    return sum((end - start for start, end in spans), deadlines.NO_TIME)


def held(item: Item, now: dt.datetime) -> Span | None:
    """From when to when the post held the item, to ``now`` where it still does; None where it never had it."""
    fold = item.fold
    if fold.accepted_at is None:
        return None
    return fold.accepted_at, now if fold.outcome is Outcome.OPEN else fold.delivered_at or fold.since or now


def _merged(spans: Iterable[Span]) -> list[Span]:
    whole: list[Span] = []
    for start, end in sorted(span for span in spans if span[1] > span[0]):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole
