"""What a caller may see: the items of its own carrier, or those that a unit of its key sends or receives."""

import dataclasses
from collections.abc import Iterable

from gateway.accounts import ApiKey
from schemas.ids import CarrierId, UnitId
from schemas.ports.carrier import ContractPush
from schemas.ports.stores import Tx
from schemas.shipment import Item


@dataclasses.dataclass(frozen=True, slots=True)
class Eyes:
    """A carrier sees its items; a system of units theirs, and all where its key names no unit."""

    carrier: CarrierId | None
    """The carrier that the caller speaks for; None for a peer that is switched off."""
    of_peer: bool
    units: tuple[UnitId, ...]

    @classmethod
    def of(cls, key: ApiKey, reader: ContractPush | None) -> "Eyes":
        """Those of whoever holds the key; ``reader`` is the adapter of its peer."""
        return cls(reader.carrier if reader is not None else None, key.peer is not None, key.units)

    def see(self, item: Item) -> bool:
        """Whether the item is the caller's business."""
        if self.of_peer:
            return self.carrier == item.carrier
        return not self.units or item.sender_unit in self.units or item.receiver_unit in self.units

    def first(self, items: Iterable[Item], operator: str | None = None) -> Item | None:
        """The first item that may be seen, of ``operator`` where one is named."""
        wanted = None if operator is None else operator.casefold()
        return next((one for one in items if wanted in (None, str(one.carrier).casefold()) and self.see(one)), None)

    def find(self, tx: Tx, number: str, operator: str | None = None) -> Item | None:
        """:meth:`first` of the items with this number."""
        return self.first(tx.items.find_number(number), operator)
