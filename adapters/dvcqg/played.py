"""What our portal holds and does, whichever way it is spoken to: dossiers, steps, questions, dictionaries.

Written from contract/fields.toml and contract/world.toml; the addresses and envelopes are :mod:`.sandbox`'s.
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adapters._kit.sandbox.chaos import ROWS, Chaos
from adapters._kit.sandbox.fields import FieldTables
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer

CONTRACT = Path(__file__).parent / "contract"
TABLES = FieldTables(CONTRACT / "fields.toml")
FIELDS: Mapping[str, Any] = tomllib.loads((CONTRACT / "fields.toml").read_text(encoding="utf-8"))
WORLD: Mapping[str, Any] = tomllib.loads((CONTRACT / "world.toml").read_text(encoding="utf-8"))
DICTIONARIES: Mapping[str, list[dict[str, str]]] = WORLD["dictionaries"]
_NEWER = frozenset(
    name
    for table in FIELDS.values()
    for name, field in table.items()
    if isinstance(field, dict) and field.get("since") == "G2"
)
Handle = Callable[[Mapping[str, Any]], Answer]


class PlayedPortal(SandboxPeer):
    """Dossiers by MaHoSo with their steps, questions with their answers."""

    offers = (*ROWS, "refuse", "unknown_code")

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        """Start with the world of the contract; the frame replays the ledger."""
        super().__init__(ledger, chaos, options)
        self.dossiers: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, list[dict[str, str]]] = {}
        self.questions: dict[str, dict[str, Any]] = {row["HOIDAPID"]: row for row in WORLD["question"]}
        self.answers: dict[str, list[dict[str, str]]] = {}
        self.published: list[dict[str, Any]] = []
        self.reads: Mapping[str, tuple[str, Handle]] = {
            "TraCuuHoSo": ("ask", self._find),
            "LayDanhSachTTHC": ("procedures", self._procedures),
            "LayThuTuc": ("procedure", self._procedure),
            "TraCuuTechID": ("tech_id", _tech_id),
            "LayDanhSachHoiDapGuiTuDVCQG": ("questions", self._questions),
            "LayDanhSachHoiDapBoCoQuan": ("published", self._published),
            "LayNoiDungTraLoiTheoCauHoi": ("answers", self._answers),
            **dict.fromkeys(DICTIONARIES, ("dictionary", self._dictionary)),
        }

    def key_of(self, route: Route, call: Call) -> str:
        """What the call is about, else the operation."""
        body = call.json()
        data = body.get("data", body) if isinstance(body, dict) else body
        first = data[0] if isinstance(data, list) and data else data
        row = first if isinstance(first, dict) else {}
        keys = ("MaHoSo", "HOIDAPID", "mahoso", "cauhoiid", "Madonvi")
        return str(next((row[name] for name in keys if row.get(name)), route.operation))

    def event(self, told: Mapping[str, Any]) -> Line:
        """See the head of :mod:`.sandbox`. Raises ValueError for anything else."""
        if told.get("code") == "ask":
            row = {**WORLD["question"][0], "HOIDAPID": str(told["reference"]), "NOIDUNG": str(told["text"])}
            return self.happened("ask", row["HOIDAPID"], row=row)
        if told.get("code") == "deliver":
            return self.happened("deliver", "", body=str(told["body"]))
        raise ValueError("the portal knows the events expire_sessions, ask and deliver")

    def push_of(self, line: Line) -> Push | None:
        """A dossier that was born here goes to the callback address, with the secret in its header."""
        url = self.options.get("callback_url", "")
        if line.operation != "deliver" or not url:
            return None
        headers = {"Authorization": f"Bearer {self.options['inbound_secret']}"}
        return Push("deliver", url, line.data["body"].encode(), headers=headers, accepted=_taken)

    def replay(self, line: Line) -> None:
        """Remember what one line says."""
        match line.operation:
            case "DongBoHoSoMC":
                self.dossiers[line.key] = line.data["row"]
                self.steps.setdefault(line.key, [])
            case "CapNhatTienDoHoSoMC":
                for step in line.data["steps"]:
                    self.steps.setdefault(step["MaHoSo"], []).append(step)
            case "ask":
                self.questions[line.key] = line.data["row"]
            case "DongBoKetQuaHoiDapGuiTuDVCQG":
                for row in line.data["data"]:
                    self.answers.setdefault(row["HOIDAPID"], []).append(row)
            case "DongBoHoiDap":
                self.published.extend(line.data["data"])

    # --- what it takes --------------------------------------------------------------------------------------

    def sync(self, body: Mapping[str, Any], updating: bool) -> Answer:
        """DongBoHoSoMC."""
        faults = self._faults("dossier", body["data"])
        if faults:
            return reply(-1, "Dữ liệu không hợp lệ: " + "; ".join(faults[:10]))
        for row in body["data"]:
            code = row["MaHoSo"]
            if updating and code not in self.dossiers:
                return reply(-1, f"Hồ sơ {code} chưa tồn tại")
            if not updating and code in self.dossiers:
                return reply("-3", f"Hồ sơ {code} đã tồn tại")
        for row in body["data"]:
            self.effect("DongBoHoSoMC", row["MaHoSo"], mode="update" if updating else "create", row=row)
        return reply("0", "Đồng bộ thành công")

    def append(self, body: Mapping[str, Any]) -> Answer:
        """CapNhatTienDoHoSoMC."""
        faults = self._faults("step", body["data"])
        if faults:
            return reply(-1, "Dữ liệu không hợp lệ: " + "; ".join(faults[:10]))
        unknown = [step["MaHoSo"] for step in body["data"] if step["MaHoSo"] not in self.dossiers]
        if unknown:
            return reply(-1, f"Hồ sơ {unknown[0]} chưa tồn tại")
        # One line for the whole call: a portal that is killed has taken all of it or nothing.
        self.effect("CapNhatTienDoHoSoMC", body["data"][0]["MaHoSo"], steps=body["data"])
        return reply("00", "Cập nhật tiến độ thành công")

    def taker(self, name: str) -> Handle:
        """What takes the calls of an effect that is only appended."""

        def take(body: Mapping[str, Any]) -> Answer:
            data = body["data"]
            first = data[0] if isinstance(data, list) else data
            if name == "DongBoKetQuaHoiDapGuiTuDVCQG" and first["HOIDAPID"] not in self.questions:
                return reply(-1, f"Câu hỏi {first['HOIDAPID']} không tồn tại")
            key = first.get("MaHoSo") or first.get("HOIDAPID") or first["Madonvi"]
            self.effect(name, key, data=data)
            return reply(0, "Đồng bộ thành công")

        return take

    def _faults(self, table: str, rows: object) -> list[str]:
        """Every fault of the rows, and in generation G1 every field that came later."""
        if not isinstance(rows, list) or not rows:
            return ["data: is required"]
        most = 10 if table == "step" else len(rows)
        faults = [f"data: {len(rows)} rows, at most {most}"] if len(rows) > most else []
        for place, row in enumerate(rows):
            found = TABLES.faults(table, row)
            if self.options["generation"] == "G1":
                found = [fault for fault in found if not wants_newer(fault)]
                found += [f"{name}: no such field" for name in _newer(table, row)]
            faults += [f"data[{place}].{fault}" for fault in found]
        return faults

    def struck(self, call: Call, name: str, serves: str) -> Answer | None:
        """The reply of a refusal or unknown code that chaos or a script asks for."""
        if "refuse" in call.script.verbs or self.chaos.strikes("refuse", name, serves):
            return reply(-1, "Từ chối theo kịch bản")
        if self.chaos.strikes("unknown_code", name, serves):
            return reply(self.samples["unknown"], "Lỗi không có trong bảng mã")
        return None

    # --- lists and look-ups -------------------------------------------------------------------------------------------

    def _find(self, body: Mapping[str, Any]) -> Answer:
        code = body["mahoso"]
        if code not in self.dossiers:
            return listed([])
        row: dict[str, object] = {"MaHoSo": code, "TrangThaiHoSo": self.dossiers[code]["TrangThaiHoSo"]}
        if self.options["progress_list"] == "1":
            row["DanhSachTienDo"] = self.chaos.twist(self.steps[code], "TraCuuHoSo", "ask")
        return listed([row])

    def _procedures(self, _body: Mapping[str, Any]) -> Answer:
        rows = [{"MATTHC": row["MATTHC"], "TENTTHC": row["TENTTHC"]} for row in WORLD["procedure"]]
        return listed(self.chaos.twist(rows, "LayDanhSachTTHC", "procedures"))

    def _procedure(self, body: Mapping[str, Any]) -> Answer:
        return listed([row for row in WORLD["procedure"] if row["MATTHC"] == body["maTTHC"]])

    def _dictionary(self, body: Mapping[str, Any]) -> Answer:
        return listed(self.chaos.twist(DICTIONARIES[body["service"]], body["service"], "dictionary"))

    def _questions(self, _body: Mapping[str, Any]) -> Answer:
        rows = [{**row, **self._given(row)} for row in self.questions.values()]
        return listed(self.chaos.twist(rows, "LayDanhSachHoiDapGuiTuDVCQG", "questions"))

    def _given(self, row: Mapping[str, Any]) -> dict[str, str]:
        mine = self.answers.get(row["HOIDAPID"])
        return {"TRALOIID": f"1{row['HOIDAPID']}", "NOIDUNGTRALOI": mine[-1]["NOIDUNGTRALOI"]} if mine else {}

    def _published(self, _body: Mapping[str, Any]) -> Answer:
        return listed(self.chaos.twist(self.published, "LayDanhSachHoiDapBoCoQuan", "published"))

    def _answers(self, body: Mapping[str, Any]) -> Answer:
        key = body["cauhoiid"]
        told = [row["NOIDUNGTRALOI"] for row in self.answers.get(key, [])]
        first = self.questions.get(key, {}).get("NOIDUNGTRALOI", "")
        texts = [first, *told] if first else told
        return listed([{"TRALOIID": f"{n}{key}", "NOIDUNGTRALOI": text} for n, text in enumerate(texts, start=1)])


def wants_newer(fault: str) -> bool:
    """Whether a fault misses a field that generation G1 does not know."""
    path, _, what = fault.rpartition(": ")
    return what == "is required" and path.rpartition(".")[2] in _NEWER


def _newer(table: str, row: object) -> list[str]:
    """Paths of the fields in a row that generation G1 does not know."""
    found: list[str] = []
    for name, value in row.items() if isinstance(row, dict) else ():
        field = FIELDS[table].get(name, {})
        found += [name] if field.get("since") == "G2" else []
        if field.get("kind") == "list" and isinstance(value, list):
            found += [f"{name}[].{inner}" for below in value for inner in _newer(field["rows"], below)]
    return found


def _tech_id(body: Mapping[str, Any]) -> Answer:
    known = WORLD["people"].get(body["mstorcmnd"])
    return listed([{"TECHNICALID": known}] if known else [])


def _taken(status: int, body: bytes) -> bool:
    try:
        return status == 200 and json.loads(body)["error_code"] == 0
    except (ValueError, TypeError, KeyError):
        return False


def listed(rows: list[Any]) -> Answer:
    """A reply with a list."""
    return Answer.json({"error_code": "0", "message": "Thành công" if rows else "", "result": rows})


def reply(code: object, message: str) -> Answer:
    """A reply without a list."""
    return Answer.json({"error_code": code, "message": message})
