"""A fault and its innocent look-alike, as functions that write themselves into a plot."""

import dataclasses
from collections.abc import Callable

from gateway.simulate.plot import Plot

Story = Callable[[Plot], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """How a type of discrepancy is planted, and what looks like it and is not."""

    fault: Story
    mimic: Story
