"""Lists, questions, ratings and deliveries: a bad row costs no neighbour, and every word is the contract's."""

import dataclasses
import doctest
import json
import tomllib
from typing import Any

import pytest

from adapters._kit.sandbox.fields import FieldTables
from adapters.dvcqg import codes, listing, notices, talk, translate
from adapters.dvcqg.dialect import Dialect
from adapters.registry import PEERS_FOLDER
from schemas.dossier import IdKind, PartyKind
from schemas.errors import Misunderstood, Refused
from schemas.national import NoticeKind
from schemas.portal import PortalFee, PortalSupplement, ResultPaper
from schemas.ports.carrier import Answer
from tests.contract.adapters.records import portal_answer, portal_rating, portal_status, published_question
from tests.unit.adapters.dvcqg.records import DOSSIER, local, recorded

TABLES = FieldTables(PEERS_FOLDER / "dvcqg" / "contract" / "fields.toml")
ROWS: list[Any] = [
    {"MATTHC": "1.1"},
    None,
    {"MATTHC": 7, "TENTTHC": "bảy"},
    {"TENTTHC": "không mã"},
    "x",
    {"MATTHC": ""},
]


def rows(name: str) -> tuple[list[Any], bytes]:
    raw = recorded(name)
    return json.loads(raw)["result"], raw


# --- lists -----------------------------------------------------------------------------------------------------------


def test_a_bad_row_of_the_list_costs_no_neighbour() -> None:
    told = listing.procedures(ROWS, b"")
    assert [(one.code, one.name) for one in told.procedures] == [("1.1", ""), ("7", "bảy")]
    assert [one.row for one in told.unread] == [1, 3, 4, 5]
    assert all(one.what and one.raw for one in told.unread)


def test_a_bad_row_of_a_dictionary_costs_no_neighbour() -> None:
    good = {"MALINHVUC": "G1", "TENLINHVUC": "một", "MANGANH": "N", "X": [1]}
    told = listing.dictionary("linh-vuc", [good, {"MALINHVUC": "G2"}, 5, {**good, "MALINHVUC": "a\0b"}], b"")
    assert [(row.code, row.name, row.more) for row in told.rows] == [("G1", "một", (("MANGANH", "N"),))]
    assert [one.row for one in told.unread] == [1, 2, 3]


def test_a_dictionary_whose_fields_nobody_saw_is_read_by_their_first_letters() -> None:
    told = listing.dictionary("dan-toc", [{"TENDANTOC": "Thái", "MADANTOC": 2, "GHICHU": None}], b"")
    assert [(row.code, row.name) for row in told.rows] == [("2", "Thái")]


@pytest.mark.parametrize("name", codes.DICTIONARIES)
def test_every_dictionary_of_the_played_portal_can_be_read(name: str) -> None:
    world = tomllib.loads((PEERS_FOLDER / "dvcqg" / "contract" / "world.toml").read_text("utf-8"))
    told = listing.dictionary(name, world["dictionaries"][codes.DICTIONARIES[name].service], b"")
    assert told.unread == ()


def test_a_procedure_in_full() -> None:
    told = listing.procedure(*rows("LayThuTuc.full.json"), code="2.000908")
    assert (told.name, told.publisher) == ("Cấp bản sao từ sổ gốc", "000.00.00.G99")
    assert [(way.channel, way.term, [fee.amount for fee in way.fees]) for way in told.ways] == [
        ("1", "1", [8000]),
        ("3", "3", []),
    ]
    assert told.papers[0].form_url.endswith("to-khai.docx")
    assert told.steps == ("Nộp hồ sơ", "Nhận kết quả")


def test_a_procedure_that_is_not_there_and_one_that_is_another() -> None:
    with pytest.raises(Refused, match="no procedure of this code"):
        listing.procedure([], b"", code="2.000908")
    with pytest.raises(Misunderstood, match="asked about"):
        listing.procedure(*rows("LayThuTuc.full.json"), code="2.000909")


def test_a_fee_that_is_no_amount_stays_unknown() -> None:
    row = {"MATTHC": "1", "TENTTHC": "x", "CACHTHUCTHUCHIEN": [{"KENH": "1", "PHILEPHI": [{"SOTIEN": "tùy theo"}]}]}
    assert listing.procedure([row], b"", code="1").ways[0].fees[0].amount is None


# --- what we tell ----------------------------------------------------------------------------------------------------


def test_what_we_tell_keeps_the_contract() -> None:
    assert TABLES.faults("status", talk.status_to_wire(portal_status(), Dialect())) == []
    assert TABLES.faults("rating", talk.rating_to_wire(portal_rating())) == []
    assert [TABLES.faults("answer", row) for row in talk.answer_to_wire(portal_answer(), Dialect())] == [[]]
    assert [TABLES.faults("faq", row) for row in talk.faq_to_wire(published_question())] == [[]]


@pytest.mark.parametrize(
    ("national", "mapped", "raw"),
    [(3, "5", "11"), (4, "2", "4"), (6, "2", "6"), (7, "5", "7"), (8, "5", "8"), (9, "2", "9"), (10, "2", "10")],
)
def test_a_state_told_back_in_both_systems_words(national: int, mapped: str, raw: str) -> None:
    status = dataclasses.replace(portal_status(), national=national)
    assert talk.status_to_wire(status, Dialect())["TrangThai"] == mapped
    assert talk.status_to_wire(status, Dialect(status_back=codes.STATUS_BACK_RAW))["TrangThai"] == raw


