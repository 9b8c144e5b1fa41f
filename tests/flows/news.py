"""A store with a calendar, a procedure and one dossier at the counter, for tests that bring it news."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from gateway.storage.database import Database, open_database
from schemas.calendar import Term, TermKind
from schemas.discrepancy import Discrepancy
from schemas.dossier import Dossier, DossierState, IntakeMode
from schemas.ids import DossierCode, DossierId, ItemId, PeerId, ProcedureCode, Sha256
from schemas.message import DossierMoved, Fact
from schemas.organisation import ProcedureVersion, SupplementClock
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.stores import Tx
from schemas.shipment import Item, Packing, Purpose
from schemas.tracking import (
    EvidenceLevel,
    Movement,
    TrackingBatch,
    TrackingEvent,
)
from tests.unit.tracking.build import CARRIER, OFFICE, PEER, T0, after, calendar, dossier, item
from tracking import ingest, reading
from tracking.advance import advance
from tracking.facts import Facts
from tracking.ingest import IngestResult, ReportResult
from tracking.table import Trigger

T = TypeVar("T")
S, M = DossierState, Movement
ONE_STOP = PeerId("lien_thong")
CODE = DossierCode("000.00.01.H99-261116-0001")


class World:
    """A store with a calendar, a procedure and one dossier at the counter; remembers what the router was told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.told: list[Fact] = []

    def tell(self, tx: Tx, fact: Fact) -> None:
        self.told.append(fact)

    async def do(self, fn: Callable[[Tx], T]) -> T:
        return await self.database.write(fn)

    async def lodged(self, mode: IntakeMode = IntakeMode.FORWARDED, **changes: object) -> Dossier:
        plain = dataclasses.replace(dossier(S.DRAFT, intake_mode=mode, id=DossierId(0), version=0), **changes)  # type: ignore[arg-type]  # field values
        stored = await self.do(lambda tx: tx.dossiers.add(plain))
        return await self.move(stored, Trigger.LODGE)

    async def move(self, of: Dossier, trigger: Trigger, facts: Facts | None = None, at: dt.datetime = T0) -> Dossier:
        return await self.do(
            lambda tx: advance(
                tx,
                of.id,
                trigger,
                facts=facts or Facts(),
                at=at,
                by="An",
                source="desk",
                unit=OFFICE,
                tell=self.tell,
                now=at,
            )
        )

    async def pack(self, into: Item, of: Dossier, part: int = 1, parts: int = 1) -> Item:
        def fn(tx: Tx) -> Item:
            stored = tx.items.add(dataclasses.replace(into, id=ItemId(0), version=0))
            tx.items.pack(Packing(of.id, stored.id, part, parts, (), into.valid_from, None))
            return stored

        return await self.do(fn)

    async def hear(self, *events: TrackingEvent, now: dt.datetime | None = None, **changes: object) -> IngestResult:
        latest = now or max([T0, *(one.received_at for one in events)])
        batch = TrackingBatch(PEER, CARRIER, events, (), (), latest)
        batch = dataclasses.replace(batch, **changes)  # type: ignore[arg-type]  # field values
        return await self.do(
            lambda tx: ingest.ingest(tx, batch, tell=self.tell, context_source=reading.load_context, now=latest)
        )

    async def report(
        self,
        national: int | None,
        at: dt.datetime,
        *,
        code: str = CODE,
        now: dt.datetime | None = None,
        **changes: object,
    ) -> ReportResult:
        kind = ReportKind.RECEIVED if national is None else ReportKind.STATUS
        plain = OneStopReport(
            f"{national}@{at}", kind, DossierCode(code), national, at, "Bình", None, "", (), Sha256("2" * 64)
        )
        said = dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values
        return await self.do(
            lambda tx: ingest.receive_report(
                tx, said, peer=ONE_STOP, tell=self.tell, context_source=reading.load_context, now=now or at
            )
        )

    async def dossier(self, which: Dossier) -> Dossier:
        return await self.database.read(lambda tx: tx.dossiers.get(which.id))

    async def open_cases(self) -> dict[str, Discrepancy]:
        cases = await self.database.read(lambda tx: tx.discrepancies.open())
        return {case.rule: case for case in cases}

    def rows(self) -> list[int]:
        return [fact.step.row for fact in self.told if isinstance(fact, DossierMoved)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = open_database(f"sqlite:///{tmp_path / 'rows.db'}", blobs=tmp_path / "blobs")
    version = ProcedureVersion(
        code=ProcedureCode("1.000948"),
        version=1,
        name="Cấp bản sao trích lục hộ tịch",
        field_code="HT",
        field_name="Hộ tịch",
        competent=OFFICE,
        term=Term(TermKind.WORKING_DAYS, 5),
        fee=0,
        supplement_clock=SupplementClock.PAUSE,
        components=(),
        valid_from=dt.date(2020, 1, 1),
        valid_to=None,
    )

    def prepare(tx: Tx) -> None:
        tx.catalogue.put_calendar(calendar())
        tx.catalogue.put_procedures([version])

    await database.write(prepare)
    yield World(database)
    await database.close()


async def at_result(world: World, **changes: object) -> tuple[Dossier, Item]:
    one = await world.lodged(IntakeMode.DELEGATED)
    await world.report(9, after(2), result_codes=("12/GKS",))
    number = "EL000000014VN"
    plain = item(Purpose.RESULT_OUT, number=number, valid_from=after(3), evidence_required=EvidenceLevel.SIGNATURE)
    return one, await world.pack(dataclasses.replace(plain, **changes), one)  # type: ignore[arg-type]  # field values
