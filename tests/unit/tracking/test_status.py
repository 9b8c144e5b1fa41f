import dataclasses
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.calendar import VIETNAM
from schemas.ids import Sha256
from schemas.shipment import Purpose
from schemas.tracking import (
    Direction,
    Evidence,
    EvidenceLevel,
    Fold,
    Movement,
    Outcome,
    Recipient,
    StoredEvent,
)
from tests.unit.tracking.build import after, event, item, log, mapped, stored, whole_day
from tracking import normalise, status
from tracking.status import ItemContext

M = Movement


def test_no_events_come_to_the_empty_fold() -> None:
    assert status.fold(()) == Fold.empty()


def test_the_way_of_an_item() -> None:
    folded = status.fold(log((M.ACCEPTED, 1), (M.IN_TRANSIT, 3), (M.OUT_FOR_DELIVERY, 20), (M.DELIVERED, 22)))
    assert (folded.movement, folded.outcome) == (M.DELIVERED, Outcome.DELIVERED)
    assert (folded.accepted_at, folded.delivered_at, folded.since) == (after(1), after(22), after(22))
    assert (folded.events_n, folded.regressed, folded.evidence) == (4, False, EvidenceLevel.STATUS_ONLY)


def test_a_late_scan_does_not_undo_a_delivery() -> None:
    folded = status.fold(log((M.DELIVERED, 22), (M.IN_TRANSIT, 3)))
    assert (folded.movement, folded.regressed) == (M.DELIVERED, False)


def test_a_movement_after_the_end_is_flagged_and_undoes_nothing() -> None:
    events = log((M.ACCEPTED, 1), (M.DELIVERED, 22), (M.IN_TRANSIT, 30))
    folded = status.fold(events)
    assert (folded.movement, folded.outcome, folded.regressed) == (M.DELIVERED, Outcome.DELIVERED, True)
    assert status.regression(events) == (events[1], events[2])


def test_a_cancelled_order_that_the_post_scans_goes_on_and_is_flagged() -> None:
    folded = status.fold(log((M.REGISTERED, 0), (M.CANCELLED, 1), (M.ACCEPTED, 3), (M.DELIVERED, 22)))
    assert (folded.movement, folded.outcome, folded.regressed) == (M.DELIVERED, Outcome.DELIVERED, True)


def test_an_announcement_after_the_end_is_no_regression() -> None:
    assert not status.fold(log((M.ACCEPTED, 1), (M.DELIVERED, 22), (M.REGISTERED, 30))).regressed


def test_a_withdrawn_regression_is_gone() -> None:
    *first, last = log((M.ACCEPTED, 1), (M.DELIVERED, 22), (M.IN_TRANSIT, 30))
    assert not status.fold([*first, dataclasses.replace(last, withdrawn_at=after(40))]).regressed


def test_a_delivery_told_to_the_day_is_not_contradicted_by_a_scan_of_that_day() -> None:
    day = dt.date(2026, 11, 17)
    delivered = stored(event(M.DELIVERED, after(16), occurred=whole_day(day)))
    scan = stored(event(M.OUT_FOR_DELIVERY, dt.datetime(2026, 11, 17, 8, 0, tzinfo=VIETNAM)))
    folded = status.fold([delivered, scan])
    assert (folded.movement, folded.regressed) == (M.DELIVERED, False)
    next_day = stored(event(M.OUT_FOR_DELIVERY, dt.datetime(2026, 11, 18, 8, 0, tzinfo=VIETNAM)))
    assert status.fold([delivered, next_day]).regressed


def test_after_a_decided_return_a_delivery_is_a_delivery_to_the_sender() -> None:
    folded = status.fold(log((M.ACCEPTED, 1), (M.ATTEMPT_FAILED, 20), (M.RETURNING, 40), (M.DELIVERED, 60)))
    assert (folded.movement, folded.outcome, folded.direction) == (M.RETURNED, Outcome.RETURNED, Direction.RETURN)
    assert folded.delivered_at is None


def test_an_unknown_code_is_counted_and_is_never_in_transit() -> None:
    folded = status.fold([stored(event(None, after(2)))])
    assert (folded.movement, folded.unknown_n, folded.accepted_at) == (None, 1, None)


def test_an_unknown_row_of_a_feed_without_acceptance_codes_proves_that_the_post_has_it() -> None:
    folded = status.fold([stored(event(None, after(2), any_row_means_accepted=True))])
    assert (folded.movement, folded.unknown_n, folded.accepted_at) == (None, 1, after(2))


def test_forecasts_and_quarantined_events_move_nothing() -> None:
    forecast = stored(event(M.DELIVERED, after(30), forecast=True))
    future = stored(event(M.DELIVERED, after(31)), quarantine=normalise.FUTURE)
    assert status.fold([forecast, future]).movement is None


def test_money_codes_after_a_delivery_are_no_regression() -> None:
    money = stored(event(M.IN_TRANSIT, after(30), code="110", mapped=mapped(M.IN_TRANSIT, action="money")))
    assert not status.fold([*log((M.DELIVERED, 22)), money]).regressed


def test_evidence_grows_with_later_proof_of_the_same_end() -> None:
    scan = event(M.DELIVERED, after(40), evidence=(Evidence("signature", Sha256("1" * 64)),))
    folded = status.fold([*log((M.ACCEPTED, 1), (M.DELIVERED, 22)), stored(scan)])
    assert (folded.evidence, folded.regressed, folded.delivered_at) == (EvidenceLevel.SIGNATURE, False, after(22))
    named = event(M.DELIVERED, after(22), recipient=Recipient("self", "a" * 64))
    assert status.fold([stored(named)]).evidence is EvidenceLevel.NAME


