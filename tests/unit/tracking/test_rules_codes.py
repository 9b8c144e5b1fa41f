from typing import Any

import pytest

from schemas.discrepancy import Severity
from schemas.shipment import Purpose
from schemas.tracking import Movement, StoredEvent
from tests.unit.tracking.build import after, event, stored
from tests.unit.tracking.seen import at, seen
from tracking.rules.codes import OrphanEvent, UnknownCode

M = Movement


def test_d35_is_one_case_for_each_unknown_code_and_low_for_feeds_known_to_be_incomplete() -> None:
    events = [stored(event(None, after(hours), code=code)) for code, hours in (("X7", 1), ("X7", 2), ("X8", 3))]
    found = list(UnknownCode().findings(seen(*events), at(4)))
    assert [(one.epoch, one.severity) for one in found] == [("test|X7", Severity.MEDIUM), ("test|X8", Severity.MEDIUM)]
    poor = seen(stored(event(None, after(1), code="1", any_row_means_accepted=True)))
    assert [one.severity for one in UnknownCode().findings(poor, at(4))] == [Severity.LOW]


def orphan(**changes: Any) -> StoredEvent:
    return stored(event(M.IN_TRANSIT, after(-5), received_at=after(0), **changes), quarantine="EV-14")


@pytest.mark.parametrize(
    ("hours", "severity"), [(23.9, None), (24, Severity.LOW), (719.9, Severity.LOW), (720, Severity.MEDIUM)]
)
def test_d40_holds_an_orphan_a_day_in_silence_and_a_month_softly(hours: float, severity: Severity | None) -> None:
    found = list(OrphanEvent().findings(seen(orphan(), purpose=Purpose.UNKNOWN), at(hours)))
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_d40_closes_when_the_item_is_registered_late_or_the_event_is_taken_back() -> None:
    assert not list(OrphanEvent().findings(seen(stored(event(M.IN_TRANSIT, after(1)))), at(99)))
    assert not list(OrphanEvent().findings(seen(orphan(withdrawn=True), purpose=Purpose.UNKNOWN), at(99)))
