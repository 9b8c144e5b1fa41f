"""Expected against seen, the rows that came first: the national code beside the two legs of the post (E-02 … E-12).

They are the twelve rows of product facts §2.3, as domain model §4 corrects them. Two of the twelve say that all is
well and so are no rules: E-01 (1 while the dossier travels to the office) and E-06 (5 while the supplement travels).
Every threshold may be set per rule, carrier and service; the route of a dossier's rule is its competent unit.
"""

import datetime as dt
from collections.abc import Iterator

from schemas.discrepancy import Finding, Proof, Severity, Subject
from schemas.dossier import Dossier, DossierState, IntakeMode, Leg, RequestKind, ReturnMethod
from schemas.shipment import Item, Purpose
from schemas.tracking import Movement
from tracking import transitions
from tracking.rules import beliefs
from tracking.rules.context import Context, Limits, Wait
from tracking.rules.rule import Rule, counted, event_proof, name_of
from tracking.rules.views import DossierView

S = DossierState

DAY_H = 8
"""Office hours in a working day (the longest usual one of our calendars; D-03 counts so too)."""
TO_DECIDE = Limits(Wait(4, working=True), Wait(DAY_H, working=True))
"""Four office hours to decide (domain model §3, rows 5 and 15)."""
ONE_DAY = Limits(Wait(DAY_H, working=True), Wait(2 * DAY_H, working=True))
LATE_SCAN = Limits(Wait(4), Wait(24))
"""A carrier's closing scan usually comes within the same tour; a day later it is no late scan any more."""
STORAGE = dt.timedelta(days=10)
"""How long an item waits for collection where the carrier tells no term (tracking facts §1.2)."""
NEWS = Limits(Wait(2), Wait(8))
"""Time in which two reports of one act may cross."""


def _paid(view: DossierView, asked: dt.datetime) -> Iterator[tuple[dt.datetime, int, Proof]]:
    """What the post took since the notice: (when at the latest, amount in đồng, evidence)."""
    for stored in counted(view.money):
        at, amount = stored.event.occurred.utc_high, sum(line.amount for line in stored.event.money)
        if at >= asked:
            yield at, amount, event_proof(stored, f"{amount} received", amount=str(amount))
    for parcel in view.parcels:
        item, came = parcel.item, parcel.item.fold.delivered_at
        if item.cod_due and came is not None and came >= asked and beliefs.delivered(item):
            values = (("number", name_of(item)), ("amount", str(item.cod_due)))
            yield came, item.cod_due, Proof("item", name_of(item), "paid on delivery", came, values=values)


class DossierRule(Rule[DossierView]):
    """What the E rules share: waits count by the competent unit's calendar and may be set for it."""

    subject = Subject.DOSSIER
    severity = Severity.MEDIUM

    def waited(
        self, context: Context, since: dt.datetime, dossier: Dossier, item: Item | None = None
    ) -> Severity | None:
        """As :meth:`Rule.due`, with the limits of the item's carrier and service where there is one."""
        unit = dossier.competent_unit
        if item is None:
            return self.due(context, since, unit=unit, route=unit)
        return self.due(context, since, unit=unit, carrier=item.carrier, service=item.service, route=unit)

    def case(self, view: DossierView, epoch: str, severity: Severity, *proofs: Proof) -> Finding:
        """A finding about the dossier."""
        dossier = view.dossier
        return self.found(str(dossier.id), epoch, severity, proofs, (dossier.competent_unit, dossier.post_unit))


