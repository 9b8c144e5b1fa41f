"""What the learner makes of stories: quantiles, routes, legs, what remains, holidays and clocks that are wrong."""

import dataclasses
import datetime as dt
import math

from hypothesis import given
from hypothesis import strategies as st

from schemas.dossier import Address
from schemas.ids import CarrierId, DossierId, ItemId
from schemas.lag import DossierStory, ItemStory, Sighting
from schemas.tracking import Movement
from tests.unit.tracking.build import ADDRESS, CARRIER, OWNER, T0, after, calendar, item
from tracking import lag
from tracking.lag import MIN_SAMPLES, Holidays, Learner, Spread

M = Movement
NONE = Holidays(calendar())
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


def seen(movement: Movement, hours: float, *, late: dt.timedelta = MINUTE) -> Sighting:
    return Sighting(movement, after(hours), after(hours) + late)


def story(*log: Sighting, route: str = "", service: str = "EMS") -> ItemStory:
    return ItemStory(ItemId(1), CARRIER, service, route, log)


def close(told: dt.timedelta, real: dt.timedelta) -> bool:
    """Never too short, at most a class (2 %) too long."""
    return real - MINUTE / 60 <= told <= real * 1.021 + MINUTE / 60


@given(st.lists(st.floats(0, 400 * 86_400), min_size=MIN_SAMPLES, max_size=300))
def test_quantiles_are_of_nearest_rank_and_at_most_two_percent_too_long(seconds: list[float]) -> None:
    spread = Spread()
    for one in seconds:
        spread.add(dt.timedelta(seconds=one))
    told = spread.lag()
    assert told is not None and told.samples == len(seconds)
    ordered = sorted(seconds)
    for share, quantile in ((0.50, told.p50), (0.95, told.p95)):
        real = dt.timedelta(seconds=ordered[math.ceil(share * len(ordered)) - 1])
        assert close(quantile, real)


def test_few_cases_teach_nothing() -> None:
    spread = Spread()
    for n in range(MIN_SAMPLES - 1):
        spread.add(n * MINUTE)
    assert spread.lag() is None
    spread.add(MINUTE)
    assert spread.lag() is not None


def test_lags_are_learned_for_the_route_and_for_every_route() -> None:
    learner = Learner(NONE)
    for n in range(MIN_SAMPLES):
        learner.item(story(seen(M.ACCEPTED, n, late=HOUR), route="01>33"))
        learner.item(story(seen(M.ACCEPTED, n, late=3 * HOUR)))
    told = learner.learned(T0)
    assert told.at == T0
    assert set(told.lags) == {(CARRIER, "EMS"), (CARRIER, "EMS", "01>33")}
    assert told.lags[CARRIER, "EMS"].samples == 2 * MIN_SAMPLES
    assert close(told.lags[CARRIER, "EMS"].p95, 3 * HOUR)
    assert close(told.lags[CARRIER, "EMS", "01>33"].p95, HOUR)


def test_legs_run_from_each_event_to_the_next_and_end_with_the_story() -> None:
    learner = Learner(NONE)
    for _ in range(MIN_SAMPLES):
        learner.item(
            story(
                seen(M.ACCEPTED, 0),
                seen(M.IN_TRANSIT, 5),
                seen(M.IN_TRANSIT, 9),
                seen(M.DELIVERED, 30),
                seen(M.HELD, 99),
            )
        )
    told = learner.learned(T0)
    assert set(told.paces) == {(CARRIER, "EMS", M.ACCEPTED), (CARRIER, "EMS", M.IN_TRANSIT)}
    assert close(told.paces[CARRIER, "EMS", M.ACCEPTED].p50, 5 * HOUR)
    transit = told.paces[CARRIER, "EMS", M.IN_TRANSIT]
    assert transit.samples == 2 * MIN_SAMPLES
    assert close(transit.p50, 4 * HOUR) and close(transit.p95, 21 * HOUR)


