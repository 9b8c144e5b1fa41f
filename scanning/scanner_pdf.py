"""Pages of PDFs: the one image that they show, which can be taken over byte for byte, or a drawing of all they show.

A page whose content only places one image, all over the page, gives that image. Any other page is kept as it is where
the judge lets it (:mod:`scanning.carrying`). Where not, a page that shows one image and hides words over or under it
gives the image, without the words; the rest (print, drawings, strips) is drawn anew by :mod:`scanning.redraw`, which
also tells what is on a page that is kept.
"""

import contextlib
import dataclasses
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
from PIL import Image

from scanning import redraw
from scanning.page import Gray
from scanning.raster import decode_gray
from scanning.showing import CONTENT_MOST, content_size, inherited, shown_image
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

HIDDEN = "hidden text left out"
"""Conversion of a page that gave its image and not the words that another reader laid over it."""
_SCAN_DPI = 100
"""A page whose images have as many pixels as the page at this resolution is a scan; a letterhead has fewer."""


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
    """Look at page ``page_no`` (one-based) of a file opened by its path.

    Raises:
        BadFile: the page or its image cannot be used.
    """
    page = _page(pdf, page_no)
    rotate = int(inherited(page, "/Rotate") or 0) % 360
    images = list(page.get_images().values())
    for image in images:
        check_size(int(image.Width), int(image.Height))
    shown = shown_image(page)
    if shown is None:
        return _drawn(pdf, page_no, rotate, sum(int(image.Width) * int(image.Height) for image in images))
    image, (turn, mirrored) = shown.image, shown.turn
    width, height = int(image.Width), int(image.Height)
    check_size(width, height)
    return OpenedPage(
        width=width,
        height=height,
        dpi=width * 72 / shown.width_pt,
        rotate_deg=(rotate + turn) % 360,
        gray=lambda: np.ascontiguousarray(_gray(image)[:, ::-1]) if mirrored else _gray(image),
        stream=lambda: _stream(image) if shown.alone else _without_words(_stream(image)),
        mirrored=mirrored,
        aspect=aspect_of((width / shown.width_pt, height / shown.height_pt)),
        keep=not shown.alone,
    )


def picture(pdf: pikepdf.Pdf, page_no: int, box_px: int) -> Image.Image:
    """What the page shows as a PIL image, not turned; a drawn one is about as large as the box asks for.

    Raises:
        BadFile: its pixels cannot be decoded.
    """
    page = _page(pdf, page_no)
    shown = shown_image(page)
    if shown is not None:
        return _pillow(shown.image)
    rotate = int(inherited(page, "/Rotate") or 0) % 360
    sheet = redraw.sheet_of(Path(pdf.filename), page_no, float(page.obj.get("/UserUnit", 1)))
    return Image.fromarray(redraw.draw(sheet.within(box_px), turn_deg=-rotate))


def _page(pdf: pikepdf.Pdf, page_no: int) -> pikepdf.Page:
    try:
        page = pdf.pages[page_no - 1]
    except IndexError as error:
        raise BadFile(ScanReason.DAMAGED, f"There is no page {page_no}.") from error
    if content_size(page.obj.get("/Contents"), CONTENT_MOST) > CONTENT_MOST:
        raise BadFile(ScanReason.TOO_LARGE, "What the page draws unfolds to more than a page of paper can hold.")
    return page


def _drawn(pdf: pikepdf.Pdf, page_no: int, rotate: int, image_px: int) -> OpenedPage:
    """A page that is more than an image: its raster is a drawing of it, as stored, before the file's quarter turn."""
    unit = float(pdf.pages[page_no - 1].obj.get("/UserUnit", 1))
    sheet = redraw.sheet_of(Path(pdf.filename), page_no, unit)
    width, height = (sheet.height, sheet.width) if rotate % 180 else (sheet.width, sheet.height)
    return OpenedPage(
        width=width,
        height=height,
        dpi=sheet.dpi,
        rotate_deg=rotate,
        gray=lambda: redraw.gray_of(redraw.draw(sheet, turn_deg=-rotate)),
        stream=lambda: redraw.stream_of(redraw.draw(sheet, turn_deg=-rotate)),
        keep=True,
        drawn=True,
        scan=image_px >= width * height * (_SCAN_DPI / sheet.dpi) ** 2,
    )


def _without_words(stream: ImageStream) -> ImageStream:
    changes = (stream.conversion, HIDDEN)
    return dataclasses.replace(stream, conversion="; ".join(change for change in changes if change))


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


def _pillow(image: Any) -> Image.Image:
    """Decode through pikepdf, after a bounded look that the deflated rows are not a bomb."""
    if str(image.get("/Filter", "")) == "/FlateDecode":
        _check_inflated(image)
    try:
        return pikepdf.PdfImage(image).as_pil_image()
    except (pikepdf.UnsupportedImageTypeError, NotImplementedError, pikepdf.DependencyError) as error:
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
