"""Field by field: our records in the portal's words, its replies in ours."""

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters._kit import json as wire_json
from adapters._kit.sandbox.fields import FieldTables
from adapters.dvcqg import codes, translate
from adapters.dvcqg.wire import FoundRow, LookupReply, Reply
from adapters.registry import PEERS_FOLDER
from schemas.dossier import Channel, IdKind, PartyKind, ReturnMethod
from schemas.errors import CallError, Misunderstood, Refused, Transient, Unauthorised
from schemas.portal import PortalProgress
from schemas.ports.carrier import Answer
from tests.unit.adapters.dvcqg.records import ATTACHMENTS, CODE, DOSSIER, OWNER, PROGRESS, STEPS, recorded

TABLES = FieldTables(PEERS_FOLDER / "dvcqg" / "contract" / "fields.toml")
GOOD = sorted(path.name for path in (Path(__file__).parents[3] / "recorded" / "dvcqg").glob("good_*.json"))
EXISTING = sorted(path.name for path in (Path(__file__).parents[3] / "recorded" / "dvcqg").glob("exists_*.json"))


def reply(name: str) -> tuple[Reply, bytes]:
    raw = recorded(name)
    return wire_json.parse(Reply, raw), raw


def failure(name: str) -> CallError | None:
    told, raw = reply(name)
    return translate.failure(told, raw, subject=CODE)


def found(name: str) -> list[FoundRow]:
    rows = wire_json.parse(LookupReply, recorded(name)).result
    assert rows is not None
    return rows


def test_a_dossier_becomes_what_is_recorded() -> None:
    assert translate.dossier_to_wire(DOSSIER) == json.loads(recorded("DongBoHoSoMC.request.json"))


def test_a_dossier_has_every_field_of_the_contract_in_its_order() -> None:
    assert tuple(translate.dossier_to_wire(DOSSIER)) == TABLES.names("dossier")


def test_steps_become_what_is_recorded() -> None:
    assert translate.steps_to_wire(PROGRESS) == json.loads(recorded("CapNhatTienDoHoSoMC.request.json"))
    assert tuple(translate.steps_to_wire(PROGRESS)[0]) == TABLES.names("step")


def test_the_contract_takes_what_we_send() -> None:
    assert TABLES.faults("dossier", translate.dossier_to_wire(DOSSIER)) == []
    assert [TABLES.faults("step", step) for step in translate.steps_to_wire(PROGRESS)] == [[], []]


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"channel": Channel.IN_PERSON}, "KenhThucHien", "1"),
        ({"channel": Channel.ONLINE}, "KenhThucHien", "2"),
        ({"return_method": ReturnMethod.COUNTER}, "HinhThuc", "0"),
        ({"submitted_at": None}, "NgayNopHoSo", ""),
        ({"accepted_at": None}, "NgayTiepNhan", ""),
        ({"due_at": None}, "NgayHenTra", ""),
        ({"returned_at": None}, "NgayTra", ""),
        ({"finished_at": None}, "NgayKetThucXuLy", ""),
        ({"refused_at": dt.datetime(2026, 11, 20, 17, 0, tzinfo=dt.UTC)}, "NgayTuChoi", "20261121000000"),
        ({"summary": "x" * 1001}, "TrichYeuHoSo", "x" * 1000),
        ({"attachments": ATTACHMENTS[1:]}, "HoSoCoThanhPhanSoHoa", "0"),
        ({"attachments": ()}, "TaiLieuNop", []),
        ({"owner": dataclasses.replace(OWNER, id_number=None)}, "SoGiayToChuHoSo", ""),
        ({"owner": dataclasses.replace(OWNER, id_number=None)}, "DinhDanhCHS", []),
        ({"owner": dataclasses.replace(OWNER, id_number="12 chữ số ạ!")}, "DinhDanhCHS", []),
        ({"owner": dataclasses.replace(OWNER, id_kind=None)}, "DinhDanhCHS", []),
        ({"owner": dataclasses.replace(OWNER, id_kind=IdKind.PASSPORT, id_number="C1234567")}, "DinhDanhCHS", []),
        (
            {"owner": dataclasses.replace(OWNER, id_kind=IdKind.CMND, id_number="990000001")},
            "DinhDanhCHS",
            [{"LoaiDinhDanh": "2", "SoDinhDanh": "990000001"}],
        ),
        ({"owner": dataclasses.replace(OWNER, kind=PartyKind.BUSINESS)}, "LoaiDoiTuong", "2"),
        ({"owner": dataclasses.replace(OWNER, kind=PartyKind.STATE_BODY)}, "LoaiDoiTuong", "3"),
        ({"owner": dataclasses.replace(OWNER, kind=PartyKind.ORGANISATION)}, "LoaiDoiTuong", "4"),
    ],
)
def test_one_change_changes_one_field(change: dict[str, object], field: str, value: object) -> None:
    assert translate.dossier_to_wire(dataclasses.replace(DOSSIER, **change))[field] == value  # type: ignore[arg-type]  # a table of changes


