"""Bills of the carrier against what it carried (D-37, D-38)."""

import dataclasses
import datetime as dt
from typing import Any, Final

from gateway.sample import province
from gateway.simulate.agreed import TARIFF, ZONE
from gateway.simulate.pair import Pair
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY
from schemas.calendar import VIETNAM
from schemas.discrepancy import Subject
from schemas.ids import CarrierId, Sha256
from schemas.invoice import InvoiceLine
from schemas.numbers import s10
from schemas.shipment import Purpose

COD: Final = 50_000


def billed_wrongly(plot: Plot) -> None:
    """A fee that is not the tariff's, less collected than due, less remitted than collected, or remitted too late."""
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        ("the fee is not the tariff's", {"fee": 39_000}),
        ("less was collected than was due", {"cod_collected": COD - 10_000, "cod_remitted": COD - 10_000}),
        ("less was remitted than collected", {"cod_remitted": COD - 5_000}),
        ("remitted five working days late", {"late": 40.0}),
    )
    why, wrong = kinds[plot.n % len(kinds)]
    plot.faulty(_billed(plot, wrong), why)


def billed_rightly(plot: Plot) -> None:
    """The tariff's fee of its weight, everything collected and remitted in time, rounding included."""
    plot.innocent(_billed(plot, {"weight_g": 249} if plot.n % 2 else {}), "billed as agreed")


def billed_without_item(plot: Plot) -> None:
    """Billed, and no such item was ever carried; or carried early in the period and never billed."""
    at = plot.begin()
    if plot.n % 2:
        sent = _beside_a_billed_one(plot, at, dt.timedelta(days=6))
        plot.faulty(sent, "carried early in the billed week, and no bill names it")
        return
    line = InvoiceLine(**_line(plot, s10.mint("EE", plot.world.next_serial()), at))
    plot.owns(Subject.ITEM, line.number)
    sent = _send(plot, [line], line.taken_on)
    plot.faulty(sent, "billed, and nobody here knows the number")


def billed_from_elsewhere(plot: Plot) -> None:
    """Billed without a day of its own; or carried on the period's last day and lawfully left for the next bill."""
    if plot.n % 2:
        plot.innocent(_beside_a_billed_one(plot, plot.begin(), dt.timedelta(0)), "taken on the last day of the period")
        return
    plot.innocent(_billed(plot, {"taken_on": None}), "billed without a day; the period holds it")


def _beside_a_billed_one(plot: Plot, at: dt.datetime, rest: dt.timedelta) -> dt.datetime:
    """Two parcels of one counter and a bill of the week that names the first; ``rest`` of the week follows ``at``.

    The carrier is this plot's own: a bill of the post's would have to name every other parcel of the world.
    """
    carrier = CarrierId(f"hop-dong-{plot.kind}-{plot.n}")
    billed, forgotten = (
        plot.parcel(None, Purpose.INTER_UNIT, at, carrier=carrier, fee_due=24_000).register(at) for _ in range(2)
    )
    for parcel in (billed, forgotten):
        parcel.travel(at)
    last = at.astimezone(VIETNAM).date() + rest
    period = {"carrier": carrier, "since": last - dt.timedelta(days=6), "until": last}
    return _send(plot, [InvoiceLine(**(_line(plot, billed.number, at) | period))], last)


def _billed(plot: Plot, wrong: dict[str, Any]) -> dt.datetime:
    at = plot.begin()
    parcel = plot.parcel(None, Purpose.INTER_UNIT, at, cod_due=COD, fee_due=24_000).register(at)
    delivered = parcel.travel(at)
    fields = _line(plot, parcel.number, at) | {
        "cod_collected": COD,
        "cod_remitted": COD,
        "remitted_on": (delivered + DAY).astimezone(VIETNAM).date(),
    }
    late = wrong.pop("late", 0)
    line = dataclasses.replace(InvoiceLine(**fields), **wrong)
    if late:
        came = plot.world.office(delivered, late)  # working days: a week over Tết has none
        line = dataclasses.replace(line, remitted_on=came.astimezone(VIETNAM).date())
    return _send(plot, [line], delivered.astimezone(VIETNAM).date())


def _line(plot: Plot, number: str, at: dt.datetime) -> dict[str, Any]:
    day = at.astimezone(VIETNAM).date()
    return {
        "carrier": province.CARRIER,
        "invoice": f"HD-{plot.rule}-{plot.kind}-{plot.n}",
        "line": 1,
        "since": day,
        "until": day,
        "number": number,
        "service": "HCC",
        "taken_on": day,
        "weight_g": 120,
        "zone": ZONE,
        "fee": TARIFF.fee_of(120),
        "cod_collected": None,
        "cod_remitted": None,
        "remitted_on": None,
        "raw_sha256": Sha256("7" * 64),
    }


def _send(plot: Plot, lines: list[InvoiceLine], after: dt.date | None) -> dt.datetime:
    """The carrier sends the invoice three weeks later, when everything of it is over."""
    told = plot.world.begins + 30 * DAY + dt.timedelta(hours=8, minutes=plot.n)
    plot.owns(Subject.INVOICE, lines[0].invoice)
    plot.world.at(told, lambda tx, now: tx.trade.put_lines(lines))
    return told


PAIRS: Final[dict[str, Pair]] = {
    "D-37": Pair(billed_wrongly, billed_rightly),
    "D-38": Pair(billed_without_item, billed_from_elsewhere),
}
