"""Is it alive, is it ready, what are its figures, and what can be asked of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from gateway.inbound.forms.replies import HealthReply, write
from gateway.inbound.routes import Route, public
from gateway.metrics import CONTENT_TYPE, Metrics
from schemas.ports.clock import Clock
from schemas.ports.stores import Store

Ready = Callable[[], Awaitable[Mapping[str, bool]]]
"""Asks each part of the house whether it can work."""
_PROBED: Final = "load balancers and monitoring ask without a key; the answer says nothing about anybody"


class Health:
    """Health and figures."""

    def __init__(self, *, store: Store, clock: Clock, metrics: Metrics, ready: Ready) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._ready = ready

    def routes(self) -> tuple[Route, ...]:
        """Its addresses."""
        answers = {200: "HealthReply", 503: "HealthReply"}
        return (
            Route("GET", "/health/live", self.live, public(_PROBED), summary="The process answers.", answers=answers),
            Route("GET", "/health/ready", self.ready, public(_PROBED), summary="It can work.", answers=answers),
            Route("GET", "/metrics", self.figures, public(_PROBED), summary="Figures in Prometheus' text format."),
        )

    async def live(self, request: web.Request) -> web.Response:
        """Alive: nothing is looked at, so that a slow disk does not get the process killed."""
        return web.Response(body=write(HealthReply("alive", {})), content_type="application/json")

    async def ready(self, request: web.Request) -> web.Response:
        """Ready: the store answers, and so does every other part."""
        parts = {"store": await self._store_answers(), **await self._ready()}
        good = all(parts.values())
        reply = HealthReply("ready" if good else "not ready", parts)
        return web.Response(status=200 if good else 503, body=write(reply), content_type="application/json")

    async def figures(self, request: web.Request) -> web.Response:
        """The page for the monitoring server."""
        page = await self._metrics.page(self._store, self._clock.now())
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE})

    async def _store_answers(self) -> bool:
        try:
            await self._store.read(lambda tx: tx.messages.next_due())
        except Exception:  # whatever is wrong with the store, the answer is "not ready"
            return False
        return True
