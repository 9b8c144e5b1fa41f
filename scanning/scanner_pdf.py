"""PDFs that a scanner writes: one image on each page, which can be taken over byte for byte.

A page whose content only places one image, all over the page, gives that image. Any other page (text, drawings,
strips) is kept as it is; the judge then says whether the result is PDF/A. There is no renderer here on purpose: what a
page draws besides its image is not measured, and a page without an image is kept but cannot be searched for codes.
"""

import contextlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf

from scanning.page import Gray
from scanning.placing import quarter_turn
from scanning.raster import decode_gray
from scanning.streams import (
    MAX_PAGES,
    ImageStream,
    OpenedPage,
    aspect_of,
    check_size,
    fitting_profile,
    written_out,
)
from scanning.structure import BadFile
from schemas.document import ScanReason

PLACING = frozenset({"q", "Q", "cm", "Do"})
"""Operators of a page that does nothing but place its image."""
PLACING_MOST = 64 * 1024
"""Bytes of content that can be no more than an image's placing; scanners write fifty."""
CONTENT_MOST = 4 << 20
"""Bytes of content that a page may have: a page of dense print has 100 kB, and judging this much takes 7 s."""
_BLANK_SHEET_PX = 32
"""Side of the white raster that stands for a page without an image."""
_FILLS = 0.02
"""An image fills its page when its edges lie no further than this share of a side from the page's."""
_PARENTS_MOST = 100
"""Nodes of the page tree above a page that an inherited entry is looked for in."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[pikepdf.Pdf]:
    """Open a scanner's PDF; every fault becomes a :class:`BadFile`.

    Raises:
        BadFile: ENCRYPTED, SIGNED, TOO_MANY_PAGES or DAMAGED.
    """
    try:
        pdf = pikepdf.open(path)
    except pikepdf.PasswordError as error:
        raise BadFile(ScanReason.ENCRYPTED) from error
    except (pikepdf.PdfError, RuntimeError, ValueError) as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error
    try:
        with pdf:
            yield pdf
    except (pikepdf.PdfError, zlib.error) as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error


def count_pages(path: Path) -> int:
    """Number of pages, after the checks that concern the whole file."""
    with opened(path) as pdf:
        form: Any = pdf.Root.get("/AcroForm")
        if isinstance(form, pikepdf.Dictionary) and int(form.get("/SigFlags", 0)) & 1:
            raise BadFile(ScanReason.SIGNED)
        try:
            count = len(pdf.pages)
        except (pikepdf.PdfError, RuntimeError) as error:
            raise BadFile(ScanReason.DAMAGED, f"Its page tree cannot be walked: {error}") from error
    if count == 0:
        raise BadFile(ScanReason.DAMAGED, "It has no pages.")
    if count > MAX_PAGES:
        raise BadFile(ScanReason.TOO_MANY_PAGES, f"{count} pages; the limit is {MAX_PAGES}.")
    return count


def open_page(pdf: pikepdf.Pdf, page_no: int) -> OpenedPage:
    """Look at page ``page_no`` (one-based): its single image, or a page to be kept as it is.

    Raises:
        BadFile: the page or its image cannot be used.
    """
    try:
        page = pdf.pages[page_no - 1]
    except IndexError as error:
        raise BadFile(ScanReason.DAMAGED, f"There is no page {page_no}.") from error
    if _content_size(page) > CONTENT_MOST:
        raise BadFile(ScanReason.TOO_LARGE, "What the page draws unfolds to more than a page of paper can hold.")
    rotate = int(_inherited(page, "/Rotate") or 0) % 360
    images = list(page.get_images().values())
    for image in images:
        check_size(int(image.Width), int(image.Height))
    if not images:
        return OpenedPage(_BLANK_SHEET_PX, _BLANK_SHEET_PX, None, rotate, _white, None)
    largest = max(images, key=lambda image: int(image.Width) * int(image.Height))
    width, height = int(largest.Width), int(largest.Height)
    placed = _placed(page) if len(images) == 1 and _is_plain(largest) else None
    if placed is None:
        return OpenedPage(width, height, _dpi_of(page, width, height), rotate, lambda: _gray(largest), None)
    turn, mirrored = placed.turn
    return OpenedPage(
        width=width,
        height=height,
        dpi=width * 72 / placed.width_pt,
        rotate_deg=(rotate + turn) % 360,
        gray=lambda: np.ascontiguousarray(_gray(largest)[:, ::-1]) if mirrored else _gray(largest),
        stream=lambda: _stream(largest),
        mirrored=mirrored,
        aspect=aspect_of((width / placed.width_pt, height / placed.height_pt)),
    )


def draws(pdf: pikepdf.Pdf, page_no: int) -> bool:
    """Whether the page's content or an annotation puts anything on it; what it is, only a renderer could tell."""
    page = pdf.pages[page_no - 1]
    return _content_size(page) > 0 or "/Annots" in page.obj


