"""Giving a closed dossier to the archive: its papers and its story as one package (Circular 05/2025/TT-BNV).

A package is made of what is final: the dossier is closed, and no paper of it waits for a person. Making it again gives
the same package, because its name follows from the dossier and the digests of its papers.
"""

import asyncio
import dataclasses
import importlib.metadata
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.accounts import Principal
from scanning.archive import package
from scanning.archive.order import ArchivedFile, ArchiveOrder, local
from schemas.attachment import AttachedDocument
from schemas.audit import Act
from schemas.dossier import Dossier
from schemas.errors import BadConfiguration, GuardFailed, NotFound
from schemas.ids import MessageId, Sha256, UnitId
from schemas.numbers import dossier_code
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx

ANY: Final = "*"
"""Key of the fonds that takes what no other one is named for."""


class NotFinal(GuardFailed):
    """The dossier cannot go to the archive yet."""

    text = MessageId("archive.not_final")


class NoFonds(BadConfiguration):
    """No fonds of the archive is named for this office."""

    text = MessageId("archive.no_fonds")


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """What the store knows, read at one moment."""

    dossier: Dossier
    documents: tuple[AttachedDocument, ...]
    procedure_name: str
    field_name: str
    units: Mapping[UnitId, str]
    items: tuple[dict[str, Any], ...]


class ArchiveDesk:
    """The use case with its store."""

    def __init__(
        self,
        store: Store,
        *,
        blob: Callable[[Sha256], Awaitable[Path]],
        clock: Clock,
        fonds: Mapping[str, str],
    ) -> None:
        """``blob`` gives a local file with a document's bytes; ``fonds`` maps competent units (or ``*``) to codes."""
        self._store = store
        self._blob = blob
        self._clock = clock
        self._fonds = fonds

    async def export(self, code: str, folder: Path, *, principal: Principal, packed: bool = False) -> Path:
        """Make the package below ``folder``, as a folder or (``packed``) as a ZIP file; says so in the audit log.

        Raises:
            NotFound: no such dossier, or bytes of a paper are missing.
            NotFinal: it is not closed, a paper waits for a person, or it has none.
            NoFonds: the settings name no fonds for its office.
        """
        found = await self._store.read(lambda tx: _read(tx, code))
        _check_final(found)
        dossier = found.dossier
        fonds = self._fonds.get(dossier.competent_unit, self._fonds.get(ANY, ""))
        if not fonds:
            raise NoFonds(f"archive.fonds names neither {dossier.competent_unit} nor {ANY}", subject=dossier.code)
        now = self._clock.now()
        files = [ArchivedFile(each, await self._blob(each.sha256)) for each in found.documents]
        order = ArchiveOrder(
            fonds=fonds,
            dossier=dossier,
            procedure_name=found.procedure_name,
            field_name=found.field_name,
            units=found.units,
            files=tuple(files),
            made_at=dossier.closed_at or now,
            software=importlib.metadata.version("lienthong"),
        )
        write = package.write_zip if packed else package.write
        made = await asyncio.to_thread(write, order, _record(found), folder)
        act = Act(now, principal.who, "dossier.archived", "dossier", str(dossier.id), None, order.package_id)
        await self._store.write(lambda tx: tx.audit.write(act))
        return made


def _read(tx: Tx, code: str) -> _Found:
    dossier = tx.dossiers.find(code) or tx.dossiers.find(dossier_code.compact(code))
    if dossier is None:
        raise NotFound("no dossier has or had this code", subject=code[:64])
    on = dossier_code.local_day(dossier.created_at)
    procedure = tx.catalogue.procedure(dossier.procedure, on)
    items = [tx.items.get(packing.item) for packing in tx.items.packings_in(dossier.id)]
    return _Found(
        dossier,
        tx.documents.of_dossier(dossier.id),
        procedure.name if procedure else dossier.procedure,
        procedure.field_name if procedure else "",
        {unit.id: unit.name for unit in tx.catalogue.units(on)},
        tuple({"number": item.number, "carrier": item.carrier, "purpose": item.purpose.value} for item in items),
    )


def _check_final(found: _Found) -> None:
    dossier = found.dossier
    if dossier.closed_at is None:
        raise NotFinal(f"its state is {dossier.state.value}", subject=dossier.code)
    if not found.documents:
        raise NotFinal("it has no scanned paper", subject=dossier.code)
    waiting = [document.key for document in found.documents if document.doubts]
    if waiting:
        raise NotFinal(f"papers wait for a person: {', '.join(key[:12] for key in waiting)}", subject=dossier.code)


def _record(found: _Found) -> bytes:
    """The dossier's own story beside its papers: moves, promises, items. No identity number."""
    dossier = found.dossier
    told = {
        "code": dossier.code,
        "codes": [{"code": alias.code, "scheme": alias.scheme} for alias in dossier.aliases],
        "procedure": {"code": dossier.procedure, "version": dossier.procedure_version, "name": found.procedure_name},
        "owner": dossier.owner.name,
        "receiving_unit": dossier.receiving_unit,
        "competent_unit": dossier.competent_unit,
        "submitted_at": dossier.submitted_at and local(dossier.submitted_at),
        "due_at": dossier.due_at and local(dossier.due_at),
        "closed_at": dossier.closed_at and local(dossier.closed_at),
        "promises": [
            {"due_at": local(each.due_at), "changed_at": local(each.changed_at), "reason": each.reason}
            for each in dossier.due_history
        ],
        "steps": [
            {
                "row": step.row,
                "state": step.state.value,
                "national": step.national,
                "at": local(step.at),
                "recorded_at": local(step.recorded_at),
                "by": step.by,
                "source": step.source,
                "unit": step.unit,
                "reason": step.reason,
            }
            for step in dossier.history
        ],
        "items": list(found.items),
        "documents": [
            {"sha256": each.sha256, "pages": each.pages, "station": each.station, "scanned_at": local(each.scanned_at)}
            for each in found.documents
        ],
    }
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()
