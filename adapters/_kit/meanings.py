"""What a carrier's code means, as its table writes it, and how a customer completes the table by a setting."""

import dataclasses
from collections.abc import Mapping

from schemas.errors import BadConfiguration
from schemas.ids import PeerId
from schemas.tracking import GOING_BACK, Direction, EvidenceLevel, Mapped, Movement


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A code: what it means to us, what the carrier calls it, where that is from, and whether it is legacy."""

    mapped: Mapped
    says: str
    source: str
    legacy: bool = False


def means(movement: Movement, *, action: str | None = None, reason: str | None = None) -> Mapped:
    """The meaning whose outcome and direction follow from the movement; a delivery is proven by its status alone."""
    direction = Direction.RETURN if movement in GOING_BACK else Direction.FORWARD
    proof = EvidenceLevel.STATUS_ONLY if movement is Movement.DELIVERED else EvidenceLevel.NONE
    return Mapped(movement, movement.outcome, direction, proof, reason=reason, action=action)


def table(peer: PeerId, rows: Mapping[str, Row], told: Mapping[str, str]) -> dict[str, Mapped]:
    """The meanings of a table's rows, :func:`completed`."""
    return completed(peer, {code: row.mapped for code, row in rows.items()}, told)


def completed(peer: str, known: Mapping[str, Mapped], told: Mapping[str, str]) -> dict[str, Mapped]:
    """The table with the codes that the customer was told (setting ``status_codes``, code to movement).

    Raises:
        BadConfiguration: a meaning that is no movement, or another meaning for a code of the table.
    """
    codes = dict(known)
    for code, word in told.items():
        where = f"peers.{peer}.status_codes.{code}"
        if word not in {str(movement) for movement in Movement}:
            raise BadConfiguration(f"{where}: {word!r} is no movement", subject=peer)
        if code in known and codes[code].movement != word:
            raise BadConfiguration(f"{where}: is {codes[code].movement} in the contract", subject=peer)
        codes.setdefault(code, means(Movement(word)))
    return codes
