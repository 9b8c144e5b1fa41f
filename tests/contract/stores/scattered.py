"""A store in which anything may stand: items with logs, dossiers, packings, bags, in every lawful and unlawful mixture.

Folds are what the logs come to and national codes are those of the states, as the house writes them; everything else is
drawn without regard to what could have happened.
"""

import dataclasses
import datetime as dt
import random
from collections.abc import Sequence
from typing import Any, TypeVar

from schemas.bag import Bag, BagLine, HandoverManifest, ManifestLine, ManifestParty, Seal
from schemas.dossier import (
    Component,
    Dossier,
    DossierState,
    IntakeMode,
    Leg,
    Pause,
    PauseEffect,
    PeerState,
    ProofKind,
    Request,
    RequestKind,
    ReturnMethod,
    ReturnProof,
    Step,
    Supplement,
)
from schemas.ids import BagNumber, DossierCode, DossierId, ItemId, PeerId, UnitId
from schemas.invoice import Corridor, ServiceProfile
from schemas.numbers import s10
from schemas.ports.stores import Tx
from schemas.shipment import ExpectedOffice, Item, Packing, Purpose
from schemas.tracking import Direction, EvidenceLevel, Mapped, MoneyLine, Movement, Outcome, Recipient, TrackingEvent
from tests.unit.tracking.build import CARRIER, OFFICE, OUTCOMES, PEER, POST, after, calendar, dossier, event, item
from tracking import normalise, reading, status
from tracking.table import CODE_OF

T = TypeVar("T")

PEERS = (PEER, PeerId("postal_soap"))
OFFICES = ("330000", "331100", "100000")
_STORIES: tuple[Any, ...] = (
    (DossierState.IN_POST, Purpose.DOSSIER_IN, Movement.ACCEPTED, Movement.DELIVERED),
    (DossierState.RETURNED, Purpose.RESULT_OUT, Movement.ACCEPTED, Movement.DELIVERED),
    (DossierState.WITHDRAWN, Purpose.DOSSIER_IN, Movement.ACCEPTED, Movement.IN_TRANSIT),
    (DossierState.ACCEPTED, Purpose.DOSSIER_IN, Movement.ACCEPTED),
    (DossierState.REFUSED, Purpose.DOSSIER_IN, Movement.ACCEPTED, Movement.DELIVERED),
    (DossierState.SUPP_ASKED, Purpose.REQUEST_OUT, Movement.ACCEPTED),
)
_USUAL = tuple(
    state
    for state in DossierState
    if state in (DossierState.LODGED, DossierState.IN_POST, DossierState.ARRIVED, DossierState.RESULT_IN_POST)
    or CODE_OF.get(state) in (5, 6, 8, 10)
)
"""States whose rules need an item in a certain state as well."""
SPAN_H = 900.0
"""Five weeks: every limit of the catalogue ends within them."""


