"""How the command line prints: tables for people, JSON for programs; exit codes."""

import datetime as dt
import enum
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import cyclopts
from rich.console import Console
from rich.table import Table

from gateway.storage.codec import to_json
from schemas.calendar import VIETNAM

Json = Annotated[
    bool,
    cyclopts.Parameter(name="--json", negative=(), show_default=False, help="Print JSON on standard output."),
]
_PIPED_COLUMNS: Final = 160
"""Width where nobody watches: rich would fold a log file at 80."""


class Exit(enum.IntEnum):
    """Exit codes of every command."""

    DONE = 0
    USAGE = 1
    BAD_INPUT = 2
    DEPENDENCY = 3
    DISCREPANCIES = 4


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on standard output; columns without a name make a sheet of facts."""
    sheet = Table(title=title, title_justify="left", show_lines=False, show_header=any(columns))
    for column in columns:
        sheet.add_column(column, overflow="fold")
    for row in rows:
        sheet.add_row(*("" if cell is None else str(cell) for cell in row))
    # Text that came from outside may hold brackets: it is never markup, and a code is never coloured as if it were one.
    Console(width=None if sys.stdout.isatty() else _PIPED_COLUMNS, markup=False, highlight=False, emoji=False).print(
        sheet
    )


def record(value: object) -> None:
    """Print a record or a list of records as JSON on standard output."""
    sys.stdout.write(to_json(value) + "\n")


def local(at: dt.datetime | None) -> str:
    """An instant as people read it here: to the second, in Asia/Ho_Chi_Minh; empty for none."""
    return "" if at is None else f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}"


def instant(told: str) -> dt.datetime:
    """ISO 8601; without a zone it is Asia/Ho_Chi_Minh. Raises ValueError."""
    at = dt.datetime.fromisoformat(told)
    return at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM)


def say(text: str) -> None:
    """Print a line for a person on standard output."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print a line for a person on standard error."""
    sys.stderr.write(text + "\n")
