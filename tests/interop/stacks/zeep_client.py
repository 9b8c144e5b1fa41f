"""zeep as a foreign client: one JSON object a line in, one out, until stdin ends. Our own client only lets zeep build
bodies; here it sends, signs and parses by itself."""

import datetime as dt
import importlib.metadata
import json
import platform
import sys
from collections.abc import Iterator
from typing import Any

import zeep
import zeep.exceptions
import zeep.helpers
import zeep.wsse.username

Told = dict[str, Any]


class _Transport(zeep.transports.Transport):
    """Its own transport, with the body as a stream where chunks are asked for."""

    chunked = False

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> Any:  # Any: a response of requests
        if not self.chunked:
            return super().post(address, message, headers)  # type: ignore[no-untyped-call]  # zeep has no annotations

        def parts() -> Iterator[bytes]:
            yield message[:100]
            yield message[100:]

        return self.session.post(address, data=parts(), headers=headers, timeout=self.operation_timeout)


_transport = _Transport(timeout=20, operation_timeout=20)  # type: ignore[no-untyped-call]  # zeep has no annotations
_clients: dict[str, Any] = {}  # Any: zeep.Client, which makes its services at run time


def service(job: Told) -> Any:  # Any: as above
    """The port of this version at this address."""
    if job["wsdl"] not in _clients:
        _clients[job["wsdl"]] = zeep.Client(job["wsdl"], transport=_transport)  # type: ignore[no-untyped-call]  # zeep has no annotations
    client = _clients[job["wsdl"]]
    client.wsse = zeep.wsse.username.UsernameToken(job["user"], job["password"], use_digest=True)  # type: ignore[no-untyped-call]  # zeep has no annotations
    _transport.chunked = job["chunked"]
    _transport.session.headers["Accept-Encoding"] = "gzip" if job["gzip"] else "identity"
    binding = f"{{urn:x-lienthong:postal-tracking:1}}PostalTrackingSoap{job['version'].replace('.', '')}"
    return client.create_service(binding, job["url"])


def ping(port: Any, job: Told) -> Told:
    reply = port.Ping(**({} if job["echo"] is None else {"echo": job["echo"]}))
    return {"echo": reply.echo, "accepting": reply.accepting, "contract": reply.contractVersion}


def history(port: Any, job: Told) -> Told:
    reply = port.GetItemHistory(itemNumber=job["number"])
    events = [
        {
            "code": event.code._value_1,
            "list": event.code.list,
            "at": int(event.occurred.at.timestamp()),
            "text": event.text,
        }
        for event in (reply.events.event if reply.events is not None else ())
    ]
    return {"found": reply.found, "complete": reply.complete, "next": reply.nextPageToken, "events": events}


def push(port: Any, job: Told) -> Told:
    events = [
        {
            "itemNumber": event["number"],
            "code": {"_value_1": event["code"], "list": event["list"]},
            "occurred": {"at": event["at"], "precision": "SECOND"},
            **({} if event["text"] is None else {"text": event["text"]}),
        }
        for event in job["events"]
    ]
    sent_at = dt.datetime.fromisoformat(job["sent_at"])
    reply = port.PushEvents(batchId=job["batch"], sender=job["user"], sentAt=sent_at, events={"event": events})
    results = [[one.index, one.outcome, one.code] for one in reply.results.result]
    return {"repeated": reply.repeated, "accepted": reply.accepted, "rejected": reply.rejected, "results": results}


def others(port: Any, job: Told) -> Told:
    ticket = port.OpenTicket(requestId=job["name"], items={"itemNumber": [job["number"]]})
    page = port.GetItemsByTicket(ticketId=ticket.ticketId, page=1)
    manifest = port.ConfirmManifest(
        requestId=job["name"],
        manifestNumber=job["name"],
        revision=1,
        role="GIVING",
        office={"code": "H99.01", "scheme": "UNIT"},
        counterparty={"code": "H99.02", "scheme": "UNIT"},
        confirmedAt=dt.datetime.fromisoformat(job["at"]),
        confirmedBy="nv-07",
        expected=1,
        found=1,
        lines={"line": [{"itemNumber": job["number"], "outcome": "PRESENT"}]},
    )
    items = len(page.items.item) if page.items is not None else 0
    told = {"state": page.state, "page": page.page, "items": items}
    return told | {"manifest": manifest.status, "revision": manifest.revision}


def answer(job: Told) -> Told:
    try:
        call = {"ping": ping, "history": history, "push": push, "others": others}[job["operation"]]
        return call(service(job), job)
    except zeep.exceptions.Fault as fault:
        told = (
            {node.tag.rpartition("}")[2]: node.text for node in fault.detail.iter()} if fault.detail is not None else {}
        )
        side = str(fault.code).rpartition(":")[2]
        return {"fault": {"side": side, "code": told.get("code"), "vi": told.get("messageVi")}}
    except Exception as error:  # whatever it is, it belongs to this job and the caller judges it
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    told = {"ready": True, "stack": importlib.metadata.version("zeep"), "on": platform.python_version()}
    print(json.dumps(told), flush=True)  # noqa: T201  # the pipe to the caller
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)  # noqa: T201  # the pipe to the caller


if __name__ == "__main__":
    main()
