"""Codes on a page: a search for regions that look like codes, and a reader that is given only those.

`zxing-cpp` reads 0.88 of the codes of a page bench where zbar reads 0.37, at half the time; formats are restricted and
inverted codes are not looked for, because our papers have none and the search is dear. The whole page is read on a
first or suspect sheet; an inner page costs a look at the ink and nothing more when no region looks like a code. zbar
stays as the last chance on regions that nobody could read; a machine without libzbar runs on without it.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import zxingcpp

from scanning.page import Gray, PageImage
from schemas.document import Barcode, Point

Format = zxingcpp.BarcodeFormat
FORMATS = zxingcpp.BarcodeFormats([Format.Code128, Format.Code39, Format.QRCode, Format.DataMatrix, Format.PDF417])
NAMES = {
    Format.Code128: "Code128",
    Format.Code39: "Code39",
    Format.QRCode: "QRCode",
    Format.DataMatrix: "DataMatrix",
    Format.PDF417: "PDF417",
}
_ZBAR_NAMES = {"CODE128": "Code128", "CODE39": "Code39", "QRCODE": "QRCode"}

DENSE = 0.30
"""Share of dark pixels in a box of 15 at quarter scale: codes have 0.4 to 0.5, print 0.1 to 0.25."""
DARK_BELOW = 0.70
"""Share of the paper's brightness, on print of normal contrast."""
INSIST_FROM = 0.42
"""Share of dark pixels of a whole region: codes, also turned ones, have more; headings and stamps have less."""
INSIST_SIDE_PX = 22
"""Shortest side at quarter scale worth insisting on (7 mm at 300 dpi); a first look at anything costs 0.3 ms."""
_BOX_PX = 15
MAX_REGIONS = 8
"""A page of photographs has dozens; the largest eight hold every code that a form carries."""
_PAD_PX = 60
_SIDE_PX = (12, 500)
"""Shortest and longest side of a region at quarter scale that can be a code: 4 mm to a sheet's width."""


def find(page: PageImage, flat: Gray, *, whole_page: bool) -> tuple[Barcode, ...]:
    """Codes of the page, in reading order.

    ``whole_page`` is set for the first page of a file or batch and costs about as much as decoding the page. Elsewhere
    the regions are read, and only a region that stays unread brings the slower readers.
    """
    found = list(_read(page.gray)) if whole_page else []
    for (left, top, right, bottom), insist in _regions(flat):
        if any(_inside(code, left, top, right, bottom) for code in found):
            continue
        crop = page.gray[top:bottom, left:right]
        read = _first_answer(crop, insist=insist)
        found += [_moved(code, left, top) for code in read]
    return tuple(sorted(_unique(found), key=lambda code: (code.box[0][1], code.box[0][0])))


def _read(gray: Gray, **more: Any) -> Iterator[Barcode]:  # Any: reader options
    options = {"try_rotate": False, "try_downscale": False, "try_invert": False} | more
    for code in zxingcpp.read_barcodes(gray, formats=FORMATS, **options):
        with contextlib.suppress(UnicodeDecodeError):
            at = code.position
            corners = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
            box: Any = tuple((int(corner.x), int(corner.y)) for corner in corners)
            yield Barcode(format=NAMES.get(code.format, str(code.format)), text=code.text, box=box)


def _first_answer(crop: Gray, *, insist: bool) -> list[Barcode]:
    """Readers from cheap to dear until one answers; all but the first only when the region surely looks like a code."""
    attempts: tuple[Callable[[], list[Barcode]], ...] = (
        lambda: list(_read(crop)),
        lambda: list(_read(crop, try_rotate=True, try_downscale=True)),
        lambda: list(_read(crop, try_rotate=True, binarizer=zxingcpp.Binarizer.FixedThreshold)),
        lambda: _twice_as_large(crop),
        lambda: _zbar(crop),
    )
    for attempt in attempts if insist and _two_toned(crop) else attempts[:1]:
        if answer := attempt():
            return answer
    return []


def _two_toned(crop: Gray) -> bool:
    """Dark and light with little between, as a printed code is and a photograph is not."""
    counts = np.bincount(crop[::4, ::4].ravel(), minlength=256)
    low, high = np.searchsorted(counts.cumsum(), (counts.sum() * 0.05, counts.sum() * 0.95))
    if high - low < 40:
        return False
    third = (high - low) / 3
    between = counts[int(low + third) : int(high - third)].sum()
    return bool(between < 0.25 * counts.sum())