def picture(pdf: pikepdf.Pdf, page_no: int) -> Any:
    """The largest image of a page that :func:`open_page` took, as a PIL image; ``None`` for a page without one.

    Raises:
        BadFile: its pixels cannot be decoded.
    """
    images = list(pdf.pages[page_no - 1].get_images().values())
    if not images:
        return None
    return _pillow(max(images, key=lambda image: int(image.Width) * int(image.Height)))


def _white() -> Gray:
    return np.full((_BLANK_SHEET_PX, _BLANK_SHEET_PX), 255, np.uint8)


def _dpi_of(page: pikepdf.Page, width: int, height: int) -> float:
    left, low, right, top = (float(side) for side in page.mediabox)
    long_pt = max(abs(right - left), abs(top - low)) * float(page.obj.get("/UserUnit", 1))
    return max(width, height) * 72 / long_pt if long_pt else 0.0


@dataclass(frozen=True, slots=True)
class _Placed:
    """How a page shows its image: quarter turn and mirroring, and the image's own sides in points."""

    turn: tuple[int, bool]
    width_pt: float
    height_pt: float


def _placed(page: pikepdf.Page) -> _Placed | None:
    """How the page shows its one image, when that image is all of the page; else ``None``."""
    direct = page.get_images(recursive=False)
    if "/Annots" in page.obj or len(direct) != 1 or list(page.cropbox) != list(page.mediabox):
        return None
    matrix = _matrix_of(page, next(iter(direct)))
    turn = quarter_turn(matrix) if matrix else None
    if matrix is None or turn is None:
        return None
    a, b, c, d, e, f = matrix
    left, low, right, top = (float(side) for side in page.mediabox)
    wide, high = right - left, top - low
    edges = (min(e, e + a + c) - left, max(e, e + a + c) - right, min(f, f + b + d) - low, max(f, f + b + d) - top)
    if wide <= 0 or high <= 0 or max(map(abs, edges)) > _FILLS * min(wide, high):
        return None
    unit = float(page.obj.get("/UserUnit", 1))
    return _Placed(turn, max(abs(a), abs(b)) * unit, max(abs(c), abs(d)) * unit)


def _matrix_of(page: pikepdf.Page, name: str) -> tuple[float, ...] | None:
    """The matrix that the image of this name is drawn with, when the page's content does nothing else."""
    if _content_size(page) > PLACING_MOST:
        return None
    now = pikepdf.Matrix()
    kept: list[pikepdf.Matrix] = []
    drawn: list[pikepdf.Matrix] = []
    for step in pikepdf.parse_content_stream(page):
        operator = str(step.operator)
        if operator not in PLACING or (operator == "Do" and str(step.operands[0]) != name):
            return None
        if operator == "q":
            kept.append(now)
        elif operator == "Q" and kept:
            now = kept.pop()
        elif operator == "cm":
            now = pikepdf.Matrix(*(float(value) for value in step.operands)) @ now
        elif operator == "Do":
            drawn.append(now)
    return drawn[0].shorthand if len(drawn) == 1 else None


def _content_size(page: pikepdf.Page) -> int:
    """Bytes that the page's content unfolds to, counted no further than the limit.

    A filter that is not deflate counts as it lies; what hides in it meets the deadline of the job.
    """
    contents: Any = page.obj.get("/Contents")
    size = 0
    for part in contents if isinstance(contents, pikepdf.Array) else [contents]:
        if isinstance(part, pikepdf.Stream) and size <= CONTENT_MOST:
            size += len(_unfolded(part, CONTENT_MOST + 1))
    return size


