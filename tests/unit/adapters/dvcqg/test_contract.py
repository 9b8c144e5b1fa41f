"""The field tables bite: what breaks the contract is named by its path, and what keeps it is not."""

import doctest
from typing import Any

import pytest

from adapters._kit.sandbox.fields import FieldTables
from adapters.dvcqg import translate
from adapters.registry import PEERS_FOLDER
from tests.unit.adapters.dvcqg.records import DOSSIER, PROGRESS

TABLES = FieldTables(PEERS_FOLDER / "dvcqg" / "contract" / "fields.toml")
ENVELOPE = {"session": "s", "madonvi": "000.00.00.H99", "service": "DongBoHoSoMC", "isUpdating": "False"}


def call(**change: Any) -> dict[str, Any]:
    return {**ENVELOPE, "data": [{**translate.dossier_to_wire(DOSSIER), **change}]}


def test_a_whole_call_keeps_the_contract() -> None:
    assert TABLES.faults("DongBoHoSoMC", call(), "envelope") == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"MaHoSo": ""}, "data[0].MaHoSo: is required"),
        ({"MaHoSo": "TAM-1"}, "data[0].MaHoSo: 'TAM-1' has not the form"),
        ({"MaTTHC": "1005129"}, "data[0].MaTTHC: '1005129' has not the form"),
        ({"TrangThaiHoSo": 10}, "data[0].TrangThaiHoSo: must be a string"),
        ({"TrangThaiHoSo": "11"}, "data[0].TrangThaiHoSo: '11' is none of"),
        ({"HinhThuc": "2"}, "data[0].HinhThuc: '2' is none of 0, 1"),
        ({"NgayTra": ""}, "data[0].NgayTra: is required"),
        ({"NgayTra": "2026-11-22"}, "data[0].NgayTra: '2026-11-22' has not the form"),
        ({"NgayHenTra": None}, "data[0].NgayHenTra: null"),
        ({"TrichYeuHoSo": "x" * 1001}, "data[0].TrichYeuHoSo: 1001 characters, at most 1000"),
        ({"TaiLieuNop": "none"}, "data[0].TaiLieuNop: must be a list"),
        ({"TaiLieuNop": ["file"]}, "data[0].TaiLieuNop[0].: must be an object"),
        ({"DinhDanhCHS": [{"LoaiDinhDanh": "3"}]}, "data[0].DinhDanhCHS[0].LoaiDinhDanh: '3' is none of 1, 2"),
        ({"TrangThaiHS": "10"}, "data[0].TrangThaiHS: no such field"),
    ],
)
def test_one_fault_is_named_by_its_path(change: dict[str, Any], fault: str) -> None:
    faults = TABLES.faults("DongBoHoSoMC", call(**change), "envelope")
    assert faults and faults[0].startswith(fault)


def test_a_date_is_wanted_only_in_its_state() -> None:
    assert TABLES.faults("DongBoHoSoMC", call(TrangThaiHoSo="1", NgayTiepNhan="", NgayTra=""), "envelope") == []
    assert TABLES.faults("DongBoHoSoMC", call(TrangThaiHoSo="3"), "envelope") == ["data[0].NgayTuChoi: is required"]


def test_a_call_is_an_object_with_rows() -> None:
    assert TABLES.faults("DongBoHoSoMC", [], "envelope") == ["body: must be an object"]
    assert "data: is required" in TABLES.faults("DongBoHoSoMC", {**ENVELOPE, "data": []}, "envelope")
    assert "isUpdating: must be a string" in TABLES.faults("DongBoHoSoMC", {**call(), "isUpdating": True}, "envelope")


def test_eleven_steps_are_too_many() -> None:
    step = translate.steps_to_wire(PROGRESS)[0]
    body = {**ENVELOPE, "service": "CapNhatTienDoHoSoMC", "data": [step] * 11}
    del body["isUpdating"]
    assert TABLES.faults("CapNhatTienDoHoSoMC", body, "envelope") == ["data: 11 rows, at most 10"]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(translate).attempted > 0
    assert doctest.testmod(translate).failed == 0
