"""Words on a page that look worth indexing: dossier codes, item numbers, names of people, days. Pure.

Everything here is an offer: a person clicks it or leaves it. So a rule may be simple where its miss costs a glance. A
number is never repaired in silence: what would be one but for a letter that readers take for a digit comes out as a
near miss, with what was read and what may be meant.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from schemas.document import NearMiss
from schemas.numbers import dossier_code, s10, unit_code

MOST: Final = 20
"""Of each kind: a list of five hundred names is a table, and nobody clicks through it."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What was found, each once, in the order of the page. ``dates`` are ISO days."""

    codes: tuple[str, ...] = ()
    near_misses: tuple[NearMiss, ...] = ()
    items: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()


def suggest(text: str) -> Suggestions:
    """Everything in a page's NFC text that is worth an offer.

    >>> found = suggest("Mã hồ sơ 000.00.14.H99-261120-0001, gửi EL000000005VN ngày 3 tháng 11 năm 2026")
    >>> found.codes, found.items, found.dates
    (('000.00.14.H99-261120-0001',), ('EL000000005VN',), ('2026-11-03',))
    """
    whole = unicodedata.normalize("NFC", text)
    codes, near_codes = _split(_codes(whole))
    items, near_items = _split(_items(whole))
    return Suggestions(
        codes=_few(codes),
        near_misses=tuple({miss.text: miss for miss in (*near_codes, *near_items)}.values())[:MOST],
        items=_few(items),
        names=_few(_names(whole)),
        dates=_few(_days(whole)),
    )


def _few(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))[:MOST]


def _split(found: Iterable[str | NearMiss]) -> tuple[list[str], list[NearMiss]]:
    told = list(found)
    return [one for one in told if isinstance(one, str)], [one for one in told if isinstance(one, NearMiss)]


# --- numbers ---------------------------------------------------------------------------------------------------------

_DASH: Final = "[-‐‑‒–—−]"
_CODE: Final = re.compile(
    rf"(?<![\w.])([0-9A-Za-z]+(?:\.[0-9A-Za-z]+)*) ?{_DASH} ?([0-9A-Za-z]{{8}}|[0-9A-Za-z]{{6}}) ?{_DASH} ?"
    r"([0-9A-Za-z]{4,7})(?![\w.]*\w)"
)
_ITEM: Final = re.compile(r"(?<!\w)([A-Z0-9]{2}) ?([0-9A-Z]{4}) ?([0-9A-Z]{4}) ?([0-9A-Z]) ?([A-Z0-9]{2})(?!\w)")
_AS_DIGIT: Final = str.maketrans("OoQDIlLiZzSsBGq", "000011112255869")
"""Letters that a reader makes of digits."""
_AS_LETTER: Final = str.maketrans("01568", "OISGB")


def _codes(text: str) -> Iterator[str | NearMiss]:
    for found in _CODE.finditer(text):
        unit, day, serial = found.groups()
        read = f"{unit}-{day}-{serial}"
        meant = f"{_unit_as_meant(unit)}-{day.translate(_AS_DIGIT)}-{serial.translate(_AS_DIGIT)}"
        if dossier_code.is_valid(read) and (meant == dossier_code.compact(read) or not _is_unit(meant)):
            yield dossier_code.compact(read)
        elif dossier_code.is_valid(meant) and _is_unit(meant):
            yield NearMiss(found.group(), (meant,))


def _is_unit(code: str) -> bool:
    """Whether the code begins with a unit's code of either scheme; a vendor's own may be anything."""
    return unit_code.is_valid(code.partition("-")[0])


def _unit_as_meant(unit: str) -> str:
    """The unit's code if every part had digits, but for the one letter that a part may begin with.

    >>> _unit_as_meant("OOO.00.I4.H99"), _unit_as_meant("H37.O2")
    ('000.00.14.H99', 'H37.02')
    """
    parts = []
    for part in unit.split("."):
        first = part[0].upper()
        if first in "GH" and len(part) == 3:  # ministry or province and two digits
            parts.append(first + part[1:].translate(_AS_DIGIT))
        else:
            parts.append(part.translate(_AS_DIGIT))
    return ".".join(parts)


def _items(text: str) -> Iterator[str | NearMiss]:
    for found in _ITEM.finditer(text):
        read = "".join(found.groups())
        if s10.is_valid(read):
            yield read
            continue
        meant = read[:2].translate(_AS_LETTER) + read[2:11].translate(_AS_DIGIT) + read[11:].translate(_AS_LETTER)
        if meant != read and s10.is_valid(meant):
            yield NearMiss(found.group(), (meant,))


# --- days ------------------------------------------------------------------------------------------------------------

