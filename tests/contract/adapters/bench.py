"""A peer on the bench: its adapter made by the registry, and hands on the other side, sandbox or loopback."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from adapters._kit.sandbox.process import SandboxControl
from adapters.loopback.client import Adapter as Loopback
from adapters.manifest import Manifest
from adapters.registry import Registry
from schemas.ids import CarrierId, DossierCode, PeerId, Sha256
from schemas.message import Operation, Payload
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.carrier import Booking, Instructing, Registering
from schemas.ports.documents_exchange import DocumentExchange
from schemas.ports.one_stop import DossierSink, RequestSink
from schemas.ports.portal import Answers, Ratings, StatusBack, StatusSink
from schemas.shipment import InstructionKind, OrderInstruction
from tests.contract.adapters import records
from tests.contract.adapters.peers import MANIFESTS, SENDING, Send, has_wire

P = TypeVar("P")
SOON = {"connect_timeout_s": 0.4, "read_timeout_s": 0.4, "total_timeout_s": 0.4}
"""Deadlines for a peer that never answers; real time, so short."""
PATIENT = {"connect_timeout_s": 20.0, "read_timeout_s": 20.0, "total_timeout_s": 20.0}
"""Deadlines for a peer that answers: a loaded machine must not look like a silent peer."""


class RealClock:
    """The machine's time; nothing in this suite waits by it."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)  # noqa: TID251  # tokens and ids of the sandboxes follow the machine's time

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"an adapter waits until {when}: retries are the outbox's matter")


class Hands(Protocol):
    """The other side of a peer."""

    async def fault(self, verb: str, serves: str, times: int = 1) -> None: ...
    async def calm(self) -> None: ...
    async def applied(self, serves: str) -> int: ...
    async def event(self, **told: object) -> None: ...


@dataclasses.dataclass
class Running:
    """A sandbox process that lives as long as the test session."""

    peer: PeerId
    process: subprocess.Popen[str]
    told: dict[str, Any]


@contextlib.contextmanager
def running(peer: PeerId, ledger: Path) -> Iterator[Running]:
    command = [sys.executable, "-m", f"adapters.{peer}.sandbox", "--port", "0", "--ledger", str(ledger)]
    command.append("--with-parent")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield Running(peer, process, json.loads(process.stdout.readline()))
        finally:
            process.terminate()


class SandboxHands:
    """Speaks to the control addresses."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._operations: dict[str, str] = told["operations"]
        self.control = SandboxControl(told["url"])

    def names(self, serves: str) -> list[str]:
        """The sandbox's own operations behind a verb; a history by number may be told as a reading."""
        found = [name for name, verb in self._operations.items() if verb == serves]
        if not found and serves == "fetch":
            found = self.names("read")
        assert found, f"no operation of the sandbox serves {serves!r}: {self._operations}"
        return found

    async def fault(self, verb: str, serves: str, times: int = 1) -> None:
        for name in self.names(serves):
            await self.control.chaos(verb, name, times=times)

    async def calm(self) -> None:
        await self.control.calm()

    async def applied(self, serves: str) -> int:
        return len([line for name in self.names(serves) for line in await self.control.applied(name)])

    async def event(self, **told: object) -> None:
        await self.control.event(**told)


class LoopbackHands:
    """Turns the switches."""

    VERBS: ClassVar[dict[str, str]] = {
        "html_503": "busy",
        "black_hole": "stall",
        "reply_lost": "lose",
        "half_reply": "lose",
        "refuse": "refuse",
        "duplicate": "duplicate",
        "unknown_code": "unknown_code",
    }

    def __init__(self, loopback: Loopback) -> None:
        self._loopback = loopback

    async def fault(self, verb: str, serves: str, times: int = 1) -> None:
        self._loopback.switches.on(self.VERBS[verb], serves, times=times)

    async def calm(self) -> None:
        self._loopback.switches.off()

    async def applied(self, serves: str) -> int:
        wanted = {verb: operation for operation, verb in SENDING.items()}
        return len([done for done in self._loopback.world.applied if done.operation == wanted[serves]])

    async def event(self, **told: Any) -> None:
        at = dt.datetime.fromisoformat(told["at"]) if "at" in told else records.NOW
        if "unit" in told:
            report = OneStopReport(
                key=f"r{len(self._loopback.world.reports) + 1}-{told['reference']}",
                kind=ReportKind.RECEIVED,
                code=DossierCode(told["reference"]),
                national=None,
                at=at,
                by="Cán bộ",
                due_at=None,
                reason="",
                result_codes=(),
                raw_sha256=Sha256("0" * 64),
            )
            self._loopback.world.reports[report.key] = report
            return
        self._loopback.world.happen(
            code=told.get("code", "delivered"), at=at, number=told.get("number"), reference=told.get("reference")
        )


