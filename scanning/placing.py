"""Where things lie on a page: matrices as PDF content, in points, origin at the lower left.

Everything is laid out on the whole raster first (``Sheet``), level and not yet turned; the page is then a window on it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.document import Crop

LEVEL_FROM_DEG = 0.2
"""Print turned less than this looks level; turning it would only clip the corners."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole raster on paper.

    Sides in points, before any quarter turn; ``points_per_px`` across and down; ``skew_deg`` is the clockwise turn of
    its print; ``rotate_deg`` is all that a viewer turns it, clockwise.
    """

    width: float
    height: float
    points_per_px: tuple[float, float]
    skew_deg: float = 0.0
    rotate_deg: int = 0

    @classmethod
    def of(cls, size_px: tuple[int, int], dpi: tuple[float, float], *, skew_deg: float, rotate_deg: int) -> "Sheet":
        """The sheet that so many pixels make at so many to the inch."""
        across, down = 72 / dpi[0], 72 / dpi[1]
        skew = skew_deg if abs(skew_deg) >= LEVEL_FROM_DEG else 0.0
        return cls(round(size_px[0] * across, 3), round(size_px[1] * down, 3), (across, down), skew, rotate_deg % 360)

    def window(self, crop: Crop | None) -> tuple[float, float, float, float]:
        """Lower left corner and sides of the page: all of the sheet, or the crop around its levelled centre."""
        if crop is None:
            return 0.0, 0.0, self.width, self.height
        left, top, right, bottom = crop
        across, down = self.points_per_px
        width, height = (right - left) * across, (bottom - top) * down
        x, y = (left + right) / 2 * across, self.height - (top + bottom) / 2 * down
        a, b, c, d, e, f = self._level()
        x, y = a * x + c * y + e, b * x + d * y + f
        return x - width / 2, y - height / 2, round(width, 3), round(height, 3)

    def _level(self) -> tuple[float, float, float, float, float, float]:
        """Turns the raster back about its centre."""
        cos, sin = math.cos(math.radians(self.skew_deg)), math.sin(math.radians(self.skew_deg))
        x, y = self.width / 2, self.height / 2
        return cos, sin, -sin, cos, x - x * cos + y * sin, y - x * sin - y * cos

    def image(self, name: str, *, mirrored: bool) -> str:
        """Content that draws the image, turned level; a mirrored one is turned over first."""
        turn = _cm(self._level()) if self.skew_deg else ""
        sides = (-self.width, 0, 0, self.height, self.width, 0) if mirrored else (self.width, 0, 0, self.height, 0, 0)
        return f"q {turn}{_cm(sides)}/{name} Do Q"

    def upright(self, name: str, width: float, height: float) -> str:
        """Content that draws a form made for the page as it is read, of these sides, over the levelled sheet."""
        wide, high = (self.height, self.width) if self.rotate_deg in (90, 270) else (self.width, self.height)
        x, y = wide / width, high / height
        matrix = {
            0: (x, 0, 0, y, 0, 0),
            90: (0, x, -y, 0, self.width, 0),
            180: (-x, 0, 0, -y, self.width, self.height),
            270: (0, -x, y, 0, 0, self.height),
        }[self.rotate_deg]
        return f"q {_cm(matrix)}/{name} Do Q"


def moved(content: Sequence[str], x: float, y: float) -> str:
    """The contents with the point (x, y) brought to the origin."""
    body = "\n".join(content)
    return f"q {_cm((1, 0, 0, 1, -x, -y))}\n{body}\nQ" if x or y else body


def quarter_turn(matrix: Sequence[float]) -> tuple[int, bool] | None:
    """How a matrix shows the unit square: degrees clockwise after mirroring it; ``None`` when it leans.

    >>> quarter_turn((595, 0, 0, 842, 0, 0)), quarter_turn((0, -842, 595, 0, 0, 842))
    ((0, False), (90, False))
    >>> quarter_turn((-595, 0, 0, 842, 595, 0)), quarter_turn((595, 9, -9, 842, 0, 0)) is None
    ((0, True), True)
    """
    a, b, c, d = matrix[:4]
    most = max(abs(value) for value in (a, b, c, d))
    if max(abs(b), abs(c)) < most * 1e-3 and a and d:
        return (0 if d > 0 else 180), a * d < 0
    if max(abs(a), abs(d)) < most * 1e-3 and b and c:
        return (90 if c > 0 else 270), b * c > 0
    return None


def _cm(matrix: Sequence[float]) -> str:
    return " ".join(_number(value) for value in matrix) + " cm "


def _number(value: float) -> str:
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
