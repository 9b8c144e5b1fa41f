"""What comes in and goes out as bytes, before it is a record."""

import dataclasses
import datetime as dt

from schemas.ids import PeerId, Sha256


@dataclasses.dataclass(frozen=True, slots=True)
class Exchange:
    """One raw request and its raw reply, kept for each attempt; ``reply`` is empty when none came.

    Headers are already redacted (no Authorization, no token, no cookie). ``status`` is the HTTP status or None.
    """

    url: str
    request: bytes
    reply: bytes
    status: int | None
    started_at: dt.datetime
    ended_at: dt.datetime


@dataclasses.dataclass(frozen=True, slots=True)
class RawDocument:
    """Bytes as they came, with their digest; the row that keeps them is written before anybody parses them."""

    sha256: Sha256
    body: bytes
    content_type: str


@dataclasses.dataclass(frozen=True, slots=True)
class Callback:
    """A request that a peer made to us: what its adapter needs to verify and to read it."""

    peer: PeerId
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order they came."""
    query: tuple[tuple[str, str], ...]
    body: bytes
    received_at: dt.datetime
    remote: str = ""
    """Network address that it came from, as the gateway saw it; empty when the stored row is read."""


@dataclasses.dataclass(frozen=True, slots=True)
class CallbackReply:
    """What the peer wants to hear: status, content type and body are in its manifest or its contract."""

    status: int
    content_type: str
    body: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """Outcome of a connection test. ``clock_skew_s`` is theirs minus ours, None where they tell no time."""

    ok: bool
    what: str
    latency_ms: float
    clock_skew_s: float | None = None
