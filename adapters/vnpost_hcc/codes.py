"""Status codes of the feed. The list was never published; a code that is not here is news, never "in transit".

The customer may complete it by the setting ``status_codes`` when VNPost tells the meaning of a code.
"""

from collections.abc import Mapping

from adapters._kit.meanings import completed, means
from schemas.tracking import Mapped, Movement

CODE_LIST = "vnpost_hcc"

ACCEPTED = "100"
"""Reply Status: the order is taken (contract/README.md, Replies)."""
UNCLEAR = "101"
"""Reply Status that may say "already sent" or "taken without a new item code": an unknown outcome."""

CODES: Mapping[str, Mapped] = {
    # contract/README.md, Status codes: delivered, the order is closed. It does not tell forward from return: the
    # direction comes from the booking (domain model §1.3).
    "4": means(Movement.DELIVERED),
}

LEGACY_LIST = "vnpost_hcc_v1"
LEGACY_CODES: Mapping[str, Mapped] = {
    # contract/README.md, serviceApi/v1: "đã thu gom?" and "đã phát?"; our names, the interface has no codes.
    "acceptance": means(Movement.ACCEPTED),
    "delivery": means(Movement.DELIVERED),
}


def table(told: Mapping[str, str]) -> dict[str, Mapped]:
    """The codes with those that the customer was told. Raises BadConfiguration as :func:`completed`."""
    return completed("vnpost_hcc", CODES, told)
