"""Field by field: our records in the axis' words, its profiles in ours."""

import base64
import dataclasses
import datetime as dt
import doctest
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters._kit import json as wire_json
from adapters._kit.sandbox.fields import FieldTables
from adapters.lien_thong import codes, translate
from adapters.lien_thong.wire import DetailReply, ListReply, SentReply
from adapters.registry import PEERS_FOLDER
from schemas.dossier import IdKind, PartyKind, RequestKind, ReturnMethod
from schemas.errors import CallError, Duplicate, Misunderstood, Refused, Transient
from schemas.ids import Sha256
from schemas.portal import OneStopReport, ProfileRef, ReportKind
from tests.unit.adapters.lien_thong.records import CODE, DOSSIER, ORIGIN, OWNER, REQUEST, STATUS, local, recorded

TABLES = FieldTables(PEERS_FOLDER / "lien_thong" / "contract" / "fields.toml")
DIGEST = Sha256("d" * 64)


def sent(**change: Any) -> dict[str, Any]:
    changed = dataclasses.replace(DOSSIER, **change)
    return translate.dossier_to_wire(changed, system_id="LIENTHONG", system_received="MOTCUA")


def read(raw: bytes) -> OneStopReport:
    return translate.report(wire_json.parse(DetailReply, raw), raw, DIGEST)


def detail(**change: object) -> bytes:
    """The recorded receipt with other fields."""
    told = json.loads(recorded("detail_receipt.json"))
    told["profileInmodel"] |= change
    return json.dumps(told).encode()


def eform(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


# --- what we send ----------------------------------------------------------------------------------------------------


def test_a_dossier_becomes_what_is_recorded() -> None:
    assert sent() == json.loads(recorded("syncDossier.request.json"))
    assert tuple(sent()) == TABLES.names("syncDossier")
    assert TABLES.faults("syncDossier", sent()) == []


def test_a_status_becomes_what_is_recorded() -> None:
    row = translate.status_to_wire(STATUS)
    assert row == json.loads(recorded("sendStatusProfile.request.json"))
    assert tuple(row) == TABLES.names("sendStatusProfile")
    assert TABLES.faults("sendStatusProfile", row) == []


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"item_number": None}, "profile_ems", ""),
        ({"due_at": None}, "appointment_date", ""),
        ({"submitted_at": None}, "creation_date", ""),
        ({"return_method": ReturnMethod.COUNTER}, "return_type", "0"),
        ({"attachments": ()}, "profileAttachments", []),
        ({"components": ()}, "profileDocPaper", []),
        ({"owner": dataclasses.replace(OWNER, id_number=None)}, "applicants_id", ""),
        ({"owner": dataclasses.replace(OWNER, kind=PartyKind.BUSINESS)}, "applicants_type", "2"),
        ({"owner": dataclasses.replace(OWNER, kind=PartyKind.STATE_BODY)}, "applicants_type", "3"),
        ({"owner": dataclasses.replace(OWNER, kind=PartyKind.ORGANISATION)}, "applicants_type", "4"),
        ({"target_code": "H99.15"}, "org_impl_code", "H99.15"),
        ({"target_code": "H99.15"}, "source_id", f"{CODE}/H99.15"),
        ({"target_code": "H99.15"}, "to_unit_code", ["H99.15"]),
    ],
)
def test_one_change_changes_one_field(change: dict[str, object], field: str, value: object) -> None:
    assert sent(**change)[field] == value


@pytest.mark.parametrize("kind", list(IdKind))
def test_every_kind_of_identity_paper_has_a_word(kind: IdKind) -> None:
    row = sent(owner=dataclasses.replace(OWNER, id_kind=kind))
    assert row["profileOwner"]["identity_type"] == str(kind)
    assert TABLES.faults("syncDossier", row) == []


@pytest.mark.parametrize("national", sorted(codes.NATIONAL))
def test_every_national_code_goes_out_with_a_status_that_we_would_read_back(national: int) -> None:
    row = translate.status_to_wire(dataclasses.replace(STATUS, national=national))
    assert row["status_profile"] == str(national)
    assert national in codes.ACTIONS[str(row["status"])].allowed


