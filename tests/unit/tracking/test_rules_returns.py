import dataclasses
from typing import Any

import pytest

from schemas.discrepancy import Severity
from schemas.dossier import DossierState
from schemas.shipment import Purpose
from schemas.tracking import Direction, Movement
from tests.unit.tracking.build import after, dossier, event, log, mapped, stored
from tests.unit.tracking.seen import at, seen, step
from tracking import reconcile
from tracking.rules.catalogue import ITEM_RULES
from tracking.rules.returns import AttemptsExhausted, CounterTermEnding, ReturnedNotReceipted, UndeliverableReturning
from tracking.rules.views import ItemView

S, M = DossierState, Movement


def back(*steps: tuple[Movement, float], **changes: Any) -> ItemView:
    return seen(*log((M.ACCEPTED, 1), (M.RETURNING, 10), *steps), **changes)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_d14_is_for_every_purpose_inbound_too(purpose: Purpose) -> None:
    (found,) = UndeliverableReturning().findings(back(purpose=purpose), at(11))
    assert (found.severity, found.evidence[0].at) == (Severity.HIGH, after(10))


def test_d14_keeps_its_case_while_the_item_goes_back_and_closes_with_the_senders_receipt() -> None:
    (going,) = UndeliverableReturning().findings(back(), at(11))
    (arrived,) = UndeliverableReturning().findings(back((M.RETURNED, 20)), at(21))
    assert going.epoch == arrived.epoch
    assert not list(UndeliverableReturning().findings(back((M.RETURNED, 20), sender_receipt_at=after(22)), at(23)))
    received = dossier(S.RESULT_BACK, history=(step(S.RESULT_BACK, 28, 9, 22),))
    assert not list(UndeliverableReturning().findings(back((M.RETURNED, 20), inside=(received,)), at(23)))


def test_d14_is_silent_for_the_look_alikes() -> None:
    rule = UndeliverableReturning()
    assert not list(rule.findings(back(recall_at=after(9)), at(99))), "we asked for it"
    assert not list(rule.findings(seen(*log((M.ACCEPTED, 1), (M.ATTEMPT_FAILED, 5))), at(99))), "not decided yet"
    asked = stored(event(M.RETURNING, after(10), forecast=True))
    assert not list(rule.findings(seen(*log((M.ACCEPTED, 1)), asked), at(99))), "only announced"
    assert not list(rule.findings(back((M.LOST, 20)), at(99))), "lost on the way: D-39"


def test_d14_knows_a_return_by_its_direction_alone() -> None:
    turned = dataclasses.replace(mapped(M.IN_TRANSIT), direction=Direction.RETURN)
    view = seen(*log((M.ACCEPTED, 1)), stored(event(M.IN_TRANSIT, after(10), mapped=turned)))
    assert [one.evidence[0].at for one in UndeliverableReturning().findings(view, at(11))] == [after(10)]


@pytest.mark.parametrize(
    ("hours", "severity"), [(43.9, None), (44, Severity.MEDIUM), (67.9, Severity.MEDIUM), (68, Severity.HIGH)]
)
def test_d15_gives_the_sender_a_day_to_sign(hours: float, severity: Severity | None) -> None:
    found = list(ReturnedNotReceipted().findings(back((M.RETURNED, 20)), at(hours)))
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_d15_says_more_than_d14_and_both_end_with_the_receipt() -> None:
    told = [one.rule for one in reconcile.findings(ITEM_RULES, back((M.RETURNED, 20)), at(60))]
    assert "D-15" in told and "D-14" not in told
    assert not list(ReturnedNotReceipted().findings(back((M.RETURNED, 20), sender_receipt_at=after(30)), at(99)))
    assert not list(ReturnedNotReceipted().findings(seen(*log((M.DELIVERED, 20))), at(99))), "a delivery"


def failed(*extra: tuple[Movement, float], attempts: int = 2) -> ItemView:
    tries = [(M.ATTEMPT_FAILED, 5.0 * n) for n in range(1, attempts + 1)]
    return seen(*log((M.ACCEPTED, 1), *tries, *extra))


@pytest.mark.parametrize(
    ("hours", "severity"), [(33.9, None), (34, Severity.LOW), (57.9, Severity.LOW), (58, Severity.MEDIUM)]
)
def test_d16_waits_a_day_after_the_last_attempt(hours: float, severity: Severity | None) -> None:
    assert [one.severity for one in AttemptsExhausted().findings(failed(), at(hours))] == (
        [severity] if severity else []
    )


def test_d16_is_silent_for_the_look_alikes() -> None:
    rule = AttemptsExhausted()
    assert not list(rule.findings(failed(attempts=1), at(99))), "one attempt is left"
    for decided in (M.READY_FOR_COLLECTION, M.RETURNING, M.OUT_FOR_DELIVERY, M.DELIVERED, M.HELD):
        assert not list(rule.findings(failed((decided, 20)), at(99))), decided
    kept = dataclasses.replace(mapped(M.ATTEMPT_FAILED), action="B")
    with_action = seen(*log((M.ATTEMPT_FAILED, 5)), stored(event(M.ATTEMPT_FAILED, after(10), mapped=kept)))
    assert not list(rule.findings(with_action, at(99))), "an action was told with the attempt"
    unlimited = dataclasses.replace(failed().item, attempt_max=0)
    assert not list(rule.findings(dataclasses.replace(failed(), item=unlimited), at(99))), "no limit is agreed"


WAITING = log((M.ACCEPTED, 1), (M.READY_FOR_COLLECTION, 10))


@pytest.mark.parametrize(
    ("hours", "severity"), [(51.9, None), (52, Severity.MEDIUM), (99.9, Severity.MEDIUM), (100, Severity.HIGH)]
)
def test_d17_warns_two_days_before_the_term_ends_and_is_grave_when_it_is_over(
    hours: float, severity: Severity | None
) -> None:
    found = list(CounterTermEnding().findings(seen(*WAITING, storage_until=after(100)), at(hours)))
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_d17_takes_ten_days_where_nobody_told_the_term() -> None:
    assert not list(CounterTermEnding().findings(seen(*WAITING), at(days=8, hours=9)))
    assert list(CounterTermEnding().findings(seen(*WAITING), at(days=8, hours=10)))


def test_d17_closes_when_the_item_is_taken_or_goes_back_and_a_longer_term_is_a_new_case() -> None:
    for ended in (M.DELIVERED, M.RETURNING):
        gone = seen(*WAITING, *log((ended, 60)), storage_until=after(100))
        assert not list(CounterTermEnding().findings(gone, at(90)))
    assert not list(CounterTermEnding().findings(seen(*WAITING, storage_until=after(200)), at(90)))
