"""The post, as we play it: a SOAP server of GetItemHistory and Ping, and a client that pushes PushEvents to us.

Written from the WSDL and XSD in `schemas/contract`; envelope, UsernameToken and events are written here a second time,
so that a slip in our own client cannot hide behind the same slip on the other side.

Options (``--set``): ``username`` and ``password`` it asks of callers (none: everybody may ask); ``callback_url``,
``push_username``, ``push_password``, ``push_sender`` (default: the user name) of the service it pushes to;
``page_size`` (default 100). ``POST /__sandbox__/event`` takes ``number``, ``code``, ``at``, ``office``, ``text`` and
what else an Event has (see `_FIELDS`), or ``events``: a list of such, pushed as one batch; ``push: false`` keeps it for
GetItemHistory alone; ``{"configure": {"callback_url": …}}`` sets the four push options later. A push is repeated with
the same batchId until it is answered; each answer stands in the ledger as ``answered``. A script in ``text``
(``@sequence.0s-EMC.2s-EMI``) lets more happen to the item by itself.
"""

import base64
import binascii
import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any, ClassVar

from adapters._kit import xml
from adapters._kit.sandbox.chaos import Chaos
from adapters._kit.sandbox.ledger import Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer
from adapters._kit.sandbox.script import parse_script
from adapters._kit.sandbox.server import main
from adapters._kit.xml import Element
from schemas.errors import Misunderstood

NS = "urn:x-lienthong:postal-tracking:1"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_SECEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"
PATH = "/soap/postal-tracking"
LOCAL = dt.timezone(dt.timedelta(hours=7))
_CONFIGURED = ("callback_url", "push_username", "push_password", "push_sender")
_FIELDS = (
    *("number", "code", "list", "at", "precision", "naive", "office", "office_name", "text", "direction", "attempt"),
    *("reason", "action", "forecast", "withdrawn", "recipient", "evidence", "bag", "reference", "event_id"),
)


