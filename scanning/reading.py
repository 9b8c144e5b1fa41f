"""A page made ready for the reader: upright, level, gray, as coarse as the reader likes it. Runs in a worker child.

The reader sees the page as a person will: the raster mirrored where the file asks for it, turned level about its centre
without growing, then turned upright. What it finds lies on the page in just these coordinates, so its text can be laid
under the image that :mod:`scanning.assemble` turns in the same order.
"""

from pathlib import Path

import cv2
import numpy as np

from scanning.ocr import TEXT_DPI, NoTextReader, Reading, find_engine, reading_to_json
from scanning.page import Gray, PageSource
from scanning.placing import LEVEL_FROM_DEG
from scanning.protocol import Json
from scanning.steps.decode import decode
from scanning.structure import FileKind

_QUARTERS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def answer(job: Json) -> Json:
    """Do the worker's job :data:`scanning.protocol.READ`.

    Raises:
        BadFile: the page cannot be opened, or the reader does not come to an end with it.
    """
    source = PageSource(Path(job["path"]), FileKind(job["kind"]), int(job["page_no"]))
    layer = Path(job["layer"]) if job["layer"] else None
    try:
        reading = read(
            source,
            dpi=int(job["dpi"]),
            skew_deg=float(job["skew_deg"]),
            rotate_deg=int(job["rotate_deg"]),
            languages=str(job["languages"]),
            layer=layer,
        )
    except NoTextReader as missing:
        return {"missing": str(missing)}
    return reading_to_json(reading)


def read(
    source: PageSource, *, dpi: int, skew_deg: float, rotate_deg: int, languages: str, layer: Path | None
) -> Reading:
    """The words of one page; arguments as in :class:`scanning.assemble.Leaf`.

    Raises:
        BadFile: the page cannot be opened, or the reader does not come to an end with it.
        NoTextReader: the machine has no reader for these languages; the page was not opened.
    """
    engine = find_engine(languages)
    page = decode(source)
    turn = (page.rotate_deg + rotate_deg) % 360
    ready, text_dpi = upright(page.gray, dpi=dpi, skew_deg=skew_deg, turn_deg=turn)
    return engine.read(as_pgm(ready), dpi=text_dpi, layer=layer)


def upright(gray: Gray, *, dpi: int, skew_deg: float, turn_deg: int) -> tuple[Gray, int]:
    """The page as a person sees it, at most :data:`TEXT_DPI` fine, and how fine it is now.

    The size on paper stays, but for the rounding of a pixel. Corners that turn in from outside repeat the edge: white
    ones would stand out from gray paper as lines. Cubic, because the finest marks are a pixel wide: on eight worn
    sheets of 10 to 13 points the error rate was 0.0013, against 0.0020 by a linear turn and 0.0017 without any.
    """
    height, width = gray.shape
    now = gray
    if dpi > TEXT_DPI:
        size = tuple(max(1, round(side * TEXT_DPI / dpi)) for side in (width, height))
        now = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
    if abs(skew_deg) >= LEVEL_FROM_DEG:
        height, width = now.shape
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), skew_deg, 1.0)
        turned = cv2.warpAffine(now, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        now = np.asarray(turned, np.uint8)
    if turn_deg:
        now = np.asarray(cv2.rotate(now, _QUARTERS[turn_deg]), np.uint8)
    return now, min(dpi, TEXT_DPI)


def as_pgm(gray: Gray) -> bytes:
    """A binary PGM: no encoder at work, and a reader needs no decoder for it."""
    height, width = gray.shape
    return b"P5\n%d %d\n255\n" % (width, height) + gray.tobytes()
