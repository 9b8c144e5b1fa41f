"""An item that was heard of before anybody registered it: the story that waits becomes its own (D-40)."""

import dataclasses
import datetime as dt

from schemas.ports.stores import Tx
from schemas.shipment import Item, Purpose

HOLD = dt.timedelta(days=30)
"""How long news of an unknown number waits for its registration; older news is of an earlier item of that number."""


def register(tx: Tx, item: Item) -> Item:
    """Store a new item; where the carrier told of its number before, the item takes over that orphan, log and all.

    The caller folds it again (:func:`tracking.ingest.refold_items`) where ``fold.events_n`` says that it has a past.
    """
    waiting = orphan_of(tx, item)
    if waiting is None:
        return tx.items.add(item)
    taken_over = dataclasses.replace(
        item,
        id=waiting.id,
        version=waiting.version,
        valid_from=min(waiting.valid_from, item.valid_from),
        aliases=tuple(dict.fromkeys([*item.aliases, *(alias for alias in waiting.aliases if alias != item.number)])),
        fold=waiting.fold,
        polls=waiting.polls,
    )
    return tx.items.put(taken_over)


def orphan_of(tx: Tx, item: Item) -> Item | None:
    """The orphan of the item's carrier and number whose news is young enough to be of this item; the newest.

    An item that has no number is known by its reference.
    """
    named = (one for one in tx.items.find_number(item.number or item.reference or "") if one.carrier == item.carrier)
    return next(
        (one for one in named if one.purpose is Purpose.UNKNOWN and one.valid_from >= item.valid_from - HOLD), None
    )
