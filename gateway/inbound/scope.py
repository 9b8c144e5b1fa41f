"""Which dossiers somebody may see: those on whose way one of their units lies."""

import datetime as dt

from gateway.accounts import Principal
from schemas.audit import Act
from schemas.dossier import Dossier
from schemas.errors import NotAllowed
from schemas.ids import UnitId
from schemas.ports.stores import Store


def path_of(dossier: Dossier) -> frozenset[UnitId]:
    """Every unit the dossier has to do with: receiving, competent, returning, post office, and those of its legs."""
    units = {dossier.receiving_unit, dossier.competent_unit, dossier.returning_unit}
    units |= {leg.origin for leg in dossier.legs} | {leg.target for leg in dossier.legs}
    return frozenset(units | ({dossier.post_unit} if dossier.post_unit else set()))


def may_see(principal: Principal, dossier: Dossier) -> bool:
    """Whether one of the principal's units is on the dossier's way."""
    return principal.units is None or not path_of(dossier).isdisjoint(principal.units)


def shares(principal: Principal, units: tuple[UnitId, ...]) -> bool:
    """Whether something that belongs to ``units`` concerns the principal."""
    return principal.units is None or not set(principal.units).isdisjoint(units)


async def turn_away(store: Store, principal: Principal, kind: str, key: str, now: dt.datetime) -> NotAllowed:
    """Write the refused look into the audit log; returns the error to raise."""
    act = Act(
        at=now,
        who=principal.who,
        act="refused",
        object_kind=kind,
        object_key=key,
        unit=principal.units[0] if principal.units else None,
        detail="not on the way of the unit",
    )
    await store.write(lambda tx: tx.audit.write(act))
    return NotAllowed(subject=key)
