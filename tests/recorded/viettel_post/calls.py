"""Calls of this peer alone: its orders go by its own number, which is no S10."""

import dataclasses

from schemas.ports.carrier import AddressBook, Booking, Instructing, Pricing
from schemas.shipment import AddressLevel, AddressTier, BookingOrder, InstructionKind, OrderInstruction
from tests.contract.adapters import records
from tests.contract.adapters.calls import Ask, Scene

NUMBER = "1000000000001"


def order(scene: Scene) -> BookingOrder:
    """The order that Viettel Post gave a number."""
    return dataclasses.replace(scene.order(), number=NUMBER)


def _places(tier: AddressTier, level: AddressLevel, parent: str | None) -> Ask:
    return lambda scene: scene.port(AddressBook).places(tier, level, parent)


CALLS: dict[str, Ask] = {
    "Booking.cancel": lambda scene: scene.port(Booking).cancel(order(scene)),
    "Instructing.instruct": lambda scene: scene.port(Instructing).instruct(
        OrderInstruction(order(scene), InstructionKind.DELIVER_AGAIN, "Gọi trước khi phát", records.NOW)
    ),
    "Pricing.prices": lambda scene: scene.port(Pricing).prices(scene.order()),
    "AddressBook.provinces": _places(AddressTier.TWO_TIER, AddressLevel.PROVINCE, None),
    "AddressBook.wards": _places(AddressTier.TWO_TIER, AddressLevel.WARD, "36"),
    "AddressBook.districts": _places(AddressTier.WITH_DISTRICTS, AddressLevel.DISTRICT, "36"),
    "AddressBook.old wards": _places(AddressTier.WITH_DISTRICTS, AddressLevel.WARD, "3601"),
}
