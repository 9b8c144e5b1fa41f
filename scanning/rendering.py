"""A page as a small upright JPEG for the screen: the only pixels of a scan that leave the worker child.

The picture is bounded by the box it has to fit into, whatever the page claims; the page's own size is checked from its
header before a pixel is decoded. Codes and the paper's edge are drawn into it here, where the turn of file and page is
known, so that a screen needs no geometry.
"""

import io
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from scanning import scanner_pdf
from scanning.page import PageSource
from scanning.raster import open_image
from scanning.structure import BadFile, FileKind
from schemas.document import Crop, Point, ScanReason

MAX_BOX_PX: Final = 2_400
"""Longest side of a picture: A4 at 200 dpi, about 400 KB; nobody reads more on a screen."""
_QUALITY: Final = 80
_CODE: Final = (0, 121, 107)
_EDGE: Final = (216, 67, 21)
"""Colours of the marks: neither is used by stamps, which are red or blue."""
_DEEP: Final = ("I;16", "I;16B", "I;16L", "I")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture on disk; sides in pixels, after the turn."""

    width: int
    height: int
    size_bytes: int


def render(
    source: PageSource,
    out: Path,
    *,
    box_px: int,
    turn_deg: int = 0,
    codes: Sequence[Sequence[Point]] = (),
    crop: Crop | None = None,
) -> Rendered:
    """Draw the page into ``out`` (by rename, so that a reader never sees half a file).

    Args:
        source: where the page is.
        out: the JPEG to write.
        box_px: the longest side at the most; :data:`MAX_BOX_PX` bounds it.
        turn_deg: quarter turns clockwise (0, 90, 180, 270) on top of what the file asks for.
        codes: corners of codes in source pixels, to be outlined.
        crop: the paper within the raster in source pixels, to be outlined.

    Raises:
        BadFile: the page cannot be read.
    """
    box = max(16, min(box_px, MAX_BOX_PX))
    picture, (width, height), own_turn = _picture(source, box)
    picture.thumbnail((box, box), Image.Resampling.BOX, reducing_gap=2.0)
    scale = picture.width / width, picture.height / height
    turn = (own_turn + turn_deg) % 360
    if turn:
        picture = picture.rotate(-turn, expand=True)
    pen = ImageDraw.Draw(picture)
    line = max(2, box // 400)
    outlines = [(corners, _CODE) for corners in codes]
    if crop is not None:
        left, top, right, bottom = crop
        outlines.append((((left, top), (right, top), (right, bottom), (left, bottom)), _EDGE))
    for corners, colour in outlines:
        small = [(x * scale[0], y * scale[1]) for x, y in corners]
        told = [_turned(point, (width * scale[0], height * scale[1]), turn) for point in small]
        pen.line([*told, told[0], told[1]], fill=colour, width=line, joint="curve")
    return _written(picture, out)


def _written(picture: Image.Image, out: Path) -> Rendered:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY)
    draft = out.with_name(f".{out.name}.{os.getpid()}")
    draft.write_bytes(buffer.getvalue())
    draft.replace(out)
    return Rendered(picture.width, picture.height, buffer.tell())


def _picture(source: PageSource, box: int) -> tuple[Image.Image, tuple[int, int], int]:
    """The page in RGB, perhaps already smaller; its size as stored; what the file asks a viewer to turn clockwise."""
    if source.kind is FileKind.PDF:
        with scanner_pdf.opened(source.path) as pdf:
            page = scanner_pdf.open_page(pdf, source.page_no)
            picture = _shown(scanner_pdf.picture(pdf, source.page_no, box))
            picture = ImageOps.mirror(picture) if page.mirrored else picture
            return picture, (page.width, page.height), page.rotate_deg
    page = open_image(source.path, source.kind, source.page_no)
    image = Image.open(io.BytesIO(source.path.read_bytes()), formats=("JPEG", "PNG", "TIFF"))
    if source.kind is FileKind.TIFF:
        image.seek(source.page_no - 1)
    if source.kind is FileKind.JPEG and image.mode in ("L", "RGB"):
        image.draft(image.mode, (box, box))  # the decoder leaves out what a small picture does not show
    picture = ImageOps.mirror(_shown(image)) if page.mirrored else _shown(image)
    return picture, (page.width, page.height), page.rotate_deg


def _shown(image: Image.Image) -> Image.Image:
    """Any picture as RGB; transparency lies on white paper.

    Raises:
        BadFile: DAMAGED.
    """
    try:
        image.load()
        if image.mode in _DEEP:
            deep = np.asarray(image).astype(np.uint32) >> 8
            return Image.fromarray(deep.clip(0, 255).astype(np.uint8)).convert("RGB")
        if "A" in image.getbands() or "transparency" in image.info:
            seen = image.convert("RGBA")
            return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
        return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, EOFError, struct.error) as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error


def _turned(point: tuple[float, float], size: tuple[float, float], turn: int) -> tuple[float, float]:
    """Where a point of a picture of this size lies after the picture was turned clockwise.

    >>> [_turned((1, 2), (10, 20), turn) for turn in (0, 90, 180, 270)]
    [(1, 2), (18, 1), (9, 18), (2, 9)]
    """
    x, y = point
    width, height = size
    return {0: (x, y), 90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[turn]
