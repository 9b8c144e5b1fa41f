"""Named places where a test lets the process die, as if the power had gone.

``LIENTHONG_FAILPOINT="writer.before_commit:3"`` ends the process with exit code 137 at the third time that the place is
passed; without ``:n`` at the first. Without the variable a place costs one comparison.
"""

import os
from typing import Final

_VARIABLE: Final = "LIENTHONG_FAILPOINT"
_KILLED: Final = 137


class _Trap:
    def __init__(self, told: str) -> None:
        self.name, _, count = told.partition(":")
        self.left = int(count or 1)


_trap = _Trap(os.environ.get(_VARIABLE, ""))


def hit(name: str) -> None:
    """Pass the place ``name``; does not return when the environment chose it for the end."""
    if name != _trap.name:
        return
    _trap.left -= 1
    if _trap.left <= 0:
        os._exit(_KILLED)
