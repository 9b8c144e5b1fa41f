"""The post, as we play it: a SOAP server of GetItemHistory, tickets and Ping, and a client that pushes to us.

Written from the WSDL and XSD in `schemas/contract`; `sandbox_soap` writes the envelopes. Both versions of SOAP are
spoken, as the caller does.

Options (``--set``): ``username`` and ``password`` it asks of callers (none: everybody may ask), ``password_type``
(``digest`` or ``text``); ``callback_url``, ``push_username``, ``push_password``, ``push_sender`` (default: the user
name), ``push_version`` (1.1) of the service it pushes to; ``page_size`` (100) of a history; ``ticket_ready_s`` (0),
``ticket_lifetime_s`` (86400) and ``ticket_page_size`` (500) of tickets; ``forbidden``: numbers, with commas between
them, that it tells nobody about. ``POST /__sandbox__/event`` takes ``number``, ``code``, ``at``, ``office``, ``text``
and what else an Event has (see `_FIELDS`), or ``events``: a list of such, pushed as one batch; ``push: false`` keeps it
for those who ask; ``{"configure": {"callback_url": …}}`` sets the push options later. A push is repeated with the same
batchId until it is answered; each answer stands in the ledger as ``answered``. A script in ``text``
(``@sequence.0s-EMC.2s-EMI``) lets more happen to the item by itself. The chaos verb ``refuse`` makes a ticket FAILED.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from adapters._kit import xml
from adapters._kit.sandbox.chaos import CONTENT, Chaos
from adapters._kit.sandbox.ledger import APPLIED, Ledger, Line
from adapters._kit.sandbox.peer import Answer, Call, Push, Route, SandboxPeer, real_now
from adapters._kit.sandbox.script import parse_script
from adapters._kit.sandbox.server import main
from adapters._kit.xml import Element
from adapters.postal_soap import sandbox_soap as soap
from schemas.errors import Misunderstood

PATH = "/soap/postal-tracking"
_CONFIGURED = ("callback_url", "push_username", "push_password", "push_sender", "push_version")
_FIELDS = (
    *("number", "code", "list", "at", "precision", "naive", "office", "office_name", "text", "direction", "attempt"),
    *("reason", "action", "forecast", "withdrawn", "recipient", "evidence", "bag", "reference", "event_id"),
)
_MOST_IN_TICKET = 200
"""Events of one item in the answer to a ticket."""


class PostalSandbox(SandboxPeer):
    """Items by number, each a list of events as they were told to it."""

    name: ClassVar[str] = "postal_soap"
    samples: ClassVar[Mapping[str, str]] = {"delivered": "EMI", "moving": "EMC", "unknown": "ZZZ"}
    offers = CONTENT

    def __init__(self, ledger: Ledger, chaos: Chaos, options: Mapping[str, str]) -> None:
        super().__init__(ledger, chaos, options)
        self._items: dict[str, list[dict[str, Any]]] = {}
        self._sequences: dict[int, int] = {}
        self._tickets: dict[str, Line] = {}
        self._requests: dict[str, str] = {}

    def settings(self, url: str) -> dict[str, object]:
        """How our adapter reaches it."""
        told: dict[str, object] = {"url": url + PATH}
        names = ("username", "password", "password_type")
        told.update({name: self.options[name] for name in names if name in self.options})
        return told

    def routes(self) -> tuple[Route, ...]:
        """By SOAPAction; whatever else is posted is told so."""
        return (
            *(
                Route(operation, serves, "POST", PATH, handle, soap.by_action(operation))
                for operation, serves, handle in (
                    ("GetItemHistory", "read", self._history),
                    ("OpenTicket", "open_ticket", self._open),
                    ("GetItemsByTicket", "fetch_ticket", self._fetch),
                    ("Ping", "probe", self._ping),
                )
            ),
            Route("other", "other", "POST", PATH, lambda call: soap.fault(call, "Server", "503.01", "not served here")),
        )

    # --- what happens at the post -----------------------------------------------------------------------------------

    def event(self, told: Mapping[str, Any]) -> Line:
        """Something happened to an item or to several; or the push options are set."""
        if "configure" in told:
            told_options = {name: str(value) for name, value in told["configure"].items() if name in _CONFIGURED}
            return self.happened("configure", "", options=told_options)
        # Twisted now and not when it is pushed: a repetition of the batch must have the same content.
        rows = self._told([self._row(one) for one in told.get("events", [told])], "events")
        push = bool(told.get("push", True))
        if len(rows) == 1:
            row = rows[0]
            code = row.pop("code")
            return self.happened("event", str(row.get("number", "")), code=code, row=row, push=push)
        return self.happened("event", str(rows[0].get("number", "")), rows=rows, push=push)

    def _told(self, rows: Sequence[Mapping[str, Any]], *operations: str) -> list[dict[str, Any]]:
        """The rows as they are told now: some may be twisted, and their words."""
        twisted = self.chaos.twist([dict(row) for row in rows], *operations, rewrite=_otherwise)
        for row in twisted:
            row["at"] = self.told_at(soap.at_of(row), *operations).isoformat()
            if row.get("number"):
                row["number"] = self.told_number(str(row["number"]), *operations)
        return twisted

    def fault(self, call: Call) -> Answer:
        """A SOAP fault with 200: proxies do that."""
        return dataclasses.replace(soap.fault(call, "Server", "500.01", "Lỗi hệ thống"), status=200)

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
        if line.kind == APPLIED:
            self._tickets[str(line.data["ticket"])] = line
            self._requests[line.key] = str(line.data["ticket"])
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
            rows = [row for row in rows if soap.at_of(row) >= dt.datetime.fromisoformat(since)]
        first = int(xml.text(body, "pageToken") or 0)
        size = min(int(xml.text(body, "maxEvents") or 1000), int(self.options.get("page_size", "100")))
        page = self._told((rows or [])[first : first + size], "GetItemHistory", "read")
        reply = xml.element("GetItemHistoryResponse", soap.NS, prefix="p")
        xml.add(reply, "itemNumber", number)
        xml.add(reply, "found", rows is not None)
        xml.add(reply, "complete", rows is not None and since is None)
        xml.add(reply, "asOf", self.now().isoformat())
        events = xml.add(reply, "events")
        for row in page:
            soap.write_event(events, row)
        if rows is not None and first + size < len(rows):
            xml.add(reply, "nextPageToken", first + size)
        return soap.reply(reply, call)

    def _open(self, call: Call) -> Answer:
        body = self._asked(call, "OpenTicket")
        if isinstance(body, Answer):
            return body
        request, items = xml.text(body, "requestId") or "", xml.child(body, "items")
        numbers = [str(one.text).strip() for one in xml.children(items)] if items is not None else []
        ticket = self._tickets.get(self._requests.get(request, ""))
        if ticket is None:  # the contract: the same requestId is the same ticket
            ticket = self.effect("OpenTicket", request, ticket=f"T-{len(self._tickets) + 1}", numbers=numbers)
        elif ticket.data["numbers"] != numbers:
            return soap.fault(call, "Client", "409.01", "this requestId was used for other items")
        reply = xml.element("OpenTicketResponse", soap.NS, prefix="p")
        xml.add(reply, "ticketId", ticket.data["ticket"])
        xml.add(reply, "readyAfterSeconds", int(self._ready_s()))
        xml.add(reply, "expiresAt", self._expiry(ticket).isoformat())
        return soap.reply(reply, call)

    def _ready_s(self) -> float:
        return float(self.options.get("ticket_ready_s", "0"))

    def _expiry(self, ticket: Line) -> dt.datetime:
        return ticket.at + dt.timedelta(seconds=float(self.options.get("ticket_lifetime_s", "86400")))

    def _fetch(self, call: Call) -> Answer:
        body = self._asked(call, "GetItemsByTicket")
        if isinstance(body, Answer):
            return body
        ticket = self._tickets.get(xml.text(body, "ticketId") or "")
        if ticket is None:
            return soap.fault(call, "Client", "404.01", "no such ticket")
        state = self._state(ticket)
        reply = xml.element("GetItemsByTicketResponse", soap.NS, prefix="p")
        xml.add(reply, "ticketId", ticket.data["ticket"])
        xml.add(reply, "state", state)
        if state == "PENDING":
            xml.add(reply, "retryAfterSeconds", 1)
        page, size = int(xml.text(body, "page") or 1), int(self.options.get("ticket_page_size", "500"))
        numbers = ticket.data["numbers"] if state == "READY" else []
        xml.add(reply, "page", page)
        if state == "READY":
            xml.add(reply, "pages", -(-len(numbers) // size))
        items = xml.add(reply, "items")
        for number in numbers[(page - 1) * size : page * size]:
            self._write_item(items, number)
        return soap.reply(reply, call)

    def _state(self, ticket: Line) -> str:
        if self.chaos.strikes("refuse", "GetItemsByTicket", "fetch_ticket"):
            return "FAILED"
        if self.now() >= self._expiry(ticket):
            return "EXPIRED"
        return "READY" if self.now() >= ticket.at + dt.timedelta(seconds=self._ready_s()) else "PENDING"

    def _write_item(self, parent: Element, number: str) -> None:
        rows: Sequence[Mapping[str, Any]] | None = self._items.get(number)
        forbidden = number in self.options.get("forbidden", "").split(",")
        item = xml.add(parent, "item")
        xml.add(item, "itemNumber", number)
        xml.add(item, "outcome", "FORBIDDEN" if forbidden else "UNKNOWN" if rows is None else "FOUND")
        told = [] if forbidden or rows is None else self._told(rows, "GetItemsByTicket", "fetch_ticket")
        if len(told) > _MOST_IN_TICKET:
            xml.add(item, "code", "MORE")
        if rows is not None and not forbidden:
            xml.add(item, "complete", len(told) <= _MOST_IN_TICKET)
        events = xml.add(item, "events")
        for row in told[-_MOST_IN_TICKET:]:
            soap.write_event(events, row)

    def _ping(self, call: Call) -> Answer:
        body = self._asked(call, "Ping")
        if isinstance(body, Answer):
            return body
        reply = xml.element("PingResponse", soap.NS, prefix="p")
        xml.add_some(reply, "echo", xml.text(body, "echo"))
        xml.add(reply, "serverTime", self.now().isoformat())
        xml.add(reply, "contractVersion", "1.0")
        xml.add(reply, "accepting", value=True)
        return soap.reply(reply, call)

    def _asked(self, call: Call, operation: str) -> Element | Answer:
        """The body element of a lawful request, or the fault."""
        try:
            root = xml.parse(call.body)
        except Misunderstood as error:
            return soap.fault(call, "Client", "400.01", error.detail)
        if xml.namespace(root) != (soap.SOAP_12 if soap.speaks_12(call) else soap.SOAP):
            return soap.fault(call, "Client", "400.01", "the envelope is of another version than the media type")
        body = xml.child(root, "Body", operation)
        if body is None or xml.namespace(body) != soap.NS:
            return soap.fault(call, "Client", "400.03", "the body is not what the action says")
        if "username" in self.options and not self._login().knows(
            xml.child(root, "Header", "Security", "UsernameToken")
        ):
            return soap.fault(call, "Client", "401.01", "credentials")
        found = xml.load_schema("schemas.contract", "postal-tracking.xsd").violations(body)
        return soap.fault(call, "Client", "400.02", found[0].message) if found else body

    def _login(self) -> soap.Login:
        told = self.options
        return soap.Login(told["username"], told.get("password", ""), clear=told.get("password_type") == "text")

    # --- what it pushes ---------------------------------------------------------------------------------------------

    def push_of(self, line: Line) -> Push | None:
        """The batch of a line, with a fresh token each time it is tried."""
        if line.n not in self._sequences or not self.options.get("callback_url"):
            return None
        body = xml.element("PushEvents", soap.NS, prefix="p")
        batch = f"{self.name}-{line.n}"
        xml.add(body, "batchId", batch)
        xml.add(body, "sender", self.options.get("push_sender") or self.options.get("push_username", self.name))
        xml.add(body, "sentAt", line.at.isoformat())
        xml.add(body, "sequence", self._sequences[line.n])
        events = xml.add(body, "events")
        rows = [{**row, "event_id": row.get("event_id", f"{line.n}-{n}")} for n, row in enumerate(self._rows(line), 1)]
        for row in rows:
            soap.write_event(events, row)
        twelve = self.options.get("push_version") == "1.2"
        kind, headers = soap.http_headers("PushEvents", twelve=twelve)
        login = soap.Login(self.options.get("push_username", ""), self.options.get("push_password", ""))
        # The receiver's window is measured in real time, whatever time the sandbox was told.
        return Push(
            operation="PushEvents",
            url=self.options["callback_url"],
            body=soap.envelope(body, login.header(real_now(), twelve=twelve), twelve=twelve),
            content_type=kind,
            headers=headers,
            accepted=lambda status, reply: self._answered(batch, status, reply),
        )

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
            named = [xml.text(fault, name, "ServiceFault", "code") for name in ("detail", "Detail")]
            told["fault"] = next(filter(None, named), None) or xml.text(fault, "faultcode")
        last = next((line.data for line in reversed(self.ledger.lines) if line.key == batch), None)
        if answer is not None or last != told:
            self.ledger.append("answered", "PushEvents", batch, told, at=self.now())
        return status == 200 and answer is not None and xml.text(answer, "batchId") == batch


def _otherwise(row: Mapping[str, Any]) -> dict[str, Any]:
    """History rewritten: the same event is now an hour earlier."""
    return {**row, "at": (soap.at_of(row) - dt.timedelta(hours=1)).isoformat()}


if __name__ == "__main__":
    main(PostalSandbox)
