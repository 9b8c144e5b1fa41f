"""Sharpness, contrast and resolution, each with a gate that says good, warn or rescan.

Sharpness is the steepest step between neighbours as a share of the local contrast, so that neither faint print nor
noise passes for blur or sharpness (the variance of the Laplacian falls sixfold by contrast alone and is raised by
noise). Measured on A4 at 300 dpi: 0.53 untouched, 0.36 at a Gaussian blur of 1 px, 0.22 at 2.5 px; print of a third of
its contrast and grain of 25 levels move the first by 0.03, grain of 12 on a blurred page raises the last to 0.30.
"""

import cv2
import numpy as np

from scanning.page import Gray, PageImage
from schemas.document import PageVerdict, ScanReason

SHARP, BLURRED = 0.35, 0.28
CONTRAST_GOOD, CONTRAST_LEAST = 80.0, 40.0
DPI_LEAST = 200
"""Decree 30/2020: digitised papers have at least 200 dpi."""
_WINDOW_PX = 900
_ROWS = 6
"""Rows taken together: steps are judged along the rows, and grain falls to two fifths while upright strokes stay."""
_CELLS = 5
"""Cells to a side of the window in the search for it."""
_REACH_PX = 9
_EDGE_RANGE = (24, 60)
"""Gray levels within reach that make an edge worth judging: two fifths of the page's contrast, but never the noise."""
_EDGES_LEAST = 400
_PARTS = 250
"""Steps are counted in this many parts of the range, as bytes: a fifth of the time of floats."""


def contrast(quarter: Gray) -> float:
    """Paper less ink: median less first percentile, in gray levels."""
    counts = cv2.calcHist([quarter[::2]], [0], None, [256], [0, 256]).ravel().cumsum()
    median, first = np.searchsorted(counts, (counts[-1] * 0.5, counts[-1] * 0.01))
    return float(max(0, int(median) - int(first)))


def sharpness(page: PageImage, ink_mask: Gray, contrast_levels: float) -> float | None:
    """95th percentile of step over local range in the window with most ink; ``None`` without enough edges."""
    inkiest = _inkiest(page.gray, ink_mask)
    rows = max(1, inkiest.shape[0] // _ROWS)
    window = cv2.resize(inkiest[: rows * _ROWS], (inkiest.shape[1], rows), interpolation=cv2.INTER_AREA)
    kernel = np.ones((1, _REACH_PX), np.uint8)
    spread = cv2.subtract(cv2.dilate(window, kernel), cv2.erode(window, kernel))[:, 1:]
    step = cv2.absdiff(window[:, 1:], window[:, :-1])
    _, edges = cv2.threshold(spread, float(np.clip(0.4 * contrast_levels, *_EDGE_RANGE)), 255, cv2.THRESH_BINARY)
    shares = cv2.calcHist([cv2.divide(step, spread, scale=_PARTS)], [0], edges, [256], [0, 256]).ravel().cumsum()
    if shares[-1] < _EDGES_LEAST:
        return None
    return round(float(np.searchsorted(shares, shares[-1] * 0.95)) / _PARTS, 3)


def _inkiest(gray: Gray, ink_mask: Gray) -> Gray:
    """The square of the page with the most ink, found on a coarse grid."""
    height, width = gray.shape
    cell = _WINDOW_PX // _CELLS // 4
    down, across = (max(1, side // cell) for side in ink_mask.shape)
    whole = ink_mask[: down * cell, : across * cell] * np.uint8(255)  # a whole factor: a tenth of the time
    cells = cv2.resize(whole, (across, down), interpolation=cv2.INTER_AREA)
    sums = cv2.boxFilter(cells, cv2.CV_32F, (_CELLS, _CELLS), normalize=False, borderType=cv2.BORDER_CONSTANT)
    row, column = (int(place) for place in np.unravel_index(int(sums.argmax()), sums.shape))
    top, left = ((place * cell + cell // 2) * 4 - _WINDOW_PX // 2 for place in (row, column))
    top, left = min(max(0, top), max(0, height - _WINDOW_PX)), min(max(0, left), max(0, width - _WINDOW_PX))
    return gray[top : top + _WINDOW_PX, left : left + _WINDOW_PX]


def verdict(
    sharpness_of_edges: float | None, contrast_levels: float, dpi: int
) -> tuple[PageVerdict, tuple[ScanReason, ...]]:
    """The gate: the worst of three, with the reasons."""
    rescan: list[ScanReason] = []
    warn: list[ScanReason] = []
    if sharpness_of_edges is not None and sharpness_of_edges < SHARP:
        (rescan if sharpness_of_edges < BLURRED else warn).append(ScanReason.BLURRED)
    if contrast_levels < CONTRAST_GOOD:
        (rescan if contrast_levels < CONTRAST_LEAST else warn).append(ScanReason.FAINT)
    if dpi < DPI_LEAST - 2:
        warn.append(ScanReason.COARSE)
    if rescan:
        return PageVerdict.RESCAN, (*rescan, *warn)
    return (PageVerdict.WARN if warn else PageVerdict.GOOD), tuple(warn)