class PostalSandbox(SandboxPeer):
    """Items by number, each a list of events as they were told to it."""

    name: ClassVar[str] = "postal_soap"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "EMI", "moving": "EMC", "unknown": "ZZZ"}

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._items: dict[str, list[dict[str, Any]]] = {}
        self._sequences: dict[int, int] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches it."""
        told: dict[str, object] = {"url": url + PATH}
        told.update({name: self.options[name] for name in ("username", "password") if name in self.options})
        return told

    def routes(self) -> tuple[Route, ...]:
        """By SOAPAction; whatever else is posted is told so."""
        return (
            Route("GetItemHistory", "read", "POST", PATH, self._history, _action("GetItemHistory")),
            Route("Ping", "probe", "POST", PATH, self._ping, _action("Ping")),
            Route("other", "other", "POST", PATH, lambda _call: _fault("Server", "503.01", "not served here")),
        )

    # --- what happens at the post -----------------------------------------------------------------------------------

    def event(self, told: Mapping[str, Any]) -> Line:
        """Something happened to an item or to several; or the push options are set."""
        if "configure" in told:
            told_options = {name: str(value) for name, value in told["configure"].items() if name in _CONFIGURED}
            return self.happened("configure", "", options=told_options)
        # Twisted now and not when it is pushed: a repetition of the batch must have the same content.
        rows = self.chaos.twist([self._row(one) for one in told.get("events", [told])], "events")
        push = bool(told.get("push", True))
        if len(rows) == 1:
            row = rows[0]
            code = row.pop("code")
            return self.happened("event", str(row.get("number", "")), code=code, row=row, push=push)
        return self.happened("event", str(rows[0].get("number", "")), rows=rows, push=push)

    def _row(self, told: Mapping[str, Any]) -> dict[str, Any]:
        row = {name: told[name] for name in _FIELDS if told.get(name) is not None}
        if "number" not in row and "bag" not in row:
            raise ValueError("an event is about a number or a bag")
        row["code"] = str(told["code"])
        row.setdefault("at", self.now().isoformat())
        return row

    def replay(self, line: Line) -> None:
        """Remember what happened, and give each batch its number in the sequence."""
        if line.operation == "configure":
            self.options.update(line.data["options"])
            return
        for n, row in enumerate(self._rows(line), start=1):
            row.setdefault("event_id", f"{line.n}-{n}")
            self._items.setdefault(str(row.get("number", "")), []).append(row)
        if line.data.get("push", True):
            self._sequences[line.n] = len(self._sequences) + 1
        if line.operation == "event":
            for row in self._rows(line):
                steps = parse_script(str(row.get("text", ""))).steps
                self.plan(str(row.get("number", "")), steps, start=line.at)

    def scripted(self, key: str, code: str, at: dt.datetime, index: int) -> Line:
        """A step of a script in the text of an event: the next event of the same item."""
        row = {"number": key, "at": at.isoformat()}
        return self.happened("script", key, code=code, row=row, push=True, index=index)

    @staticmethod
    def _rows(line: Line) -> list[dict[str, Any]]:
        if "rows" in line.data:
            return [dict(row) for row in line.data["rows"]]
        return [{**line.data.get("row", {}), "code": line.data["code"]}]

    # --- what it answers --------------------------------------------------------------------------------------------

    def _history(self, call: Call) -> Answer:
        body = self._asked(call, "GetItemHistory")
        if isinstance(body, Answer):
            return body
        number = xml.text(body, "itemNumber") or ""
        rows = self._items.get(number)
        since = xml.text(body, "since")
        if rows is not None and since is not None:
            rows = [row for row in rows if _at(row) >= dt.datetime.fromisoformat(since)]
        first = int(xml.text(body, "pageToken") or 0)
        size = min(int(xml.text(body, "maxEvents") or 1000), int(self.options.get("page_size", "100")))
        page = self.chaos.twist((rows or [])[first : first + size], "GetItemHistory", "read")
        reply = xml.element("GetItemHistoryResponse", NS, prefix="p")
        xml.add(reply, "itemNumber", number)
        xml.add(reply, "found", rows is not None)
        xml.add(reply, "complete", rows is not None and since is None)
        xml.add(reply, "asOf", self.now().isoformat())
        events = xml.add(reply, "events")
        for row in page:
            _write_event(events, row)
        if rows is not None and first + size < len(rows):
            xml.add(reply, "nextPageToken", first + size)
        return _reply(reply, call)

    def _ping(self, call: Call) -> Answer:
        body = self._asked(call, "Ping")
        if isinstance(body, Answer):
            return body
        reply = xml.element("PingResponse", NS, prefix="p")
        xml.add_some(reply, "echo", xml.text(body, "echo"))
        xml.add(reply, "serverTime", self.now().isoformat())
        xml.add(reply, "contractVersion", "1.0")
        xml.add(reply, "accepting", value=True)
        return _reply(reply, call)

    def _asked(self, call: Call, operation: str) -> Element | Answer:
        """The body element of a lawful request, or the fault."""
        try:
            root = xml.parse(call.body)
        except Misunderstood as error:
            return _fault("Client", "400.01", error.detail)
        body = xml.child(root, "Body", operation)
        if body is None or xml.namespace(body) != NS:
            return _fault("Client", "400.03", "the body is not what SOAPAction says")
        if "username" in self.options and not self._knows(xml.child(root, "Header", "Security", "UsernameToken")):
            return _fault("Client", "401.01", "credentials")
        found = xml.load_schema("schemas.contract", "postal-tracking.xsd").violations(body)
        return _fault("Client", "400.02", found[0].message) if found else body

    def _knows(self, token: Element | None) -> bool:
        if token is None or xml.text(token, "Username") != self.options["username"]:
            return False
        try:
            nonce = base64.b64decode(xml.text(token, "Nonce") or "", validate=True)
        except binascii.Error:
            return False
        created = xml.text(token, "Created") or ""
        return xml.text(token, "Password") == _digest(nonce, created, self.options.get("password", ""))

    # --- what it pushes ---------------------------------------------------------------------------------------------

    def push_of(self, line: Line) -> Push | None:
        """The batch of a line, with a fresh token each time it is tried."""
        if line.n not in self._sequences or not self.options.get("callback_url"):
            return None
        body = xml.element("PushEvents", NS, prefix="p")
        batch = f"{self.name}-{line.n}"
        xml.add(body, "batchId", batch)
        xml.add(body, "sender", self.options.get("push_sender") or self.options.get("push_username", self.name))
        xml.add(body, "sentAt", line.at.isoformat())
        xml.add(body, "sequence", self._sequences[line.n])
        events = xml.add(body, "events")
        rows = [{**row, "event_id": row.get("event_id", f"{line.n}-{n}")} for n, row in enumerate(self._rows(line), 1)]
        for row in rows:
            _write_event(events, row)
        return Push(
            operation="PushEvents",
            url=self.options["callback_url"],
            body=_envelope(body, self._security()),
            content_type="text/xml; charset=utf-8",
            headers={"SOAPAction": f'"{NS}/PushEvents"'},
            accepted=lambda status, reply: self._answered(batch, status, reply),
        )

    def _security(self) -> Element:
        nonce = secrets.token_bytes(16)
        # The receiver's window is measured in real time, whatever time the sandbox was told.
        created = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: TID251  # a foreign system's own clock
        block = xml.element("Security", _SECEXT, prefix="wsse")
        block.set(f"{{{SOAP}}}mustUnderstand", "1")
        token = xml.add(block, "UsernameToken")
        xml.add(token, "Username", self.options.get("push_username", ""))
        password = _digest(nonce, created, self.options.get("push_password", ""))
        xml.add(token, "Password", password, Type=_DIGEST)
        xml.add(token, "Nonce", base64.b64encode(nonce).decode(), EncodingType=_BASE64)
        xml.add(token, "Created", created, ns=_UTILITY)
        return block

    def _answered(self, batch: str, status: int, reply: bytes) -> bool:
        """Whether the other side has the batch; its answer goes into the ledger, a fault too (but only once)."""
        told: dict[str, Any] = {"status": status, "batch": batch}
        try:
            root = xml.parse(reply)
        except Misunderstood:
            root = None
        answer = xml.child(root, "Body", "PushEventsResponse") if root is not None else None
        fault = xml.child(root, "Body", "Fault") if root is not None else None
        if answer is not None:
            told |= {name: xml.text(answer, name) for name in ("receiptId", "repeated", "accepted", "duplicate")}
            told |= {name: xml.text(answer, name) for name in ("quarantined", "rejected")}
        elif fault is not None:
            told["fault"] = xml.text(fault, "detail", "ServiceFault", "code") or xml.text(fault, "faultcode")
        last = next((line.data for line in reversed(self.ledger.lines) if line.key == batch), None)
        if answer is not None or last != told:
            self.ledger.append("answered", "PushEvents", batch, told, at=self.now())
        return status == 200 and answer is not None and xml.text(answer, "batchId") == batch


def _digest(nonce: bytes, created: str, password: str) -> str:
    return base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()


def _action(operation: str) -> Any:  # Any: the type of Route.matches, a callable
    return lambda call: call.headers.get("soapaction", "").strip('"') == f"{NS}/{operation}"


def _at(row: Mapping[str, Any]) -> dt.datetime:
    at = dt.datetime.fromisoformat(str(row["at"]))
    return at if at.tzinfo is not None else at.replace(tzinfo=LOCAL)


def _write_event(parent: Element, row: Mapping[str, Any]) -> None:
    """An Event element; ``naive`` leaves the zone out, as some posts do."""
    event = xml.add(parent, "event")
    xml.add_some(event, "eventId", row.get("event_id"))
    xml.add_some(event, "itemNumber", row.get("number"))
    xml.add_some(event, "orderReference", row.get("reference"))
    xml.add_some(event, "bagNumber", row.get("bag"))
    xml.add(event, "code", row["code"], list=str(row.get("list", "M40")))
    xml.add_some(event, "text", row.get("text"))
    occurred = xml.add(event, "occurred")
    at = _at(row).astimezone(LOCAL)
    xml.add(occurred, "at", (at.replace(tzinfo=None) if row.get("naive") else at).isoformat(timespec="seconds"))
    xml.add(occurred, "precision", str(row.get("precision", "SECOND")))
    if row.get("office"):
        office = xml.add(event, "office")
        xml.add(office, "code", row["office"])
        xml.add(office, "scheme", "POST")
        xml.add_some(office, "name", row.get("office_name"))
    xml.add_some(event, "direction", row.get("direction"))
    xml.add_some(event, "attemptNo", row.get("attempt"))
    for name in ("reason", "action"):
        if row.get(name):
            xml.add(event, name, row[name], list=f"M40-{name.upper()}")
    for name in ("forecast", "withdrawn"):
        xml.add_some(event, name, row.get(name))
    _write_proof(event, row)


def _write_proof(event: Element, row: Mapping[str, Any]) -> None:
    if row.get("recipient"):
        recipient = xml.add(event, "recipient")
        xml.add(recipient, "relation", "ADDRESSEE", list="LT-RELATION")
        xml.add(recipient, "nameMasked", row["recipient"])
    for kind in row.get("evidence", ()):
        evidence = xml.add(event, "evidence")
        xml.add(evidence, "kind", kind, list="LT-EVIDENCE")
        picture = f"{kind} of {row.get('number')} at {row['at']}".encode()
        xml.add(evidence, "sha256", hashlib.sha256(picture).hexdigest())
        xml.add(evidence, "mediaType", "image/png")
        xml.add(evidence, "bytes", len(picture))


def _envelope(body: Element, *headers: Element) -> bytes:
    root = xml.element("Envelope", SOAP, prefix="s")
    if headers:
        xml.add(root, "Header").extend(headers)
    xml.add(root, "Body").append(body)
    return xml.write(root)


def _reply(body: Element, call: Call) -> Answer:
    asked = xml.parse(call.body)
    message_id = xml.text(asked, "Header", "MessageID")
    headers = []
    if message_id:
        about = xml.element("RelatesTo", _ADDRESSING, prefix="a")
        about.text = message_id
        headers.append(about)
    return Answer(_envelope(body, *headers), 200, "text/xml; charset=utf-8")


def _fault(who: str, code: str, message: str) -> Answer:
    fault = xml.element("Fault", SOAP, prefix="s")
    xml.add(fault, "faultcode", f"s:{who}", ns="")
    xml.add(fault, "faultstring", message, ns="")
    service = xml.element("ServiceFault", NS, prefix="p")
    xml.add(service, "code", code)
    xml.add(service, "retryable", code.startswith(("429", "5")))
    xml.add(service, "correlationId", secrets.token_hex(8))
    xml.add(service, "messageVi", message[:500])
    xml.add(service, "violations")
    xml.add(fault, "detail", ns="").append(service)
    return Answer(_envelope(fault), 500, "text/xml; charset=utf-8")


if __name__ == "__main__":
    main(PostalSandbox)
