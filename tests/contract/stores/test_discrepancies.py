import dataclasses
import functools
from typing import Any

import pytest

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.discrepancy import Discrepancy, DiscrepancyState, Proof, Severity, Subject
from schemas.errors import NotFound
from schemas.ids import DiscrepancyId, Sha256
from tests.contract.stores.records import COMMUNE, POST, PROVINCE, T0, later


def case(name: str, **changes: Any) -> Discrepancy:
    whole = Discrepancy(
        id=DiscrepancyId(name),
        rule="D-19",
        subject_kind=Subject.ITEM,
        subject="7",
        epoch="1",
        severity=Severity.MEDIUM,
        state=DiscrepancyState.OPEN,
        shadow=False,
        opened_at=T0,
        acknowledged_at=None,
        resolved_at=None,
        reopened_at=None,
        owner="",
        parent=None,
        evidence=(Proof("event", "7/…", "đã phát", T0, Sha256("ab" * 32)),),
        remedy="remedy.ask_proof",
        reason="",
        resolved_by="",
        second_person="",
        units=(COMMUNE, POST),
    )
    return dataclasses.replace(whole, **changes)


def _put(one: Discrepancy, tx: GatewayTx) -> None:
    tx.discrepancies.put(one)


async def test_cases_are_listed_by_state_gravity_age_and_unit(database: Database) -> None:
    cases = [
        case("a", severity=Severity.LOW),
        case("b", severity=Severity.HIGH, opened_at=later(5)),
        case("c", severity=Severity.HIGH, units=(PROVINCE,)),
        case("d", state=DiscrepancyState.RESOLVED, resolved_at=later(9), opened_at=later(9)),
        case("e", units=(), opened_at=later(7), subject="8"),
    ]
    for one in cases:
        await database.write(functools.partial(_put, one))
    store = database.read

    def ids(found: tuple[Discrepancy, ...]) -> str:
        return "".join(one.id for one in found)

    assert await store(lambda tx: tx.discrepancies.get(DiscrepancyId("a"))) == cases[0]
    assert await store(lambda tx: ids(tx.discrepancies.open())) == "cbea"
    assert await store(lambda tx: ids(tx.discrepancies.open(units=[COMMUNE], limit=9))) == "ba"
    assert await store(lambda tx: ids(tx.discrepancies.open(units=[]))) == ""
    assert await store(lambda tx: ids(tx.discrepancies.list())) == "debac"
    assert await store(lambda tx: ids(tx.discrepancies.of_subject(Subject.ITEM, "7"))) == "dbac"


async def test_a_case_is_replaced_with_its_units(database: Database) -> None:
    await database.write(lambda tx: tx.discrepancies.put(case("a")))
    changed = case("a", units=(PROVINCE,), state=DiscrepancyState.ACKNOWLEDGED)
    await database.write(lambda tx: tx.discrepancies.put(changed))
    assert await database.read(lambda tx: tx.discrepancies.open(units=[COMMUNE])) == ()
    assert await database.read(lambda tx: tx.discrepancies.open(units=[PROVINCE])) == (changed,)
    assert await database.read(lambda tx: tx.discrepancies.find(DiscrepancyId("z"))) is None
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.discrepancies.get(DiscrepancyId("z")))
