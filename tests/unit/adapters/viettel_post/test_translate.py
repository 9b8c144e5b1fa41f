"""Orders, wishes and places of Viettel Post."""

import dataclasses
import json
import tomllib
from typing import Any

import pytest

from adapters.registry import PEERS_FOLDER
from adapters.viettel_post import places, translate
from adapters.viettel_post.places import Found
from adapters.viettel_post.translate import Terms
from schemas.dossier import Party
from schemas.errors import CallError, Duplicate, Misunderstood, Refused, Unauthorised, Unknown
from schemas.ids import CarrierId
from schemas.shipment import (
    AddressLevel,
    AddressTier,
    BookingOrder,
    InstructionKind,
    LegDirection,
    OrderInstruction,
    Place,
)
from tests.contract.adapters import records
from tests.unit.adapters.carriers import RECORDED

FIELDS = tomllib.loads((PEERS_FOLDER / "viettel_post" / "contract" / "fields.toml").read_text(encoding="utf-8"))
TERMS = Terms("VCN", {"HOA_TOC": "VHT"}, 0, "unknown", ("đã tồn tại",))
HERE, THERE = Found(36, 3601, 405), Found(1, 12, 49876)


def order(**more: Any) -> BookingOrder:
    return dataclasses.replace(records.order(CarrierId("viettel_post")), number="1000000000001", **more)


def wired(of: BookingOrder, *, ids: bool = False) -> dict[str, Any]:
    sender, receiver = (HERE, THERE) if ids else (None, None)
    told: dict[str, Any] = json.loads(translate.order_to_wire(of, TERMS, sender=sender, receiver=receiver))
    return told


@pytest.mark.parametrize(("ids", "operation"), [(True, "createOrder"), (False, "createOrderNlp")])
def test_an_order_has_exactly_the_fields_of_the_contract(ids: bool, operation: str) -> None:
    told, fields = wired(order(), ids=ids), FIELDS[operation]
    assert set(told) == set(fields)
    kinds = {"str": str, "int": int, "bool": bool}
    for name, value in told.items():
        assert type(value) is kinds[fields[name]["type"]], name
        assert value != "" or fields[name]["need"] == "no", name


def test_each_leg_of_a_dossier_has_a_reference_of_its_own_that_is_read_back() -> None:
    legs = [(LegDirection.TO_CITIZEN, 1), (LegDirection.TO_OFFICE, 1), (LegDirection.TO_CITIZEN, 2)]
    orders = [dataclasses.replace(order(), direction=direction, seq=seq) for direction, seq in legs]
    told = [translate.reference_out(dataclasses.replace(one, reference="X-7")) for one in orders]
    assert told == ["X-7-C1", "X-7-O1", "X-7-C2"]
    assert {translate.reference_in(one) for one in told} == {"X-7"}
    assert translate.reference_in("X-C0") == "X-C0"


def test_money_to_collect_and_the_service_follow_the_order() -> None:
    assert (wired(order())["ORDER_PAYMENT"], wired(order())["MONEY_COLLECTION"]) == (1, 0)
    paid = wired(order(cod_due=50_000, service="HOA_TOC"))
    assert (paid["ORDER_PAYMENT"], paid["MONEY_COLLECTION"], paid["ORDER_SERVICE"]) == (3, 50_000, "VHT")
    assert "PRODUCT_WEIGHT" not in wired(order(weight_g=None))


def test_an_identity_number_never_goes_out() -> None:
    told = wired(order(contents=f"CCCD {records.ID_NUMBER} của người nộp"))
    assert records.ID_NUMBER not in json.dumps(told)


def test_a_name_that_is_too_long_is_refused_and_a_remark_is_cut() -> None:
    long_name = dataclasses.replace(records.CITIZEN, name="Ngưỡng " * 20)
    with pytest.raises(Refused, match="RECEIVER_FULLNAME"):
        wired(order(addressee=long_name))
    remark = wired(order(contents="đ" * 100))["PRODUCT_NAME"]
    assert remark == "đ" * 75


@pytest.mark.parametrize(
    "desk", [dataclasses.replace(records.DESK, name=" "), dataclasses.replace(records.DESK, phone="")]
)
def test_a_party_without_name_or_telephone_is_refused_before_anything_is_sent(desk: Party) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        wired(order(sender=desk))


