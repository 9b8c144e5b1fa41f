"""The visible seal where people see it: poppler reads the page as a viewer shows it."""

import datetime as dt
import io
import re
import subprocess
import unicodedata
from pathlib import Path

import pikepdf
import pytest

from scanning.approved import PdfA
from scanning.seal_writer import Sheet, Update
from scanning.stamp import MARGIN_PT, SIZE_PT, Stamp, seen_size_pt, time_line, upper_right
from schemas.errors import BadConfiguration
from tests.pages.seal.authority import FONT, NOW

pytestmark = [pytest.mark.pages]
LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
MARKS = "\u0300\u0309\u0303\u0301\u0323"
VIETNAMESE = "".join(unicodedata.normalize("NFC", letter + mark) for letter in "aăâeêioôơuưy" for mark in MARKS)
UNIT = "ỦY BAN NHÂN DÂN XÃ NẬM LỪA, HUYỆN SÔNG MÃ, TỈNH SƠN LA"
WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">([^<]+)</word>')
PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">')


def stamped(approved: PdfA, at: Path, stamp: Stamp, **entries: object) -> Path:
    """The approved document with these entries in page one, and the stamp (the signature's hole is empty)."""
    with pikepdf.open(approved.path) as pdf:
        for key, value in entries.items():
            pdf.pages[0].obj[f"/{key}"] = value
        base = io.BytesIO()
        pdf.save(base, object_stream_mode=pikepdf.ObjectStreamMode.disable, deterministic_id=True)
    update = Update(base.getvalue())
    prepared = update.prepare(at=NOW, room=8, appearance=stamp.place(update, NOW))
    at.write_bytes(base.getvalue() + prepared.filled(b""))
    return at


def words(path: Path) -> tuple[float, float, list[tuple[float, float, float, float, str]]]:
    """Width and height of page one as seen, and its words with left, top, right, bottom in points."""
    told = subprocess.run(
        ["pdftotext", "-cropbox", "-l", "1", "-bbox", str(path), "-"], check=True, capture_output=True, text=True
    ).stdout
    size = PAGE.search(told)
    assert size is not None
    found = [(*map(float, row[:4]), row[4]) for row in WORD.findall(told)]
    return float(size[1]), float(size[2]), [(a, b, c, d, word) for a, b, c, d, word in found]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, [40, 90, 500, 780]], ids=["whole", "cropped"])
def test_the_stamp_is_upright_in_the_upper_right_as_people_see_the_page(
    turn: int, crop: list[int] | None, approved: PdfA, tmp_path: Path
) -> None:
    entries: dict[str, object] = {"Rotate": turn} | ({"CropBox": crop} if crop else {})
    path = stamped(approved, tmp_path / "page.pdf", Stamp(FONT, form="SAO Y", unit=UNIT), **entries)
    wide, high, found = words(path)
    wide = high if turn in (90, 270) else wide  # poppler tells the size of the page before it is turned
    assert " ".join(word for *_, word in found) == f"SAO Y {UNIT} {time_line(NOW)}"
    assert wide - MARGIN_PT - 1 <= max(right for _, _, right, _, _ in found) <= wide - MARGIN_PT + 1
    assert MARGIN_PT - 2 <= min(top for _, top, *_ in found) <= MARGIN_PT + 4
    (left, top, right, bottom, _), (next_left, next_top, *_) = found[:2]
    assert right - left > bottom - top > SIZE_PT * 0.9, "SAO is wider than high: it stands upright, in its size"
    assert next_left > right
    assert next_top == top


def test_every_vietnamese_letter_can_be_read_back(approved: PdfA, tmp_path: Path) -> None:
    letters = LETTERS + VIETNAMESE
    stamp = Stamp(FONT, form=letters, unit=letters.upper())
    _, _, found = words(stamped(approved, tmp_path / "page.pdf", stamp))
    assert [word for *_, word in found][:2] == [letters, letters.upper()]


def test_on_an_identity_card_the_stamp_is_smaller(approved: PdfA, tmp_path: Path) -> None:
    stamp = Stamp(FONT, form="SAO Y", unit=UNIT)
    wide, high, found = words(stamped(approved, tmp_path / "card.pdf", stamp, MediaBox=[0, 0, 243, 153]))
    assert (wide, high) == (243, 153)
    assert min(left for left, *_ in found) > wide / 3
    assert max(bottom for *_, bottom, _ in found) < high * 0.7


def test_user_units_are_points_of_another_size() -> None:
    plain, doubled = Sheet((0, 0, 600, 800)), Sheet((0, 0, 300, 400), unit=2.0)
    assert seen_size_pt(plain) == seen_size_pt(doubled)
    assert upper_right(doubled, 100, 50) == tuple(edge / 2 for edge in upper_right(plain, 100, 50))


def test_the_time_is_that_of_viet_nam_wherever_the_machine_stands() -> None:
    assert time_line(dt.datetime(2026, 12, 31, 17, 0, 1, tzinfo=dt.UTC)) == "01/01/2027 00:00:01 +07:00"


def test_the_same_unit_gives_the_same_bytes(approved: PdfA, tmp_path: Path) -> None:
    one, two = (
        stamped(approved, tmp_path / f"{n}.pdf", Stamp(FONT, form="SAO Y", unit=UNIT)).read_bytes() for n in range(2)
    )
    assert one == two


def test_a_font_that_cannot_serve_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="fonts-croscore"):
        Stamp(tmp_path / "away.ttf", form="SAO Y", unit=UNIT)
    (tmp_path / "text.ttf").write_text("no font")
    with pytest.raises(BadConfiguration, match=r"text\.ttf"):
        Stamp(tmp_path / "text.ttf", form="SAO Y", unit=UNIT)
    with pytest.raises(BadConfiguration, match="漢"):
        Stamp(FONT, form="漢", unit=UNIT)
