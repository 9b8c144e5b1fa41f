"""Calls of this peer alone, and a signature that fits what its webhook is made to say."""

import base64
import dataclasses
import json
from pathlib import Path

from adapters._kit.signatures import SigningKey
from schemas.ids import PeerId
from schemas.ports.carrier import AddressBook, Booking, OrderListing, Pricing, TrackingPull
from schemas.shipment import AddressLevel, AddressTier
from schemas.wire import Callback
from tests.contract.adapters import records
from tests.contract.adapters.calls import NUMBER, Ask, Scene

KEY = SigningKey.from_pem((Path(__file__).parent / "signing_key.pem").read_bytes())
SENT = "20/11/2026 10:12:00"
NUMBERS = [NUMBER, "EL000000014VN"]


def callback(body: bytes) -> Callback:
    """A delivery: the body itself where it is one (or what is left of one), else the state that it shall carry."""
    return Callback(PeerId("vnpost"), (), (), body if b"Sign" in body else signed(body), records.NOW)


def signed(state: bytes) -> bytes:
    """A true delivery of this text, whatever it says; bytes that are no text come as they are."""
    try:
        data = state.decode("utf-8")
    except UnicodeDecodeError:
        return state
    sign = base64.b64encode(KEY.sign((data + SENT).encode())).decode()
    return json.dumps({"Data": data, "SendDate": SENT, "SignData": sign}, ensure_ascii=False).encode()


def _places(level: AddressLevel) -> Ask:
    return lambda scene: scene.port(AddressBook).places(AddressTier.WITH_DISTRICTS, level, None)


async def _cancel(scene: Scene) -> object:
    """The sandbox takes the order and gives it a number, since the order is looked up before it is cancelled."""
    booking, order = scene.port(Booking), scene.order()
    receipt = await booking.book(order)
    done = await booking.cancel(dataclasses.replace(order, number=receipt.number))
    return dataclasses.replace(done, number=NUMBER)


CALLS: dict[str, Ask] = {
    "Booking.cancel": _cancel,
    "Pricing.prices": lambda scene: scene.port(Pricing).prices(scene.order()),
    "OrderListing.orders": lambda scene: scene.port(OrderListing).orders(None, numbers=NUMBERS),
    "TrackingPull.fetch": lambda scene: scene.port(TrackingPull).fetch(NUMBERS, since=None),
    "AddressBook.provinces": _places(AddressLevel.PROVINCE),
    "AddressBook.districts": _places(AddressLevel.DISTRICT),
    "AddressBook.wards": _places(AddressLevel.WARD),
}
