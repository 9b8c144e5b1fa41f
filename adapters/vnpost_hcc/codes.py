"""Status codes of the feed. The list was never published; a code that is not here is news, never "in transit".

The customer may complete it by the setting ``status_codes`` when VNPost tells the meaning of a code.
"""

from collections.abc import Mapping

from schemas.errors import BadConfiguration
from schemas.tracking import Direction, EvidenceLevel, Mapped, Movement, Outcome

CODE_LIST = "vnpost_hcc"

ACCEPTED = "100"
"""Reply Status: the order is taken (contract/README.md, Replies)."""
UNCLEAR = "101"
"""Reply Status that may say "already sent" or "taken without a new item code": an unknown outcome."""

CODES: Mapping[str, Mapped] = {
    # contract/README.md, Status codes: delivered, the order is closed. It does not tell forward from return: the
    # direction comes from the booking (domain model §1.3).
    "4": Mapped(Movement.DELIVERED, Outcome.DELIVERED, Direction.FORWARD, EvidenceLevel.STATUS_ONLY),
}

LEGACY_LIST = "vnpost_hcc_v1"
LEGACY_CODES: Mapping[str, Mapped] = {
    # contract/README.md, serviceApi/v1: "đã thu gom?" and "đã phát?"; our names, the interface has no codes.
    "acceptance": Mapped(Movement.ACCEPTED, Outcome.OPEN, Direction.FORWARD, EvidenceLevel.NONE),
    "delivery": Mapped(Movement.DELIVERED, Outcome.DELIVERED, Direction.FORWARD, EvidenceLevel.STATUS_ONLY),
}

_OUTCOMES = {
    Movement.DELIVERED: Outcome.DELIVERED,
    Movement.RETURNED: Outcome.RETURNED,
    Movement.LOST: Outcome.LOST,
    Movement.DESTROYED: Outcome.DESTROYED,
    Movement.CANCELLED: Outcome.CANCELLED,
}
_BACKWARD = frozenset({Movement.RETURNING, Movement.RETURNED, Movement.RETURN_FAILED})


def table(told: Mapping[str, str]) -> dict[str, Mapped]:
    """The codes with those that the customer was told.

    Raises:
        BadConfiguration: a meaning that is no movement, or another meaning for a code of the published list.
    """
    codes = dict(CODES)
    for code, word in told.items():
        if word not in {str(movement) for movement in Movement}:
            raise BadConfiguration(f"peers.vnpost_hcc.status_codes.{code}: {word!r} is no movement")
        if code in CODES and CODES[code].movement != word:
            raise BadConfiguration(f"peers.vnpost_hcc.status_codes.{code}: is {CODES[code].movement} in the contract")
        codes.setdefault(code, _row(Movement(word)))
    return codes


def _row(movement: Movement) -> Mapped:
    direction = Direction.RETURN if movement in _BACKWARD else Direction.FORWARD
    proof = EvidenceLevel.STATUS_ONLY if movement is Movement.DELIVERED else EvidenceLevel.NONE
    return Mapped(movement, _OUTCOMES.get(movement, Outcome.OPEN), direction, proof)
