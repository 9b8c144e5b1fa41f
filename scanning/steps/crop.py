"""Where on the scanner's bed does the sheet lie? Found only when that is sure; ink is never cut off.

A sheet smaller than the bed stands out as one filled, four-cornered patch: bright on a dark bed, tinted or shadowed on
a white one. A drawing, a frame or a photograph on ordinary paper does not pass: a frame is not filled, and on a white
bed the patch must have the size of a paper format besides. Whatever else lies on the bed (a second card) stays inside.
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from scanning.page import Gray, PageImage
from scanning.steps import paper
from schemas.document import Crop

SCALE = 8
"""The search is on the copy at an eighth."""
DARK_BED, WHITE_BED = 110, 232
"""Gray levels up to which and from which on a margin can be a bed."""
EVEN = 14
"""Gray levels between the tenth and the ninetieth percentile of a side of bare bed; print and shadows have more."""
TINT = 4
"""Gray levels by which paper differs from a white lid; noise of 4 levels is 0.5 at this scale."""
FILLED = 0.85
"""Share of its turned bounding box that a sheet's outline fills; a torn corner costs 0.05."""
DENSE = 0.6
"""Share of the outline that differs from the bed; a printed frame on the bed's own white has less than 0.3."""
LEAST_SIDE_MM = 40.0
BARE_MM = {"dark": 3.0, "white": 8.0}
"""Bed that must be bare on some side before it is worth cutting."""
SPECK = 0.0002
"""Share of the bed below which a patch is dust."""
LEVEL_WITHIN_DEG = 1.0
EDGE = 0.02
"""Share of the sheet left out at its edges: their shadow is no ink."""

_Patch = Any
"""Corners of an outline as OpenCV gives them: (N, 2) int32, which its stubs do not say."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet on its bed. ``box`` holds all that lies there; ``corners`` and ``turn_deg`` are the sheet's own.

    Pixels are those of the source. ``width_px`` and ``height_px`` are the sheet's sides once it is level.
    """

    box: Crop
    corners: npt.NDArray[np.float32]
    width_px: float
    height_px: float
    turn_deg: float
    alone: bool

    def crop(self, skew_deg: float) -> Crop:
        """What is left once the page is turned level by ``skew_deg``: the level sheet, or all that lies there."""
        if not self.alone or abs(skew_deg - self.turn_deg) > LEVEL_WITHIN_DEG:
            return self.box
        x, y = (float(middle) for middle in self.corners.mean(axis=0))
        pad = SCALE / 2
        half_width, half_height = self.width_px / 2 + pad, self.height_px / 2 + pad
        left, top = round(x - half_width), round(y - half_height)
        right, bottom = round(x + half_width), round(y + half_height)
        return (max(0, left), max(0, top), right, bottom) if left >= -SCALE and top >= -SCALE else self.box


