"""Where a document's pages come from: the record that a PDF/A-3b carries as an attached XML file."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """The original of one page: its file's name as the operator knows it, page number (from 1) and SHA-256."""

    name: str
    page_no: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who scanned what, where. ``origins`` has one entry for each leaf, in order; ``software`` is name and version."""

    station: str
    operator: str | None
    batch: str
    software: str
    origins: tuple[Origin, ...]
