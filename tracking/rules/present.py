"""The parcels that matter now: those of the dossier's present leg. Pure; moves and rules ask."""

from collections.abc import Sequence

from schemas.dossier import Dossier, DossierState
from schemas.shipment import Purpose
from tracking.rules.views import Parcel

S = DossierState

_PURPOSE = {
    **dict.fromkeys((S.LODGED, S.IN_POST, S.ARRIVED, S.ACCEPTED, S.PROCESSING), Purpose.DOSSIER_IN),
    **dict.fromkeys((S.SUPP_ASKED, S.SUPP_IN_POST, S.SUPP_ARRIVED), Purpose.SUPPLEMENT_IN),
    **dict.fromkeys((S.RESULT_READY, S.RESULT_IN_POST, S.RESULT_HELD, S.PROOF_WAIT), Purpose.RESULT_OUT),
    **dict.fromkeys((S.RESULT_GOING_BACK, S.RESULT_BACK), Purpose.RESULT_OUT),
    S.PAPERS_OUT: Purpose.PAPERS_BACK,
}


def present_parcels(dossier: Dossier, parcels: Sequence[Parcel]) -> tuple[Parcel, ...]:
    """The parcels of the dossier's present leg: by purpose, still packed, not given back to their sender."""
    purpose = _PURPOSE.get(dossier.state)
    asked = dossier.supplements[-1].asked_at if dossier.supplements else None
    return tuple(
        parcel
        for parcel in parcels
        if parcel.item.purpose is purpose
        and parcel.packing.until is None
        and (parcel.item.sender_receipt_at is None or dossier.state is S.RESULT_GOING_BACK)
        and not (purpose is Purpose.SUPPLEMENT_IN and asked is not None and parcel.packing.since < asked)
    )
