"""Is anything written on the sheet? By the shapes of the ink, not by its amount.

Thirty specks of dust with punch holes are 0.07 % of a sheet; a lone page number is 0.008 %. So the amount cannot tell
them apart, and neither can the standard deviation (4.6 against 4.4 for an empty sheet). A sheet is blank when no
component of the ink is more than a speck, a punch hole or a shadow of the edge; a single small one is a doubt and is
left to a person. Nothing is ever dropped here: this is a measure.
"""

import enum

import cv2
import numpy as np

from scanning.page import Gray

MARGIN = 0.04
"""Share of each side left out: shadow of the scanner's bed."""
SPECK_PX = 6
"""At quarter scale (75 dpi of a 300 dpi page): a full stop of 12 pt print is larger, dust is smaller."""
HOLE_PX = (10, 40)
"""Side of a punch hole's bounding box at quarter scale: 4 to 8 mm at 300 dpi, with room."""
SURELY_WRITTEN = 0.001
"""From 0.1 % of the sheet on, there is no doubt that it is written on."""
FEW = 8
"""Fewer components than this on next to no ink is a doubt: a page number has 1 to 4, a signature about 7."""


class Blankness(enum.Enum):
    """What the ink says."""

    BLANK = "blank"
    DOUBT = "doubt"
    WRITTEN = "written"


def judge(ink_mask: Gray) -> Blankness:
    """Judge the ink mask of a whole sheet at quarter scale (1 is ink)."""
    height, width = ink_mask.shape
    top, left = round(height * MARGIN), round(width * MARGIN)
    inner = ink_mask[top : height - top, left : width - left]
    if inner.size == 0:
        return Blankness.BLANK
    if cv2.countNonZero(inner) > inner.size * 5 * SURELY_WRITTEN:
        return Blankness.WRITTEN
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(inner), connectivity=8)
    kept = [stats[n] for n in range(1, count) if not _is_dirt(stats[n], inner.shape)]
    area = sum(int(stat[cv2.CC_STAT_AREA]) for stat in kept)
    if not kept:
        return Blankness.BLANK
    return Blankness.WRITTEN if area > inner.size * SURELY_WRITTEN or len(kept) >= FEW else Blankness.DOUBT


def _is_dirt(stat: "np.typing.NDArray[np.int32]", shape: tuple[int, ...]) -> bool:
    """A speck, a round hole, or something that hangs on the edge."""
    left, top, width, height, area = (int(value) for value in stat[:5])
    if area < SPECK_PX:
        return True
    if left == 0 or top == 0 or left + width == shape[1] or top + height == shape[0]:
        return True
    smallest, largest = HOLE_PX
    in_range = smallest <= width <= largest and smallest <= height <= largest
    return in_range and abs(width - height) <= 3 and area > 0.7 * width * height
