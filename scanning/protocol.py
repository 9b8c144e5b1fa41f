"""Jobs and answers between the pool and its children: one JSON object a line.

A job is ``{"id", "op", …}``. The answer carries its id and one of: ``ok`` (the result), ``refused`` (the file's fault:
reason and detail), ``failed`` (ours: the disk is full, a bug). Parent and child import this file; it decodes nothing.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from schemas.document import Barcode, NearMiss, PageRole, PageVerdict, ScannedPage, ScanReason
from schemas.ids import Sha256

Json = dict[str, Any]
"""A decoded JSON object; its fields are checked by the functions here."""

INSPECT, PAGE, BUILD = "inspect", "page", "build"
RENDER = "render"
READ = "read"
"""Read the words of a page.

The job: ``path, kind, page_no, dpi, skew_deg, rotate_deg``, ``languages`` ("vie", "vie+eng") and ``layer``, a path for
a PDF of one page with nothing but the text as :class:`scanning.assemble.Leaf` wants it, or null. The answer: ``text``
(NFC), ``confidence`` (0 to 100, null without a word), ``engine``, ``layer`` (null where the page has no word); or only
``missing``, a sentence, where the machine has no reader or not this language: no file is to blame.
"""
JUDGE = "judge"
"""Judge a finished document of another machine: ``path, flavour, sealed`` and ``roots``, a file of certificates.

The answer: ``seal``, what the seal says of itself (null where there is none).
"""


def page_to_json(page: ScannedPage) -> Json:
    """All fields of a page as JSON values."""
    return dataclasses.asdict(page)


def page_from_json(raw: Mapping[str, Any]) -> ScannedPage:
    """The page back from its JSON values.

    Raises:
        KeyError, TypeError, ValueError: the object is not a page.
    """
    fields = dict(raw)
    fields["sha256"] = Sha256(fields["sha256"])
    fields["barcodes"] = tuple(barcode_from_json(code) for code in fields["barcodes"])
    fields["verdict"] = PageVerdict(fields["verdict"])
    fields["reasons"] = tuple(ScanReason(reason) for reason in fields["reasons"])
    fields["role"] = PageRole(fields["role"])
    fields["crop"] = tuple(fields["crop"]) if fields.get("crop") else None
    fields["near_misses"] = tuple(
        NearMiss(str(miss["text"]), tuple(miss["candidates"])) for miss in fields.get("near_misses", ())
    )
    return ScannedPage(**fields)


def barcode_from_json(raw: Mapping[str, Any]) -> Barcode:
    """A code back from its JSON values.

    Raises:
        KeyError, TypeError, ValueError: the object is not a code.
    """
    a, b, c, d = ((int(x), int(y)) for x, y in raw["box"])
    return Barcode(format=str(raw["format"]), text=str(raw["text"]), box=(a, b, c, d))
