"""What goes into an archive package. Pure records; the gateway fills them."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping
from pathlib import Path

from schemas.attachment import AttachedDocument
from schemas.calendar import VIETNAM
from schemas.dossier import Dossier
from schemas.ids import UnitId

_NAMESPACE = uuid.UUID("5b0a1f5c-6c1f-5d0e-9f5e-2a1c0e6f7d11")
"""Of the package ids made here; the number itself means nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class ArchivedFile:
    """A document of the dossier and the local file with its bytes (never changed)."""

    document: AttachedDocument
    path: Path


@dataclasses.dataclass(frozen=True, slots=True)
class ArchiveOrder:
    """Everything a package tells. ``fonds`` is the code of the archive's fonds (mã phông) that takes it in."""

    fonds: str
    dossier: Dossier
    procedure_name: str
    field_name: str
    units: Mapping[UnitId, str]
    files: tuple[ArchivedFile, ...]
    made_at: dt.datetime
    software: str
    """Version of this software, for the creating agent."""

    @property
    def package_id(self) -> str:
        """``urn:<fonds>:uuid:<uuid>``; the UUID follows from the dossier and its documents, so it is stable."""
        told = "\n".join([self.dossier.code, *(file.document.sha256 for file in self.files)])
        return f"urn:{self.fonds}:uuid:{uuid.uuid5(_NAMESPACE, told)}"

    @property
    def folder_name(self) -> str:
        """The package id with ``_`` for ``:``, as the circular names the folder."""
        return self.package_id.replace(":", "_")

    def unit(self, unit: UnitId | None) -> str:
        """Name of a unit, its id where no name is known, empty for none."""
        return "" if unit is None else self.units.get(unit, unit)


def file_name(order: ArchiveOrder, number: int) -> str:
    """Name of the ``number``-th document: dossier code and number with a dot between (Circular 02/2019)."""
    return f"{order.dossier.code}.{number:03d}.pdf"


def local(at: dt.datetime) -> str:
    """ISO 8601 to the second with +07:00."""
    return at.astimezone(VIETNAM).replace(microsecond=0).isoformat()
