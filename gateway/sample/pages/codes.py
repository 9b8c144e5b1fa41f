"""Sheets that are about codes: a cover with four symbologies, an old receipt, a copy of an identity card, separators.

Module widths are those of office printers: three dots of a 300 dpi print for the narrow bars of Code 128 and PDF417,
four for a QR code, five for Data Matrix. `cover_sheet` is what the benchmark and the tests of the reader draw.
"""

import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import typst
import zxingcpp
from PIL import Image

from gateway.paper import separators
from gateway.sample.pages.covers import SENTENCES

Symbology = Literal["Code128", "QRCode", "DataMatrix", "PDF417", "Code39"]
TEMPLATE = Path(__file__).with_name("codes.typ")
DOT_MM = 25.4 / 300
MODULE_DOTS: dict[Symbology, int] = {"Code128": 3, "Code39": 3, "QRCode": 4, "DataMatrix": 5, "PDF417": 3}
BAR_HEIGHT_MM = 14.0


@dataclass(frozen=True, slots=True)
class Symbol:
    """A code to print. ``dots`` is the width of its narrowest bar or square in dots of 300 dpi; 0 takes the usual."""

    symbology: Symbology
    text: str
    dots: int = 0

    def drawn(self) -> dict[str, Any]:
        """SVG text and size in millimetres, quiet zone included."""
        code = zxingcpp.create_barcode(self.text, getattr(zxingcpp.BarcodeFormat, self.symbology))
        image = code.to_image(scale=1, add_quiet_zones=True)
        height, width = image.shape[:2]
        module_mm = (self.dots or MODULE_DOTS[self.symbology]) * DOT_MM
        linear = self.symbology in ("Code128", "Code39")
        return {
            "svg": code.to_svg(add_quiet_zones=True),
            "width_mm": width * module_mm,
            "height_mm": BAR_HEIGHT_MM if linear else height * module_mm,
            "wide": linear,
        }


def cover_sheet(symbols: Sequence[Symbol], chance: random.Random, *, dpi: int) -> Image.Image:
    """A cover in an office's own lay-out: its codes two in a row, print below. A4, RGB."""
    said = {"kind": "cover", "codes": [symbol.drawn() for symbol in symbols]}
    return _sheet({**said, "paragraphs": chance.sample(SENTENCES, k=len(SENTENCES))}, dpi=dpi)


def receipt_sheet(code: str, chance: random.Random, *, dpi: int) -> Image.Image:
    """The copy of an old receipt among a citizen's papers: it quotes the code of another dossier, small."""
    symbol = Symbol("QRCode", code, dots=5)
    said = {"kind": "receipt", "code": code, "codes": [symbol.drawn()]}
    return _sheet({**said, "paragraphs": chance.sample(SENTENCES, k=4)}, dpi=dpi)


def card_sheet(payload: str, *, shown: str, name: str, dpi: int) -> Image.Image:
    """The copy of an identity card with its QR code; ``payload`` is what the code says, in seven fields."""
    said = {"kind": "card", "shown": shown, "name": name, "codes": [Symbol("QRCode", payload, dots=3).drawn()]}
    return _sheet(said, dpi=dpi)


def separator_sheet(kind: separators.Kind, *, dpi: int) -> Image.Image:
    """A separator as the office prints it for itself. A4, RGB."""
    return Image.open(io.BytesIO(separators.png(kind, dpi=dpi))).convert("RGB")


def _sheet(said: dict[str, Any], *, dpi: int) -> Image.Image:
    data = {"data": json.dumps(said, ensure_ascii=False)}
    png = typst.compile(TEMPLATE, format="png", ppi=dpi, ignore_system_fonts=True, sys_inputs=data)
    if not isinstance(png, bytes):
        raise ValueError("A sheet of the sample must fit on one page; shorten what it says.")
    return Image.open(io.BytesIO(png)).convert("RGB")
