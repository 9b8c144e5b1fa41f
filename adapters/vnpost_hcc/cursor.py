"""Where we are in the feed: ``<highest id seen>`` between passes, ``<highest>:<position>`` inside of one.

``lastId`` is exclusive, and ids sort by the second in which their row was *begun*, not committed: a row may appear
behind one that we have read. So every pass begins an overlap before the highest id, and goes on page by page to the
end of the feed. The overlap is not remembered here; the store knows a second copy of an event.
"""

import dataclasses
import datetime as dt
import re

from schemas.errors import Misunderstood

ZERO = "0" * 24
_CURSOR = re.compile(r"([0-9a-f]{24})(?::([0-9a-f]{24}))?")


@dataclasses.dataclass(frozen=True, slots=True)
class Cursor:
    """``position`` is the next ``lastId``; ``highest`` is the highest id of all passes."""

    highest: str
    position: str

    @classmethod
    def read(cls, text: str | None, *, overlap_s: float) -> "Cursor":
        """The cursor from the store, None for the beginning. Raises Misunderstood for anything else.

        >>> Cursor.read("656f00000000000000000001", overlap_s=256).position
        '656eff000000000000000000'
        """
        if not text:
            return cls(ZERO, ZERO)
        match = _CURSOR.fullmatch(text)
        if match is None:
            raise Misunderstood(f"stored cursor {text!r} is none of ours")
        return cls(match[1], match[2] or _earlier(match[1], overlap_s))

    def onward(self, last: str, *, more: bool) -> str:
        """The cursor for the store after a page whose highest id is ``last``; without ``more`` the pass is over.

        >>> Cursor(ZERO, ZERO).onward("656f00000000000000000001", more=True)
        '656f00000000000000000001:656f00000000000000000001'
        """
        highest = max(self.highest, last)
        return f"{highest}:{last}" if more else highest


def oid_time(oid: str) -> dt.datetime:
    """When the row was made: the first four bytes are seconds since 1970 (MongoDB's ObjectId specification).

    >>> oid_time("656f00000000000000000001").isoformat()
    '2023-12-05T10:48:32+00:00'
    """
    return dt.datetime.fromtimestamp(int(oid[:8], 16), dt.UTC)


def oid_at(when: dt.datetime) -> str:
    """The lowest id of a second."""
    return f"{max(0, int(when.timestamp())):08x}{'0' * 16}"


def _earlier(oid: str, seconds: float) -> str:
    return oid_at(oid_time(oid) - dt.timedelta(seconds=seconds)) if oid != ZERO else ZERO
