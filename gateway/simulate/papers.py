"""Lists of documents, sheets, bags, seals and hand-overs (D-24 … D-27, D-30, D-41, E-22)."""

import dataclasses
import datetime as dt
from typing import Any, Final

from gateway.sample import province
from gateway.simulate.folder import Folder
from gateway.simulate.pair import Pair
from gateway.simulate.parcel import OFFICE_OF, Parcel
from gateway.simulate.plot import Plot
from gateway.simulate.world import HOUR
from schemas.bag import Bag, BagLine, HandoverManifest, ManifestLine, ManifestParty, Seal
from schemas.discrepancy import Subject
from schemas.dossier import Dossier
from schemas.ids import BagNumber, Sha256, UnitId
from schemas.ports.stores import Tx
from schemas.shipment import Purpose
from schemas.tracking import Movement

DIGEST: Final = Sha256("5" * 64)
PRESENT, MISSING, EXTRA = "present", "missing", "extra"


class Sack:
    """A bag of the world with the items inside: closed at the post, opened at the office, with its manifest."""

    def __init__(self, plot: Plot, closed: dt.datetime, items: int) -> None:
        self.plot = plot
        self.closed = closed
        self.opened = plot.world.counter(closed, 5.0)
        self.number = BagNumber(f"TUI-{plot.rule}-{plot.kind}-{plot.n}")
        self.origin: UnitId = province.POST
        self.target: UnitId = province.COMMUNE
        self.parcels = [self._put_in(closed - HOUR) for _ in range(items)]
        self.extra: list[str] = []
        self.missing: set[str] = set()
        self.seals: tuple[Seal, ...] = (Seal("N-1001", closed, None, "Bưu điện"),)
        self.weights: tuple[int, int] = (2_000, 2_004)
        plot.owns(Subject.BAG, self.number)

    def _put_in(self, at: dt.datetime) -> Parcel:
        parcel = self.plot.parcel(None, Purpose.INTER_UNIT, at).register(at)
        parcel.say(Movement.ACCEPTED, at + HOUR / 3, office=OFFICE_OF[self.origin])
        return parcel

    def travel(self, *, final: int = 1) -> None:
        """The bag is closed, opened and listed; the items are delivered. ``final`` is the last revision."""
        self.plot.world.at(self.closed, lambda tx, now: _put_bag(tx, self._bag(None)))
        self.plot.world.at(self.opened, lambda tx, now: _put_bag(tx, self._bag(self.opened)))
        if final > 1:
            counted = self._manifest(1, self.closed, self.opened, missing={self.parcels[0].number})
            self.plot.world.at(self.opened, lambda tx, now: tx.bags.put_manifest(counted))
        last = self.opened + (final - 1) * HOUR / 2
        manifest = self._manifest(final, self.closed, last, missing=self.missing)
        self.plot.world.at(last, lambda tx, now: tx.bags.put_manifest(manifest))
        for parcel in self.parcels:
            if parcel.number in self.missing:
                parcel.say(Movement.DELIVERED, self.plot.world.counter(last, 12.0), office=parcel.destination())
            else:
                parcel.say(Movement.DELIVERED, self.plot.world.counter(self.opened, 1.0), office=parcel.destination())

    def _bag(self, opened: dt.datetime | None) -> Bag:
        lines = [
            BagLine(
                seq,
                parcel.stored(),
                parcel.number,
                self.closed - HOUR / 2,
                opened if opened is not None and parcel.number not in self.missing else None,
            )
            for seq, parcel in enumerate(self.parcels, start=1)
        ]
        sealed = tuple(dataclasses.replace(one, until=one.until or opened) for one in self.seals)
        out_g, in_g = self.weights
        return Bag(
            number=self.number,
            version=0,
            origin=self.origin,
            target=self.target,
            seals=sealed,
            closed_at=self.closed,
            opened_at=opened,
            weight_out_g=out_g,
            weight_in_g=in_g if opened is not None else None,
            lines=tuple(lines),
            manifest=f"BK-{self.number}",
        )

    def _manifest(
        self, revision: int, given: dt.datetime, taken: dt.datetime, *, missing: set[str]
    ) -> HandoverManifest:
        lines = [
            ManifestLine(None, parcel.number, None, PRESENT, MISSING if parcel.number in missing else PRESENT, None)
            for parcel in self.parcels
        ]
        lines += [ManifestLine(None, number, None, MISSING, EXTRA, None) for number in self.extra]
        return HandoverManifest(
            number=f"BK-{self.number}",
            revision=revision,
            bag=self.number,
            giver=ManifestParty(self.origin, "Vì Văn Thương", given, DIGEST),
            taker=ManifestParty(self.target, "Lường Thị Lan", taken, DIGEST),
            lines=tuple(lines),
            seal_declared=self.seals[0].number,
            seal_found=self.seals[-1].number,
            weight_g=self.weights[1],
        )