class AcceptedBeforeArrival(DossierRule):
    """E-02: 2 (or 4 already) while the dossier's item is not delivered and nobody signed for the paper.

    Lawful for delegated and online intake. Who has the unit's receipt waits for the carrier's scan only (D-04).

    Nominated by: dossier ``receipt_at`` empty, with a DOSSIER_IN item that is not delivered.
    """

    id = "E-02"
    severity = Severity.HIGH
    limits = LATE_SCAN
    remedy = "remedy.E-02"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each who says so."""
        dossier = view.dossier
        if dossier.intake_mode is not IntakeMode.FORWARDED or any(leg.received_at for leg in dossier.legs):
            return
        coming = [one.item for one in beliefs.packed(view, Purpose.DOSSIER_IN) if not beliefs.delivered(one.item)]
        if not coming:
            return
        for belief in beliefs.beliefs(dossier):
            severity = self.waited(context, belief.since, dossier, coming[0]) if belief.national in (2, 4) else None
            if severity is not None:
                yield self.case(view, belief.epoch, severity, belief.proof, beliefs.moved(coming[0]))


class AcceptanceLate(DossierRule):
    """E-03: the paper is there, delivered and signed for, and the unit has not decided within four office hours.

    Without the unit's receipt it is a D-03; a unit that says nothing for days is an E-20.

    Nominated by: dossier ``state`` ARRIVED.
    """

    id = "E-03"
    limits = TO_DECIDE
    remedy = "remedy.E-03"
    silenced_by = ("E-20",)

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each arrival."""
        inbound = beliefs.packed(view, Purpose.DOSSIER_IN)
        if view.dossier.state is not S.ARRIVED or not inbound:
            return
        since = beliefs.stands_since(view.dossier)
        severity = self.waited(context, since, view.dossier, inbound[0].item)
        if severity is not None:
            proofs = (beliefs.moved(inbound[0].item), beliefs.stands(view.dossier))
            yield self.case(view, since.isoformat(), severity, *proofs)


class PapersNotSentBack(DossierRule):
    """E-04: refused, stopped or withdrawn (granted), the papers lie at the unit and no item takes them home.

    Only where the citizen wants them by post (HinhThuc 1): else they wait at the counter.

    Nominated by: dossier ``state`` REFUSED, WITHDRAWN or STOPPED, ``return_method`` 1.
    """

    id = "E-04"
    limits = ONE_DAY
    remedy = "remedy.E-04"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each end."""
        dossier = view.dossier
        ended = dossier.state in (S.REFUSED, S.WITHDRAWN, S.STOPPED) and dossier.return_method is ReturnMethod.POST
        since = _papers_there(view) if ended else None
        if since is None or beliefs.packed(view, Purpose.PAPERS_BACK):
            return
        severity = self.waited(context, max(since, beliefs.stands_since(dossier)), dossier)
        if severity is not None:
            epoch = f"{dossier.state}|{beliefs.stands_since(dossier).isoformat()}"
            yield self.case(view, epoch, severity, beliefs.stands(dossier))


class ResultBeforeTheEnd(DossierRule):
    """E-05: 4 (or 2), and the post has already accepted an item with the result.

    A request for a supplement that travels is lawful; so is a result item that is only announced.

    Nominated by: dossier ``state`` ACCEPTED, PROCESSING or BETWEEN_UNITS, with a RESULT_OUT item whose
    ``accepted_at`` is set.
    """

    id = "E-05"
    severity = Severity.HIGH
    limits = Limits(Wait(2), Wait(4))
    remedy = "remedy.E-05"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each such item."""
        dossier = view.dossier
        if dossier.state not in (S.ACCEPTED, S.PROCESSING, S.BETWEEN_UNITS):
            return
        for parcel in beliefs.packed(view, Purpose.RESULT_OUT):
            accepted = parcel.item.fold.accepted_at
            severity = self.waited(context, accepted, dossier, parcel.item) if accepted is not None else None
            if severity is not None:
                proofs = (beliefs.moved(parcel.item), beliefs.stands(dossier))
                yield self.case(view, str(parcel.item.id), severity, *proofs)


