"""Bags: counts, contents, seals and weights, and an item that is seen where its bag is not."""

import datetime as dt
from collections.abc import Iterator

from schemas.bag import HandoverManifest, Stay
from schemas.calendar import VIETNAM
from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.shipment import Item
from schemas.tracking import StoredEvent
from tracking import normalise
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, counted, event_proof, lasted
from tracking.rules.views import BagView, ItemView

WEIGHT_SHARE = 0.05
WEIGHT_G = 20
"""Tracking facts D-27: a difference above 5 % and 20 g."""
NAMED = 20
"""More numbers than this are counted, not listed: the sentence must stay readable."""
_ABSENT = frozenset({"missing"})
_ADDED = frozenset({"extra"})

Sides = tuple[frozenset[str], frozenset[str], dt.datetime]
"""Numbers given, numbers found, and when the taker said so."""


def sides(view: BagView) -> Sides | None:
    """What was put in and what was found; None while nobody has counted to the end.

    The newest revision of the manifest decides once its taker signed: an older revision is no longer what anybody
    says. A bag without any manifest is judged by its own scans.
    """
    if view.manifest is not None:
        return _of_manifest(view.manifest)
    opened = view.bag.opened_at
    if opened is None or not any(line.taken_out_at for line in view.bag.lines):
        return None
    given = frozenset(line.number for line in view.bag.lines if line.put_in_at is not None)
    found = frozenset(line.number for line in view.bag.lines if line.taken_out_at is not None)
    return given, found, opened


def _of_manifest(manifest: HandoverManifest) -> Sides | None:
    signed = manifest.taker.signed_at
    if signed is None:
        return None
    given = frozenset(line.number for line in manifest.lines if line.giver_says not in (*_ADDED, *_ABSENT, ""))
    found = frozenset(line.number for line in manifest.lines if line.taker_says not in (None, *_ABSENT, ""))
    return given, found, signed


def _names(numbers: frozenset[str]) -> str:
    shown = ", ".join(sorted(numbers)[:NAMED])
    return f"{shown} (+{len(numbers) - NAMED})" if len(numbers) > NAMED else shown or "–"


class _Counted(Rule[BagView]):
    """What both rules on contents share: two lists, and the evidence that shows them."""

    limits = Limits(soft=Wait(1, working=True), hard=Wait(1, working=True))
    """A count is often repeated: the revision is final when nobody made another one for an office hour."""
    scans = Limits(soft=Wait(4, working=True), hard=Wait(4, working=True))
    """A bag without manifest: opening takes a while, so its scans are judged later."""

    def _apart(self, view: BagView, context: Context) -> Sides | None:
        both = sides(view)
        if both is None or both[0] == both[1]:
            return None
        limits = context.limits_of(self.id, self.scans if view.manifest is None else self.limits)
        return both if lasted(context, both[2], limits.hard, view.bag.target) else None

    def _finding(self, view: BagView, both: Sides) -> Finding:
        given, found, at = both
        bag, missing, extra = view.bag, given - found, found - given
        values = (
            ("given", str(len(given))),
            ("found", str(len(found))),
            ("missing", _names(missing)),
            ("extra", _names(extra)),
        )
        says = f"{len(given)} given, {len(found)} found; missing {_names(missing)}; extra {_names(extra)}"
        proof = Proof("count", str(bag.number), says, at, values=values)
        epoch = view.manifest.number if view.manifest is not None else at.isoformat()
        return self.found(bag.number, epoch, self.severity, (proof,), (bag.origin, bag.target))


class BagCount(_Counted):
    """D-24: another number of items was found than given; the lists of missing and extra ones go with the case.

    Nominated by: manifest of the bag with the taker's signature; bag ``opened_at`` for bags without manifest.
    """

    id = "D-24"
    subject = Subject.BAG
    severity = Severity.HIGH
    remedy = "remedy.D-24"

    def findings(self, view: BagView, context: Context) -> Iterator[Finding]:
        """One case for each manifest."""
        apart = self._apart(view, context)
        if apart is not None and len(apart[0]) != len(apart[1]):
            yield self._finding(view, apart)


class BagSwap(_Counted):
    """D-25: as many as given were found, but others: contents were swapped. Only when the counts are equal.

    Nominated by: as D-24.
    """

    id = "D-25"
    subject = Subject.BAG
    severity = Severity.HIGH
    remedy = "remedy.D-25"

    def findings(self, view: BagView, context: Context) -> Iterator[Finding]:
        """One case for each manifest."""
        apart = self._apart(view, context)
        if apart is not None and len(apart[0]) == len(apart[1]):
            yield self._finding(view, apart)


