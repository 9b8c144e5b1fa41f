"""Field by field: our records in the portal's words, and its envelopes in ours."""

import dataclasses
import datetime as dt
import doctest
import json
from typing import Any

import pytest

from adapters._kit.sandbox.fields import FieldTables
from adapters.dvc_bo import codes, translate
from adapters.dvc_bo.wire import Envelope, UploadedFile, UploadReply
from adapters.registry import PEERS_FOLDER
from gateway.storage import codec
from schemas.dossier import PartyKind
from schemas.errors import CallError, Duplicate, Misunderstood, Outage, Refused, Unauthorised, Unknown
from schemas.portal import OnlinePayment, PeerFile, PortalDossier, Registration
from tests.unit.adapters.dvc_bo.records import DOSSIER, NUMBER, OWNER, PAPERS, PROGRESS, digest, recorded

TABLES = FieldTables(PEERS_FOLDER / "dvc_bo" / "contract" / "fields.toml")
PLAIN = translate.Dialect(good=frozenset({"0", "200"}), units={}, services={}, owners={}, provinces={})
FILES = tuple(PeerFile(digest(paper), f"TT{n}", digest(paper)) for n, paper in enumerate(PAPERS, start=1))
BEGUN = Registration(number=NUMBER.number, files=FILES, creating=True)


def sent(dialect: translate.Dialect = PLAIN, **change: Any) -> dict[str, Any]:
    return translate.dossier_to_wire(dataclasses.replace(DOSSIER, **change), BEGUN, dialect)


def test_a_dossier_becomes_what_is_recorded() -> None:
    assert sent() == recorded("NoiHoSo.request.json")
    assert tuple(sent()) == TABLES.names("NoiHoSo")
    assert TABLES.faults("NoiHoSo", sent()) == []


def test_steps_and_status_become_what_is_recorded() -> None:
    steps = translate.steps_to_wire(PROGRESS, NUMBER)
    assert steps == recorded("CapNhatTienTrinh.request.json")
    assert tuple(steps[0]) == TABLES.names("CapNhatTienTrinh")
    status = translate.status_to_wire(dataclasses.replace(DOSSIER, national=9), NUMBER)
    assert status == recorded("CapNhatTrangThai.request.json")
    assert tuple(status[0]) == TABLES.names("CapNhatTrangThai")
    for table, row in (("CapNhatTienTrinh", steps[0]), ("CapNhatTrangThai", status[0])):
        assert TABLES.faults(table, row) == []


def test_one_interface_has_three_formats_of_time() -> None:
    row = sent()
    assert row["NgayNop"] == "2026-11-20 08:15:00"
    assert row["ThongTinNguoiNop"]["ThongTinChiTiet"]["NgayCapDinhDanh"] == "20210815000000"
    assert translate.steps_to_wire(PROGRESS, NUMBER)[0]["ThoiDiemXuLy"] == "2026-11-20T08:15:00.120"


def test_the_days_of_a_time_are_those_of_viet_nam() -> None:
    late = dt.datetime(2026, 12, 31, 17, 30, tzinfo=dt.UTC)
    assert translate.spaced(late) == "2027-01-01 00:30:00"
    assert translate.iso(late) == "2027-01-01T00:30:00.000"


@pytest.mark.parametrize(
    ("dialect", "field", "value"),
    [
        ({"units": {"G09.20": "000.00.20.G09"}}, "MaDonViTiepNhan", "000.00.20.G09"),
        ({"services": {"9.000908": "DVC-1"}}, "MaDichVuCong", "DVC-1"),
        ({"owners": {"citizen": "2"}}, "LoaiDoiTuong", 2),
    ],
)
def test_the_settings_say_the_portals_codes(dialect: dict[str, Any], field: str, value: object) -> None:
    assert sent(dataclasses.replace(PLAIN, **dialect))[field] == value


def test_a_postal_code_is_never_told_as_a_province() -> None:
    assert sent()["ThongTinNguoiNop"]["ThongTinChiTiet"]["MaTinh"] == ""
    told = sent(dataclasses.replace(PLAIN, provinces={"Tỉnh Mẫu": "04"}))
    assert told["ThongTinNguoiNop"]["ThongTinChiTiet"]["MaTinh"] == "04"