def _put_bag(tx: Tx, bag: Bag) -> None:
    known = tx.bags.get(bag.number)
    tx.bags.put(dataclasses.replace(bag, version=known.version if known is not None else 0))


def item_missing(plot: Plot) -> None:
    """Twelve on the list, eleven in the bag."""
    sack = Sack(plot, plot.begin(), plot.rng.randrange(4, 9))
    sack.missing = {plot.rng.choice(sack.parcels).number}
    sack.travel()
    plot.faulty(sack.opened, "one item of the list was not in the bag", entails=("D-26", "D-41", "D-07"))


def found_on_recount(plot: Plot) -> None:
    """The first count missed one; the recount, the final revision, has them all."""
    sack = Sack(plot, plot.begin(), plot.rng.randrange(4, 9))
    sack.travel(final=2 if plot.n % 2 else 1)
    plot.innocent(sack.opened, "the recount found it" if plot.n % 2 else "the count is right")


def items_swapped(plot: Plot) -> None:
    """As many as on the list, but another one among them."""
    sack = Sack(plot, plot.begin(), plot.rng.randrange(4, 9))
    sack.missing = {plot.rng.choice(sack.parcels).number}
    stranger = plot.parcel(None, Purpose.INTER_UNIT, sack.closed - HOUR).register(sack.closed - HOUR)
    stranger.say(Movement.ACCEPTED, sack.closed - HOUR / 2, office=OFFICE_OF[sack.origin])
    stranger.say(Movement.DELIVERED, plot.world.counter(sack.opened, 6.0), office=stranger.destination())
    sack.extra = [stranger.number]
    sack.travel()
    plot.faulty(
        sack.opened, "one item of the list is missing, one that is not on it was inside", entails=("D-26", "D-07")
    )


def listed_in_another_order(plot: Plot) -> None:
    """All are there; the taker read them in another order."""
    sack = Sack(plot, plot.begin(), plot.rng.randrange(4, 9))
    plot.rng.shuffle(sack.parcels)
    sack.travel()
    plot.innocent(sack.opened, "the same set in another order")


def outside_its_bag(plot: Plot) -> None:
    """Scanned at another office while its bag is closed on the road."""
    sack = Sack(plot, plot.begin(), 5)
    parcel = plot.rng.choice(sack.parcels)
    scanned = plot.world.counter(sack.closed, plot.rng.uniform(1.0, 4.0))
    parcel.say(Movement.IN_TRANSIT, scanned, office="990150", lag=HOUR / 6)
    sack.travel()
    plot.faulty(scanned, "scanned at another office while its bag was closed", entails=("D-12", "D-13"))


def scanned_with_its_bag(plot: Plot) -> None:
    """Scanned where its bag is: before it was closed, at its target, or after it was opened."""
    sack = Sack(plot, plot.begin(), 5)
    parcel = plot.rng.choice(sack.parcels)
    scanned = (sack.closed - HOUR / 4, sack.opened + HOUR / 4)[plot.n % 2]
    office = (OFFICE_OF[sack.origin], OFFICE_OF[sack.target])[plot.n % 2]
    parcel.say(Movement.IN_TRANSIT, scanned, office=office, lag=HOUR / 6)
    sack.travel()
    plot.innocent(scanned, "scanned where its bag was")


def seal_or_weight(plot: Plot) -> None:
    """Another seal than the one put on, without an opening; or half a kilogram less."""
    sack = Sack(plot, plot.begin(), 5)
    if plot.n % 2:
        sack.weights = (2_000, 2_000 - plot.rng.randrange(150, 600))
        why = "lighter by more than five per cent"
    else:
        broken = sack.closed + 2 * HOUR
        sack.seals = (
            dataclasses.replace(sack.seals[0], until=broken),
            Seal("N-2002", broken + HOUR, None, "không rõ"),
        )
        why = "a new seal, and nobody wrote down an opening"
    sack.travel()
    plot.faulty(sack.opened, why)


