"""The hand-over form by itself: what it takes, what it refuses, and with which words."""

import json
from typing import Any

import pytest

from gateway.desk.checks import Faults
from gateway.inbound.forms.decisions import ReasonForm
from gateway.inbound.forms.faults import check, parse
from gateway.inbound.forms.handover import HandoverForm
from schemas.dossier import Channel, IdKind

PERSON: dict[str, Any] = {"kind": "citizen", "name": "Ơi", "address": {"line": "Bản Nà Tòng", "commune": "Mường Khắt"}}

POST: dict[str, Any] = {"with_post": True, "post_unit": "bd-muong-khat", "signed_by": "Vì Văn Thương"}


def body(**changes: Any) -> bytes:
    told: dict[str, Any] = {
        "intake_mode": "forwarded",
        "channel": 1,
        "procedure": "9.000012",
        "owner": PERSON,
        "receiving_unit": "muong-khat",
        "components": [{"no": 1, "name": "Đơn", "kind": "original", "sheets_counted": 2}],
        "handed_at": "2026-11-22T08:00:00+07:00",
    }
    return json.dumps({**told, **changes}).encode()


def faults(**changes: Any) -> dict[str, str]:
    with pytest.raises(Faults) as refused:
        parse(HandoverForm, body(**changes))
    return {fault.path: fault.text for fault in refused.value.faults}


def test_the_record_has_compact_numbers_utc_and_clean_text() -> None:
    person = {**PERSON, "name": "  Giàng   A Tu\u0309a ", "id_kind": "cccd", "id_number": "099 084 000 012"}
    record = parse(HandoverForm, body(owner=person, note=" một \r\n hai ")).record()
    assert (record.owner.name, record.owner.id_kind, record.owner.id_number) == (
        "Giàng A Tủa",
        IdKind.CCCD,
        "099084000012",
    )
    assert (record.handed_at.isoformat(), record.channel, record.note) == (
        "2026-11-22T01:00:00+00:00",
        Channel.IN_PERSON,
        "một\nhai",
    )


@pytest.mark.parametrize(
    ("changes", "path", "text"),
    [
        ({"channel": "1"}, "channel", "form.choice"),
        ({"parcels": 1.5}, "parcels", "form.integer"),
        ({"parcels": True}, "parcels", "form.integer"),
        ({"parcels": 0}, "parcels", "form.too_small"),
        ({"parcels": 21}, "parcels", "form.too_large"),
        ({"with_post": "yes"}, "with_post", "form.boolean"),
        ({"handed_at": "2026-11-22T08:00:00"}, "handed_at", "form.zone"),
        ({"handed_at": "yesterday"}, "handed_at", "form.instant"),
        ({"handed_at": "1970-01-01T00:00:00Z"}, "handed_at", "form.instant_range"),
        ({"handed_at": 1_763_780_400}, "handed_at", "form.instant"),
        ({"owner": {**PERSON, "name": ""}}, "owner.name", "form.too_short"),
        ({"owner": {**PERSON, "name": "x" * 201}}, "owner.name", "form.too_long"),
        ({"owner": {**PERSON, "name": "a\x00b"}}, "owner.name", "form.control_characters"),
        ({"owner": "Ơi"}, "owner", "form.object"),
        ({"owner": {**PERSON, "phone": "12"}}, "owner.phone", "form.phone"),
        ({"owner": {**PERSON, "email": "x"}}, "owner.email", "form.email"),
        ({"owner": {**PERSON, "id_number": "1"}}, "owner.id_number", "form.id_kind_missing"),
        ({"owner": {**PERSON, "id_kind": "cmnd"}}, "owner.id_number", "form.id_number_missing"),
        ({"owner": {**PERSON, "id_kind": "cmnd", "id_number": "0990840"}}, "owner.id_number", "form.id_number.cmnd"),
        ({"owner": {**PERSON, "id_kind": "passport", "id_number": "!"}}, "owner.id_number", "form.id_number.passport"),
        ({"owner": {**PERSON, "id_kind": "tax_code", "id_number": "1"}}, "owner.id_number", "form.id_number.tax_code"),
        ({"code": "nonsense"}, "code", "form.dossier_code"),
        ({**POST, "item_number": "EE473124820VN"}, "item_number", "form.item_number"),
        ({"item_number": "EE473124829VN"}, "item_number", "form.item_number_without_post"),
        ({"with_post": True, "signed_by": "x"}, "post_unit", "form.post_unit_missing"),
        ({"with_post": True, "post_unit": "p"}, "signed_by", "form.signature_missing"),
        ({"return_method": 1}, "return_address", "form.return_address_missing"),
        ({"components": []}, "components", "form.list_short"),
        ({"components": 3}, "components", "form.list"),
        ({"extra": 1}, "extra", "form.unknown_field"),
        ({"owner": {**PERSON, "cccd": "1"}}, "owner.cccd", "form.unknown_field"),
    ],
)  # fmt: skip
def test_each_fault_has_its_path_and_its_sentence(changes: dict[str, Any], path: str, text: str) -> None:
    assert faults(**changes) == {path: text}


def test_two_papers_with_one_number_are_a_fault_of_the_list() -> None:
    paper = {"no": 1, "name": "Đơn", "kind": "copy", "sheets_counted": 0}
    assert faults(components=[paper, paper]) == {"components": "form.component_twice"}


@pytest.mark.parametrize(
    "kind_and_number", [("passport", "c1234567"), ("tax_code", "0100109106-001"), ("cmnd", "099000012")]
)
def test_other_papers_than_the_citizen_card_are_taken(kind_and_number: tuple[str, str]) -> None:
    kind, number = kind_and_number
    record = parse(HandoverForm, body(owner={**PERSON, "id_kind": kind, "id_number": number})).record()
    assert record.owner.id_number == number.upper()


def test_a_hundred_faults_are_told_and_not_more() -> None:
    with pytest.raises(Faults) as refused:
        parse(HandoverForm, body(**{f"x{n}": 1 for n in range(500)}))
    assert len(refused.value.faults) == 100


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b"\xff", b'{"a":' + b"[" * 5_000])
def test_what_is_no_object_is_one_fault(raw: bytes) -> None:
    with pytest.raises(Faults) as refused:
        parse(HandoverForm, raw)
    assert len(refused.value.faults) == 1 and refused.value.faults[0].text in ("form.json", "form.object")


def test_a_reason_is_more_than_a_dot() -> None:
    assert check(ReasonForm, {"reason": " . "})[1][0].text == "form.too_short"
    form, found = check(ReasonForm, {"reason": "đã gọi"})
    assert form is not None and form.reason == "đã gọi" and found == ()
