import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest

from scanning.records import document_from_json, document_to_json
from schemas.document import (
    Barcode,
    FeedOrder,
    NearMiss,
    PageRole,
    PageVerdict,
    ScanBatch,
    ScannedDocument,
    ScannedPage,
    ScanReason,
    ScanSource,
    SealNote,
)
from schemas.ids import DossierCode, Sha256

NOW = dt.datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=dt.timezone(dt.timedelta(hours=7)))
PAGE = ScannedPage(
    source="tờ 1.jpg",
    source_page=1,
    sha256=Sha256("ab" * 32),
    width_px=1654,
    height_px=2339,
    dpi=200,
    skew_deg=-0.4,
    blank=False,
    sharpness=0.41,
    contrast=120.5,
    barcodes=(Barcode("QRCode", "x", ((0, 0), (1, 0), (1, 1), (0, 1))),),
    verdict=PageVerdict.WARN,
    reasons=(ScanReason.FAINT,),
    role=PageRole.COVER,
    image_sha256="cd" * 32,
    conversion="CMYK to sRGB",
    rotate_deg=90,
    crop=(1, 2, 3, 4),
    paper="A4",
    near_misses=(NearMiss("y", ("a", "b")),),
    component=2,
)
DOCUMENT = ScannedDocument(
    key="k" * 64,
    batch=ScanBatch("b", "quay-1", "Lò Thị Ơi", NOW, FeedOrder.STACK),
    part_no=3,
    dossier_code=DossierCode("000.00.14.H99-261120-0001"),
    s10="EL000000005VN",
    sha256=Sha256("ef" * 32),
    size_bytes=12345,
    path=Path("/var/drafts/k.pdf"),
    conformance="PDF/A-2b",
    pages=(PAGE,),
    sources=(ScanSource("tờ 1.jpg", Sha256("ab" * 32), 999),),
    reasons=(ScanReason.GAP,),
    seal=SealNote("B-T", "UBND", NOW),
    version=2,
    replaces="j" * 64,
    version_reason="thiếu trang",
)
BARE = dataclasses.replace(
    DOCUMENT,
    batch=ScanBatch("b", "quay-1", None, NOW),
    dossier_code=None,
    s10=None,
    pages=(dataclasses.replace(PAGE, crop=None, near_misses=(), sharpness=None, component=None),),
    reasons=(),
    seal=None,
    version=1,
    replaces=None,
    version_reason="",
)


@pytest.mark.parametrize("document", [DOCUMENT, BARE], ids=["full", "bare"])
def test_a_document_comes_back_from_json_as_it_was(document: ScannedDocument) -> None:
    assert document_from_json(json.loads(json.dumps(document_to_json(document)))) == document