def _twice_as_large(crop: Gray) -> list[Barcode]:
    if crop.size > 1_500_000:
        return []
    larger = np.asarray(cv2.resize(crop, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    return [_scaled(code, 0.5) for code in _read(larger)]


def _regions(flat: Gray) -> list[tuple[tuple[int, int, int, int], bool]]:
    """Boxes (left, top, right, bottom) in full-size pixels dense enough to be a code, the largest first.

    With each: whether it is as dark as codes are, so that it is worth insisting; a bold heading is not.
    """
    _, dark = cv2.threshold(flat, _dark_level(flat), 255, cv2.THRESH_BINARY_INV)
    density = cv2.blur(dark, (_BOX_PX, _BOX_PX))
    _, dense = cv2.threshold(density, 255 * DENSE, 255, cv2.THRESH_BINARY)
    dense = cv2.morphologyEx(dense, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(dense, connectivity=8)
    height, width = flat.shape
    boxes = []
    for n in sorted(range(1, count), key=lambda n: -int(stats[n][cv2.CC_STAT_AREA])):
        left, top, wide, high = (int(value) for value in stats[n][:4])
        if min(wide, high) < _SIDE_PX[0] or max(wide, high) > _SIDE_PX[1]:
            continue
        box = (left * 4 - _PAD_PX, top * 4 - _PAD_PX, (left + wide) * 4 + _PAD_PX, (top + high) * 4 + _PAD_PX)
        share = cv2.mean(dark[top : top + high, left : left + wide])[0] / 255
        insist = share > INSIST_FROM and min(wide, high) >= INSIST_SIDE_PX
        boxes.append(((max(0, box[0]), max(0, box[1]), min(width * 4, box[2]), min(height * 4, box[3])), insist))
    return boxes[:MAX_REGIONS]


def _dark_level(flat: Gray) -> float:
    """Gray level below which a pixel is dark; faint print moves it up, or thin bars would melt into the paper."""
    counts = np.bincount(flat[::2, ::2].ravel(), minlength=256).cumsum()
    inkiest = int(np.searchsorted(counts, counts[-1] * 0.01))
    return max(255 * DARK_BELOW, 255 - 0.45 * (255 - inkiest))


@functools.cache
def _zbar_reader() -> Callable[[Gray], list[Any]] | None:  # Any: pyzbar has no types
    """The reader of libzbar, or ``None`` where the library is not installed."""
    try:
        from pyzbar import pyzbar
    except (ImportError, OSError):
        return None
    symbols = [pyzbar.ZBarSymbol.CODE128, pyzbar.ZBarSymbol.CODE39, pyzbar.ZBarSymbol.QRCODE]
    return lambda crop: list(pyzbar.decode(crop, symbols=symbols))


def has_zbar() -> bool:
    """Whether the last-chance reader is there; the worker says so once in its greeting."""
    return _zbar_reader() is not None


def _zbar(crop: Gray) -> list[Barcode]:
    reader = _zbar_reader()
    codes = []
    for code in reader(crop) if reader else ():
        x, y, wide, high = code.rect
        box: tuple[Point, Point, Point, Point] = ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
        with contextlib.suppress(UnicodeDecodeError):
            codes.append(Barcode(_ZBAR_NAMES.get(code.type, code.type), code.data.decode("utf-8"), box))
    return codes


def _moved(code: Barcode, left: int, top: int) -> Barcode:
    a, b, c, d = ((x + left, y + top) for x, y in code.box)
    return Barcode(code.format, code.text, (a, b, c, d))


def _scaled(code: Barcode, factor: float) -> Barcode:
    a, b, c, d = ((round(x * factor), round(y * factor)) for x, y in code.box)
    return Barcode(code.format, code.text, (a, b, c, d))


def _inside(code: Barcode, left: int, top: int, right: int, bottom: int) -> bool:
    x = sum(point[0] for point in code.box) / 4
    y = sum(point[1] for point in code.box) / 4
    return left <= x <= right and top <= y <= bottom


def _unique(codes: list[Barcode]) -> list[Barcode]:
    """One of each (format, text): neighbouring regions overlap."""
    return list({(code.format, code.text): code for code in reversed(codes)}.values())