def test_what_remains_counts_from_the_first_of_a_movement_to_the_delivery() -> None:
    learner = Learner(NONE)
    for _ in range(MIN_SAMPLES):
        learner.item(story(seen(M.ACCEPTED, 0), seen(M.IN_TRANSIT, 5), seen(M.IN_TRANSIT, 9), seen(M.DELIVERED, 30)))
        learner.item(story(seen(M.ACCEPTED, 0), seen(M.IN_TRANSIT, 500)))  # not at its end: nothing is known
    told = learner.learned(T0)
    assert set(told.remaining) == {(str(CARRIER), "accepted"), (str(CARRIER), "in_transit")}
    assert told.remaining[str(CARRIER), "in_transit"].samples == MIN_SAMPLES
    assert close(told.remaining[str(CARRIER), "in_transit"].p50, 25 * HOUR)


def test_a_dossier_teaches_what_is_left_of_the_processing_at_each_entry() -> None:
    learner = Learner(NONE)
    steps = (("ACCEPTED", after(0)), ("PROCESSING", after(2)), ("SUPP_ASKED", after(10)), ("PROCESSING", after(50)))
    for n in range(MIN_SAMPLES):
        ended = (*steps, ("RESULT_READY", after(100)), ("RETURNED", after(200)))
        learner.dossier(DossierStory(DossierId(n), "1.000948", ended))
        learner.dossier(DossierStory(DossierId(n), "1.000948", steps))
    told = learner.learned(T0)
    assert set(told.remaining) == {("1.000948", state) for state in ("ACCEPTED", "PROCESSING", "SUPP_ASKED")}
    assert told.remaining["1.000948", "PROCESSING"].samples == 2 * MIN_SAMPLES
    assert close(told.remaining["1.000948", "PROCESSING"].p50, 50 * HOUR)
    assert close(told.remaining["1.000948", "PROCESSING"].p95, 98 * HOUR)


def test_tet_teaches_nothing_and_a_sunday_does() -> None:
    tet = Holidays(calendar(("2026-11-18", False, "Tết"), ("2026-11-28", True, "bù")))
    learner = Learner(tet)
    for _ in range(MIN_SAMPLES):
        learner.item(story(seen(M.ACCEPTED, 0), seen(M.IN_TRANSIT, 72)))  # Monday to Thursday, over the 18th
        learner.item(story(seen(M.ACCEPTED, 96), seen(M.IN_TRANSIT, 168)))  # Friday to Monday
    pace = learner.learned(T0).paces[CARRIER, "EMS", M.ACCEPTED]
    assert pace.samples == MIN_SAMPLES
    assert tet.touch(after(days=2), after(days=2)) and not tet.touch(after(days=3), after(days=30))


def test_an_event_told_before_it_happened_is_a_forecast_or_a_wrong_clock() -> None:
    learner = Learner(NONE)
    for _ in range(MIN_SAMPLES):
        learner.item(story(seen(M.ACCEPTED, 0, late=-MINUTE), seen(M.OUT_FOR_DELIVERY, 50, late=-2 * HOUR)))
    told = learner.learned(T0)
    assert told.lags[CARRIER, "EMS"].samples == MIN_SAMPLES
    assert told.lags[CARRIER, "EMS"].p95 == dt.timedelta(0)
    assert not told.paces


def test_a_route_needs_both_ends() -> None:
    assert lag.provinces_of(item()) == f"{ADDRESS.province_code}>{ADDRESS.province_code}"
    assert lag.provinces_of(item(sender=None)) == ""
    far = dataclasses.replace(OWNER, address=Address("1", "xã", "Sơn La", ""))
    nowhere = dataclasses.replace(OWNER, address=Address("1", "xã", "", ""))
    assert lag.provinces_of(item(addressee=far)) == "33>Sơn La"
    assert lag.provinces_of(item(addressee=nowhere)) == ""


def test_carriers_are_learned_apart() -> None:
    learner = Learner(NONE)
    for n in range(MIN_SAMPLES):
        learner.item(story(seen(M.ACCEPTED, n)))
        learner.item(ItemStory(ItemId(n), CarrierId("viettel"), "EMS", "", (seen(M.ACCEPTED, n, late=HOUR),)))
    told = learner.learned(T0)
    assert told.lags[CARRIER, "EMS"].p95 < told.lags[CarrierId("viettel"), "EMS"].p95
