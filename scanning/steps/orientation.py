"""Which way up does the page belong? A cheap suspicion on every page, Tesseract's word only on a suspect.

Codes that we print know their own way up and decide at once; a label stuck on by hand does not. Lines that run upwards
lie on their side. For the rest the letters tell: above their line stand ascenders, capitals, digits and the marks of
Vietnamese, below it little, so the ink of a line ends sharply at the bottom and softly at the top. The measure is the
third moment of the row profile's steps, summed over strips of the page: on 200 drawn pages of print, forms, tables and
notes at 200 and 300 dpi it was below -0.04 on every upright one; upside down it is the same with the other sign.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scanning.page import Gray
from scanning.steps import osd
from scanning.steps.skew import Lines
from schemas.document import Barcode

SUSPECT = 0.02
"""Lean of the letters from which on they say something. A false suspicion costs time and no page."""
RULE_MM = 10.0
"""Runs of ink this long are ruled lines or frames and say nothing; no letter has one."""
CLEAR = 0.1
"""Lean that is no accident of a few marks, even where Tesseract finds no letters."""
SURE, AGREES = 3.0, 0.3
"""Tesseract's confidence that is believed alone, and together with our own suspicion."""
CODE_WITHIN_DEG = 20.0
_STRIPS = 6
_LABEL = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}")
"""An item label: people stick it on any way round."""


@dataclass(frozen=True, slots=True)
class WayUp:
    """Quarter turn clockwise that makes the pixels upright; ``sure`` is false when a person should look."""

    rotate_deg: int
    sure: bool


def judge(
    gray: Gray, ink_mask: Gray, lines: Lines, codes: Sequence[Barcode], *, dpi: int, stated_deg: int = 0
) -> WayUp:
    """Judge the page.

    Args:
        gray: the page's pixels, for Tesseract, should it be asked.
        ink_mask: 1 is ink, at quarter scale.
        lines: what the skew step found.
        codes: what was read on the page.
        dpi: resolution of ``gray``.
        stated_deg: quarter turn that the file asks for; it stands as long as nothing on the page speaks against it.
    """
    stated = WayUp(stated_deg, sure=True)
    by_codes = way_of_codes(codes)
    if by_codes is not None and lines.sideways in (None, by_codes in (90, 270)):
        return WayUp(by_codes, sure=True)
    if lines.sideways is None:
        return stated
    said, clear = letters_say(ink_mask, lines, dpi)
    agrees = lines.sideways == (stated_deg in (90, 270))
    if said == stated_deg or (said is None and agrees):
        return stated
    answer = osd.ask(gray, dpi, lines.turn_deg)
    if answer is None:
        return WayUp(stated_deg, sure=False)
    if answer.rotate_deg is None:  # what looks like print are no letters: a table of marks, a drawing
        return WayUp(stated_deg, sure=agrees and not clear)
    if (answer.rotate_deg in (90, 270)) != lines.sideways:
        return WayUp(stated_deg, sure=False)
    if answer.confidence >= (AGREES if answer.rotate_deg == said else SURE):
        return WayUp(answer.rotate_deg, sure=True)
    return WayUp(stated_deg, sure=False)


def way_of_codes(codes: Sequence[Barcode]) -> int | None:
    """Quarter turn that makes the codes upright, when those that tell agree.

    A box that stands exactly straight tells nothing: readers that do not know the way up give such boxes.
    """
    turns = set()
    for code in codes:
        (x0, y0), (x1, y1) = code.box[0], code.box[1]
        if _LABEL.fullmatch(code.text) or (y0 == y1 and x0 < x1):
            continue
        angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
        quarter = round(angle / 90)
        if abs(angle - 90 * quarter) > CODE_WITHIN_DEG:
            return None
        turns.add(-90 * quarter % 360)
    return turns.pop() if len(turns) == 1 else None


def letters_say(ink_mask: Gray, lines: Lines, dpi: int) -> tuple[int | None, bool]:
    """Quarter turn that the letters ask for, ``None`` when they say nothing; and whether they say it clearly."""
    if lines.sideways:
        ink_mask = np.asarray(cv2.rotate(ink_mask, cv2.ROTATE_90_CLOCKWISE), np.uint8)
    leaning = lean(ink_mask, lines.turn_deg, dpi)
    if abs(leaning) < SUSPECT:
        return None, False
    return (0 if leaning < 0 else 180) + (90 if lines.sideways else 0), abs(leaning) >= CLEAR


def lean(ink_mask: Gray, turn_deg: float, dpi: int) -> float:
    """Where the ink of level lines ends sharply, from -1 (at the bottom: upright) to 1 (at the top: upside down)."""
    height, width = ink_mask.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1)
    level = cv2.warpAffine(ink_mask, turn, (width, height), flags=cv2.INTER_NEAREST)
    run = max(9, round(RULE_MM * dpi / 25.4 / 4))
    # Rules are a pixel thick here and step aside where the page was turned: made thicker, they are runs again.
    rules = cv2.morphologyEx(cv2.dilate(level, np.ones((3, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    letters = cv2.subtract(level, cv2.dilate(rules, np.ones((3, 3), np.uint8)))
    lopsided = whole = 0.0
    for n in range(_STRIPS):
        strip = letters[:, width * n // _STRIPS : width * (n + 1) // _STRIPS]
        steps = np.diff(cv2.reduce(strip, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel().astype(np.float64))
        lopsided += float((steps**3).sum())
        whole += float((np.abs(steps) ** 3).sum())
    return lopsided / whole if whole else 0.0
