"""Sending a result home: the unit gives it to the post (what leads to row 24)."""

import dataclasses
import datetime as dt

from gateway.accounts import Principal
from gateway.desk import handover
from schemas.audit import Act
from schemas.calendar import VIETNAM
from schemas.dossier import Dossier, DossierState, ReturnMethod
from schemas.errors import GuardFailed, NotFound
from schemas.ids import CarrierId, UnitId
from schemas.ports.clock import Clock
from schemas.ports.facts import Tell
from schemas.ports.stores import Store, Tx
from schemas.shipment import BookingState, Item, Purpose


@dataclasses.dataclass(frozen=True, slots=True)
class ResultReceipt:
    """The number under which the result travels."""

    dossier: Dossier
    item: Item


class ResultDesk:
    """The use case with its store."""

    def __init__(self, store: Store, *, clock: Clock, tell: Tell) -> None:
        """``tell`` is the router."""
        self._store = store
        self._clock = clock
        self._tell = tell

    async def send_home(
        self, code: str, *, post_unit: UnitId, signed_by: str, at: dt.datetime, principal: Principal
    ) -> ResultReceipt:
        """Give the result of a dossier to the post; once per open result item, a repetition finds the same item.

        Raises:
            NotFound: no such dossier, or no agreement that names the carrier.
            GuardFailed: the result is not ready, or it does not travel by post.
        """

        def transact(tx: Tx) -> ResultReceipt:
            dossier = tx.dossiers.find(code)
            if dossier is None:
                raise NotFound(subject=code)
            if (under_way := _under_way(tx, dossier)) is not None:
                return ResultReceipt(dossier, under_way)
            _ready(dossier)
            carrier = _carrier(tx, dossier, post_unit, at)
            item = handover.send_result(
                tx, dossier, post_unit=post_unit, carrier=carrier, signed_by=signed_by, at=at, tell=self._tell
            )
            now = self._clock.now()
            tx.audit.write(
                Act(now, principal.who, "result.sent", "dossier", str(dossier.id), post_unit, item.number or "")
            )
            return ResultReceipt(dossier, item)

        return await self._store.write(transact)


def _under_way(tx: Tx, dossier: Dossier) -> Item | None:
    for packing in tx.items.packings_in(dossier.id):
        item = tx.items.get(packing.item)
        if item.purpose is Purpose.RESULT_OUT and item.valid_to is None and not _over(item) and not _off(tx, item):
            return item
    return None


def _over(item: Item) -> bool:
    return item.fold.movement is not None and item.fold.movement.terminal


def _off(tx: Tx, item: Item) -> bool:
    """Every order for it was called off, so nobody will fetch it."""
    states = {booking.state for booking in tx.items.bookings_of(item.id)}
    return states == {BookingState.CANCELLED}


def _ready(dossier: Dossier) -> None:
    if dossier.state not in (DossierState.RESULT_READY, DossierState.RESULT_BACK):
        raise GuardFailed(f"row 24: the result is not ready, the dossier is {dossier.state}", subject=dossier.code)
    if dossier.return_method is not ReturnMethod.POST:
        raise GuardFailed("row 24: the citizen asked for the result at the counter (HinhThuc 0)", subject=dossier.code)


def _carrier(tx: Tx, dossier: Dossier, post_unit: UnitId, at: dt.datetime) -> CarrierId:
    agreement = tx.catalogue.agreement(dossier.competent_unit, post_unit, at.astimezone(VIETNAM).date())
    if agreement is None:
        raise NotFound(
            "no agreement between the unit and this post office", subject=f"{dossier.competent_unit}/{post_unit}"
        )
    return agreement.carrier