def test_a_repetition_has_the_same_source_id_and_other_news_has_not() -> None:
    same, later = translate.status_to_wire(STATUS), dataclasses.replace(STATUS, at=STATUS.at + dt.timedelta(seconds=1))
    assert translate.status_to_wire(STATUS)["source_id"] == same["source_id"]
    assert translate.status_to_wire(later)["source_id"] != same["source_id"]
    assert sent()["source_id"] == sent(note="khác")["source_id"]


@pytest.mark.parametrize("national", [0, 11])
def test_a_code_that_is_none_of_theirs_is_never_sent(national: int) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        translate.status_to_wire(dataclasses.replace(STATUS, national=national))


@pytest.mark.parametrize(
    ("name", "table", "change"),
    [
        ("sendRequestOrPayMentProfile.request.json", "payment", {}),
        ("sendRequestOrPayMentProfile.paid.request.json", "payment", {"answered": True, "national": 4}),
        ("syncDossier.supplement.request.json", "update", {"kind": RequestKind.SUPPLEMENT, "national": 5}),
        (
            "syncDossier.papers.request.json",
            "update",
            {
                "kind": RequestKind.SUPPLEMENT,
                "national": 5,
                "answered": True,
                "amount": None,
                "attachments": DOSSIER.attachments,
            },
        ),
    ],
)
def test_a_request_and_its_answer_become_what_is_recorded(name: str, table: str, change: dict[str, Any]) -> None:
    row = translate.request_to_wire(dataclasses.replace(REQUEST, **change))
    assert row == json.loads(recorded(name))
    assert tuple(row) == TABLES.names(table)
    assert TABLES.faults(table, row) == []


def test_asking_and_answering_are_two_facts_and_each_is_known_again() -> None:
    asked = translate.request_to_wire(REQUEST)["source_id"]
    assert translate.request_to_wire(dataclasses.replace(REQUEST, note="khác"))["source_id"] == asked
    assert translate.request_to_wire(dataclasses.replace(REQUEST, answered=True))["source_id"] != asked


def test_the_older_words_for_the_type() -> None:
    assert translate.request_to_wire(REQUEST, words=False)["type"] == "3"
    assert "type" not in translate.status_to_wire(STATUS, words=False)
    told = translate.dossier_to_wire(DOSSIER, system_id="L", system_received="", words=False)
    assert told["type"] == "3" and TABLES.faults("syncDossier", told) == []


# --- envelopes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("exists.json", Duplicate, "2"),
        ("refused.json", Refused, "1"),
        ("busy.json", Transient, "99"),
        ("unlisted.json", Transient, "E-17"),
        ("no_but_zero.json", Misunderstood, "0"),
        ("yes_but_error.json", Refused, "1"),
    ],
)
def test_a_failure_keeps_their_code_and_words(name: str, kind: type[CallError], code: str) -> None:
    raw = recorded(name)
    reply = wire_json.parse(SentReply, raw)
    told = translate.failure(reply, raw, subject=CODE)
    assert type(told) is kind
    assert (told.code, told.subject, told.raw) == (code, CODE, raw)
    assert reply.error_desc in str(told)


@pytest.mark.parametrize("code", ['"0"', '"00"', "0"])
@pytest.mark.parametrize("status", ["SUCCESS", "success"])
def test_zero_in_every_spelling_is_good(status: str, code: str) -> None:
    raw = f'{{"status": "{status}", "errorCode": {code}, "errorDesc": null}}'.encode()
    assert translate.failure(wire_json.parse(SentReply, raw), raw, subject=CODE) is None


def test_the_receipt_has_the_id_that_the_axis_gave() -> None:
    receipt = translate.receipt(wire_json.parse(SentReply, recorded("sent.json")))
    assert receipt.created and receipt.peer_code == "G00000003"


def test_a_profile_listed_twice_is_one_and_a_number_is_a_key() -> None:
    listed = translate.refs(wire_json.parse(ListReply, recorded("list.json")), ORIGIN)
    assert listed == (ProfileRef("P00000012", ORIGIN), ProfileRef("13", ORIGIN))
    assert translate.refs(wire_json.parse(ListReply, recorded("list_empty.json")), ORIGIN) == ()


# --- reports ---------------------------------------------------------------------------------------------------------


