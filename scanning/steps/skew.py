"""How far the sheet is turned: the angle at which its lines of print fall together best.

Points of the ink are projected on the sheet's height for a fan of angles; the sum of squared steps of the histogram
peaks when lines of text are level. The same fan on the sheet's width tells whether its lines run upwards: then the
sheet lies on its side, and the columns are measured instead. Positive is clockwise. What it comes to on pages that
nothing was tuned on is measured by ``benchmarks/skew.py``.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from scanning.page import Gray

LIMIT_DEG = 16.0
"""A degree beyond what is promised, so that the peak of a sheet at the limit has two slopes."""
COARSE_DEG = 1.0
COARSE_ROWS = 4
"""Rows taken together in the first fan: the peak of a ruled table is narrower than its step otherwise."""
COARSE_POINTS = 2_500
FINE_DEG = (0.16, 0.04)
"""Two finer fans around the best angle."""
POINTS = 9_000
"""Points of ink kept: enough for thirty lines of print, and what keeps the cost flat on a photograph."""
SUB_PX = 8
"""Points stand anywhere within their pixel: on whole rows the level angle would win by the raster alone."""
THICK_PX = 9
"""Ink this thick both ways (3 mm at 300 dpi) is a picture or the edge of a lid, and has directions of its own."""
CONFIDENT = 2.0
"""Peak of the first fan over its median; pages of seven kinds have 8 and more, a signature or scribbles 1.5."""
SIDEWAYS = 1.5
"""Peak of the columns over that of the rows from which on the lines run upwards; upright pages stay below 0.4."""
LEAST_INK = 300
_ONE = 1 << 12
"""Fixed point of sine and cosine: rows are found by whole numbers, at a third of the time."""
_WITHIN = np.random.default_rng(1).integers(0, SUB_PX, (2, 2 * POINTS + 2), np.int32)
"""Where in its pixel each point is taken to be; always the same."""

Points = npt.NDArray[np.int32]
Fan = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lines:
    """How the lines of a page lie. ``turn_deg`` 0.0 and ``sideways`` ``None``: there is nothing to tell it by."""

    turn_deg: float
    sideways: bool | None


def measure(ink_mask: Gray) -> Lines:
    """Turn of the lines in degrees clockwise, and whether they run across or upwards; 1 in the mask is ink."""
    xs, ys = _points(ink_mask)
    if len(ys) < LEAST_INK:
        return Lines(0.0, None)
    fan = np.arange(-LIMIT_DEG, LIMIT_DEG + COARSE_DEG / 2, COARSE_DEG)
    some = slice(None, None, max(1, len(ys) // COARSE_POINTS))
    across = _scores(xs[some], ys[some], fan, rows=COARSE_ROWS)
    upwards = _scores(-ys[some], xs[some], fan, rows=COARSE_ROWS)
    sideways = bool(upwards.max() > SIDEWAYS * across.max())
    scores = upwards if sideways else across
    if scores.max() < CONFIDENT * float(np.median(scores)):
        return Lines(0.0, None)
    if sideways:
        xs, ys = -ys, xs
    best, reach = float(fan[int(scores.argmax())]), COARSE_DEG
    for step in FINE_DEG:
        near = np.arange(best - reach, best + reach + step / 2, step)
        best = _summit(near, _scores(xs, ys, near, rows=1))
        reach = step * 2
    return Lines(round(best, 2), sideways)


def _summit(fan: Fan, scores: Fan) -> float:
    """Middle of the peak, by the weight of what stands out: the very top is flat and its first point is biased."""
    top = scores >= scores.min() + 0.9 * (scores.max() - scores.min())
    weights = np.where(top, scores - scores[~top].max(initial=scores.min()), 0.0)
    return float(fan @ weights / weights.sum()) if weights.sum() > 0 else float(fan[int(scores.argmax())])


def _points(ink_mask: Gray) -> tuple[Points, Points]:
    """Ink of lines and letters, thinned evenly to about ``POINTS``, about the middle: x and y in parts of a pixel."""
    height, width = ink_mask.shape
    margin_y, margin_x = height // 25, width // 25  # the edge's shadow is straight too, and not part of the print
    inner = ink_mask[margin_y : height - margin_y, margin_x : width - margin_x]
    thick = cv2.erode(inner, np.ones((THICK_PX, THICK_PX), np.uint8))
    thick = cv2.dilate(thick, np.ones((3 * THICK_PX, 3 * THICK_PX), np.uint8))
    thin = cv2.subtract(inner, thick)
    found = np.flatnonzero(thin.view(np.bool_))  # a third of the time of two-dimensional searches
    kept = found[:: max(1, len(found) // POINTS)].astype(np.int32)
    ys, xs = np.divmod(kept, np.int32(max(1, inner.shape[1])))
    xs, ys = (part * SUB_PX + within for part, within in zip((xs, ys), _WITHIN[:, : len(kept)], strict=True))
    return xs - width * SUB_PX // 2, ys - height * SUB_PX // 2


def _scores(xs: Points, ys: Points, angles_deg: Fan, *, rows: int) -> Fan:
    """Sharpness of the histogram over ``rows`` pixel rows at each angle; all angles in one histogram, end to end."""
    shift = (_ONE * SUB_PX * rows).bit_length() - 1  # all three are powers of two
    reach = (int(np.abs(xs).max()) + int(np.abs(ys).max()) + 2 * SUB_PX) * _ONE
    bins = (2 * reach >> shift) + 2
    angles = np.deg2rad(angles_deg)
    cos, sin = (np.rint(part * _ONE).astype(np.int32)[:, None] for part in (np.cos(angles), np.sin(angles)))
    heights = (ys * cos - xs * sin + reach) >> shift
    heights += np.arange(len(angles), dtype=np.int32)[:, None] * bins
    counts = np.bincount(heights.ravel(), minlength=len(angles) * bins).reshape(len(angles), bins)
    steps = np.diff(counts, axis=1)
    return np.asarray(np.einsum("ij,ij->i", steps, steps), np.float64)
