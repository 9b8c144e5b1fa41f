"""Orders, prices and lists of the commercial interface in its words and back."""

import dataclasses
import datetime as dt
import json
import tomllib
from pathlib import Path

import pytest

from adapters.vnpost import codes, places, times, translate
from adapters.vnpost.places import Codes
from adapters.vnpost.wire import CreatedOrder, ListedOrder, State, Ward
from schemas.dossier import Address
from schemas.errors import BadConfiguration, Misunderstood, Refused
from schemas.ids import CarrierId
from schemas.shipment import AddressLevel, BookingOrder, LegDirection
from schemas.tracking import Movement, Outcome, Precision, ZoneSource
from tests.contract.adapters import records
from tests.unit.adapters.vnpost.test_webhook import terms

CONTRACT = Path(translate.__file__).parent / "contract" / "fields.toml"
FIELDS = tomllib.loads(CONTRACT.read_text(encoding="utf-8"))
HERE = Codes("36", "3610", "36101")


def order(**more: object) -> BookingOrder:
    return dataclasses.replace(records.order(CarrierId("vnpost")), **more)  # type: ignore[arg-type]  # fields by name


def wired(**more: object) -> dict[str, object]:
    told: dict[str, object] = json.loads(translate.order_to_wire(order(**more), HERE, HERE, terms()))
    return told


def test_an_order_has_exactly_the_fields_of_the_contract() -> None:
    told = wired()
    fields = FIELDS["CreateOrder"]["request"]
    assert set(told) == set(fields)
    kinds: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "number": (int,), "bool": (bool,)}
    for name, value in told.items():
        assert type(value) in kinds[fields[name]["type"]], name
        assert value != "" or fields[name]["need"] == "no", name


def test_shapes_name_the_fields_of_the_contract() -> None:
    assert set(State.model_fields) == set(FIELDS["state"])
    assert set(CreatedOrder.model_fields) == set(FIELDS["CreateOrder"]["reply"])


def test_no_identity_number_goes_out_and_the_papers_may_not_be_opened() -> None:
    told = wired(contents=f"Cấp bản sao, CCCD {records.ID_NUMBER}, 001099000123")
    text = json.dumps(told, ensure_ascii=False)
    assert records.ID_NUMBER not in text
    assert "001099000123" not in text
    assert told["IsPackageViewable"] is False


def test_service_and_pick_up_come_from_the_settings() -> None:
    told = json.loads(translate.order_to_wire(order(), HERE, HERE, terms(services={"HCC": "BK"})))
    assert (told["ServiceName"], told["PickupType"]) == ("BK", 2)
    collect = wired(direction=LegDirection.TO_OFFICE, service="TMDT_EMS")
    assert (collect["ServiceName"], collect["PickupType"]) == ("TMDT_EMS", 1)
    assert wired()["ServiceName"] == "EMS"


@pytest.mark.parametrize("more", [{"weight_g": None}, {"weight_g": 0}])
def test_an_order_without_weight_is_refused_before_it_is_sent(more: dict[str, object]) -> None:
    for build in (translate.order_to_wire, translate.fares_to_wire):
        with pytest.raises(Refused, match="weight_g"):
            build(order(**more), HERE, HERE, terms())


