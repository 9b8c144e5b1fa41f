"""What goes wrong between us and a peer, on order: by the control address, at the start, or by an order's script.

Verbs of the wire, done by the frame for every peer:
``html_503`` ``throttle`` ``server_error`` ``html_200`` ``black_hole`` ``hang_up`` before anything is applied;
``reply_lost`` ``half_reply`` after it was applied.
Verbs of the content, done by the peer where it reads or tells something: ``duplicate`` ``reorder`` ``unknown_code``
``refuse``.
"""

import dataclasses
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

BEFORE = ("html_503", "throttle", "server_error", "html_200", "black_hole", "hang_up")
AFTER = ("reply_lost", "half_reply")
CONTENT = ("duplicate", "reorder", "unknown_code", "refuse")
VERBS = (*BEFORE, *AFTER, *CONTENT)
ANY_OPERATION = "*"

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

    def twist(self, rows: Sequence[T], *operations: str) -> list[T]:
        """The rows of an answer after ``duplicate`` (the first once more at the end) and ``reorder`` (backwards)."""
        twisted = list(rows)
        if twisted and self.strikes("duplicate", *operations):
            twisted.append(twisted[0])
        if len(twisted) > 1 and self.strikes("reorder", *operations):
            twisted.reverse()
        return twisted
