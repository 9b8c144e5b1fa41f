"""What GHN pushes and tells by order code."""

import json
from typing import Any

import pytest

from adapters._kit.meanings import table
from adapters.ghn import codes, translate
from schemas.errors import Misunderstood, Refused, Unauthorised
from schemas.ids import CarrierId
from schemas.tracking import Direction, Movement, Outcome, TrackingEvent, ZoneSource
from tests.unit.adapters.carriers import NOW, RECORDED, callback, folds, only, pushing, recorded

PORT = pushing("ghn")
READING = translate.Reading(CarrierId("ghn"), table(translate.PEER, codes.CODES, {}), False, ("không tồn tại",))


def push(**changes: Any) -> TrackingEvent:
    return only(PORT.parse(callback("ghn", recorded("ghn", "webhook.switch_status.json", **changes))))


def fetched(raw: bytes, number: str = "Z82BS") -> list[TrackingEvent]:
    return list(translate.orders_from_wire([(number, raw)], READING, received_at=NOW).events)


def test_a_push_tells_a_state_with_its_reason() -> None:
    event = push()
    assert event.mapped is not None
    assert (event.mapped.movement, event.mapped.reason) == (Movement.ATTEMPT_FAILED, "GHN-DFC1A4")
    assert (event.occurred.wall, event.occurred.zone_source) == ("2026-11-21T10:52:50", ZoneSource.EXPLICIT)
    assert event.number == "Z82BS"


def test_all_states_of_the_facts_are_there() -> None:
    named = (
        "ready_to_pick picking money_collect_picking picked storing transporting sorting delivering "
        "money_collect_delivering delivered delivery_fail waiting_to_return return return_transporting return_sorting "
        "returning return_fail returned cancel exception damage lost"
    )
    assert set(codes.CODES) == set(named.split())


def test_a_change_of_fee_repeats_the_state_and_moves_nothing() -> None:
    failed = push(Time="2026-11-21T03:00:00Z")
    fee = push(Time="2026-11-21T09:00:00Z", Type="update_fee", Status="delivery_fail")
    for folded in folds([failed, fee]):
        assert folded.attempts == 1
        assert folded.last_event_at == failed.occurred.utc_high


def test_a_type_or_state_that_nobody_knows_is_news() -> None:
    assert push(Type="teleport").mapped is None
    assert push(Status="teleported").mapped is None
    assert push(Type="Switch_status").mapped is not None


def test_waiting_to_return_does_not_turn_the_direction_and_return_does() -> None:
    again = [
        push(Status="waiting_to_return", Time="2026-11-20T03:00:00Z"),
        push(Status="storing", Time="2026-11-20T04:00:00Z"),
        push(Status="delivered", Time="2026-11-21T03:00:00Z"),
    ]
    for folded in folds(again):
        assert (folded.outcome, folded.direction) == (Outcome.DELIVERED, Direction.FORWARD)
    back = [push(Status="return", Time="2026-11-20T05:00:00Z"), push(Status="delivered", Time="2026-11-21T03:00:00Z")]
    for folded in folds(back):
        assert folded.outcome is Outcome.RETURNED


def test_a_time_without_zone_is_kept_as_one_that_nobody_knows() -> None:
    occurred = push(Time="2026-11-21 10:52:50").occurred
    assert occurred.zone_source is ZoneSource.UNKNOWN
    assert occurred.utc_low < occurred.utc_high


def test_a_log_is_read_entry_by_entry() -> None:
    told = json.loads((RECORDED / "ghn" / "detail.order.json").read_bytes())
    assert [event.code for event in fetched(json.dumps(told).encode())] == ["picked", "storing", "delivering"]
    told["data"]["log"][1] = {"status": "storing", "updated_date": "0001-01-01T00:00:00Z"}
    batch = translate.orders_from_wire([("Z82BS", json.dumps(told).encode())], READING, received_at=NOW)
    assert [event.code for event in batch.events] == ["picked", "delivering"]
    assert [one.code for one in batch.complaints] == ["shape"]


def test_an_order_in_a_list_without_a_log_is_its_state() -> None:
    (event,) = fetched((RECORDED / "ghn" / "detail.in_a_list.json").read_bytes())
    assert (event.code, event.occurred.wall) == ("ready_to_pick", "2026-11-20T08:10:00")


def test_an_order_that_ghn_does_not_know_has_no_events_and_any_other_error_is_one() -> None:
    assert fetched((RECORDED / "ghn" / "detail.unknown.json").read_bytes()) == []
    for raw, kind in (
        (b'{"code":400,"message":"ShopID is invalid","data":null}', Refused),
        (b'{"code":401,"message":"Token is not valid!","data":null}', Unauthorised),
        (b'{"code":200,"message":"Success","data":null}', Misunderstood),
        (b'{"code":200,"message":"Success","data":[]}', Misunderstood),
    ):
        with pytest.raises(kind):
            fetched(raw)
