"""What goes wrong between us and a peer, on order: by the control address, at the start, or by an order's script.

Verbs of the wire, done by the frame for every peer:

* before anything is applied: ``html_503`` ``throttle`` (with Retry-After) ``throttle_bare`` (without) ``server_error``
  ``html_200`` ``fault_200`` ``black_hole`` ``hang_up``;
* after it was applied: ``reply_lost`` ``half_reply`` (the line breaks) ``truncate`` (whole, but cut) ``malformed``
  ``slow_drip`` (a byte now and then);
* while it is served: ``skew_clock`` (the peer's clock is 11 minutes ahead, its Date too) ``session_expiry`` (the peer
  has forgotten every session).

Verbs of the content, done where the peer tells something; a peer says in ``offers`` which it can:
``duplicate`` ``reorder`` ``replay_old`` ``history_rewritten`` (of the rows of an answer), ``unknown_code``
``wrong_zone`` ``change_number`` (of what a row says), ``refuse``.
"""

import dataclasses
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

BEFORE = (
    "html_503",
    "throttle",
    "throttle_bare",
    "server_error",
    "html_200",
    "fault_200",
    "black_hole",
    "hang_up",
)
AFTER = ("reply_lost", "half_reply", "truncate", "malformed", "slow_drip")
MEANWHILE = ("skew_clock", "session_expiry")
ROWS = ("duplicate", "reorder", "replay_old", "history_rewritten")
WORDS = ("unknown_code", "wrong_zone", "change_number")
CONTENT = (*ROWS, *WORDS, "refuse")
VERBS = (*BEFORE, *AFTER, *MEANWHILE, *CONTENT)
ANY_OPERATION = "*"
REMEMBERED = 50
"""Rows told before that ``replay_old`` can tell again, for each operation."""

T = TypeVar("T")


@dataclasses.dataclass(slots=True)
class Rule:
    """A verb strikes an operation ``times`` times (None: for ever), after ``skip`` calls, with ``probability``."""

    verb: str
    operation: str = ANY_OPERATION
    times: int | None = 1
    probability: float = 1.0
    skip: int = 0
    seed: int = 0
    dice: random.Random = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the verb and load the dice. Raises ValueError."""
        if self.verb not in VERBS:
            raise ValueError(f"{self.verb!r} is no verb; known: {', '.join(VERBS)}")
        self.dice = random.Random(self.seed)

    def strikes(self) -> bool:
        """Roll once, and count down."""
        if self.times == 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.dice.random() >= self.probability:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class Chaos:
    """The rules that hold now. They live in memory only: a sandbox that starts again is calm."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = list(rules)
        self._told: dict[str, deque[Any]] = {}  # Any: rows of whatever shape a peer tells

    def add(self, told: Mapping[str, object]) -> None:
        """Add a rule told as JSON: verb, operation?, times?, probability?, skip?, seed?. Raises ValueError."""
        try:
            self.rules.append(Rule(**told))  # type: ignore[arg-type]  # JSON from a test; a wrong key raises TypeError
        except TypeError as error:
            raise ValueError(str(error)) from error

    def calm(self) -> None:
        """Forget every rule."""
        self.rules.clear()

    def strikes(self, verb: str, *operations: str) -> bool:
        """True where a rule for the verb and one of the operation's names strikes now."""
        for rule in self.rules:
            if rule.verb == verb and rule.operation in (ANY_OPERATION, *operations) and rule.strikes():
                return True
        return False

    def twist(self, rows: Sequence[T], *operations: str, rewrite: Callable[[T], T] | None = None) -> list[T]:
        """The rows of an answer, twisted by what strikes.

        ``history_rewritten``: the first row is told otherwise by ``rewrite``, or is gone where the peer gives none.
        ``replay_old``: rows told before come again in front. ``duplicate``: the first comes once more at the end.
        ``reorder``: backwards.
        """
        twisted = list(rows)
        told = self._told.setdefault(operations[0] if operations else ANY_OPERATION, deque(maxlen=REMEMBERED))
        old = [row for row in told if row not in twisted]
        told.extend(row for row in twisted if row not in told)
        if twisted and self.strikes("history_rewritten", *operations):
            twisted[:1] = [rewrite(twisted[0])] if rewrite is not None else []
        if old and self.strikes("replay_old", *operations):
            twisted = [*old, *twisted]
        if twisted and self.strikes("duplicate", *operations):
            twisted.append(twisted[0])
        if len(twisted) > 1 and self.strikes("reorder", *operations):
            twisted.reverse()
        return twisted