def test_the_units_receipt_is_not_yet_its_acceptance() -> None:
    assert read(recorded("detail_receipt.json")) == OneStopReport(
        key="P00000012",
        kind=ReportKind.RECEIVED,
        code=CODE,
        national=None,
        at=local(20, 8),
        by="Trần Thị Thử",
        due_at=None,
        reason="",
        result_codes=(),
        raw_sha256=DIGEST,
    )


def test_an_empty_code_with_reception_is_the_receipt_too_and_the_source_id_is_its_key() -> None:
    report = read(recorded("detail_receipt_empty.json"))
    assert (report.kind, report.national, report.key) == (ReportKind.RECEIVED, None, "MC-55")


def test_acceptance_tells_the_promised_date() -> None:
    report = read(recorded("detail_accepted.json"))
    assert (report.kind, report.national) == (ReportKind.STATUS, 2)
    assert (report.at, report.due_at) == (local(20, 8, 15), local(23, 16, 30))


def test_a_code_told_as_a_number_is_read() -> None:
    assert read(recorded("detail_processing.json")).national == 4


def test_a_result_has_its_codes() -> None:
    report = read(recorded("detail_result.json"))
    assert report.national == 9
    assert report.result_codes == ("KQ.H99.000122", "KQ.H99.000123")


def test_a_refusal_has_its_reason() -> None:
    report = read(recorded("detail_refused.json"))
    assert (report.national, report.reason) == (3, "Thiếu giấy tờ")


def test_the_form_of_a_profile_that_is_no_result_is_not_ours_to_read() -> None:
    report = read(detail(status="CAPNHAT", status_profile="4", data_eform=eform(["đơn của công dân"])))
    assert (report.national, report.result_codes) == (4, ())


def test_a_request_for_money_has_its_amount() -> None:
    report = read(recorded("detail_fee.json"))
    assert (report.kind, report.national, report.amount) == (ReportKind.STATUS, 6, 15_000)
    assert report.reason == "Nộp lệ phí trước khi trả kết quả"


@pytest.mark.parametrize("told", ["false", "FALSE", False])
def test_money_that_was_paid_is_no_request_for_it(told: object) -> None:
    raw = detail(status="THANHTOAN", is_request_payment=told, status_profile="", total_amount=15000)
    report = read(raw)
    assert (report.kind, report.national, report.amount) == (ReportKind.PAID, None, 15_000)


@pytest.mark.parametrize(
    ("change", "amount"),
    [
        ({}, None),
        ({"total_amount": None}, None),
        ({"total_amount": "0"}, 0),
        ({"profileDocFees": None}, None),
        ({"profileDocFees": [{"price": "15000"}, {"price": 5000}, {"price": None}]}, 20_000),
        ({"profileDocFees": [{"price": "15000"}], "total_amount": "15000"}, 15_000),
    ],
)
def test_an_amount_is_the_total_or_the_sum_of_the_fees(change: dict[str, object], amount: int | None) -> None:
    assert read(detail(status="THANHTOAN", status_profile="6", **change)).amount == amount


def test_a_request_for_papers_names_them() -> None:
    report = read(recorded("detail_supplement.json"))
    assert (report.kind, report.national, report.amount) == (ReportKind.STATUS, 5, None)
    assert report.reason == "Thiếu giấy tờ; Bản sao giấy khai sinh, Sổ hộ khẩu cũ"


def test_an_update_without_a_code_is_what_the_setting_says() -> None:
    raw = detail(status="CAPNHAT", status_profile="")
    told = wire_json.parse(DetailReply, raw)
    assert translate.report(told, raw, DIGEST).national == 5
    with pytest.raises(Misunderstood):
        translate.report(told, raw, DIGEST, update_without_code=None)


def test_a_profile_in_another_clients_spelling_is_the_same_report() -> None:
    plain = json.loads(recorded("detail_processing.json"))
    profile = plain.pop("profileInmodel")
    profile["profiles_status"] = profile.pop("status_profile")
    other = json.dumps({**plain, "profileOutmodel": profile}).encode()
    assert read(other) == read(recorded("detail_processing.json"))


