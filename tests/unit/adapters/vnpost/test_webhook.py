"""Deliveries: what proves them, what does not, what is old, what is the same again."""

import base64
import dataclasses
import datetime as dt
import functools
import json

import pytest

from adapters._kit.signatures import SigningKey
from adapters.vnpost import codes
from adapters.vnpost.terms import Terms
from adapters.vnpost.webhook import Webhook
from schemas.errors import BadConfiguration, Misunderstood, Refused
from schemas.ids import CarrierId, PeerId
from schemas.tracking import Direction, EvidenceLevel, Movement
from schemas.wire import Callback

NOW = dt.datetime(2026, 11, 21, 3, 5, tzinfo=dt.UTC)
SENT = "21/11/2026 10:02:12"
WEEK_S = 604_800.0
STATE = {
    "ItemCode": "EL000000005VN",
    "OrderCode": "000.00.14.H99-261120-0007",
    "OrderStatusId": 100,
    "LastUpdateTime": "21/11/2026 10:02:11",
    "DeliveryTimes": 1,
}


@functools.cache
def key(n: int = 1) -> SigningKey:
    """A key of VNPost's, made once for all tests; ``n`` tells them apart."""
    return SigningKey.generate()


def terms(**more: object) -> Terms:
    plain = Terms(
        carrier=CarrierId("vnpost"),
        customer_code="",
        vendor_id="",
        service="EMS",
        services={},
        pickup_to_office=1,
        pickup_to_citizen=2,
        receipt=False,
        dates="any",
        codes=codes.table({}),
        older=False,
    )
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def webhook(*keys: str, **more: object) -> Webhook:
    pinned = keys or (key().public_pem,)
    return Webhook(pinned, terms(**more), replay_window_s=WEEK_S)


def signed(data: str, sent: str = SENT, *, by: SigningKey | None = None, **more: object) -> bytes:
    sign = base64.b64encode((by or key()).sign((data + sent).encode())).decode()
    return json.dumps({"Data": data, "SendDate": sent, "SignData": sign, **more}, ensure_ascii=False).encode()


def state(**more: object) -> str:
    return json.dumps({**STATE, **more}, ensure_ascii=False)


def call(body: bytes, at: dt.datetime = NOW) -> Callback:
    return Callback(PeerId("vnpost"), (), (), body, at)


# --- proof -----------------------------------------------------------------------------------------------------------


def test_a_true_delivery_is_proven_and_read() -> None:
    told = call(signed(state()))
    assert webhook().proves(told)
    assert not webhook().verify_header(told)
    (event,) = webhook().parse(told).events
    assert (event.number, event.reference, event.code) == ("EL000000005VN", STATE["OrderCode"], "100")
    assert event.mapped is not None
    assert (event.mapped.movement, event.mapped.proof) == (Movement.DELIVERED, EvidenceLevel.STATUS_ONLY)
    assert (event.occurred.wall, event.attempt) == ("2026-11-21T10:02:11", 1)


def test_the_signature_is_over_the_text_as_it_came_accents_spaces_and_all() -> None:
    data = '{ "ItemCode" : "EL000000005VN",  "OrderStatusId":"100","LastUpdateTime":"2026-11-21T10:02:11","X":"Đã"}'
    assert webhook().parse(call(signed(data))).events
    body = json.loads(signed(data))
    body["Data"] = json.dumps(json.loads(data), ensure_ascii=False)
    with pytest.raises(Refused):
        webhook().parse(call(json.dumps(body).encode()))


@pytest.mark.parametrize(
    "change",
    [
        {"SignData": base64.b64encode(b"\0" * 256).decode()},
        {"SignData": "not base64 at all"},
        {"SignData": base64.b64encode(b"short").decode()},
        {"Data": state(OrderStatusId=170)},
        {"SendDate": "21/11/2026 10:02:13"},
        {"SendDate": SENT + " "},
    ],
)
def test_whatever_was_changed_is_not_proven(change: dict[str, str]) -> None:
    body = json.dumps({**json.loads(signed(state())), **change}).encode()
    assert not webhook().proves(call(body))
    with pytest.raises(Refused, match="fits none"):
        webhook().parse(call(body))


@pytest.mark.parametrize("n", [1, 2, 19])
def test_the_border_between_the_two_texts_cannot_be_moved(n: int) -> None:
    """What is signed is one text: moving letters across the border keeps the signature and must break the reading."""
    data = state()
    whole = json.loads(signed(data))
    into_data = {**whole, "Data": data + SENT[:n], "SendDate": SENT[n:]}
    into_date = {**whole, "Data": data[:-n], "SendDate": data[-n:] + SENT}
    for moved in (into_data, into_date):
        if moved["SendDate"]:
            with pytest.raises((Misunderstood, Refused)):
                webhook().parse(call(json.dumps(moved).encode()))


def test_another_key_proves_nothing_and_several_are_pinned_while_one_follows_the_other() -> None:
    fresh = call(signed(state(), by=key(2)))
    assert not webhook().proves(fresh)
    both = webhook(key().public_pem, key(2).public_pem)
    assert both.proves(fresh)
    assert both.proves(call(signed(state())))
    only_new = webhook(key(2).public_pem)
    assert not only_new.proves(call(signed(state())))


def test_a_key_may_be_told_as_modulus_and_exponent() -> None:
    modulus, exponent = key().public_numbers
    assert exponent == "AQAB"
    for told in (f"{modulus};{exponent}", f"{modulus}"):
        assert webhook(told).proves(call(signed(state())))


