import dataclasses
import functools
from typing import Any

import pytest

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.discrepancy import Age, Discrepancy, DiscrepancyState, Proof, Severity, Subject
from schemas.errors import NotFound
from schemas.ids import DiscrepancyId, Sha256
from schemas.ports.house_stores import CaseFilter
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


async def test_the_list_is_filtered_by_rule_gravity_owner_age_and_shadow(database: Database) -> None:
    hour = 3600.0
    cases = [
        case("a", rule="D-01", severity=Severity.HIGH, owner="An", opened_at=later(0)),
        case("b", rule="D-20", owner="An", opened_at=later(20 * hour)),
        case("c", rule="D-20", opened_at=later(23 * hour), units=(PROVINCE,)),
        case("d", rule="D-20", state=DiscrepancyState.RESOLVED, opened_at=later(1)),
        case("s", rule="D-13", shadow=True, opened_at=later(2)),
    ]
    for one in cases:
        await database.write(functools.partial(_put, one))

    async def ids(**wanted: Any) -> str:
        now = later(24 * hour)
        found = await database.read(lambda tx: tx.discrepancies.search(CaseFilter(**wanted), now=now))
        return "".join(one.id for one in found)

    assert await ids() == "abc"
    assert await ids(rule="D-20") == "bc"
    assert await ids(rule="D-20", resolved=True) == "cbd"
    assert await ids(severity=Severity.HIGH) == "a"
    assert (await ids(owner="An"), await ids(owner="")) == ("ab", "c")
    assert (await ids(age=Age.HOURS_4), await ids(age=Age.HOURS_24), await ids(age=Age.DAYS_3)) == ("c", "b", "a")
    assert (await ids(shadow=True), await ids(shadow=None, units=[PROVINCE])) == ("s", "c")
    assert await ids(state=DiscrepancyState.RESOLVED, resolved=True) == "d"


async def test_cases_of_many_subjects_come_together(database: Database) -> None:
    for one in (case("a"), case("b", opened_at=later(5)), case("c", subject="8")):
        await database.write(functools.partial(_put, one))
    found = await database.read(lambda tx: tx.discrepancies.of_subjects(Subject.ITEM, ["7", "8", "9"]))
    assert {subject: "".join(one.id for one in cases) for subject, cases in found.items()} == {
        "7": "ba",
        "8": "c",
        "9": "",
    }


def test_every_age_has_one_bucket() -> None:
    hours = (0.0, 3.9, 4.0, 23.9, 24.0, 71.9, 72.0, 167.9, 168.0, 9999.0)
    buckets = [Age.of(T0, later(hour * 3600)) for hour in hours]
    assert buckets == [age for age in Age for _ in range(2)]


async def test_progress_is_kept_and_forgotten(database: Database) -> None:
    await database.write(lambda tx: tx.schedule.keep_progress("pass", "7"))
    await database.write(lambda tx: tx.schedule.keep_progress("pass", "8"))
    assert await database.read(lambda tx: tx.schedule.progress("pass")) == "8"
    await database.write(lambda tx: tx.schedule.keep_progress("pass", None))
    assert await database.read(lambda tx: tx.schedule.progress("pass")) is None
