"""What the webhook of Viettel Post says: codes, direction, times, secrets."""

import itertools
import tomllib
from typing import Any

import pytest

from adapters._kit.meanings import table
from adapters.registry import PEERS_FOLDER
from adapters.viettel_post import codes
from schemas.errors import BadConfiguration, Misunderstood, Unauthorised
from schemas.ids import PeerId
from schemas.ports.carrier import BodyProof
from schemas.tracking import Direction, Movement, Outcome, Precision, TrackingEvent, ZoneSource
from tests.unit.adapters.carriers import callback, folds, only, pushing, recorded

PORT = pushing("viettel_post", webhook_secret="secret")
FIELDS = tomllib.loads((PEERS_FOLDER / "viettel_post" / "contract" / "fields.toml").read_text(encoding="utf-8"))


def push(code: int, at: str = "21/11/2026 10:02:11", **more: Any) -> dict[str, Any]:
    told = recorded("viettel_post", "webhook.delivered.json")
    return {**told, "DATA": {**told["DATA"], "ORDER_STATUS": code, "ORDER_STATUSDATE": at, **more}}


def event(code: int, at: str = "21/11/2026 10:02:11", **more: Any) -> TrackingEvent:
    return only(PORT.parse(callback("viettel_post", push(code, at, **more))))


# --- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "movement", "outcome"),
    [
        (101, Movement.CANCELLED, Outcome.CANCELLED),
        (102, Movement.REGISTERED, Outcome.OPEN),
        (107, Movement.CANCELLED, Outcome.CANCELLED),
        (200, Movement.ACCEPTED, Outcome.OPEN),
        (201, Movement.CANCELLED, Outcome.CANCELLED),
        (400, Movement.IN_TRANSIT, Outcome.OPEN),
        (500, Movement.OUT_FOR_DELIVERY, Outcome.OPEN),
        (501, Movement.DELIVERED, Outcome.DELIVERED),
        (502, Movement.RETURNING, Outcome.OPEN),
        (503, Movement.DESTROYED, Outcome.DESTROYED),
        (504, Movement.RETURNED, Outcome.RETURNED),
        (505, Movement.ATTEMPT_FAILED, Outcome.OPEN),
        (507, Movement.READY_FOR_COLLECTION, Outcome.OPEN),
        (508, Movement.HELD, Outcome.OPEN),
        (515, Movement.RETURNING, Outcome.OPEN),
        (550, Movement.HELD, Outcome.OPEN),
    ],
)
def test_the_corrected_table(code: int, movement: Movement, outcome: Outcome) -> None:
    mapped = event(code).mapped
    assert mapped is not None
    assert (mapped.movement, mapped.outcome) == (movement, outcome)


def test_the_terminal_codes_are_the_six_of_the_document() -> None:
    terminal = {code for code, row in codes.CODES.items() if row.mapped.movement.terminal}
    assert terminal == {"101", "107", "201", "501", "503", "504"}


def test_every_row_says_where_it_is_from_and_what_the_tables_alone_have_is_legacy() -> None:
    for code, row in codes.CODES.items():
        assert row.says and row.source in (codes.LIST, codes.TABLES), code
        assert row.legacy or row.source == codes.LIST, code


@pytest.mark.parametrize("code", [106, 570, 998, -5])
def test_an_unknown_code_stays_unknown_and_is_complained_of(code: int) -> None:
    batch = PORT.parse(callback("viettel_post", push(code)))
    assert only(batch).mapped is None
    assert [complaint.code for complaint in batch.complaints] == ["unknown_code"]


def test_the_customer_may_complete_the_table_and_not_contradict_it() -> None:
    told = table(PeerId("viettel_post"), codes.CODES, {"570": "held"})
    assert told["570"].movement is Movement.HELD
    for wrong in ({"501": "lost"}, {"570": "gone"}):
        with pytest.raises(BadConfiguration, match="status_codes"):
            table(PeerId("viettel_post"), codes.CODES, wrong)


def test_why_a_delivery_failed_is_kept_with_the_meaning() -> None:
    mapped = event(505, REASON_CODE="47").mapped
    assert mapped is not None and (mapped.action, mapped.reason) == ("return_requested", "47")


# --- the latch -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [515, 502, 551])
def test_after_a_granted_return_a_delivery_is_one_to_the_sender_in_every_order_of_arrival(turn: int) -> None:
    told = [
        event(500, "20/11/2026 08:00:00"),
        event(turn, "20/11/2026 18:00:00"),
        event(500, "22/11/2026 08:00:00"),
        event(501, "22/11/2026 10:00:00"),
    ]
    for folded in folds(told):
        assert (folded.outcome, folded.direction) == (Outcome.RETURNED, Direction.RETURN)
        assert folded.delivered_at is None
        assert not folded.regressed


def test_a_return_that_was_only_asked_for_does_not_turn_the_direction() -> None:
    told = [
        event(505, "20/11/2026 18:00:00"),
        event(550, "20/11/2026 19:00:00"),
        event(500, "21/11/2026 08:00:00"),
        event(501, "21/11/2026 10:00:00"),
    ]
    for folded in folds(told):
        assert (folded.outcome, folded.direction, folded.attempts) == (Outcome.DELIVERED, Direction.FORWARD, 1)


