"""Separator sheets to print: the house's own, and PATCH-T as other scanning programs know it.

A separator parts two documents and names none. Ours says so in a Code 128 and in a QR code; PATCH-T carries its name in
a Code 39, as the sheets do that scanner makers give away. The patch sheets 1, 2, 3 and 4 mean other things to scanners
(switch to colour, new level) and are not printed: only T parts documents.
"""

import json
from pathlib import Path
from typing import Final, Literal

import segno
import typst
import zxingcpp

Kind = Literal["own", "patch-t"]
OWN_TEXT = "LIENTHONG-TACH-HO-SO"
PATCH_TEXT = "PATCHT"
STANDARD: Final = "a-2b"
"""Papers are archived beside the scans; veraPDF judges them in the tests."""
TEMPLATE = Path(__file__).with_name("separator.typ")


def pdf(kind: Kind) -> bytes:
    """The sheet as PDF/A-2b, one A4 page, the same bytes every time."""
    made = typst.compile(
        TEMPLATE, format="pdf", ignore_system_fonts=True, sys_inputs=_said(kind), pdf_standards=STANDARD
    )
    if not isinstance(made, bytes):
        raise ValueError("The separator sheet is one page.")
    return made


def png(kind: Kind, *, dpi: int) -> bytes:
    """The sheet as PNG."""
    made = typst.compile(TEMPLATE, format="png", ppi=dpi, ignore_system_fonts=True, sys_inputs=_said(kind))
    if not isinstance(made, bytes):
        raise ValueError("The separator sheet is one page.")
    return made


def _said(kind: Kind) -> dict[str, str]:
    own = kind == "own"
    text = OWN_TEXT if own else PATCH_TEXT
    symbology = zxingcpp.BarcodeFormat.Code128 if own else zxingcpp.BarcodeFormat.Code39
    said = {
        "title": "TỜ NGĂN HỒ SƠ" if own else "PATCH T",
        "note": "Đặt giữa hai hồ sơ khi quét; tờ này không được lưu." if own else "Separator sheet · tờ ngăn tài liệu",
        "text": text,
        "code": zxingcpp.create_barcode(text, symbology).to_svg(add_quiet_zones=True),
        "square": _square(text) if own else "",
    }
    return {"data": json.dumps(said, ensure_ascii=False)}


def _square(text: str) -> str:
    code: str = segno.make(text, error="q", micro=False).svg_inline(border=4, omitsize=True)
    return code.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1) if "xmlns" not in code else code