class SupplementHereNotResumed(DossierRule):
    """E-07: 5, the supplement was delivered (or handed in, or uploaded), and four office hours later nobody went on.

    While another parcel of the same supplement travels, there is nothing to go on with.

    Nominated by: dossier ``state`` SUPP_ASKED, SUPP_IN_POST or SUPP_ARRIVED.
    """

    id = "E-07"
    limits = TO_DECIDE
    remedy = "remedy.E-07"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each supplement."""
        dossier = view.dossier
        if dossier.state not in (S.SUPP_ASKED, S.SUPP_IN_POST, S.SUPP_ARRIVED):
            return
        items = [one.item for one in beliefs.of_request(view, Purpose.SUPPLEMENT_IN)]
        came = [item.fold.since for item in items if beliefs.delivered(item) and item.fold.since is not None]
        if dossier.state is S.SUPP_ARRIVED:
            came.append(beliefs.stands_since(dossier))
        if not came or any(beliefs.with_post(item) for item in items):
            return
        severity = self.waited(context, max(came), dossier, items[0] if items else None)
        if severity is not None:
            proofs = (*(beliefs.moved(item) for item in items[:1]), beliefs.stands(dossier))
            yield self.case(view, str(len(dossier.supplements)), severity, *proofs)


class PaidAtThePost(DossierRule):
    """E-08: 6, and the post has the money: a fee receipt since the notice, or collected on a delivery since then.

    Less than what was asked for is no payment.

    Nominated by: dossier ``state`` FEE_ASKED.
    """

    id = "E-08"
    limits = Limits(Wait(2), Wait(DAY_H, working=True))
    remedy = "remedy.E-08"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each fee notice."""
        asked = next((one for one in view.dossier.requests if one.kind is RequestKind.FEE and not one.settled_at), None)
        if view.dossier.state is not S.FEE_ASKED or asked is None:
            return
        paid = [(at, proof) for at, amount, proof in _paid(view, asked.asked_at) if amount >= (asked.amount or 1)]
        if not paid:
            return
        since, proof = min(paid, key=lambda one: one[0])
        severity = self.waited(context, since, view.dossier)
        if severity is not None:
            epoch = asked.asked_at.isoformat()
            yield self.case(view, epoch, severity, beliefs.stands(view.dossier), proof)


class ReturnItemLate(DossierRule):
    """E-09: 9, the citizen wants the result by post (HinhThuc 1), and a working day later there is no item for it.

    Nominated by: dossier ``state`` RESULT_READY, ``return_method`` 1.
    """

    id = "E-09"
    limits = ONE_DAY
    remedy = "remedy.E-09"
    silenced_by = ("E-19",)

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each result."""
        dossier = view.dossier
        if dossier.state is not S.RESULT_READY or dossier.return_method is not ReturnMethod.POST:
            return
        if beliefs.packed(view, Purpose.RESULT_OUT):
            return
        since = beliefs.stands_since(dossier)
        severity = self.waited(context, since, dossier)
        if severity is not None:
            yield self.case(view, since.isoformat(), severity, beliefs.stands(dossier))


class ReturnedNotTold(DossierRule):
    """E-10: the result was delivered with whole proof and 9 still stands: with us, or a peer that 10 did not reach.

    Where our own dossier still travels it is a D-03.

    Nominated by: dossier ``peers_apart`` or ``national`` 9, with a delivered RESULT_OUT item.
    """

    id = "E-10"
    limits = NEWS
    remedy = "remedy.E-10"
    silenced_by = ("D-03",)

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each who still holds 9."""
        dossier, code = view.dossier, transitions.code_of(view.dossier)
        items = [one.item for one in beliefs.packed(view, Purpose.RESULT_OUT)]
        came = [item.fold.since for item in items if beliefs.whole_proof(item) and item.fold.since is not None]
        if code not in (9, 10) or not items or len(came) < len(items):
            return
        holders = [("ours", beliefs.stands(dossier))] if code == 9 else []
        holders += [
            (told.peer, beliefs.says(told.peer, 9, told.as_of))
            for told in dossier.peer_states
            if told.national == 9 and code == 10
        ]
        since = max(max(came), beliefs.code_since(dossier))
        severity = self.waited(context, since, dossier, items[0])
        if severity is not None:
            for who, proof in holders:
                yield self.case(view, who, severity, beliefs.moved(items[0]), proof)


