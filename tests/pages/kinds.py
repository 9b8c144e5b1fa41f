"""One small picture in every way that scanners, phones and office programs write it; 100 dpi, never symmetric."""

import functools
import io
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageDraw

SIZE: Final = (300, 420)
DPI: Final = 100
UNTOUCHED: Final = None


def picture() -> Image.Image:
    """Colours, an edge, and a mark in one corner only: any turn or mirroring shows."""
    bands = [
        Image.radial_gradient("L").resize(SIZE),
        Image.linear_gradient("L").resize(SIZE),
        Image.new("L", SIZE, 180),
    ]
    made = Image.merge("RGB", bands)
    ImageDraw.Draw(made).rectangle((12, 20, 110, 60), fill=(0, 0, 0))
    return made


def srgb_profile() -> bytes:
    """A profile as cameras embed one."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def jpeg(image: Image.Image | None = None, **options: Any) -> bytes:  # options of Pillow's JPEG writer
    """The picture as JPEG."""
    buffer = io.BytesIO()
    (image or picture()).save(buffer, "JPEG", **{"dpi": (DPI, DPI), "quality": 80, **options})
    return buffer.getvalue()


def turned_jpeg(orientation: int) -> bytes:
    """The picture with an EXIF orientation from 1 to 8."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return jpeg(exif=exif)


def without_marker(data: bytes, marker: int) -> bytes:
    """A JPEG less the first segment of this kind."""
    at = data.index(bytes([0xFF, marker]))
    (length,) = struct.unpack(">H", data[at + 2 : at + 4])
    return data[:at] + data[at + 2 + length :]


def with_adobe(data: bytes, transform: int) -> bytes:
    """A JPEG whose Adobe marker says another transform than its samples have."""
    at = data.index(b"\xff\xee\x00\x0eAdobe")
    return data[: at + 15] + bytes([transform]) + data[at + 16 :]


def _tiff(image: Image.Image, compression: str = "raw", dpi: tuple[int, int] = (DPI, DPI), **tags: int) -> bytes:
    numbers = {"rows": 278, "photometric": 262, "orientation": 274, "t4": 292}
    buffer = io.BytesIO()
    info = {numbers[name]: value for name, value in tags.items()}
    image.save(buffer, "TIFF", compression=compression, dpi=dpi, tiffinfo=info)
    return buffer.getvalue()


def _png(image: Image.Image, **options: Any) -> bytes:  # options of Pillow's PNG writer
    buffer = io.BytesIO()
    image.save(buffer, "PNG", dpi=(DPI, DPI), **options)
    return buffer.getvalue()


def _deep(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def _deep_rgb_png() -> bytes:
    samples = np.asarray(picture())[:, :, ::-1].astype(np.uint16) * 257
    return bytes(cv2.imencode(".png", samples)[1])


def _seen_through(image: Image.Image) -> Image.Image:
    image.putalpha(picture().convert("L"))
    return image


FAX: Final = "TIFF rows rewritten as CCITT G4"
LOSSLESS: Final = "TIFF rows rewritten without loss"
OPAQUE: Final = "transparency laid on white"
SHALLOW: Final = "16-bit samples reduced to 8"
TABLES: Final = "tables of the TIFF put back into its JPEG"
TAIL: Final = b"PK\x03\x04 a second picture\xff\xd9"

KINDS: Final[dict[str, tuple[Callable[[], bytes], str | None]]] = {
    "baseline.jpg": (jpeg, UNTOUCHED),
    "progressive.jpg": (lambda: jpeg(progressive=True), UNTOUCHED),
    "gray.jpg": (lambda: jpeg(picture().convert("L")), UNTOUCHED),
    "camera-icc.jpg": (lambda: jpeg(icc_profile=srgb_profile()), UNTOUCHED),
    "adobe-rgb.jpg": (lambda: without_marker(jpeg(keep_rgb=True), 0xE0), UNTOUCHED),
    "rgb-by-name.jpg": (lambda: without_marker(without_marker(jpeg(keep_rgb=True), 0xE0), 0xEE), UNTOUCHED),
    "tail.jpg": (lambda: jpeg() + TAIL, f"{len(TAIL)} bytes behind the image left out"),
    "cmyk.jpg": (lambda: jpeg(picture().convert("CMYK")), "CMYK to sRGB"),
    "cmyk-odd.jpg": (lambda: with_adobe(jpeg(picture().convert("CMYK")), 2), "CMYK to sRGB"),
    "cmyk-bare.jpg": (lambda: without_marker(jpeg(picture().convert("CMYK")), 0xEE), "CMYK to sRGB"),
    **{f"exif-{number}.jpg": (functools.partial(turned_jpeg, number), UNTOUCHED) for number in range(2, 9)},
    "g4.tif": (lambda: _tiff(picture().convert("1"), "group4", rows=420), UNTOUCHED),
    "g3.tif": (lambda: _tiff(picture().convert("1"), "group3", rows=420), UNTOUCHED),
    "g3-2d.tif": (lambda: _tiff(picture().convert("1"), "group3", rows=420, t4=1), UNTOUCHED),
    "g3-filled.tif": (lambda: _tiff(picture().convert("1"), "group3", rows=420, t4=4), UNTOUCHED),
    "huffman.tif": (lambda: _tiff(picture().convert("1"), "tiff_ccitt", rows=420), UNTOUCHED),
    "g4-strips.tif": (lambda: _tiff(picture().convert("1"), "group4", rows=100), FAX),
    "g4-turned.tif": (lambda: _tiff(picture().convert("1"), "group4", rows=420, orientation=6), FAX),
    "fax.tif": (lambda: _tiff(picture().convert("1"), "group3", (204, 98), rows=420), UNTOUCHED),
    "bilevel.tif": (lambda: _tiff(picture().convert("1")), FAX),
    "lzw.tif": (lambda: _tiff(picture(), "tiff_lzw"), LOSSLESS),
    "jpeg.tif": (lambda: _tiff(picture(), "jpeg", rows=420), TABLES),
    "jpeg-gray.tif": (lambda: _tiff(picture().convert("L"), "jpeg", rows=420), TABLES),
    "jpeg-strips.tif": (lambda: _tiff(picture(), "jpeg", rows=64), LOSSLESS),
    "cmyk.tif": (lambda: _tiff(picture().convert("CMYK"), "tiff_lzw"), "CMYK to sRGB"),
    "deep.tif": (lambda: _tiff(_deep(picture())), SHALLOW),
    "bilevel.png": (lambda: _png(picture().convert("1")), UNTOUCHED),
    "gray.png": (lambda: _png(picture().convert("L")), UNTOUCHED),
    "colour.png": (lambda: _png(picture()), UNTOUCHED),
    "icc.png": (lambda: _png(picture(), icc_profile=srgb_profile()), UNTOUCHED),
    "palette.png": (lambda: _png(picture().quantize(16)), UNTOUCHED),
    "palette-clear.png": (lambda: _png(picture().quantize(16), transparency=3), OPAQUE),
    "deep-gray.png": (lambda: _png(_deep(picture())), SHALLOW),
    "deep-colour.png": (_deep_rgb_png, SHALLOW),
    "alpha.png": (lambda: _png(_seen_through(picture())), OPAQUE),
    "alpha-gray.png": (lambda: _png(_seen_through(picture().convert("L"))), OPAQUE),
}
"""Name to the file's bytes, and what its page's record must say was changed."""


def write(folder: Path) -> dict[str, Path]:
    """All of them as files."""
    paths = {name: folder / name for name in KINDS}
    for name, path in paths.items():
        path.write_bytes(KINDS[name][0]())
    return paths
