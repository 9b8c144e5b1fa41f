"""Where on a page codes may stand: patches as dense with ink as printed symbols are.

The search runs at an eighth of the page's size and costs a tenth of the page's decode. A dense patch has 0.40 to 0.75
of its pixels dark and changes between dark and light often, at any angle and also when the scan is soft; headings are
thinner, photographs change slowly, screens of dots too fast. Only what passes both measures is worth the dear readers.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scanning.page import Gray

SCALE = 8
"""A patch is found at this fraction of the full size; ``flat`` comes at half of it."""
DENSE = 0.30
"""Share of dark pixels around a point: codes have 0.4 to 0.7, print 0.1 to 0.25."""
DARK_BELOW = 0.70
"""Share of the paper's brightness, on print of normal contrast."""
BOX, CLOSE = 7, 5
"""Windows in eighths of a pixel: 56 px, four lines of small print, and 40 px, the gaps inside a symbol."""
MAX_REGIONS = 8
"""A page of photographs has dozens; the largest eight hold every code that a form carries."""
PAD_PX = 60
SHORTEST_PX = 44
"""Shortest side of a patch in full-size pixels: 4 mm at 300 dpi."""
LONGEST = 0.92
"""Longest side as a share of the page's longer one: a symbol fits on the sheet with its quiet zones."""
LARGEST = 0.20
"""Largest area as a share of the page: a picture that fills the sheet is no code."""
SHORTEST_CODE = 0.016
"""Shortest side as a share of the page's longer one, 56 px on A4 at 300 dpi: a flat Data Matrix has 64, one line of a
bold heading 48."""
INK_OF_CODES = (0.48, 0.80)
"""Share of dark pixels of the whole patch; bold headings have 0.37 to 0.47."""
EDGES_OF_CODES = (0.08, 0.60)
"""Mean step between neighbours at half size, as a share of the patch's contrast; symbols have 0.11 to 0.51 in eighteen
conditions, a blurred or very large one the least."""
STEPS_OF_CODES = 7
"""Steps from dark to light or back along a row and a column of the patch together: a symbol that holds a dossier code
has 9 also when it is blurred, the star in the middle of a stamp 5."""
CAPTION = 4
"""A caption has less than this part of its symbol's area."""
SOFT_BELOW = 0.20
"""Edges of a symbol that is blurred, or so large that it needs no help; sharp ones have 0.22 and more."""


@dataclass(frozen=True, slots=True)
class Region:
    """A patch in full-size pixels with room around it. ``like_code``: as dark and as busy as symbols are."""

    left: int
    top: int
    right: int
    bottom: int
    like_code: bool
    soft: bool

    def crop(self, gray: Gray) -> Gray:
        """The patch's pixels; a view."""
        return gray[self.top : self.bottom, self.left : self.right]

    def captions(self, other: "Region") -> bool:
        """Whether it is a small patch right beside the other: what is printed in letters under a symbol."""
        near = self.left + PAD_PX < other.right and other.left < self.right - PAD_PX
        near = near and self.top + PAD_PX < other.bottom and other.top < self.bottom - PAD_PX
        return near and CAPTION * self.area_px < other.area_px

    @property
    def area_px(self) -> int:
        """Pixels of the patch without the room around it."""
        return max(1, self.right - self.left - 2 * PAD_PX) * max(1, self.bottom - self.top - 2 * PAD_PX)

    def holds(self, x: float, y: float) -> bool:
        """Whether the point lies in it."""
        return self.left <= x <= self.right and self.top <= y <= self.bottom


def find(gray: Gray, flat: Gray) -> list[Region]:
    """Patches of the page, the largest first, at most ``MAX_REGIONS``.

    Args:
        gray: the page at full size.
        flat: the page without its paper at quarter size.
    """
    height, width = gray.shape
    _, dark = cv2.threshold(flat, _dark_level(flat), 255, cv2.THRESH_BINARY_INV)
    dark = cv2.resize(dark, (max(1, width // SCALE), max(1, height // SCALE)), interpolation=cv2.INTER_AREA)
    _, dense = cv2.threshold(cv2.blur(dark, (BOX, BOX)), 255 * DENSE, 255, cv2.THRESH_BINARY)
    dense = cv2.morphologyEx(dense, cv2.MORPH_CLOSE, np.ones((CLOSE, CLOSE), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dense, connectivity=8)
    found: list[Region] = []
    for n in sorted(range(1, count), key=lambda n: -int(stats[n, cv2.CC_STAT_AREA])):
        left, top, wide, high = (int(value) for value in stats[n, :4])
        if not _can_be(wide * SCALE, high * SCALE, width, height):
            continue
        here = np.s_[top : top + high, left : left + wide]
        share = cv2.mean(dark[here], (labels[here] == n).astype(np.uint8))[0] / 255
        edges, steps = _edges(gray[top * SCALE : (top + high) * SCALE, left * SCALE : (left + wide) * SCALE])
        found.append(
            Region(
                left=max(0, left * SCALE - PAD_PX),
                top=max(0, top * SCALE - PAD_PX),
                right=min(width, (left + wide) * SCALE + PAD_PX),
                bottom=min(height, (top + high) * SCALE + PAD_PX),
                like_code=min(wide, high) * SCALE >= SHORTEST_CODE * max(width, height)
                and _within(share, INK_OF_CODES)
                and _within(edges, EDGES_OF_CODES)
                and steps >= STEPS_OF_CODES,
                soft=edges < SOFT_BELOW,
            )
        )
        if len(found) == MAX_REGIONS:
            break
    return found


def _can_be(wide: int, high: int, page_width: int, page_height: int) -> bool:
    fits = max(wide, high) <= LONGEST * max(page_width, page_height)
    return fits and min(wide, high) >= SHORTEST_PX and wide * high <= LARGEST * page_width * page_height


def _within(value: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= value <= limits[1]


def _edges(patch: Gray) -> tuple[float, float]:
    """Mean step between neighbouring pixels at half size, as a share of the patch's contrast, and steps in all."""
    half = cv2.resize(patch, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    counts = np.bincount(half.ravel(), minlength=256).cumsum()
    low, high = np.searchsorted(counts, (counts[-1] * 0.05, counts[-1] * 0.95))
    across = cv2.norm(half[:, 1:], half[:, :-1], cv2.NORM_L1) / max(1, half[:, 1:].size)
    down = cv2.norm(half[1:], half[:-1], cv2.NORM_L1) / max(1, half[1:].size)
    contrast = max(20, int(high - low))
    return float((across + down) / contrast), float((across * half.shape[1] + down * half.shape[0]) / contrast)


def _dark_level(flat: Gray) -> float:
    """Gray level below which a pixel is dark; faint print moves it up, or thin bars would melt into the paper."""
    counts = np.bincount(flat[::2, ::2].ravel(), minlength=256).cumsum()
    inkiest = int(np.searchsorted(counts, counts[-1] * 0.01))
    return max(255 * DARK_BELOW, 255 - 0.45 * (255 - inkiest))
