"""What paper and scanner do to a clean sheet: tint, a small turn, a shadow at the edge, noise."""

import random

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

SKEW_DEG = 3.0
"""Largest turn, either way: what a feeder with worn rollers does."""
_TILE_PX = 256


def worn(
    clean: Image.Image, chance: random.Random, *, skew_deg: float | None = None, noise: float = 4.0
) -> Image.Image:
    """A scan of the sheet, RGB, same size.

    Args:
        clean: the drawn sheet.
        chance: where tint, turn and noise come from.
        skew_deg: clockwise turn in degrees; drawn from ``chance`` when ``None``.
        noise: standard deviation in gray levels.
    """
    turn = chance.uniform(-SKEW_DEG, SKEW_DEG) if skew_deg is None else skew_deg
    paper = tuple(chance.randint(low, high) for low, high in ((246, 253), (244, 251), (234, 246)))
    turned = clean.rotate(-turn, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255))  # Pillow turns the other way
    soft = turned.filter(ImageFilter.GaussianBlur(chance.uniform(0.25, 0.5)))
    pixels = np.asarray(soft, np.float32) * (np.array(paper, np.float32) / 255)
    height, width = pixels.shape[:2]
    pixels *= _edge_shadow(width, height, chance)[:, :, None]
    pixels += _grain(width, height, chance, noise)[:, :, None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def bilevel(scan: Image.Image, threshold: int = 168) -> Image.Image:
    """Black and white, as a scanner's text mode makes it."""
    return (
        scan.convert("L")
        .point([255 * (level > threshold) for level in range(256)])
        .convert("1", dither=Image.Dither.NONE)
    )


def blank_back(width: int, height: int, chance: random.Random) -> Image.Image:
    """The empty back of a sheet."""
    return worn(Image.new("RGB", (width, height), "white"), chance)


def _edge_shadow(width: int, height: int, chance: random.Random) -> npt.NDArray[np.float32]:
    """Darker towards one long side, as under a lid that does not close."""
    across = np.ones(width, np.float32)
    deep = max(4, width // 60)
    across[:deep] = np.linspace(chance.uniform(0.55, 0.8), 1, deep, dtype=np.float32)
    return np.broadcast_to(across, (height, width))


def _grain(width: int, height: int, chance: random.Random, noise: float) -> npt.NDArray[np.float32]:
    """Sensor noise: a tile repeated; a page of fresh noise would cost more than drawing the page."""
    source = np.random.default_rng(chance.getrandbits(32))
    tile = source.normal(0, noise, (_TILE_PX, _TILE_PX)).astype(np.float32)
    return np.tile(tile, (height // _TILE_PX + 1, width // _TILE_PX + 1))[:height, :width]
