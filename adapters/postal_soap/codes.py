"""What the post's event codes mean: UPU EMSEVT V3, code list M40.

Source of codes and labels: UPU EMSEVT V3 event list, as printed by public postal trackers. The movement of each is our
own reading (tracking facts §4.1). Reasons and actions are kept as told and never interpreted: their numbers change with
the version of the UPU list.

``direction`` is the way the item goes while the event happens. With RETURN, the same code speaks of the way back: EMI
hands the item to its sender, EMH could not do so, and everything between is the way back.
"""

import dataclasses

from adapters._kit.soap.events import ReasonNotAllowed, Said, proof
from schemas.tracking import Direction, EvidenceLevel, Mapped, Movement

LIST = "M40"


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One code. ``reason`` says whether the event may carry a reason (else EV-15)."""

    movement: Movement
    says: str
    reason: bool = False


CODES = {
    # export
    "EMA": Row(Movement.ACCEPTED, "Posting/collection"),
    "EMB": Row(Movement.IN_TRANSIT, "Arrival at outward office of exchange"),
    "EXA": Row(Movement.HELD, "Item presented to export customs/security"),
    "EXB": Row(Movement.HELD, "Item held by export customs/security", reason=True),
    "EXC": Row(Movement.HELD, "Item returned from export customs/security", reason=True),
    "EXD": Row(Movement.HELD, "Item held at outward office of exchange", reason=True),
    "EXX": Row(Movement.CANCELLED, "Export of item cancelled", reason=True),
    "EMC": Row(Movement.IN_TRANSIT, "Departure from outward office of exchange"),
    # transit
    "EMJ": Row(Movement.IN_TRANSIT, "Arrival at transit office of exchange"),
    "EMK": Row(Movement.IN_TRANSIT, "Departure from transit office of exchange"),
    # import
    "EMD": Row(Movement.IN_TRANSIT, "Arrival at inward office of exchange"),
    "EDA": Row(Movement.HELD, "Item held at inward office of exchange", reason=True),
    "EDB": Row(Movement.HELD, "Item presented to import customs"),
    "EME": Row(Movement.HELD, "Item held by import customs", reason=True),
    "EDC": Row(Movement.HELD, "Item returned from import customs", reason=True),
    "EDX": Row(Movement.RETURNING, "Import of item terminated", reason=True),
    "EMF": Row(Movement.IN_TRANSIT, "Departure from inward office of exchange"),
    # domestic
    "EDD": Row(Movement.IN_TRANSIT, "Item into sorting centre"),
    "EDE": Row(Movement.IN_TRANSIT, "Item out of sorting centre"),
    "EMG": Row(Movement.IN_TRANSIT, "Arrival at delivery office"),
    "EDF": Row(Movement.HELD, "Item held at delivery depot/delivery office", reason=True),
    "EDG": Row(Movement.OUT_FOR_DELIVERY, "Item out for physical delivery"),
    "EDH": Row(Movement.READY_FOR_COLLECTION, "Item arrival at collection point for pick-up", reason=True),
    # final
    "EMH": Row(Movement.ATTEMPT_FAILED, "Unsuccessful delivery", reason=True),
    "EMI": Row(Movement.DELIVERED, "Final delivery"),
}
_WAY_BACK = {Movement.DELIVERED: Movement.RETURNED, Movement.ATTEMPT_FAILED: Movement.RETURN_FAILED}
_STAYS = frozenset({Movement.ACCEPTED, Movement.CANCELLED})
"""Said of the item itself, whichever way it goes."""


def meaning(said: Said) -> Mapped | None:
    """What the post says; None for a code or a list that we do not know, which is never taken for movement.

    Raises:
        ReasonNotAllowed: a reason beside a code that has none.
    """
    row = CODES.get(said.code) if said.code_list == LIST else None
    if row is None:
        return None
    if said.reason is not None and not row.reason:
        raise ReasonNotAllowed(said.code)
    movement = _towards(row.movement, said.direction)
    return Mapped(
        movement=movement,
        outcome=movement.outcome,
        direction=Direction.RETURN if movement is Movement.RETURNING else said.direction,
        proof=proof(said) if movement is Movement.DELIVERED else EvidenceLevel.NONE,
        reason=said.reason,
        action=said.action,
    )


def _towards(movement: Movement, direction: Direction) -> Movement:
    if direction is Direction.FORWARD or movement in _STAYS:
        return movement
    return _WAY_BACK.get(movement, Movement.RETURNING)
