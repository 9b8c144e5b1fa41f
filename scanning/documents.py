"""The record of a built document, for the line and for a review: what its part says, and what its file is."""

import dataclasses
from collections.abc import Mapping

from scanning.approved import PdfA, SealedPdf
from scanning.batch import Opened
from scanning.separator import Part
from schemas.document import ScanBatch, ScannedDocument
from schemas.ids import Sha256


def document_of(
    batch: ScanBatch, part_no: int, part: Part, key: str, approved: PdfA, places: Mapping[str, Opened]
) -> ScannedDocument:
    """The record of a built document; its pages learn what became of their images."""
    pages = tuple(
        dataclasses.replace(page, image_sha256=note.image_sha256, conversion=note.conversion)
        for page, note in zip(part.pages, approved.notes, strict=True)
    )
    sources = dict.fromkeys(page.source for page in part.pages)
    return ScannedDocument(
        key=key,
        batch=batch,
        part_no=part_no,
        dossier_code=part.dossier_code,
        s10=part.s10,
        sha256=Sha256(approved.sha256),
        size_bytes=approved.size_bytes,
        path=approved.path,
        conformance=approved.conformance,
        pages=pages,
        sources=tuple(places[name].source for name in sources),
        reasons=part.reasons,
    )


def with_file(document: ScannedDocument, file: PdfA | SealedPdf) -> ScannedDocument:
    """The record of the file as it is: the judge's words, or the seal's."""
    return dataclasses.replace(
        document,
        path=file.path,
        sha256=Sha256(file.sha256),
        size_bytes=file.size_bytes,
        conformance=file.conformance,
        seal=file.note if isinstance(file, SealedPdf) else None,
    )
