import dataclasses
import datetime as dt
import json
import tomllib
from pathlib import Path

import pytest

from adapters.vnpost_hcc import announcing, codes, legacy, translate
from adapters.vnpost_hcc.cursor import ZERO, Cursor
from adapters.vnpost_hcc.terms import Terms
from adapters.vnpost_hcc.wire import FeedRow, OrderReply
from schemas.errors import BadConfiguration, Misunderstood, Refused, Unknown
from schemas.ids import CarrierId
from schemas.shipment import LegDirection
from schemas.tracking import Movement, Outcome, TrackingBatch, ZoneSource
from tests.contract.adapters import records

CONTRACT = Path(translate.__file__).parent / "contract" / "fields.toml"
FIELDS = tomllib.loads(CONTRACT.read_text(encoding="utf-8"))
TERMS = Terms(
    customer_code="H99_TTHCC",
    flag_to_office=1,
    flag_to_citizen=2,
    event_time="epoch",
    codes=codes.table({}),
    carrier=CarrierId("vnpost"),
    any_row_means_accepted=True,
)
WRITTEN = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)
HAPPENED_MS = int((WRITTEN - dt.timedelta(minutes=2)).timestamp() * 1000)


def oid(n: int, at: dt.datetime = WRITTEN) -> str:
    return f"{int(at.timestamp()):08x}5a17ec0de0{n:06x}"


def row(n: int = 1, **more: object) -> dict[str, object]:
    good: dict[str, object] = {
        "_id": {"$oid": oid(n)},
        "CustomerCode": "H99_TTHCC",
        "OrderNumber": "000.00.14.H99-261120-0007",
        "EventTime": HAPPENED_MS,
        "POSID": "360000",
        "ItemCode": "EL000000005VN",
        "StatusCode": 4,
        "StatusMessage": "Phát thành công",
        "Notes": "",
    }
    return {**good, **more}


def page(*rows: object, **more: object) -> bytes:
    return json.dumps({"_size": len(rows), "_embedded": {"rh:doc": rows}, **more}).encode()


def read(raw: bytes, *, cursor: Cursor | None = None, size: int = 1000, terms: Terms = TERMS) -> TrackingBatch:
    return translate.page_from_wire(
        raw, cursor=cursor or Cursor(ZERO, ZERO), page_size=size, terms=terms, received_at=WRITTEN
    )


# --- orders ----------------------------------------------------------------------------------------------------------


def wired(**more: object) -> dict[str, object]:
    order = dataclasses.replace(records.order(CarrierId("vnpost")), **more)  # type: ignore[arg-type]  # fields by name
    told: dict[str, object] = json.loads(translate.order_to_wire(order, TERMS))
    return told


def test_an_order_has_exactly_the_fields_of_the_contract() -> None:
    told = wired()
    fields = FIELDS["postOrder"]["request"]
    assert set(told) == set(fields)
    kinds = {"str": str, "int": int, "number": int}
    for name, value in told.items():
        assert type(value) is kinds[fields[name]["type"]], name
        assert value != "" or fields[name]["need"] == "no", name


def test_shapes_name_the_fields_of_the_contract() -> None:
    named = {field.alias or name for name, field in FeedRow.model_fields.items()}
    assert named == set(FIELDS["getOrderTracking"]["row"])
    assert set(OrderReply.model_fields) == set(FIELDS["postOrder"]["reply"])


def test_the_direction_is_in_the_flag_and_in_the_words() -> None:
    assert wired(direction=LegDirection.TO_CITIZEN)["FlagConfig"] == 2
    collect = wired(direction=LegDirection.TO_OFFICE)
    assert collect["FlagConfig"] == 1
    assert str(collect["SenderDesc"]).endswith("Tên dịch vụ: Thu gom hồ sơ tại nhà")


def test_no_identity_number_goes_out() -> None:
    """SenderDesc by convention ended with it in clear; we never send it (domain model §1.4)."""
    contents = f"Tên thủ tục: Cấp bản sao||CMND: {records.ID_NUMBER}||CCCD 001099000123"
    told = json.dumps(wired(contents=contents), ensure_ascii=False)
    assert records.ID_NUMBER not in told
    assert "001099000123" not in told
    assert "Cấp bản sao" in told


