"""Stories that cannot have happened in this order."""

import datetime as dt
import itertools
import math
from collections.abc import Iterable, Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.ids import PeerId
from schemas.tracking import Direction, Fold, Movement, Outcome, StoredEvent
from tracking import normalise, status
from tracking.rules.context import Context, Place
from tracking.rules.rule import Rule, counted, event_proof
from tracking.rules.views import ItemView


class RegressionAfterTerminal(Rule[ItemView]):
    """D-31: a movement after DELIVERED, RETURNED, LOST, DESTROYED or CANCELLED; money codes do not count.

    It closes when the carrier withdraws one of the two events, or when row 31 reopens the dossier: the fold then counts
    the movement and is no longer ``regressed``. Where the same two events contradict each other as sources (D-33) or
    cannot be in this order at all (D-32), that case explains this one.

    Nominated by: item ``regressed``.
    """

    id = "D-31"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-31"
    parents = ("D-33", "D-32")

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each first event after an end."""
        item = view.item
        if not item.fold.regressed:
            return
        pair = status.regression(view.events, context=view.folding)
        if pair is None:
            return
        end, after = pair
        epoch = "|".join(str(part) for part in (*normalise.key_of(end.event), *normalise.key_of(after.event)))
        proofs = (
            event_proof(end, f"ended as {item.fold.movement}", movement=str(item.fold.movement)),
            event_proof(after, _says(after)),
        )
        yield self.found(str(item.id), epoch, self.severity, proofs, (item.sender_unit, item.receiver_unit))


def _says(stored: StoredEvent) -> str:
    mapped = stored.event.mapped
    return f"then told {mapped.movement if mapped is not None else stored.event.code}"


MAX_KMH = 900.0
"""No item travels faster than an airliner."""
MIN_KM = 50.0
"""Between offices closer than this a slow clock explains everything."""
EARTH_KM = 6371.0
_OUT_OF_BOUNDS = {normalise.FUTURE: "lies ahead of its own receipt", normalise.BEFORE_BOOKING: "is older than the item"}


class ImpossibleTime(Rule[ItemView]):
    """D-32: times that cannot be: ahead of their receipt, before the item, delivered before taken in, faster than air.

    Only where the two intervals do not overlap: a delivery told to the day beside a scan of that day is possible, and
    an event that is missing is not "before". Distances are known only between offices of ``context.places``.

    Nominated by: event ``quarantine`` EV-11 or EV-12; item outcome delivered; item with events at two known offices.
    """

    id = "D-32"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    remedy = "remedy.D-32"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each event out of bounds and for each impossible pair."""
        item = view.item
        waiting = any(stored.quarantine in _OUT_OF_BOUNDS for stored in view.events)
        if not waiting and item.fold.delivered_at is None and not item.fold.regressed and not context.places:
            return
        known = normalise.ordered(counted(view.events))
        own = (stored for stored in known if stored.quarantine is None and not stored.event.derived)
        sure = [stored for stored in own if stored.event.mapped is not None]
        for told, why in (*_out_of_bounds(known), *_delivered_first(sure), *_too_fast(sure, context)):
            epoch = "|".join([*(_name(stored) for stored, _ in told), *(proof.key for proof in why)])
            proofs = (*(event_proof(stored, says) for stored, says in told), *why)
            yield self.found(str(item.id), epoch, self.severity, proofs, (item.sender_unit, item.receiver_unit))


Told = tuple[tuple[StoredEvent, str], ...]
"""Events and what each of them says."""


def _out_of_bounds(known: Iterable[StoredEvent]) -> Iterator[tuple[Told, tuple[Proof, ...]]]:
    """Events that wait in quarantine because of their time."""
    for stored in known:
        bound = stored.quarantine or ""
        says = _OUT_OF_BOUNDS.get(bound)
        if says is not None:
            why = Proof("bound", bound, says, stored.event.received_at, values=(("bound", bound),))
            yield ((stored, says),), (why,)


def _delivered_first(known: list[StoredEvent]) -> Iterator[tuple[Told, tuple[Proof, ...]]]:
    """The delivery and the acceptance after it, where every acceptance is after it."""
    accepted = [stored for stored in known if _movement(stored) is Movement.ACCEPTED]
    delivered = [stored for stored in known if _movement(stored) is Movement.DELIVERED]
    if not accepted or not delivered:
        return
    first = min(accepted, key=lambda stored: stored.event.occurred.utc_low)
    end = min(delivered, key=lambda stored: stored.event.occurred.utc_high)
    if first.event.occurred.utc_low > end.event.occurred.utc_high:
        yield ((end, "delivered"), (first, "then accepted: after its delivery")), ()


def _too_fast(known: list[StoredEvent], context: Context) -> Iterator[tuple[Told, tuple[Proof, ...]]]:
    """Neighbours in time at two known offices, too far apart even for the longest time that the intervals allow."""
    placed = [stored for stored in known if stored.event.office in context.places]
    for first, second in itertools.pairwise(placed):
        km = distance_km(context.places[first.event.office], context.places[second.event.office])
        hours = (second.event.occurred.utc_high - first.event.occurred.utc_low) / dt.timedelta(hours=1)
        if km > MIN_KM and km > MAX_KMH * hours:
            yield ((first, "here"), (second, f"{km:.0f} km away, at most {hours:.1f} hours later")), ()


