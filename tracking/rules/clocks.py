"""Clocks that run on the wrong side."""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof
from schemas.dossier import Dossier, IntakeMode
from schemas.shipment import Purpose
from tracking import clocks
from tracking.clocks import Processing
from tracking.rules import beliefs
from tracking.rules.context import Context
from tracking.rules.expected import TO_DECIDE, DossierRule
from tracking.rules.views import DossierView

AT_THE_DOOR = dt.timedelta(hours=1)
"""Two persons at one counter write down the same arrival; their clocks and their order of work differ by less."""


class WrongClock(DossierRule):
    """D-11: the processing clock runs where domain model §3 stops it, stands where it must run, or began too early.

    Too early: acceptance is recorded before the unit could have the paper, so the post's time counts as the unit's.
    Lawful for delegated and online intake; while the item still travels it is an E-02. Between two units both clocks
    run, and an item that comes back late stops none.

    Nominated by: dossier ``accepted_at`` set.
    """

    id = "D-11"
    limits = TO_DECIDE
    remedy = "remedy.D-11"
    silenced_by = ("E-02",)

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each way in which the clock is wrong."""
        dossier = view.dossier
        lawful, recorded = clocks.lawful(dossier), clocks.recorded(dossier)
        if _wrong(lawful, recorded):
            since = beliefs.stands_since(dossier)
            severity = self.waited(context, since, dossier)
            if severity is not None:
                values = (("state", dossier.state.value), ("clock", recorded.value))
                says = f"the clock {recorded}, at {dossier.state} it {lawful}"
                proof = Proof("step", dossier.code, says, since, values=values)
                yield self.case(view, f"{recorded}|{since.isoformat()}", severity, proof)
        arrived, accepted = _arrived(view), dossier.accepted_at
        if accepted is not None and arrived is not None and arrived - accepted > AT_THE_DOOR and _needs_paper(dossier):
            times = (("accepted", _minute(accepted)), ("arrived", _minute(arrived)))
            proof = Proof("receipt", dossier.code, f"accepted {accepted}, arrived {arrived}", arrived, values=times)
            yield self.case(view, f"early|{accepted.isoformat()}", self.severity, proof)


def _wrong(lawful: Processing, recorded: Processing) -> bool:
    """A result that was signed twice or a reopened dossier has ended before: only running and standing are compared."""
    if lawful is Processing.NOT_BEGUN:
        return False
    if lawful is Processing.ENDED:
        return recorded is Processing.STANDS
    return recorded is not lawful


def _arrived(view: DossierView) -> dt.datetime | None:
    """When the unit had the paper at the earliest: its own receipt, or the delivery of the last parcel."""
    receipts = [leg.received_at for leg in view.dossier.legs if leg.received_at is not None]
    if receipts:
        return min(receipts)
    items = [one.item for one in beliefs.packed(view, Purpose.DOSSIER_IN)]
    came = [item.fold.delivered_at for item in items if beliefs.delivered(item) and item.fold.delivered_at is not None]
    return max(came) if items and len(came) == len(items) else None


def _needs_paper(dossier: Dossier) -> bool:
    return dossier.intake_mode is IntakeMode.FORWARDED


def _minute(at: dt.datetime) -> str:
    return at.isoformat(timespec="minutes")