def test_without_a_pinned_key_nothing_is_believed() -> None:
    lonely = Webhook((), terms(), replay_window_s=WEEK_S)
    assert not lonely.proves(call(signed(state())))
    with pytest.raises(Refused, match="no webhook_keys"):
        lonely.parse(call(signed(state())))


def test_a_key_that_is_none_is_named_by_its_place() -> None:
    with pytest.raises(BadConfiguration, match=r"webhook_keys\[2\]"):
        webhook(key().public_pem, "-----BEGIN NONSENSE-----")
    with pytest.raises(BadConfiguration, match=r"webhook_keys\[1\]"):
        webhook("???;AQAB")


# --- age and repetition ----------------------------------------------------------------------------------------------


def test_an_old_delivery_and_one_of_the_future_are_refused_though_proven() -> None:
    body = signed(state())
    for at, says in ((NOW + dt.timedelta(days=8), "replay_window_s"), (NOW - dt.timedelta(hours=1), "ahead of us")):
        assert webhook().proves(call(body, at))
        with pytest.raises(Refused, match=says):
            webhook().parse(call(body, at))


def test_the_same_texts_in_another_wrapping_are_the_same_delivery_and_a_forgery_is_another() -> None:
    door, body = webhook(), signed(state())
    told = json.loads(body)
    wrapped = json.dumps(dict(reversed(told.items())), indent=2, ensure_ascii=True).encode()
    more = json.dumps({**told, "Retry": 2}).encode()
    same = {door.event_key(call(each)) for each in (body, wrapped, more)}
    assert len(same) == 1
    forged = json.dumps({**told, "SignData": base64.b64encode(b"\1" * 256).decode()}).encode()
    assert door.event_key(call(forged)) not in same, "a forgery that comes first must not keep the true one out"
    assert door.event_key(call(b"{")) != door.event_key(call(b"{ "))


def test_a_delivery_sent_again_later_is_another_delivery_of_the_same_event() -> None:
    door = webhook()
    first, later = call(signed(state())), call(signed(state(), "21/11/2026 10:04:12"))
    assert door.event_key(first) != door.event_key(later)
    (one,), (two,) = door.parse(first).events, door.parse(later).events
    assert (one.number, one.occurred, one.code, one.office) == (two.number, two.occurred, two.code, two.office)


# --- reading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "null",
        "[]",
        "7",
        "{}",
        "{",
        "",
        " ",
        "<html></html>",
        state(OrderStatusId=None, ItemCode="", OrderCode=""),
        state(LastUpdateTime=""),
        state(LastUpdateTime="0001-01-01T00:00:00"),
        state(LastUpdateTime="31/02/2026 10:00:00"),
        state(LastUpdateTime="2026-11-21"),
        state(DeliveryTimes=10**30),
        state(DeliveryTimes="many"),
        state(DeliveryTimes=-1),
        state(CodAmount="NaN"),
        state(CodAmount=-5),
        state(OrderStatusId=[100]),
        state(OrderStatusId=None),
        state(OrderStatusId="x" * 21),
        state(OrderStatusId=True),
        state(IsReturn="perhaps"),
        state(ItemCode={"a": 1}),
    ],
)
def test_signed_rubbish_is_misunderstood_and_never_an_empty_batch(data: str) -> None:
    with pytest.raises(Misunderstood):
        webhook().parse(call(signed(data)))


def test_an_unknown_status_is_news_and_a_complaint_and_no_movement() -> None:
    batch = webhook().parse(call(signed(state(OrderStatusId=998, OrderStatusName="Trạng thái mới"))))
    assert batch.events[0].mapped is None
    assert [(told.code, told.what) for told in batch.complaints] == [("unknown_code", "998 Trạng thái mới")]
    (told,) = webhook(codes=codes.table({"998": "in_transit"})).parse(call(signed(state(OrderStatusId=998)))).events
    assert told.mapped is not None


@pytest.mark.parametrize(("told", "code"), [("", "-1"), (-1, "-1"), ("-1", "-1")])
def test_not_approved_has_three_spellings_and_none_of_them_is_null(told: object, code: str) -> None:
    (event,) = webhook().parse(call(signed(state(OrderStatusId=told)))).events
    assert event.code == code
    assert event.mapped is not None
    assert event.mapped.movement is Movement.REGISTERED


def test_causes_attempts_and_the_way_back_are_kept() -> None:
    more = {"CauseCode": "12", "CauseName": "Vắng nhà", "SolutionCode": "3", "IsReturn": True, "DeliveryTimes": "2"}
    (event,) = webhook().parse(call(signed(state(OrderStatusId=91, **more)))).events
    assert event.mapped is not None
    assert (event.mapped.movement, event.mapped.direction) == (Movement.ATTEMPT_FAILED, Direction.RETURN)
    assert (event.mapped.reason, event.mapped.action, event.attempt) == ("12", "3", 2)
    assert "Vắng nhà" in event.text


def test_the_date_form_may_be_nailed_down() -> None:
    iso = signed(state(LastUpdateTime="2026-11-21T10:02:11"), "2026-11-21T10:02:12")
    assert webhook(dates="iso").parse(call(iso)).events
    with pytest.raises(Misunderstood):
        webhook(dates="vi").parse(call(iso))
