"""A stack that is not installed is skipped by name; one that dies or hangs fails its cell by name."""

import sys
from pathlib import Path
from typing import Final

import pytest

from tests.interop import drivers

pytestmark = pytest.mark.interop
READY: Final = "print('{\"ready\": true}', flush=True)"


def python(script: str, *needs: Path) -> drivers.Stack:
    return drivers.Stack("A stack", sys.executable, (sys.executable, "-c", script), needs)


def test_what_is_not_installed_is_named(tmp_path: Path) -> None:
    assert drivers.missing(python("")) == ""
    assert drivers.missing(drivers.Stack("A stack", "no-such-program", ())) == "no-such-program is not installed"
    assert drivers.missing(python("", tmp_path / "soap")) == "soap is not built"


def test_a_stack_that_is_not_installed_is_skipped_by_name(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="A stack: soap is not built; `make stacks` installs it"):
        drivers.start(python("", tmp_path / "soap"))


def test_a_stack_that_dies_is_named() -> None:
    running = drivers.Driver(python(f"{READY}; input(); raise SystemExit(3)"))
    with pytest.raises(AssertionError, match="A stack ended with 3"):
        running.ask({"operation": "ping"})
    running.close()


def test_a_stack_that_does_not_come_up_is_named() -> None:
    with pytest.raises(AssertionError, match="A stack ended with 0"):
        drivers.Driver(python("pass"))
