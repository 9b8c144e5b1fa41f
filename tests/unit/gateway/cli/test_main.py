"""Every command is where the list says, tells its exit codes, and every reason of the fold has its sentence."""

import ast
import inspect
import re
import subprocess
import sys

import pytest

from gateway.cli.faults import StoreUnopened
from gateway.cli.main import COMMANDS, app, code_of, told
from gateway.cli.operations_explain import why
from gateway.cli.output import Exit
from gateway.console import catalogue
from schemas.errors import BadConfiguration, LienthongError, NotFound, Outage, Refused, StoreFull
from tests.unit.tracking.build import T0, event, stored
from tracking import status
from tracking.status import Use
from tracking.table import Trigger


def leaves(command: object) -> list[object]:
    """The functions behind a command, those of its own commands too."""
    below = [command[name] for name in command if not name.startswith("-")]  # type: ignore[attr-defined,index]  # cyclopts.App maps names to apps
    default = command.default_command  # type: ignore[attr-defined]  # the function of a cyclopts.App
    return [*([default] if default else []), *(leaf for each in below for leaf in leaves(each))]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_tells_its_exit_codes(name: str) -> None:
    functions = leaves(app[name])
    assert functions
    for function in functions:
        text = inspect.getdoc(function) or ""
        assert re.search(r"^Exit codes: 0 ", text, re.MULTILINE), function


def test_a_number_is_looked_up_without_opening_the_house() -> None:
    script = (
        "import sys\nfrom gateway.cli.main import main\n"
        "try: main(['identify', 'EE473124829VN'])\nexcept SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = {'cv2', 'sqlalchemy', 'aiohttp', 'pikepdf', 'typst'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BadConfiguration("port", subject="http.port"), Exit.USAGE),
        (NotFound(subject="7"), Exit.BAD_INPUT),
        (Refused("no"), Exit.DEPENDENCY),
        (Outage("down"), Exit.DEPENDENCY),
        (StoreFull("disk"), Exit.DEPENDENCY),
        (StoreUnopened("garbage"), Exit.DEPENDENCY),
    ],
)
def test_an_error_becomes_one_line_and_its_code(error: LienthongError, code: Exit) -> None:
    line = told(error)
    assert line.startswith(catalogue.sentence(error.text))
    assert "\n" not in line
    assert error.subject in line
    assert error.detail in line
    assert code_of(error) is code


def reasons() -> list[str]:
    """Every reason that the fold can give: the texts that stand beside a truth value in ``tracking.status``."""
    found = []
    for node in ast.walk(ast.parse(inspect.getsource(status))):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 2:
            first, second = node.value.elts
            if isinstance(first, ast.Constant) and isinstance(first.value, bool):
                found.append(_begins(second))
    return found


def _begins(text: ast.expr) -> str:
    if isinstance(text, ast.JoinedStr):
        text = text.values[0]
    assert isinstance(text, ast.Constant)
    return str(text.value)


def test_every_reason_of_the_fold_has_a_vietnamese_sentence() -> None:
    known = reasons()
    assert len(known) >= 10
    for reason in known:
        for used in (True, False):
            said = why(Use(stored(event(None, T0, code="Z9")), used, reason))
            assert said != reason, reason
            assert not said.startswith("why."), said
    doubled = why(Use(stored(event(None, T0, code="Z9")), True, f"{known[0]}; near duplicate of the scan before it"))
    assert catalogue.sentence("why.near") in doubled


def test_every_trigger_has_a_sentence() -> None:
    assert [trigger for trigger in Trigger if not catalogue.known(f"trigger.{trigger}")] == []
