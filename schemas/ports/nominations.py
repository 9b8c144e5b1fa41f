"""Which subjects a rule may concern: SQL nominates a superset, the pure rule alone decides (DESIGN §5)."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from schemas.discrepancy import Subject
from schemas.ids import BagNumber, UnitId


@dataclasses.dataclass(frozen=True, slots=True)
class UnitTotal:
    """Control total of a sending unit and day: what we handed over, and what the carrier says it has of that."""

    unit: UnitId | None
    day: dt.date
    """Of the hand-over, in Asia/Ho_Chi_Minh."""
    handed_over: int
    seen: int
    """Of these, items of which a sign came that the post has them."""
    ended: int
    """Of these, items whose story came to an end."""

    @property
    def missing(self) -> int:
        """Handed over and never seen."""
        return self.handed_over - self.seen


@dataclasses.dataclass(frozen=True, slots=True)
class BagTotal:
    """Control total of a bag: what was put in when it was closed, and what was found in it when it was opened."""

    bag: BagNumber
    origin: UnitId
    target: UnitId
    day: dt.date
    """Of its closing, in Asia/Ho_Chi_Minh."""
    put_in: int
    taken_out: int | None
    """None until it was opened. May be above ``put_in``: something was found that nobody had put in."""

    @property
    def missing(self) -> int:
        """Put in and not found, less what was found beside it; 0 for a bag that nobody opened yet."""
        return 0 if self.taken_out is None else self.put_in - self.taken_out


class NominationStore(Protocol):
    """Work lists for the full pass."""

    def known(self, rule: str) -> bool:
        """False where no query was written for the rule: then everybody is nominated."""
        ...

    def rows(
        self, rule: str, subject: Subject, *, now: dt.datetime, waited: dt.timedelta, offices: Sequence[str] = ()
    ) -> tuple[int, ...]:
        """Row ids of items or dossiers, ascending, each once.

        Args:
            rule: id of the rule.
            subject: ITEM or DOSSIER.
            now: present time.
            waited: the shortest time that the rule lets pass with the limits in force; negative for a rule that warns
                so long before a term.
            offices: offices whose place is known (D-32).
        """
        ...

    def bags(self, rule: str, *, now: dt.datetime, waited: dt.timedelta) -> tuple[BagNumber, ...]:
        """Numbers of bags, ascending."""
        ...

    def with_open_case(self, subject: Subject) -> tuple[str, ...]:
        """Keys of subjects that have a case which is not resolved: it may have to close."""
        ...

    def every(self, subject: Subject) -> tuple[int, ...]:
        """Row ids of all items or dossiers, ascending."""
        ...

    def every_bag(self) -> tuple[BagNumber, ...]:
        """Numbers of all bags, ascending."""
        ...

    def unit_totals(self, since: dt.datetime, until: dt.datetime) -> tuple[UnitTotal, ...]:
        """Items handed over in [since, until) by sending unit and day, and what had happened to them at ``until``."""
        ...

    def bag_totals(self, since: dt.datetime, until: dt.datetime) -> tuple[BagTotal, ...]:
        """Bags closed in [since, until), by day and number, as they stood at ``until``."""
        ...