def inside(page: PageImage, ink_mask: Gray, sheet: Sheet) -> tuple[PageImage, Gray]:
    """The page and its ink without the bed: views of the sheet's box, ink kept within the sheet's own edges."""
    left, top, right, bottom = (side // SCALE for side in sheet.box)
    own = np.zeros_like(ink_mask)
    middle = sheet.corners.mean(axis=0)
    shrunk = (middle + (sheet.corners - middle) * (1 - EDGE)) / 4
    cv2.fillConvexPoly(own, np.rint(shrunk).astype(np.int32), 1)
    kept = cv2.bitwise_and(ink_mask, own) if sheet.alone else ink_mask

    def cut(raster: Gray, factor: int) -> Gray:
        return raster[top * factor : bottom * factor, left * factor : right * factor]

    own_ink = np.ascontiguousarray(cut(np.asarray(kept, np.uint8), 2))
    return (
        dataclasses.replace(page, gray=cut(page.gray, 8), quarter=cut(page.quarter, 2), eighth=cut(page.eighth, 1)),
        own_ink,
    )


def middle(quarter: Gray) -> Gray:
    """The middle of a sheet that lies turned: what surely has no bed in it."""
    height, width = quarter.shape
    return quarter[height // 8 : height - height // 8, width // 8 : width - width // 8]


def find(eighth: Gray, dpi: int) -> Sheet | None:
    """The sheet, or ``None`` where the page is all paper or nothing is sure."""
    bed = _bed_level(eighth)
    if bed is None:
        return None
    dark = bed <= DARK_BED
    patch = _differing(eighth, bed, dark=dark)
    outlines, _ = cv2.findContours(patch, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    kept = [line.reshape(-1, 2) for line in outlines if cv2.contourArea(line) > SPECK * eighth.size]
    if not kept:
        return None
    largest = max(kept, key=cv2.contourArea)
    if not _is_sheet(patch, largest, dpi):
        return None
    sheet = _sheet(largest, kept, eighth.shape)
    if not _is_worth_it(sheet, eighth.shape, dpi, "dark" if dark else "white"):
        return None
    if not dark and not (sheet.alone and paper.format_of(sheet.width_px, sheet.height_px, dpi)):
        return None
    return sheet


def _bed_level(eighth: Gray) -> float | None:
    """Level of the bare bed: at least two sides even and alike, all dark or all white."""
    height, width = eighth.shape
    if min(height, width) < 60:
        return None
    deep = 3
    sides = (eighth[1:deep], eighth[-deep:-1], eighth[:, 1:deep], eighth[:, -deep:-1])
    levels = []
    for side in sides:
        in_order = np.sort(side, axis=None).astype(int)
        low, median, high = (int(in_order[len(in_order) * tenths // 10]) for tenths in (1, 5, 9))
        if high - low <= EVEN and (median <= DARK_BED or median >= WHITE_BED):
            levels.append(float(median))
    for level in sorted(levels):
        alike = [other for other in levels if abs(other - level) <= EVEN]
        if len(alike) >= 2:
            return float(np.mean(alike))
    return None


def _differing(eighth: Gray, bed: float, *, dark: bool) -> Gray:
    """255 where something lies on the bed."""
    if dark:
        paper_level = float(np.percentile(eighth[::2, ::2], 90))
        level = max(bed + 25, (bed + paper_level) / 2)
        _, patch = cv2.threshold(eighth, level, 255, cv2.THRESH_BINARY)
    else:
        soft = cv2.blur(eighth, (3, 3))
        away = cv2.absdiff(soft, np.full(1, round(bed), np.uint8))
        _, patch = cv2.threshold(away, TINT - 1, 255, cv2.THRESH_BINARY)
    patch = cv2.morphologyEx(patch, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(patch, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)), np.uint8)


def _is_sheet(patch: Gray, outline: _Patch, dpi: int) -> bool:
    (_, (wide, high), _) = cv2.minAreaRect(outline)
    if min(wide, high) * SCALE * paper.MM / dpi < LEAST_SIDE_MM:
        return False
    if cv2.contourArea(outline) < FILLED * wide * high:
        return False
    left, top, width, height = cv2.boundingRect(outline)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [outline - np.array([left, top], np.int32)], 1)
    within = cv2.mean(patch[top : top + height, left : left + width], inside)[0] / 255
    return bool(within >= DENSE)


def _sheet(outline: _Patch, kept: list[_Patch], shape: tuple[int, ...]) -> Sheet:
    middle, (wide, high), angle = cv2.minAreaRect(outline)
    while abs(angle) > 45:  # OpenCV calls either side the width, and turns by up to 90
        wide, high, angle = high, wide, angle - math.copysign(90, angle)
    corners = cv2.boxPoints((middle, (wide, high), angle)) * SCALE + SCALE / 2
    everything = np.concatenate(kept)
    left, top, width, height = cv2.boundingRect(everything)
    alone = cv2.boundingRect(outline) == (left, top, width, height)
    box = (
        max(0, left - 1) * SCALE,
        max(0, top - 1) * SCALE,
        min(shape[1], left + width + 1) * SCALE,
        min(shape[0], top + height + 1) * SCALE,
    )
    return Sheet(
        box, np.asarray(corners, np.float32), (wide + 1) * SCALE, (high + 1) * SCALE, float(angle), alone=alone
    )


def _is_worth_it(sheet: Sheet, shape: tuple[int, ...], dpi: int, bed: str) -> bool:
    left, top, right, bottom = sheet.box
    bare_px = max(left, top, shape[1] * SCALE - right, shape[0] * SCALE - bottom)
    return bare_px * paper.MM / dpi >= BARE_MM[bed]
