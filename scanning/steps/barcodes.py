"""Codes on a page: a search for patches that look like codes, and readers that are given only those.

`zxing-cpp` reads 0.88 of the codes of a page bench where zbar reads 0.37, at half the time; formats are restricted and
inverted codes are not looked for, because our papers have none and the search is dear. The whole page is read on a
first or suspect sheet, but not for Data Matrix: that search costs twice the others together, and a Data Matrix is
always dense enough to be found as a patch. An inner page costs a look at the ink and nothing more when no patch looks
like a code. What stays unread is looked at in other ways (`code_looks`) until the page's budget is spent; zbar stays as
the last chance, and a machine without libzbar runs on without it.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import zxingcpp

from scanning.page import Gray, PageImage
from scanning.steps import code_looks, code_regions
from scanning.steps.code_looks import Matrix
from scanning.steps.code_regions import Region
from schemas.document import Barcode, Point

Format = zxingcpp.BarcodeFormat
NAMES = {
    Format.Code128: "Code128",
    Format.Code39: "Code39",
    Format.QRCode: "QRCode",
    Format.DataMatrix: "DataMatrix",
    Format.PDF417: "PDF417",
}
"""As they stand in the manifest; never renamed."""
FORMATS = zxingcpp.BarcodeFormats(list(NAMES))
ON_WHOLE_PAGES = zxingcpp.BarcodeFormats([Format.Code128, Format.Code39, Format.QRCode, Format.PDF417])
IN_THIN_PATCHES = zxingcpp.BarcodeFormats([Format.Code128, Format.Code39, Format.QRCode])
"""Where ink is thinner than in a symbol, a heading mostly: what is cheap to look for and may be printed thinly."""
_ZBAR_NAMES = {"CODE128": "Code128", "CODE39": "Code39", "QRCODE": "QRCode"}
_ZBAR_UPPER_LEFT = {"UP": 0, "RIGHT": 1, "DOWN": 2, "LEFT": 3}
"""Which corner of its rectangle, clockwise from the upper left, is the symbol's own upper left."""
Box = tuple[Point, Point, Point, Point]
SHORTEST_LINEAR = 4
"""Characters: rows of dark strokes pass for a Code 39 of one or two, which has no check character."""
BUDGET = 6_000_000
"""Pixels times price that the further looks of a page may cost: 60 to 120 ms, three to five decodes of the page."""
_ZBAR_PRICE = 3.5


def find(page: PageImage, flat: Gray, *, whole_page: bool) -> tuple[Barcode, ...]:
    """Codes of the page, in reading order, their corners in the page's own pixels.

    ``whole_page`` is set for the first page of a file or batch and costs about half as much as decoding the page.
    Elsewhere the patches are read, and only a patch that looks like a code and stays unread brings the slower readers.
    """
    found = list(_read(page.gray, formats=ON_WHOLE_PAGES, try_rotate=False)) if whole_page else []
    unread: list[Region] = []
    done: list[Region] = []
    for region in code_regions.find(page.gray, flat):
        if any(region.holds(*_middle(code)) for code in found):
            done.append(region)
            continue
        formats = FORMATS if region.like_code else IN_THIN_PATCHES
        read = [_moved(code, region) for code in _read(region.crop(page.gray), formats=formats, try_rotate=False)]
        found += read
        if read:
            done.append(region)
        elif region.like_code:
            unread.append(region)
    found += _insist(page.gray, [region for region in unread if not any(region.captions(one) for one in done)])
    return tuple(sorted(_unique(found), key=lambda code: (code.box[0][1], code.box[0][0])))


def _insist(gray: Gray, unread: list[Region]) -> Iterator[Barcode]:
    """Further looks at the unread patches, all of them one way before the next, as far as the budget goes."""
    left = float(BUDGET)
    for turn in range(max(len(code_looks.SHARP), len(code_looks.SOFT)) + 1):
        for region in tuple(unread):
            patch = region.crop(gray)
            looks = code_looks.SOFT if region.soft else code_looks.SHARP
            price = looks[turn].price_of(patch) if turn < len(looks) else _ZBAR_PRICE * patch.size
            if price > left:
                continue
            left -= price
            read = _look(patch, looks[turn]) if turn < len(looks) else _zbar(patch)
            if read:
                unread = [one for one in unread if one is not region and not one.captions(region)]
                yield from (_moved(code, region) for code in read)


def _look(patch: Gray, look: code_looks.Look) -> list[Barcode]:
    image, back = look.make(patch)
    binarizer = zxingcpp.Binarizer.FixedThreshold if look.fixed_threshold else zxingcpp.Binarizer.LocalAverage
    return [_mapped(code, back) for code in _read(image, try_rotate=True, binarizer=binarizer)]


def _read(gray: Gray, *, formats: Any = FORMATS, **more: Any) -> Iterator[Barcode]:  # Any: reader options
    image = np.ascontiguousarray(gray)
    for code in zxingcpp.read_barcodes(image, formats=formats, try_downscale=False, try_invert=False, **more):
        name = NAMES.get(code.format)
        if name is None or (name in ("Code128", "Code39") and len(code.text) < SHORTEST_LINEAR):
            continue
        at = code.position
        a, b, c, d = (
            (int(at_corner.x), int(at_corner.y))
            for at_corner in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
        )
        yield Barcode(format=name, text=_text(code), box=_clockwise((a, b, c, d)))


def _clockwise(box: Box) -> Box:
    """The corners from the symbol's own upper left; of bars that stand on their head the reader tells them mirrored."""
    turn = sum(x * below - right * y for (x, y), (right, below) in zip(box, (*box[1:], box[0]), strict=True))
    return box if turn >= 0 else (box[3], box[2], box[1], box[0])


def _text(code: zxingcpp.Barcode) -> str:
    """What it says: UTF-8 when its bytes are that, else in the character set that the reader takes it for."""
    with contextlib.suppress(UnicodeDecodeError):
        return code.bytes.decode("utf-8")
    return str(code.text)


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
    for code in reader(np.ascontiguousarray(crop)) if reader else ():
        x, y, wide, high = code.rect
        upright: Box = ((x, y), (x + wide, y), (x + wide, y + high), (x, y + high))
        first = _ZBAR_UPPER_LEFT.get(code.orientation, 0)
        a, b, c, d = upright[first:] + upright[:first]
        with contextlib.suppress(UnicodeDecodeError):
            text = code.data.decode("utf-8")
            if len(text) >= SHORTEST_LINEAR:
                codes.append(Barcode(_ZBAR_NAMES.get(code.type, code.type), text, (a, b, c, d)))
    return codes


def _moved(code: Barcode, region: Region) -> Barcode:
    a, b, c, d = ((x + region.left, y + region.top) for x, y in code.box)
    return Barcode(code.format, code.text, (a, b, c, d))


def _mapped(code: Barcode, back: Matrix) -> Barcode:
    """The code with its corners carried back into the patch."""
    corners = cv2.transform(np.array([code.box], np.float64), back)[0]
    a, b, c, d = ((round(float(x)), round(float(y))) for x, y in corners)
    return Barcode(code.format, code.text, (a, b, c, d))


def _middle(code: Barcode) -> tuple[float, float]:
    return sum(point[0] for point in code.box) / 4, sum(point[1] for point in code.box) / 4


def _unique(codes: list[Barcode]) -> list[Barcode]:
    """One of each (format, text): neighbouring regions overlap."""
    return list({(code.format, code.text): code for code in reversed(codes)}.values())
