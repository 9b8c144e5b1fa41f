"""Pictures of pages: upright, bounded, marked where the codes are, of hostile files too; the folder stays bounded."""

import asyncio
import os
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from scanning.page import PageSource
from scanning.pool import WorkerPool
from scanning.rendering import MAX_BOX_PX, render
from scanning.review_previews import Previews, Wanted
from scanning.structure import BadFile, FileKind

pytestmark = pytest.mark.pages
BOX = ((20, 20), (60, 20), (60, 40), (20, 40))


def sheet(mode: str = "RGB", size: tuple[int, int] = (200, 300)) -> Image.Image:
    """A sheet with a black corner in the upper left."""
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).rectangle((0, 0, 15, 15), fill="black")
    return picture.convert(mode)


def dark(path: Path) -> str:
    """Which corner of the picture is black."""
    with Image.open(path) as picture:
        gray = picture.convert("L")
        width, height = gray.size
        corners = {"ul": (4, 4), "ur": (width - 5, 4), "lr": (width - 5, height - 5), "ll": (4, height - 5)}
        return " ".join(name for name, at in corners.items() if int(gray.getpixel(at)) < 100)  # type: ignore[arg-type]  # one channel


@pytest.mark.parametrize(("turn", "corner"), [(0, "ul"), (90, "ur"), (180, "lr"), (270, "ll")])
def test_a_page_is_turned_clockwise_on_top_of_what_the_file_asks_for(tmp_path: Path, turn: int, corner: str) -> None:
    plain, asks = tmp_path / "plain.png", tmp_path / "asks.jpg"
    sheet().save(plain)
    exif = Image.Exif()
    exif[0x0112] = 6  # a viewer turns it by 90 degrees clockwise
    sheet().save(asks, exif=exif)
    render(PageSource(plain, FileKind.PNG), tmp_path / "a.jpg", box_px=300, turn_deg=turn)
    assert dark(tmp_path / "a.jpg") == corner
    render(PageSource(asks, FileKind.JPEG), tmp_path / "b.jpg", box_px=300, turn_deg=(turn - 90) % 360)
    assert dark(tmp_path / "b.jpg") == corner


@pytest.mark.parametrize(
    ("mode", "suffix", "kind"),
    [
        ("CMYK", "jpg", FileKind.JPEG),
        ("L", "jpg", FileKind.JPEG),
        ("RGBA", "png", FileKind.PNG),
        ("I;16", "png", FileKind.PNG),
        ("P", "png", FileKind.PNG),
        ("1", "tif", FileKind.TIFF),
    ],
)
def test_every_kind_of_pixels_is_shown(tmp_path: Path, mode: str, suffix: str, kind: FileKind) -> None:
    path = tmp_path / f"page.{suffix}"
    if mode == "I;16":
        sheet("L").convert("I").point(lambda level: level * 257).convert("I;16").save(path)
    else:
        sheet(mode).save(path)
    made = render(PageSource(path, kind), tmp_path / "out.jpg", box_px=300)
    assert (made.width, made.height) == (200, 300) and dark(tmp_path / "out.jpg") == "ul"


def test_codes_and_the_papers_edge_are_outlined_where_they_lie_after_the_turn(tmp_path: Path) -> None:
    path, out = tmp_path / "page.png", tmp_path / "out.jpg"
    Image.new("RGB", (200, 300), "white").save(path)
    made = render(PageSource(path, FileKind.PNG), out, box_px=150, turn_deg=90, codes=[BOX], crop=(100, 150, 180, 280))
    assert (made.width, made.height) == (150, 100)
    with Image.open(out) as picture:
        green, red = picture.getpixel((150 - 15, 10)), picture.getpixel((150 - 75, 70))  # upper edges, turned
    assert isinstance(green, tuple) and isinstance(red, tuple)
    assert green[1] > green[0] + 40 and red[0] > red[1] + 40


def test_a_picture_is_never_larger_than_a_screen_reads(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    Image.new("L", (3000, 4000), 255).save(path)
    made = render(PageSource(path, FileKind.PNG), tmp_path / "out.jpg", box_px=100_000)
    assert made.height == MAX_BOX_PX


async def test_hostile_bytes_are_refused_by_the_worker_and_leave_no_picture(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jpg"
    sheet(size=(800, 1200)).save(whole)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(whole.read_bytes()[:2000])
    async with WorkerPool(1) as pool:
        previews = Previews(pool, tmp_path / "previews", most_bytes=1_000_000)
        with pytest.raises(BadFile):
            await previews.get(Wanted(cut, "jpeg", 1, "a" * 64, 400))
        assert list((tmp_path / "previews").iterdir()) == []


async def test_the_same_picture_is_drawn_once_and_the_oldest_go_when_the_folder_is_full(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    sheet(size=(800, 1200)).save(path)
    async with WorkerPool(1) as pool:
        first = Wanted(path, "png", 1, "a" * 64, 400)
        previews = Previews(pool, tmp_path / "previews", most_bytes=1_000_000)
        one, same = await asyncio.gather(previews.get(first), previews.get(first))
        assert one == same
        size = one.stat().st_size
        most = 4 * size
        previews = Previews(pool, tmp_path / "previews", most_bytes=most)
        for age, turn in enumerate((90, 180, 270)):
            path_of = await previews.get(Wanted(path, "png", 1, "a" * 64, 400, turn))
            os.utime(path_of, ns=(age, age))
        for box in (390, 380, 370):
            await previews.get(first)  # a look keeps it young
            await previews.get(Wanted(path, "png", 1, "a" * 64, box))
        left = list((tmp_path / "previews").glob("*.jpg"))
        assert sum(each.stat().st_size for each in left) <= most
        assert one in left and len(left) < 7
