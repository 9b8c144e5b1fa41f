"""A batch at once, in pieces and one by one comes to the same rows: items, logs and cases.

Dossiers are left out, and the cases that ask about them: a move is an act of ours, made on what was known then.
"""

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.storage.database import Database, open_database
from schemas.dossier import DossierState
from schemas.ids import DossierCode, DossierId, ItemId
from schemas.message import Fact
from schemas.ports.stores import Tx
from schemas.shipment import Packing
from schemas.tracking import Movement, TrackingBatch, TrackingEvent
from tests.unit.tracking.build import CARRIER, PEER, T0, after, calendar, dossier, event, item
from tracking import ingest, reading

NOW = after(days=10)
NUMBERS = ("EL000000005VN", "EL000000014VN", "EL000000028VN", "EL000000031VN")
"""The last one is registered by nobody."""


def _world(tx: Tx) -> None:
    tx.catalogue.put_calendar(calendar())
    for n, number in enumerate(NUMBERS[:3]):
        stored = tx.items.add(item(number=number, reference=f"R-{n}", id=ItemId(0), version=0))
        if n < 2:
            code = DossierCode(f"000.00.01.H99-261116-000{n}")
            inside = tx.dossiers.add(dossier(DossierState.LODGED, id=DossierId(0), version=0, code=code, national=1))
            tx.items.pack(Packing(inside.id, stored.id, 1, 1, (), T0, None))


def _told(chance: random.Random) -> list[TrackingEvent]:
    """Distinct events of four items, some unknown, corrected, taken back, forecast, future, told twice."""
    told: list[TrackingEvent] = []
    for n in range(chance.randint(5, 30)):
        movement = chance.choice([*Movement, None, None])
        number = chance.choice(NUMBERS)
        one = event(movement, after(chance.randint(-50, 60)), number=number, carrier_event_id=f"id-{n}")
        changes: dict[str, Any] = {"received_at": NOW}
        if told and chance.random() < 0.2:
            changes["supersedes"] = chance.choice(told).carrier_event_id
        if chance.random() < 0.1:
            changes["forecast"] = True
        if chance.random() < 0.1:
            changes |= {"occurred": event(None, after(days=300)).occurred}
        told.append(dataclasses.replace(one, **changes))
    told += chance.sample(told, k=len(told) // 4)
    told += [dataclasses.replace(one, withdrawn=True) for one in chance.sample(told, k=len(told) // 8)]
    return told


def _nobody(tx: Tx, fact: Fact) -> None:
    pass


async def _come_to(folder: Path, pieces: Sequence[Sequence[TrackingEvent]]) -> dict[str, Any]:
    folder.mkdir()
    database = open_database(f"sqlite:///{folder / 'gateway.sqlite'}", blobs=folder / "blobs")
    try:
        await database.write(_world)
        for piece in pieces:
            batch = TrackingBatch(PEER, CARRIER, tuple(piece), (), (), NOW)

            def take(tx: Tx, batch: TrackingBatch = batch) -> None:
                ingest.ingest(tx, batch, tell=_nobody, context_source=reading.load_context, now=NOW)

            await database.write(take)
        return await _rows(database)
    finally:
        await database.close()


async def _rows(database: Database) -> dict[str, Any]:
    def read(tx: Tx) -> dict[str, Any]:
        items = [tx.items.find_number(number) for number in NUMBERS]
        known = [one for found in items for one in found]
        return {
            "items": [dataclasses.replace(one, version=0, id=ItemId(0)) for one in known],
            "logs": [tx.events.of_item(one.id) for one in known],
            "cases": {
                (one.number, case.rule, case.epoch, case.severity, case.evidence)
                for one in known
                if not reading.dossiers_inside(tx, [one.id])
                for case in tx.discrepancies.of_subject("item", str(one.id))  # type: ignore[arg-type]  # its value
                if case.resolved_at is None
            },
        }

    return await database.read(read)


@pytest.mark.parametrize("seed", range(12))
async def test_at_once_in_pieces_and_one_by_one_come_to_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    told = _told(chance)
    cut = sorted(chance.sample(range(len(told)), k=min(3, len(told))))
    pieces = [told[a:b] for a, b in zip([0, *cut], [*cut, len(told)], strict=True) if told[a:b]]
    at_once = await _come_to(tmp_path / "once", [told])
    in_pieces = await _come_to(tmp_path / "pieces", pieces)
    one_by_one = await _come_to(tmp_path / "single", [[one] for one in told])
    for name, rows in at_once.items():
        assert in_pieces[name] == rows, name
        assert one_by_one[name] == rows, name


async def test_a_correction_that_comes_before_what_it_corrects_takes_it_back(tmp_path: Path) -> None:
    wrong = event(Movement.DELIVERED, after(5), carrier_event_id="1")
    right = event(Movement.ATTEMPT_FAILED, after(5), carrier_event_id="2", supersedes="1")
    for n, told in enumerate(([wrong, right], [right, wrong])):
        rows = await _come_to(tmp_path / str(n), [[one] for one in told])
        (log,) = rows["logs"][:1]
        assert [(one.event.code, one.withdrawn_at is not None) for one in log] == [
            ("attempt_failed", False),
            ("delivered", True),
        ]
        assert rows["items"][0].fold.movement is Movement.ATTEMPT_FAILED
