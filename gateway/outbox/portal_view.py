"""Parts of how a dossier looks to a national portal: results, requests for papers, and whether it was born there."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from schemas.attachment import AttachedDocument
from schemas.dossier import Dossier, DossierState, RequestKind, Result, Step
from schemas.ids import DossierCode, PeerId
from schemas.national import PortalStatus
from schemas.portal import Attachment, PortalSupplement, ResultPaper
from schemas.ports.stores import Tx

TOLD_BACK: Final = frozenset({3, 4, 6, 7, 8, 9, 10})
"""National states that DongBoTrangThaiHoSo has a code for in every public system (vn-protocols §1.8)."""
_WITH_FILES: Final = frozenset({9, 10})
"""States at which a result's files go along."""


def born_at(dossier: Dossier, portal: PeerId) -> DossierCode | None:
    """The portal's own code of a dossier that was submitted there; None for one that began with us."""
    return next((alias.code for alias in dossier.aliases if alias.scheme == f"peer:{portal}"), None)


def portal_status(tx: Tx, dossier: Dossier, step: Step, portal_code: DossierCode, base_url: str) -> PortalStatus:
    """A state of ours for a dossier that was born at the portal."""
    documents = tx.documents.of_dossier(dossier.id) if step.national in _WITH_FILES else ()
    results = {result.sha256 for result in dossier.results}
    return PortalStatus(
        dossier=dossier.id,
        code=portal_code,
        local_code=dossier.code,
        owner_reference="",
        national=step.national or 1,
        at=step.at,
        note=step.reason or step.state.value,
        files=tuple(attachment(one, base_url) for one in documents if one.sha256 in results),
    )


def attachment(document: AttachedDocument, base_url: str) -> Attachment:
    """A document of ours as a file that a peer may fetch."""
    return Attachment(
        sha256=document.sha256,
        name=document.name,
        component_no=None,
        url=f"{base_url}/documents/{document.key}.pdf",
        digitised=True,
    )


def papers_and_results(
    dossier: Dossier, documents: Sequence[AttachedDocument], base_url: str
) -> tuple[tuple[Attachment, ...], tuple[ResultPaper, ...]]:
    """What was handed in, and what came of it: a document whose digest is a result's is that result."""
    files = {one.sha256: attachment(one, base_url) for one in documents}
    results = {result.sha256 for result in dossier.results if result.sha256 is not None}
    papers = tuple(file for sha256, file in files.items() if sha256 not in results)
    return papers, tuple(
        _result(result, files.get(result.sha256) if result.sha256 is not None else None) for result in dossier.results
    )


def _result(result: Result, file: Attachment | None) -> ResultPaper:
    return ResultPaper(result.code, file.name if file else "", result.sha256, file.url if file else "")


def supplements(dossier: Dossier) -> tuple[PortalSupplement, ...]:
    """Each request for papers; the promised day moved where a change of it followed the settlement."""
    asked = [step for step in dossier.history if step.state is DossierState.SUPP_ASKED]
    why = [request.reason for request in dossier.requests if request.kind is RequestKind.SUPPLEMENT]
    told = []
    for place, supplement in enumerate(dossier.supplements):
        before, after = _dues(dossier, supplement.settled_at)
        told.append(
            PortalSupplement(
                n=supplement.n,
                asked_by=asked[place].by if place < len(asked) else "",
                what=why[place] if place < len(why) else "",
                asked_at=supplement.asked_at,
                arrived_at=supplement.arrived_at,
                settled=supplement.settled_at is not None,
                due_before=before,
                due_after=after,
            )
        )
    return tuple(told)


def _dues(dossier: Dossier, settled_at: dt.datetime | None) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The promised day before and after a settlement; no second one while nothing moved it."""
    moved = [n for n, change in enumerate(dossier.due_history) if settled_at and change.changed_at >= settled_at]
    if not moved:
        return dossier.due_at, None
    later = dossier.due_history[moved[0] + 1 :]
    return dossier.due_history[moved[0]].due_at, later[0].due_at if later else dossier.due_at