class Scatter:
    """Draws records with one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def maybe(self, value: T, likely: float = 0.5) -> T | None:
        """The value, or None."""
        return value if self.chance.random() < likely else None

    def moment(self, low: float = 0.0, high: float = SPAN_H) -> dt.datetime:
        """A moment so many hours after T0, to the minute; early ones are likelier."""
        return after(minutes=int((low + (high - low) * self.chance.random() ** 2) * 60))

    def some(self, low: float = 0.0, likely: float = 0.5) -> dt.datetime | None:
        """A moment, or None."""
        return self.maybe(self.moment(low), likely)

    def store(self, tx: Tx) -> dt.datetime:
        """Fill the store; answers a moment to judge it at."""
        self.trade(tx)
        tx.catalogue.put_calendar(calendar(("2026-11-20", False, "holiday")))
        dossiers = [tx.dossiers.add(self.dossier(n)) for n in range(self.chance.randint(1, 5))]
        known: list[str] = []
        for n in range(self.chance.randint(1, 5)):
            inside = [one for one in dossiers if self.chance.random() < 0.7]
            told = self.item(n)
            if known and self.chance.random() < 0.2:
                told = dataclasses.replace(told, number=self.chance.choice(known), valid_from=self.moment())
            stored = tx.items.add(told)
            known += [stored.number] if stored.number else []
            for one in inside:
                since = self.moment(0, 200)
                tx.items.pack(Packing(one.id, stored.id, 1, 1, (), since, self.some(0, 0.15)))
            self.log(tx, stored)
            if self.chance.random() < 0.2:
                self.bag(tx, n, stored)
        self.story(tx)
        return self.moment(1, SPAN_H * 1.2)

    def story(self, tx: Tx) -> None:
        """One of the conjunctions that chance alone would take thousands of stores to meet."""
        state, purpose, *moves = self.chance.choice(_STORIES)
        made = [self._told(tx, state, n) for n in (70, 71)]
        items = [self._sent(tx, purpose, n, moves) for n in (90, 91)]
        for one in made[: self.chance.choice((1, 2))]:
            for each in items[: self.chance.choice((1, 2))]:
                tx.items.pack(Packing(one.id, each.id, 1, 1, (), after(), None))
        swapped = (("present", "missing"), ("", "present"))
        lines = tuple(
            ManifestLine(one.id, one.number or "?", None, gave, took, None)
            for one, (gave, took) in zip(items, swapped, strict=True)
        )
        bag = tx.bags.put(Bag(BagNumber("T-s"), 0, POST, OFFICE, (), after(1), after(9), None, None, (), "M-s"))
        parties = ManifestParty(POST, "An", after(1), None), ManifestParty(OFFICE, "Bình", after(9), None)
        tx.bags.put_manifest(HandoverManifest("M-s", 1, bag.number, *parties, lines, None, None, None))

    def _told(self, tx: Tx, state: DossierState, n: int) -> Dossier:
        code, other = CODE_OF.get(state), UnitId(f"unit-{n}")
        steps = (Step(2, state, code, after(), after(), "An", "desk", OFFICE),)
        return tx.dossiers.add(
            dossier(
                state,
                id=DossierId(0),
                version=0,
                code=DossierCode(f"000.00.01.H99-261117-{n:04d}"),
                national=code,
                history=steps,
                receiving_unit=other,
                competent_unit=other,
                peer_states=(PeerState(PEERS[1], 9, after(1)),),
            )
        )

    def _sent(self, tx: Tx, purpose: Purpose, n: int, moves: Sequence[Movement]) -> Item:
        number = s10.mint("CP", n)
        expected = (ExpectedOffice(OFFICES[1], after(), "booked"),)
        plain = item(purpose, id=ItemId(0), version=0, number=number, origin_office=OFFICES[0])
        declared = self.chance.choice((1, 3))
        stored = tx.items.add(dataclasses.replace(plain, expected_offices=expected, parcels_declared=declared))
        told = [event(move, after(2 + 3 * hour), number=number, office=OFFICES[2]) for hour, move in enumerate(moves)]
        tx.events.append(stored.id, [(one, None) for one in told])
        view = reading.item_view(tx, stored.id)
        return tx.items.put(dataclasses.replace(view.item, fold=status.fold(view.events, context=view.folding)))

    def trade(self, tx: Tx) -> None:
        """What was agreed with the carrier: a corridor, and which data may come."""
        day = after().date() - dt.timedelta(days=400)
        if self.chance.random() < 0.5:
            tx.trade.put_corridors([Corridor(CARRIER, OFFICES[0], OFFICES[1], (), day, None)])
        if self.chance.random() < 0.3:
            tx.trade.put_profiles([ServiceProfile(CARRIER, "HCC", (), day, None)])

    def item(self, n: int) -> Item:
        number = s10.mint("EL", n + 100 * self.chance.randrange(90))
        if self.chance.random() < 0.15:
            number = number[:10] + str((int(number[10]) + 1) % 10) + number[11:]
        return item(
            self.chance.choice((*Purpose, *(Purpose.DOSSIER_IN, Purpose.RESULT_OUT) * 4)),
            id=ItemId(0),
            version=0,
            number=self.maybe(number, 0.9),
            origin_office=self.chance.choice(("", *OFFICES)),
            handed_over_at=self.some(likely=0.7),
            promised_at=self.some(likely=0.4),
            storage_until=self.some(likely=0.3),
            attempt_max=self.chance.choice((0, 1, 2)),
            evidence_required=self.chance.choice(list(EvidenceLevel)),
            expected_offices=(ExpectedOffice(OFFICES[0], after(), "booked"),) if self.chance.random() < 0.5 else (),
            receiver_unit=self.maybe(OFFICE, 0.9),
            sender_receipt_at=self.some(likely=0.1),
            inquiry_at=self.some(likely=0.2),
            recall_at=self.some(likely=0.2),
            cod_due=self.chance.choice((0, 0, 50_000)),
            parcels_declared=self.chance.choice((1, 1, 2)),
            weight_g=self.maybe(100 + self.chance.randrange(100)),
        )

    def log(self, tx: Tx, of: Item) -> None:
        """A log in any order, and the fold that it comes to."""
        told = [self.event(of) for _ in range(self.chance.choice((0, 0, 1, 2, 3, 5)))]
        answers = tx.events.append(of.id, [(one, self.quarantine(one, of)) for one in told])
        for appended in answers:
            if self.chance.random() < 0.15:
                gone = appended.event.event.received_at + dt.timedelta(hours=self.chance.choice((1, 60)))
                tx.events.withdraw(of.id, normalise.key_of(appended.event.event), gone)
        view = reading.item_view(tx, of.id)
        tx.items.put(dataclasses.replace(view.item, fold=status.fold(view.events, context=view.folding)))

    def quarantine(self, told: TrackingEvent, of: Item) -> str | None:
        return normalise.quarantine_reason(told, of)

    def event(self, of: Item) -> TrackingEvent:
        at = self.moment(-20)
        movement = self.maybe(self.chance.choice(list(Movement)), 0.92)
        proof = self.chance.choice(list(EvidenceLevel))
        direction = self.chance.choice((Direction.FORWARD, Direction.FORWARD, Direction.RETURN))
        changes: dict[str, Any] = {}
        if movement is not None:
            outcome = OUTCOMES.get(movement, Outcome.OPEN)
            changes["mapped"] = Mapped(movement, outcome, direction, proof, action=self.maybe("money", 0.05))
        relation = self.chance.choice(("neighbour", "SELF", "Clerk", ""))
        return event(
            movement,
            at,
            code=f"{movement}|{self.chance.randrange(2)}" if movement else f"X{self.chance.randrange(3)}",
            source=self.chance.choice(PEERS),
            number=of.number,
            office=self.chance.choice(OFFICES),
            received_at=at + dt.timedelta(hours=self.chance.choice((-30, 0.1, 0.1, 40))),
            forecast=self.chance.random() < 0.05,
            any_row_means_accepted=self.chance.random() < 0.1,
            recipient=self.maybe(Recipient(relation, None), 0.4),
            money=(MoneyLine("fee", 50_000),) if self.chance.random() < 0.1 else (),
            weight_g=self.maybe(150, 0.2),
            **changes,
        )

    def dossier(self, n: int) -> Dossier:
        state = self.chance.choice((*DossierState, *_USUAL * 2))
        national = self.maybe(CODE_OF.get(state), 0.9)
        plain = dossier(
            state,
            id=DossierId(0),
            version=0,
            code=DossierCode(f"000.00.01.H99-261116-{n:04d}"),
            national=national,
            intake_mode=self.chance.choice(list(IntakeMode)),
            return_method=self.chance.choice(list(ReturnMethod)),
            history=self.steps(state, national),
            accepted_at=self.some(),
            closed_at=self.some() if state in (DossierState.CLOSED, DossierState.RETURNED) else None,
            due_at=self.some(),
            due_final=self.chance.random() < 0.7,
            legs=tuple(self.leg() for _ in range(self.chance.choice((0, 0, 1, 2)))),
            pauses=tuple(self.pause() for _ in range(self.chance.choice((0, 0, 1)))),
            requests=tuple(self.request() for _ in range(self.chance.choice((0, 0, 1)))),
            supplements=tuple(self.supplement(no) for no in range(1, self.chance.choice((1, 1, 2, 3)))),
            components=self.components(),
            return_proof=self.maybe(ReturnProof(ProofKind.POSTAL, self.moment(), "An", None), 0.3),
            peer_states=self.peer_states(national),
            parcels_declared=self.chance.choice((1, 1, 2)),
        )
        return plain

    def steps(self, state: DossierState, national: int | None) -> tuple[Step, ...]:
        states = [self.chance.choice(list(DossierState)) for _ in range(self.chance.choice((0, 1, 2)))]
        told = [(one, CODE_OF.get(one)) for one in states] + [(state, national)]
        moments = sorted(self.moment() for _ in told)
        return tuple(
            Step(self.chance.choice((2, 4, 28, 31, 32)), one, code, at, at, "An", "desk", OFFICE)
            for (one, code), at in zip(told, moments, strict=True)
        )

    def leg(self) -> Leg:
        other = UnitId("so-tu-phap")
        target = self.chance.choice((OFFICE, other))
        return Leg(POST, target, self.some(), self.some(), self.some(), self.some(likely=0.2))

    def request(self) -> Request:
        kind = self.chance.choice(list(RequestKind))
        return Request(kind, self.moment(), self.maybe(50_000), self.some(), self.some(likely=0.3))

    def pause(self) -> Pause:
        since = self.moment()
        return Pause(RequestKind.SUPPLEMENT, since, self.maybe(since + dt.timedelta(days=6), 0.7), PauseEffect.PAUSE)

    def supplement(self, n: int) -> Supplement:
        return Supplement(n, self.moment(), self.some(), self.some(), self.some(likely=0.3))

    def components(self) -> tuple[Component, ...]:
        seen = self.chance.choice((None, 3, 3, 2))
        return (Component(1, "Đơn", "original", 1, 3, self.chance.choice((None, 3, 2)), seen),)

    def peer_states(self, national: int | None) -> tuple[PeerState, ...]:
        told = [(peer, self.maybe(national or 1, 0.6) or self.chance.randint(1, 10)) for peer in PEERS]
        return tuple(
            PeerState(peer, code, self.moment(), from_us=self.chance.random() < 0.5)
            for peer, code in told
            if self.chance.random() < 0.5
        )

    def bag(self, tx: Tx, n: int, holds: Item) -> None:
        number = BagNumber(f"T{n}")
        line = BagLine(1, holds.id, holds.number or "?", self.moment(), self.some())
        seal = Seal("S1", self.moment(), self.some(), "An")
        closed, opened = self.some(), self.some()
        weights = self.maybe(1_000), self.maybe(self.chance.choice((1_000, 1_400)))
        name = f"M{n}"
        stored = tx.bags.put(
            Bag(number, 0, POST, OFFICE, (seal,), closed, opened, weights[0], weights[1], (line,), name)
        )
        taker = self.chance.choice(("present", "missing", "extra", None))
        signed = ManifestParty(POST, "An", self.some(), None), ManifestParty(OFFICE, "Bình", self.some(), None)
        lines = (ManifestLine(holds.id, holds.number or "?", None, "present", taker, None),)
        declared = self.maybe("S1"), self.maybe(self.chance.choice(("S1", "S2")))
        tx.bags.put_manifest(HandoverManifest(name, 1, stored.number, *signed, lines, *declared, None))
