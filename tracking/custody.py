"""Who holds the paper: the giver until the taker signs (D-41). Pure, from signed manifests and an item's own record."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

from schemas.bag import HandoverManifest
from schemas.ids import UnitId
from schemas.shipment import Item
from schemas.tracking import Movement


@dataclasses.dataclass(frozen=True, slots=True)
class Hold:
    """The holder from ``since``. ``unit`` is None while the carrier has it; ``why`` names what it rests on."""

    unit: UnitId | None
    since: dt.datetime
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Hole:
    """A release that somebody signed and nobody took: from ``since`` no one answers for the item."""

    manifest: str
    giver: UnitId
    taker: UnitId
    since: dt.datetime


def holder(item: Item, manifests: Iterable[HandoverManifest], at: dt.datetime) -> Hold | None:
    """Who held the item at ``at``; None before anybody signed for it.

    Args:
        item: with its hand-over to the post and its fold.
        manifests: those that list the item, newest revision each.
        at: the moment asked about.
    """
    holds = []
    if item.handed_over_at is not None:
        holds.append(Hold(None, item.handed_over_at, "the post signed"))
    if item.fold.accepted_at is not None:
        holds.append(Hold(None, item.fold.accepted_at, "the carrier accepted it"))
    if item.fold.movement is Movement.DELIVERED and item.fold.delivered_at is not None:
        holds.append(Hold(item.receiver_unit, item.fold.delivered_at, "the carrier delivered it"))
    if item.sender_receipt_at is not None:
        holds.append(Hold(item.sender_unit, item.sender_receipt_at, "the sender has it back"))
    for manifest in manifests:
        if manifest.taker.signed_at is not None:
            holds.append(Hold(manifest.taker.unit, manifest.taker.signed_at, f"signed manifest {manifest.number}"))
        elif manifest.giver.signed_at is not None:
            why = f"gave with manifest {manifest.number}, the taker has not signed"
            holds.append(Hold(manifest.giver.unit, manifest.giver.signed_at, why))
    past = [hold for hold in holds if hold.since <= at]
    return max(past, key=lambda hold: hold.since, default=None)


def holes(manifests: Iterable[HandoverManifest]) -> tuple[Hole, ...]:
    """Signed releases without an acceptance; a rule decides how long that may last."""
    return tuple(
        Hole(manifest.number, manifest.giver.unit, manifest.taker.unit, manifest.giver.signed_at)
        for manifest in manifests
        if manifest.giver.signed_at is not None and manifest.taker.signed_at is None
    )