def test_a_list_in_another_clients_spelling_is_the_same_list() -> None:
    listed = translate.refs(wire_json.parse(ListReply, recorded("list.camel.json")), ORIGIN)
    assert listed == (ProfileRef("54", ORIGIN),)


@pytest.mark.parametrize(
    ("status", "told", "national"),
    [
        ("RUT", "", 7),
        ("TUCHOI", "8", 8),
        ("KETQUA", "", 9),
        ("KETQUA", "10", 10),
        ("THANHTOAN", "", 6),
        ("THANHTOAN", "6", 6),
        ("CAPNHAT", "1", 1),
        ("CAPNHAT", "5", 5),
        ("CAPNHAT", "", 5),
        ("TIEPNHAN", "02", 2),
        ("TIEPNHAN", "4", 4),
    ],
)
def test_status_and_code_together_mean(status: str, told: str, national: int) -> None:
    report = read(detail(status=status, status_profile=told))
    assert (report.kind, report.national) == (ReportKind.STATUS, national)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "HUY"},
        {"status": "tiepnhan"},
        {"status": ""},
        {"status": None},
        {"status": "CAPNHAT", "status_profile": "0"},
        {"status": "CAPNHAT", "status_profile": "11"},
        {"status": "CAPNHAT", "status_profile": "-1"},
        {"status": "CAPNHAT", "status_profile": "bốn"},
        {"status": "CAPNHAT", "status_profile": "٤"},
        {"status": "CAPNHAT", "status_profile": {"code": 4}},
        {"status": "KETQUA", "status_profile": "4"},
        {"status": "TUCHOI", "status_profile": "9"},
        {"status": "RUT", "status_profile": "8"},
        {"status": "THANHTOAN", "status_profile": "5"},
        {"status": "THANHTOAN", "is_request_payment": "true", "total_amount": "hai mươi"},
        {"status": "THANHTOAN", "is_request_payment": "không"},
        {"status": "THANHTOAN", "is_request_payment": "false", "total_amount": "-1"},
        {"status": "THANHTOAN", "total_amount": "9" * 13},
        {"status": "THANHTOAN", "total_amount": "15000", "profileDocFees": [{"price": "14999"}]},
        {"status": "THANHTOAN", "profileDocFees": [{"price": 1.5}]},
        {"status": "THANHTOAN", "profileDocFees": {"price": "1"}},
        {"status": "CAPNHAT", "status_profile": "5", "profileDocPaper": ["Tờ khai"]},
        {"ref_code": ""},
        {"ref_code": None},
        {"ref_code": ["x"]},
        {"time_of_process": ""},
        {"time_of_process": "20/11/2026 08:00:00"},
        {"time_of_process": "2026/13/20 08:00:00"},
        {"time_of_process": 1795000000},
        {"appointment_date": "ngày mai"},
        {"status": "KETQUA", "status_profile": "9", "data_eform": "không phải base64"},
        {"status": "KETQUA", "status_profile": "9", "data_eform": base64.b64encode(b"{half").decode()},
        {"status": "KETQUA", "status_profile": "9", "data_eform": eform([])},
        {"status": "KETQUA", "status_profile": "9", "data_eform": eform({"result_codes": "KQ"})},
        {"status": "KETQUA", "status_profile": "9", "data_eform": eform({"result_codes": [""]})},
    ],
)
def test_a_profile_that_says_nothing_certain_is_set_aside(change: dict[str, object]) -> None:
    raw = detail(**change)
    with pytest.raises(Misunderstood) as raised:
        read(raw)
    assert raised.value.raw == raw


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(sorted(codes.ACTIONS)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
FIELDS = (
    "is_request_payment",
    "total_amount",
    "profileDocFees",
    "status",
    "status_profile",
    "ref_code",
    "time_of_process",
    "appointment_date",
    "data_eform",
    "note",
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES, min_size=1))
def test_whatever_a_profile_holds_it_is_understood_or_set_aside(change: dict[str, object]) -> None:
    try:
        report = read(detail(**change))
    except Misunderstood:
        return
    assert (report.national is None) is (report.kind is not ReportKind.STATUS)
    assert report.national is None or report.national in codes.NATIONAL


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(translate).attempted > 0
    assert doctest.testmod(translate).failed == 0
