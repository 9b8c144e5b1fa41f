"""The dossier axis and the office behind it: ``python -m adapters.lien_thong.sandbox --port 0 --ledger FILE``.

Written from contract/README.md and contract/fields.toml. A dossier that comes by syncDossier waits at the office; the
office acts on order (POST /__sandbox__/event) or by the script in ``note``, and each act is a profile that is listed
for the unit the dossier came from, until it is acknowledged. A repetition is known by (from_unit_code, source_id), as
the contract says; nothing else is recognised.

Acts (``code``): ``receive``, ``accept``, ``process``, ``supplement``, ``fee``, ``paid``, ``withdraw``, ``stop``,
``result``, ``refuse``, ``returned``, or the national code itself (``receive`` and ``paid`` have none). An event says
``reference`` (dossier code) and ``code``, and may say ``at``, ``due``, ``by``, ``note``, ``result_codes``, ``amount``
(đồng), ``papers`` (names of what is wanted), ``unit`` (for a dossier the axis never saw); ``{"code":
"expire_tokens"}`` ends all tokens. Script: ``@sequence.0s-receive.2s-accept.4s-process.6s-result``.
Options (``--set``): ``consumer_key``, ``consumer_secret``, ``system_id``, ``token_ttl_s`` (3600), ``promise_days`` (5),
``spelling`` (``snake``, or ``camel``: profileId, profileOutmodel, profiles_status as another client reads them),
``codes_told`` (``1``; ``0``: a unit's profile has no status_profile), ``service`` (``1``: one address, ``?service=``),
and of the token ``token_request`` and ``token_header`` (words of the settings), ``token_type`` (``Bearer``),
``tell_life`` (``number``, ``text``, ``none``, ``huge``), ``over`` (``json``, ``xml``, ``html``, ``json_200``).
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
from urllib.parse import parse_qsl

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
    "spelling": "snake",
    "codes_told": "1",
    "service": "0",
    "token_request": "basic",
    "token_header": "authorization",
    "token_type": "Bearer",
    "tell_life": "number",
    "over": "json",
}
ACTS: Mapping[str, tuple[str, str]] = {
    "receive": ("TIEPNHAN", "1"),
    "accept": ("TIEPNHAN", "2"),
    "refuse": ("TUCHOI", "3"),
    "process": ("CAPNHAT", "4"),
    "supplement": ("CAPNHAT", "5"),
    "fee": ("THANHTOAN", "6"),
    "paid": ("THANHTOAN", ""),
    "withdraw": ("RUT", "7"),
    "stop": ("CAPNHAT", "8"),
    "result": ("KETQUA", "9"),
    "returned": ("CAPNHAT", "10"),
}
BY_CODE = {act[1]: act for act in ACTS.values() if act[1] not in ("", "1")}
OFFICER = "Cán bộ một cửa"
OFFICER_2 = "Cán bộ khác"
OVER: Mapping[str, Answer] = {
    "json": Answer.json({"fault": {"code": 900901, "message": "Invalid Credentials"}}, status=401),
    "xml": Answer(b'<am:fault xmlns:am="http://wso2.org"><am:code>900901</am:code></am:fault>', 401, "application/xml"),
    "html": Answer(b"<html><body><h1>401 Unauthorized</h1></body></html>", 401, "text/html"),
    "json_200": Answer.json({"fault": {"code": 900903, "message": "Access Token Expired"}}),
}
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
        wanted = ("consumer_key", "consumer_secret", "system_id", "token_request", "token_header")
        routing = {"routing": "service"} if self._one_address else {}
        told = {name: self.options[name] for name in wanted}
        return {"base_url": url, "token_url": f"{url}/token", **routing, **told}

    @property
    def _one_address(self) -> bool:
        return self.options["service"] == "1"

    def routes(self) -> tuple[Route, ...]:
        """The token service and the six operations."""
        return (
            Route("token", "probe", "POST", "/token", self._token),
            self._guarded("syncDossier", "submit", "POST", self._sync),
            self._guarded("sendStatusProfile", "tell", "POST", self._status),
            self._guarded("sendRequestOrPayMentProfile", "request", "POST", self._request),
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
        names = ("due", "by", "note", "result_codes", "amount", "papers")
        more = {name: told[name] for name in names if told.get(name)}
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
                if row["status"] == "CAPNHAT":
                    return
                self.dossiers[line.key] = row
                if first:
                    self.plan(line.key, parse_script(row.get("note", "")).steps, start=line.at)
            case "sendStatusProfile" | "sendRequestOrPayMentProfile":
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
        told = call.json() if self.options["token_request"] == "json_secret" else dict(parse_qsl(call.body.decode()))
        fields = {**call.query, **(told if isinstance(told, dict) else {})}
        if not self._knows(call.headers.get("authorization", ""), fields):
            return Answer.json({"error": "invalid_client", "error_description": "sai khóa"}, status=401)
        if fields.get("grant_type") != "client_credentials":
            return Answer.json({"error": "unsupported_grant_type"}, status=400)
        token = secrets.token_hex(16)
        self._tokens[token] = self.now()
        life_s = int(float(self.options["token_ttl_s"]))
        lives: dict[str, dict[str, object]] = {
            "number": {"expires_in": life_s},
            "text": {"expires_in": str(life_s)},
            "none": {},
            "huge": {"expires_in": 2**63 - 1},
        }
        plain = {"access_token": token, "scope": "default", "token_type": self.options["token_type"]}
        return Answer.json({**plain, **lives[self.options["tell_life"]]})

    def _knows(self, authorization: str, fields: Mapping[str, Any]) -> bool:
        key, secret = self.options["consumer_key"], self.options["consumer_secret"]
        match self.options["token_request"]:
            case "basic":
                return authorization == f"Basic {base64.b64encode(f'{key}:{secret}'.encode()).decode()}"
            case "basic_ready":
                return authorization == f"Basic {key}"
            case "bearer_key":
                return authorization == f"Bearer {key}"
        return (fields.get("client_id"), fields.get("client_secret")) == (key, secret)

    def _sync(self, call: Call) -> Answer:
        if _status_of(call) == "CAPNHAT":
            return self._take("syncDossier", call, self._known, table="update")
        return self._take("syncDossier", call, lambda _row: None)

    def _status(self, call: Call) -> Answer:
        return self._take("sendStatusProfile", call, self._known)

    def _request(self, call: Call) -> Answer:
        table = "update" if _status_of(call) == "CAPNHAT" else "payment"
        return self._take("sendRequestOrPayMentProfile", call, self._known, table=table)

    def _known(self, row: Mapping[str, Any]) -> Answer | None:
        return None if row["ref_code"] in self.dossiers else _failed("3", "Không tìm thấy hồ sơ")

    def _take(
        self, operation: str, call: Call, refuse: Callable[[dict[str, Any]], Answer | None], *, table: str = ""
    ) -> Answer:
        row = call.json()
        faults = TABLES.faults(table or operation, row)
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
        if self.options["spelling"] == "camel":
            rows = [{"profileId": row["profile_id"], "status": row["status"]} for row in rows]
        return _good(profileReceivers=rows)

    def _detail(self, call: Call) -> Answer:
        profile = self._profiles.get(call.query.get("profile_id", ""))
        if profile is None:
            return _failed("3", "Không tìm thấy hồ sơ")
        operations = ("getDetailDossier", "fetch")
        rewritten = self.chaos.strikes("history_rewritten", *operations)
        told = {**profile, "process_officials": OFFICER_2} if rewritten else profile
        at = dt.datetime.strptime(told["time_of_process"], _TIME).replace(tzinfo=LOCAL)
        told = {**told, "time_of_process": _local(self.told_at(at, *operations))}
        if self.options["spelling"] == "snake":
            return _good(profileInmodel=told)
        return _good(profileOutmodel={**told, "profiles_status": told.pop("status_profile")})

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
            if self.options["token_header"] == "access_token":
                scheme, token = "Bearer", call.headers.get("access_token", "")
            begun = self._tokens.get(token)
            life = dt.timedelta(seconds=float(self.options["token_ttl_s"]))
            if scheme != "Bearer" or begun is None or self.now() - begun >= life:
                return OVER[self.options["over"]]
            if "refuse" in call.script.verbs or self.chaos.strikes("refuse", name, serves):
                return _failed("1", "Từ chối theo kịch bản")
            return handle(call)

        if self._one_address:
            return Route(name, serves, method, "/", check, lambda call: call.query.get("service") == name)
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
            "status_profile": national if self.options["codes_told"] == "1" or status == "TIEPNHAN" else "",
            "process_officials": line.data.get("by", OFFICER),
            "time_of_process": _local(at),
            "note": line.data.get("note", ""),
            "data_eform": base64.b64encode(eform).decode() if status == "KETQUA" else "",
            "profileAttachments": [],
            "profileDocFees": _fees(line),
            "profileDocPaper": [{"paper_name": name} for name in line.data.get("papers", ())],
            **(_money(line, paid=code == "paid") if status == "THANHTOAN" else {}),
        }

    def _promise(self, line: Line, at: dt.datetime, dossier: Mapping[str, Any]) -> str:
        if "due" in line.data:
            return _local(dt.datetime.fromisoformat(line.data["due"]))
        days = dt.timedelta(days=int(self.options["promise_days"]))
        return str(dossier.get("appointment_date") or _local(at + days))


def _status_of(call: Call) -> str:
    row = call.json()
    return str(row.get("status", "")) if isinstance(row, dict) else ""


def _fees(line: Line) -> list[dict[str, str]]:
    amount = line.data.get("amount")
    return [{"fee_name": "Phí, lệ phí", "fee_type": "", "price": str(amount)}] if amount else []


def _money(line: Line, *, paid: bool) -> dict[str, str]:
    return {"is_request_payment": "false" if paid else "true", "total_amount": str(line.data.get("amount", ""))}


def _local(at: dt.datetime) -> str:
    return f"{at.astimezone(LOCAL):{_TIME}}"


def _good(**more: object) -> Answer:
    return Answer.json({"status": "SUCCESS", "errorCode": "0", "errorDesc": "", **more})


def _failed(code: str, says: str, **more: object) -> Answer:
    return Answer.json({"status": "FAIL", "errorCode": code, "errorDesc": says, **more})


if __name__ == "__main__":
    main(Axis)
