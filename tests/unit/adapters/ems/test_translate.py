"""What EMS pushes and tells by number, and what it wants to hear."""

import json

import pytest

from adapters._kit.meanings import table
from adapters.ems import codes, translate
from schemas.errors import Misunderstood, Refused, Unauthorised
from schemas.ids import CarrierId
from schemas.tracking import Movement, ZoneSource
from tests.unit.adapters.carriers import NOW, RECORDED, callback, only, pushing, recorded

PORT = pushing("ems", webhook_secret="secret")
READING = translate.Reading(CarrierId("ems"), table(translate.PEER, codes.CODES, {}), True, ("không tìm thấy",))
HEADERS = [("ems-transaction", "1234567890"), ("content-type", "application/json")]


def test_a_push_is_one_event_with_its_transaction() -> None:
    event = only(PORT.parse(callback("ems", recorded("ems", "webhook.in_transit.json"), headers=HEADERS)))
    assert event.mapped is not None and event.mapped.movement is Movement.IN_TRANSIT
    assert (event.number, event.carrier_event_id, event.code_list) == ("EL000000005VN", "1234567890", "ems")
    assert event.occurred.wall == "2026-11-21T07:54:50"
    assert event.occurred.zone_source is ZoneSource.CARRIER_DEFAULT


def test_three_codes_are_known_and_a_delivery_is_none_of_them() -> None:
    assert set(codes.CODES) == {"1", "2", "4"}
    told = recorded("ems", "webhook.in_transit.json", status_code=8, status_name="Phát thành công")
    batch = PORT.parse(callback("ems", told))
    assert only(batch).mapped is None, "its words sound like a delivery; what the code means is for EMS to say"
    assert [one.code for one in batch.complaints] == ["unknown_code"]


def test_the_answer_says_their_transaction_back() -> None:
    for repeated in (False, True):
        reply = PORT.answer(callback("ems", b"{}", headers=HEADERS), repeated=repeated)
        assert json.loads(reply.body) == {"code": "success", "transaction": "1234567890"}
    assert json.loads(PORT.answer(callback("ems", b"{}"), repeated=False).body)["transaction"] == ""


@pytest.mark.parametrize("told", ["ký\udcff", "9" * 10_000])
def test_a_transaction_that_no_store_can_keep_is_made_one(told: str) -> None:
    odd = callback("ems", recorded("ems", "webhook.in_transit.json"), headers=[("ems-transaction", told)])
    kept = only(PORT.parse(odd)).carrier_event_id
    assert kept is not None and len(kept) <= 100
    assert kept.encode() and PORT.event_key(odd).encode()
    assert json.loads(PORT.answer(odd, repeated=False).body)["transaction"] == kept


def test_a_forged_body_does_not_take_the_place_of_the_true_one() -> None:
    good, forged = callback("ems", b"{}", headers=HEADERS), callback("ems", b'{"x":1}', headers=HEADERS)
    assert PORT.event_key(good) != PORT.event_key(forged)
    assert PORT.event_key(good) == PORT.event_key(callback("ems", b"{}", headers=HEADERS))


def test_a_journey_has_the_same_keys_as_the_pushes_of_it() -> None:
    raw = (RECORDED / "ems" / "tracking.journey.json").read_bytes()
    batch = translate.journeys_from_wire([("EL000000005VN", raw)], READING, received_at=NOW)
    pushed = only(PORT.parse(callback("ems", recorded("ems", "webhook.in_transit.json"))))
    assert [event.code for event in batch.events] == ["4", "2", "1"]
    assert batch.complete_for == ()
    key = (pushed.number, pushed.occurred, pushed.code, pushed.office, pushed.attempt)
    assert key in {(one.number, one.occurred, one.code, one.office, one.attempt) for one in batch.events}


def test_a_bad_step_costs_no_other_and_another_item_is_told_as_it_is() -> None:
    told = json.loads((RECORDED / "ems" / "tracking.journey.json").read_bytes())
    told["data"]["__get_status"][1]["tracedate"] = "0000-00-00 00:00:00"
    batch = translate.journeys_from_wire([("EL000000014VN", json.dumps(told).encode())], READING, received_at=NOW)
    assert [event.code for event in batch.events] == ["4", "1"]
    assert {event.number for event in batch.events} == {"EL000000005VN"}
    assert [one.code for one in batch.complaints] == ["shape", "shape"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"code":"error","message":"Token h\xe1\xba\xbft h\xe1\xba\xa1n"}', Unauthorised),
        (b'{"code":"error","message":"b\xe1\xba\xa3o tr\xc3\xac"}', Refused),
        (b'{"code":"success"}', Misunderstood),
        (b'{"code":"success","data":[]}', Misunderstood),
    ],
)
def test_an_error_is_never_an_item_without_events(raw: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        translate.journeys_from_wire([("EL000000005VN", raw)], READING, received_at=NOW)


def test_the_push_of_their_other_product_is_misunderstood_and_kept() -> None:
    body = b'{"TrackingCode":"EL000000005VN","StatusCode":11000,"CreatedAt":"2019-07-09 07:48:30"}'
    with pytest.raises(Misunderstood) as caught:
        PORT.parse(callback("ems", body))
    assert caught.value.raw == body
