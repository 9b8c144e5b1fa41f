"""Asking one-stop systems: list, detail into the inbox (T1), acknowledge, and only then apply (T2).

The acknowledgement comes after the raw detail is durable: a crash in between lists it again, and the inbox knows it.
"""

import contextlib
import uuid
from collections.abc import Iterator

import structlog

from adapters.registry import Registry
from gateway import failpoints
from gateway.catalogue.identifiers import national_code
from gateway.workers.inbox import Inbox
from gateway.workers.questions import counted_as
from schemas.calendar import VIETNAM
from schemas.errors import CallError, Misunderstood, Refused, Unauthorised
from schemas.ids import PeerId
from schemas.message import NewInbound
from schemas.portal import ProfileRef
from schemas.ports.clock import Clock
from schemas.ports.one_stop import DossierSource
from schemas.ports.stores import Store, Tx
from schemas.wire import RawDocument

log = structlog.get_logger(__name__)


class Reports:
    """Fetches what waits for us at every one-stop system that is switched on."""

    def __init__(self, store: Store, *, registry: Registry, clock: Clock, inbox: Inbox) -> None:
        """``inbox`` is rung after each row."""
        self._store = store
        self._registry = registry
        self._clock = clock
        self._inbox = inbox

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """Whom to ask; each gets a loop of its own, so that one that hangs keeps nobody else waiting."""
        return self._registry.with_port(DossierSource)

    async def ask(self, peer: PeerId) -> None:
        """One look at every unit that takes part; an outage ends the look."""
        source = self._registry.port(peer, DossierSource)
        try:
            with counted_as("feed"):
                for code in await self._store.read(self._unit_codes):
                    await self._unit(peer, source, code)
        except CallError as error:
            log.warning("reports.failed", peer=peer, error=type(error).__name__, detail=str(error))

    async def once(self) -> None:
        """Ask every peer in turn."""
        for peer in self.peers:
            await self.ask(peer)

    async def _unit(self, peer: PeerId, source: DossierSource, code: str) -> None:
        """What waits for one unit. A refused or misunderstood report is left there; it hides no other one."""
        refs: tuple[ProfileRef, ...] = ()
        with self._leaving(peer, code):
            refs = await source.waiting(code)
        for ref in refs:
            with self._leaving(peer, ref.key):
                await self._fetch(peer, source, ref)

    @contextlib.contextmanager
    def _leaving(self, peer: PeerId, what: str) -> Iterator[None]:
        try:
            yield
        except Unauthorised:
            raise  # it holds for every call that would follow
        except (Refused, Misunderstood) as error:
            log.warning("report.left", peer=peer, what=what, error=type(error).__name__, detail=str(error))

    def _unit_codes(self, tx: Tx) -> tuple[str, ...]:
        """Codes of the post units in whose name we ask: reports are addressed to the sender of the dossier."""
        on = self._clock.now().astimezone(VIETNAM).date()
        agreements = tx.catalogue.agreements(on)
        takers = {agreement.post for agreement in agreements} | {agreement.government for agreement in agreements}
        return tuple(national_code(unit, unit.id) for unit in tx.catalogue.units(on) if unit.id in takers)

    async def _fetch(self, peer: PeerId, source: DossierSource, ref: ProfileRef) -> None:
        raw = await source.fetch(ref)
        row = NewInbound(
            peer=peer,
            kind="report",
            ext_id=ref.key,
            sha256=raw.sha256,
            body=raw.body,
            headers=(),
            received_at=self._clock.now(),
            receipt="",
            correlation_id=uuid.uuid4().hex,
        )
        failpoints.hit("t1.before_commit")
        await self._store.write(lambda tx: tx.inbox.put(row))
        failpoints.hit("t1.after_commit")
        self._inbox.ring()
        await source.acknowledge(ref, done=_readable(source, raw))


def _readable(source: DossierSource, raw: RawDocument) -> bool:
    """False for a report that is safe with us and cannot be understood: the other side may want to know."""
    try:
        source.read(raw.body, raw.sha256)
    except Misunderstood:
        return False
    return True
