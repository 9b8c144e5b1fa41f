"""Tesseract's word on which way up a page is; its own program, asked only about suspects (0.3 s at 150 dpi)."""

import contextlib
import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass

import cv2
import numpy as np

from scanning.page import Gray
from scanning.steps.decode import halved

TESSERACT = "tesseract"
DPI_MOST = 200
"""Above it the page is halved: at 150 dpi the answers were the same in half the time."""
DEADLINE_S = 10.0
_ROTATE = re.compile(rb"^Rotate: (0|90|180|270)$", re.MULTILINE)
_CONFIDENCE = re.compile(rb"^Orientation confidence: ([\d.]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Answer:
    """Degrees clockwise that make the page upright, and how sure Tesseract is: 1 is a guess, from 15 on it is plain.

    ``rotate_deg`` is ``None`` when it found too few letters to say.
    """

    rotate_deg: int | None
    confidence: float


@functools.cache
def program() -> str | None:
    """Path of the program, or ``None`` where it is not installed; the worker says so once in its greeting."""
    return shutil.which(TESSERACT)


def ask(gray: Gray, dpi: int, skew_deg: float) -> Answer | None:
    """Ask about one page; ``None`` when it is not installed or too slow.

    Args:
        gray: (H, W) pixels.
        dpi: their resolution.
        skew_deg: clockwise turn to take out first: from some ten degrees on the program sees no lines.
    """
    command = program()
    if command is None:
        return None
    while dpi > DPI_MOST:
        gray, dpi = halved(gray), dpi // 2
    image = b"P5 %d %d 255\n" % gray.shape[::-1] + _level(gray, skew_deg).tobytes()
    with contextlib.suppress(subprocess.TimeoutExpired, OSError):
        done = subprocess.run(
            [command, "stdin", "stdout", "--psm", "0", "-l", "osd", "--dpi", str(dpi)],
            input=image,
            capture_output=True,
            timeout=DEADLINE_S,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            check=False,
        )
        rotate, confidence = _ROTATE.search(done.stdout), _CONFIDENCE.search(done.stdout)
        if rotate is not None and confidence is not None:
            return Answer(int(rotate[1]), float(confidence[1]))
        return Answer(None, 0.0)
    return None


def _level(gray: Gray, skew_deg: float) -> Gray:
    height, width = gray.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), skew_deg, 1)
    return np.asarray(cv2.warpAffine(gray, turn, (width, height), borderValue=255), np.uint8)
