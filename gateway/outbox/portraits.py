"""How a dossier looks to others: snapshots for the portal and the one-stop systems, out of dossier and catalogue."""

import datetime as dt
from collections.abc import Mapping
from typing import Final

from gateway.catalogue.identifiers import national_code
from gateway.outbox import portal_view
from schemas.calendar import VIETNAM
from schemas.dossier import Dossier, DossierState, RequestKind, Step
from schemas.ids import PeerId, UnitId
from schemas.organisation import ProcedureVersion, Unit
from schemas.portal import (
    Attachment,
    OneStopDossier,
    OneStopRequest,
    OneStopStatus,
    PortalDossier,
    ProgressStep,
)
from schemas.ports.stores import Tx

FINISHED = frozenset({7, 8, 9, 10})
"""National codes at which NgayKetThucXuLy is told (domain model §3, rows 20, 22, 23)."""


_REQUESTS: Final[Mapping[int, tuple[RequestKind, bool]]] = {
    9: (RequestKind.SUPPLEMENT, False),
    13: (RequestKind.SUPPLEMENT, False),
    15: (RequestKind.SUPPLEMENT, True),
    17: (RequestKind.SUPPLEMENT, False),
    18: (RequestKind.FEE, False),
    19: (RequestKind.FEE, True),
}
"""Row of the transition table → what is asked for, and whether the step answers it."""


def official(dossier: Dossier) -> bool:
    """True once the agency's own code exists; a provisional alias is never told to anybody."""
    return any(alias.code == dossier.code and alias.scheme == "official" for alias in dossier.aliases)


def portal_dossier(
    tx: Tx, dossier: Dossier, base_url: str, now: dt.datetime, *, portal: PeerId | None = None
) -> PortalDossier:
    """The snapshot for DongBoHoSoMC. ``now`` stamps it (``as_of``).

    Fees are not in it: the portal wants its own code of each (MaPhiLePhi), which our catalogue does not hold.
    """
    procedure = _procedure(tx, dossier)
    papers, results = portal_view.papers_and_results(dossier, tx.documents.of_dossier(dossier.id), base_url)
    holder = _unit(tx, dossier.competent_unit, now)
    return PortalDossier(
        dossier=dossier.id,
        code=dossier.code,
        procedure=dossier.procedure,
        procedure_name=procedure.name if procedure else "",
        field_code=procedure.field_code if procedure else "",
        field_name=procedure.field_name if procedure else "",
        channel=dossier.channel,
        owner=dossier.owner,
        summary=dossier.note,
        submitted_at=dossier.submitted_at,
        accepted_at=dossier.accepted_at,
        due_at=dossier.due_at if dossier.due_final else None,
        returned_at=dossier.return_proof.at if dossier.return_proof else None,
        finished_at=next((step.at for step in dossier.history if step.national in FINISHED), None),
        refused_at=next((step.at for step in dossier.history if step.state is DossierState.REFUSED), None),
        national=dossier.national or 1,
        return_method=dossier.return_method,
        unit_name=holder.name if holder else dossier.competent_unit,
        unit_code=national_code(holder, dossier.competent_unit),
        components=dossier.components,
        attachments=papers,
        as_of=now,
        results=results,
        supplements=portal_view.supplements(dossier),
        born_at_portal=portal is not None and portal_view.born_at(dossier, portal) is not None,
    )


def progress_step(tx: Tx, dossier: Dossier, step: Step) -> ProgressStep:
    """One step for CapNhatTienDoHoSoMC."""
    unit = _unit(tx, step.unit or dossier.competent_unit, step.at)
    return ProgressStep(
        at=step.at,
        national=step.national or 1,
        by=step.by,
        title="",
        department=unit.name if unit else "",
        what=step.reason or step.state.value,
        started_at=dossier.accepted_at,
        due_at=dossier.due_at if dossier.due_final else None,
    )


def one_stop_dossier(tx: Tx, dossier: Dossier, item_number: str | None, base_url: str) -> OneStopDossier:
    """The dossier for the system of its competent unit."""
    procedure = _procedure(tx, dossier)
    lodged_at = dossier.submitted_at or dossier.created_at
    origin = dossier.post_unit or dossier.receiving_unit
    return OneStopDossier(
        dossier=dossier.id,
        code=dossier.code,
        procedure=dossier.procedure,
        procedure_name=procedure.name if procedure else "",
        owner=dossier.owner,
        submitter=dossier.submitter,
        origin=origin,
        origin_code=national_code(_unit(tx, origin, lodged_at), origin),
        target=dossier.competent_unit,
        target_code=national_code(_unit(tx, dossier.competent_unit, lodged_at), dossier.competent_unit),
        submitted_at=dossier.submitted_at,
        due_at=dossier.due_at,
        return_method=dossier.return_method,
        item_number=item_number,
        components=dossier.components,
        attachments=_attachments(tx, dossier, base_url),
        note=dossier.note,
    )


def one_stop_status(tx: Tx, dossier: Dossier, step: Step) -> OneStopStatus:
    """Our news for the system of the competent unit."""
    origin = dossier.post_unit or dossier.receiving_unit
    return OneStopStatus(
        dossier=dossier.id,
        code=dossier.code,
        origin_code=national_code(_unit(tx, origin, step.at), origin),
        target_code=national_code(_unit(tx, dossier.competent_unit, step.at), dossier.competent_unit),
        national=step.national or 1,
        at=step.at,
        by=step.by,
        note=step.reason,
    )


def one_stop_request(tx: Tx, dossier: Dossier, step: Step, base_url: str) -> OneStopRequest | None:
    """What this step asks for or answers (rows 9, 13, 15, 17 to 19), for the system of the unit; None: neither."""
    told = _REQUESTS.get(step.row)
    if told is None:
        return None
    kind, answered = told
    asked = next((one for one in reversed(dossier.requests) if one.kind is kind), None)
    origin = dossier.post_unit or dossier.receiving_unit
    return OneStopRequest(
        dossier=dossier.id,
        code=dossier.code,
        origin_code=national_code(_unit(tx, origin, step.at), origin),
        target_code=national_code(_unit(tx, dossier.competent_unit, step.at), dossier.competent_unit),
        kind=kind,
        answered=answered,
        national=step.national or 1,
        amount=asked.amount if asked is not None else None,
        at=step.at,
        by=step.by,
        note=step.reason,
        attachments=_attachments(tx, dossier, base_url) if answered and kind is RequestKind.SUPPLEMENT else (),
    )


def _attachments(tx: Tx, dossier: Dossier, base_url: str) -> tuple[Attachment, ...]:
    return tuple(portal_view.attachment(document, base_url) for document in tx.documents.of_dossier(dossier.id))


def _procedure(tx: Tx, dossier: Dossier) -> ProcedureVersion | None:
    on = (dossier.submitted_at or dossier.created_at).astimezone(VIETNAM).date()
    return tx.catalogue.procedure(dossier.procedure, on)


def _unit(tx: Tx, unit: UnitId, at: dt.datetime) -> Unit | None:
    on = at.astimezone(VIETNAM).date()
    return next((known for known in tx.catalogue.units(on) if known.id == unit), None)
