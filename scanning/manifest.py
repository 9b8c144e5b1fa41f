"""`manifest.json` of a scan without a server: what came out, what was kept back, what could not be opened."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.document import ScannedDocument, ScannedPage, SealNote, SetAside

FILE_NAME = "manifest.json"


@dataclass(frozen=True, slots=True)
class InputError:
    """An input that is not there or may not be opened; nothing of it was seen."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The outcome of one `scan`. Paths in ``documents`` lie in the output folder."""

    documents: tuple[ScannedDocument, ...]
    quarantine: tuple[SetAside, ...]
    errors: tuple[InputError, ...]
    unread: str = ""
    """Why no text was read although it was wanted: the machine lacks the reader. Empty where it was read."""

    @property
    def is_clean(self) -> bool:
        """True when no input was bad: blanks, separators and second copies are no fault."""
        return not self.errors and not any(item.reason.is_fault for item in self.quarantine)

    def as_json(self) -> dict[str, Any]:
        """The stable shape that DESIGN §9 promises."""
        return {
            "documents": [_document(document) for document in self.documents],
            "quarantine": [
                {
                    "source": item.source,
                    "source_page": item.source_page,
                    "reason": f"{item.reason.value}: {item}",
                    "kept": str(item.kept),
                }
                for item in self.quarantine
            ],
            "errors": [{"source": error.source, "reason": error.reason} for error in self.errors],
        }

    def write(self, folder: Path) -> Path:
        """Write it into ``folder``; a reader never sees half of it."""
        path = folder / FILE_NAME
        draft = folder / f".{FILE_NAME}.draft"
        draft.write_text(json.dumps(self.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        draft.replace(path)
        return path


def _document(document: ScannedDocument) -> dict[str, Any]:
    return {
        "file": document.path.name,
        "sha256": document.sha256,
        "pages": [_page(page) for page in document.pages],
        "dossier_code": document.dossier_code,
        "s10": document.s10,
        "conformance": document.conformance,
        "reasons": [reason.value for reason in document.doubts],
        "seal": _seal(document.seal),
    }


def _seal(note: SealNote | None) -> dict[str, Any] | None:
    return {"level": note.level, "signer": note.signer, "at": note.at.isoformat()} if note else None


def _page(page: ScannedPage) -> dict[str, Any]:
    return {
        "source": page.source,
        "source_page": page.source_page,
        "sha256": page.sha256,
        "width_px": page.width_px,
        "height_px": page.height_px,
        "dpi": page.dpi,
        "skew_deg": page.skew_deg,
        "blank": page.blank,
        "sharpness": page.sharpness,
        "contrast": page.contrast,
        "barcodes": [
            {"format": code.format, "text": code.text, "box": [list(point) for point in code.box]}
            for code in page.barcodes
        ],
        "verdict": page.verdict.value,
        "reasons": [reason.value for reason in page.reasons],
        "role": page.role.value,
        "rotate_deg": page.rotate_deg,
        "crop": list(page.crop) if page.crop else None,
        "paper": page.paper,
        "near_misses": [{"text": miss.text, "candidates": list(miss.candidates)} for miss in page.near_misses],
    }
