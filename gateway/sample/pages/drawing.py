"""Sheets as clean pixels: Typst sets them, in its own fonts."""

import io
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typst
from PIL import Image

from gateway.sample.pages.covers import KINDS, CoverFor, words

TEMPLATE = Path(__file__).with_name("sheet.typ")


def sheets(dossier: CoverFor, chance: random.Random, *, dpi: int) -> Iterator[Image.Image]:
    """The cover and the inner sheets of a dossier, A4, RGB, in the order of the feed."""
    said = words(dossier, chance)
    yield sheet({**said, "kind": "cover"}, dpi=dpi)
    for number in range(dossier.pages):
        varied = {**said, "paragraphs": chance.sample(said["paragraphs"], k=len(said["paragraphs"]))}
        yield sheet({**varied, "kind": KINDS[number % len(KINDS)]}, dpi=dpi)


def sheet(said: dict[str, Any], *, dpi: int) -> Image.Image:
    """One sheet from what it says."""
    png = typst.compile(
        TEMPLATE,
        format="png",
        ppi=dpi,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(said, ensure_ascii=False)},
    )
    if not isinstance(png, bytes):
        raise ValueError("A sheet of the sample must fit on one page; shorten what it says.")
    return Image.open(io.BytesIO(png)).convert("RGB")