# --- updates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "type_5", "told"),
    [
        (InstructionKind.APPROVE, "unknown", 1),
        (InstructionKind.APPROVE_RETURN, "unknown", 2),
        (InstructionKind.DELIVER_AGAIN, "unknown", 3),
        (InstructionKind.TAKE_BACK, "unknown", None),
        (InstructionKind.TAKE_BACK, "delete", None),
        (InstructionKind.TAKE_BACK, "take_back", 5),
        (InstructionKind.DELETE_CANCELLED, "unknown", 11),
        (InstructionKind.DELETE_CANCELLED, "take_back", 11),
        (InstructionKind.DELETE_CANCELLED, "delete", 5),
    ],
)
def test_each_wish_has_its_update_type_or_is_refused(kind: InstructionKind, type_5: str, told: int | None) -> None:
    terms = dataclasses.replace(TERMS, type_5=type_5)
    wish = OrderInstruction(order(), kind, "", records.NOW)
    if told is None:
        with pytest.raises(Refused, match="type_5"):
            translate.type_of(wish, terms)
    else:
        assert translate.type_of(wish, terms) == told


def test_an_update_names_their_number_and_an_s10_is_none() -> None:
    told = json.loads(translate.update_to_wire(order(), translate.CANCEL, "ghi chú " * 40))
    assert set(told) == set(FIELDS["UpdateOrder"])
    assert (told["TYPE"], told["ORDER_NUMBER"]) == (4, "1000000000001")
    assert len(told["NOTE"].encode()) <= 150
    for number in (None, "EL000000005VN"):
        with pytest.raises(Refused, match="nothing was sent"):
            translate.update_to_wire(dataclasses.replace(order(), number=number), translate.CANCEL, "")


# --- replies ---------------------------------------------------------------------------------------------------------


def reply(name: str) -> bytes:
    return (RECORDED / "viettel_post" / name).read_bytes()


def test_an_accepted_order_has_their_number() -> None:
    receipt = translate.receipt_from_wire(reply("createOrderNlp.accepted.json"), order(), TERMS)
    assert (receipt.number, receipt.peer_code) == ("1000000000001", "200")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (reply("createOrderNlp.refused.json"), Refused),
        (reply("createOrderNlp.repeated.json"), Duplicate),
        (reply("createOrderNlp.system_error.json"), Unknown),
        (b'{"status":201,"error":true,"message":"Token invalid"}', Unauthorised),
        (b'{"status":202,"error":true,"message":"x"}', Unauthorised),
        (b'{"status":200,"error":true,"message":"Token invalid or expired"}', Unauthorised),
        (b'{"status":203,"error":true,"message":"Order status already exists on the system"}', Duplicate),
        (b'{"status":203,"error":true,"message":"x"}', Refused),
        (b'{"status":200,"error":false,"message":"OK","data":null}', Misunderstood),
        (b'{"error":false,"data":{"ORDER_NUMBER":"1"}}', Misunderstood),
        (b"[]", Misunderstood),
    ],
)
def test_what_is_no_yes_is_a_named_error_with_its_bytes(raw: bytes, kind: type[CallError]) -> None:
    with pytest.raises(CallError) as caught:
        translate.receipt_from_wire(raw, order(), TERMS)
    assert type(caught.value) is kind
    assert caught.value.raw == raw


def test_prices_come_bare_or_by_text_and_never_as_nothing() -> None:
    by_text = translate.prices_from_wire(reply("getPriceAllNlp.services.json"), order())
    bare = translate.prices_from_wire(
        json.dumps(json.loads(reply("getPriceAllNlp.services.json"))["RESULT"]).encode(), order()
    )
    assert by_text == bare
    assert [(quote.service, quote.amount, quote.promise) for quote in bare] == [
        ("PHS", 26400, "48 giờ"),
        ("VCN", 35000, "24 giờ"),
    ]
    for raw in (b"[]", reply("getPriceAllNlp.refused.json")):
        with pytest.raises(Refused):
            translate.prices_from_wire(raw, order())


# --- places ----------------------------------------------------------------------------------------------------------


def place(code: str, name: str) -> Place:
    return Place(AddressTier.TWO_TIER, AddressLevel.WARD, code, name, "36")


def test_a_place_is_found_whatever_its_writing() -> None:
    wards = [place("1", "PHƯỜNG THẠCH BÀN"), place("2", "Xã Đông Anh"), place("3", "Phường 1")]
    for name, code in (
        ("phường Thạch Bàn", "1"),
        ("Thạch  Bàn", "1"),
        ("X. Đông Anh", None),
        ("xã Đông Anh", "2"),
        ("P 1", None),
    ):
        if code is None:
            with pytest.raises(Refused, match="is in no list"):
                places.pick(name, wards, what="commune", reference="R")
        else:
            assert places.pick(name, wards, what="commune", reference="R").code == code


def test_two_places_of_one_name_are_told_apart_by_their_kind_or_refused() -> None:
    wards = [place("1", "PHƯỜNG HÒA BÌNH"), place("2", "XÃ HÒA BÌNH")]
    assert places.pick("Xã Hòa Bình", wards, what="commune", reference="R").code == "2"
    with pytest.raises(Refused, match="2 places"):
        places.pick("Hòa Bình", wards, what="commune", reference="R")
