"""Broken and hostile files, made by code, each with the reason it must end with."""

import io
import struct
import zlib
from collections.abc import Callable

import pikepdf
from PIL import Image

from schemas.document import ScanReason


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_that_claims(width: int, height: int) -> bytes:
    """A whole PNG file whose header claims a raster that its rows do not fill."""
    rows = zlib.compress(bytes(1 << 20))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def tiff_that_claims(side: int) -> bytes:
    """A G4 TIFF with 64 rows that claims ``side`` times ``side`` pixels."""
    buffer = io.BytesIO()
    Image.new("1", (64, 64)).save(buffer, "TIFF", compression="group4")
    data = bytearray(buffer.getvalue())
    (directory,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[directory : directory + 2])
    for at in range(directory + 2, directory + 2 + 12 * count, 12):
        if struct.unpack("<H", data[at : at + 2])[0] in (256, 257):
            data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, side)
    return bytes(data)


def pdf_with_endless_pages() -> bytes:
    """Two page tree nodes that are each other's children."""
    nodes = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 1000000>>",
        b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 1000000>>",
    )
    body, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, node in enumerate(nodes, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, node)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 4\n0000000000 65535 f \n" + table + trailer


def pdf_that_unfolds(megabytes: int) -> bytes:
    """A scanner's PDF whose image of 100 times 100 pixels inflates to ``megabytes``."""
    deflate = zlib.compressobj(9)
    rows = b"".join(deflate.compress(bytes(1 << 20)) for _ in range(megabytes)) + deflate.flush()
    with pikepdf.Pdf.new() as pdf:
        image = pikepdf.Stream(pdf, rows)
        image["/Type"], image["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Image
        image["/Width"], image["/Height"], image["/BitsPerComponent"] = 100, 100, 8
        image["/ColorSpace"], image["/Filter"] = pikepdf.Name.DeviceGray, pikepdf.Name.FlateDecode
        page = pikepdf.Dictionary(
            Type=pikepdf.Name.Page,
            MediaBox=pikepdf.Array([0, 0, 595, 842]),
            Resources=pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image)),
            Contents=pikepdf.Stream(pdf, b"q 595 0 0 842 0 0 cm /Im0 Do Q"),
        )
        pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        buffer = io.BytesIO()
        pdf.save(buffer, compress_streams=False)
    return buffer.getvalue()


def locked_pdf() -> bytes:
    """A PDF that asks for a password."""
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        buffer = io.BytesIO()
        pdf.save(buffer, encryption=pikepdf.Encryption(owner="chu", user="khach"))
    return buffer.getvalue()


def signed_pdf() -> bytes:
    """A PDF whose form says that signatures exist."""
    with pikepdf.Pdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array(), SigFlags=3)
        buffer = io.BytesIO()
        pdf.save(buffer)
    return buffer.getvalue()


def _flipped(jpeg: bytes) -> bytes:
    """Four hundred bytes of the picture's middle with some of their bits turned."""
    middle = len(jpeg) // 2
    return jpeg[:middle] + bytes(byte ^ 0x55 for byte in jpeg[middle : middle + 400]) + jpeg[middle + 400 :]


def bad_files(jpeg: bytes, tiff: bytes, pdf: bytes) -> dict[str, tuple[bytes, ScanReason]]:
    """Name to bytes and reason; the first three are cut out of good files."""
    made: dict[str, tuple[Callable[[], bytes], ScanReason]] = {
        "cut.jpg": (lambda: jpeg[: len(jpeg) // 3], ScanReason.TRUNCATED),
        "cut.tif": (lambda: tiff[: len(tiff) // 2], ScanReason.TRUNCATED),
        "cut.pdf": (lambda: pdf[: len(pdf) // 2], ScanReason.TRUNCATED),
        "hollow.jpg": (lambda: jpeg[:700] + b"\xff\xda\0\x02" + jpeg[-2:], ScanReason.DAMAGED),
        "flipped.jpg": (lambda: _flipped(jpeg), ScanReason.DAMAGED),
        "page.jpg": (lambda: b"<!doctype html><p>404 Not Found</p>", ScanReason.NOT_A_SCAN),
        "nothing.pdf": (lambda: b"", ScanReason.EMPTY),
        "gigapixel.png": (lambda: png_that_claims(32_000, 32_000), ScanReason.TOO_LARGE),
        "gigapixel.tif": (lambda: tiff_that_claims(40_000), ScanReason.TOO_LARGE),
        "rows.png": (lambda: png_that_claims(9_000, 12_000), ScanReason.DAMAGED),
        "endless.pdf": (pdf_with_endless_pages, ScanReason.DAMAGED),
        "unfolds.pdf": (lambda: pdf_that_unfolds(1_000), ScanReason.TOO_LARGE),
        "locked.pdf": (locked_pdf, ScanReason.ENCRYPTED),
        "signed.pdf": (signed_pdf, ScanReason.SIGNED),
    }
    return {name: (make(), reason) for name, (make, reason) in made.items()}
