"""The document axis and the offices behind it: ``python -m adapters.edxml.sandbox --port 0 --ledger FILE``.

Written from contract/README.md and contract/shape.toml. A document that comes by sendEdoc is held against the shape,
the prefix rule and our certificate; the office it goes to answers with statuses, on order (POST /__sandbox__/event) or
by the script in the document's subject. Offices also send documents to us. What waits is listed until it is
acknowledged. A repetition is known by sender and DocumentId (of a status: also by its code and time), as the contract
says.

Events: ``{"code": "03", "reference": DocumentId}`` a status for a document that came; ``{"code": "document",
"reference"?: DocumentId, "subject"?, "file"?: text of the enclosed file, "bytes"?: its length, "layout"?: "java",
"by"?: "axis" | "stranger" | "nobody"}`` a document to us, signed by whom;
``{"code": "expire_tokens"}`` ends all tokens.
Script: ``@sequence.0s-01.2s-03``. Options (``--set``): ``system_id``, ``secret``, ``auth`` (``basic`` | ``oauth``),
``layout`` of what comes (``vpcp`` | ``java``).
Content verbs: ``refuse`` (also ``@refuse`` in a text), ``unknown_code``, ``duplicate`` and ``reorder`` (of the list).
"""

import base64
import datetime as dt
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.identity import Identity, identity
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Route, SandboxPeer, real_now
from adapters._kit.sandbox.script import parse_script
from adapters._kit.sandbox.server import main
from adapters.edxml.sandbox_papers import Papers, came

LOCAL = dt.timezone(dt.timedelta(hours=7))
DEFAULTS: Mapping[str, str] = {
    "system_id": "000.00.00.H99",
    "secret": "sandbox-only",
    "auth": "basic",
    "layout": "vpcp",
}
OFFICE = "000.00.14.H99"
TOKEN_S = 3600
_ID = re.compile(rb"DocumentId>([^<]*)<")


