"""The way between two offices (D-13): the rule is on trial, so its score stands apart from the published recall."""

import datetime as dt
from typing import Final

from gateway.simulate.folder import Folder
from gateway.simulate.numbers import GUARDED
from gateway.simulate.pair import Pair
from gateway.simulate.parcel import HUB, Parcel
from gateway.simulate.plot import Plot
from schemas.tracking import Movement

ASTRAY: Final = "550000"
"""Đà Nẵng: on no corridor of the province."""


def led_astray(plot: Plot) -> None:
    """The hub sends it to another region; it comes back and is delivered."""
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at, unit=plot.near_unit())
    heard = _by_a_detour(plot, folder, parcel, at)
    plot.faulty(heard, "sorted into the wrong bag, scanned in another region")


def on_its_way(plot: Plot) -> None:
    """On its corridor with a scan that comes hours late; or by a detour of a carrier with which no way was agreed."""
    at = plot.begin()
    if plot.n % 2:
        folder, (parcel,) = plot.inbound(at, unit=plot.near_unit(), item={"carrier": GUARDED})
        _by_a_detour(plot, folder, parcel, at)
        plot.innocent(at, "no corridor was agreed with this carrier")
        return
    folder, (parcel,) = plot.inbound(at, unit=plot.near_unit())
    parcel.say(Movement.IN_TRANSIT, plot.world.counter(at, 1.5), office=HUB, lag=dt.timedelta(hours=3))
    folder.finish(parcel.travel(at))
    plot.innocent(at, "every scan lies on its corridor, one of them is told late")


def _by_a_detour(plot: Plot, folder: Folder, parcel: Parcel, at: dt.datetime) -> dt.datetime:
    """Tell the way; answers when we hear of the scan in the other region."""
    taken = plot.world.counter(at, 0.5)
    parcel.say(Movement.ACCEPTED, taken, office=parcel.template.origin_office)
    there = plot.world.counter(taken, 5.0)
    told = parcel.say(Movement.IN_TRANSIT, there, office=ASTRAY)
    back = plot.world.counter(there, 6.0)
    parcel.say(Movement.IN_TRANSIT, back, office=HUB)
    out = plot.world.round(back, 4.0)
    parcel.say(Movement.OUT_FOR_DELIVERY, out, office=parcel.destination())
    delivered = plot.world.counter(out, 1.0)
    parcel.say(Movement.DELIVERED, delivered, office=parcel.destination())
    folder.finish(delivered)
    return told.received_at


PAIRS: Final[dict[str, Pair]] = {"D-13": Pair(led_astray, on_its_way)}
