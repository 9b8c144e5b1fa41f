"""When the one to whom an item goes had it by his own record, whatever the carrier says. Pure; several rules ask."""

import datetime as dt

from schemas.dossier import Dossier, DossierState
from schemas.shipment import Item, Purpose

_WITH_THE_CITIZEN = frozenset({DossierState.RETURNED, DossierState.CLOSED})


def received_at(dossier: Dossier, item: Item) -> dt.datetime | None:
    """The receipt of what ``item`` brings of ``dossier``; None while nobody signed.

    To a unit: its signature on the leg that began with this item. A supplement: its arrival. To the citizen: the
    signature at the counter or the end of the dossier.
    """
    if item.purpose is Purpose.SUPPLEMENT_IN:
        asked = [one for one in dossier.supplements if one.asked_at <= item.valid_from]
        return asked[-1].arrived_at if asked else None
    if item.purpose in (Purpose.RESULT_OUT, Purpose.PAPERS_BACK):
        return _end(dossier) if dossier.state in _WITH_THE_CITIZEN else None
    if item.purpose not in (Purpose.DOSSIER_IN, Purpose.INTER_UNIT):
        return None
    begun = item.handed_over_at or item.valid_from
    return min(
        (leg.received_at for leg in dossier.legs if _of_item(leg.target, item) and _after(leg.received_at, begun)),
        key=lambda at: at or begun,
        default=None,
    )


def _of_item(target: str, item: Item) -> bool:
    return item.purpose is Purpose.DOSSIER_IN or item.receiver_unit in (None, target)


def _after(received: dt.datetime | None, begun: dt.datetime) -> bool:
    return received is not None and received >= begun


def _end(dossier: Dossier) -> dt.datetime | None:
    """When the dossier came to the citizen; a proof of return names the time of the delivery itself."""
    if dossier.return_proof is not None:
        return dossier.return_proof.at
    ends = [step.at for step in dossier.history if step.state in _WITH_THE_CITIZEN]
    return ends[-1] if ends else dossier.closed_at
