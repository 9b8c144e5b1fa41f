"""The loopback as the national portal and as a one-stop system."""

import dataclasses
import hashlib

from adapters.loopback import wire
from adapters.loopback.carrier import key_of
from adapters.loopback.switches import Switches
from adapters.loopback.world import World
from schemas.errors import Refused
from schemas.ids import Sha256
from schemas.message import Operation, Payload
from schemas.portal import (
    OneStopDossier,
    OneStopReport,
    OneStopStatus,
    PortalDossier,
    PortalProgress,
    PortalReceipt,
    ProfileRef,
)
from schemas.wire import RawDocument


class Offices:
    """StatusSink, DossierSink and DossierSource in memory."""

    def __init__(self, *, world: World, switches: Switches) -> None:
        self._world = world
        self._switches = switches

    async def register(self, dossier: PortalDossier) -> PortalReceipt:
        """Create the dossier, or update the one that is there."""
        return await self._take("register", Operation.PORTAL_DOSSIER, dossier)

    async def progress(self, progress: PortalProgress) -> PortalReceipt:
        """Append the steps; a second time appends them again. Refused for a dossier that was never registered."""
        known = {done.key for done in self._world.applied if done.operation == Operation.PORTAL_DOSSIER}
        if progress.code not in known:
            raise Refused("no such dossier here", subject=progress.code, code="unknown_dossier")
        return await self._take("progress", Operation.PORTAL_PROGRESS, progress)

    async def submit(self, dossier: OneStopDossier) -> PortalReceipt:
        """Take the dossier's data."""
        return await self._take("submit", Operation.ONE_STOP_DOSSIER, dossier)

    async def tell(self, status: OneStopStatus) -> PortalReceipt:
        """Take a status."""
        return await self._take("tell", Operation.ONE_STOP_STATUS, status)

    async def _take(self, name: str, operation: Operation, payload: Payload) -> PortalReceipt:
        key = key_of(payload)
        await self._switches.before(name, key)
        new = True
        if not self._switches.strikes("lie", name):
            new = self._world.apply(operation, key, payload)
        self._switches.after(name, key)
        return PortalReceipt(created=new, peer_code="ok", peer_text="")

    async def waiting(self, unit_code: str) -> tuple[ProfileRef, ...]:
        """Reports that wait; every unit sees all of them, twice where ``duplicate`` is on."""
        await self._switches.before("waiting", unit_code)
        refs = tuple(ProfileRef(key, unit_code) for key in self._world.reports)
        return refs + refs if self._switches.strikes("duplicate", "waiting") else refs

    async def fetch(self, ref: ProfileRef) -> RawDocument:
        """The detail as bytes. Refused for a report that is gone."""
        await self._switches.before("fetch", ref.key)
        report = self._world.reports.get(ref.key)
        if report is None:
            raise Refused("no such report", subject=ref.key)
        body = wire.report_to_json(report)
        return RawDocument(Sha256(hashlib.sha256(body).hexdigest()), body, "application/json")

    def read(self, raw: bytes, sha256: Sha256) -> tuple[OneStopReport, ...]:
        """Understand a detail. Raises Misunderstood."""
        return (dataclasses.replace(wire.report_from_json(raw), raw_sha256=sha256),)

    async def acknowledge(self, ref: ProfileRef, *, done: bool) -> None:
        """The report is no longer listed where it was taken; a report that could not be taken waits on."""
        await self._switches.before("acknowledge", ref.key)
        self._world.acknowledged.append((ref.key, done))
        if done:
            self._world.reports.pop(ref.key, None)
        self._switches.after("acknowledge", ref.key)
