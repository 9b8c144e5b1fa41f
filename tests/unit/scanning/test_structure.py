import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from scanning.structure import BadFile, FileKind, check_complete
from schemas.document import ScanReason


def _picture() -> Image.Image:
    return Image.radial_gradient("L").resize((24, 32))


def _bytes_of(kind: FileKind) -> bytes:
    buffer = io.BytesIO()
    if kind is FileKind.JPEG:
        _picture().save(buffer, "JPEG")
    elif kind is FileKind.PNG:
        _picture().save(buffer, "PNG")
    elif kind is FileKind.TIFF:
        pages = [_picture().convert("1") for _ in range(3)]
        pages[0].save(buffer, "TIFF", compression="group4", save_all=True, append_images=pages[1:])
    else:
        with pikepdf.Pdf.new() as pdf:
            for _ in range(3):
                pdf.add_blank_page()
            pdf.save(buffer)
    return buffer.getvalue()


@pytest.fixture(params=list(FileKind))
def kind(request: pytest.FixtureRequest) -> FileKind:
    value = request.param
    assert isinstance(value, FileKind)
    return value


def test_a_whole_file_is_known_by_its_bytes_whatever_its_name(tmp_path: Path, kind: FileKind) -> None:
    path = tmp_path / "wrong.txt"
    path.write_bytes(_bytes_of(kind))
    assert check_complete(path) is kind


def test_no_beginning_of_a_file_passes_for_the_file(tmp_path: Path, kind: FileKind) -> None:
    data = _bytes_of(kind)
    path = tmp_path / "part"
    passed = []
    for length in range(len(data) - 16):
        path.write_bytes(data[:length])
        try:
            check_complete(path)
        except BadFile as bad:
            assert bad.reason in {ScanReason.EMPTY, ScanReason.NOT_A_SCAN, ScanReason.TRUNCATED}
        else:
            passed.append(length)
    assert passed == []


def test_zeros_that_a_scanner_pads_with_do_not_hide_the_end(tmp_path: Path) -> None:
    path = tmp_path / "padded.jpg"
    path.write_bytes(_bytes_of(FileKind.JPEG) + bytes(4096))
    assert check_complete(path) is FileKind.JPEG


def test_the_end_marker_of_a_thumbnail_is_not_the_end_of_the_picture(tmp_path: Path) -> None:
    thumbnail = io.BytesIO()
    _picture().resize((8, 8)).save(thumbnail, "JPEG")
    whole = _bytes_of(FileKind.JPEG)
    segment = b"Exif\0\0" + thumbnail.getvalue()
    with_exif = whole[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + whole[2:]
    path = tmp_path / "thumb.jpg"
    path.write_bytes(with_exif)
    assert check_complete(path) is FileKind.JPEG
    path.write_bytes(with_exif[:-40])
    with pytest.raises(BadFile) as caught:
        check_complete(path)
    assert caught.value.reason is ScanReason.TRUNCATED


def test_tiff_directories_in_a_circle_end(tmp_path: Path) -> None:
    directory = (1).to_bytes(2, "little") + bytes.fromhex("0001030001000000") + (8).to_bytes(4, "little")
    path = tmp_path / "circle.tif"
    path.write_bytes(b"II*\0" + (8).to_bytes(4, "little") + directory + (8).to_bytes(4, "little"))
    with pytest.raises(BadFile, match="circle"):
        check_complete(path)


@pytest.mark.parametrize("data", [b"<html><body>404</body></html>", b"PK\x03\x04....", b"%!PS-Adobe"])
def test_another_kind_of_file_is_not_a_scan(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "page.jpg"
    path.write_bytes(data)
    with pytest.raises(BadFile) as caught:
        check_complete(path)
    assert caught.value.reason is ScanReason.NOT_A_SCAN
    assert caught.value.detail == ""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("GIF", b"GIF89a" + bytes(9)),
        ("WebP", b"RIFF\x10\0\0\0WEBPVP8 "),
        ("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n"),
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0"),
        ("BMP", b"BM\x3a\x04\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"),
        ("BigTIFF", b"II+\0\x08\0\0\0"),
    ],
)
def test_an_image_of_another_format_is_refused_by_its_name(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / "page.jpg"
    path.write_bytes(data)
    with pytest.raises(BadFile, match=f"It is an? .*{name}.*please save it as JPEG, PNG, TIFF or PDF") as caught:
        check_complete(path)
    assert caught.value.reason is ScanReason.UNSUPPORTED
    assert "\\x" not in str(caught.value)


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "page.jpg"
    path.touch()
    with pytest.raises(BadFile) as caught:
        check_complete(path)
    assert caught.value.reason is ScanReason.EMPTY
