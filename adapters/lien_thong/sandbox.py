"""The dossier axis and the office behind it: ``python -m adapters.lien_thong.sandbox --port 0 --ledger FILE``.

Written from contract/README.md and contract/fields.toml. A dossier that comes by syncDossier waits at the office; the
office acts on order (POST /__sandbox__/event) or by the script in ``note``, and each act is a profile that is listed
for the unit the dossier came from, until it is acknowledged. A repetition is known by (from_unit_code, source_id), as
the contract says; nothing else is recognised.

Acts (``code``): ``receive``, ``accept``, ``process``, ``supplement``, ``fee``, ``withdraw``, ``stop``, ``result``,
``refuse``, ``returned``, or the national code itself (``receive`` has none). An event says ``reference`` (dossier code)
and ``code``, and may say ``at``, ``due``, ``by``, ``note``, ``result_codes``, ``unit`` (for a dossier the axis never
saw); ``{"code": "expire_tokens"}`` ends all tokens. Script: ``@sequence.0s-receive.2s-accept.4s-process.6s-result``.
Options (``--set``): ``consumer_key``, ``consumer_secret``, ``system_id``, ``token_ttl_s`` (3600), ``promise_days`` (5).
Content verbs: ``refuse`` (also ``@refuse`` in a text), ``unknown_code``, those of the rows (of the list and of a
profile), ``wrong_zone``.
"""

import base64
import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import ROWS, Chaos
from adapters._kit.sandbox.fields import FieldTables
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Route, SandboxPeer
from adapters._kit.sandbox.script import parse_script
from adapters._kit.sandbox.server import main

LOCAL = dt.timezone(dt.timedelta(hours=7))
DEFAULTS: Mapping[str, str] = {
    "consumer_key": "sandbox-key",
    "consumer_secret": "sandbox-only",
    "system_id": "LIENTHONG",
    "token_ttl_s": "3600",
    "promise_days": "5",
}
ACTS: Mapping[str, tuple[str, str]] = {
    "receive": ("TIEPNHAN", "1"),
    "accept": ("TIEPNHAN", "2"),
    "refuse": ("TUCHOI", "3"),
    "process": ("CAPNHAT", "4"),
    "supplement": ("CAPNHAT", "5"),
    "fee": ("THANHTOAN", "6"),
    "withdraw": ("RUT", "7"),
    "stop": ("CAPNHAT", "8"),
    "result": ("KETQUA", "9"),
    "returned": ("CAPNHAT", "10"),
}
BY_CODE = {act[1]: act for act in ACTS.values() if act[1] != "1"}
OFFICER = "Cán bộ một cửa"
OFFICER_2 = "Cán bộ khác"
_TIME = "%Y/%m/%d %H:%M:%S"
TABLES = FieldTables(Path(__file__).parent / "contract" / "fields.toml")


