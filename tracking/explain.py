"""Why is it in this state? The steps, the events used and ignored with their reasons, and the cases, in one record."""

import dataclasses
import datetime as dt

from schemas.discrepancy import Discrepancy, DiscrepancyState, Subject
from schemas.dossier import Dossier, Step
from schemas.ports.stores import Tx
from schemas.shipment import Item, Packing
from tracking import reading, status, transitions
from tracking.custody import Hole, Ledger, ledgers
from tracking.status import Use


@dataclasses.dataclass(frozen=True, slots=True)
class ExplainedItem:
    """One item of the dossier and what the fold made of each of its events."""

    item: Item
    packing: Packing
    uses: tuple[Use, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """The whole answer; :func:`replayed` proves it against the dossier's state."""

    dossier: Dossier
    steps: tuple[Step, ...]
    items: tuple[ExplainedItem, ...]
    cases: tuple[Discrepancy, ...]
    """Of the dossier and of its items; open ones first, newest first."""
    lawful: tuple[str, ...]
    """What may happen next, by trigger."""
    as_of: dt.datetime
    custody: tuple[Ledger, ...] = ()
    """Who held each item, and the paper that travelled without one."""
    holes: tuple[Hole, ...] = ()
    """Hand-overs that were released and that nobody took."""


def explain(tx: Tx, dossier: Dossier, *, now: dt.datetime) -> Explanation:
    """Everything that the dossier's state rests on."""
    items = tuple(_item(tx, packing) for packing in tx.items.packings_in(dossier.id))
    subjects = [(Subject.DOSSIER, str(dossier.id)), *((Subject.ITEM, str(one.item.id)) for one in items)]
    cases = [case for kind, subject in subjects for case in tx.discrepancies.of_subject(kind, subject)]
    custody, holes = custody_of(tx, dossier, now)
    cases.sort(key=lambda case: (case.state is DiscrepancyState.RESOLVED, -case.opened_at.timestamp()))
    return Explanation(
        dossier=dossier,
        steps=dossier.history,
        items=items,
        cases=tuple(cases),
        lawful=tuple(transitions.lawful_triggers(dossier)),
        as_of=now,
        custody=custody,
        holes=holes,
    )


def custody_of(tx: Tx, dossier: Dossier, now: dt.datetime) -> tuple[tuple[Ledger, ...], tuple[Hole, ...]]:
    """The ledgers of the dossier's items, and the holes that are open."""
    view = reading.dossier_view(tx, dossier.id)
    items = {parcel.item.id: parcel.item for parcel in view.parcels}
    return ledgers(tuple(items.values()), view.manifests, now)


def replayed(explanation: Explanation) -> bool:
    """True where the last step is the dossier's state and each item's used events come to its stored fold."""
    steps = [step for step in explanation.steps if step.row != 33]
    stands = not steps or steps[-1].state is explanation.dossier.state
    return stands and all(_folds_again(one) for one in explanation.items)


def _item(tx: Tx, packing: Packing) -> ExplainedItem:
    view = reading.item_view(tx, packing.item)
    return ExplainedItem(view.item, packing, status.explain_fold(view.events, context=view.folding))


def _folds_again(explained: ExplainedItem) -> bool:
    used = [use for use in explained.uses if use.used]
    moved = status.fold([use.stored for use in used])
    return moved.movement is explained.item.fold.movement and moved.outcome is explained.item.fold.outcome
