"""What GHTK pushes, as a form and as JSON, and tells by label."""

import json
from typing import Any
from urllib.parse import quote_plus

import pytest

from adapters._kit.meanings import table
from adapters.ghtk import codes, translate
from schemas.errors import Misunderstood, Refused, Unauthorised
from schemas.ids import CarrierId
from schemas.tracking import Movement, Outcome, Precision, TrackingEvent, ZoneSource
from tests.unit.adapters.carriers import NOW, RECORDED, callback, folds, only, pushing, recorded

PORT = pushing("ghtk", webhook_secret="hash")
READING = translate.Reading(CarrierId("ghtk"), table(translate.PEER, codes.CODES, {}), True, ("không tồn tại",))
FORM = [("content-type", "application/x-www-form-urlencoded; charset=UTF-8")]
GOOD = (
    b"label_id=S1.A1.17373471&partner_id=X-7&action_time=2026-11-21T12:18:39+07:00&status_id=5&reason_code=&reason="
    b"&weight=2.4&fee=1500&return_part_package=0"
)


def form(body: bytes) -> TrackingEvent:
    return only(PORT.parse(callback("ghtk", body, headers=FORM)))


def pushed(**changes: Any) -> TrackingEvent:
    return only(PORT.parse(callback("ghtk", recorded("ghtk", "webhook.delivered.json", **changes))))


def asked(raw: bytes, number: str = "S1.A1.17373471") -> list[TrackingEvent]:
    return list(translate.orders_from_wire([(number, raw)], READING, received_at=NOW).events)


def order(**changes: Any) -> bytes:
    told = recorded("ghtk", "order.delivered.json")
    return json.dumps({**told, "order": {**told["order"], **changes}}).encode()


# --- forms -----------------------------------------------------------------------------------------------------------


def test_a_form_whose_plus_was_lost_is_mended_and_marked() -> None:
    event = form(GOOD)
    assert (event.occurred.wall, event.occurred.zone_source) == ("2026-11-21T12:18:39", ZoneSource.QUIRK)
    assert (event.number, event.reference, event.weight_g) == ("S1.A1.17373471", "X-7", 2400)
    proper = form(GOOD.replace(b"+07", b"%2B07"))
    assert proper.occurred.zone_source is ZoneSource.EXPLICIT
    assert proper.occurred.utc_low == event.occurred.utc_low


def test_a_form_and_its_json_are_the_same_event() -> None:
    told = recorded("ghtk", "webhook.delivered.json")
    body = "&".join(f"{name}={quote_plus(str(value))}" for name, value in told.items()).encode()
    keys = [(one.number, one.occurred.wall, one.code, one.office, one.attempt) for one in (form(body), pushed())]
    assert keys[0] == keys[1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"label_id",
        b"label_id=S1&status_id=5",
        GOOD.replace(b"status_id=5", b"status_id=nam"),
        GOOD.replace(b"status_id=5", b"status_id=5.5"),
        GOOD.replace(b"status_id=5", b"status_id=" + b"9" * 400),
        GOOD.replace(b"status_id=5", b"status_id="),
        GOOD.replace(b"status_id=5", b"status_id=5&status_id=6"),
        GOOD.replace(b"label_id=S1.A1.17373471", b"label_id="),
        GOOD.replace(b"label_id=S1.A1.17373471", b"label_id=" + b"S" * 100),
        GOOD.replace(b"2026-11-21", b"2026-02-30"),
        GOOD.replace(b"2026-11-21", b"0001-01-01"),
        GOOD.replace(b"2026-11-21T12:18:39+07:00", b"hom+qua"),
        GOOD.replace(b"weight=2.4", b"weight=nan"),
        GOOD.replace(b"weight=2.4", b"weight=-1"),
        GOOD.replace(b"weight=2.4", b"weight=1e400"),
        GOOD.replace(b"fee=1500", b"fee=abc"),
        GOOD.replace(b"fee=1500", b"fee=-1"),
        GOOD.replace(b"reason=", b"reason=%ff%fe"),
        GOOD.replace(b"reason=", b"reason=\xff\xfe"),
        GOOD.replace(b"reason=", b"reason=%00"),
        GOOD + b"&a=1" * 200,
        b"<html>503</html>",
        b'{"label_id":"S1"}',
        b"\xef\xbb\xbf" + GOOD,
        GOOD[: len(GOOD) // 3],
    ],
)
def test_a_form_that_is_broken_is_misunderstood_with_its_bytes(body: bytes) -> None:
    with pytest.raises(Misunderstood) as caught:
        form(body)
    assert caught.value.raw == body


