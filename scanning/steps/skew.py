"""How far the sheet is turned: the angle at which its lines of print fall together best.

Ink points of the small copy are projected on the sheet's height for a fan of angles; the sum of squared steps of the
histogram peaks when lines of text are level. On drawn forms at nine angles within ±8.3 degrees the median error is 0.01
and the 95th percentile 0.13 degrees, in 4 ms; Hough lines took 100 ms for more. Positive is clockwise.
"""

import cv2
import numpy as np
import numpy.typing as npt

from scanning.page import Gray, PageImage

LIMIT_DEG = 10.0
COARSE_DEG = 1.0
FINE_DEG = (0.2, 0.04)
"""Two finer fans around the best angle."""
POINTS = 6_000
"""Ink points kept: enough for thirty lines of print, and what keeps the cost flat on a photograph."""
CONFIDENT = 1.25
"""Peak of the fan over its median; below it the page has no lines (a photograph, a signature) and is left as it is."""
LEAST_INK = 200
LEAST_ROWS = 400
"""Below this (A4 under 275 dpi) the 1/8 copy is too coarse and the 1/4 copy is used."""


def angle_deg(page: PageImage) -> float:
    """Clockwise turn of the page's content in degrees, 0.0 when there is nothing to tell it by."""
    return turn_deg(page.eighth if page.eighth.shape[0] >= LEAST_ROWS else page.quarter)


def turn_deg(small: Gray) -> float:
    """The same for one small gray copy of a page."""
    ys, xs = _ink_points(small)
    if len(ys) < LEAST_INK:
        return 0.0
    fan = np.arange(-LIMIT_DEG, LIMIT_DEG + 0.01, COARSE_DEG)
    scores = _scores(xs, ys, fan)
    best = float(fan[int(scores.argmax())])
    if scores.max() < CONFIDENT * float(np.median(scores)):
        return 0.0
    reach = COARSE_DEG
    for step in FINE_DEG:
        fan = np.arange(best - reach, best + reach + step / 2, step)
        best = _summit(fan, _scores(xs, ys, fan))
        reach = step * 1.5
    return round(best, 2)


def _summit(fan: npt.NDArray[np.float64], scores: npt.NDArray[np.float64]) -> float:
    """Middle of the peak: rows are whole pixels, so the very top is flat and its first point is biased."""
    top = scores >= scores.min() + 0.9 * (scores.max() - scores.min())
    weights = np.where(top, scores - scores[~top].max(initial=scores.min()), 0.0)
    return float(fan @ weights / weights.sum()) if weights.sum() > 0 else float(fan[int(scores.argmax())])


def _ink_points(eighth: Gray) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Dark points against a local mean, thinned evenly to at most ``POINTS``, centred."""
    height, width = eighth.shape
    if min(height, width) < 40:
        return np.empty(0, np.float32), np.empty(0, np.float32)
    margin_y, margin_x = height // 25, width // 25  # the edge's shadow is straight too, and not part of the print
    inner = eighth[margin_y : height - margin_y, margin_x : width - margin_x]
    dark = cv2.adaptiveThreshold(inner, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 21, 18)
    ys, xs = np.nonzero(dark)
    stride = max(1, len(ys) // POINTS)
    ys, xs = ys[::stride], xs[::stride]
    return ys.astype(np.float32) - height / 2, xs.astype(np.float32) - width / 2


def _scores(
    xs: npt.NDArray[np.float32], ys: npt.NDArray[np.float32], angles_deg: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Sharpness of the row histogram at each angle."""
    scores = np.empty(len(angles_deg))
    reach = float(np.hypot(np.abs(xs).max(), np.abs(ys).max())) + 2
    for n, angle in enumerate(np.deg2rad(angles_deg)):
        rows = ys * np.cos(angle) - xs * np.sin(angle) + reach
        whole = rows.astype(np.int32)
        part = rows - whole
        # Each point is shared by two rows: on whole rows the level angle would win by the raster alone.
        counts = np.bincount(whole, weights=1 - part, minlength=int(2 * reach) + 3)
        counts += np.bincount(whole + 1, weights=part, minlength=int(2 * reach) + 3)
        steps = np.diff(counts)
        scores[n] = float(steps @ steps)
    return scores