class Bench:
    """Everything a test of one peer needs."""

    def __init__(self, manifest: Manifest, told: dict[str, Any] | None) -> None:
        self.manifest = manifest
        self.name = manifest.name
        self.told = told
        self.settings: dict[str, object] = dict(told["settings"]) if told else {"secret": "loopback-secret"}
        self._open: list[Registry] = []
        self.registry = self.make()
        self.hands: Hands = SandboxHands(told) if told else LoopbackHands(self._loopback())

    def make(self, **more: object) -> Registry:
        """A registry with this peer alone; the loopback has one memory, so one registry."""
        if self.told is None and self._open:
            return self.registry
        settings = {"enabled": True, **PATIENT, **self.settings, **more}
        registry = Registry.load({self.name: settings}, clock=RealClock())
        self._open.append(registry)
        return registry

    def port(self, port: Callable[..., P], **more: object) -> P:
        """The peer's side of a port, with other settings where ``more`` says so."""
        return (self.make(**more) if more else self.registry).port(self.name, port)

    @property
    def samples(self) -> dict[str, str]:
        """Codes for generic tests: delivered, unknown."""
        return self.told["samples"] if self.told else {"delivered": "delivered", "unknown": "loopback-unknown"}

    @property
    def wire(self) -> bool:
        """True where there is a socket between us."""
        return has_wire(self.manifest)

    async def sender(self, operation: Operation, **more: object) -> Send:
        """Prepare what the operation needs and return the call, which sends the same message every time."""
        return (await self.message(operation, **more))[1]

    async def message(self, operation: Operation, **more: object) -> tuple[Payload, Send]:
        """The message and the call that sends it."""
        made = self.make(**more) if more else self.registry
        if operation in (Operation.CARRIER_BOOK, Operation.CARRIER_CANCEL):
            return await self._order(operation, made.port(self.name, Booking))
        if operation is Operation.CARRIER_INSTRUCT:
            return await self._instruct(made.port(self.name, Instructing))
        if operation is Operation.CARRIER_REGISTER:
            registering = made.port(self.name, Registering)
            announced = records.registration(self._carrier)
            return announced, lambda: registering.register_dossier(announced)
        if operation in (Operation.PORTAL_DOSSIER, Operation.PORTAL_PROGRESS):
            return await self._portal(operation, made.port(self.name, StatusSink))
        if operation in (Operation.PORTAL_STATUS, Operation.PORTAL_RATING):
            return self._figures(operation, made)
        if operation in (Operation.PORTAL_ANSWER, Operation.PORTAL_FAQ):
            return self._words(operation, made.port(self.name, Answers))
        if operation in (Operation.EXCHANGE_DOCUMENT, Operation.EXCHANGE_STATUS):
            return self._papers(operation, made.port(self.name, DocumentExchange))
        return await self._one_stop(operation, made)

    def _papers(self, operation: Operation, exchange: DocumentExchange) -> tuple[Payload, Send]:
        document = records.official_document()
        if operation is Operation.EXCHANGE_DOCUMENT:
            return document, lambda: exchange.send_document(document)
        status = records.document_status(document)
        return status, lambda: exchange.send_status(status)

    def _figures(self, operation: Operation, made: Registry) -> tuple[Payload, Send]:
        if operation is Operation.PORTAL_STATUS:
            status = records.portal_status()
            return status, lambda: made.port(self.name, StatusBack).tell_status(status)
        rating = records.portal_rating()
        return rating, lambda: made.port(self.name, Ratings).rate(rating)

    def _words(self, operation: Operation, answers: Answers) -> tuple[Payload, Send]:
        if operation is Operation.PORTAL_ANSWER:
            answer = records.portal_answer()
            return answer, lambda: answers.answer_question(answer)
        question = records.published_question()
        return question, lambda: answers.publish(question)

    async def _order(self, operation: Operation, booking: Booking) -> tuple[Payload, Send]:
        order = records.order(self._carrier)
        if operation is Operation.CARRIER_BOOK:
            return order, lambda: booking.book(order)
        receipt = await self.port(Booking).book(order)
        booked = dataclasses.replace(order, number=receipt.number or order.number)
        return booked, lambda: booking.cancel(booked)

    async def _instruct(self, instructing: Instructing) -> tuple[Payload, Send]:
        order = records.order(self._carrier)
        receipt = await self.port(Booking).book(order)
        booked = dataclasses.replace(order, number=receipt.number or order.number)
        wish = OrderInstruction(booked, InstructionKind.DELIVER_AGAIN, "Gọi trước khi phát", records.NOW)
        return wish, lambda: instructing.instruct(wish)

    @property
    def _carrier(self) -> CarrierId:
        assert self.manifest.carrier is not None
        return self.manifest.carrier

    async def _portal(self, operation: Operation, sink: StatusSink) -> tuple[Payload, Send]:
        dossier = records.portal_dossier()
        if operation is Operation.PORTAL_DOSSIER:
            return dossier, lambda: sink.register(dossier)
        receipt = await self.port(StatusSink).register(dossier)
        progress = dataclasses.replace(records.progress(dossier.code), registration=receipt.registration)
        return progress, lambda: sink.progress(progress)

    async def _one_stop(self, operation: Operation, made: Registry) -> tuple[Payload, Send]:
        sink = made.port(self.name, DossierSink)
        dossier = records.one_stop_dossier()
        if operation is Operation.ONE_STOP_DOSSIER:
            return dossier, lambda: sink.submit(dossier)
        await self.port(DossierSink).submit(dossier)
        if operation is Operation.ONE_STOP_REQUEST:
            request = records.one_stop_request(dossier)
            asked = made.port(self.name, RequestSink)
            return request, lambda: asked.request(request)
        status = records.one_stop_status(dossier)
        return status, lambda: sink.tell(status)

    async def aclose(self) -> None:
        for registry in self._open:
            await registry.aclose()

    def _loopback(self) -> Loopback:
        adapter = self.registry.peer(self.name).adapter
        assert isinstance(adapter, Loopback)
        return adapter


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def make_bench(peer: PeerId, sandboxes: dict[PeerId, Running]) -> Bench:
    manifest = MANIFESTS[peer]
    return Bench(manifest, sandboxes[peer].told if peer in sandboxes else None)


async def within(seconds: float, call: Callable[[], Any]) -> Any:
    """The call, but never longer than that: a stalled loopback has no deadline of its own."""
    async with asyncio.timeout(seconds):
        return await call()
