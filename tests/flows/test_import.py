"""``lienthong import`` against a real store: lines taken, rejects kept, twice is once, orphans claimed, reports."""

import asyncio
import csv
import dataclasses
import datetime as dt
import hashlib
import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.main import main
from gateway.importing import reports
from gateway.storage.database import Database, open_database
from schemas.bag import Bag, BagLine
from schemas.calendar import VIETNAM
from schemas.ids import BagNumber, CarrierId, UnitId
from schemas.invoice import ReportRun
from schemas.tracking import Movement
from tracking.pairing import Clue, suggest

OWNER = {
    "kind": "citizen",
    "name": "Lò Thị Én",
    "id_kind": None,
    "id_number": None,
    "phone": "0912000111",
    "address": {"line": "Số 1", "commune": "Bản Lầu", "province": "Mường Sa", "province_code": "33"},
    "email": "",
}
CODE = "000.00.01.H99-261116-0001"
DOSSIER = {"code": CODE, "procedure": "1.000948", "owner": OWNER, "receiving_unit": "ubnd-ban-lau", "state": "LODGED"}
NUMBER = "EL000000005VN"
ITEM = {
    "carrier": "vnpost",
    "number": NUMBER,
    "valid_from": "2026-11-16T08:00:00+07:00",
    "purpose": "dossier_in",
    "handed_over_at": "2026-11-16T08:00:00+07:00",
    "weight_g": 120,
    "packing": [{"dossier": CODE}],
}


def event(code: str, at: str, movement: str | None, **changes: Any) -> dict[str, Any]:
    mapped = {"movement": movement, "outcome": "open", "direction": "forward", "proof": 0}
    known = mapped if movement else None
    return {"carrier": "vnpost", "number": NUMBER, "code": code, "occurred": at, "mapped": known, **changes}


EVENTS = [
    event("10", "2026-11-16T09:00:00+07:00", "accepted"),
    event("20", "2026-11-16T11:00:00+07:00", "in_transit"),
    event("??", "2026-11-16T12:00:00+07:00", None),
]


