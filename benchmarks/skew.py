"""Error and price of the measured skew, on seven kinds of pages turned by known angles within ±15 degrees.

The pages are drawn here, not by the sample, so that the measure is not tried on what it was made with: lines of print,
a ruled table, three lines on an empty sheet, a form of boxes and labels, a sheet that is half photograph, print with
the black edge of an open lid, and print under heavy noise. Nothing was tuned on the seeds of the figures.
"""

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from benchmarks.figures import Aim, Extent, Figure
from scanning.raster import decode_gray
from scanning.steps import ink, skew
from scanning.steps.decode import smaller

WIDTH, HEIGHT = 2480, 3508
"""A4 at 300 dpi."""
SEEDS = (9001, 9002, 9003)
LIMIT_DEG = 15.0
TURNS = 8
Gray = npt.NDArray[np.uint8]
_SAID = """
    hồ sơ đăng ký kết hôn cấp giấy chứng nhận quyền sử dụng đất xã phường tỉnh ngày tháng năm ông bà nộp
    phí lệ phí biên nhận trả kết quả theo quy định của pháp luật về thủ tục hành chính công dân khai đúng sự thật
"""
_SYLLABLES = _SAID.split()


def measure(extent: Extent) -> list[Figure]:
    """Errors of each kind and of all, and the time of the step beside a gray decode."""
    errors: dict[str, list[float]] = {}
    ours: list[float] = []
    floor: list[float] = []
    for kind, truth, page in pages(SEEDS[: extent.of(len(SEEDS), 1)], extent.of(TURNS, 2)):
        ink_mask = ink.mask(ink.flatten(smaller(page)[0]))
        began = time.perf_counter()
        found = skew.measure(ink_mask).turn_deg
        ours.append(time.perf_counter() - began)
        errors.setdefault(kind, []).append(abs(found - truth))
        if len(ours) % TURNS == 1:
            jpeg = cv2.imencode(".jpg", cv2.cvtColor(page, cv2.COLOR_GRAY2BGR))[1].tobytes()
            began = time.perf_counter()
            decode_gray(jpeg)
            floor.append(time.perf_counter() - began)
    every = [error for kind in errors.values() for error in kind]
    worst = ", ".join(f"{kind} {_percentile(found, 0.95):.2f}" for kind, found in errors.items())
    return [
        Figure("skew.median", f"median error over {len(every)} pages", "degrees", [statistics.median(every)],
               aim=Aim(0.05, at_most=True)),
        Figure("skew.p95", "95th percentile of the error", "degrees", [_percentile(every, 0.95)],
               aim=Aim(0.15, at_most=True), note=f"95th percentile of each kind: {worst}"),
        Figure("skew.cost", "measuring the skew of a page ÷ gray decode of a page", "s/page",
               [statistics.median(ours)], [statistics.median(floor)]),
    ]  # fmt: skip


def pages(seeds: tuple[int, ...], turns: int) -> Iterator[tuple[str, float, Gray]]:
    """Each kind under each seed at ``turns`` angles: kind, clockwise degrees, pixels."""
    for seed in seeds:
        for kind, draw in KINDS.items():
            chance = random.Random(f"{kind} {seed}")
            sheet = Image.new("L", (WIDTH, HEIGHT), 250)
            draw(sheet, chance)
            flat = np.asarray(sheet)
            for n in range(turns):  # spread over the range, so that no seed is lucky
                truth = -LIMIT_DEG + (n + chance.random()) * 2 * LIMIT_DEG / turns
                yield kind, truth, _scanned(kind, flat, truth, chance)


