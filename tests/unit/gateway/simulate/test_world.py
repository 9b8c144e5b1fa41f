"""The world is the same for the same seed, its time pauses where people do, and the naive merge errs as it should."""

import dataclasses
import datetime as dt

from benchmarks import proof
from gateway.simulate import families
from gateway.simulate.naive import merge
from gateway.simulate.plot import Plot
from gateway.simulate.truth import Kind
from gateway.simulate.world import Heard, World
from schemas.calendar import VIETNAM
from schemas.tracking import Direction, Movement
from tests.unit.tracking.build import after, event, mapped

SEED = 11


def planted(seed: int) -> World:
    world = World(seed)
    families.plant(world, faults=2, mimics=2, ordinary=4)
    return world


def test_the_same_seed_plants_the_same_truth_and_another_seed_another() -> None:
    assert planted(SEED).truth == planted(SEED).truth
    assert planted(SEED).truth != planted(SEED + 1).truth


def test_every_type_has_faults_and_look_alikes_each_with_its_reason_and_a_subject() -> None:
    world = planted(SEED)
    for rule in families.PAIRS:
        kinds = [entry.kind for entry in world.truth if entry.rule == rule]
        assert kinds.count(Kind.FAULT) == kinds.count(Kind.MIMIC) == 2, rule
    assert all(entry.why and entry.subjects for entry in world.truth)


def test_thirty_faults_of_each_type_are_the_default() -> None:
    assert families.FAULTS >= 30
    assert families.MIMICS > 0


def test_the_seeds_of_the_benchmark_are_no_seeds_of_tests() -> None:
    assert SEED not in proof.SEEDS
    assert SEED + 1 not in proof.SEEDS


def test_a_plot_does_not_move_when_another_family_draws() -> None:
    one, other = World(SEED), World(SEED)
    Plot(other, "D-99", Kind.FAULT, 0).begin()
    assert Plot(one, "D-01", Kind.FAULT, 3).begin() == Plot(other, "D-01", Kind.FAULT, 3).begin()


def test_nobody_works_in_tet_and_no_postman_leaves_in_the_evening() -> None:
    world = World(SEED)
    before = dt.datetime(2026, 2, 13, 16, 50, tzinfo=VIETNAM)
    assert world.office(before, 1.0).astimezone(VIETNAM).date() >= dt.date(2026, 2, 23)
    assert world.round(dt.datetime(2026, 1, 27, 16, tzinfo=VIETNAM)).astimezone(VIETNAM).date() == dt.date(2026, 1, 28)


def test_news_of_a_silent_feed_comes_after_the_outage() -> None:
    world = World(SEED)
    told = event(Movement.ACCEPTED, world.begins + dt.timedelta(hours=9))
    until = told.received_at + dt.timedelta(hours=5)
    world.outages[told.source] = [(told.received_at - dt.timedelta(hours=1), until)]
    world.tell(told.source, Heard(told))
    assert world.news_until(until - dt.timedelta(minutes=1)) == {}
    (heard,) = world.news_until(until)[told.source]
    assert heard.event.received_at == until


def test_the_naive_merge_keeps_an_edited_text_twice_and_lets_the_last_one_win() -> None:
    delivered = event(Movement.DELIVERED, after(9), code="EMI")
    late = event(Movement.IN_TRANSIT, after(3), code="EDE", received_at=after(12))
    edited = dataclasses.replace(delivered, text="(cập nhật)", received_at=after(11))
    kept, statuses = merge([delivered, edited, late])
    assert kept == 3
    assert statuses == (Movement.DELIVERED, Movement.DELIVERED, Movement.IN_TRANSIT)


def test_the_naive_merge_takes_an_unknown_code_for_transit_and_a_return_for_a_delivery() -> None:
    unknown = event(None, after(1), code="Z77")
    back = event(Movement.RETURNED, after(9), code="EMI", mapped=mapped(Movement.RETURNED, direction=Direction.RETURN))
    _, statuses = merge([unknown, back])
    assert statuses == (Movement.IN_TRANSIT, Movement.DELIVERED)


def test_the_naive_merge_knows_an_event_that_is_told_again_as_it_was() -> None:
    told = event(Movement.ACCEPTED, after(1), code="EMA")
    kept, _ = merge([told, dataclasses.replace(told, received_at=after(6))])
    assert kept == 1
