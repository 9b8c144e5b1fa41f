"""A dossier of the world: its past on the pure table, then its life in the store."""

import dataclasses
import datetime as dt
import hashlib
import random
from typing import Any, Final, Protocol

from gateway.simulate.parcel import Parcel
from gateway.simulate.world import DAY, World
from schemas.dossier import Dossier, DossierState, PeerState
from schemas.errors import UnlawfulMove
from schemas.ids import DossierCode, DossierId, PeerId, Sha256
from schemas.message import Fact
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.stores import Tx
from tracking import transitions
from tracking.advance import advance
from tracking.deadlines import Promise
from tracking.facts import Facts
from tracking.ingest import ReportOutcome, receive_report, refold_item
from tracking.reading import load_context
from tracking.table import Trigger

PORTAL: Final = PeerId("dvcqg")
ONE_STOP: Final = PeerId("lien_thong")
CLERK: Final = "Cán bộ một cửa"


class Story(Protocol):
    """What a dossier needs of the plot it belongs to."""

    world: World
    rng: random.Random
    name: str

    def tell(self, tx: Tx, fact: Fact) -> None:
        """Who hears of a move."""
        ...


class Folder:
    """A dossier of the world. It lives in memory while its past is told, in the store from :meth:`file` on."""

    def __init__(self, plot: Story, dossier: Dossier, promise: Promise) -> None:
        self.plot = plot
        self.dossier = dossier
        self.promise = promise
        self.id: DossierId | None = None
        self.reports_n = 0
        self.archived = True
        """Whether :meth:`work_on` lets the archive take it; a plot about a closed dossier says itself when."""

        self.contradicted = False
        """The carrier contradicts itself (a loss that is none), so its unit's reports may be refused."""

    @property
    def code(self) -> DossierCode:
        """Its code."""
        return self.dossier.code

    def filed(self) -> DossierId:
        """Its row id. Raises LookupError before it is filed."""
        if self.id is None:
            raise LookupError(f"{self.code} is not filed yet")
        return self.id

    def past(self, trigger: Trigger, at: dt.datetime, **facts: Any) -> "Folder":
        """A lawful move that lies back when the dossier is filed. Raises UnlawfulMove."""
        whole = Facts(**{"promise": self.promise, **facts})
        move = transitions.decide(
            self.dossier, trigger, whole, at=at, recorded_at=at, by=CLERK, source="desk", unit=None
        )
        if isinstance(move, transitions.AlreadyDone):
            raise UnlawfulMove(f"{trigger} was done", subject=self.code)
        self.dossier = transitions.apply_move(self.dossier, move)
        return self

    def change(self, **changes: Any) -> "Folder":
        """Change the record; only before it is filed."""
        self.dossier = dataclasses.replace(self.dossier, **changes)
        return self

    def file(self, at: dt.datetime, *, portal_knows: bool = True) -> "Folder":
        """The dossier becomes a row at ``at``; the portal knows its code unless told otherwise."""

        def act(tx: Tx, now: dt.datetime) -> None:
            ready = self.dossier
            if portal_knows and ready.national is not None:
                known = PeerState(PORTAL, ready.national, ready.history[-1].at, from_us=True)
                ready = dataclasses.replace(ready, peer_states=(*ready.peer_states, known))
            self.id = tx.dossiers.add(ready).id
            self.plot.world.tellers[self.code] = self.plot.tell

        self.plot.world.at(at, act)
        return self

    def move(self, trigger: Trigger, at: dt.datetime, **facts: Any) -> None:
        """A clerk moves it at ``at``."""
        self.plot.world.at(at, lambda tx, now: self._advance(tx, trigger, Facts(**facts), now))

    def _advance(self, tx: Tx, trigger: Trigger, facts: Facts, now: dt.datetime) -> None:
        advance(
            tx,
            self.filed(),
            trigger,
            facts=facts,
            at=now,
            by=CLERK,
            source="desk",
            unit=self.dossier.competent_unit,
            tell=self.plot.tell,
            now=now,
        )

    def complete(self, at: dt.datetime) -> None:
        """A clerk finds the supplement whole; he says that it is here where the post's news is late."""

        def act(tx: Tx, now: dt.datetime) -> None:
            if tx.dossiers.get(self.filed()).state is DossierState.SUPP_IN_POST:
                self._advance(tx, Trigger.SUPPLEMENT_ARRIVED, Facts(supplement_here=True), now)
            self._advance(tx, Trigger.SUPPLEMENT_COMPLETE, Facts(promise=self.promise), now)

        self.plot.world.at(at, act)

    def amend(self, at: dt.datetime, change: Any) -> None:
        """Somebody writes into the record at ``at``, past the table: ``change`` takes and gives a dossier."""

        def act(tx: Tx, now: dt.datetime) -> None:
            tx.dossiers.put(change(tx.dossiers.get(self.filed())))

        self.plot.world.at(at, act)

    def tell_portal(self, at: dt.datetime) -> None:
        """Whatever the portal missed, it knows from ``at`` on."""

        def change(dossier: Dossier) -> Dossier:
            others = tuple(one for one in dossier.peer_states if one.peer != PORTAL)
            told = PeerState(PORTAL, dossier.national or 0, dossier.history[-1].at, from_us=True)
            return dataclasses.replace(dossier, peer_states=(*others, told))

        self.amend(at, change)

    def signed_back(self, parcel: Parcel, at: dt.datetime) -> None:
        """The sender signs for an item that came back, and the dossier follows."""

        def act(tx: Tx, now: dt.datetime) -> None:
            item = parcel.stored()
            tx.items.put(dataclasses.replace(tx.items.get(item), sender_receipt_at=at))
            refold_item(tx, item, tell=self.plot.tell, context_source=load_context, now=now)

        self.plot.world.at(at, act)

    def receipt(self, at: dt.datetime) -> None:
        """The unit signs for the paper."""
        self._report(ReportKind.RECEIVED, None, at)

    def status(self, national: int, at: dt.datetime, *, reason: str = "", refused: bool = False, **more: Any) -> None:
        """The one-stop system reports a national code; ``refused``: this plot expects that we cannot follow."""
        self._report(ReportKind.STATUS, national, at, reason=reason, refused=refused, **more)

    def _report(
        self,
        kind: ReportKind,
        national: int | None,
        at: dt.datetime,
        *,
        reason: str = "",
        refused: bool = False,
        peer: PeerId = ONE_STOP,
    ) -> None:
        self.reports_n += 1
        key = f"{self.code}/{self.reports_n}"
        digest = Sha256(hashlib.sha256(key.encode()).hexdigest())

        def act(tx: Tx, now: dt.datetime) -> None:
            report = OneStopReport(key, kind, self.code, national, at, CLERK, None, reason, (), digest)
            result = receive_report(tx, report, peer=peer, tell=self.plot.tell, context_source=load_context, now=now)
            if result.outcome is ReportOutcome.REFUSED and not (refused or self.contradicted):
                self.plot.world.slips.append(f"{self.plot.name}: {result.detail}")

        self.plot.world.at(at + dt.timedelta(minutes=self.plot.rng.randint(1, 8)), act)

    def finish(self, after: dt.datetime) -> dt.datetime:
        """The office does its work at its usual pace, from its receipt to the counter; answers when it is over."""
        rng, world = self.plot.rng, self.plot.world
        at = world.office(after, rng.uniform(0.2, 0.9))
        self.receipt(at)
        return self.work(at)

    def work(self, after: dt.datetime) -> dt.datetime:
        """From the office's receipt on: accepted and at work, then signed and handed out at the counter."""
        at = self.plot.world.office(after, self.plot.rng.uniform(0.5, 2.5))
        self.status(4, at)
        return self.work_on(at)

    def work_on(self, after: dt.datetime) -> dt.datetime:
        """From work in progress to the counter; the archive takes it the next day."""
        rng, world = self.plot.rng, self.plot.world
        over = world.office(after, rng.uniform(4.0, 18.0))
        self.status(10, over)
        if self.archived:
            self.move(Trigger.ARCHIVE, over + DAY, grace_over=True)
        return over
