"""Asking a carrier about an item now, because somebody waits at the counter."""

import dataclasses

from gateway.accounts import Principal
from schemas.audit import Act
from schemas.errors import NotFound
from schemas.ids import ItemId
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx
from tracking import watch


class AskingDesk:
    """Makes an item's next question due; the feeds' loop asks it."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        """One transaction for each request."""
        self._store = store
        self._clock = clock

    async def ask(self, number: str, *, principal: Principal) -> ItemId:
        """The newest item of this number is asked about at the next look. Raises NotFound."""

        def transact(tx: Tx) -> ItemId:
            found = tx.items.find_number(number)
            if not found:
                raise NotFound(subject=number)
            now = self._clock.now()
            item = found[0]
            polls = dataclasses.replace(item.polls, next_at=now - watch.FIRST_OF_ALL)
            tx.items.put(dataclasses.replace(item, polls=polls))
            tx.audit.write(Act(now, principal.who, "item.asked", "item", str(item.id), item.sender_unit, number))
            return item.id

        return await self._store.write(transact)
