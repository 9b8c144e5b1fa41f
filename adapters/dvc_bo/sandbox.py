"""The ministries' portal as we play it: ``python -m adapters.dvc_bo.sandbox --port 0 --ledger FILE``.

Written from contract/README.md and contract/fields.toml. A creation of one number is applied as often as it comes,
because nothing in the contract says that it would be recognised. Options (``--set``):

``client_id``, ``client_secret``, ``token_ttl_s`` (3600), ``tell_life`` (``number``, ``text``, ``none``),
``token_type`` (``Bearer``), ``over`` (how an old token is answered: ``401``, ``envelope``, ``html``, ``wso2``),
``good_code`` (``200``, a number; ``00`` is told as text), ``uploads`` (``anew`` or ``recognised`` by their digest),
``upload_reply`` (``object`` or ``list``), ``repeated_number`` (``applied`` or ``refused`` with 409),
``id_required`` (``1``: the fifth and sixth call want the portal's own id, the number alone is a 404).

Event ``{"code": "expire_tokens"}`` ends all tokens. Content verb: ``refuse``; also ``@refuse`` in a text of the body.
"""

import email.parser
import email.policy
import hashlib
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.fields import FieldTables
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Route, SandboxPeer
from adapters._kit.sandbox.server import main

DEFAULTS: Mapping[str, str] = {
    "client_id": "sandbox-app",
    "client_secret": "sandbox-only",
    "token_ttl_s": "3600",
    "tell_life": "number",
    "token_type": "Bearer",
    "over": "401",
    "good_code": "200",
    "uploads": "anew",
    "upload_reply": "object",
    "repeated_number": "applied",
    "id_required": "0",
}
PATHS: Mapping[str, str] = {
    "number": "/hoso/GetNextValue",
    "upload": "/teptin/upload",
    "create": "/hoso/NoiHoSo",
    "progress": "/hoso/CapNhatTienTrinh",
    "status": "/hoso/CapNhatTrangThai",
}
WITH_LISTS = (5, 6, 9)
TABLES = FieldTables(Path(__file__).parent / "contract" / "fields.toml")