class SealOrWeight(Rule[BagView]):
    """D-27: the bag came heavier or lighter than it left, or with another seal, and nobody told of an opening.

    Seals: the one found is not the one declared; one was put on between closing and opening; or the carrier tells of
    another one meanwhile. Weights: they differ by more than 5 % and by more than 20 g.

    Nominated by: bag ``closed_at`` is known.
    """

    id = "D-27"
    subject = Subject.BAG
    severity = Severity.HIGH
    remedy = "remedy.D-27"

    def findings(self, view: BagView, context: Context) -> Iterator[Finding]:
        """One case for the weight and one for each foreign seal."""
        bag, units = view.bag, (view.bag.origin, view.bag.target)
        weights = _weights(view)
        if weights is not None and abs(weights[0] - weights[1]) > max(WEIGHT_SHARE * weights[0], WEIGHT_G):
            out, back = weights
            values = (("sent", str(out)), ("arrived", str(back)))
            proof = Proof("weight", str(bag.number), f"{out} g sent, {back} g arrived", bag.opened_at, values=values)
            yield self.found(bag.number, "weight", self.severity, (proof,), units)
        for number, at in _foreign_seals(view).items():
            ours = _seal(view) or "–"
            values = (("declared", ours), ("seal", number))
            proof = Proof("seal", str(bag.number), f"sealed with {ours}, then {number}", at, values=values)
            yield self.found(bag.number, f"seal|{number}", self.severity, (proof,), units)


def _weights(view: BagView) -> tuple[int, int] | None:
    manifest = view.manifest
    signed = manifest is not None and manifest.taker.signed_at is not None
    found = view.bag.weight_in_g or (manifest.weight_g if manifest is not None and signed else None)
    return None if view.bag.weight_out_g is None or found is None else (view.bag.weight_out_g, found)


def _seal(view: BagView) -> str | None:
    """The seal that the bag left with."""
    if view.manifest is not None and view.manifest.seal_declared:
        return view.manifest.seal_declared
    closed = view.bag.closed_at
    on = [seal for seal in view.bag.seals if closed is None or seal.since <= closed]
    return on[-1].number if on else None


def _foreign_seals(view: BagView) -> dict[str, dt.datetime | None]:
    """Seals that are not the one it left with, by number, with the time of the news."""
    ours, bag = _seal(view), view.bag
    if ours is None:
        return {}
    foreign: dict[str, dt.datetime | None] = {}
    if view.manifest is not None and view.manifest.seal_found:
        foreign[view.manifest.seal_found] = view.manifest.taker.signed_at
    for seal in bag.seals:
        closed = bag.closed_at is not None and seal.since > bag.closed_at
        if closed and (bag.opened_at is None or seal.since < bag.opened_at):
            foreign.setdefault(seal.number, seal.since)
    for stored in counted(view.events):
        seen, at = stored.event.seal, stored.event.occurred.utc_low
        if seen and (bag.opened_at is None or at < bag.opened_at) and (bag.closed_at is None or at >= bag.closed_at):
            foreign.setdefault(seen, at)
    foreign.pop(ours, None)
    return foreign


class OutsideItsBag(Rule[ItemView]):
    """D-26: the item was scanned by itself at an office where its closed bag was not at that time.

    While the bag is closed, the item is where the bag was scanned before or where it was scanned next. Until the bag is
    heard of again, an end of the way is possible too: openings are told late. Anything else means that the item was
    taken out, or that it never was in.

    Nominated by: ``bag_item`` of the item.
    """

    id = "D-26"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    remedy = "remedy.D-26"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each bag, with the first scan that does not fit."""
        item = view.item
        known = normalise.ordered(counted(view.events))
        own = [one for one in known if not one.event.derived and one.event.office and one.event.mapped is not None]
        for stay in view.stays:
            where = [one for one in known if one.event.derived and one.event.bag == stay.bag.number]
            odd = next((one for one in own if _inside(stay, one) and not _fits(stay, where, one, item, context)), None)
            if odd is None:
                continue
            bag = stay.bag
            values = (("bag", str(bag.number)), ("origin", str(bag.origin)), ("target", str(bag.target)))
            closed = Proof("bag", str(bag.number), "closed, with the item in it", bag.closed_at, values=values)
            proofs = (event_proof(odd, f"scanned at {odd.event.office} by itself"), closed)
            yield self.found(str(item.id), str(bag.number), self.severity, proofs, (bag.origin, bag.target))


def _inside(stay: Stay, stored: StoredEvent) -> bool:
    """Wholly inside the time in which the bag was closed and the item in it."""
    closed, until = stay.bag.closed_at, stay.until
    if closed is None:
        return False
    since = max(closed, stay.line.put_in_at or closed)
    time = stored.event.occurred
    return time.utc_low > since and (until is None or time.utc_high < until)


def _fits(stay: Stay, where: list[StoredEvent], stored: StoredEvent, item: Item, context: Context) -> bool:
    time = stored.event.occurred
    before = [one.event.office for one in where if one.event.occurred.utc_low <= time.utc_high and one.event.office]
    after = [one.event.office for one in where if one.event.occurred.utc_high >= time.utc_low and one.event.office]
    places = before[-1:] + after[:1]
    if not after:
        places += [str(stay.bag.target), *(one.office for one in item.expected_offices)]
    if not before:
        places += [str(stay.bag.origin), item.origin_office]
    day = time.utc_high.astimezone(VIETNAM).date()
    known = bool(before or after) or context.office(stored.event.office, day) is not None or bool(item.origin_office)
    return not known or any(place and context.same_place(stored.event.office, place, day) for place in places)