def _unfolded(part: pikepdf.Stream, most: int) -> bytes:
    data, named = part.read_raw_bytes(), part.get("/Filter", pikepdf.Array())
    for name in named if isinstance(named, pikepdf.Array) else [named]:
        if str(name) != "/FlateDecode":
            break
        try:
            data = zlib.decompressobj().decompress(data, most)
        except zlib.error:  # the judge, or whoever parses it, will say so
            break
    return data


def _inherited(page: pikepdf.Page, key: str) -> Any:
    """An entry of the page, or of the nearest node above it that has one."""
    node: Any = page.obj
    for _ in range(_PARENTS_MOST):
        if key in node or "/Parent" not in node:
            break
        node = node.Parent
    return node.get(key)


def _is_plain(image: Any) -> bool:  # a pikepdf.Object with an image dictionary's keys
    """True when the stream can lie in PDF/A as it is, or be read by us and written out again."""
    if str(image.get("/Filter", "")) not in ("/DCTDecode", "/CCITTFaxDecode", "/FlateDecode"):
        return False
    return not any(key in image for key in ("/SMask", "/Mask", "/Decode", "/ImageMask"))


def _channels(image: Any) -> tuple[int, bytes | None]:
    """Channels and ICC profile of the image's colour space; 0 for spaces that are not gray or RGB."""
    space = image.get("/ColorSpace")
    if isinstance(space, pikepdf.Array) and str(space[0]) == "/ICCBased":
        channels = int(space[1].N)
        return (channels if channels in (1, 3) else 0), fitting_profile(space[1].read_bytes(), channels)
    return {"/DeviceGray": 1, "/CalGray": 1, "/DeviceRGB": 3, "/CalRGB": 3}.get(str(space), 0), None


def _stream(image: Any) -> ImageStream:
    channels, icc = _channels(image)
    bits = int(image.get("/BitsPerComponent", 1))
    name = str(image.Filter)[1:]
    if not channels or bits > 8:
        return written_out(_pillow(image), "PDF image")
    parms = _parms(image)
    if parms is None:
        return written_out(_pillow(image), "PDF image")
    data = image.read_raw_bytes()
    return ImageStream(data, name, int(image.Width), int(image.Height), bits, channels, parms, icc)


def _parms(image: Any) -> dict[str, int | bool] | None:
    """Decode parameters as plain values; ``None`` when they are anything else."""
    parms = image.get("/DecodeParms", pikepdf.Dictionary())
    if not isinstance(parms, pikepdf.Dictionary):
        return None
    values: dict[str, Any] = {key[1:]: value for key, value in parms.items()}
    return values if all(isinstance(value, int) for value in values.values()) else None


def _gray(image: Any) -> Gray:
    channels, _ = _channels(image)
    if str(image.get("/Filter", "")) == "/DCTDecode" and channels:
        return decode_gray(image.read_raw_bytes())
    pillow = _pillow(image)
    return np.asarray(pillow.convert("L"), np.uint8)


def _pillow(image: Any) -> Any:  # a PIL image; its home is scanning.raster
    """Decode through pikepdf, after a bounded look that the deflated rows are not a bomb."""
    if str(image.get("/Filter", "")) == "/FlateDecode":
        _check_inflated(image)
    try:
        return pikepdf.PdfImage(image).as_pil_image()
    except (pikepdf.UnsupportedImageTypeError, NotImplementedError, pikepdf.models.image.DependencyError) as error:
        raise BadFile(ScanReason.UNSUPPORTED, f"{image.get('/Filter')}: {error}") from error
    except (ValueError, OSError, TypeError, zlib.error, RuntimeError) as error:
        raise BadFile(ScanReason.DAMAGED, str(error)) from error


def _check_inflated(image: Any) -> None:
    most = (int(image.Width) * 8 + 64) * int(image.Height) + 4096  # 4 channels of 16 bit and a predictor byte a row
    inflater = zlib.decompressobj()
    source = io.BytesIO(image.read_raw_bytes())
    made = 0
    while chunk := source.read(1 << 20):
        made += len(inflater.decompress(chunk, 1 << 24))
        while inflater.unconsumed_tail and made <= most:
            made += len(inflater.decompress(inflater.unconsumed_tail, 1 << 24))
        if made > most:
            raise BadFile(ScanReason.TOO_LARGE, "Its deflated rows unfold to more than the image claims.")