def test_a_push_that_says_it_is_on_its_way_back_is_enough_where_the_turn_was_never_heard() -> None:
    told = [event(500, "22/11/2026 08:00:00", IS_RETURNING=True), event(501, "22/11/2026 10:00:00")]
    for folded in folds(told):
        assert folded.outcome is Outcome.RETURNED
    (alone,) = folds([event(501, "22/11/2026 10:00:00", IS_RETURNING=True)])
    assert alone.outcome is Outcome.RETURNED


def test_the_turn_and_the_delivery_of_one_second_are_a_return_too() -> None:
    told = [event(code, "22/11/2026 10:00:00") for code in (515, 501)]
    assert {folded.outcome for folded in folds(told)} == {Outcome.RETURNED}


def test_a_second_copy_is_the_same_event() -> None:
    first, second = event(501), event(501, EMPLOYEE_NAME="Người khác", NOTE="Đã phát")
    key = [(one.number, one.occurred.wall, one.code, one.office, one.attempt) for one in (first, second)]
    assert key[0] == key[1]


# --- fields ----------------------------------------------------------------------------------------------------------


def test_the_leg_is_taken_off_our_reference_and_their_number_is_no_reference() -> None:
    assert event(501).reference == "000.00.14.H99-261120-0007"
    assert event(501, ORDER_REFERENCE="000.00.14.H99-261120-0007").reference == "000.00.14.H99-261120-0007"
    assert event(501, ORDER_REFERENCE="1000000000001").reference is None
    assert event(501, ORDER_REFERENCE="").reference is None


def test_names_and_telephones_of_people_are_not_taken_over() -> None:
    told = event(501, EMPLOYEE_NAME="Trần Văn Thử", EMPLOYEE_PHONE="84900000002", RECEIVER_FULLNAME="Lê Thị Thử")
    assert "Thử" not in f"{told.text}{told.recipient}"
    assert told.recipient is None
    taken = {"EMPLOYEE_NAME", "EMPLOYEE_PHONE", "RECEIVER_FULLNAME", "POD"}
    assert taken <= set(FIELDS["webhook"])


@pytest.mark.parametrize(
    ("text", "precision"), [("21/11/2026 10:02:11", "second"), ("21/11/2026", "day"), ("2026-11-21 10:02:11", "second")]
)
def test_a_time_without_zone_is_the_carriers_default(text: str, precision: str) -> None:
    occurred = event(501, text).occurred
    assert (occurred.precision, occurred.zone_source) == (Precision(precision), ZoneSource.CARRIER_DEFAULT)


def test_a_zone_that_is_in_doubt_is_the_widest_interval() -> None:
    port = pushing("viettel_post", event_zone="unknown")
    occurred = only(port.parse(callback("viettel_post", push(501)))).occurred
    assert occurred.zone_source is ZoneSource.UNKNOWN
    assert occurred.utc_low < occurred.utc_high


@pytest.mark.parametrize("text", ["31/02/2026 10:00:00", "01/01/0001 00:00:00", "hôm qua"])
def test_a_time_that_is_none_is_misunderstood_with_its_bytes(text: str) -> None:
    told = callback("viettel_post", push(501, text))
    with pytest.raises(Misunderstood) as caught:
        PORT.parse(told)
    assert caught.value.raw == told.body


# --- the secret ------------------------------------------------------------------------------------------------------


def test_the_secret_stands_in_the_header_unless_the_customer_says_otherwise() -> None:
    body = push(501)
    good, bad = [("authorization", "secret")], [("authorization", "Secret")]
    assert PORT.verify_header(callback("viettel_post", body, headers=good))
    assert not PORT.verify_header(callback("viettel_post", body, headers=bad))
    assert not PORT.verify_header(callback("viettel_post", {**body, "TOKEN": "secret"}))


def test_a_secret_in_the_body_is_proven_before_anything_is_read_of_it() -> None:
    port = pushing("viettel_post", webhook_proof="body", webhook_secret="secret", webhook_secret_next="next")
    for token in ("secret", "next"):
        assert only(port.parse(callback("viettel_post", {**push(501), "TOKEN": token}))).code == "501"
    assert isinstance(port, BodyProof)
    assert port.proves(callback("viettel_post", {**push(501), "TOKEN": "next"}))
    assert not any(port.proves(callback("viettel_post", body)) for body in (b"", b"[]", b"{", b'{"TOKEN":"secret"}'))
    assert isinstance(PORT, BodyProof) and not PORT.proves(callback("viettel_post", {**push(501), "TOKEN": "secret"}))
    for wrong in ("", "Secret", None):
        told = callback("viettel_post", {**push(501), "TOKEN": wrong}, headers=[("authorization", "secret")])
        assert not port.verify_header(told) and not port.proves(told)
        with pytest.raises(Unauthorised):
            port.parse(told)


def test_every_push_is_answered_with_200_and_a_repetition_too() -> None:
    replies = {
        (reply.status, reply.body)
        for repeated, body in itertools.product((False, True), (b"", b"{}"))
        for reply in [PORT.answer(callback("viettel_post", body), repeated=repeated)]
    }
    assert replies == {(200, b'{"status":200,"error":false,"message":"OK"}')}