def distance_km(a: Place, b: Place) -> float:
    """Great circle between two places, in km."""
    (lat_a, lon_a), (lat_b, lon_b) = ((math.radians(one) for one in place) for place in (a, b))
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


class SourcesDisagree(Rule[ItemView]):
    """D-33: two sources of one carrier each say that the item came to its end, and not to the same one.

    A source that lags behind says nothing yet. A feed that cannot tell forward from back (HCC) says only that it ended:
    where the item is known to go back, its "delivered" means "returned".

    Nominated by: item with a terminal outcome, or ``regressed``.
    """

    id = "D-33"
    subject = Subject.ITEM
    severity = Severity.HIGH
    remedy = "remedy.D-33"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each pair of sources."""
        item, fold = view.item, view.item.fold
        if fold.outcome is Outcome.OPEN and not fold.regressed:
            return
        ends = _ends(view)
        for (one, here), (other, there) in itertools.combinations(sorted(ends.items()), 2):
            if here[0] is there[0]:
                continue
            proofs = tuple(
                event_proof(stored, f"{peer} says {end}", peer=peer, movement=end.value)
                for peer, (end, stored) in ((one, here), (other, there))
            )
            epoch = f"{one}:{here[0]}|{other}:{there[0]}"
            yield self.found(str(item.id), epoch, self.severity, proofs, (item.sender_unit, item.receiver_unit))


def _ends(view: ItemView) -> dict[PeerId, tuple[Movement, StoredEvent]]:
    """The end that each source tells, and the event that tells it; sources that tell no end are left out."""
    told: dict[PeerId, list[StoredEvent]] = {}
    for stored in view.events:
        told.setdefault(stored.event.source, []).append(stored)
    ends: dict[PeerId, tuple[Movement, StoredEvent]] = {}
    for peer, events in told.items() if len(told) > 1 else ():
        used = [use.stored for use in status.explain_fold(events, context=view.folding) if use.used]
        end = [stored for stored in used if (_movement(stored) or Movement.REGISTERED).terminal]
        if end and status.fold(events, context=view.folding).outcome is not Outcome.OPEN:
            ends[peer] = (_directed(_movement(end[-1]), view.item.fold), end[-1])
    return ends


def _directed(movement: Movement | None, whole: Fold) -> Movement:
    back = whole.direction is Direction.RETURN
    return Movement.RETURNED if movement in (None, Movement.DELIVERED) and back else movement or Movement.DELIVERED


MILESTONES = frozenset(Movement) - {Movement.REGISTERED, Movement.IN_TRANSIT, Movement.HELD}
"""What others acted upon; a scan in between that vanishes changes nothing."""
CORRECTED = dt.timedelta(hours=24)
"""The same code at the same office within a day of what vanished is its correction (tracking facts §4.2)."""


class HistoryRewritten(Rule[ItemView]):
    """D-34: a milestone that we knew is missing from the carrier's full history, and nothing corrects it.

    Only sources that give the full history can say so (``complete_for``). What a carrier takes back by name or by
    ``supersedes`` is a correction, and so is the same scan with another time.

    Nominated by: event ``withdrawn_at`` set.
    """

    id = "D-34"
    subject = Subject.ITEM
    severity = Severity.MEDIUM
    remedy = "remedy.D-34"

    def findings(self, view: ItemView, context: Context) -> Iterator[Finding]:
        """One case for each milestone that vanished; it closes when it is told again or corrected."""
        if not any(stored.withdrawn_at for stored in view.events):
            return
        item = view.item
        replaced = {stored.event.supersedes for stored in view.events if stored.event.supersedes}
        for stored in view.events:
            gone = stored.withdrawn_at
            if gone is None or not _vanished(stored) or stored.event.carrier_event_id in replaced:
                continue
            if _corrected(stored, view) or _movement(stored) not in MILESTONES:
                continue
            movement = str(_movement(stored))
            says = f"no longer in the full history since {gone.isoformat()}"
            proofs = (event_proof(stored, says, movement=movement, peer=stored.event.source),)
            yield self.found(str(item.id), _name(stored), self.severity, proofs, (item.sender_unit, item.receiver_unit))


def _vanished(stored: StoredEvent) -> bool:
    """Taken away in silence, and not told since: what is taken back by name is seen at that very moment."""
    gone = stored.withdrawn_at
    return gone is not None and not stored.event.withdrawn and stored.last_seen_at < gone


def _corrected(gone: StoredEvent, view: ItemView) -> bool:
    old = gone.event
    return any(
        new.event.code == old.code
        and new.event.office == old.office
        and new.event.source == old.source
        and abs(new.event.occurred.utc_low - old.occurred.utc_low) <= CORRECTED
        for new in counted(view.events)
    )


def _movement(stored: StoredEvent) -> Movement | None:
    """What the carrier told of this item; what it told of its bag is a place only."""
    mapped = stored.event.mapped
    return mapped.movement if mapped is not None and not stored.event.derived else None


def _name(stored: StoredEvent) -> str:
    return "|".join(str(part) for part in normalise.key_of(stored.event))