@pytest.mark.parametrize("national", sorted(codes.NATIONAL))
def test_every_national_code_is_sent_as_text(national: int) -> None:
    row = translate.dossier_to_wire(dataclasses.replace(DOSSIER, national=national))
    assert row["TrangThaiHoSo"] == str(national)


@pytest.mark.parametrize("national", [0, 11, -1])
def test_a_code_that_is_none_of_theirs_is_never_sent(national: int) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        translate.dossier_to_wire(dataclasses.replace(DOSSIER, national=national))
    with pytest.raises(Refused, match="nothing was sent"):
        translate.steps_to_wire(
            PortalProgress(DOSSIER.dossier, CODE, (dataclasses.replace(STEPS[0], national=national),))
        )


@pytest.mark.parametrize("many", [0, 11])
def test_a_call_carries_one_to_ten_steps(many: int) -> None:
    with pytest.raises(Refused, match="1 to 10 steps"):
        translate.steps_to_wire(PortalProgress(DOSSIER.dossier, CODE, STEPS[:1] * many))


def test_a_long_name_is_cut_where_the_portal_would() -> None:
    long = dataclasses.replace(STEPS[0], by="Ộ" * 51)
    assert translate.steps_to_wire(PortalProgress(DOSSIER.dossier, CODE, (long,)))[0]["NguoiXuLy"] == "Ộ" * 50


@pytest.mark.parametrize("name", GOOD)
def test_zero_in_every_spelling_is_good(name: str) -> None:
    told, raw = reply(name)
    assert translate.failure(told, raw, subject=CODE) is None
    assert not translate.exists_already(told)
    receipt = translate.receipt(told, created=True)
    assert receipt.created and receipt.peer_code == "0"


@pytest.mark.parametrize("name", EXISTING)
def test_it_exists_under_three_codes(name: str) -> None:
    assert translate.exists_already(reply(name)[0])


@pytest.mark.parametrize("name", [*GOOD, "refused.json", "minus_3_other.json", "unlisted.json", "no_session.json"])
def test_it_does_not_exist_unless_it_says_so(name: str) -> None:
    assert not translate.exists_already(reply(name)[0])


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("refused.json", Refused, "-1"),
        ("minus_3_other.json", Refused, "-3"),
        ("no_session.json", Unauthorised, "-2"),
        ("unlisted.json", Transient, "57"),
    ],
)
def test_a_failure_keeps_their_code_and_words(name: str, kind: type[CallError], code: str) -> None:
    told = failure(name)
    assert type(told) is kind
    assert told.code == code
    assert told.subject == CODE
    assert told.raw == recorded(name)
    assert reply(name)[0].message in str(told)


@given(st.text(max_size=40), st.integers() | st.text(max_size=6) | st.none() | st.floats(allow_nan=False))
def test_whatever_a_reply_holds_it_is_good_or_an_error(message: str, code: object) -> None:
    raw = json.dumps({"error_code": code, "message": message}).encode()
    try:
        told = wire_json.parse(Reply, raw)
    except Misunderstood:
        return
    error = translate.failure(told, raw, subject=CODE)
    assert (error is None) is (told.error_code == 0)


def progress(*steps: int) -> PortalProgress:
    return PortalProgress(DOSSIER.dossier, CODE, tuple(STEPS[index] for index in steps))


@pytest.mark.parametrize(
    ("name", "steps", "answer"),
    [
        ("found.json", (0,), Answer.APPLIED),
        ("found.json", (1,), Answer.NOT_APPLIED),
        ("found.json", (0, 1), Answer.CANNOT_TELL),
        ("found.json", (0, 0), Answer.CANNOT_TELL),
        ("found_without_steps.json", (0,), Answer.CANNOT_TELL),
        ("found_nothing.json", (0,), Answer.NOT_APPLIED),
    ],
)
def test_steps_are_known_by_what_they_say(name: str, steps: tuple[int, ...], answer: Answer) -> None:
    assert translate.progress_answer(found(name), progress(*steps)) is answer


@pytest.mark.parametrize("field", ["NguoiXuLy", "ThoiDiemXuLy", "PhongBanXuLy", "NoiDungXuLy", "TrangThai"])
def test_a_step_that_differs_in_one_word_is_another(field: str) -> None:
    rows = found("found.json")
    assert rows[0].DanhSachTienDo is not None
    other = rows[0].DanhSachTienDo[0].model_copy(update={field: "7"})
    row = rows[0].model_copy(update={"DanhSachTienDo": [other]})
    assert translate.progress_answer([row], progress(0)) is Answer.NOT_APPLIED


def test_the_state_of_a_dossier_can_deny_a_snapshot_but_not_prove_it() -> None:
    rows = found("found.json")
    assert translate.dossier_answer(rows, dataclasses.replace(DOSSIER, national=2)) is Answer.CANNOT_TELL
    assert translate.dossier_answer(rows, dataclasses.replace(DOSSIER, national=4)) is Answer.NOT_APPLIED
    assert translate.dossier_answer([], DOSSIER) is Answer.NOT_APPLIED
