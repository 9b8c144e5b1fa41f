"""Other ways to look at a patch that should be a code and was not read: each makes an image that is easier to read.

Which look helps against what was measured on drawn covers under eighteen conditions: another threshold against noise
and wear, twice the size at 150 dpi, an upright copy for print turned by ten degrees, and undoing the blur
(a Wiener filter) for soft scans, where no other reader answers at all. A look knows its price in pixels, because pages
are given a budget: the same page always gets the same looks, however busy the machine is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from scanning.page import Gray

Matrix = npt.NDArray[np.float64]
"""(2, 3): from the look's pixels back to the patch's."""
TWICE_UP_TO_PX = 400_000
"""A larger patch has bars of five pixels and more: what keeps it from being read is not its size."""
THRICE_UP_TO_PX = 150_000
"""Bars of a pixel and a half, Code 128 of an office printer at 150 dpi, come in patches below this."""
HERE: Matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, slots=True)
class Look:
    """One way: what it makes of a patch, its price for each pixel, and whether a fixed threshold reads it.

    A price of 1 is one reading of the patch, 10 to 20 ns a pixel; a patch above ``largest_px`` is not helped by it.
    """

    make: Callable[[Gray], tuple[Gray, Matrix]]
    price: float
    fixed_threshold: bool = False
    largest_px: float = float("inf")

    def price_of(self, patch: Gray) -> float:
        """Pixels times price; infinite where it cannot help."""
        return float("inf") if patch.size > self.largest_px else self.price * patch.size


def _plain(patch: Gray) -> tuple[Gray, Matrix]:
    return patch, HERE


def _stretched(patch: Gray) -> tuple[Gray, Matrix]:
    """Darkest to lightest over the whole range, so that the middle is the threshold."""
    counts = np.bincount(patch[::2, ::2].ravel(), minlength=256).cumsum()
    low, high = (int(level) for level in np.searchsorted(counts, (counts[-1] * 0.02, counts[-1] * 0.90)))
    table = np.clip((np.arange(256) - low) * 255.0 / max(1, high - low), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(patch, table), np.uint8), HERE


def _twice(patch: Gray) -> tuple[Gray, Matrix]:
    return _grown(patch), HERE * 0.5


def _sharpened_twice(patch: Gray) -> tuple[Gray, Matrix]:
    large = _grown(patch)
    return np.asarray(cv2.addWeighted(large, 3, cv2.GaussianBlur(large, (0, 0), 5), -2, 0), np.uint8), HERE * 0.5


def _unblurred(patch: Gray) -> tuple[Gray, Matrix]:
    return _wiener(patch, sigma_px=2.4, noise=0.001), HERE


def _unblurred_twice(patch: Gray) -> tuple[Gray, Matrix]:
    return _grown(_wiener(patch, sigma_px=2.8, noise=0.002)), HERE * 0.5


def _unblurred_thrice(patch: Gray) -> tuple[Gray, Matrix]:
    sharper = _wiener(patch, sigma_px=0.6, noise=0.02)
    return np.asarray(cv2.resize(sharper, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8), HERE / 3


def _upright(patch: Gray) -> tuple[Gray, Matrix]:
    """Turned so that the edges stand level and plumb; see :func:`_lean_deg`."""
    height, width = patch.shape
    lean = _lean_deg(patch)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), lean, 1.0)
    cos, sin = abs(turn[0, 0]), abs(turn[0, 1])
    wide, high = int(height * sin + width * cos), int(height * cos + width * sin)
    turn[:, 2] += (wide - width) / 2, (high - height) / 2
    turned = cv2.warpAffine(patch, turn, (wide, high), flags=cv2.INTER_CUBIC, borderValue=255)
    stretched, _ = _stretched(np.asarray(turned, np.uint8))
    return stretched, np.asarray(cv2.invertAffineTransform(turn), np.float64)


SHARP = (
    Look(_plain, 1.0),
    Look(_stretched, 1.0, fixed_threshold=True),
    Look(_twice, 3.5, largest_px=TWICE_UP_TO_PX),
    Look(_upright, 2.5, fixed_threshold=True),
    Look(_sharpened_twice, 6.5, largest_px=TWICE_UP_TO_PX),
    Look(_unblurred_thrice, 11.0, largest_px=THRICE_UP_TO_PX),
)
"""For a patch with sharp edges, from cheap to dear. The first differs from a first look by searching turned codes."""
SOFT = (
    Look(_plain, 1.0),
    Look(_stretched, 1.0, fixed_threshold=True),
    Look(_upright, 2.5, fixed_threshold=True),
    Look(_unblurred, 3.5),
    Look(_unblurred_twice, 7.0, largest_px=TWICE_UP_TO_PX),
)
"""For a patch with soft edges."""


def _grown(patch: Gray) -> Gray:
    return np.asarray(cv2.resize(patch, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)


def _wiener(patch: Gray, *, sigma_px: float, noise: float) -> Gray:
    """The patch before a Gaussian blur of this width, as far as ``noise`` (power against the print's) lets one tell."""
    edge = 16
    height, width = patch.shape
    high, wide = (cv2.getOptimalDFTSize(side + 2 * edge) for side in (height, width))
    padded = cv2.copyMakeBorder(
        patch, edge, high - height - edge, edge, wide - width - edge, cv2.BORDER_REPLICATE
    ).astype(np.float32)
    down, across = np.fft.fftfreq(high)[:, None], np.fft.rfftfreq(wide)[None]
    blur = np.exp(-2 * (np.pi * sigma_px) ** 2 * (down * down + across * across)).astype(np.float32)
    restored = np.fft.irfft2(np.fft.rfft2(padded) * (blur / (blur * blur + noise)), s=(high, wide))
    return restored[edge : edge + height, edge : edge + width].clip(0, 255).astype(np.uint8)


def _lean_deg(patch: Gray) -> float:
    """Angle of the strongest edges against the nearest axis, from the structure tensor; -45 to 45, clockwise."""
    smooth = cv2.GaussianBlur(patch, (0, 0), 2)
    right, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    twice = np.arctan2(2 * float((right * down).sum()), float((right * right - down * down).sum()))
    return (float(np.degrees(twice)) / 2 + 45) % 90 - 45