GOOD = {"Id": "96d2", "ItemCode": "EL000000005VN", "OrderStatusId": 20, "IsSuccess": True}


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ({**GOOD, "IsSuccess": False, "Message": "Sai mã"}, Refused),
        ({**GOOD, "ItemCode": ""}, Misunderstood),
        ({**GOOD, "ItemCode": None}, Misunderstood),
        ({**GOOD, "Id": None}, Misunderstood),
        ({**GOOD, "OrderCode": "of somebody else"}, Misunderstood),
        ({}, Misunderstood),
        ([], Misunderstood),
        (None, Misunderstood),
        ("ok", Misunderstood),
    ],
)
def test_no_other_reply_is_an_order(reply: object, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        translate.receipt_from_wire(json.dumps(reply).encode(), order())


@pytest.mark.parametrize(
    ("raw", "status", "kind"),
    [
        (b"", 200, Misunderstood),
        (b"{}", 200, Misunderstood),
        (b"[]", 204, Misunderstood),
        (b'{"IsSuccess": false}', 200, Refused),
        (b'{"IsSuccess": "no"}', 200, Refused),
        (b'{"IsSuccess": "maybe"}', 200, Misunderstood),
    ],
)
def test_no_other_reply_is_a_cancellation(raw: bytes, status: int, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        translate.cancelled_from_wire(raw, status, order())
    assert translate.cancelled_from_wire(b"", 204, order()).peer_code == "204"


# --- prices ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("told", "dong"), [(53797, 53797), (53797.5, 53798), ("53797", 53797), ("53797.0", 53797)])
def test_amounts_come_in_many_spellings(told: object, dong: int) -> None:
    raw = json.dumps([{"MaDichVu": "EMS", "TongCuocBaoGomDVCT": told}]).encode()
    (quote,) = translate.fares_from_wire(raw, order(), terms())
    assert quote.amount == dong


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ([], Refused),
        ([{"MaDichVu": "EMS", "Success": False, "Message": "Không phục vụ"}], Refused),
        ([{"MaDichVu": "EMS"}], Misunderstood),
        ([{"MaDichVu": "EMS", "TongCuocBaoGomDVCT": -1}], Misunderstood),
        ([{"MaDichVu": "EMS", "TongCuocBaoGomDVCT": True}], Misunderstood),
        ([{"MaDichVu": "EMS", "TongCuocBaoGomDVCT": "1e400"}], Misunderstood),
        ([{"TongCuocBaoGomDVCT": 5}], Misunderstood),
        ({"IsSuccess": False}, Misunderstood),
    ],
)
def test_no_price_is_never_nothing_to_pay(reply: object, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        translate.fares_from_wire(json.dumps(reply).encode(), order(), terms())


# --- lists -----------------------------------------------------------------------------------------------------------


def row(**more: object) -> dict[str, object]:
    good = {"Id": "1", "ItemCode": "EL000000005VN", "OrderCode": "X-1", "OrderStatusId": 70, "LastUpdateTime": ""}
    return {**good, **more}


def test_one_bad_row_costs_no_other() -> None:
    rows = [row(), row(OrderStatusId={}), row(ItemCode="", OrderCode=""), row(ItemCode="EL000000014VN")]
    page = translate.page_from_wire(json.dumps(rows).encode(), terms(), next_cursor=None)
    assert [found.number for found in page.orders] == ["EL000000005VN", "EL000000014VN"]
    assert [told.code for told in page.complaints] == ["shape", "shape"]
    assert page.orders[0].told_at is None, "a row without its time is still a row of the list"


@pytest.mark.parametrize("raw", [b"", b"null", b"{}", b'{"Data": []}', b"[1]", b"<html>"])
def test_what_is_no_list_is_misunderstood(raw: bytes) -> None:
    with pytest.raises(Misunderstood):
        translate.orders_from_wire(raw, terms())


def test_an_unknown_status_of_the_list_stays_unknown() -> None:
    page = translate.page_from_wire(json.dumps([row(OrderStatusId=33)]).encode(), terms(), next_cursor=None)
    assert page.orders[0].mapped is None
    assert [told.code for told in page.complaints] == ["unknown_code"]
    assert set(ListedOrder.model_fields) > set(State.model_fields)


# --- codes, times, places --------------------------------------------------------------------------------------------


def test_every_code_has_its_meaning_and_the_table_is_what_the_contract_lists() -> None:
    listed = (Path(translate.__file__).parent / "contract" / "README.md").read_text(encoding="utf-8")
    assert set(codes.CODES) == {"-1", "10", "20", "60", "61", "62", "70", "91", "100", "110", "120", "161", "170"}
    assert all(f"| {code} |" in listed for code in codes.CODES)
    assert codes.CODES["61"].movement is Movement.REGISTERED, "a wish to cancel is no cancellation"
    assert codes.CODES["170"].outcome is Outcome.RETURNED
    with pytest.raises(BadConfiguration, match=r"status_codes\.100"):
        codes.table({"100": "returned"})
    with pytest.raises(BadConfiguration, match="is no movement"):
        codes.table({"80": "arrived"})


def test_times_without_a_zone_are_wall_time_of_viet_nam() -> None:
    told = times.read("21/11/2026 10:02")
    assert (told.precision, told.zone_source) == (Precision.MINUTE, ZoneSource.CARRIER_DEFAULT)
    assert told.utc_high - told.utc_low == dt.timedelta(seconds=59)
    zoned = times.read("2026-11-21T10:02:11+0700")
    assert (zoned.zone_source, zoned.utc_low) == (
        ZoneSource.EXPLICIT,
        dt.datetime(2026, 11, 21, 3, 2, 11, tzinfo=dt.UTC),
    )
    for bad in ("", "11/21/2026 10:02:11", "2026-11-21T25:00:00", "21/11/1926 10:02:11", "1795000000", "9" * 400):
        with pytest.raises(ValueError, match=r"time|year|month|hour"):
            times.read(bad)


WARDS = [
    Ward(MaPhuongXa="1", TenPhuongXa="Phường Bến Thử", MaQuanHuyen="10", MaTinhThanh="36"),
    Ward(MaPhuongXa="2", TenPhuongXa="Bến Thử", MaQuanHuyen="20", MaTinhThanh="37"),
    Ward(MaPhuongXa="3", TenPhuongXa="Xã Trùng", MaQuanHuyen="10", MaTinhThanh="36"),
    Ward(MaPhuongXa="4", TenPhuongXa="Phường Trùng", MaQuanHuyen="11", MaTinhThanh="36"),
]


def test_a_commune_is_found_by_its_name_inside_of_its_province_only() -> None:
    decomposed = "P. Bê\u0301n Thư\u0309"
    for commune in ("Phường Bến Thử", "bến thử", decomposed):
        assert places.codes_of(Address("1", commune, "Mẫu", "36"), WARDS, "X") == Codes("36", "10", "1")
    for commune, province, says in (
        ("Trùng", "36", "10, 11"),
        ("Bến Khác", "36", "not in VNPost's list"),
        ("", "36", "not in"),
        ("Bến Thử", "", "no postal province code"),
    ):
        with pytest.raises(Refused, match=says):
            places.codes_of(Address("1", commune, "Mẫu", province), WARDS, "X")


@pytest.mark.parametrize("raw", [b"{}", b'[{"MaPhuongXa": ""}]', b"[[]]", b"", b'[{"MaPhuongXa": "1"}]'])
def test_a_list_of_places_without_codes_or_names_is_misunderstood(raw: bytes) -> None:
    with pytest.raises(Misunderstood):
        places.places_from_wire(raw, AddressLevel.WARD, None)