class House:
    """A data folder and its command line."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.config = folder / "lienthong.toml"
        self.config.write_text(f'data_folder = "{folder / "data"}"\n')
        assert self.run("upgrade")[0] == 0

    def run(self, *words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--config", str(self.config)])
        return int(ended.value.code or 0), self.capsys.readouterr().out

    def file(self, name: str, *lines: object) -> Path:
        path = self.folder / name
        path.write_bytes(
            b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines)
        )
        return path

    def take(self, kind: str, *lines: object, dry: bool = False) -> dict[str, Any]:
        path = self.file(f"{kind}.jsonl", *lines)
        _, out = self.run("import", kind, str(path), "--json", *(["--dry-run"] if dry else []))
        told: dict[str, Any] = json.loads(out)
        return told

    def open(self) -> Database:
        return open_database(
            f"sqlite:///{self.folder / 'data' / 'gateway.sqlite'}", blobs=self.folder / "data" / "blobs"
        )


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> House:
    return House(tmp_path, capsys)


def test_dossiers_items_and_events_come_in_and_twice_is_once(house: House) -> None:
    for told, kind, lines in ((1, "dossiers", [DOSSIER]), (1, "items", [ITEM]), (3, "events", EVENTS)):
        first = house.take(kind, *lines)
        assert (first["lines"], first["added"], first["rejected"]) == (told, told, 0)
    again = {
        kind: house.take(kind, *lines)
        for kind, lines in (("dossiers", [DOSSIER]), ("items", [ITEM]), ("events", EVENTS))
    }
    assert [(one["added"], one["known"], one["rejected"]) for one in again.values()] == [
        (0, 1, 0),
        (0, 1, 0),
        (0, 3, 0),
    ]
    code, out = house.run("explain", CODE, "--json")
    explained = json.loads(out)
    assert code == 0 and explained["replayed"]
    assert explained["explanation"]["dossier"]["state"] == "IN_POST"
    assert explained["explanation"]["items"][0]["item"]["fold"]["unknown_n"] == 1


def test_a_wrong_line_is_named_and_kept_and_its_neighbours_go_through(house: House) -> None:
    wrong: list[object] = [
        b"{not json",
        b"\xff\xfe",
        event("10", "2026-11-16T09:00:00", "accepted"),
        event("10", "2026-11-16T09:00:00+07:00", "flown"),
        event("10", "2026-11-16T09:00:00+07:00", "accepted", colour="red"),
        {**event("10", "2026-11-16T09:00:00+07:00", "accepted"), "number": None},
        [1, 2],
    ]
    told = house.take("events", EVENTS[0], *wrong, EVENTS[1])
    assert (told["lines"], told["added"], told["rejected"]) == (9, 2, len(wrong))
    kept = [json.loads(line) for line in Path(told["rejects"]).read_text().splitlines()]
    assert [one["line"] for one in kept] == list(range(2, 9))
    assert kept[1]["raw_base64"] and "zone" in kept[2]["why"] and "colour" in kept[4]["why"]


def test_a_dry_run_says_what_would_happen_and_changes_nothing(house: House) -> None:
    would = house.take("dossiers", DOSSIER, {"code": CODE}, dry=True)
    assert (would["added"], would["rejected"], would["rejects"]) == (1, 1, None)
    assert house.take("dossiers", DOSSIER)["added"] == 1


def test_an_orphan_is_claimed_when_its_item_is_registered_late(house: House) -> None:
    waited = house.take("events", *EVENTS)
    assert (waited["added"], waited["waiting"]) == (3, 3)
    house.take("dossiers", DOSSIER)
    claimed = house.take("items", {**ITEM, "valid_from": "2026-11-16T10:00:00+07:00"})
    assert (claimed["added"], claimed["claimed"], claimed["moved"], claimed["rejected"]) == (0, 1, 1, 0)
    code, out = house.run("explain", CODE, "--json")
    item = json.loads(out)["explanation"]["items"][0]["item"]
    assert code == 0 and item["fold"]["movement"] == Movement.IN_TRANSIT


def test_news_older_than_a_month_is_not_claimed_by_a_registration(house: House) -> None:
    house.take("events", event("10", "2026-10-01T09:00:00+07:00", "accepted"))
    told = house.take("items", {**ITEM, "packing": []})
    assert (told["added"], told["claimed"]) == (1, 0)
    again = house.take("items", {**ITEM, "packing": []})
    assert (again["added"], again["known"]) == (0, 1)


class Terminal(io.StringIO):
    """What a person looks at."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_way_through_the_file_is_shown_and_elsewhere_nothing_disturbs(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", seen := Terminal())
    assert house.take("events", *EVENTS)["added"] == len(EVENTS)  # what is printed stays whole
    assert "events.jsonl" in seen.getvalue()
    assert "100%" in seen.getvalue()
    monkeypatch.setattr(sys, "stderr", unseen := io.StringIO())
    assert house.take("events", *EVENTS)["known"] == len(EVENTS)
    assert unseen.getvalue() == ""


def test_what_differs_is_left_as_it_is_and_named(house: House) -> None:
    house.take("dossiers", DOSSIER)
    told = house.take("dossiers", {**DOSSIER, "note": "khác"})
    assert (told["known"], told["rejected"]) == (0, 1)
    lost = house.take("items", {**ITEM, "packing": [{"dossier": "000.00.01.H99-261116-0009"}]})
    assert "import the dossiers first" in Path(lost["rejects"]).read_text()


def test_a_report_is_compared_and_its_result_written(house: House) -> None:
    house.take("dossiers", DOSSIER)
    house.take("items", ITEM, {**ITEM, "number": "EL000000028VN", "packing": []})
    house.take("events", *EVENTS)
    report = house.folder / "report.csv"
    lines = [
        "Số hiệu;accepted_at;weight_g;delivered_at",
        f"{NUMBER};16/11/2026 09:00;150;",
        "EL999999995VN;16/11/2026;10;",
        "EL000000014VN;never;;",
    ]
    report.write_text("\n".join(lines), "utf-8")
    out = house.folder / "result.csv"
    words = ["import", "report", str(report), "--carrier", "vnpost", "--columns", "number=Số hiệu", "--out", str(out)]
    code, _ = house.run(*words)
    assert code == 4
    rows = list(csv.DictReader(out.open(encoding="utf-8-sig")))
    assert [(row["row"], row["verdict"]) for row in rows] == [
        ("2", "differing"),
        ("3", "missing_here"),
        ("", "missing_there"),
        ("4", "unreadable"),
    ]
    assert "weight_g: 150 there, 120 here" in rows[0]["differences"]


