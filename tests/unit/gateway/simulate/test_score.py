"""Recall, precision and hours, from hand-made truth and cases."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from gateway.simulate import truth
from gateway.simulate.score import Named, score
from gateway.simulate.truth import Entry, Kind
from schemas.discrepancy import Discrepancy, DiscrepancyState, Severity, Subject
from schemas.ids import DiscrepancyId
from tests.unit.tracking.build import T0, after

ITEM = ("item", "EE000000005VN")


def entry(
    plot: str = "D-01/fault/0", *, kind: Kind = Kind.FAULT, subject: tuple[str, str] = ITEM, **more: object
) -> Entry:
    plain = Entry(plot, plot.partition("/")[0], kind, T0, None, "why", (subject,), ())
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def case(rule: str = "D-01", *, hours: float = 5, subject: tuple[str, str] = ITEM, **more: object) -> Named:
    plain = Discrepancy(
        id=DiscrepancyId(f"{rule}|{subject[1]}|{hours}"),
        rule=rule,
        subject_kind=Subject(subject[0]),
        subject=subject[1],
        epoch="",
        severity=Severity.HIGH,
        state=DiscrepancyState.OPEN,
        shadow=False,
        opened_at=after(hours),
        acknowledged_at=None,
        resolved_at=None,
        reopened_at=None,
        owner="",
        parent=None,
        evidence=(),
        remedy="",
        reason="",
        resolved_by="",
        second_person="",
        units=(),
    )
    return Named(dataclasses.replace(plain, **more), subject)  # type: ignore[arg-type]  # fields by name


def test_a_fault_that_a_case_names_is_found_and_the_hours_are_counted_from_the_fault() -> None:
    told = score([entry()], [case(hours=30), case(hours=5)])
    assert (told.recall, told.precision) == (1.0, 1.0)
    assert told.types["D-01"].hours_p50 == 5.0
    assert (told.missed, told.false_alarms) == ((), ())


def test_a_fault_without_a_case_is_missed_by_name() -> None:
    told = score([entry()], [])
    assert told.recall == 0.0
    assert told.missed == ("D-01/fault/0: why",)


def test_a_case_of_another_type_on_the_same_subject_is_a_false_alarm() -> None:
    told = score([entry()], [case(), case("D-20")])
    assert told.precision == 0.5
    assert [(one.rule, one.plot) for one in told.false_alarms] == [("D-20", "D-01/fault/0")]


def test_what_a_fault_entails_is_neither_asked_for_nor_held_against_the_rule() -> None:
    told = score([entry(entails=("D-20",))], [case(), case("D-20")])
    assert told.precision == 1.0
    assert told.types["D-20"].planted == 0


def test_a_look_alike_that_fools_its_rule_counts_against_it_and_in_fooled() -> None:
    told = score([entry("D-01/mimic/0", kind=Kind.MIMIC)], [case()])
    assert told.types["D-01"].fooled == 1
    assert told.precision == 0.0


def test_an_alarm_that_closed_by_itself_is_still_a_false_alarm() -> None:
    told = score([entry("D-01/mimic/0", kind=Kind.MIMIC)], [case(state=DiscrepancyState.RESOLVED)])
    assert len(told.false_alarms) == 1


@pytest.mark.parametrize(("planted", "said", "found"), [("D-01", "D-08", 1), ("D-09", "D-10", 1), ("D-08", "D-01", 0)])
def test_an_escalation_is_the_same_case_grown_and_never_the_other_way(planted: str, said: str, found: int) -> None:
    assert score([entry(f"{planted}/fault/0")], [case(said)]).types[planted].found == found


def test_children_count_with_their_parent() -> None:
    feed = ("feed", "postal_soap")
    parent = case("D-36", subject=feed)
    child = case("D-01", parent=parent.case.id, subject=("item", "EE000000014VN"))
    ordinary = entry("/ordinary/0", kind=Kind.ORDINARY, subject=("item", "EE000000014VN"))
    right = score([entry("D-36/fault/0", subject=feed), ordinary], [parent, child])
    assert right.false_alarms == ()
    wrong = score([entry("D-36/mimic/0", kind=Kind.MIMIC, subject=feed), ordinary], [parent, child])
    assert [one.rule for one in wrong.false_alarms] == ["D-36", "D-01"]


def test_outages_of_one_feed_are_told_apart_by_their_time() -> None:
    feed = ("feed", "dvcqg")
    first = entry("D-36/fault/0", subject=feed, until=after(6))
    second = entry("D-36/fault/1", subject=feed, since=after(48), until=after(54))
    told = score([first, second], [case("D-36", subject=feed, hours=50)])
    assert told.missed == ("D-36/fault/0: why",)


def test_the_truth_comes_back_from_its_file(tmp_path: Path) -> None:
    entries = (entry(entails=("D-08",)), entry("D-36/fault/0", until=T0 + dt.timedelta(hours=3)))
    truth.write(tmp_path / "truth.jsonl", entries)
    assert truth.read(tmp_path / "truth.jsonl") == entries