def test_a_state_that_has_no_code_there_is_never_sent() -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        talk.status_to_wire(dataclasses.replace(portal_status(), national=5), Dialect())


def test_the_date_of_an_answer_is_a_setting() -> None:
    answer = dataclasses.replace(portal_answer(), at=local(21, 9, 5))
    assert talk.answer_to_wire(answer, Dialect())[0]["NGAYTRALOI"] == "21/11/2026"
    assert talk.answer_to_wire(answer, Dialect(answer_date="%Y%m%d%H%M%S"))[0]["NGAYTRALOI"] == "20261121090500"


def test_results_fees_and_supplements_keep_the_contract() -> None:
    full = dataclasses.replace(
        DOSSIER,
        results=(ResultPaper("KQ.G99.000122", "Bản sao", None, "https://mc.example.vn/f/9"),),
        fees=(PortalFee("Lệ phí", "LP01", 8000, 1),),
        supplements=(PortalSupplement(1, "An", "CCCD", local(20, 9), local(21, 9), True, local(22, 9), local(23, 9)),),
        born_at_portal=True,
        databases=("7",),
        owner_reference="TECH-1",
    )
    row = translate.dossier_to_wire(full)
    assert TABLES.faults("dossier", row) == []
    assert (row["NoiNopHoSo"], row["MaDoiTuong"]) == ("1", "TECH-1")
    assert translate.dossier_to_wire(full, Dialect(owner_reference="id_number"))["MaDoiTuong"] == "099099000001"
    assert translate.dossier_to_wire(full, Dialect(owner_reference="empty"))["MaDoiTuong"] == ""
    files = translate.dossier_to_wire(full, Dialect(not_deleted="0"))["TaiLieuNop"]
    assert isinstance(files, list)
    assert {file["IsDeleted"] for file in files} == {"0"}


# --- questions -------------------------------------------------------------------------------------------------------


def test_rows_of_questions_are_kept_whatever_they_are() -> None:
    told = talk.waiting([{"HOIDAPID": 4101, "NOIDUNG": "?"}, {"HOIDAPID": True}, None, []])
    assert [one.key for one in told] == ["4101", "", "", ""]
    assert len({one.raw.sha256 for one in told}) == 4


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'{"HOIDAPID": ""}', b'{"HOIDAPID": "7"}', b'{"HOIDAPID": "x"}'])
def test_a_question_that_is_none_is_misunderstood(raw: bytes) -> None:
    with pytest.raises(Misunderstood):
        talk.question(raw)


def test_an_answer_is_known_again_by_its_words() -> None:
    answer = dataclasses.replace(portal_answer(), text="Không,  kết quả được trả qua BƯU ĐIỆN.")
    found = talk.answers(*rows("LayNoiDungTraLoiTheoCauHoi.answered.json"), key="4102")
    assert talk.answered(found, answer) is Answer.APPLIED
    assert talk.answered(found, portal_answer()) is Answer.CANNOT_TELL
    assert talk.answered((), answer) is Answer.NOT_APPLIED


def test_a_published_question_is_known_again_by_number_and_words() -> None:
    question = published_question()
    row = {"HOIDAPID": question.key, "NOIDUNG": question.question}
    assert talk.published(talk.waiting([row]), question) is Answer.APPLIED
    assert talk.published(talk.waiting([{**row, "HOIDAPID": "1"}]), question) is Answer.CANNOT_TELL
    assert talk.published(talk.waiting([{**row, "NOIDUNG": "khác"}]), question) is Answer.CANNOT_TELL
    assert talk.published((), question) is Answer.NOT_APPLIED


# --- deliveries ------------------------------------------------------------------------------------------------------


def test_a_dossier_an_amendment_and_a_payment() -> None:
    dossier, amendment, payment = (
        notices.read(recorded(f"inbound.{name}.json")) for name in ("dossier", "amendment", "payment")
    )
    assert [one.kind for one in (dossier, amendment, payment)] == [
        NoticeKind.DOSSIER,
        NoticeKind.AMENDMENT,
        NoticeKind.PAYMENT,
    ]
    assert dossier.owner is not None
    assert (dossier.owner.kind, dossier.owner.id_kind) == (PartyKind.BUSINESS, IdKind.TAX_CODE)
    assert (dossier.files[0].bytes, dossier.files[0].url) == (9, "")
    assert amendment.code == dossier.code
    assert (payment.paid, payment.at) == (1_250_000, local(21, 10, 15))


def test_what_is_not_paid_yet_is_no_payment() -> None:
    told = json.loads(recorded("inbound.payment.json"))
    told["data"]["ThongTinThanhToan"]["TrangThaiThanhToan"] = "0"
    assert notices.read(json.dumps(told).encode()).paid is None


@pytest.mark.parametrize("module", [listing, talk, translate])
def test_the_examples_in_the_docstrings_hold(module: Any) -> None:
    told = doctest.testmod(module)
    assert (told.attempted > 0, told.failed) == (True, 0)
