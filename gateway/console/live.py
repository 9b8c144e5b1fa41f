"""What the scan line does at this moment: bars of batches under way, those that ended last, and the district stations.

The page shows it as it is when it is asked for; a script asks for this part alone every two seconds and puts it in its
place. Such asking is no click of a person: it does not keep a session alive.
"""

import dataclasses
from typing import Any, Final, Protocol

from aiohttp import web

from gateway.accounts import GatewayStore, Role
from gateway.console.render import Renderer
from gateway.inbound.routes import Route, require
from gateway.stations import StationReport
from scanning.progress import BatchProgress, Phase
from scanning.trouble import Trouble

ENDED_SHOWN: Final = 5
"""Ended batches on the screen: enough to see that one's own went through."""
LIVE_PATH: Final = "/scans/live"


class Line(Protocol):
    """The scan line beside the gateway."""

    @property
    def trouble(self) -> Trouble | None:
        """What keeps it from working now."""
        ...

    def look(self) -> tuple[BatchProgress, ...]:
        """Its batches, the one begun last first."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Live:
    """What the part shows."""

    running: tuple[BatchProgress, ...]
    ended: tuple[BatchProgress, ...]
    trouble: Trouble | None
    stations: tuple[StationReport, ...]


class LivePages:
    """The moving part of the scans page."""

    def __init__(self, *, store: GatewayStore, renderer: Renderer, line: Line) -> None:
        self._store = store
        self._renderer = renderer
        self._line = line

    def routes(self) -> tuple[Route, ...]:
        """Its address."""
        return (Route("GET", LIVE_PATH, self.show, require(Role.SCANNER, Role.OPERATOR), page=True, quiet=True),)

    async def show(self, request: web.Request) -> web.Response:
        """The part alone."""
        return self._renderer.page(request, "scans_live.html", **await self.context())

    async def context(self) -> dict[str, Any]:
        """What the template wants, for the whole page too."""
        batches = self._line.look()
        ended = tuple(told for told in batches if told.phase is Phase.ENDED)
        live = Live(
            running=tuple(told for told in batches if told.phase is not Phase.ENDED),
            ended=ended[:ENDED_SHOWN],
            trouble=self._line.trouble,
            stations=await self._store.read(lambda tx: tx.stations.stations()),
        )
        return {"live": live}
