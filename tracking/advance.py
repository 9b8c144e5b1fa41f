"""The one home for moving a dossier: decide, store, audit, tell. The desk and the ingest both come through here."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from schemas.audit import Act
from schemas.calendar import VIETNAM, WorkCalendar
from schemas.dossier import Dossier, DossierState
from schemas.errors import NotFound
from schemas.ids import DossierId, UnitId
from schemas.message import DossierMoved
from schemas.ports.facts import Tell
from schemas.ports.stores import Tx
from tracking import transitions
from tracking.deadlines import Promise
from tracking.facts import Facts
from tracking.table import Trigger
from tracking.transitions import AlreadyDone


def advance(
    tx: Tx,
    dossier_id: DossierId,
    trigger: Trigger,
    *,
    facts: Facts,
    at: dt.datetime,
    by: str,
    source: str,
    unit: UnitId | None,
    tell: Tell,
    now: dt.datetime,
    reason: str = "",
    form: str = "",
    approvals: Sequence[str] = (),
) -> Dossier:
    """Make one lawful move inside ``tx``: the dossier is stored, an audit row written and the router told.

    Args:
        tx: the transaction.
        dossier_id: which dossier.
        trigger: what happened.
        facts: what is known about it. ``promise`` is filled in from the catalogue where it is None.
        at: when it happened in the world.
        by: person or system, as the portal may show it (no identity number).
        source: ``desk``, ``peer:<id>``, ``tracking`` or ``clock``.
        unit: where it happened.
        tell: the router.
        now: present time, for the record.
        reason: why, in words; replaces ``facts.reason`` when given.
        form: number of the official form, ``01`` to ``07``.
        approvals: who approved, by shown name.

    Returns:
        The dossier after the move; the stored one, unchanged, when the trigger had brought it here already.

    Raises:
        NotFound: there is no such dossier.
        UnlawfulMove: the state does not allow it (GuardFailed: a condition is missing).
    """
    dossier = tx.dossiers.get(dossier_id)
    whole = dataclasses.replace(
        facts,
        reason=reason or facts.reason,
        form=form or facts.form,
        approvals=tuple(approvals) or facts.approvals,
        promise=facts.promise or promise_of(tx, dossier),
    )
    move = transitions.decide(dossier, trigger, whole, at=at, recorded_at=now, by=by, source=source, unit=unit)
    if isinstance(move, AlreadyDone):
        return dossier
    moved = tx.dossiers.put(transitions.apply_move(dossier, move))
    step = moved.history[-1]
    detail = f"row {step.row} {trigger}: {dossier.state} -> {moved.state}, national {step.national}"
    who = source if source.startswith("peer:") else f"{source}:{by}"
    tx.audit.write(Act(now, who, f"dossier.{trigger}", "dossier", str(moved.id), unit or moved.competent_unit, detail))
    tell(tx, DossierMoved(moved, step, dossier.national))
    return moved


def promise_of(tx: Tx, dossier: Dossier) -> Promise | None:
    """Calendar and term for the dossier's due date; None where the catalogue lacks either: then no date is promised."""
    received = dossier.submitted_at or dossier.created_at
    version = tx.catalogue.procedure(dossier.procedure, received.astimezone(VIETNAM).date())
    if version is None:
        return None
    try:
        calendar = tx.catalogue.calendar(dossier.competent_unit)
    except NotFound:
        return None
    return Promise(calendar, version.term, version.supplement_clock, version.legs, _calendar_ahead(tx, dossier))


def _calendar_ahead(tx: Tx, dossier: Dossier) -> WorkCalendar | None:
    """Of the unit that the dossier is sent on to: its leg is counted by its own calendar."""
    if dossier.state is not DossierState.BETWEEN_UNITS or not dossier.legs:
        return None
    try:
        return tx.catalogue.calendar(dossier.legs[-1].target)
    except NotFound:
        return None