class Axis(SandboxPeer):
    """Documents and statuses that wait, what came, and the tokens of this process."""

    name: ClassVar[str] = "edxml"
    offers = ("duplicate", "reorder", "refuse", "unknown_code")
    samples: ClassVar[Mapping[str, str]] = {"unknown": "98", "moving": "03", "delivered": "06"}

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        """Take the keys from beside the ledger, or make them there; the frame replays the ledger."""
        super().__init__(ledger, chaos, {**DEFAULTS, **options})
        folder = ledger.file.parent
        self.axis = identity(folder, f"{ledger.file.stem}.axis", real_now())
        self.client = identity(folder, f"{ledger.file.stem}.client", real_now())
        self._folder: Path = folder
        self._ids: dict[str, str] = {}
        self._documents: dict[str, dict[str, Any]] = {}
        self._papers: dict[str, dict[str, Any]] = {}
        self._waiting: dict[str, None] = {}
        self._tokens: dict[str, dt.datetime] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches this axis."""
        told: dict[str, object] = {
            "base_url": url,
            "system_id": self.options["system_id"],
            "secret": self.options["secret"],
            "pinned_certificates": [str(self.axis.certificate_file)],
            "key_file": str(self.client.key_file),
            "certificate_file": str(self.client.certificate_file),
        }
        return told if self.options["auth"] == "basic" else {**told, "token_url": f"{url}/token"}

    def routes(self) -> tuple[Route, ...]:
        """The token service and the four operations; sendEdoc serves documents and statuses."""
        return (
            Route("token", "probe", "POST", "/token", self._token),
            self._guarded("sendEdoc", "send_document", "POST", self._send, lambda call: _kind(call) == "edoc"),
            self._guarded("sendEdoc status", "send_status", "POST", self._send, lambda call: _kind(call) == "status"),
            self._guarded("getReceivedEdocList", "waiting_documents", "GET", self._list),
            self._guarded("getEdoc", "fetch_document", "GET", self._get),
            self._guarded("updateStatus", "acknowledge_document", "POST", self._acknowledge),
        )

    def key_of(self, route: Route, call: Call) -> str:
        """The document that the call is about, else the operation."""
        told = _ID.search(call.body[:65536])
        return told[1].decode("utf-8", "replace") if told else call.query.get("docId") or route.operation

    def forget_sessions(self) -> None:
        """No token given so far is good any more."""
        self._tokens.clear()

    def event(self, told: Mapping[str, Any]) -> Line:
        """Let an office act, or ``{"code": "expire_tokens"}``. Raises ValueError for a document that never came."""
        code = str(told.get("code", ""))
        if code == "expire_tokens":
            self._tokens.clear()
            return self.happened("expire_tokens", "")
        if code == "document":
            n = len(self.ledger.lines) + 1
            key = str(told.get("reference") or f"{OFFICE},{self.now().astimezone(LOCAL):%Y/%m/%d},{n}/STN-VP")
            more = {name: told[name] for name in ("subject", "file", "bytes", "layout", "by") if name in told}
            return self.happened("document", key, at=self.now().isoformat(), **more)
        reference = str(told.get("reference", ""))
        if reference not in self._documents:
            raise ValueError(f"{reference!r} never came to the axis")
        return self.happened("status", reference, code=code, at=str(told.get("at") or self.now().isoformat()))

    def scripted(self, key: str, code: str, at: dt.datetime, index: int) -> Line:
        """A planned status of the office."""
        return self.happened("status", key, code=code, at=at.isoformat(), index=index)

    def replay(self, line: Line) -> None:
        """Remember what came, what an office sent, or an acknowledgement."""
        match line.operation:
            case "sendEdoc" | "sendEdoc status":
                self._ids[line.data["once"]] = f"K{line.n:08d}"
                if line.data["kind"] == "edoc":
                    self._documents[line.key] = dict(line.data)
                    self.plan(line.key, parse_script(line.data["subject"]).steps, start=line.at)
            case "document" | "status":
                key = f"W{line.n:08d}"
                about = self._documents.get(line.key, {})
                self._papers[key] = {**line.data, "kind": line.operation, "document": line.key, "about": about}
                self._waiting[key] = None
            case "updateStatus":
                self._waiting.pop(line.key, None)

    # --- operations -------------------------------------------------------------------------------------------------

    def _token(self, call: Call) -> Answer:
        if call.headers.get("authorization") != self._basic or call.body != b"grant_type=client_credentials":
            return Answer.json({"error": "invalid_client", "error_description": "sai khóa"}, status=401)
        token = secrets.token_hex(16)
        self._tokens[token] = self.now()
        return Answer.json({"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_S})

    def _send(self, call: Call) -> Answer:
        paper = came(call.body, self.client.pinned, "status" if _kind(call) == "status" else self.options["layout"])
        if paper.faults:
            return _failed("1", "Dữ liệu không hợp lệ: " + "; ".join(paper.faults[:5]))
        known = self._ids.get(paper.once)
        if known is not None:
            return _failed("2", "Văn bản đã tồn tại", docId=known)
        (self._folder / f"came-{paper.sha256}.xml").write_bytes(call.body)
        operation = "sendEdoc status" if _kind(call) == "status" else "sendEdoc"
        line = self.effect(operation, paper.document, once=paper.once, kind=_kind(call), **paper.told)
        return _good(docId=f"K{line.n:08d}")

    def _list(self, call: Call) -> Answer:
        wanted = "status" if _kind(call) == "status" else "document"
        keys = [key for key in self._waiting if self._papers[key]["kind"] == wanted]
        rows = [
            {
                "docId": key,
                "from": OFFICE,
                "to": self.options["system_id"],
                "messagetype": _kind(call),
                "created_time": _local(self._papers[key]["at"]),
            }
            for key in self.chaos.twist(keys, "getReceivedEdocList", "waiting_documents")
        ]
        return _good(data=rows)

    def _get(self, call: Call) -> Answer:
        paper = self._papers.get(call.query.get("docId", ""))
        if paper is None:
            return _failed("3", "Không tìm thấy văn bản")
        body = Papers(self._signer(paper), OFFICE, self.options["system_id"]).write(paper)
        return Answer(body, content_type="application/xml")

    def _acknowledge(self, call: Call) -> Answer:
        key, status = call.query.get("docId", ""), call.query.get("status", "")
        if key not in self._papers:
            return _failed("3", "Không tìm thấy văn bản")
        if status not in ("done", "fail"):
            return _failed("1", "status: done hoặc fail")
        if key in self._waiting:
            self.effect("updateStatus", key, status=status)
        return _good()

    # --- what stands before every operation, and who signs ----------------------------------------------------------

    def _guarded(
        self,
        name: str,
        serves: str,
        method: str,
        handle: Callable[[Call], Answer],
        matches: Callable[[Call], bool] = lambda _call: True,
    ) -> Route:
        def check(call: Call) -> Answer:
            if not self._known(call.headers.get("authorization", "")):
                return Answer.json({"status": "FAIL", "errorCode": "401", "errorDesc": "sai khóa"}, status=401)
            if "refuse" in call.script.verbs or self.chaos.strikes("refuse", name, serves):
                return _failed("1", "Từ chối theo kịch bản")
            return handle(call)

        return Route(name, serves, method, f"/{name.partition(' ')[0]}", check, matches)

    @property
    def _basic(self) -> str:
        pair = f"{self.options['system_id']}:{self.options['secret']}"
        return f"Basic {base64.b64encode(pair.encode()).decode()}"

    def _known(self, header: str) -> bool:
        if self.options["auth"] == "basic":
            return header == self._basic
        begun = self._tokens.get(header.removeprefix("Bearer "))
        return begun is not None and self.now() - begun < dt.timedelta(seconds=TOKEN_S)

    def _signer(self, paper: Mapping[str, Any]) -> Identity | None:
        who = paper.get("by", "axis")
        if who == "stranger":
            return identity(self._folder, f"{self.ledger.file.stem}.stranger", real_now())
        return self.axis if who == "axis" else None


def _kind(call: Call) -> str:
    return call.query.get("messagetype", "")


def _local(at: str) -> str:
    return f"{dt.datetime.fromisoformat(at).astimezone(LOCAL):%Y/%m/%d %H:%M:%S}"


def _good(**more: object) -> Answer:
    return Answer.json({"status": "OK", "errorCode": "0", "errorDesc": "", **more})


def _failed(code: str, says: str, **more: object) -> Answer:
    return Answer.json({"status": "FAIL", "errorCode": code, "errorDesc": says, **more})


if __name__ == "__main__":
    main(Axis)
