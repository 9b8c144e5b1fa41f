"""Views and a Context for tests of rules: whole and valid, each test changes what it is about."""

import dataclasses
from typing import Any

from schemas.dossier import Dossier, DossierState, Step
from schemas.ids import ItemId, PeerId
from schemas.ports.message_stores import FeedState
from schemas.tracking import StoredEvent
from tests.unit.tracking.build import OFFICE, after, calendar, item, packing
from tracking import status
from tracking.rules.context import Context
from tracking.rules.views import DossierView, ItemView, Parcel
from tracking.status import ItemContext

WEEK = calendar()


def at(hours: float = 0, days: float = 0, **changes: Any) -> Context:
    plain = Context(now=after(hours, days=days), calendar=lambda _: WEEK, feed=lambda peer: healthy(peer))
    return dataclasses.replace(plain, **changes)


def healthy(peer: PeerId, **changes: Any) -> FeedState:
    return dataclasses.replace(FeedState(peer, None, after(0), None, 0, "", None), **changes)


def seen(
    *events: StoredEvent, folding: ItemContext | None = None, inside: tuple[Dossier, ...] = (), **changes: Any
) -> ItemView:
    """An item with these events, folded, and the dossiers inside."""
    context = folding or ItemContext()
    plain = dataclasses.replace(item(), **changes)
    folded = dataclasses.replace(plain, fold=status.fold(events, context=context))
    return ItemView(folded, events, inside, context)


def step(state: DossierState, row: int, national: int | None, hours: float, **changes: Any) -> Step:
    plain = Step(row, state, national, after(hours), after(hours), "An", "desk", OFFICE)
    return dataclasses.replace(plain, **changes)


def of(one: Dossier, *views: ItemView) -> DossierView:
    """A dossier carried by these items; each has an id of its own."""
    items = [dataclasses.replace(view.item, id=ItemId(place)) for place, view in enumerate(views, 1)]
    return DossierView(one, tuple(Parcel(one_item, packing(one_item)) for one_item in items))