def test_what_no_name_finds_is_found_by_its_bag_and_its_place_in_it(house: House) -> None:
    other = "EL000000028VN"
    house.take("items", {**ITEM, "packing": []}, {**ITEM, "number": other, "packing": []})

    async def fill() -> None:
        database = house.open()
        try:
            named = await database.read(lambda tx: tx.items.named((NUMBER, other)))
            lines = tuple(BagLine(n, named[name][0].id, name, None, None) for n, name in ((1, NUMBER), (2, other)))
            bag = Bag(BagNumber("TU-9"), 0, UnitId("a"), UnitId("b"), (), None, None, None, None, lines, None)
            await database.write(lambda tx: tx.bags.put(bag))
        finally:
            await database.close()

    asyncio.run(fill())
    told = [
        {"number": "EL999999995VN", "bag": "TU-9", "seq": "1", "weight_g": "120"},
        {"bag": "TU-9", "seq": "2", "weight_g": "120"},
        {"bag": "TU-9", "seq": "2"},
        {"bag": "TU-9", "seq": "3"},
        {"bag": "TU-8", "seq": "1"},
        {"bag": "TU-9"},
    ]
    rows, bad = [], []
    for n, one in enumerate(told, start=1):
        try:
            rows.append(reports._row(n, dict.fromkeys(reports.FIELDS, "") | one))
        except ValueError as error:
            bad.append(str(error))
    assert len(bad) == 1 and "bag" in bad[0]
    found = asyncio.run(_compared(house.open(), rows))
    assert [(one.row, one.verdict, one.ours) for one in found] == [
        (1, reports.Verdict.DIFFERING, NUMBER),
        (2, reports.Verdict.MATCHED, other),
        (3, reports.Verdict.MISSING_HERE, ""),
        (4, reports.Verdict.MISSING_HERE, ""),
        (5, reports.Verdict.MISSING_HERE, ""),
    ]
    assert found[0].differences == (f"number: EL999999995VN there, {NUMBER} here",)
    assert found[3].number == "TU-9/3"


async def _kept(database: Database) -> tuple[tuple[ReportRun, ...], list[bytes]]:
    try:
        runs = await database.read(lambda tx: tx.trade.runs(limit=10))
        results = [(await database.blobs.path(run.result_sha256)).read_bytes() for run in runs]
        return runs, results
    finally:
        await database.close()


def test_a_comparison_is_kept_as_a_run_with_its_digests_and_a_dry_run_keeps_nothing(house: House) -> None:
    house.take("items", {**ITEM, "packing": []})
    report = house.folder / "report.csv"
    report.write_text(f"number;weight_g\n{NUMBER};120\nEL999999995VN;10\n;5\n", "utf-8")
    words = ("import", "report", str(report), "--carrier", "vnpost", "--json")
    assert json.loads(house.run(*words, "--dry-run")[1])["run"] is None
    assert asyncio.run(_kept(house.open())) == ((), [])
    out = house.folder / "result.csv"
    told = [json.loads(house.run(*words, "--out", str(out))[1])["run"] for _ in range(2)]
    runs, results = asyncio.run(_kept(house.open()))
    assert [run.id for run in runs] == [one["id"] for one in told[::-1]]
    (run, _) = runs
    counts = dict(run.counts)
    assert (run.rows, counts["matched"], counts["missing_here"], run.unreadable) == (3, 1, 1, 1)
    assert run.file_sha256 == hashlib.sha256(report.read_bytes()).hexdigest()
    assert results == [out.read_bytes()] * 2, "what is kept is what --out writes"
    assert run.result_sha256 == hashlib.sha256(results[0]).hexdigest()


def test_a_sheet_is_read_like_the_csv(tmp_path: Path) -> None:
    main_ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    sheet = (
        f"<worksheet {main_ns}><sheetData>"
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr"><is><t>weight_g</t></is></c></row>'
        f'<row r="2"><c r="A2" t="inlineStr"><is><t>{NUMBER}</t></is></c><c r="C2"><v>120</v></c></row>'
        "</sheetData></worksheet>"
    )
    path = tmp_path / "r.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        archive.writestr("xl/sharedStrings.xml", f"<sst {main_ns}><si><t>num</t></si></sst>")
    rows, bad = reports.read(path, {"number": "num"})
    assert ([(row.number, row.weight_g) for row in rows], bad) == ([(NUMBER, 120)], ())
    path.write_bytes(b"PK\x03\x04 torn")
    assert "XLSX" in reports.read(path, {})[1][0].why


async def _compared(database: Database, rows: list[reports.ReportRow]) -> tuple[reports.Compared, ...]:
    try:
        return await database.read(lambda tx: reports.compare(tx, CarrierId("vnpost"), rows))
    finally:
        await database.close()