_DAY: Final = re.compile(
    r"(?<![\d/.-])(?P<day>[0-3]?\d) ?(?P<mark>[/.-]) ?(?P<month>[01]?\d) ?(?P=mark) ?(?P<year>(?:19|20)\d\d)(?![\d/])"
    r"|ngày\s+(?P<d>[0-3]?\d)\s+tháng\s+(?P<m>[01]?\d)\s+năm\s+(?P<y>(?:19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)


def _days(text: str) -> Iterator[str]:
    for found in _DAY.finditer(text):
        day, month, year = (
            found[long] or found[short] for long, short in (("day", "d"), ("month", "m"), ("year", "y"))
        )
        try:
            yield dt.date(int(year), int(month), int(day)).isoformat()
        except ValueError:
            continue  # the 31st of February is a misreading


# --- names of people -------------------------------------------------------------------------------------------------

_FAMILY_NAMES: Final = """
NGUYỄN TRẦN LÊ PHẠM HOÀNG HUỲNH PHAN VŨ VÕ ĐẶNG BÙI ĐỖ HỒ NGÔ DƯƠNG LÝ ĐINH ĐÀO ĐOÀN TRỊNH TRƯƠNG LÂM MAI CAO PHÙNG
TÔ TẠ HÀ CHU LƯƠNG LƯU THÁI QUÁCH TRIỆU LÒ QUÀNG TÒNG CẦM LƯỜNG CÀ VÌ LÈO GIÀNG SÙNG VÀNG MÙA THÀO HẠNG LẦU CHANG PỜ
CHÁNG NÔNG VI BẾ HỨA MA SẦM SIU RƠ KSOR NIÊ THẠCH KIM SƠN DANH CHÂU
"""
FAMILIES: Final = frozenset(_FAMILY_NAMES.split())
"""Family names that are common among the Kinh and the peoples of the uplands, in capitals."""
_MIDDLE_NAMES: Final = "THỊ VĂN A ĐỨC HỮU CÔNG NGỌC XUÂN QUANG MINH THU THANH ĐÌNH TRỌNG VIẾT KIM BÁ DUY TIẾN"
_MIDDLES: Final = frozenset(_MIDDLE_NAMES.split())
_NO_NAMES: Final = frozenset({"SƠ", "DO", "LỊCH", "LẬP", "NỘI", "NAM", "TỊCH", "THÀNH", "PHỐ"})
"""Second words after which it is no name: hồ sơ, lý do, Hà Nội …"""
_UNENDED: Final = frozenset({"THỊ", "VĂN"})
"""Last words of a name that the end of a line cut off."""

_WORD = r"[^\W\d_]+"
_NAME = rf"{_WORD}(?: {_WORD}){{1,4}}"
_LABELLED: Final = re.compile(
    r"(?:họ(?:,? chữ đệm)?(?:,? và)?,? tên(?: [^\W\d_]+){0,6}?|tên tôi là|tôi tên là|tôi là|chủ hộ|chủ hồ sơ"
    r"|người (?:nộp|khai|đề nghị|ủy quyền|được ủy quyền)(?: hồ sơ)?|ông/bà|ông \(bà\)|ông|bà)"
    rf"(?:\s*\([^)\n]{{0,30}}\))?\s*[:.…]*\s*(?P<name>{_NAME})",
    re.IGNORECASE,
)
_BARE: Final = re.compile(rf"(?<!\w){_NAME}")


def _names(text: str) -> Iterator[str]:
    """People after a label ("Họ và tên:", "Ông/Bà"), and words that begin as names do."""
    at: list[tuple[int, str]] = []
    for line_at, line in _lines(text):
        for found in _LABELLED.finditer(line):
            name = _as_name(found["name"].split())
            if name:
                at.append((line_at + found.start("name"), name))
        for found in _BARE.finditer(line):
            at += [(line_at + found.start(), name) for name in _by_family(found.group().split())]
    yield from (name for _, name in sorted(at))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in text.split("\n"):
        yield at, line
        at += len(line) + 1


def _as_name(said: list[str]) -> str:
    """The words that are written as names are, from the first; empty where that is fewer than two."""
    taken: list[str] = []
    for word in said:
        if not (word.istitle() or word.isupper()) or (taken and word.isupper() != taken[0].isupper() and len(word) > 1):
            break
        taken.append(word)
    if len(taken) < 2 or taken[1].upper() in _NO_NAMES or taken[-1].upper() in _UNENDED:
        return ""
    return " ".join(taken)


def _by_family(said: list[str]) -> Iterator[str]:
    """Names that begin with a family's name: in capitals, or with a middle name that leaves no doubt."""
    for place, word in enumerate(said):
        if word.upper() not in FAMILIES or not (word.istitle() or word.isupper()):
            continue
        name = _as_name(said[place:])
        parts = name.split()
        sure = len(parts) >= 3 and parts[1].upper() in _MIDDLES
        if sure or (name.isupper() and 2 <= len(parts) <= 5 and len(said) - place == len(parts)):
            yield name
            return
