"""A connection test: one question without an effect, timed; a peer that fails is an answer and no exception."""

import dataclasses
import time
from collections.abc import Awaitable, Callable

from adapters._kit.http import Reply
from schemas.errors import CallError
from schemas.wire import Probe


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """A reply whose Date header tells the peer's clock, what to say of it, and whether all is well."""

    reply: Reply
    what: str
    ok: bool = True


async def probe(ask: Callable[[], Awaitable[Heard]]) -> Probe:
    """Ask, and say how long it took and how far the clocks are apart."""
    began = time.monotonic()
    try:
        heard = await ask()
    except CallError as error:
        return Probe(ok=False, what=str(error), latency_ms=_ms_since(began))
    return Probe(heard.ok, heard.what, _ms_since(began), skew_s(heard.reply))


def skew_s(reply: Reply) -> float | None:
    """Their clock minus ours; None where the reply tells no time."""
    told = reply.server_time
    return (told - reply.received_at).total_seconds() if told is not None else None


def _ms_since(began: float) -> float:
    return (time.monotonic() - began) * 1000
