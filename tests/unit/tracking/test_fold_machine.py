"""The fold under everything that carriers do to us: any order, copies, corrections, withdrawals, reopenings, clocks."""

import dataclasses
import datetime as dt
import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from schemas.calendar import VIETNAM
from schemas.tracking import Direction, Fold, Movement, StoredEvent
from tests.unit.tracking.build import after, event, item, mapped, stored, whole_day
from tracking import normalise, status
from tracking.status import ItemContext

HOURS = st.integers(min_value=0, max_value=60)
MOVEMENTS = st.sampled_from(list(Movement))
OFFICES = st.sampled_from(["330000", "100000"])
ITEM = item()


class Carrier(RuleBasedStateMachine):
    """A log that grows; the fold of it must stay honest."""

    told = Bundle("told")

    def __init__(self) -> None:
        super().__init__()
        self.log: dict[normalise.EventKey, StoredEvent] = {}
        self.clock = after(0)
        self.reopened: dt.datetime | None = None
        self.before = Fold.empty()
        self.excuse = False
        """Something happened that may lawfully undo an end: a withdrawal or a reopening."""

    @property
    def context(self) -> ItemContext:
        return ItemContext(reopened_at=self.reopened, attempt_max=2)

    def hear(self, one: StoredEvent) -> normalise.EventKey:
        key = normalise.key_of(one.event)
        known = self.log.get(key)
        again = None if known is None else dataclasses.replace(known, seen_n=known.seen_n + 1, last_seen_at=self.clock)
        self.log[key] = again or one
        return key

    def at_our_clock(self, told: StoredEvent) -> StoredEvent:
        reason = normalise.quarantine_reason(told.event, ITEM)
        return dataclasses.replace(told, first_seen_at=self.clock, last_seen_at=self.clock, quarantine=reason)

    @rule(target=told, movement=MOVEMENTS, hour=HOURS, office=OFFICES, back=st.booleans())
    def arrives(self, movement: Movement, hour: int, office: str, back: bool) -> normalise.EventKey:
        way = mapped(movement, direction=Direction.RETURN if back else Direction.FORWARD)
        told = event(movement, after(hour), office=office, mapped=way, received_at=max(self.clock, after(hour)))
        return self.hear(self.at_our_clock(stored(told)))

    @rule(target=told, movement=MOVEMENTS, day=st.integers(min_value=16, max_value=18))
    def arrives_by_the_day(self, movement: Movement, day: int) -> normalise.EventKey:
        occurred = whole_day(dt.date(2026, 11, day))
        told = event(movement, occurred.utc_low, occurred=occurred, received_at=max(self.clock, occurred.utc_low))
        return self.hear(self.at_our_clock(stored(told)))

    @rule(target=told, hour=HOURS)
    def arrives_unknown(self, hour: int) -> normalise.EventKey:
        return self.hear(self.at_our_clock(stored(event(None, after(hour), code="77"))))

    @rule(target=told, hour=HOURS, movement=MOVEMENTS)
    def arrives_as_a_forecast(self, hour: int, movement: Movement) -> normalise.EventKey:
        return self.hear(self.at_our_clock(stored(event(movement, after(hour), code="eta", forecast=True))))

    @rule(target=told, movement=MOVEMENTS, hour=HOURS)
    def arrives_from_the_future(self, movement: Movement, hour: int) -> normalise.EventKey:
        ahead = event(movement, after(hour, days=400), code="ahead", received_at=self.clock)
        one = self.at_our_clock(stored(ahead))
        assert one.quarantine == normalise.FUTURE
        return self.hear(one)

    @rule(key=told)
    def is_told_again(self, key: normalise.EventKey) -> None:
        self.hear(self.log[key])

    @rule(key=told)
    def is_taken_back(self, key: normalise.EventKey) -> None:
        self.log[key] = dataclasses.replace(self.log[key], withdrawn_at=self.clock)
        self.excuse = True

    @rule(hours=st.integers(min_value=-30, max_value=30))
    def our_clock_jumps(self, hours: int) -> None:
        self.clock += dt.timedelta(hours=hours)

    @rule()
    def two_persons_reopen(self) -> None:
        self.reopened = self.clock
        self.excuse = True

    @invariant()
    def no_order_of_arrival_matters(self) -> None:
        folded = status.fold(self.log.values(), context=self.context)
        mixed = list(self.log.values())
        random.Random(len(mixed)).shuffle(mixed)
        assert status.fold(mixed, context=self.context) == folded
        assert status.fold([*mixed, *mixed[:3]], context=self.context) == folded

    @invariant()
    def nothing_terminal_is_undone_silently(self) -> None:
        folded = status.fold(self.log.values(), context=self.context)
        ended = self.before.movement is not None and self.before.movement.terminal
        read_anew = {self.before.movement, folded.movement} == {Movement.DELIVERED, Movement.RETURNED}
        # An older "returning" that came late says to whom the same delivery was: no end is undone by that.
        if ended and folded.movement is not self.before.movement and not (self.excuse or read_anew):
            assert folded.regressed, (self.before.movement, folded.movement)
        self.before, self.excuse = folded, False

    @invariant()
    def every_explanation_replays(self) -> None:
        uses = status.explain_fold(self.log.values(), context=self.context)
        folded = status.fold(self.log.values(), context=self.context)
        again = status.fold([use.stored for use in uses if use.used], context=self.context)
        assert (again.movement, again.outcome) == (folded.movement, folded.outcome)
        assert len(uses) == len(self.log) and all(use.why for use in uses)

    @invariant()
    def forecasts_and_quarantine_move_nothing(self) -> None:
        silent = (use for use in status.explain_fold(self.log.values(), context=self.context) if use.used)
        assert not [use for use in silent if use.stored.event.forecast or use.stored.quarantine is not None]

    @invariant()
    def a_deadline_counts_from_the_pessimistic_end(self) -> None:
        folded = status.fold(self.log.values(), context=self.context)
        ends = {one.event.occurred.utc_high for one in self.log.values()}
        assert folded.since is None or folded.since in ends
        assert folded.since is None or folded.since.astimezone(VIETNAM).year < 2027


Carrier.TestCase.settings = settings(max_examples=120, stateful_step_count=25, deadline=None)
TestCarrier = Carrier.TestCase
