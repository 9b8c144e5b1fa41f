"""Tables that a carrier sends, as rows of text by heading: XLSX, JSONL, else CSV; and what such a text means."""

import csv
import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.importing import sheets
from gateway.importing.lines import lines
from gateway.importing.records import Unreadable
from schemas.calendar import VIETNAM
from schemas.errors import InvalidNumber
from schemas.numbers import s10

_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:[., ][0-9]{3})+")
_WHOLE: Final = re.compile(r"[0-9]+(?:[.,]0+)?")
"""A spreadsheet may write 12000 as 12000.0, which is not a hundred and twenty thousand."""
_EXCEL_DAY_0: Final = dt.datetime(1899, 12, 30, tzinfo=VIETNAM)


def rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(number of the row, cells by heading), by the ending of the file. Raises Unreadable."""
    if path.suffix == ".jsonl":
        for line in lines(path):
            yield line.number, _json(line.raw)
        return
    table = sheets.rows(path) if path.suffix == ".xlsx" else _csv(path)
    head = [name.strip() for name in next(iter(table), [])]
    for n, cells in enumerate(table, 2):
        if any(cell.strip() for cell in cells):
            yield n, dict(zip(head, cells, strict=False))


def _json(raw: bytes) -> dict[str, str]:
    try:
        told = json.loads(raw)
    except (ValueError, RecursionError):
        told = None
    return {name: "" if value is None else str(value) for name, value in told.items()} if isinstance(told, dict) else {}


def _csv(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            yield from csv.reader(file, delimiter=max(",;\t", key=head.count))
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unreadable(f"not CSV in UTF-8: {error}"[:200]) from None


def number(told: str) -> str:
    """An item number as we write it; what is no S10 number stays as told."""
    try:
        return s10.validate(told)
    except InvalidNumber:
        return told


def amount(field: str, told: str) -> int | None:
    """Whole đồng or grams, with or without separators; None where nothing is told. Raises ValueError."""
    plain = told.removesuffix("đ").strip()
    if not plain:
        return None
    if _GROUPED.fullmatch(plain):
        return int(re.sub(r"\D", "", plain))
    if _WHOLE.fullmatch(plain):
        return int(re.split("[.,]", plain)[0])
    raise ValueError(f"{field}: {told[:40]!r} is no whole number")


def moment(field: str, told: str) -> dt.datetime | None:
    """ISO 8601, ``dd/mm/yyyy [HH:MM[:SS]]`` or the day number of a spreadsheet; without zone it is Vietnam's.

    Raises ValueError.
    """
    if not told:
        return None
    for pattern in ("%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"):
        try:
            return dt.datetime.strptime(told, pattern).replace(tzinfo=VIETNAM)
        except ValueError:
            continue
    try:
        if told.replace(".", "", 1).isdecimal() and len(told.partition(".")[0]) == 5:
            return _EXCEL_DAY_0 + dt.timedelta(days=float(told))
        at = dt.datetime.fromisoformat(told)
    except ValueError:
        raise ValueError(f"{field}: {told[:40]!r} is no time") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=VIETNAM)
