"""Named places where a test lets the process die, as if the power had gone.

``LIENTHONGTEST_FAILPOINT="writer.before_commit:3"`` ends the process with exit code 137 at the third time that the
place is passed; without ``:n`` at the first. Without the variable a place costs one comparison.
"""

import os
from typing import Final

VARIABLE: Final = "LIENTHONGTEST_FAILPOINT"
_KILLED: Final = 137
NAMES: Final = (
    "t1.before_commit",
    "t1.after_commit",
    "t2.before_apply",
    "t2.after_apply",
    "t3.after_lease",
    "t4.after_call",
    "t4.before_settle",
    "t4.after_settle",
    "feed.before_ingest",
    "writer.before_commit",
    "writer.after_commit",
)
"""Places of T1 to T4; the kill loop goes through all of them and a house test finds each in the code."""

STEPS: Final = ("step.before_keep", "step.after_keep")
"""Places between the calls of a portal that takes a dossier in several; the tests of such a portal go through them."""

TICKETS: Final = ("ticket.before_note", "ticket.before_take")
"""Places between opening a ticket at a carrier, noting it and taking its pages; its tests go through them."""


class _Trap:
    def __init__(self, told: str) -> None:
        self.name, _, count = told.partition(":")
        self.left = int(count or 1)


_trap = _Trap(os.environ.get(VARIABLE, ""))


def hit(name: str) -> None:
    """Pass the place ``name``; does not return when the environment chose it for the end."""
    if name != _trap.name:
        return
    _trap.left -= 1
    if _trap.left <= 0:
        os._exit(_KILLED)
