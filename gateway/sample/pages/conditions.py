"""What happens to a sheet between the printer and the file: the conditions that readers of codes are measured under.

Eighteen of them, each a function of the drawn sheet and of chance, so that the same seed gives the same page: turned by
small angles and by quarters, soft, noisy, pressed to JPEG quality 40, coarse, faint, folded, photocopied, and worn by
several at once. Pages come back as RGB with the paper's tint, as an office scanner delivers them.
"""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from gateway.sample.pages.wear import bilevel, worn

DRAWN_DPI = 300
Spoil = Callable[[Image.Image, random.Random], Image.Image]


@dataclass(frozen=True, slots=True)
class Condition:
    """A name to print, and what becomes of a sheet drawn at 300 dpi. ``dpi`` is the page's own resolution."""

    name: str
    spoil: Spoil
    dpi: int = DRAWN_DPI


def _turned(angle_deg: float) -> Spoil:
    def spoil(clean: Image.Image, chance: random.Random) -> Image.Image:
        return worn(clean, chance, skew_deg=angle_deg * chance.choice((-1, 1)))

    return spoil


def _quarters(count: int) -> Spoil:
    turn = {1: Image.Transpose.ROTATE_270, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_90}[count]

    def spoil(clean: Image.Image, chance: random.Random) -> Image.Image:
        return worn(clean, chance, skew_deg=chance.uniform(-1, 1)).transpose(turn)

    return spoil


def _soft(sigma_px: float) -> Spoil:
    def spoil(clean: Image.Image, chance: random.Random) -> Image.Image:
        return worn(clean.filter(ImageFilter.GaussianBlur(sigma_px)), chance, skew_deg=chance.uniform(-1, 1))

    return spoil


def _coarse(dpi: int) -> Spoil:
    def spoil(clean: Image.Image, chance: random.Random) -> Image.Image:
        size = (round(clean.width * dpi / DRAWN_DPI), round(clean.height * dpi / DRAWN_DPI))
        return worn(clean.resize(size, Image.Resampling.BOX), chance, skew_deg=chance.uniform(-1, 1))

    return spoil


def _noisy(clean: Image.Image, chance: random.Random) -> Image.Image:
    return worn(clean, chance, skew_deg=chance.uniform(-1, 1), noise=25)


def _pressed(clean: Image.Image, chance: random.Random) -> Image.Image:
    return _jpeg(worn(clean, chance, skew_deg=chance.uniform(-1, 1)), 40)


def _faint(clean: Image.Image, chance: random.Random) -> Image.Image:
    lowest = chance.randint(135, 150)
    pale = clean.point([round(lowest + level * (255 - lowest) / 255) for level in range(256)] * 3)
    return worn(pale, chance, skew_deg=chance.uniform(-1, 1))


def _folded(clean: Image.Image, chance: random.Random) -> Image.Image:
    """A fold across the upper third, where the codes are: toner gone along it, a shadow beside it, a small shift."""
    scan = np.asarray(worn(clean, chance, skew_deg=chance.uniform(-1, 1)), np.float32)
    height, width = scan.shape[:2]
    slope = chance.uniform(-0.25, 0.25)
    middle = height * chance.uniform(0.10, 0.30)
    away = (
        np.arange(height, dtype=np.float32)[:, None] - middle - slope * np.arange(width, dtype=np.float32)[None] + 0.0
    )
    shifted = np.roll(scan, (chance.randint(1, 2), chance.randint(-2, 2)), axis=(0, 1))
    folded = np.where((away > 0)[:, :, None], shifted, scan)
    shade = 1 - 0.35 * np.exp(-np.square((away - 14) / 12))
    folded *= shade[:, :, None]
    lost = np.abs(away) < chance.uniform(2.0, 4.0)
    folded[lost] = 0.15 * folded[lost] + 0.85 * 235
    return _image(folded)


def _photocopied(clean: Image.Image, chance: random.Random) -> Image.Image:
    soft = clean.filter(ImageFilter.GaussianBlur(1.1))
    copy = bilevel(worn(soft, chance, skew_deg=chance.uniform(-1.5, 1.5), noise=22), chance.randint(150, 185))
    return copy.convert("RGB").filter(ImageFilter.GaussianBlur(0.5))


def _tired(clean: Image.Image, chance: random.Random) -> Image.Image:
    soft = clean.filter(ImageFilter.GaussianBlur(1.0))
    return _jpeg(worn(soft, chance, skew_deg=chance.uniform(2, 5) * chance.choice((-1, 1)), noise=14), 50)


CONDITIONS: tuple[Condition, ...] = (
    Condition("straight", _turned(0)),
    *(Condition(f"turned {angle}", _turned(angle)) for angle in (1, 3, 5, 10)),
    *(Condition(f"quarter turns {count}", _quarters(count)) for count in (1, 2, 3)),
    Condition("JPEG 40", _pressed),
    Condition("soft 1.5", _soft(1.5)),
    Condition("soft 2.5", _soft(2.5)),
    Condition("noise 25", _noisy),
    Condition("200 dpi", _coarse(200), dpi=200),
    Condition("150 dpi", _coarse(150), dpi=150),
    Condition("faint", _faint),
    Condition("folded", _folded),
    Condition("photocopy", _photocopied),
    Condition("worn", _tired),
)


def under_all(
    clean: Image.Image, *, seed: int, only: Sequence[Condition] = CONDITIONS
) -> Iterator[tuple[Condition, Image.Image]]:
    """The sheet, drawn at 300 dpi, under each condition in turn."""
    for condition in only:
        yield condition, condition.spoil(clean, random.Random(seed * 1000 + CONDITIONS.index(condition)))


def _jpeg(scan: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    scan.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _image(pixels: npt.NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
