"""How the command line prints: tables for people, JSON for programs; exit codes."""

import enum
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from gateway.storage.codec import to_json


class Exit(enum.IntEnum):
    """Exit codes of every command."""

    DONE = 0
    USAGE = 1
    BAD_INPUT = 2
    DEPENDENCY = 3
    DISCREPANCIES = 4


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table on standard output."""
    sheet = Table(title=title, title_justify="left", show_lines=False)
    for column in columns:
        sheet.add_column(column, overflow="fold")
    for row in rows:
        sheet.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(sheet)


def record(value: object) -> None:
    """Print a record or a list of records as JSON on standard output."""
    sys.stdout.write(to_json(value) + "\n")


def say(text: str) -> None:
    """Print a line for a person on standard output."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print a line for a person on standard error."""
    sys.stderr.write(text + "\n")
