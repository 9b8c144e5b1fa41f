"""Which paper is this, and is the resolution that the file states true?

The pixels of a sheet at its true resolution make a paper format. A header that makes none is often wrong: scanners
and the programs behind them write 72 or 96 when they do not know, and some write what was asked for instead of what was
delivered. Then the resolution is the one at which the same pixels make A4 or Letter, and a person is asked to look.
"""

from dataclasses import dataclass

MM = 25.4
FORMATS_MM = {
    "A4": (210.0, 297.0),
    "A3": (297.0, 420.0),
    "A5": (148.0, 210.0),
    "A6": (105.0, 148.0),
    "A2": (420.0, 594.0),
    "B5": (176.0, 250.0),
    "F4": (210.0, 330.0),
    "Letter": (215.9, 279.4),
    "Legal": (215.9, 355.6),
    "ID-1": (53.98, 85.6),
    "ID-3": (88.0, 125.0),
}
"""Short and long side: ISO 216, the folio of Vietnamese offices, ANSI, cards and passports (ISO/IEC 7810)."""
SLACK_MM, SLACK = 3.0, 0.015
"""A feeder's length is off by some millimetres; at A3 by one part in a hundred."""
USUAL_DPI = (100, 150, 200, 240, 300, 400, 600)
MIN_DPI, MAX_DPI = 60, 1300
LONG_SIDE_MM = (76.0, 864.0)
"""A7 to A1: a header that makes the sheet smaller or larger than this is wrong."""
UNKNOWING_DPI = 96
"""Up to here a header is what software writes when it does not know: believed only for a sheet up to A4."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Resolution of a page, the format its pixels make at it, and whether a person should look at the size."""

    dpi: int
    format: str | None
    odd: bool


def measure(stated_dpi: float | None, width_px: int, height_px: int) -> Paper:
    """Resolution and format of a sheet.

    >>> measure(300, 2481, 3507)
    Paper(dpi=300, format='A4', odd=False)
    >>> measure(72, 2481, 3507)
    Paper(dpi=300, format='A4', odd=False)
    >>> measure(240, 2481, 3507)
    Paper(dpi=300, format='A4', odd=True)
    >>> measure(300, 1012, 638)
    Paper(dpi=300, format='ID-1', odd=False)
    >>> measure(300, 900, 2400)
    Paper(dpi=300, format=None, odd=True)
    """
    known = _believable(stated_dpi, max(width_px, height_px))
    if known is not None and (name := format_of(width_px, height_px, known)):
        return Paper(round(known), name, odd=False)
    for usual in USUAL_DPI:
        name = format_of(width_px, height_px, usual)
        if name in ("A4", "Letter"):
            return Paper(usual, name, odd=known is not None)
    if known is not None:
        return Paper(round(known), None, odd=True)
    dpi = max(1, round(max(width_px, height_px) * MM / FORMATS_MM["A4"][1]))
    name = format_of(width_px, height_px, dpi)
    return Paper(dpi, name, odd=name is None)


def format_of(width_px: float, height_px: float, dpi: float) -> str | None:
    """Name of the format that so many pixels make, either way round; ``None`` when they make none."""
    short, long = sorted((width_px * MM / dpi, height_px * MM / dpi))
    best, least = None, 1.0
    for name, sides in FORMATS_MM.items():
        off = max(
            abs(mine - side) / max(SLACK_MM, side * SLACK) for mine, side in zip((short, long), sides, strict=True)
        )
        if off <= least:
            best, least = name, off
    return best


def _believable(stated_dpi: float | None, long_px: int) -> float | None:
    if not stated_dpi or not MIN_DPI <= stated_dpi <= MAX_DPI:
        return None
    smallest, largest = LONG_SIDE_MM
    if stated_dpi <= UNKNOWING_DPI:
        largest = FORMATS_MM["A4"][1] * 1.1
    return stated_dpi if smallest <= long_px * MM / stated_dpi <= largest else None
