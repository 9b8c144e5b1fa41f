"""Every foreign code of the NGSP dossier interface, as tables with their source.

Sources: ``C`` seen in the public code of a one-stop system, ``I`` our inference; the long form is contract/README.md.
"""

from collections.abc import Mapping
from typing import Final

from schemas.dossier import PartyKind, ReturnMethod
from schemas.errors import CallError, Refused, Unauthorised

RESULTS: Final[Mapping[str, type[CallError]]] = {  # MResult.status that is no success, I: the HTTP words
    "400": Refused,
    "401": Unauthorised,
    "403": Unauthorised,
    "404": Refused,
}
"""200 is success (C); which other values there are is not told."""

OWNER_KINDS: Final[Mapping[PartyKind, int]] = {  # ApplicantsType, C: 1 citizen, 2 business, 3 organisation, 4 others
    PartyKind.CITIZEN: 1,
    PartyKind.BUSINESS: 2,
    PartyKind.ORGANISATION: 3,
    PartyKind.STATE_BODY: 4,
}

RETURNED_TYPES: Final[Mapping[ReturnMethod, int]] = {  # ReturnedType, C: 0 at the counter, 1 by post
    ReturnMethod.COUNTER: 0,
    ReturnMethod.POST: 1,
}

OPEN, SOLVED = 1, 2
"""``Status`` (C): 2 while the result is ready, 1 before."""

DONE: Final = frozenset({9, 10})
"""National codes with which IsSuccess is true and Status 2 (9 C, 10 I)."""
RETURNED: Final = 10
ENDED: Final = frozenset({3, 7, 8, 10})
"""National codes with which FinishedDate is told (C: done, cancelled, denied)."""

TRACE: Final = 0
"""``Status`` of a trace (C: a constant)."""

FEE_TYPE: Final = 4
"""``FeeType`` (C: a constant)."""
