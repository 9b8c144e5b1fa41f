"""A national portal that we play: ``python -m adapters.dvcqg.sandbox --port 0 --ledger FILE``.

Written from contract/README.md and contract/fields.toml. Sessions die with the process, after ``session_ttl_s`` and by
the event ``expire_sessions``; dossiers and steps come back from the ledger. **Steps are appended as often as they are
sent:** the contract knows no repetition there. A dossier is known by MaHoSo.

Options (``--set``): ``username``, ``password``, ``madonvi``, ``dstcode`` (empty: not wanted), ``dstcode_placement``
(query | header), ``session_ttl_s`` (900), ``progress_list`` (1; 0 plays a portal whose TraCuuHoSo tells no steps).
Content verbs: ``refuse`` (also as ``@refuse`` in any text: that call is refused every time), ``unknown_code`` (an error
code of no list). Ledger: ``DongBoHoSoMC`` key MaHoSo, data mode, row; ``CapNhatTienDoHoSoMC`` key MaHoSo, data steps.
"""

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.fields import FieldTables
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Route, SandboxPeer
from adapters._kit.sandbox.server import main

LOGIN = "/mapi/login"
SERVICES = "/mapi/g"
DEFAULTS: Mapping[str, str] = {
    "username": "adapter_user",
    "password": "sandbox-only",
    "madonvi": "000.00.00.H99",
    "dstcode": "VN:GOV:000.00.00.G22:vpcpdvcprovider",
    "dstcode_placement": "query",
    "session_ttl_s": "900",
    "progress_list": "1",
}
TABLES = FieldTables(Path(__file__).parent / "contract" / "fields.toml")


