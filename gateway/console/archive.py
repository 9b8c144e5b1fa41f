"""The archive package of a closed dossier, as a download."""

import asyncio
from pathlib import Path

from aiohttp import web

from gateway.accounts import Role
from gateway.inbound.auth import signed
from gateway.inbound.desks import ArchiveDesk
from gateway.inbound.dossiers import look_up
from gateway.inbound.routes import Route, require
from schemas.ports.clock import Clock
from schemas.ports.stores import Store


class ArchivePages:
    """Making and handing out packages."""

    def __init__(self, *, store: Store, clock: Clock, desk: ArchiveDesk, folder: Path) -> None:
        """``folder`` keeps the packages that were asked for; each can be made again."""
        self._store = store
        self._clock = clock
        self._desk = desk
        self._folder = folder

    def routes(self) -> tuple[Route, ...]:
        """Its address."""
        return (Route("POST", "/dossiers/{code}/archive", self.download, require(Role.OPERATOR), page=True),)

    async def download(self, request: web.Request) -> web.StreamResponse:
        """The package as a ZIP file."""
        principal = signed(request).principal
        found = await look_up(self._store, request.match_info["code"], principal, self._clock.now())
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        made = await self._desk.export(found.dossier.code, self._folder, principal=principal, packed=True)
        headers = {"Content-Type": "application/zip", "Content-Disposition": f'attachment; filename="{made.name}"'}
        return web.FileResponse(made, headers=headers)
