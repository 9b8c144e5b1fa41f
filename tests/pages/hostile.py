"""Broken and hostile files, made by code, each with the reason it must end with."""

import io
import random
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
    return _plain_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 1000000>>",
            b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 1000000>>",
        ]
    )


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


def _plain_pdf(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """Objects numbered from one, the first of them the catalogue, with a table and a trailer."""
    body, offsets = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, node in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, node)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + end


def pdf_of_empty_pages(count: int, *, loop: bool = False) -> bytes:
    """So many pages in a few bytes each; ``loop``: its cross-reference says that it stands before itself."""
    kids = b" ".join(b"%d 0 R" % (3 + n) for n in range(count))
    nodes = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, count)]
    nodes += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"] * count
    if not loop:
        return _plain_pdf(nodes)
    draft = _plain_pdf(nodes, b"/Prev 0000000000")
    where = draft[draft.rindex(b"startxref\n") + 10 :].split()[0]
    return draft.replace(b"/Prev 0000000000", b"/Prev %010d" % int(where))


def _stream(data: bytes, keys: bytes = b"") -> bytes:
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), keys, data)


def pdf_with_a_form_in_itself() -> bytes:
    """A page that draws a form, which draws another form, which draws the first."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</F %d 0 R>>>>"
    return _plain_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</F 5 0 R>>>>/Contents 4 0 R>>",
            _stream(b"/F Do"),
            _stream(b"/F Do", form % 6),
            _stream(b"/F Do", form % 5),
        ]
    )


def pdf_of_nested_arrays(depth: int) -> bytes:
    """A page whose resources are arrays in arrays, deeper than any parser's stack."""
    return _plain_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources %s>>" % (b"[" * depth + b"]" * depth),
        ]
    )


def pdf_whose_content_unfolds(megabytes: int) -> bytes:
    """A page that places its image and then says nothing for ``megabytes``."""
    deflate = zlib.compressobj(9)
    content = b"".join(deflate.compress(b"q Q\n" * (1 << 18)) for _ in range(megabytes)) + deflate.flush()
    image = b"/Type/XObject/Subtype/Image/Width 8/Height 8/BitsPerComponent 8/ColorSpace/DeviceGray"
    return _plain_pdf(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</I 5 0 R>>>>/Contents 4 0 R>>",
            _stream(content, b"/Filter/FlateDecode"),
            _stream(bytes(64), image),
        ]
    )


def jpeg_that_claims(jpeg: bytes, side: int) -> bytes:
    """A JPEG whose frame claims ``side`` times ``side`` pixels."""
    data = bytearray(jpeg)
    frame = next(at for at in range(2, len(data)) if bytes(data[at : at + 2]) in (b"\xff\xc0", b"\xff\xc2"))
    data[frame + 5 : frame + 9] = struct.pack(">HH", side, side)
    return bytes(data)


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


def cuts(data: bytes, step: int = 1024) -> list[bytes]:
    """The file, cut off at every kilobyte."""
    return [data[:size] for size in range(step, len(data), step)]


def flips(data: bytes, count: int, seed: int) -> list[bytes]:
    """The file with some bits turned: one, a few, or a run of bytes."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        copy = bytearray(data)
        for _ in range(chance.choice((1, 3, 40))):
            copy[chance.randrange(len(copy))] ^= 1 << chance.randrange(8)
        made.append(bytes(copy))
    return made


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
        "unfolds.pdf": (lambda: pdf_that_unfolds(300), ScanReason.TOO_LARGE),
        "gigapixel.jpg": (lambda: jpeg_that_claims(jpeg, 32_500), ScanReason.TOO_LARGE),
        "many.pdf": (lambda: pdf_of_empty_pages(20_000), ScanReason.TOO_MANY_PAGES),
        "loop.pdf": (lambda: pdf_of_empty_pages(20_000, loop=True), ScanReason.DAMAGED),
        "content.pdf": (lambda: pdf_whose_content_unfolds(100), ScanReason.TOO_LARGE),
        "nested.pdf": (lambda: pdf_of_nested_arrays(20_000), ScanReason.DAMAGED),
        "locked.pdf": (locked_pdf, ScanReason.ENCRYPTED),
        "signed.pdf": (signed_pdf, ScanReason.SIGNED),
    }
    return {name: (make(), reason) for name, (make, reason) in made.items()}