def test_the_dossier_code_is_not_taken_for_an_identity_number() -> None:
    told = wired(contents="Mã tham chiếu 000.00.14.H99-261120-0007")
    assert "000.00.14.H99-261120-0007" in str(told["SenderDesc"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"province_code": ""}, "SenderProvince"),
        ({"province_code": "HN"}, "SenderProvince"),
        ({"line": " "}, "SenderAddress"),
    ],
)
def test_an_order_that_vnpost_cannot_take_is_refused_before_it_is_sent(change: dict[str, str], says: str) -> None:
    desk = dataclasses.replace(records.DESK, address=dataclasses.replace(records.DESK.address, **change))
    with pytest.raises(Refused, match=says):
        wired(sender=desk)


@pytest.mark.parametrize("status", ["100", 100, " 100 "])
def test_status_100_is_accepted(status: object) -> None:
    order = records.order(CarrierId("vnpost"))
    raw = json.dumps({"Status": status, "Message": "Success"}).encode()
    receipt = translate.receipt_from_wire(raw, order.reference, order.number)
    assert (receipt.reference, receipt.number, receipt.peer_code) == (order.reference, order.number, "100")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"Status": "101", "Message": "x"}', Unknown),
        (b'{"Status": 101}', Unknown),
        (b'{"Status": "102", "Message": "Sai"}', Refused),
        (b'{"Status": "", "Message": ""}', Refused),
        (b'{"Status": 0, "Message": null}', Refused),
        (b'{"Message": "x"}', Misunderstood),
        (b"[]", Misunderstood),
        (b"", Misunderstood),
    ],
)
def test_no_other_reply_is_an_acceptance(raw: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        translate.receipt_from_wire(raw, "X", None)
    assert type(caught.value) is kind


# --- the feed --------------------------------------------------------------------------------------------------------


def test_a_row_becomes_an_event() -> None:
    (event,) = read(page(row())).events
    assert (event.number, event.reference) == ("EL000000005VN", "000.00.14.H99-261120-0007")
    assert event.mapped is not None
    assert (event.mapped.movement, event.mapped.outcome) == (Movement.DELIVERED, Outcome.DELIVERED)
    assert event.occurred.wall == "2026-11-20T09:58:00"
    assert event.occurred.zone_source is ZoneSource.EXPLICIT
    assert event.recorded_at == WRITTEN
    assert event.any_row_means_accepted


def test_an_empty_item_code_leaves_the_reference() -> None:
    (event,) = read(page(row(ItemCode=""))).events
    assert event.number is None
    assert event.reference == "000.00.14.H99-261120-0007"


@pytest.mark.parametrize("code", [0, 1, 5, 40, "4x", -4])
def test_only_code_4_is_known(code: object) -> None:
    batch = read(page(row(StatusCode=code)))
    assert batch.events[0].mapped is None
    assert [complaint.code for complaint in batch.complaints] == ["unknown_code"]


def test_codes_that_the_customer_was_told_are_known() -> None:
    terms = dataclasses.replace(TERMS, codes=codes.table({"1": "accepted", "9": "returned"}))
    first, second = read(page(row(1, StatusCode=1), row(2, StatusCode=9)), terms=terms).events
    assert first.mapped is not None
    assert first.mapped.movement is Movement.ACCEPTED
    assert second.mapped is not None
    assert second.mapped.outcome is Outcome.RETURNED


@pytest.mark.parametrize("told", [{"1": "arrived"}, {"4": "returned"}])
def test_a_wrong_code_in_the_settings_is_named(told: dict[str, str]) -> None:
    with pytest.raises(BadConfiguration, match=rf"status_codes\.{next(iter(told))}"):
        codes.table(told)


@pytest.mark.parametrize(
    "bad",
    [
        row(9, EventTime=None),
        row(9, EventTime="soon"),
        row(9, EventTime=10**20),
        row(9, EventTime=-1),
        row(9, _id={"$oid": "short"}),
        row(9, StatusCode={}),
        {"_id": 7},
        {},
        row(9, ItemCode="", OrderNumber=""),
    ],
)
def test_one_bad_row_costs_no_other(bad: dict[str, object]) -> None:
    batch = read(page(row(1), bad, row(2)))
    assert [event.carrier_event_id for event in batch.events] == [oid(1), oid(2)]
    assert [complaint.code for complaint in batch.complaints] == ["shape"]


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{}", b'{"_embedded": {}, "_size": "x"}', b'{"_embedded": []}'])
def test_what_is_no_page_is_misunderstood(raw: bytes) -> None:
    with pytest.raises(Misunderstood):
        read(raw)


def test_an_event_after_its_own_row_doubts_the_zone() -> None:
    """Seven hours ahead: the wall time of Viet Nam was written as if it were UTC. Both readings stay open."""
    ahead = HAPPENED_MS + 7 * 3_600_000
    (event,) = read(page(row(EventTime=ahead))).events
    assert event.occurred.zone_source is ZoneSource.UNKNOWN
    assert event.occurred.utc_high - event.occurred.utc_low == dt.timedelta(hours=7)
    terms = dataclasses.replace(TERMS, event_time="local_as_utc")
    (repaired,) = read(page(row(EventTime=ahead)), terms=terms).events
    assert repaired.occurred.zone_source is ZoneSource.QUIRK
    assert repaired.occurred.utc_low == WRITTEN - dt.timedelta(minutes=2)
    assert repaired.occurred.wall == "2026-11-20T09:58:00"


# --- paging ----------------------------------------------------------------------------------------------------------


def test_a_full_page_leads_on_and_a_short_one_ends_the_pass() -> None:
    first = read(page(row(1), row(2), _size=3), size=2)
    assert first.more
    assert first.next_cursor == f"{oid(2)}:{oid(2)}"
    second = read(page(row(3), _size=1), cursor=Cursor.read(first.next_cursor, overlap_s=900), size=2)
    assert not second.more
    assert second.next_cursor == oid(3)
    assert Cursor.read(second.next_cursor, overlap_s=900).position < oid(1), "the next pass begins before"


def test_a_page_capped_by_a_gateway_still_leads_on() -> None:
    assert read(page(row(1), _size=500), size=1000).more


def test_an_overlap_longer_than_a_page_still_ends() -> None:
    """A pass that begins in the overlap must get out of it, or a busy hour would hold the feed for ever."""
    rows = [row(n) for n in range(1, 31)]
    cursor: str | None = oid(30)
    seen: list[str | None] = []
    for _ in range(20):
        at = Cursor.read(cursor, overlap_s=900)
        beyond = [told for told in rows if str(told["_id"]["$oid"]) > at.position]  # type: ignore[index]  # our own row
        batch = read(page(*beyond[:4], _size=len(beyond)), cursor=at, size=4)
        seen += [event.carrier_event_id for event in batch.events]
        cursor = batch.next_cursor
        if not batch.more:
            break
    assert seen == [oid(n) for n in range(1, 31)]
    assert cursor == oid(30)


def test_a_feed_that_does_not_lead_on_is_misunderstood() -> None:
    with pytest.raises(Misunderstood, match="lead beyond"):
        read(page(row(1), row(2)), cursor=Cursor(oid(2), oid(2)), size=2)


def test_an_empty_page_keeps_the_cursor() -> None:
    batch = read(page(), cursor=Cursor(oid(5), oid(2)))
    assert (batch.events, batch.more, batch.next_cursor) == ((), False, oid(5))


def test_rows_in_any_order_give_the_same_cursor() -> None:
    assert read(page(row(3), row(1), row(2))).next_cursor == oid(3)


# --- outcome query ---------------------------------------------------------------------------------------------------


def test_a_row_speaks_of_an_order_by_item_code_first() -> None:
    order = records.order(CarrierId("vnpost"))
    (event,) = read(page(row(OrderNumber=order.reference, ItemCode=order.number))).events
    (other,) = read(page(row(OrderNumber=order.reference, ItemCode="EL000000019VN"))).events
    assert translate.speaks_of(event, order, since=WRITTEN)
    assert not translate.speaks_of(other, order, since=WRITTEN - dt.timedelta(days=1))


def test_without_an_item_code_an_old_row_of_the_same_reference_proves_nothing() -> None:
    order = dataclasses.replace(records.order(CarrierId("vnpost")), number=None)
    (event,) = read(page(row(OrderNumber=order.reference))).events
    assert translate.speaks_of(event, order, since=WRITTEN - dt.timedelta(hours=1))
    assert not translate.speaks_of(event, order, since=WRITTEN)


# --- item codes, prices, announced dossiers --------------------------------------------------------------------------


@pytest.mark.parametrize(("variant", "number", "sent"), [("when_known", None, ""), ("never", "EL000000005VN", "")])
def test_the_item_code_follows_the_setting(variant: str, number: str | None, sent: str) -> None:
    order = dataclasses.replace(records.order(CarrierId("vnpost")), number=number)
    terms = dataclasses.replace(TERMS, item_code=variant, district=3610)
    told = json.loads(translate.order_to_wire(order, terms))
    assert (told["ItemCode"], told["SenderDistrict"], told["ReceiverDistrict"]) == (sent, 3610, 3610)
    with pytest.raises(Refused, match="lease another block"):
        translate.order_to_wire(
            dataclasses.replace(order, number=None), dataclasses.replace(TERMS, item_code="required")
        )


def test_an_announcement_has_exactly_the_fields_of_the_contract() -> None:
    told = json.loads(announcing.document_to_wire(records.registration(CarrierId("vnpost")), TERMS))
    assert set(told) == set(FIELDS["postDocument"]["request"])
    for side in ("DocumentSender", "ResultReceiver"):
        assert set(told[side]) == set(FIELDS["postDocument"]["party"])
    assert set(told["Procedure"]) == {"Code", "Title", "Category", "Elements"}
    listed = dataclasses.replace(TERMS, document_elements="list")
    told = json.loads(announcing.document_to_wire(records.registration(CarrierId("vnpost")), listed))
    assert told["Procedure"]["Elements"] == ["Tờ khai"]


def test_an_announced_party_without_telephone_is_refused_before_it_is_sent() -> None:
    plain = records.registration(CarrierId("vnpost"))
    nobody = dataclasses.replace(records.CITIZEN, phone=" ", name="")
    with pytest.raises(Refused, match=r"ResultReceiver\.Name, ResultReceiver\.Phone"):
        announcing.document_to_wire(dataclasses.replace(plain, bring_to=nobody), TERMS)


def test_the_price_question_has_the_fields_of_the_contract_and_wants_a_province() -> None:
    order = records.order(CarrierId("vnpost"))
    told = json.loads(announcing.price_to_wire(order, TERMS))
    assert set(told) == set(FIELDS["getprice"]["request"])
    far = dataclasses.replace(order.addressee, address=dataclasses.replace(order.addressee.address, province_code=""))
    with pytest.raises(Refused, match=r"receiver\.provCode"):
        announcing.price_to_wire(dataclasses.replace(order, addressee=far), TERMS)


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b'{"content": null}', b'{"content": {"price": -1}}', b'{"content": {"price": "free"}}', b"[]"]
)
def test_no_price_is_misunderstood_and_never_0(raw: bytes) -> None:
    with pytest.raises(Misunderstood):
        announcing.price_from_wire(raw, records.order(CarrierId("vnpost")), TERMS)


# --- serviceApi/v1 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "day"), [("%d/%m/%Y %H:%M:%S", "20/11/2026 10:15:00"), ("%Y-%m-%dT%H:%M:%S", "2026-11-20T10:15:00")]
)
def test_an_order_of_2016_has_exactly_the_fields_of_the_contract(dates: str, day: str) -> None:
    told = json.loads(legacy.order_to_wire(records.order(CarrierId("vnpost")), TERMS, dates))
    assert set(told) == set(FIELDS["postDieuTin"]["request"])
    assert (told["ngayNhap"], told["flagConfig"], told["maTinhNhan"]) == (day, 2, 36)
    assert records.ID_NUMBER not in json.dumps(told)
    assert set(codes.LEGACY_CODES) == {code for _, code in legacy.QUESTIONS}
