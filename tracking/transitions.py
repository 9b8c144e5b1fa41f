"""Lawful moves of a dossier: the table decides, a move is applied purely, an unlawful one is refused by name.

:func:`decide` finds the row; :func:`apply_move` makes the dossier that follows. Neither reads a clock or a store.
The same trigger again, when it is what brought the dossier to where it stands, is no error: :class:`AlreadyDone`.
"""

import dataclasses
import datetime as dt

from schemas.dossier import Dossier, DossierState, Step
from schemas.errors import GuardFailed, UnlawfulMove
from schemas.ids import UnitId
from tracking import guards
from tracking.facts import Facts
from tracking.table import CODE_OF, ROWS, Goal, Row, Stack, Trigger


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """A lawful move, found but not yet made. ``state`` and ``national`` are those after it."""

    row: Row
    facts: Facts
    state: DossierState
    national: int | None
    interrupted: tuple[DossierState, ...]
    at: dt.datetime
    recorded_at: dt.datetime
    by: str
    source: str
    unit: UnitId | None


@dataclasses.dataclass(frozen=True, slots=True)
class AlreadyDone:
    """The trigger was what brought the dossier to its present state: the second telling is silence."""

    row: int


def decide(
    dossier: Dossier,
    trigger: Trigger,
    facts: Facts,
    *,
    at: dt.datetime,
    recorded_at: dt.datetime,
    by: str,
    source: str,
    unit: UnitId | None = None,
) -> Move | AlreadyDone:
    """Find the lawful row for ``trigger`` from the dossier's state.

    Args:
        dossier: as it stands.
        trigger: what happened.
        facts: what is known about it; reason, form and approvals are in here.
        at: when it happened in the world.
        recorded_at: now.
        by: person or system, as the portal may show it.
        source: ``desk``, ``peer:<id>``, ``tracking`` or ``clock``.
        unit: where it happened.

    Raises:
        UnlawfulMove: no row leads from this state by this trigger; the text names what is lawful instead.
        GuardFailed: a row does, but a condition is missing; the text names row and condition.
    """
    missing: list[str] = []
    for row in ROWS:
        if row.trigger is not trigger or not _starts_at(row, dossier):
            continue
        lacks = _lacks(row, dossier, facts)
        if not lacks and not _changes_nothing(row, dossier, facts):
            return _move(row, dossier, facts, at, recorded_at, by, source, unit)
        missing.append(f"row {row.no}: {'; '.join(lacks) or 'nothing would change'}")
    done = _already_done(dossier, trigger, facts)
    if done is not None:
        return done
    lawful = ", ".join(lawful_triggers(dossier)) or "nothing"
    if missing:
        detail = f"{trigger} from {dossier.state}: {' | '.join(missing)}. Lawful from here: {lawful}."
        raise GuardFailed(detail, subject=dossier.code)
    rows = "/".join(str(no) for no in sorted({row.no for row in ROWS if row.trigger is trigger}))
    detail = f"{trigger} (row {rows}) does not start from {dossier.state}. Lawful from here: {lawful}."
    raise UnlawfulMove(detail, subject=dossier.code)


def apply_move(dossier: Dossier, move: Move) -> Dossier:
    """The dossier after the move: step, code, stack and the effects of the row; ``version`` is left to the store."""
    changed = dossier
    for effect in move.row.effects:
        changed = effect(changed, move.facts, move.at)
    return dataclasses.replace(
        changed,
        state=move.state,
        national=move.national,
        interrupted=move.interrupted,
        history=(*dossier.history, _step(move)),
    )


def lawful_triggers(dossier: Dossier) -> tuple[Trigger, ...]:
    """Triggers that have a row from the dossier's state, whatever their guards say; in the order of the table."""
    return tuple(dict.fromkeys(row.trigger for row in ROWS if _starts_at(row, dossier)))


def code_of(dossier: Dossier) -> int | None:
    """The code that the dossier's state stands for, whether or not the portal may know it yet."""
    return CODE_OF.get(dossier.state, dossier.national)


def national_of(dossier: Dossier, row: Row, state: DossierState, facts: Facts) -> int | None:
    """The national code after ``row``: None while the portal cannot know the dossier."""
    coded = facts.new_code is not None or guards.has_official_code(dossier, facts)
    return row.national(dossier, state) if coded else None


def _step(move: Move) -> Step:
    return Step(
        row=move.row.no,
        state=move.state,
        national=move.national,
        at=move.at,
        recorded_at=move.recorded_at,
        by=move.by,
        source=move.source,
        unit=move.unit,
        reason=move.facts.reason,
        form=move.facts.form or move.row.form,
        approvals=move.facts.approvals,
    )


def _move(
    row: Row,
    dossier: Dossier,
    facts: Facts,
    at: dt.datetime,
    recorded_at: dt.datetime,
    by: str,
    source: str,
    unit: UnitId | None,
) -> Move:
    state = _target(row, dossier, facts)
    national = national_of(dossier, row, state, facts)
    interrupted = _stacked(row, dossier)
    return Move(row, facts, state, national, interrupted, at, recorded_at, by, source, unit)


def _starts_at(row: Row, dossier: Dossier) -> bool:
    if not row.sources:
        return dossier.state is DossierState.DRAFT and not dossier.history
    return dossier.state in row.sources


def _lacks(row: Row, dossier: Dossier, facts: Facts) -> list[str]:
    """The conditions of the row that are not met, in words."""
    lacks = [missing for guard in row.guards if (missing := guard(dossier, facts))]
    if row.form and facts.form and facts.form != row.form:
        lacks.append(f"it rests on form {row.form}, not on {facts.form}")
    if row.target is Goal.PREVIOUS and not dossier.interrupted:
        lacks.append("no interrupted state to go back to")
    return lacks


def _target(row: Row, dossier: Dossier, facts: Facts) -> DossierState:
    if isinstance(row.target, DossierState):
        return row.target
    if row.target is Goal.PREVIOUS:
        return dossier.interrupted[-1]
    return dossier.state if row.target is Goal.SAME else facts.reopen_to


def _stacked(row: Row, dossier: Dossier) -> tuple[DossierState, ...]:
    if row.stack is Stack.PUSH:
        return (*dossier.interrupted, dossier.state)
    if row.stack is Stack.POP:
        return dossier.interrupted[:-1]
    return () if row.stack is Stack.CLEAR else dossier.interrupted


def _changes_nothing(row: Row, dossier: Dossier, facts: Facts) -> bool:
    """A succession to the units that it has already (row 33 stays in its state)."""
    if row.trigger is not Trigger.SUCCEED:
        return False
    now = (dossier.receiving_unit, dossier.competent_unit, dossier.returning_unit)
    wanted = (facts.receiving_unit, facts.competent_unit, facts.returning_unit)
    return all(new is None or new == old for new, old in zip(wanted, now, strict=True))


def _already_done(dossier: Dossier, trigger: Trigger, facts: Facts) -> AlreadyDone | None:
    rows = {row.no for row in ROWS if row.trigger is trigger}
    if trigger is Trigger.SUCCEED:
        named = facts.receiving_unit or facts.competent_unit or facts.returning_unit
        return AlreadyDone(33) if named and dossier.state not in (DossierState.VOID, DossierState.CLOSED) else None
    cause = next((step for step in reversed(dossier.history) if step.row != 33), None)
    if cause is None or cause.row not in rows or cause.state is not dossier.state:
        return None
    led_here = any(
        row.no == cause.row
        and row.trigger is trigger
        and (not isinstance(row.target, DossierState) or row.target is cause.state)
        for row in ROWS
    )
    return AlreadyDone(cause.row) if led_here else None