def test_a_slip_in_a_number_is_suggested_where_the_context_agrees(house: House) -> None:
    house.take("items", {**ITEM, "packing": [], "origin_office": "330000"})
    rows = [
        reports._row(
            2,
            dict.fromkeys(reports.FIELDS, "")
            | {"number": "EL000000050VN", "accepted_at": "16/11/2026", "office": "330000"},
        )
    ]
    found = asyncio.run(_compared(house.open(), rows))
    assert [(one.verdict, one.ours) for one in found] == [(reports.Verdict.SUGGESTED, NUMBER)]


def test_two_that_could_be_meant_equally_are_ambiguous() -> None:
    at = dt.datetime(2026, 11, 16, 9, tzinfo=VIETNAM)
    slipped = Clue(1, "EL000200005VN", at, "330000")
    near = [Clue(7, NUMBER, at, "330000"), Clue(8, "EL000020005VN", at, "330000")]
    assert [one.ambiguous for one in suggest([slipped], near)] == [True]
    assert [(one.ours, one.ambiguous) for one in suggest([slipped], near[:1])] == [(7, False)]
    elsewhere = dataclasses.replace(near[0], office="100000")
    assert suggest([slipped], [elsewhere]) == ()  # a slip alone is not enough


def test_slips_that_want_the_same_item_are_assigned_together() -> None:
    at = dt.datetime(2026, 11, 16, 9, tzinfo=VIETNAM)
    either = Clue(1, "EL000200005VN", at, "330000")
    only_this = Clue(2, "EL000000050VN", at, "330000", "33")
    ours = [Clue(7, NUMBER, at, "330000", "33"), Clue(8, "EL000020005VN", at, "330000")]
    found = {one.told: (one.ours, one.ambiguous) for one in suggest([either, only_this], ours)}
    assert found == {1: (8, False), 2: (7, False)}


def test_a_code_that_is_learned_later_replays_what_waited_for_it(house: House) -> None:
    house.take("dossiers", DOSSIER)
    house.take("items", ITEM)
    house.take("events", *EVENTS)
    meaning = {"movement": "out_for_delivery", "outcome": "open", "direction": "forward", "proof": 0}
    rows = [
        {"code_list": "vnpost", "code": "??", "since": None, "until": "2026-11-16", "mapped": None},
        {"code_list": "vnpost", "code": "??", "since": "2026-11-16", "mapped": meaning},
    ]
    table = house.file("codes.jsonl", *rows)
    _, would = house.run("remap", str(table), "--carrier", "vnpost", "--json", "--dry-run")
    _, done = house.run("remap", str(table), "--carrier", "vnpost", "--json")
    _, again = house.run("remap", str(table), "--carrier", "vnpost", "--json")
    told = [json.loads(one) for one in (would, done, again)]
    assert [(one["items"], one["events"], one["changed"]) for one in told] == [(1, 1, 1), (1, 1, 1), (1, 0, 0)]
    _, out = house.run("explain", CODE, "--json")
    explained = json.loads(out)
    fold = explained["explanation"]["items"][0]["item"]["fold"]
    assert (fold["movement"], fold["unknown_n"], explained["replayed"]) == ("out_for_delivery", 0, True)
    twice = house.file("twice.jsonl", rows[1], rows[1])
    assert house.run("remap", str(twice), "--carrier", "vnpost")[0] == 2


def test_an_explanation_as_of_a_moment_knows_only_what_had_come(house: House) -> None:
    house.take("dossiers", {**DOSSIER, "created_at": "2026-11-16T08:00:00+07:00"})
    house.take("items", ITEM)
    early = [{**one, "received_at": "2026-11-16T10:00:00+07:00"} for one in EVENTS[:1]]
    late = [{**one, "received_at": "2026-11-17T10:00:00+07:00"} for one in EVENTS[1:]]
    house.take("events", *early, *late)
    code, out = house.run("explain", CODE, "--as-of", "2026-11-16T20:00", "--json")
    then = json.loads(out)
    (item,) = then["explanation"]["items"]
    assert (code, then["replayed"], item["item"]["fold"]["movement"]) == (0, True, "accepted")
    assert [use["stored"]["event"]["code"] for use in item["uses"]] == ["10"]
    assert then["explanation"]["as_of"] == "2026-11-16T20:00:00+07:00"
    assert house.run("explain", CODE, "--as-of", "2026-11-15T20:00")[0] == 2  # nobody knew of it
    assert house.run("explain", CODE, "--as-of", "yesterday")[0] == 2