def test_what_a_form_adds_is_let_through() -> None:
    assert form(GOOD + b"&cur_station.address_l0=Vi%E1%BB%87t+Nam").code == "5"
    assert form(GOOD.replace(b"weight=2.4", b"weight=")).weight_g is None
    assert form(GOOD + b"&status_id=5").code == "5", "told twice, and the same"


# --- states ----------------------------------------------------------------------------------------------------------


def test_the_table_is_that_of_the_facts_without_the_one_that_says_too_little() -> None:
    named = "-1 1 2 3 4 5 6 7 8 9 10 11 12 20 21 123 127 128 45 49 410"
    assert set(codes.CODES) == set(named.split())
    assert pushed(status_id=13).mapped is None


@pytest.mark.parametrize("code", sorted(codes.REPORTS))
def test_a_delivery_mans_report_moves_nothing(code: str) -> None:
    report = pushed(status_id=int(code), action_time="2026-11-21T11:00:00+07:00")
    assert report.forecast
    for folded in folds([pushed(status_id=4, action_time="2026-11-21T08:00:00+07:00"), report]):
        assert (folded.movement, folded.outcome, folded.attempts) == (Movement.OUT_FOR_DELIVERY, Outcome.OPEN, 0)


def test_settled_money_is_no_second_delivery_and_no_return() -> None:
    delivered = pushed()
    settled = pushed(status_id=6, action_time="2026-11-25T08:00:00+07:00")
    for folded in folds([delivered, settled]):
        assert folded.outcome is Outcome.DELIVERED
        assert folded.last_event_at == delivered.occurred.utc_high


# --- by label --------------------------------------------------------------------------------------------------------


def test_an_answer_by_label_is_a_day_and_says_so() -> None:
    (event,) = asked(order())
    assert (event.code, event.occurred.wall, event.occurred.precision) == ("5", "2026-11-21", Precision.DAY)
    assert event.occurred.zone_source is ZoneSource.CARRIER_DEFAULT
    (moving,) = asked(order(status="4", modified="2026-11-20 18:32:08"))
    assert moving.occurred.wall == "2026-11-20", "deliver_date is a plan as long as it is not delivered"


def test_the_day_of_a_delivery_beside_its_push_is_no_contradiction() -> None:
    (event,) = asked(order())
    for folded in folds([pushed(), event]):
        assert (folded.outcome, folded.regressed) == (Outcome.DELIVERED, False)


def test_asking_often_after_a_failed_delivery_counts_no_attempts() -> None:
    states = [asked(order(status="9", modified=f"2026-11-{day} 10:00:00"))[0] for day in (21, 22, 23)]
    failed = pushed(status_id=9, action_time="2026-11-21T09:00:00+07:00")
    for folded in folds([failed, *states]):
        assert folded.attempts == 1


def test_an_unknown_label_has_no_events_and_any_other_no_is_an_error() -> None:
    assert asked((RECORDED / "ghtk" / "order.unknown.json").read_bytes()) == []
    for raw, kind in (
        (b'{"success":false,"message":"Token sai"}', Unauthorised),
        (b'{"success":false,"message":"bao tri"}', Refused),
        (b'{"success":true,"message":""}', Misunderstood),
    ):
        with pytest.raises(kind):
            asked(raw)
