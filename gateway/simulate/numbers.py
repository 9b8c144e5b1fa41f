"""Numbers that cannot be, numbers used twice, news of nobody's item (D-20 … D-23, D-29, D-40, D-42)."""

import dataclasses
import datetime as dt
from typing import Final

from gateway.sample import province
from gateway.simulate.folder import Folder
from gateway.simulate.pair import Pair
from gateway.simulate.parcel import Parcel, name_hash
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR, Heard
from schemas.discrepancy import Subject
from schemas.ids import CarrierId, UnitId
from schemas.numbers import s10
from schemas.ports.stores import Tx
from schemas.shipment import NumberScheme, Purpose
from schemas.tracking import Movement, Recipient
from tracking.table import Trigger

GUARDED: Final = CarrierId("viettel_post")
"""The carrier with whom it was agreed which data of a person it may tell."""
BARE_SERVICE: Final = "HCC-TK"
"""A service that may tell nothing of a person: its profile in :mod:`gateway.simulate.agreed` is empty."""


def wrong_number(plot: Plot) -> None:
    """A clerk types one digit of the label wrong; the scan shows it, and the number is put right days later."""
    at = plot.begin()
    right = s10.mint("EE", plot.world.next_serial())
    place = 2 + plot.rng.randrange(8)
    digit = str((int(right[place]) + plot.rng.randrange(1, 9)) % 10)
    typed = right[:place] + digit + right[place + 1 :]
    if s10.is_valid(typed):
        typed = right[:10] + str((int(right[10]) + 1) % 10) + right[11:]
    folder, (parcel,) = plot.inbound(at, item={"number": typed})
    folder.finish(parcel.travel(at))
    plot.faulty(at, f"{typed} was typed for {right}")


def odd_but_valid(plot: Plot) -> None:
    """Numbers that look wrong and are not: a service nobody uses yet, a carrier's own numbering, an early serial."""
    at = plot.begin()
    kinds = (
        (s10.mint("AA", plot.world.next_serial()), NumberScheme.S10, "an unassigned service indicator warns only"),
        (f"PKE{plot.world.next_serial()}", NumberScheme.CARRIER, "the carrier's own numbering has no check digit"),
        (s10.mint("EE", 100 + plot.world.next_serial() % 9_000), NumberScheme.S10, "an early serial is a serial"),
    )
    number, scheme, why = kinds[plot.n % len(kinds)]
    folder, (parcel,) = plot.inbound(at, item={"number": number, "number_scheme": scheme})
    folder.finish(parcel.travel(at))
    plot.innocent(at, why)


def typed_for_another(plot: Plot) -> None:
    """The clerk bound the label of somebody else's item: it was taken in elsewhere, hours earlier, for elsewhere."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, unit=plot.near_unit())
    parcel.say(Movement.ACCEPTED, at - plot.rng.uniform(8, 18) * HOUR, office="100000", lag=DAY)
    parcel.say(Movement.OUT_FOR_DELIVERY, plot.world.counter(at, 3.0), office="990160")
    heard = at + DAY
    found = plot.world.office(heard, 9.0)
    right = plot.parcel(folder, Purpose.DOSSIER_IN, at).register(found).pack(folder, found)
    plot.world.at(found, lambda tx, now: _unpack(tx, folder, parcel, found))
    parcel.say(Movement.DELIVERED, plot.world.counter(found, 1.0), office="990160")
    delivered = right.travel(found)
    folder.finish(delivered)
    plot.faulty(
        heard, "the label of another item was typed", entails=("D-12", "D-13", "D-01", "D-08", "D-32", "D-07", "E-12")
    )


def odd_in_one_thing(plot: Plot) -> None:
    """One attribute differs, as it does on ordinary days: the neighbour's office scanned it first."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    parcel.say(Movement.ACCEPTED, plot.world.counter(at, 0.3), office="990151")
    delivered = parcel.travel(at)
    folder.finish(delivered)
    plot.innocent(at, "the neighbouring office scanned it first")


def used_twice(plot: Plot) -> None:
    """A number is on a new parcel some days after another one with it was delivered."""
    at = plot.begin(last=6)
    folder, (first,) = plot.inbound(at)
    over = folder.finish(first.travel(at))
    again = plot.world.counter(over + plot.rng.uniform(2, 5) * DAY, 0.5)
    other, (second,) = plot.inbound(again, item={"number": first.number})
    other.finish(second.travel(again))
    plot.faulty(again, "the same number on two parcels within two weeks", entails=("D-01", "D-08"))


def recycled_lawfully(plot: Plot) -> None:
    """The carrier gave the number out again after thirteen months."""
    at = plot.begin()
    long_ago = at - 396 * DAY
    number = s10.mint("EE", plot.world.next_serial())
    old = plot.parcel(None, Purpose.INTER_UNIT, long_ago, number=number)
    old.change(valid_to=long_ago + 60 * DAY).register(plot.world.begins)
    old.say(Movement.ACCEPTED, long_ago + HOUR, office="990141")
    old.say(Movement.DELIVERED, long_ago + DAY, office=old.destination())
    folder, (parcel,) = plot.inbound(at, item={"number": number})
    folder.finish(parcel.travel(at))
    plot.innocent(at, "the number is used again after thirteen months")