def test_a_reopening_takes_the_known_end_away_and_counts_what_comes_after() -> None:
    events = log((M.ACCEPTED, 1), (M.DELIVERED, 22), (M.IN_TRANSIT, 30))
    folded = status.fold(events, context=ItemContext(reopened_at=after(32)))
    assert (folded.movement, folded.outcome, folded.regressed) == (M.IN_TRANSIT, Outcome.OPEN, False)
    again = (*events, stored(event(M.DELIVERED, after(50))))
    assert status.fold(again, context=ItemContext(reopened_at=after(32))).delivered_at == after(50)


def test_attempts_are_counted_once_by_their_number_or_by_their_scan() -> None:
    told_twice = [event(M.ATTEMPT_FAILED, after(20)), event(M.ATTEMPT_FAILED, after(20, minutes=1))]
    assert status.fold([stored(one) for one in told_twice]).attempts == 1
    numbered = [event(M.ATTEMPT_FAILED, after(20), attempt=1), event(M.ATTEMPT_FAILED, after(44), attempt=2)]
    assert status.fold([stored(one) for one in numbered]).attempts == 2


def test_the_explanation_names_every_event_and_why_it_was_used_or_not() -> None:
    events = (
        *log((M.ACCEPTED, 1), (M.DELIVERED, 22), (M.IN_TRANSIT, 30)),
        stored(event(None, after(2), code="X9")),
        stored(event(M.DELIVERED, after(60), forecast=True)),
    )
    uses = {use.stored.event.code: (use.used, use.why) for use in status.explain_fold(events)}
    assert uses["accepted"] == (True, "moves the item to accepted")
    assert uses["X9"] == (False, "code 'X9' is not in the table 'test'")
    assert "D-31" in uses["in_transit"][1]
    assert len(status.explain_fold(events)) == len(events)


# --- properties ------------------------------------------------------------------------------------------------------

movements = st.sampled_from(list(Movement))
steps = st.tuples(movements, st.integers(0, 60), st.booleans(), st.integers(0, 2))


@st.composite
def histories(draw: st.DrawFn) -> list[StoredEvent]:
    told = draw(st.lists(steps, max_size=12, unique_by=lambda step: (step[0], step[1], step[3])))
    return [
        stored(
            event(movement, after(hours), attempt=attempt),
            withdrawn_at=after(100) if withdrawn else None,
        )
        for movement, hours, withdrawn, attempt in told
    ]


@given(histories(), st.randoms())
def test_the_fold_does_not_depend_on_the_order_of_arrival(events: list[StoredEvent], chance: object) -> None:
    shuffled = list(events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert status.fold(shuffled) == status.fold(events)


@given(histories(), histories())
def test_no_later_news_undoes_an_end_silently(first: list[StoredEvent], more: list[StoredEvent]) -> None:
    before = status.fold(first)
    later = [
        dataclasses.replace(
            one, event=event(one.event.mapped.movement, one.event.occurred.utc_low + dt.timedelta(days=10))
        )
        for one in more
        if one.event.mapped is not None
    ]
    now = status.fold([*first, *later])
    if before.outcome is Outcome.CANCELLED:
        assert now.outcome is before.outcome or now.regressed
    elif before.outcome is not Outcome.OPEN:
        assert now.outcome is before.outcome
        assert now.movement is before.movement


@given(histories())
def test_every_explanation_replays_to_the_same_status(events: list[StoredEvent]) -> None:
    used = [use.stored for use in status.explain_fold(events) if use.used]
    again, whole = status.fold(used), status.fold(events)
    assert (again.movement, again.outcome, again.direction) == (whole.movement, whole.outcome, whole.direction)


# --- normalise -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "purpose", "reason"),
    [
        (event(M.ACCEPTED, after(1)), Purpose.DOSSIER_IN, None),
        (event(None, after(1)), Purpose.DOSSIER_IN, "EV-13"),
        (event(M.ACCEPTED, after(1)), Purpose.UNKNOWN, "EV-14"),
        (event(M.ACCEPTED, after(9), received_at=after(1)), Purpose.DOSSIER_IN, "EV-11"),
        (event(M.ACCEPTED, after(1, minutes=9), received_at=after(1)), Purpose.DOSSIER_IN, None),
        (event(M.DELIVERED, after(days=-400)), Purpose.DOSSIER_IN, "EV-12"),
        (event(M.ACCEPTED, after(-3)), Purpose.DOSSIER_IN, None),
    ],
)
def test_what_must_wait_in_quarantine_and_why(told: object, purpose: Purpose, reason: str | None) -> None:
    assert normalise.quarantine_reason(told, item(purpose)) == reason  # type: ignore[arg-type]  # events, see above


def test_the_second_copy_is_known_by_its_natural_key_whatever_its_text() -> None:
    one, two = event(M.ACCEPTED, after(1), text="Chấp nhận gửi"), event(M.ACCEPTED, after(1), text="Accepted")
    assert len(normalise.ordered([stored(one), stored(two)])) == 1


def test_near_duplicates_are_flagged_and_kept() -> None:
    events = [stored(event(M.ACCEPTED, after(1))), stored(event(M.ACCEPTED, after(1, minutes=2)))]
    assert normalise.near_duplicates(events) == {normalise.key_of(events[1].event)}
    assert len(normalise.ordered(events)) == 2
