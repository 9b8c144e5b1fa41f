"""The platform as we play it: ``python -m adapters.ngsp.sandbox --port 0 --ledger FILE``.

Written from contract/README.md and contract/fields.toml. A dossier is known by its DocCode: the same row again changes
nothing and is no line of the ledger; a trace is appended as often as it comes. Options (``--set``): ``client_id``,
``client_secret``, ``token_request`` (``json_secret`` or ``basic``), ``token_ttl_s`` (3600), ``names`` (``small`` or
``capital``: how MResult is written), ``status_as`` (``number`` or ``text``).

Event ``{"code": "expire_tokens"}`` ends all tokens. Content verb: ``refuse``; also ``@refuse`` in a text of the body.
"""

import base64
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
    "token_request": "json_secret",
    "token_ttl_s": "3600",
    "names": "small",
    "status_as": "number",
}
TABLES = FieldTables(Path(__file__).parent / "contract" / "fields.toml")


class Platform(SandboxPeer):
    """Dossiers by DocCode with their traces, and the tokens of this process."""

    name: ClassVar[str] = "ngsp"
    samples: ClassVar[Mapping[str, str]] = {"unknown": "99"}
    offers: ClassVar[tuple[str, ...]] = ("refuse",)

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        """Start without tokens; the frame replays the ledger."""
        super().__init__(ledger, chaos, {**DEFAULTS, **options})
        self.dossiers: dict[str, dict[str, Any]] = {}
        self.traces: dict[str, list[dict[str, Any]]] = {}
        self._tokens: dict[str, Any] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches this platform."""
        told = {name: self.options[name] for name in ("client_id", "client_secret", "token_request")}
        return {"base_url": url, "token_url": f"{url}/token", "organ_code": "000.00.00.H99", **told}

    def routes(self) -> tuple[Route, ...]:
        """The token service and the two operations."""
        return (
            Route("token", "probe", "POST", "/token", self._token),
            self._guarded("SyncDocument", "register", self._sync),
            self._guarded("UpdateDocumentTraces", "progress", self._trace),
        )

    def key_of(self, route: Route, call: Call) -> str:
        """The dossier that the call is about, else the operation."""
        row = call.json()
        return str(row.get("DocCode") or route.operation) if isinstance(row, dict) else route.operation

    def forget_sessions(self) -> None:
        """No token given so far is good any more."""
        self._tokens.clear()

    def event(self, told: Mapping[str, Any]) -> Line:
        """``{"code": "expire_tokens"}``."""
        if told.get("code") != "expire_tokens":
            raise ValueError("known: expire_tokens")
        self.forget_sessions()
        return self.happened("expire_tokens", "")

    def replay(self, line: Line) -> None:
        """Remember a dossier or a trace."""
        if line.operation == "SyncDocument":
            self.dossiers[line.key] = line.data["row"]
        elif line.operation == "UpdateDocumentTraces":
            self.traces.setdefault(line.key, []).append(line.data["row"])

    def _token(self, call: Call) -> Answer:
        key, secret = self.options["client_id"], self.options["client_secret"]
        told = call.json()
        pair = (told.get("client_id"), told.get("client_secret")) if isinstance(told, dict) else (None, None)
        if self.options["token_request"] == "basic":
            basic = base64.b64encode(f"{key}:{secret}".encode()).decode()
            pair = (key, secret) if call.headers.get("authorization") == f"Basic {basic}" else (None, None)
        if pair != (key, secret):
            return Answer.json({"error": "invalid_client"}, status=401)
        token = secrets.token_hex(16)
        self._tokens[token] = self.now()
        life_s = int(float(self.options["token_ttl_s"]))
        plain = {"access_token": token, "scope": "am_application_scope default", "token_type": "Bearer"}
        return Answer.json({**plain, "expires_in": life_s})

    def _sync(self, call: Call) -> Answer:
        row = call.json()
        faults = TABLES.faults("SyncDocument", row)
        if faults:
            return self._result(400, "; ".join(faults[:10]))
        if self.dossiers.get(row["DocCode"]) != row:
            self.effect("SyncDocument", row["DocCode"], row=row)
        return self._result(200, "Thành công")

    def _trace(self, call: Call) -> Answer:
        row = call.json()
        faults = TABLES.faults("UpdateDocumentTraces", row)
        if faults:
            return self._result(400, "; ".join(faults[:10]))
        if row["DocCode"] not in self.dossiers:
            return self._result(404, "Không tìm thấy hồ sơ")
        self.effect("UpdateDocumentTraces", row["DocCode"], row=row)
        return self._result(200, "Thành công")

    def _guarded(self, name: str, serves: str, handle: Callable[[Call], Answer]) -> Route:
        def check(call: Call) -> Answer:
            scheme, _, token = call.headers.get("authorization", "").partition(" ")
            begun = self._tokens.get(token)
            life_s = float(self.options["token_ttl_s"])
            if scheme != "Bearer" or begun is None or (self.now() - begun).total_seconds() >= life_s:
                return Answer.json({"fault": {"code": 900903, "message": "Access Token Expired"}}, status=401)
            if "refuse" in call.script.verbs or self.chaos.strikes("refuse", name, serves):
                return self._result(400, "Từ chối theo kịch bản")
            return handle(call)

        return Route(name, serves, "POST", f"/Document/{name}", check)

    def _result(self, status: int, message: str) -> Answer:
        told: object = str(status) if self.options["status_as"] == "text" else status
        if self.options["names"] == "capital":
            return Answer.json({"Status": told, "Message": message})
        return Answer.json({"status": told, "message": message})


if __name__ == "__main__":
    main(Platform)
