"""How the tests of the four carriers that push reach an adapter, and fold what it reads."""

import datetime as dt
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from adapters.registry import Registry
from schemas.ids import PeerId
from schemas.ports.carrier import TrackingPush
from schemas.tracking import Fold, StoredEvent, TrackingBatch, TrackingEvent
from schemas.wire import Callback
from tracking.status import fold

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=dt.UTC)
RECORDED = Path(__file__).parents[2] / "recorded"
SETTINGS: dict[str, dict[str, object]] = {
    "viettel_post": {"username": "0900000001", "password": "p", "service": "VCN"},
    "ems": {"merchant_token": "t"},
    "ghn": {"token": "t"},
    "ghtk": {"token": "t"},
}


class StandingClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nothing here waits until {when}")


def registry(peer: str, **more: object) -> Registry:
    """A registry with this peer alone."""
    told = {"enabled": True, "base_url": "https://carrier.example", **SETTINGS[peer], **more}
    return Registry.load({peer: told}, clock=StandingClock())


def pushing(peer: str, **more: object) -> TrackingPush:
    """The peer's side of the port."""
    return registry(peer, **more).port(PeerId(peer), TrackingPush)


def callback(
    peer: str,
    body: bytes | dict[str, Any],
    *,
    headers: Iterable[tuple[str, str]] = (),
    query: Iterable[tuple[str, str]] = (),
    remote: str = "",
) -> Callback:
    """A request of the carrier to us."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return Callback(PeerId(peer), tuple(headers), tuple(query), raw, NOW, remote)


def recorded(peer: str, name: str, **changes: Any) -> dict[str, Any]:
    """A recording of the peer with other values at its top."""
    told: dict[str, Any] = json.loads((RECORDED / peer / name).read_text(encoding="utf-8"))
    return {**told, **changes}


def only(batch: TrackingBatch) -> TrackingEvent:
    """The one event of a push."""
    (event,) = batch.events
    return event


def stored(event: TrackingEvent, n: int = 0) -> StoredEvent:
    """The event as the log has it, heard ``n`` minutes from now."""
    at = NOW + dt.timedelta(minutes=n)
    quarantine = None if event.mapped is not None else "unknown_code"
    return StoredEvent(event, 1, at, at, None, quarantine)


def folds(events: list[TrackingEvent]) -> Iterator[Fold]:
    """What the events come to, in each order in which they may arrive."""
    for order in itertools.permutations(events):
        yield fold([stored(event, n) for n, event in enumerate(order)])
