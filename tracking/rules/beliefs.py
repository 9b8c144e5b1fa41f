"""What we and the peers hold of a dossier, beside what its items show: the two sides of the E rules. Pure."""

import dataclasses
import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Proof
from schemas.dossier import Dossier, Step
from schemas.ids import PeerId
from schemas.shipment import Item, Purpose
from schemas.tracking import Movement, Outcome
from tracking import transitions
from tracking.rules.rule import name_of
from tracking.rules.views import DossierView, Parcel
from tracking.table import CODE_OF

SUCCESSION_ROW = 33
"""Its step names a new unit and moves nothing: no case begins anew with it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Belief:
    """A national code that somebody holds to be the dossier's present one."""

    national: int
    since: dt.datetime
    """When it was recorded (ours), or told (a peer's)."""
    peer: PeerId | None
    """None: it is our own."""
    proof: Proof

    @property
    def epoch(self) -> str:
        """The same for as long as it is believed: a peer that repeats itself opens no second case."""
        return f"{self.peer or 'ours'}|{self.national}"


def moves(dossier: Dossier) -> tuple[Step, ...]:
    """The steps that moved it, oldest first."""
    return tuple(step for step in dossier.history if step.row != SUCCESSION_ROW)


def stands_since(dossier: Dossier) -> dt.datetime:
    """When it came to its present state."""
    steps = moves(dossier)
    return steps[-1].at if steps else dossier.created_at


def code_since(dossier: Dossier) -> dt.datetime:
    """When we learned of the move that brought its present national code."""
    code, since = transitions.code_of(dossier), dossier.created_at
    for step in reversed(moves(dossier)):
        if CODE_OF.get(step.state, step.national) != code:
            break
        since = step.recorded_at
    return since


def codes_had(dossier: Dossier) -> frozenset[int | None]:
    """Every code that it has or had."""
    return frozenset(
        {CODE_OF.get(step.state, step.national) for step in dossier.history} | {transitions.code_of(dossier)}
    )


def beliefs(dossier: Dossier) -> Iterator[Belief]:
    """Ours, and each one that a peer told us and that we could not follow by a lawful move.

    What a peer told and we followed, or what we told it, is no belief of its own; a peer that stays behind is E-21's.
    """
    code = transitions.code_of(dossier)
    if code is not None:
        yield Belief(code, code_since(dossier), None, stands(dossier))
    had = codes_had(dossier)
    for told in dossier.peer_states:
        if told.national not in had and not told.from_us:
            yield Belief(told.national, told.as_of, told.peer, says(told.peer, told.national, told.as_of))


def packed(view: DossierView, purpose: Purpose) -> tuple[Parcel, ...]:
    """The parcels of this purpose that hold papers of the dossier now: not cancelled, not back with their sender."""
    return tuple(
        parcel
        for parcel in view.parcels
        if parcel.item.purpose is purpose
        and parcel.packing.until is None
        and parcel.item.sender_receipt_at is None
        and parcel.item.fold.outcome is not Outcome.CANCELLED
    )


def of_request(view: DossierView, purpose: Purpose) -> tuple[Parcel, ...]:
    """As :func:`packed`, of the newest supplement request: what belongs to an earlier one is left out."""
    earlier = view.dossier.supplements[:-1]
    return tuple(one for one in packed(view, purpose) if not earlier or one.packing.since > earlier[-1].asked_at)


def with_post(item: Item) -> bool:
    """The post took it and has neither delivered nor lost nor returned it."""
    taken = item.fold.accepted_at is not None or item.handed_over_at is not None
    return taken and item.fold.outcome is Outcome.OPEN


def delivered(item: Item) -> bool:
    """Delivered forward, as the carrier says."""
    return item.fold.movement is Movement.DELIVERED


def whole_proof(item: Item) -> bool:
    """Delivered, with the evidence that its carrier and service owe us."""
    return delivered(item) and item.fold.evidence >= item.evidence_required


def stands(dossier: Dossier) -> Proof:
    """Where the dossier stands, as evidence."""
    values = (("state", dossier.state.value),)
    return Proof("step", dossier.code, f"dossier stands at {dossier.state}", stands_since(dossier), values=values)


def says(peer: PeerId, national: int, at: dt.datetime) -> Proof:
    """What a peer holds to be true, as evidence."""
    values = (("peer", peer), ("national", str(national)))
    return Proof("message", peer, f"{peer} says {national}", at, values=values)


def moved(item: Item) -> Proof:
    """Where an item is, as evidence."""
    movement = str(item.fold.movement or Movement.REGISTERED)
    at = item.fold.since or item.handed_over_at or item.booked_at
    values = (("number", name_of(item)), ("movement", movement))
    return Proof("item", name_of(item), f"{item.carrier} last told {movement}", at, values=values)