class ToldReturnedNotDelivered(DossierRule):
    """E-11: 10, and the post still has the result, could not deliver it, or brings it back.

    An item that came back to the unit and was handed out there lies no more with the post.

    Nominated by: dossier ``national`` 10 or ``peers_apart``, with a RESULT_OUT item whose outcome is not delivered.
    """

    id = "E-11"
    severity = Severity.HIGH
    limits = LATE_SCAN
    remedy = "remedy.E-11"

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each who says so."""
        items = [
            one.item
            for one in beliefs.packed(view, Purpose.RESULT_OUT)
            if not beliefs.delivered(one.item) and (one.item.handed_over_at or one.item.fold.accepted_at)
        ]
        if not items:
            return
        for belief in beliefs.beliefs(view.dossier):
            severity = self.waited(context, belief.since, view.dossier, items[0]) if belief.national == 10 else None
            if severity is not None:
                yield self.case(view, belief.epoch, severity, belief.proof, beliefs.moved(items[0]))


class NothingMoves(DossierRule):
    """E-12: twenty-four office hours without any news, while the post has an item of it or it travels between units.

    An item that waits at the counter within its storage term is lawfully quiet; one that the post has not accepted is a
    D-01, and no leg of its own.

    Nominated by: an item with ``accepted_at`` and outcome open, or dossier ``state`` IN_POST or BETWEEN_UNITS.
    """

    id = "E-12"
    limits = Limits(Wait(3 * DAY_H, working=True), Wait(6 * DAY_H, working=True))
    remedy = "remedy.E-12"
    parents = ("D-01", "D-07", "D-08", "D-36")
    silenced_by = ("D-03", "D-04", "E-11", "E-13", "E-14", "E-20")

    def findings(self, view: DossierView, context: Context) -> Iterator[Finding]:
        """One case for each silence; any news ends it."""
        dossier = view.dossier
        items = [one.item for one in view.parcels if one.packing.until is None and _travels(one.item, context.now)]
        legs = () if _by_post(view) else _open_legs(dossier)
        if dossier.state in (S.VOID, S.CLOSED) or not (items or legs):
            return
        told = [item.fold.last_event_at or item.fold.accepted_at for item in items]
        told += [state.as_of for state in dossier.peer_states if not state.from_us]
        told += [leg.sent_at for leg in legs]
        since = max([beliefs.stands_since(dossier), *(at for at in told if at is not None)])
        severity = self.waited(context, since, dossier, items[0] if items else None)
        if severity is not None:
            last = beliefs.moved(items[0]) if items else beliefs.stands(dossier)
            yield self.case(view, since.isoformat(), severity, last)


def _papers_there(view: DossierView) -> dt.datetime | None:
    """When papers of the citizen came to the unit; None where there are none."""
    components = view.dossier.components
    if components and all(paper.kind == "electronic" for paper in components):
        return None
    inbound = (*beliefs.packed(view, Purpose.DOSSIER_IN), *beliefs.packed(view, Purpose.SUPPLEMENT_IN))
    came = [one.item.fold.since for one in inbound if beliefs.delivered(one.item)]
    came += [leg.received_at for leg in view.dossier.legs]
    return max((at for at in came if at is not None), default=None)


def _by_post(view: DossierView) -> bool:
    """An item carries the paper to the unit: it tells of the leg, or its silence is the item's own case."""
    carried = (*beliefs.packed(view, Purpose.DOSSIER_IN), *beliefs.packed(view, Purpose.INTER_UNIT))
    return any(one.item.handed_over_at or one.item.fold.accepted_at for one in carried)


def _open_legs(dossier: Dossier) -> tuple[Leg, ...]:
    return tuple(leg for leg in dossier.legs if leg.sent_at and not leg.received_at and not leg.done_at)


def _travels(item: Item, now: dt.datetime) -> bool:
    """The post has it by its own word and owes us news of it."""
    if item.fold.accepted_at is None or not beliefs.with_post(item):
        return False
    if item.fold.movement not in (Movement.READY_FOR_COLLECTION, Movement.HELD) or item.fold.since is None:
        return True
    return now > (item.storage_until or item.fold.since + STORAGE)