class Portal(SandboxPeer):
    """Numbers that were given, files, dossiers by number and by id, and the tokens of this process."""

    name: ClassVar[str] = "dvc_bo"
    samples: ClassVar[Mapping[str, str]] = {"unknown": "99"}
    offers: ClassVar[tuple[str, ...]] = ("refuse",)

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        """Start without tokens; the frame replays the ledger."""
        super().__init__(ledger, chaos, {**DEFAULTS, **options})
        self.numbers: set[str] = set()
        self.files: dict[str, str] = {}
        self.dossiers: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, Any] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches this portal."""
        wanted = ("client_id", "client_secret")
        return {
            "base_url": url,
            "token_url": f"{url}/token",
            **{name: self.options[name] for name in wanted},
            **{f"{name}_path": path for name, path in PATHS.items()},
        }

    def routes(self) -> tuple[Route, ...]:
        """The six calls."""
        return (
            Route("token", "probe", "POST", "/token", self._token),
            self._guarded("GetNextValue", "number", "GET", self._number),
            self._guarded("upload", "upload", "POST", self._upload),
            self._guarded("NoiHoSo", "register", "POST", self._create, step="create"),
            self._guarded("CapNhatTienTrinh", "progress", "POST", self._progress),
            self._guarded("CapNhatTrangThai", "status", "POST", self._status),
        )

    def key_of(self, route: Route, call: Call) -> str:
        """The number of the dossier that the call is about, else the operation."""
        body = call.json()
        row = body[0] if isinstance(body, list) and body else body
        return str(row.get("MaHoSo") or route.operation) if isinstance(row, dict) else route.operation

    def event(self, told: Mapping[str, Any]) -> Line:
        """``{"code": "expire_tokens"}``."""
        if told.get("code") != "expire_tokens":
            raise ValueError("known: expire_tokens")
        self.forget_sessions()
        return self.happened("expire_tokens", "")

    def forget_sessions(self) -> None:
        """No token given so far is good any more."""
        self._tokens.clear()

    def replay(self, line: Line) -> None:
        """Remember a number, a file, a dossier, its steps, its status."""
        match line.operation:
            case "GetNextValue":
                self.numbers.add(line.key)
            case "upload":
                self.files[line.key] = line.data["digest"]
            case "NoiHoSo":
                id_ = f"HS{line.n:08d}"
                self.dossiers[id_] = {"number": line.key, "row": line.data["row"], "steps": [], "status": None}
            case "CapNhatTienTrinh":
                self.dossiers[line.data["id"]]["steps"] += line.data["rows"]
            case "CapNhatTrangThai":
                self.dossiers[line.data["id"]]["status"] = line.data["row"]

    # --- the six calls ----------------------------------------------------------------------------------------------

    def _token(self, call: Call) -> Answer:
        told = call.json()
        if not isinstance(told, dict) or told.get("client_id") != self.options["client_id"]:
            return _answer(401, "Sai client_id", http=401)
        if told.get("client_secret") != self.options["client_secret"]:
            return _answer(401, "Sai client_secret", http=401)
        token = secrets.token_hex(16)
        self._tokens[token] = self.now()
        life_s = int(float(self.options["token_ttl_s"]))
        lives: dict[str, dict[str, object]] = {
            "number": {"expires_in": life_s},
            "text": {"expires_in": str(life_s)},
            "none": {},
        }
        data = {"access_token": token, "token_type": self.options["token_type"], "scope": "default"}
        return self._good({**data, **lives[self.options["tell_life"]]})

    def _number(self, call: Call) -> Answer:
        code = call.query.get("code", "")
        if not code:
            return _answer(400, "Thiếu code", http=400)
        n = len(self.numbers) + 1
        number = f"{code}-{self.now():%Y%m%d}-{n:07d}"
        self.effect("GetNextValue", number, code=code)
        return self._good({"value": number})

    def _upload(self, call: Call) -> Answer:
        content = _only_file(call)
        if content is None:
            return _answer(400, "Thiếu files", http=400)
        digest = hashlib.sha256(content).hexdigest()
        known = next((id_ for id_, told in self.files.items() if told == digest), None)
        if known is None or self.options["uploads"] != "recognised":
            known = self.effect("upload", f"TT{len(self.ledger.lines) + 1:08d}", digest=digest, size=len(content)).key
        told = {"IdTepTin": known, "HashTepTin": digest}
        return self._good([told] if self.options["upload_reply"] == "list" else told)

    def _create(self, call: Call) -> Answer:
        row = call.json()
        faults = TABLES.faults("NoiHoSo", row)
        if faults:
            return _answer(400, "; ".join(faults[:10]), http=400)
        if row["MaHoSo"] not in self.numbers:
            return _answer(400, f"MaHoSo: {row['MaHoSo']} chưa được cấp", http=400)
        for part in row["ThanhPhanHoSo"]:
            for file in part["GiayToDinhKem"]:
                if self.files.get(file["IdGiayTo"]) != file["HashTepTin"]:
                    return _answer(400, f"IdGiayTo: không có tệp {file['IdGiayTo']}", http=400)
        if self._ids(row["MaHoSo"]) and self.options["repeated_number"] == "refused":
            return _answer(409, "Hồ sơ đã tồn tại", http=409)
        line = self.effect("NoiHoSo", row["MaHoSo"], row=row)
        return self._good({"idHoSo": f"HS{line.n:08d}", "maHoSo": row["MaHoSo"]})

    def _progress(self, call: Call) -> Answer:
        rows = call.json()
        refused, id_ = self._rows("CapNhatTienTrinh", rows, "IDHoSo")
        if refused is not None:
            return refused
        self.effect("CapNhatTienTrinh", rows[0]["MaHoSo"], id=id_, rows=rows)
        return self._good(None)

    def _status(self, call: Call) -> Answer:
        rows = call.json()
        refused, id_ = self._rows("CapNhatTrangThai", rows, "IdHoSo")
        if refused is not None:
            return refused
        row = rows[0]
        if row["TrangThai"] not in WITH_LISTS and (row["DanhSachLePhi"] or row["DanhSachGiayToKetQua"]):
            return _answer(400, "DanhSachLePhi, DanhSachGiayToKetQua: chỉ với 5, 6, 9", http=400)
        if self.dossiers[id_]["status"] != row:
            self.effect("CapNhatTrangThai", row["MaHoSo"], id=id_, row=row)
        return self._good(None)

    def _rows(self, table: str, rows: object, id_field: str) -> tuple[Answer | None, str]:
        """What is wrong with the array of the fifth and sixth call, and the dossier that it is about."""
        if not isinstance(rows, list) or not rows:
            return _answer(400, "cần một mảng", http=400), ""
        faults = [fault for row in rows for fault in TABLES.faults(table, row)]
        if faults:
            return _answer(400, "; ".join(faults[:10]), http=400), ""
        id_, found = rows[0].get(id_field, ""), self._ids(rows[0]["MaHoSo"])
        known = id_ in found if id_ or self.options["id_required"] == "1" else bool(found)
        if not known:
            return _answer(404, "Không tìm thấy hồ sơ", http=404), ""
        return None, id_ or found[-1]

    def _ids(self, number: str) -> list[str]:
        return [id_ for id_, dossier in self.dossiers.items() if dossier["number"] == number]

    # --- what stands before every call ------------------------------------------------------------------------------

    def _guarded(
        self, name: str, serves: str, method: str, handle: Callable[[Call], Answer], *, step: str = ""
    ) -> Route:
        def check(call: Call) -> Answer:
            scheme, _, token = call.headers.get("authorization", "").partition(" ")
            begun = self._tokens.get(token)
            life_s = float(self.options["token_ttl_s"])
            if scheme != "Bearer" or begun is None or (self.now() - begun).total_seconds() >= life_s:
                return self._over()
            if "refuse" in call.script.verbs or self.chaos.strikes("refuse", name, serves):
                return _answer(400, "Từ chối theo kịch bản", http=400)
            return handle(call)

        return Route(name, serves, method, PATHS[step or serves], check)

    def _over(self) -> Answer:
        match self.options["over"]:
            case "envelope":
                return _answer(401, "Token hết hạn")
            case "html":
                return Answer(b"<html><body><h1>401</h1></body></html>", 401, "text/html")
            case "wso2":
                return Answer.json({"fault": {"code": 900903, "message": "Access Token Expired"}}, status=403)
        return _answer(401, "Token hết hạn", http=401)

    def _good(self, data: object) -> Answer:
        told = self.options["good_code"]
        code: object = told if told.startswith("0") else int(told)
        return Answer.json({"code": code, "message": "Thành công", "data": data})


def _answer(code: int, says: str, *, http: int = 200) -> Answer:
    return Answer.json({"code": code, "message": says, "data": None}, status=http)


def _only_file(call: Call) -> bytes | None:
    """The bytes of the field ``files``; None where the body is no form with just that."""
    head = f"Content-Type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + call.body)
    parts = list(form.iter_parts()) if form.is_multipart() else []
    if len(parts) != 1 or parts[0].get_param("name", header="content-disposition") != "files":
        return None
    content = parts[0].get_payload(decode=True)
    return content if isinstance(content, bytes) else None


if __name__ == "__main__":
    main(Portal)
