"""spyne as a foreign server, written code-first from the contract: it cannot take a WSDL, so its classes say anew what
ours says. POST /VERSION/WIRE, e.g. /1.1/gzip."""

import datetime as dt
import gzip
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

import spyne
from spyne.application import Application
from spyne.decorator import rpc
from spyne.model.complex import ComplexModel, XmlAttribute, XmlData
from spyne.model.fault import Fault
from spyne.model.primitive import Boolean, Integer, Unicode
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication
from spyne.service import Service
from waitress.server import create_server

NS = "urn:x-lienthong:postal-tracking:1"
Told = dict[str, Any]
Wsgi = Callable[[Told, Callable[..., Any]], Iterable[bytes]]
scenarios: Told = {}


class Code(ComplexModel):
    __namespace__ = NS
    value = XmlData(Unicode)
    list = XmlAttribute(Unicode)


class EventTime(ComplexModel):
    __namespace__ = NS
    _type_info: ClassVar = [("at", Unicode), ("precision", Unicode)]


class Evidence(ComplexModel):
    __namespace__ = NS
    _type_info: ClassVar = [
        ("kind", Code),
        ("sha256", Unicode),
        ("mediaType", Unicode),
        ("bytes", Integer),
        ("uri", Unicode),
    ]


class Event(ComplexModel):
    __namespace__ = NS
    _type_info: ClassVar = [
        ("eventId", Unicode),
        ("itemNumber", Unicode),
        ("code", Code),
        ("text", Unicode),
        ("occurred", EventTime),
        ("evidence", Evidence.customize(max_occurs="unbounded")),
    ]


class HistoryEvents(ComplexModel):
    __namespace__ = NS
    _type_info: ClassVar = [("event", Event.customize(max_occurs="unbounded"))]


def event(told: Told, number: str) -> Event:
    proof = Evidence(
        kind=Code(value="SIGNATURE", list="LT-EVIDENCE"),
        sha256="ab" * 32,
        mediaType="image/png",
        bytes=9,
        uri=told.get("uri"),
    )
    return Event(
        eventId=told.get("id"),
        itemNumber=number,
        code=Code(value=told["code"], list="M40"),
        text=told.get("text"),
        occurred=EventTime(at=told["at"], precision="SECOND"),
        evidence=[proof] if "uri" in told else None,
    )


def fault(told: Told) -> Fault:
    children = {
        "code": told["code"],
        "retryable": str(told["retryable"]).lower(),
        "retryAfterSeconds": str(told["after_s"]),
        "correlationId": "spyne-1",
        "messageVi": told["vi"],
        "messageEn": told["en"],
        "violations": "",
    }
    detail = {f"{{{NS}}}ServiceFault": {f"{{{NS}}}{name}": text for name, text in children.items()}}
    return Fault("Server", told["en"], detail=detail)


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()  # noqa: TID251  # a foreign system's own clock


class Post(Service):
    @rpc(
        Unicode,
        Unicode,
        Unicode,
        Integer,
        Unicode,
        _returns=[Unicode, Boolean, Boolean, Unicode, Code, Boolean, HistoryEvents, Unicode],
        _out_variable_names=[
            *("itemNumber", "found", "complete", "asOf"),
            *("status", "terminal", "events", "nextPageToken"),
        ],
    )
    def GetItemHistory(ctx, itemNumber, operator, since, maxEvents, pageToken):  # noqa: N802, N803, N805  # the contract's names; spyne hands over a context
        told = scenarios[itemNumber]
        if "fault" in told:
            raise fault(told["fault"])
        threading.Event().wait(told.get("wait_ms", 0) / 1000)
        events = [event(one, itemNumber) for one in told["events"] for _ in range(one.get("repeat", 1))]
        status = Code(value=told["status"], list="LT-MOVEMENT") if "status" in told else None
        return itemNumber, True, True, now(), status, told.get("terminal"), HistoryEvents(event=events), None

    @rpc(
        Unicode,
        _returns=[Unicode, Unicode, Unicode, Boolean],
        _out_variable_names=["echo", "serverTime", "contractVersion", "accepting"],
    )
    def Ping(ctx, echo):  # noqa: N802, N805  # the contract's name; spyne hands over a context
        return echo, now(), "1.0", True


def sent(inner: Wsgi, wire: str) -> Wsgi:
    """What a layer before the stack does: one piece with its length, compressed or not, or chunks. The stack itself
    cannot compress, and always tells the length."""

    def call(environ: Told, start: Callable[..., Any]) -> Iterable[bytes]:
        told: list[Any] = []
        body = b"".join(inner(environ, lambda *heads: told.extend(heads)))
        headers = [(name, value) for name, value in told[1] if name.lower() != "content-length"]
        if wire == "chunked":
            start(told[0], headers)
            return iter((body[:100], body[100:]))
        if wire == "gzip":
            body = gzip.compress(body)
            headers.append(("Content-Encoding", "gzip"))
        start(told[0], [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return call


def at(version: type) -> Wsgi:
    app = Application([Post], tns=NS, name="PostalTracking", in_protocol=version(), out_protocol=version())
    wsgi: Wsgi = WsgiApplication(app)
    return wsgi


def main() -> None:
    logging.disable()  # it prints every fault with its trace
    scenarios.update(json.loads(Path(sys.argv[2]).read_text("utf-8")))
    places: dict[str, Wsgi] = {}
    for name, version in (("1.1", Soap11), ("1.2", Soap12)):
        for wire in ("plain", "gzip", "chunked"):
            places[f"/{name}/{wire}"] = sent(at(version), wire)

    def route(environ: Told, start: Callable[..., Any]) -> Iterable[bytes]:
        return places[environ["PATH_INFO"]](environ, start)

    server = create_server(route, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    print(json.dumps({"ready": True, "port": server.effective_port, "stack": spyne.__version__}), flush=True)  # noqa: T201  # the pipe to the caller
    sys.stdin.read()


if __name__ == "__main__":
    main()