class Portal(SandboxPeer):
    """Dossiers by MaHoSo with their steps, and the sessions of this process."""

    name: ClassVar[str] = "dvcqg"
    samples: ClassVar[Mapping[str, str]] = {"unknown": "-77"}

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        """Start without sessions; the frame replays the ledger."""
        super().__init__(ledger, chaos, {**DEFAULTS, **options})
        self.dossiers: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, list[dict[str, str]]] = {}
        self._sessions: dict[str, dt.datetime] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches this portal."""
        wanted = ("username", "password", "madonvi", "dstcode", "dstcode_placement")
        return {"base_url": url, **{name: self.options[name] for name in wanted}}

    def routes(self) -> tuple[Route, ...]:
        """The log-in and the three services, told apart by ``service``."""
        return (
            Route("login", "probe", "POST", LOGIN, self._forwarded(self._login)),
            self._service("DongBoHoSoMC", "register", self._sync),
            self._service("CapNhatTienDoHoSoMC", "progress", self._append),
            self._service("TraCuuHoSo", "ask", self._find),
            Route("unknown service", "none", "POST", SERVICES, self._forwarded(_no_service)),
        )

    def key_of(self, route: Route, call: Call) -> str:
        """The dossier that the call is about, else the operation."""
        body = call.json()
        if not isinstance(body, dict):
            return route.operation
        data = body.get("data")
        first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
        return str(first.get("MaHoSo") or body.get("mahoso") or route.operation)

    def event(self, told: Mapping[str, Any]) -> Line:
        """``{"code": "expire_sessions"}``. Raises ValueError for anything else."""
        if told.get("code") != "expire_sessions":
            raise ValueError("the portal knows one event: expire_sessions")
        self._sessions.clear()
        return self.happened("expire_sessions", "")

    def replay(self, line: Line) -> None:
        """Remember a dossier or its steps."""
        if line.operation == "DongBoHoSoMC":
            self.dossiers[line.key] = line.data["row"]
            self.steps.setdefault(line.key, [])
        elif line.operation == "CapNhatTienDoHoSoMC":
            for step in line.data["steps"]:
                self.steps.setdefault(step["MaHoSo"], []).append(step)

    # --- operations -------------------------------------------------------------------------------------------------

    def _login(self, call: Call) -> Answer:
        body = call.json()
        faults = TABLES.faults("login", body)
        if faults:
            return _reply(-1, "; ".join(faults))
        if (body["username"], body["password"]) != (self.options["username"], self.options["password"]):
            return _reply(-1, "Sai tên đăng nhập hoặc mật khẩu")
        session = secrets.token_hex(16)
        self._sessions[session] = self.now()
        return Answer.json({"error_code": 0, "message": "Thành công", "session": session})

    def _sync(self, call: Call) -> Answer:
        body = call.json()
        faults = TABLES.faults("DongBoHoSoMC", body, "envelope")
        if faults:
            return _reply(-1, "Dữ liệu không hợp lệ: " + "; ".join(faults[:10]))
        updating = body["isUpdating"] == "True"
        for row in body["data"]:
            code = row["MaHoSo"]
            if updating and code not in self.dossiers:
                return _reply(-1, f"Hồ sơ {code} chưa tồn tại")
            if not updating and code in self.dossiers:
                return _reply("-3", f"Hồ sơ {code} đã tồn tại")
        for row in body["data"]:
            self.effect("DongBoHoSoMC", row["MaHoSo"], mode="update" if updating else "create", row=row)
        return _reply("0", "Đồng bộ thành công")

    def _append(self, call: Call) -> Answer:
        body = call.json()
        faults = TABLES.faults("CapNhatTienDoHoSoMC", body, "envelope")
        if faults:
            return _reply(-1, "Dữ liệu không hợp lệ: " + "; ".join(faults[:10]))
        unknown = [step["MaHoSo"] for step in body["data"] if step["MaHoSo"] not in self.dossiers]
        if unknown:
            return _reply(-1, f"Hồ sơ {unknown[0]} chưa tồn tại")
        # One line for the whole call: a portal that is killed has taken all of it or nothing.
        self.effect("CapNhatTienDoHoSoMC", body["data"][0]["MaHoSo"], steps=body["data"])
        return _reply("00", "Cập nhật tiến độ thành công")

    def _find(self, call: Call) -> Answer:
        body = call.json()
        faults = TABLES.faults("TraCuuHoSo", body, "envelope")
        if faults:
            return _reply(-1, "; ".join(faults))
        code = body["mahoso"]
        if code not in self.dossiers:
            return Answer.json({"error_code": "0", "message": "", "result": []})
        row: dict[str, object] = {"MaHoSo": code, "TrangThaiHoSo": self.dossiers[code]["TrangThaiHoSo"]}
        if self.options["progress_list"] == "1":
            row["DanhSachTienDo"] = self.chaos.twist(self.steps[code], "TraCuuHoSo", "ask")
        return Answer.json({"error_code": "0", "message": "Thành công", "result": [row]})

    # --- what stands before every operation -------------------------------------------------------------------------

    def _service(self, name: str, serves: str, handle: Callable[[Call], Answer]) -> Route:
        def guarded(call: Call) -> Answer:
            body = call.json()
            if not self._alive(str(body.get("session", ""))):
                return _reply("-2", "Phiên làm việc không hợp lệ hoặc đã hết hạn")
            if body.get("madonvi") != self.options["madonvi"]:
                return _reply(-1, "Mã đơn vị không được phép")
            if "refuse" in call.script.verbs or self.chaos.strikes("refuse", name, serves):
                return _reply(-1, "Từ chối theo kịch bản")
            if self.chaos.strikes("unknown_code", name, serves):
                return _reply(self.samples["unknown"], "Lỗi không có trong bảng mã")
            return handle(call)

        return Route(name, serves, "POST", SERVICES, self._forwarded(guarded), lambda call: _asks_for(call, name))

    def _forwarded(self, handle: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
        """The security server in front: without dstcode where it is wanted, nothing is forwarded."""

        def check(call: Call) -> Answer:
            wanted = self.options["dstcode"]
            placed = call.query if self.options["dstcode_placement"] == "query" else call.headers
            if wanted and placed.get("dstcode") != wanted:
                return Answer(b"unknown dstcode", 400, "text/plain")
            return handle(call)

        return check

    def _alive(self, session: str) -> bool:
        begun = self._sessions.get(session)
        if begun is None:
            return False
        return self.now() - begun < dt.timedelta(seconds=float(self.options["session_ttl_s"]))


def _asks_for(call: Call, service: str) -> bool:
    body = call.json()
    return isinstance(body, dict) and body.get("service") == service


def _no_service(call: Call) -> Answer:
    if not isinstance(call.json(), dict):
        return Answer("Không đọc được dữ liệu".encode(), 500, "text/plain; charset=utf-8")
    return _reply(-1, "Dịch vụ không tồn tại")


def _reply(code: object, message: str) -> Answer:
    return Answer.json({"error_code": code, "message": message})


if __name__ == "__main__":
    main(Portal)
