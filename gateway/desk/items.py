"""What a person knows of an item that no carrier tells: its sender has it back, it is searched for, it is recalled.

Rules wait for each of them: a return for its sender's signature (D-14, D-15, row 28), a search for the answer (D-39), a
recalled item for its way back (D-06, D-14).
"""

import dataclasses
import datetime as dt
import enum
from typing import Final

from gateway.accounts import Principal
from schemas.audit import Act
from schemas.errors import NotAllowed, NotFound
from schemas.ids import ItemId
from schemas.ports.clock import Clock
from schemas.ports.facts import Tell
from schemas.ports.stores import Store, Tx
from schemas.shipment import Item
from schemas.tracking import Outcome
from tracking.ingest import refold_item
from tracking.rules.context import ContextSource


class ItemAct(enum.StrEnum):
    """What is recorded of an item."""

    RECEIPT = "receipt"
    """Its sender has it back and signed."""
    INQUIRY = "inquiry"
    """The carrier was asked to search for it."""
    RECALL = "recall"
    """The carrier was asked to bring it back."""


_FIELD: Final = {
    ItemAct.RECEIPT: "sender_receipt_at",
    ItemAct.INQUIRY: "inquiry_at",
    ItemAct.RECALL: "recall_at",
}
_NOT_BACK: Final = frozenset({Outcome.DELIVERED, Outcome.CANCELLED})


class ItemDesk:
    """The use case with its store."""

    def __init__(self, store: Store, *, clock: Clock, tell: Tell, context: ContextSource) -> None:
        """``tell`` is the router: a signature for a returned result moves its dossier."""
        self._store = store
        self._clock = clock
        self._tell = tell
        self._context = context

    async def record(self, item: ItemId, act: ItemAct, note: str, principal: Principal, *, at: dt.datetime) -> Item:
        """Record ``act`` once; a repetition finds what was recorded first. Dossiers inside follow, cases settle.

        Args:
            item: its row id.
            act: what happened.
            note: who signed, or why it is searched or recalled; goes into the audit log.
            principal: who records it.
            at: when it happened.

        Raises:
            NotFound: no such item.
            NotAllowed: nothing to note was said, ``at`` is impossible, or the item's story came to an end already.
        """
        if not note.strip():
            raise NotAllowed("say who signed, or why", subject=str(item))

        def transact(tx: Tx) -> Item:
            found = next(iter(tx.items.many((item,))), None)
            if found is None:
                raise NotFound(subject=str(item))
            if getattr(found, _FIELD[act]) is not None:
                return found
            now = self._clock.now()
            _check(found, act, at, now)
            tx.items.put(dataclasses.replace(found, **{_FIELD[act]: at}))  # type: ignore[arg-type]  # all three are times
            detail = f"{found.number or found.reference or ''} {at.isoformat()}: {note.strip()}"
            tx.audit.write(Act(now, principal.who, f"item.{act}", "item", str(item), found.sender_unit, detail))
            refold_item(tx, item, tell=self._tell, context_source=self._context, now=now, by=principal.shown)
            return tx.items.get(item)

        return await self._store.write(transact)


def recordable(item: Item, act: ItemAct) -> bool:
    """Whether ``act`` could be recorded of the item now: it was not yet, and its story does not speak against it."""
    if getattr(item, _FIELD[act]) is not None or (item.handed_over_at is None and item.fold.accepted_at is None):
        return False
    return item.fold.outcome not in _NOT_BACK if act is ItemAct.RECEIPT else item.fold.outcome is Outcome.OPEN


def _check(item: Item, act: ItemAct, at: dt.datetime, now: dt.datetime) -> None:
    name = item.number or item.reference or str(item.id)
    begun = item.handed_over_at or item.valid_from
    if not begun <= at <= now:
        raise NotAllowed(f"it was given to the post at {begun.isoformat()}, now is {now.isoformat()}", subject=name)
    if act is ItemAct.RECEIPT and item.fold.outcome in _NOT_BACK:
        raise NotAllowed(f"the carrier says that it is {item.fold.outcome}: it cannot be with its sender", subject=name)
    if act is not ItemAct.RECEIPT and item.fold.outcome is not Outcome.OPEN:
        raise NotAllowed(f"the carrier says that it is {item.fold.outcome}: nothing to ask for", subject=name)
