"""D-21, D-22, D-23: whose number it is. D-12, D-13: where the item is."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from schemas.discrepancy import Severity
from schemas.ids import CarrierId, ItemId, UnitId
from schemas.invoice import Corridor
from schemas.organisation import Succession
from schemas.shipment import ExpectedOffice, Item, NumberScheme, Purpose
from schemas.tracking import Direction, Movement, StoredEvent
from tests.unit.tracking.build import CARRIER, after, event, item, log, mapped, stored
from tests.unit.tracking.seen import at, seen
from tracking import reconcile
from tracking.rules.catalogue import BY_ID, ITEM_RULES
from tracking.rules.context import Context
from tracking.rules.geography import Misrouted, WrongDestination
from tracking.rules.identity import NumberOfAnotherItem, SameNumberTwice, TwoNumbersOneParcel
from tracking.rules.views import Companion, ItemView

M = Movement
HERE, THERE, ELSEWHERE = "330000", "361000", "550000"


def told(movement: Movement, hours: float, office: str, **changes: Any) -> StoredEvent:
    return stored(event(movement, after(hours), office=office, **changes))


def expected(*offices: str, since: float = 0) -> tuple[ExpectedOffice, ...]:
    return tuple(ExpectedOffice(office, after(since), "booking") for office in offices)


def strange(*kinds: str) -> ItemView:
    """An item whose events disagree with the hand-over in these attributes."""
    origin = ELSEWHERE if "origin" in kinds else HERE
    target = ELSEWHERE if "destination" in kinds else THERE
    first = -80.0 if "day" in kinds else 1.0
    weight = 900 if "weight" in kinds else 130
    return seen(
        told(M.ACCEPTED, first, origin, weight_g=weight),
        told(M.DELIVERED, 30, target),
        origin_office=HERE,
        expected_offices=expected(THERE),
        weight_g=120,
    )


@pytest.mark.parametrize(
    ("kinds", "fires"),
    [
        ((), False),
        (("origin",), False),
        (("weight",), False),
        (("destination",), False),
        (("day",), False),
        (("origin", "destination"), True),
        (("origin", "weight"), True),
        (("day", "weight"), True),
        (("origin", "day", "destination", "weight"), True),
    ],
)
def test_d21_asks_for_two_attributes_that_disagree(kinds: tuple[str, ...], fires: bool) -> None:
    found = list(NumberOfAnotherItem().findings(strange(*kinds), at(40)))
    assert [{proof.kind for proof in one.evidence} for one in found] == ([set(kinds)] if fires else [])
    assert all((one.epoch, one.severity) == ("EL000000005VN", Severity.HIGH) for one in found)


def test_d21_judges_nothing_that_only_one_side_tells_and_no_orphan() -> None:
    bare = strange("origin", "destination")
    unknown = dataclasses.replace(bare.item, origin_office="", expected_offices=(), weight_g=None)
    assert not list(NumberOfAnotherItem().findings(dataclasses.replace(bare, item=unknown), at(40)))
    orphan = dataclasses.replace(bare.item, purpose=Purpose.UNKNOWN)
    assert not list(NumberOfAnotherItem().findings(dataclasses.replace(bare, item=orphan), at(40)))


def test_d21_is_silent_when_the_strange_events_were_withdrawn_and_says_more_than_d12() -> None:
    view = strange("origin", "destination")
    gone = tuple(dataclasses.replace(one, withdrawn_at=after(31)) for one in view.events)
    assert not list(NumberOfAnotherItem().findings(dataclasses.replace(view, events=gone), at(40)))
    loud = {one.rule for one in reconcile.findings(ITEM_RULES, view, at(40))}
    assert "D-21" in loud and "D-12" not in loud


def pair(older: Item, younger: Item) -> tuple[ItemView, ItemView]:
    one, other = seen(), seen()
    return (
        dataclasses.replace(one, item=older, namesakes=(younger,)),
        dataclasses.replace(other, item=younger, namesakes=(older,)),
    )


def ended(movement: Movement, hours: float) -> Item:
    return seen(*log((movement, hours))).item


def test_d22_is_one_case_for_a_pair_on_the_younger_item() -> None:
    older, younger = pair(item(), item(id=ItemId(2), valid_from=after(5)))
    assert not list(SameNumberTwice().findings(older, at(9)))
    (found,) = SameNumberTwice().findings(younger, at(9))
    assert (found.subject, found.epoch, found.severity) == ("2", "1", Severity.HIGH)
    assert [proof.says for proof in found.evidence] == ["active at the same time"] * 2


@pytest.mark.parametrize(("days", "fires"), [(0.5, True), (10, True), (364, True), (367, False)])
def test_d22_lets_an_s10_number_come_again_after_twelve_months(days: float, fires: bool) -> None:
    older = ended(M.DELIVERED, 24)
    _, again = pair(older, item(id=ItemId(2), valid_from=after(days=1 + days)))
    assert bool(list(SameNumberTwice().findings(again, at(days=400)))) is fires
    own = dataclasses.replace(again.item, number_scheme=NumberScheme.CARRIER)
    assert not list(SameNumberTwice().findings(dataclasses.replace(again, item=own), at(days=400)))


def test_d22_closes_when_one_of_them_is_renumbered_or_given_up() -> None:
    older, younger = pair(item(), item(id=ItemId(2), valid_from=after(5)))
    renumbered = dataclasses.replace(younger.item, number="EL000000014VN")
    assert not list(SameNumberTwice().findings(dataclasses.replace(younger, item=renumbered), at(9)))
    assert not list(SameNumberTwice().findings(dataclasses.replace(younger, namesakes=()), at(9)))
    assert not list(SameNumberTwice().findings(dataclasses.replace(older, namesakes=()), at(9)))


SCANS = (told(M.ACCEPTED, 1, HERE), told(M.IN_TRANSIT, 5, ELSEWHERE))


def twins(declared: int = 1, *, scans: tuple[StoredEvent, ...] = SCANS, **changes: object) -> ItemView:
    """The younger of two items that carry one dossier."""
    second = dataclasses.replace(item(id=ItemId(2), number="EL000000014VN", valid_from=after(1)), **changes)  # type: ignore[arg-type]  # field values
    view = seen(*scans)
    other = Companion(item(parcels_declared=declared), SCANS)
    return dataclasses.replace(view, item=second, companions=(other,))


def test_d23_sees_two_numbers_with_the_same_scans_where_one_parcel_was_declared() -> None:
    (found,) = TwoNumbersOneParcel().findings(twins(), at(9))
    assert (found.subject, found.epoch, found.severity) == ("2", "1", Severity.MEDIUM)
    assert [proof.kind for proof in found.evidence] == ["item", "item", "event"]


@pytest.mark.parametrize(
    "innocent",
    [
        twins(declared=2),
        twins(scans=SCANS[:1]),
        twins(scans=(told(M.ACCEPTED, 1, HERE), told(M.IN_TRANSIT, 6, ELSEWHERE))),
        twins(carrier=CarrierId("ems")),
        twins(number=None),
        twins(valid_from=after(-1)),
        dataclasses.replace(twins(), companions=()),
    ],
    ids=["two declared", "one scan", "other scans", "other carrier", "no number yet", "the older one", "alone"],
)
def test_d23_is_silent_for_the_look_alikes(innocent: ItemView) -> None:
    assert not list(TwoNumbersOneParcel().findings(innocent, at(9)))


def door(office: str, *, since: float = 0, hours: float = 30, **changes: Any) -> ItemView:
    return seen(
        told(M.ACCEPTED, 1, HERE),
        told(M.DELIVERED, hours, office),
        expected_offices=expected(THERE, since=since),
        **changes,
    )


def test_d12_names_the_office_and_what_was_expected() -> None:
    (found,) = WrongDestination().findings(door(ELSEWHERE), at(40))
    assert (found.epoch, found.severity) == (ELSEWHERE, Severity.HIGH)
    assert dict(found.evidence[1].values)["expected"] == THERE
    assert not list(WrongDestination().findings(door(THERE), at(40)))


def test_d12_knows_provinces_redirections_and_the_way_back() -> None:
    rule = WrongDestination()
    assert not list(rule.findings(_with(door("361999"), expected("36")), at(40)))
    redirected = _with(door(ELSEWHERE), (*expected(THERE), *expected(ELSEWHERE, since=20)))
    assert not list(rule.findings(redirected, at(40)))
    too_late = _with(door(ELSEWHERE), (*expected(THERE), *expected(ELSEWHERE, since=35)))
    assert list(rule.findings(too_late, at(40)))
    back = seen(
        told(M.OUT_FOR_DELIVERY, 3, THERE),
        told(M.RETURNING, 5, THERE),
        told(M.DELIVERED, 30, HERE),
        expected_offices=expected(THERE),
    )
    assert not list(rule.findings(back, at(40)))
    turned = stored(event(M.DELIVERED, after(9), office=HERE, mapped=mapped(M.DELIVERED, direction=Direction.RETURN)))
    assert not list(rule.findings(seen(turned, expected_offices=expected(THERE)), at(40)))


def _with(view: ItemView, offices: tuple[ExpectedOffice, ...]) -> ItemView:
    return dataclasses.replace(view, item=dataclasses.replace(view.item, expected_offices=offices))


def test_d12_closes_when_the_item_goes_out_at_the_right_office() -> None:
    events = (told(M.OUT_FOR_DELIVERY, 10, ELSEWHERE), told(M.OUT_FOR_DELIVERY, 20, THERE))
    rule = WrongDestination()
    assert list(rule.findings(seen(*events[:1], expected_offices=expected(THERE)), at(11)))
    assert not list(rule.findings(seen(*events, expected_offices=expected(THERE)), at(21)))


OLD, NEW, OTHER = UnitId("pbh-old"), UnitId("pbh-new"), UnitId("pbh-other")
UNITS = {THERE: OLD, ELSEWHERE: NEW, "990000": OTHER}


def merged(on: dt.date, hours: float = 40) -> Context:
    succession = Succession(OLD, NEW, on, False, "QĐ-1")
    return at(hours, successions=(succession,), office=lambda code, _on: UNITS.get(code))


def test_d12_judges_offices_through_succession_at_the_events_time() -> None:
    rule = WrongDestination()
    delivered = door(ELSEWHERE)  # on 17 November
    assert not list(rule.findings(delivered, merged(dt.date(2026, 11, 17))))
    assert list(rule.findings(delivered, merged(dt.date(2026, 11, 18))))
    assert list(rule.findings(door("990000"), merged(dt.date(2026, 11, 17))))
    parts = tuple(Succession(OLD, new, dt.date(2026, 1, 1), True, "QĐ-2") for new in (NEW, OTHER))
    split = at(40, successions=parts, office=lambda code, _on: UNITS.get(code))
    assert not list(rule.findings(door("990000"), split))


WAY = Corridor(CARRIER, HERE, THERE, ("100900",), dt.date(2026, 1, 1), dt.date(2026, 11, 30))


def on_the_way(office: str, *more: StoredEvent, origin: str = HERE) -> ItemView:
    scans = (told(M.ACCEPTED, 1, HERE), told(M.IN_TRANSIT, 5, office), *more)
    return seen(*scans, origin_office=origin, expected_offices=expected(THERE))


def corridors(*ways: Corridor) -> Context:
    return at(9, corridors=lambda carrier: ways if carrier == CARRIER else ())


def test_d13_stays_in_shadow_and_fires_off_the_corridor_only() -> None:
    rule = Misrouted()
    assert rule.shadow and BY_ID["D-13"].shadow
    (found,) = rule.findings(on_the_way(ELSEWHERE), corridors(WAY))
    assert (found.epoch, dict(found.evidence[1].values)["corridor"]) == (ELSEWHERE, f"{HERE} > {THERE}")
    for innocent in ("100900", THERE, HERE):
        assert not list(rule.findings(on_the_way(innocent), corridors(WAY)))
    assert not list(rule.findings(on_the_way(ELSEWHERE, told(M.IN_TRANSIT, 6, "100900")), corridors(WAY)))


def test_d13_is_silent_without_a_corridor_in_force_for_the_two_ends() -> None:
    rule = Misrouted()
    past = dataclasses.replace(WAY, valid_to=dt.date(2026, 11, 1))
    for context in (corridors(), corridors(past)):
        assert not list(rule.findings(on_the_way(ELSEWHERE), context))
    assert not list(rule.findings(on_the_way(ELSEWHERE, origin=""), corridors(WAY)))
    assert not list(rule.findings(on_the_way(ELSEWHERE, told(M.OUT_FOR_DELIVERY, 9, ELSEWHERE)), corridors(WAY)))
