"""What is this number? One box takes several kinds of code; an ambiguity is told, never guessed (product facts §3)."""

import dataclasses
from collections.abc import Callable
from typing import Any

from gateway.console.catalogue import sentence
from schemas.errors import BadCheckDigit, InvalidNumber
from schemas.numbers import citizen_id, dossier_code, procedure_code, s10, unit_code


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the code: whether it is valid, how it is written, and why not."""

    kind: str
    valid: bool
    shown: str
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Identified:
    """All readings that make sense, and item numbers or dossier codes one slip away."""

    code: str
    answers: tuple[Reading, ...]
    near: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return dataclasses.asdict(self)


def identify(code: str) -> Identified:
    """Read the code in every way that fits. Identity numbers come back masked."""
    readings = [reading for read in _READERS if (reading := read(code)) is not None]
    near: tuple[str, ...] = ()
    if not any(reading.valid for reading in readings):
        repaired = s10.repair(code)
        near = (repaired,) if repaired else s10.near_misses(code) or dossier_code.near_misses(code)
        if not readings:
            readings.append(Reading("unknown", valid=False, shown=code, why="không giống mã nào đã biết"))
    return Identified(code, tuple(readings), near)


def _plain(kind: str, validate: Callable[[str], str], show: Callable[[str], str]) -> Callable[[str], Reading | None]:
    def read(code: str) -> Reading | None:
        try:
            return Reading(kind, valid=True, shown=show(validate(code)), why="")
        except InvalidNumber:
            return None

    return read


def _s10(code: str) -> Reading | None:
    """An S10 number is told even when its check digit is wrong: that is what the question is about."""
    clean = s10.compact(code)
    looks = len(clean) == 13 and clean[:2].isalpha() and clean[2:11].isdigit() and clean[11:].isalpha()
    try:
        return Reading("s10", valid=True, shown=s10.format(s10.validate(code)), why="số kiểm tra đúng")
    except InvalidNumber as error:
        return Reading("s10", valid=False, shown=clean, why=_why_not(error, clean)) if looks else None


def _why_not(error: InvalidNumber, clean: str) -> str:
    told = sentence(error.text)
    return f"{told} Số kiểm tra đúng là {s10.check_digit(clean[2:10])}." if isinstance(error, BadCheckDigit) else told


def _card(code: str) -> Reading | None:
    if "|" not in code:
        return None
    try:
        card = citizen_id.parse_qr(code)
    except InvalidNumber as error:
        return Reading("cccd_qr", valid=False, shown="", why=sentence(error.text))
    return Reading(
        "cccd_qr", valid=True, shown=f"{citizen_id.mask(card.number)} {card.full_name or ''}".strip(), why=""
    )


_READERS: tuple[Callable[[str], Reading | None], ...] = (
    _s10,
    _plain("dossier_code", dossier_code.validate, dossier_code.format),
    _plain("unit_code", unit_code.validate, unit_code.format),
    _plain("procedure_code", procedure_code.validate, procedure_code.format),
    _plain("citizen_id", citizen_id.validate, citizen_id.mask),
    _card,
)
