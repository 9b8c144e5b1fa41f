"""A finished document as JSON and back: what the journal keeps of a document that waits for its seal or its reader."""

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scanning.protocol import Json, page_from_json, page_to_json
from schemas.document import FeedOrder, ScanBatch, ScannedDocument, ScanReason, ScanSource, SealNote
from schemas.ids import DossierCode, Sha256


def document_to_json(document: ScannedDocument) -> Json:
    """All fields as JSON values; times as ISO 8601 with zone, the path as text."""
    seal = document.seal
    return {
        **{field.name: getattr(document, field.name) for field in dataclasses.fields(document)},
        "batch": batch_to_json(document.batch),
        "path": str(document.path),
        "pages": [page_to_json(page) for page in document.pages],
        "sources": [dataclasses.asdict(source) for source in document.sources],
        "seal": seal_to_json(seal) if seal else None,
    }


def document_from_json(raw: Mapping[str, Any]) -> ScannedDocument:
    """The document back from its JSON values.

    Raises:
        KeyError, TypeError, ValueError: the object is not a document.
    """
    fields = dict(raw)
    fields["batch"] = _batch(fields["batch"])
    fields["dossier_code"] = DossierCode(fields["dossier_code"]) if fields["dossier_code"] else None
    fields["sha256"] = Sha256(fields["sha256"])
    fields["path"] = Path(fields["path"])
    fields["pages"] = tuple(page_from_json(page) for page in fields["pages"])
    fields["sources"] = tuple(
        ScanSource(str(source["name"]), Sha256(source["sha256"]), int(source["size_bytes"]))
        for source in fields["sources"]
    )
    fields["reasons"] = tuple(ScanReason(reason) for reason in fields["reasons"])
    fields["seal"] = seal_from_json(fields["seal"]) if fields["seal"] else None
    return ScannedDocument(**fields)


def batch_to_json(batch: ScanBatch) -> Json:
    """The feed that documents came out of."""
    return {**dataclasses.asdict(batch), "begun_at": batch.begun_at.isoformat()}


def seal_to_json(note: SealNote) -> Json:
    """What a seal says of itself."""
    return {**dataclasses.asdict(note), "at": note.at.isoformat()}


def seal_from_json(raw: Mapping[str, Any]) -> SealNote:
    """The note back from its JSON values.

    Raises:
        KeyError, TypeError, ValueError: the object is no such note.
    """
    return SealNote(str(raw["level"]), str(raw["signer"]), dt.datetime.fromisoformat(raw["at"]))


def _batch(raw: Mapping[str, Any]) -> ScanBatch:
    order = raw.get("order")
    return ScanBatch(
        id=str(raw["id"]),
        station=str(raw["station"]),
        operator=raw["operator"],
        begun_at=dt.datetime.fromisoformat(raw["begun_at"]),
        order=FeedOrder(order) if order else None,
    )