def two_labels(plot: Plot) -> None:
    """One parcel with two labels: the same reference, the same scans at the same minutes."""
    at = plot.begin()
    _two_labels(plot, at, declared=1)
    plot.faulty(plot.world.counter(at, 1.0), "one parcel, two numbers", entails=("D-28", "D-37"))


def two_parcels(plot: Plot) -> None:
    """Two parcels of one dossier that travel together, as declared."""
    at = plot.begin()
    _two_labels(plot, at, declared=2)
    plot.innocent(at, "two parcels were declared, and they travel together")


def merged_for_two_offices(plot: Plot) -> None:
    """One parcel holds dossiers for two different offices."""
    _merged(plot, province.OTHER_COMMUNE, "dossiers for two offices in one parcel")


def merged_for_one_office(plot: Plot) -> None:
    """One parcel holds the dossiers of two citizens for the same office."""
    _merged(plot, province.COMMUNE, "two citizens, one office")


def nobodys_item(plot: Plot) -> None:
    """The carrier tells of an item that nobody here ever registered."""
    at = plot.begin()
    parcel = plot.parcel(None, Purpose.DOSSIER_IN, at)
    plot.faulty(parcel.say(Movement.ACCEPTED, at, office="990141").received_at, "nobody here registered this number")
    parcel.say(Movement.IN_TRANSIT, plot.world.counter(at, 3.0))


def known_by_another_name(plot: Plot) -> None:
    """The carrier names it by its second number."""
    at = plot.begin()
    alias = s10.mint("EE", plot.world.next_serial())
    plot.owns(Subject.ITEM, alias)
    folder, (parcel,) = plot.inbound(at, item={"aliases": (alias,)})
    parcel.say(Movement.ACCEPTED, plot.world.counter(at, 0.3), office="990141", number=alias)
    folder.finish(parcel.travel(plot.world.counter(at, 0.4)))
    plot.innocent(at, "an alias that we know")


def forbidden_data(plot: Plot) -> None:
    """The feed tells personal data that this service must not tell: a name, a number of an identity paper."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, item={"service": BARE_SERVICE, "carrier": GUARDED})
    if plot.n % 2:
        told = Recipient("ADDRESSEE", name_hash("Quàng Thị Được"))
        delivered = parcel.travel(at, recipient=told)
    else:
        parcel.template = dataclasses.replace(parcel.template, addressee=None)
        fake = f"099{plot.rng.randrange(10**8, 10**9)}"
        delivered = parcel.travel(at, recipient=None, text=f"Người nhận xuất trình CCCD {fake}")
    folder.finish(delivered)
    plot.faulty(delivered, "personal data that this service must not tell")


def allowed_data(plot: Plot) -> None:
    """The same data from a service that may tell them, or no data at all."""
    at = plot.begin()
    if plot.n % 2:
        _folder, (parcel,) = plot.outbound(at, item={"carrier": GUARDED})
        delivered = parcel.travel(at)
    else:
        folder, (parcel,) = plot.inbound(at, item={"service": BARE_SERVICE, "carrier": GUARDED})
        delivered = parcel.travel(at, recipient=None, text="Đã phát thành công")
        folder.finish(delivered)
    plot.innocent(delivered, "the service may tell it" if plot.n % 2 else "no data of a person")


def _merged(plot: Plot, other: UnitId, why: str) -> None:
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, unit=province.COMMUNE)
    second = plot.lodged(at - HOUR / 3, unit=other)
    second.past(Trigger.POST_HAS_IT, at, post_signed=True).file(at)
    parcel.pack(second, at)
    delivered = parcel.travel(at)
    folder.finish(delivered)
    second.finish(delivered)
    plot.judge(at, why)


def _two_labels(plot: Plot, at: dt.datetime, *, declared: int) -> None:
    folder, (parcel,) = plot.inbound(at)
    folder.change(parcels_declared=declared)
    parcel.change(reference=folder.code, parcels_declared=declared)
    twin = plot.parcel(folder, Purpose.DOSSIER_IN, at, reference=folder.code, parcels_declared=declared)
    twin.register(at).pack(folder, at, part=declared, parts=declared)
    delivered = parcel.travel(at)
    for event in parcel.seen:
        same = dataclasses.replace(event, number=twin.number, reference=folder.code)
        plot.world.tell(event.source, Heard(same))
    folder.finish(delivered)


def _unpack(tx: Tx, folder: Folder, parcel: Parcel, at: dt.datetime) -> None:
    for packing in tx.items.packings_of(parcel.stored()):
        if packing.dossier == folder.filed():
            tx.items.pack(dataclasses.replace(packing, until=at))


PAIRS: Final[dict[str, Pair]] = {
    "D-20": Pair(wrong_number, odd_but_valid),
    "D-21": Pair(typed_for_another, odd_in_one_thing),
    "D-22": Pair(used_twice, recycled_lawfully),
    "D-23": Pair(two_labels, two_parcels),
    "D-29": Pair(merged_for_two_offices, merged_for_one_office),
    "D-40": Pair(nobodys_item, known_by_another_name),
    "D-42": Pair(forbidden_data, allowed_data),
}
