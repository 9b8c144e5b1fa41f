"""Pages without any code that look as if they had some: what a reader of codes must answer nothing to.

Pictures, screens of dots, grids, chequers, random squares and rows of random bars are laid over a drawn form.
"""

import random
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Rng = np.random.Generator
_FIELD_PX = 256


def with_pictures(form: Image.Image, chance: random.Random) -> Image.Image:
    """The form, RGB, with five pictures: soft ones, screened ones as newspapers print them, hard ones."""
    page = form.convert("L")
    rng = np.random.default_rng(chance.getrandbits(32))
    for number in range(5):
        width, height = (
            chance.randint(page.width // 8, page.width // 2),
            chance.randint(page.height // 12, page.height // 3),
        )
        picture = _picture(rng, width, height, rough=chance.uniform(0.6, 1.4))
        finish = (_as_it_is, _screened, _hard)[number % 3]
        corner = (chance.randrange(page.width - width), chance.randrange(page.height - height))
        page.paste(finish(picture, chance), corner)
    return page.convert("RGB")


def with_patterns(form: Image.Image, chance: random.Random) -> Image.Image:
    """The form, RGB, with five patterns of black and white: chequers, grids, bars, random squares."""
    page = form.convert("RGB")
    pen = ImageDraw.Draw(page)
    for _ in range(5):
        side, count = chance.randint(page.width // 400, page.width // 60), chance.randint(8, 30)
        left, top = chance.randrange(page.width * 2 // 3), chance.randrange(page.height * 4 // 5)
        chance.choice((_chequers, _grid, _bars, _squares))(pen, left, top, side, count, chance)
    return page


def _picture(rng: Rng, width: int, height: int, *, rough: float) -> npt.NDArray[np.float64]:
    """Noise whose amplitude falls with its frequency, as in photographs; 0 to 255."""
    across = np.fft.fftfreq(_FIELD_PX)
    frequency = np.hypot(across[:, None], across[None])
    frequency[0, 0] = 1
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=(_FIELD_PX, _FIELD_PX))) / frequency**rough).real
    field = (field - field.min()) / (field.max() - field.min()) * 255
    small = Image.fromarray(field.astype(np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC), np.float64)


def _as_it_is(picture: npt.NDArray[np.float64], chance: random.Random) -> Image.Image:
    return Image.fromarray(picture.astype(np.uint8))


def _screened(picture: npt.NDArray[np.float64], chance: random.Random) -> Image.Image:
    down, across = np.mgrid[: picture.shape[0], : picture.shape[1]] * chance.uniform(0.35, 0.9)
    return Image.fromarray(((picture > 127 + 90 * np.sin(across) * np.sin(down)) * 255).astype(np.uint8))


def _hard(picture: npt.NDArray[np.float64], chance: random.Random) -> Image.Image:
    return Image.fromarray(((picture > 128) * 255).astype(np.uint8))


Pattern = Callable[[ImageDraw.ImageDraw, int, int, int, int, random.Random], None]


def _chequers(pen: ImageDraw.ImageDraw, left: int, top: int, side: int, count: int, chance: random.Random) -> None:
    for x, y in ((x, y) for x in range(count) for y in range(count) if (x + y) % 2):
        _square(pen, left + x * side, top + y * side, side)


def _squares(pen: ImageDraw.ImageDraw, left: int, top: int, side: int, count: int, chance: random.Random) -> None:
    for x, y in ((x, y) for x in range(count) for y in range(count) if chance.random() < 0.5):
        _square(pen, left + x * side, top + y * side, side)


def _grid(pen: ImageDraw.ImageDraw, left: int, top: int, side: int, count: int, chance: random.Random) -> None:
    for at in range(count + 1):
        pen.line((left + at * side, top, left + at * side, top + count * side), fill="black", width=3)
        pen.line((left, top + at * side, left + count * side, top + at * side), fill="black", width=3)


def _bars(pen: ImageDraw.ImageDraw, left: int, top: int, side: int, count: int, chance: random.Random) -> None:
    x = left
    for _ in range(count * 2):
        wide = chance.choice((1, 1, 2, 3, 4)) * max(2, side // 3)
        pen.rectangle((x, top, x + wide - 1, top + side * count // 3), fill="black")
        x += wide + chance.choice((1, 1, 2, 3, 4)) * max(2, side // 3)


def _square(pen: ImageDraw.ImageDraw, left: int, top: int, side: int) -> None:
    pen.rectangle((left, top, left + side - 1, top + side - 1), fill="black")
