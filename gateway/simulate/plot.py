"""A plot: one short story of a dossier, its papers and its parcels, and what is true of it.

A plot is planned before anything happens: every verb puts an act on the world's line or an event on a wire. Dossiers
begin with a past, made of lawful moves on the pure table; from the moment they are filed they move as in service, by
the desk's moves, by reports of the one-stop system and by what the carrier tells.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from gateway.sample import people, province
from gateway.simulate.folder import CLERK, PORTAL, Folder
from gateway.simulate.parcel import OFFICE_OF, Parcel, plain_item
from gateway.simulate.truth import Entry, Kind
from gateway.simulate.world import DAY, PLANTING_DAYS, World
from schemas.calendar import VIETNAM
from schemas.discrepancy import Subject
from schemas.dossier import (
    Channel,
    CodeAlias,
    Component,
    Dossier,
    DossierState,
    IntakeMode,
    PeerState,
    ProofKind,
    ReturnMethod,
    ReturnProof,
)
from schemas.ids import DossierId, UnitId
from schemas.message import DossierMoved, Fact
from schemas.numbers import s10
from schemas.organisation import ProcedureVersion, SupplementClock
from schemas.ports.stores import Tx
from schemas.shipment import Item, Purpose
from tracking import deadlines
from tracking.deadlines import Promise
from tracking.table import Trigger

LONG_TERM: Final = next(one for one in province.PROCEDURES if one.term.amount >= 20)
"""Twenty-two working days: no plot that is not about dates comes near its end."""


class Plot:
    """One story: ``kind`` says whether it is a fault, a look-alike, or neither."""

    def __init__(self, world: World, rule: str, kind: Kind, n: int) -> None:
        self.world = world
        self.rule = rule
        self.kind = kind
        self.n = n
        self.name = f"{rule}/{kind}/{n}"
        self.rng = world.chance(self.name)
        self.subjects: list[tuple[str, str]] = []
        self.portal_deaf = False
        """From when it is set the portal hears nothing of this plot's moves."""
        self._portal_at = world.begins
        """One message after the other: the portal never hears an older state after a newer one."""

    def begin(self, *, first: int = 0, last: int = PLANTING_DAYS) -> dt.datetime:
        """A moment at a post counter, in the mornings of the planting days."""
        day = self.world.begins + self.rng.randrange(first, last) * DAY + dt.timedelta(hours=6)
        return self.world.counter(day, self.rng.uniform(0.2, 4.5))

    def owns(self, kind: Subject, name: str) -> None:
        """A case of this subject belongs to this plot."""
        self.subjects.append((kind.value, name))

    def faulty(
        self, since: dt.datetime, why: str, *, entails: Sequence[str] = (), until: dt.datetime | None = None
    ) -> None:
        """Write the truth: the fault can be known from ``since``; ``entails`` are types that hold beside it."""
        self._write(since, why, entails, until)

    def innocent(self, since: dt.datetime, why: str, *, entails: Sequence[str] = ()) -> None:
        """Write the truth: nothing of this type is wrong here, and why it looks as if."""
        self._write(since, why, entails, None)

    def judge(self, since: dt.datetime, why: str, *, entails: Sequence[str] = ()) -> None:
        """:meth:`faulty` or :meth:`innocent`, for stories that differ only by how long something took."""
        self._write(since, why, entails, None)

    def near_unit(self) -> UnitId:
        """One of the two communes near the road."""
        return self.rng.choice((province.COMMUNE, province.OTHER_COMMUNE))

    def _write(self, since: dt.datetime, why: str, entails: Sequence[str], until: dt.datetime | None) -> None:
        entry = Entry(self.name, self.rule, self.kind, since, until, why, tuple(self.subjects), tuple(entails))
        self.world.truth.append(entry)

    def tell(self, tx: Tx, fact: Fact) -> None:
        """The router's place: the portal hears of a new code some minutes later, and believes it."""
        if not isinstance(fact, DossierMoved) or fact.step.national in (None, fact.before) or self.portal_deaf:
            return
        national, at, dossier = fact.step.national, fact.step.at, fact.dossier.id

        def heard(tx: Tx, now: dt.datetime) -> None:
            stored = tx.dossiers.get(dossier)
            listening = {PORTAL} | {one.peer for one in stored.peer_states if one.as_of <= at}
            others = tuple(one for one in stored.peer_states if one.peer not in listening)
            told = tuple(PeerState(peer, national or 0, at, from_us=True) for peer in sorted(listening))
            tx.dossiers.put(dataclasses.replace(stored, peer_states=(*others, *told)))

        self._portal_at = max(self._portal_at, self.world.now + dt.timedelta(minutes=self.rng.randint(1, 12)))
        self.world.at(self._portal_at, heard)

    # --- dossiers ----------------------------------------------------------------------------------------------------

    def lodged(self, at: dt.datetime, **more: Any) -> Folder:
        """A dossier lodged at ``at``, in memory; arguments as :meth:`draft`."""
        return self.draft(at, **more).past(Trigger.LODGE, at)

    def draft(
        self,
        at: dt.datetime,
        *,
        mode: IntakeMode = IntakeMode.DELEGATED,
        by_post: bool = False,
        procedure: ProcedureVersion = LONG_TERM,
        unit: UnitId | None = None,
        post: UnitId | None = province.POST,
    ) -> Folder:
        """A dossier begun at ``at``, in memory; ``by_post``: the citizen wants the result sent."""
        office = unit or self.rng.choice((province.COMMUNE, province.OTHER_COMMUNE))
        promise = Promise(self.world.calendar, procedure.term, SupplementClock.PAUSE)
        code = self.world.next_code(at)
        self.owns(Subject.DOSSIER, code)
        citizen = people.citizen(self.rng.randrange(10**9))
        draft = Dossier(
            id=DossierId(0),
            version=0,
            code=code,
            aliases=(CodeAlias(code, "official", at, None),),
            intake_mode=mode,
            channel=Channel.POST if post else Channel.IN_PERSON,
            procedure=procedure.code,
            procedure_version=procedure.version,
            owner=citizen,
            submitter=citizen,
            authority="self",
            receiving_unit=office,
            competent_unit=office,
            returning_unit=office,
            post_unit=post,
            state=DossierState.DRAFT,
            national=None,
            interrupted=(),
            history=(),
            submitted_at=at,
            accepted_at=None,
            closed_at=None,
            due_at=deadlines.due_at(procedure.term, at, self.world.calendar),
            due_final=False,
            calendar_version=self.world.calendar.version,
            due_history=(),
            requests=(),
            pauses=(),
            supplements=(),
            legs=(),
            components=self._papers(procedure),
            return_method=ReturnMethod.POST if by_post else ReturnMethod.COUNTER,
            return_address=citizen.address if by_post else None,
            return_proof=None,
            results=(),
            peer_states=(),
            parcels_declared=1,
            note="",
            correlation_id=self.name,
            created_at=at,
        )
        return Folder(self, draft, promise)

    def _papers(self, procedure: ProcedureVersion) -> tuple[Component, ...]:
        """What the procedure asks for, each of one to four sheets."""
        return tuple(
            Component(kind.no, kind.name, kind.kind, 1, self.rng.randrange(1, 5)) for kind in procedure.components
        )

    def inbound(
        self, at: dt.datetime, *, parts: int = 1, item: dict[str, Any] | None = None, **more: Any
    ) -> tuple[Folder, tuple[Parcel, ...]]:
        """A dossier that the post signed for at ``at``, in ``parts`` parcels; both are rows from then on."""
        folder = self.lodged(at - dt.timedelta(minutes=20), **more)
        folder.past(Trigger.POST_HAS_IT, at, post_signed=True).change(parcels_declared=parts).file(at)
        parcels = tuple(
            self.parcel(folder, Purpose.DOSSIER_IN, at, parcels_declared=parts, **(item or {})).register(at)
            for _ in range(parts)
        )
        for part, parcel in enumerate(parcels, start=1):
            parcel.pack(folder, at, part=part, parts=parts)
        return folder, parcels

    def ready(self, at: dt.datetime, **more: Any) -> Folder:
        """A dossier handed in at the office's own counter days ago whose result is signed at ``at``; not yet filed."""
        return self.working(at, **more).past(Trigger.SIGN_RESULT, at, result_codes=("KQ.G99.000001",))

    def working(self, at: dt.datetime, **more: Any) -> Folder:
        """A dossier handed in at the office's own counter days before ``at`` and at work since; not yet filed."""
        handed = self.world.office(at - 6 * DAY)
        folder = self.lodged(handed, post=None, **more)
        folder.past(Trigger.HAND_IN, handed, direct=True, receipt_at=handed)
        folder.past(Trigger.ACCEPT, self.world.office(handed, 1.0))
        return folder.past(Trigger.BEGIN_WORK, self.world.office(handed, 2.0))

    def outbound(
        self, at: dt.datetime, *, parts: int = 1, item: dict[str, Any] | None = None, **more: Any
    ) -> tuple[Folder, tuple[Parcel, ...]]:
        """A result given to the post at ``at``, signed an hour before; both are rows from then on."""
        folder = self.ready(at - dt.timedelta(hours=1), by_post=True, **more).file(at)
        parcels = tuple(
            self.parcel(folder, Purpose.RESULT_OUT, at, parcels_declared=parts, **(item or {})).register(at)
            for _ in range(parts)
        )
        for part, parcel in enumerate(parcels, start=1):
            parcel.pack(folder, at, part=part, parts=parts)
        return folder, parcels

    def handed_out(self, at: dt.datetime) -> ReturnProof:
        """The citizen's signature at the counter."""
        return ReturnProof(ProofKind.COUNTER_SIGNATURE, at, CLERK, None)

    # --- parcels -----------------------------------------------------------------------------------------------------

    def parcel(self, folder: Folder | None, purpose: Purpose, at: dt.datetime, **changes: Any) -> Parcel:
        """An item handed to the post at ``at`` for ``folder``; neither registered nor packed yet."""
        number = changes.pop("number", None) or s10.mint("EE", self.world.next_serial())
        dossier = folder.dossier if folder is not None else None
        inward = purpose in (Purpose.DOSSIER_IN, Purpose.SUPPLEMENT_IN, Purpose.INTER_UNIT)
        unit = dossier.competent_unit if dossier is not None else province.COMMUNE
        citizen = dossier.owner if dossier is not None else people.citizen(self.rng.randrange(10**9))
        office = people.citizen(0)
        office = dataclasses.replace(office, name=f"Trung tâm {unit}")
        template = plain_item(
            number,
            purpose,
            at,
            sender_unit=province.POST if inward else unit,
            receiver_unit=unit if inward else None,
            sender=citizen if inward else office,
            addressee=office if inward else citizen,
            target=OFFICE_OF[unit] if inward else self.rng.choice(("990141", "990151", "990161")),
        )
        self.owns(Subject.ITEM, number)
        return Parcel(self.world, self.rng, _changed(template, changes))


def _changed(item: Item, changes: dict[str, Any]) -> Item:
    return dataclasses.replace(item, **changes)


def weekday(at: dt.datetime) -> int:
    """0 for Monday, in Việt Nam."""
    return at.astimezone(VIETNAM).weekday()