@pytest.mark.parametrize("kind", [PartyKind.STATE_BODY, PartyKind.ORGANISATION])
def test_a_kind_without_a_published_code_is_refused_until_the_setting_says_one(kind: PartyKind) -> None:
    owner = dataclasses.replace(OWNER, kind=kind)
    with pytest.raises(Refused, match="owner_codes"):
        sent(owner=owner)
    assert sent(dataclasses.replace(PLAIN, owners={kind.value: "1"}), owner=owner)["LoaiDoiTuong"] == 1


@pytest.mark.parametrize("national", sorted(codes.NATIONAL))
def test_lists_go_with_three_statuses_only(national: int) -> None:
    (row,) = translate.status_to_wire(dataclasses.replace(DOSSIER, national=national), NUMBER)
    assert bool(row["DanhSachLePhi"]) is bool(row["DanhSachGiayToKetQua"]) is (national in (5, 6, 9))
    assert row["TrangThai"] == national


@pytest.mark.parametrize("national", [0, 11, -1])
def test_a_code_that_is_none_of_theirs_is_never_sent(national: int) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        translate.status_to_wire(dataclasses.replace(DOSSIER, national=national), NUMBER)


def test_a_fee_says_whether_it_is_paid() -> None:
    paid = dataclasses.replace(DOSSIER, national=9, paid_online=OnlinePayment.PORTAL)
    (row,) = translate.status_to_wire(paid, NUMBER)
    assert [fee["TrangThaiThanhToan"] for fee in as_rows(row["DanhSachLePhi"])] == [1]


def as_rows(value: object) -> list[dict[str, Any]]:
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize(
    ("told", "effect", "kind"),
    [
        ('{"code": 400, "message": "thiếu"}', True, Refused),
        ('{"code": "401"}', True, Unauthorised),
        ('{"code": 403}', True, Unauthorised),
        ('{"code": 404}', True, Refused),
        ('{"code": 409}', True, Duplicate),
        ('{"code": 502}', True, Unknown),
        ('{"code": 502}', False, Outage),
        ('{"code": 777}', True, Unknown),
        ('{"code": 777}', False, Misunderstood),
        ('{"code": "lỗi"}', True, Unknown),
    ],
)
def test_a_failure_keeps_their_code_and_words(told: str, effect: bool, kind: type[CallError]) -> None:
    raw = told.encode()
    error = translate.failure(Envelope(**json.loads(told)), raw, PLAIN, subject="X", effect=effect)
    assert type(error) is kind
    assert error.raw == raw and error.subject == "X"
    assert str(json.loads(told)["code"]) in error.detail


@pytest.mark.parametrize("code", [0, "0", "00", 200, "200"])
def test_zero_and_two_hundred_are_good_in_every_spelling(code: object) -> None:
    told = Envelope.model_validate({"code": code})
    assert translate.failure(told, b"", PLAIN, subject="", effect=True) is None


def test_one_file_is_read_from_an_object_and_from_a_list() -> None:
    file = {"IdTepTin": "TT1", "HashTepTin": "ab"}
    for data in (file, [file]):
        told = UploadReply.model_validate({"code": 200, "data": data})
        assert told.file == UploadedFile(IdTepTin="TT1", HashTepTin="ab")


def test_a_digest_of_another_file_is_found_where_it_is_known_which_one_it_is() -> None:
    attachment = DOSSIER.attachments[0]
    other = UploadedFile(IdTepTin="TT1", HashTepTin="ab")
    assert translate.file(other, attachment, b"", digest="unchecked").peer_digest == "ab"
    with pytest.raises(Misunderstood, match="HashTepTin"):
        translate.file(other, attachment, b"raw", digest="sha256")


def test_the_same_file_gives_the_same_form_and_its_name_cannot_break_it() -> None:
    body, kind = translate.form('a"\r\nContent-Type: x.pdf', PAPERS[0])
    assert translate.form('a"\r\nContent-Type: x.pdf', PAPERS[0]) == (body, kind)
    assert body.count(b"Content-Type") == 2 and body.count(b"\r\nContent-Type") == 1
    assert PAPERS[0] in body


def test_a_dossier_that_came_from_the_store_says_what_it_said() -> None:

    told = dataclasses.replace(DOSSIER, registration=BEGUN)
    assert codec.from_json(codec.to_json(told), PortalDossier) == told


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(translate).attempted > 0
    assert doctest.testmod(translate).failed == 0