class Axis(SandboxPeer):
    """Dossiers that came, profiles that wait for the units they came from, and the tokens of this process."""

    name: ClassVar[str] = "lien_thong"
    samples: ClassVar[Mapping[str, str]] = {"unknown": "99"}
    offers = (*ROWS, "refuse", "unknown_code", "wrong_zone")

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        """Start without tokens; the frame replays the ledger."""
        super().__init__(ledger, chaos, {**DEFAULTS, **options})
        self.dossiers: dict[str, dict[str, Any]] = {}
        self._ids: dict[tuple[str, str], str] = {}
        self._profiles: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, dict[str, None]] = {}
        self._tokens: dict[str, dt.datetime] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches this axis."""
        wanted = ("consumer_key", "consumer_secret", "system_id")
        return {"base_url": url, "token_url": f"{url}/token", **{name: self.options[name] for name in wanted}}

    def routes(self) -> tuple[Route, ...]:
        """The token service and the five operations."""
        return (
            Route("token", "probe", "POST", "/token", self._token),
            self._guarded("syncDossier", "submit", "POST", self._sync),
            self._guarded("sendStatusProfile", "tell", "POST", self._status),
            self._guarded("getListDossier", "waiting", "GET", self._list),
            self._guarded("getDetailDossier", "fetch", "GET", self._detail),
            self._guarded("updateStatusReceiver", "acknowledge", "POST", self._acknowledge),
        )

    def key_of(self, route: Route, call: Call) -> str:
        """The dossier or the profile that the call is about, else the operation."""
        body = call.json()
        told = body.get("ref_code") if isinstance(body, dict) else None
        return str(told or call.query.get("profile_id") or call.query.get("unit_code") or route.operation)

    def forget_sessions(self) -> None:
        """No token given so far is good any more."""
        self._tokens.clear()

    def event(self, told: Mapping[str, Any]) -> Line:
        """Let the office act, or ``{"code": "expire_tokens"}``. Raises ValueError for an unknown act or dossier."""
        code = str(told.get("code", ""))
        if code == "expire_tokens":
            self._tokens.clear()
            return self.happened("expire_tokens", "")
        if code not in ACTS and code not in BY_CODE:
            raise ValueError(f"{code!r} is no act; known: {', '.join((*ACTS, *BY_CODE))}")
        reference = str(told["reference"])
        unit = told.get("unit") or self.dossiers.get(reference, {}).get("from_unit_code")
        if not unit:
            raise ValueError(f"{reference} never came to the axis, and no `unit` to tell is given")
        more = {name: told[name] for name in ("due", "by", "note", "result_codes") if told.get(name)}
        at = dt.datetime.fromisoformat(told["at"]) if told.get("at") else self.now()
        return self.happened("report", reference, code=code, occurred=at.isoformat(), unit=unit, **more)

    def scripted(self, key: str, code: str, at: dt.datetime, index: int) -> Line:
        """A planned act of the office; an act that is none is told as it is, as an unknown code."""
        unit = self.dossiers[key]["from_unit_code"]
        return self.happened("report", key, code=code, occurred=at.isoformat(), index=index, unit=unit)

    def replay(self, line: Line) -> None:
        """Remember a dossier, a status, a report or an acknowledgement."""
        match line.operation:
            case "syncDossier":
                row = line.data["row"]
                first = line.key not in self.dossiers
                self._ids[(row["from_unit_code"], row["source_id"])] = f"G{line.n:08d}"
                self.dossiers[line.key] = row
                if first:
                    self.plan(line.key, parse_script(row.get("note", "")).steps, start=line.at)
            case "sendStatusProfile":
                row = line.data["row"]
                self._ids[(row["from_unit_code"], row["source_id"])] = f"G{line.n:08d}"
            case "report":
                profile = self._profile(line)
                self._profiles[profile["profile_id"]] = profile
                self._waiting.setdefault(line.data["unit"], {})[profile["profile_id"]] = None
            case "updateStatusReceiver":
                for waiting in self._waiting.values():
                    waiting.pop(line.key, None)

    # --- operations -------------------------------------------------------------------------------------------------

    def _token(self, call: Call) -> Answer:
        pair = f"{self.options['consumer_key']}:{self.options['consumer_secret']}"
        basic = base64.b64encode(pair.encode()).decode()
        if call.headers.get("authorization") != f"Basic {basic}":
            return Answer.json({"error": "invalid_client", "error_description": "sai khóa"}, status=401)
        if call.body != b"grant_type=client_credentials":
            return Answer.json({"error": "unsupported_grant_type"}, status=400)
        token = secrets.token_hex(16)
        self._tokens[token] = self.now()
        life_s = int(float(self.options["token_ttl_s"]))
        return Answer.json({"access_token": token, "scope": "default", "token_type": "Bearer", "expires_in": life_s})

    def _sync(self, call: Call) -> Answer:
        return self._take("syncDossier", call, lambda _row: None)

    def _status(self, call: Call) -> Answer:
        return self._take(
            "sendStatusProfile",
            call,
            lambda row: None if row["ref_code"] in self.dossiers else _failed("3", "Không tìm thấy hồ sơ"),
        )

    def _take(self, operation: str, call: Call, refuse: Callable[[dict[str, Any]], Answer | None]) -> Answer:
        row = call.json()
        faults = TABLES.faults(operation, row)
        if faults:
            return _failed("1", "Dữ liệu không hợp lệ: " + "; ".join(faults[:10]))
        known = self._ids.get((row["from_unit_code"], row["source_id"]))
        if known is not None:
            return _failed("2", "Hồ sơ đã tồn tại", profile_id=known)
        refused = refuse(row)
        if refused is not None:
            return refused
        line = self.effect(operation, row["ref_code"], row=row)
        return _good(profile_id=f"G{line.n:08d}")

    def _list(self, call: Call) -> Answer:
        ids = list(self._waiting.get(call.query.get("unit_code", ""), {}))
        rows = [
            {name: self._profiles[profile_id][name] for name in ("profile_id", "ref_code", "status", "creation_date")}
            for profile_id in self.chaos.twist(ids, "getListDossier", "waiting")
        ]
        return _good(profileReceivers=rows)

    def _detail(self, call: Call) -> Answer:
        profile = self._profiles.get(call.query.get("profile_id", ""))
        if profile is None:
            return _failed("3", "Không tìm thấy hồ sơ")
        operations = ("getDetailDossier", "fetch")
        rewritten = self.chaos.strikes("history_rewritten", *operations)
        told = {**profile, "process_officials": OFFICER_2} if rewritten else profile
        at = dt.datetime.strptime(told["time_of_process"], _TIME).replace(tzinfo=LOCAL)
        return _good(profileInmodel={**told, "time_of_process": _local(self.told_at(at, *operations))})

    def _acknowledge(self, call: Call) -> Answer:
        profile_id, status = call.query.get("profile_id", ""), call.query.get("status", "")
        if profile_id not in self._profiles:
            return _failed("3", "Không tìm thấy hồ sơ")
        if status not in ("done", "fail"):
            return _failed("1", "status: done hoặc fail")
        if any(profile_id in waiting for waiting in self._waiting.values()):
            self.effect("updateStatusReceiver", profile_id, status=status)
        return _good()

    # --- what stands before every operation, and the profile of an act ----------------------------------------------

    def _guarded(self, name: str, serves: str, method: str, handle: Callable[[Call], Answer]) -> Route:
        def check(call: Call) -> Answer:
            scheme, _, token = call.headers.get("authorization", "").partition(" ")
            begun = self._tokens.get(token)
            life = dt.timedelta(seconds=float(self.options["token_ttl_s"]))
            if scheme != "Bearer" or begun is None or self.now() - begun >= life:
                fault = {"code": 900901, "message": "Invalid Credentials"}
                return Answer.json({"fault": fault}, status=401)
            if "refuse" in call.script.verbs or self.chaos.strikes("refuse", name, serves):
                return _failed("1", "Từ chối theo kịch bản")
            return handle(call)

        return Route(name, serves, method, f"/{name}", check)

    def _profile(self, line: Line) -> dict[str, Any]:
        code, at = str(line.data["code"]), dt.datetime.fromisoformat(line.data["occurred"])
        status, national = ACTS.get(code) or BY_CODE.get(code) or ("CAPNHAT", code)
        dossier = self.dossiers.get(line.key, {})
        results = line.data.get("result_codes") or [f"KQ.H99.{line.n:06d}"]
        eform = json.dumps({"result_codes": results}).encode()
        profile_id = f"P{line.n:08d}"
        return {
            "profile_id": profile_id,
            "source_id": profile_id,
            "status": status,
            "type": dossier.get("type", "3"),
            "ref_code": line.key,
            "procedures_code": dossier.get("procedures_code", ""),
            "system_id": "MOTCUA",
            "from_unit_code": dossier.get("org_impl_code", ""),
            "to_unit_code": [line.data["unit"]],
            "creation_date": _local(at),
            "appointment_date": self._promise(line, at, dossier) if national == "2" else "",
            "status_profile": national,
            "process_officials": line.data.get("by", OFFICER),
            "time_of_process": _local(at),
            "note": line.data.get("note", ""),
            "data_eform": base64.b64encode(eform).decode() if status == "KETQUA" else "",
            "profileAttachments": [],
            "profileDocFees": [],
            "profileDocPaper": [],
        }

    def _promise(self, line: Line, at: dt.datetime, dossier: Mapping[str, Any]) -> str:
        if "due" in line.data:
            return _local(dt.datetime.fromisoformat(line.data["due"]))
        days = dt.timedelta(days=int(self.options["promise_days"]))
        return str(dossier.get("appointment_date") or _local(at + days))


def _local(at: dt.datetime) -> str:
    return f"{at.astimezone(LOCAL):{_TIME}}"


def _good(**more: object) -> Answer:
    return Answer.json({"status": "SUCCESS", "errorCode": "0", "errorDesc": "", **more})


def _failed(code: str, says: str, **more: object) -> Answer:
    return Answer.json({"status": "FAIL", "errorCode": code, "errorDesc": says, **more})


if __name__ == "__main__":
    main(Axis)
