"""What the codes on a sheet say, and which of them speak for the sheet. Pure: texts and boxes in, no pixels.

A cover carries the dossier's code in two symbols (Code 128 and QR), or in one that is large enough to be meant for a
scanner. A citizen's papers carry codes too: an old receipt quotes another dossier in one small symbol, an identity card
has its QR code. Those speak for themselves only, so they never open a dossier; a code outside of the station's range
never does either.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from schemas.document import Barcode, NearMiss, PageRole, ScannedPage
from schemas.errors import InvalidNumber
from schemas.ids import DossierCode
from schemas.numbers import citizen_id, dossier_code, s10

SEPARATORS: Final = frozenset({"PATCHT", "LIENTHONGTACHHOSO"})
"""Texts of sheets that only part documents, without their dashes: the common patch sheet, and our own.

Only T of the patch sheets parts documents; 1, 2, 3, 4 and 6 are orders to the scanner and mean nothing here.
"""
COVER_MM: Final = {"Code128": 40.0, "Code39": 40.0, "PDF417": 35.0, "QRCode": 12.0, "DataMatrix": 10.0}
"""Longest side, quiet zone apart, from which a symbol is made for a scanner. Our cover has 125 and 43 mm."""
MEASURABLE_MM: Final = 4.0
"""Nothing smaller can be printed and read: such a box is no measure, and the symbol gets the benefit of the doubt."""


@dataclass(frozen=True, slots=True)
class CodeRules:
    """Which dossier codes this station takes for its own. ``prefixes`` begin them; none means all."""

    prefixes: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Whether the code lies in the range.

        >>> CodeRules().takes("H99.1-261120-0001"), CodeRules(("000.00.14.H99",)).takes("H99.1-261120-0001")
        (True, False)
        """
        return not self.prefixes or code.startswith(tuple(dossier_code.compact(prefix) for prefix in self.prefixes))


ALL: Final = CodeRules()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a sheet's codes come to.

    ``speaking`` are the dossiers that it is made for, ``quoted`` those that it only mentions, ``foreign`` those out of
    range that it is made for. ``nearly``: one of its codes would be a dossier's but for one character.
    """

    speaking: tuple[DossierCode, ...] = ()
    quoted: tuple[DossierCode, ...] = ()
    foreign: tuple[DossierCode, ...] = ()
    parts: bool = False
    nearly: bool = False


def of_sheet(page: ScannedPage, rules: CodeRules = ALL) -> Sheet:
    """Weigh the codes of a page."""
    symbols: dict[DossierCode, list[Barcode]] = {}
    for code, symbol in _dossier_symbols(page):
        symbols.setdefault(code, []).append(symbol)
    loud = {code for code, found in symbols.items() if _is_doubled(found)}
    loud = loud or {code for code, found in symbols.items() if any(_is_large(one, page.dpi) for one in found)}
    return Sheet(
        speaking=tuple(code for code in symbols if code in loud and rules.takes(code)),
        quoted=tuple(code for code in symbols if code not in loud and rules.takes(code)),
        foreign=tuple(code for code in symbols if code in loud and not rules.takes(code)),
        parts=any(parts_documents(code.text) for code in page.barcodes),
        nearly=any(_is_dossiers(miss) for miss in page.near_misses),
    )


def codes_of(page: ScannedPage) -> tuple[DossierCode, ...]:
    """The distinct dossier codes printed on a page, whatever their part there."""
    return tuple(dict.fromkeys(code for code, _ in _dossier_symbols(page)))


def items_of(page: ScannedPage) -> tuple[str, ...]:
    """The distinct postal item numbers printed on a page, their check digits proven."""
    return tuple(dict.fromkeys(s10.compact(code.text) for code in page.barcodes if s10.is_valid(code.text)))


def item_of(pages: Sequence[ScannedPage]) -> str | None:
    """The postal item of a document: what its covers say, else what its other sheets say in one voice."""
    covers = _items(page for page in pages if page.role is PageRole.COVER)
    told = covers or _items(pages)
    return told[0] if len(told) == 1 else None


def parts_documents(text: str) -> bool:
    """Whether a code's text makes its sheet a separator.

    >>> parts_documents("PATCH-T"), parts_documents("PATCH T"), parts_documents("PATCH1")
    (True, True, False)
    """
    return "".join(letter for letter in text.upper() if letter.isalnum()) in SEPARATORS


def near_misses(codes: Sequence[Barcode]) -> tuple[NearMiss, ...]:
    """Texts on one page that would be a dossier code or an item number but for one character.

    A text is left alone when another symbol of the page says what it means: then nothing is missing.
    """
    known = {dossier_code.compact(code.text) for code in codes} | {s10.compact(code.text) for code in codes}
    found = {}
    for code in codes:
        if _is_understood(code.text):
            continue
        candidates = dossier_code.near_misses(code.text) or s10.near_misses(code.text)
        if candidates and known.isdisjoint(candidates):
            found[code.text] = NearMiss(code.text, candidates)
    return tuple(found.values())


def without_persons(codes: Iterable[Barcode]) -> tuple[Barcode, ...]:
    """The codes as records may keep them: of an identity card only the masked number is left.

    Nothing in the line asks who the citizen is, and the journal, the logs and the account of a batch outlive the paper.
    """
    return tuple(
        Barcode(code.format, citizen_id.mask(card.number), code.box) if (card := _card(code.text)) else code
        for code in codes
    )


def _items(pages: Iterable[ScannedPage]) -> list[str]:
    return list(dict.fromkeys(item for page in pages for item in items_of(page)))


def _card(text: str) -> citizen_id.CitizenCard | None:
    """The identity card whose QR code says this: seven fields between bars, the first a citizen's number."""
    if "|" not in text:
        return None
    try:
        return citizen_id.parse_qr(text)
    except InvalidNumber:
        return None


def _is_understood(text: str) -> bool:
    return dossier_code.is_valid(text) or s10.is_valid(text) or parts_documents(text) or "|" in text


def _is_dossiers(miss: NearMiss) -> bool:
    return any(dossier_code.is_valid(candidate) for candidate in miss.candidates)


def _dossier_symbols(page: ScannedPage) -> Iterator[tuple[DossierCode, Barcode]]:
    for symbol in page.barcodes:
        if dossier_code.is_valid(symbol.text):
            yield DossierCode(dossier_code.compact(symbol.text)), symbol


def _is_doubled(symbols: Sequence[Barcode]) -> bool:
    """The same code in two kinds of symbol: what a cover prints, and nothing else does."""
    return len({symbol.format for symbol in symbols}) > 1


def _is_large(symbol: Barcode, dpi: int) -> bool:
    a, b, c, _ = symbol.box
    longest_mm = max(math.dist(a, b), math.dist(b, c)) * 25.4 / dpi
    return not MEASURABLE_MM <= longest_mm < COVER_MM.get(symbol.format, 0.0)