def weighed_on_another_scale(plot: Plot) -> None:
    """A few grams of difference, or the seal with which it was closed."""
    sack = Sack(plot, plot.begin(), 5)
    sack.weights = (2_000, 2_000 + plot.rng.randrange(-60, 60)) if plot.n % 2 else (300, 315)
    sack.travel()
    plot.innocent(sack.opened, "two scales differ by some grams")


def paper_missing(plot: Plot) -> None:
    """The office receives fewer sheets than the counter counted."""
    _sheets(plot, "sheets_received", -1, "the office received a sheet less than was sent")


def papers_complete(plot: Plot) -> None:
    """The office counted the same sheets, or has not counted yet."""
    _sheets(plot, "sheets_received", 0 if plot.n % 2 else None, "the same sheets, or not counted yet")


def scan_incomplete(plot: Plot) -> None:
    """Fewer sheets scanned than counted."""
    _sheets(plot, "sheets_scanned", -1, "a sheet less was scanned than counted")


def scan_complete(plot: Plot) -> None:
    """As many sheets scanned as counted, or none yet."""
    _sheets(plot, "sheets_scanned", 0 if plot.n % 2 else None, "every sheet was scanned, or none yet")


def custody_hole(plot: Plot) -> None:
    """The giver released the papers with a signature; for more than half a working day nobody took them."""
    _handed_over(plot, plot.rng.uniform(10, 16))


def taken_soon(plot: Plot) -> None:
    """The taker signed within some hours of work, over a night or not."""
    _handed_over(plot, plot.rng.uniform(0.3, 3.2))


def _sheets(plot: Plot, field: str, difference: int | None, why: str) -> None:
    at = plot.begin()
    folder, (parcel,) = plot.inbound(at)
    delivered = parcel.travel(at)
    folder.finish(delivered)
    counted = plot.world.office(delivered, 1.5)

    def change(dossier: Dossier) -> Dossier:
        papers = []
        for n, paper in enumerate(dossier.components):
            seen = None if difference is None else paper.sheets_counted + (difference if n == 0 else 0)
            told: dict[str, Any] = {field: seen}
            papers.append(dataclasses.replace(paper, **told))
        return dataclasses.replace(dossier, components=tuple(papers))

    folder.amend(counted, change)
    plot.judge(counted, why)


def _handed_over(plot: Plot, hours: float) -> None:
    at = plot.begin()
    folder = plot.working(at).file(at)
    given = plot.world.office(at, 0.5)
    taken = plot.world.office(given, hours)
    number = f"GN-{plot.rule}-{plot.kind}-{plot.n}"
    plot.world.at(given, lambda tx, now: tx.bags.put_manifest(_between(folder, number, given, None)))
    plot.world.at(taken, lambda tx, now: tx.bags.put_manifest(_between(folder, number, given, taken)))
    folder.work_on(taken)
    plot.judge(given, f"released with a signature, taken {hours:.1f} working hours later", entails=("E-12",))


def _between(folder: Folder, number: str, given: dt.datetime, taken: dt.datetime | None) -> HandoverManifest:
    unit = folder.dossier.competent_unit
    other = province.THIRD_COMMUNE
    line = ManifestLine(None, folder.code, folder.filed(), PRESENT, PRESENT if taken else None, 3)
    return HandoverManifest(
        number=number,
        revision=1,
        bag=None,
        giver=ManifestParty(unit, "Cầm Thị Hường", given, DIGEST),
        taker=ManifestParty(other, "Tòng Văn Đức" if taken else "", taken, DIGEST if taken else None),
        lines=(line,),
        seal_declared=None,
        seal_found=None,
        weight_g=None,
    )


PAIRS: Final[dict[str, Pair]] = {
    "D-24": Pair(item_missing, found_on_recount),
    "D-25": Pair(items_swapped, listed_in_another_order),
    "D-26": Pair(outside_its_bag, scanned_with_its_bag),
    "D-27": Pair(seal_or_weight, weighed_on_another_scale),
    "D-30": Pair(paper_missing, papers_complete),
    "D-41": Pair(custody_hole, taken_soon),
    "E-22": Pair(scan_incomplete, scan_complete),
}