def _scanned(kind: str, sheet: Gray, turn_deg: float, chance: random.Random) -> Gray:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -turn_deg, 1)  # OpenCV turns the other way
    page = np.asarray(cv2.warpAffine(sheet, turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=250))
    grain = np.random.default_rng(chance.getrandbits(32)).normal(0, 22 if kind == "noise" else 4, (256, 256))
    tiled = np.tile(grain.astype(np.float32), (HEIGHT // 256 + 1, WIDTH // 256 + 1))[:HEIGHT, :WIDTH]
    page = cv2.GaussianBlur(page, (0, 0), 0.8)
    noisy = (page + tiled).clip(0, 255).astype(np.uint8)
    if kind == "dark edge":  # the lid's gap does not turn with the sheet
        noisy[:, : WIDTH // 30] //= 6
        noisy[-HEIGHT // 40 :] //= 5
    return np.asarray(noisy, np.uint8)


# --- the seven kinds -------------------------------------------------------------------------------------------------


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _lines(sheet: Image.Image, chance: random.Random, box: tuple[int, int, int, int], size: int) -> None:
    """Paragraphs in a box, ragged on the right, with indents and gaps."""
    pen = ImageDraw.Draw(sheet)
    left, top, right, bottom = box
    y = top
    while y + size < bottom:
        x = left + (4 * size if chance.random() < 0.15 else 0)
        end = right - chance.randrange(max(1, (right - left) // (2 if chance.random() < 0.2 else 12)))
        said = ""
        while _font(size).getlength(said) < end - x:
            said += chance.choice(_SYLLABLES) + " "
        pen.text((x, y), said.rsplit(" ", 2)[0], fill=35, font=_font(size))
        y += round(size * 1.6) * (2 if chance.random() < 0.08 else 1)


def _text(sheet: Image.Image, chance: random.Random) -> None:
    _lines(sheet, chance, (300, 280, WIDTH - 250, HEIGHT - 300), chance.choice((44, 50, 56)))


def _table(sheet: Image.Image, chance: random.Random) -> None:
    pen = ImageDraw.Draw(sheet)
    columns = sorted(chance.sample(range(500, WIDTH - 400, 100), 4))
    edges = [250, *columns, WIDTH - 250]
    step = chance.randrange(90, 160)
    rows = range(500, HEIGHT - 500, step)
    for y in rows:
        pen.line((edges[0], y, edges[-1], y), fill=60, width=3)
        for left, right in itertools.pairwise(edges):
            if chance.random() < 0.7:
                _lines(sheet, chance, (left + 20, y + 20, right - 20, y + 70), 40)
    for x in edges:
        pen.line((x, rows[0], x, rows[-1]), fill=60, width=3)


def _sparse(sheet: Image.Image, chance: random.Random) -> None:
    top = chance.randrange(400, HEIGHT - 900)
    _lines(sheet, chance, (350, top, WIDTH - 500, top + 300), 50)


def _form(sheet: Image.Image, chance: random.Random) -> None:
    pen = ImageDraw.Draw(sheet)
    for n in range(14):
        y = 450 + n * 200
        pen.text((280, y), " ".join(chance.choices(_SYLLABLES, k=3)), fill=40, font=_font(42))
        x = 900 + chance.randrange(200)
        if n % 3 == 0:
            for cell in range(12):
                pen.rectangle((x + cell * 90, y - 20, x + cell * 90 + 80, y + 60), outline=70, width=3)
        else:
            pen.line((x, y + 50, WIDTH - 280, y + 50), fill=90, width=3)
            pen.text((x + 40, y - 10), " ".join(chance.choices(_SYLLABLES, k=2)), fill=70, font=_font(48))


def _photo(sheet: Image.Image, chance: random.Random) -> None:
    source = np.random.default_rng(chance.getrandbits(32))
    coarse = source.integers(20, 235, (18, 22)).astype(np.uint8)
    picture = cv2.resize(coarse, (1700, 1300), interpolation=cv2.INTER_CUBIC)
    angle = chance.uniform(-20, 20)  # what is in the picture has lines of its own
    turn = cv2.getRotationMatrix2D((850, 650), angle, 1.6)
    sheet.paste(Image.fromarray(cv2.warpAffine(picture, turn, (1700, 1300))), (390, 400))
    _lines(sheet, chance, (390, 1850, WIDTH - 390, 2500), 44)


KINDS: dict[str, Callable[[Image.Image, random.Random], None]] = {
    "text": _text,
    "table": _table,
    "sparse": _sparse,
    "form": _form,
    "photo": _photo,
    "dark edge": _text,
    "noise": _text,
}


def _percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
