"""The sheet at quarter scale without its paper: tint, shadow and show-through are divided out.

Background is the local maximum, blurred; dividing by it makes white paper 255 whatever its colour. Blank judgement and
the search for codes both start here, so it is made once a page.
"""

import cv2
import numpy as np

from scanning.page import Gray

INK_BELOW = 0.80
"""Darker than this share of the local paper is ink: pencil is (0.6), the back side showing through is not."""
_SHRINK = 4
_PAPER_PX = 9
"""Window of the paper's local maximum on the shrunk copy: 36 px at quarter scale, wider than any letter."""


def flatten(quarter: Gray) -> Gray:
    """(H, W) uint8 at quarter scale, paper at 255."""
    height, width = quarter.shape
    small = cv2.resize(quarter, (max(1, width // _SHRINK), max(1, height // _SHRINK)), interpolation=cv2.INTER_AREA)
    paper = cv2.dilate(small, np.ones((_PAPER_PX, _PAPER_PX), np.uint8))
    paper = cv2.blur(paper, (_PAPER_PX, _PAPER_PX))
    paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(quarter, cv2.max(paper, np.full(1, 16, np.uint8)), scale=255), np.uint8)


def mask(flat: Gray) -> Gray:
    """1 where there is ink. No median first: at this scale the strokes of a page number are one pixel wide."""
    _, dark = cv2.threshold(flat, 255 * INK_BELOW, 1, cv2.THRESH_BINARY_INV)
    return np.asarray(dark, np.uint8)
