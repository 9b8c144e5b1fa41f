"""The good replies of a peer, as ``tests/recorded/<peer>/index.toml`` lists them.

::

    [sandbox]                            # options of the sandbox that answers everything else (log-ins)
    page_size = "5"

    [[reply]]
    file = "feed_page.json"              # .json, .xml, or .http as vnpost_hcc has them
    call = "TrackingFeed.read"           # a call of `calls.CALLS`, or one of CALLS in tests/recorded/<peer>/calls.py
    operation = "getOrderTracking"       # whose reply it is: the sandbox's Route.operation
    settings = { event_time = "epoch" }  # more settings of the peer for this reply
    optional = ["message", "rows[].Notes"]  # fields whose loss changes the record, and lawfully so
    excused = { "only []" = "variant B answers with a bare list" }   # mutant → why it may end otherwise

``optional`` at the top of the file holds for every reply. What comes to us (callbacks, pushes) has no operation.
"""

import dataclasses
import importlib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from schemas.ids import PeerId
from tests.contract.adapters import json_mutants, xml_mutants
from tests.contract.adapters.mutants import Mutant, sample

RECORDED = Path(__file__).parents[2] / "recorded"
BETWEEN = b"\r\n\r\n--- reply ---\r\n\r\n"
TYPES = {".json": "application/json; charset=utf-8", ".xml": "text/xml; charset=utf-8"}
MOST_OF_PEER = 600
"""Mutants of one peer at most, shared by its recordings: a call over the loopback costs about 3 ms here."""


@dataclasses.dataclass(frozen=True, slots=True)
class Good:
    """A recorded reply, and what it is the reply to."""

    peer: PeerId
    name: str
    call: str
    operation: str
    status: int
    content_type: str
    body: bytes
    settings: Mapping[str, object]
    optional: frozenset[str]
    excused: Mapping[str, str]
    most: int

    def mutants(self) -> list[Mutant]:
        """What a broken peer may say instead."""
        of = xml_mutants if b"<" in self.body[:200] else json_mutants
        return sample(
            [one for one in of.mutants(self.body) if one.body != self.body or one.headers], self.most, self.excused
        )


def indexed() -> list[PeerId]:
    """The peers that have recordings."""
    return [PeerId(file.parent.name) for file in sorted(RECORDED.glob("*/index.toml"))]


def index(peer: PeerId) -> dict[str, Any]:
    """What the peer's index says. Any: TOML, read key by key."""
    return tomllib.loads((RECORDED / peer / "index.toml").read_text(encoding="utf-8"))


def goods(peer: PeerId) -> list[Good]:
    """The good replies of a peer."""
    told = index(peer)
    return [_good(peer, reply, told.get("optional", ()), MOST_OF_PEER // len(told["reply"])) for reply in told["reply"]]


def calls_of(peer: PeerId) -> ModuleType | None:
    """``tests/recorded/<peer>/calls.py``, where the peer has calls of its own."""
    if not (RECORDED / peer / "calls.py").exists():
        return None
    return importlib.import_module(f"tests.recorded.{peer}.calls")


def _good(peer: PeerId, told: Mapping[str, Any], optional: Sequence[str], most: int) -> Good:
    file = RECORDED / peer / told["file"]
    status, content_type, body = _read(file)
    return Good(
        peer=peer,
        name=told.get("name", file.name),
        call=told["call"],
        operation=told.get("operation", ""),
        status=told.get("status", status),
        content_type=told.get("content_type", content_type),
        body=body,
        settings=told.get("settings", {}),
        optional=frozenset([*optional, *told.get("optional", ())]),
        excused=told.get("excused", {}),
        most=most,
    )


def _read(file: Path) -> tuple[int, str, bytes]:
    raw = file.read_bytes()
    if file.suffix != ".http":
        return 200, TYPES[file.suffix], raw
    head, _, body = raw.partition(BETWEEN)[2].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers["Content-Type"], body
