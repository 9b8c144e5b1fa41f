"""The first page: what waits for this person, by role."""

import dataclasses
import datetime as dt

from aiohttp import web

from gateway.accounts import Principal
from gateway.budgets import AccountsOf, PeerBudget, no_accounts
from gateway.console.render import Renderer, has_role
from gateway.inbound.auth import signed
from gateway.inbound.routes import Route, require
from gateway.inbound.views.whole import dossier_of
from schemas.discrepancy import Discrepancy
from schemas.dossier import Dossier
from schemas.ids import PeerId
from schemas.message import MessageState
from schemas.ports.clock import Clock
from schemas.ports.dossier_stores import DossierLine
from schemas.ports.house_stores import CaseFilter
from schemas.ports.stores import Store, Tx

_TROUBLE = frozenset({MessageState.REFUSED, MessageState.PARKED, MessageState.UNKNOWN})


@dataclasses.dataclass(slots=True)
class PeerCard:
    """One peer at a glance."""

    peer: PeerId
    waiting: int = 0
    trouble: int = 0
    delivered: int = 0
    oldest_minutes: int = 0
    open_until: dt.datetime | None = None
    last_error: str = ""

    @property
    def state(self) -> str:
        """``down`` while the breaker is open, ``slow`` with something stuck, else ``up``."""
        if self.open_until is not None:
            return "down"
        return "slow" if self.trouble or self.oldest_minutes > 30 else "up"


@dataclasses.dataclass(frozen=True, slots=True)
class Glance:
    """What the first page shows."""

    latest: tuple[DossierLine, ...]
    cases: tuple[tuple[Discrepancy, Dossier | None], ...]
    peers: tuple[PeerCard, ...]
    accounts: tuple[PeerBudget, ...]
    unassigned: int
    aside: int


class Home:
    """The first page."""

    def __init__(self, *, store: Store, clock: Clock, renderer: Renderer, accounts: AccountsOf = no_accounts) -> None:
        """``accounts`` tells who used the quota of which peer today."""
        self._store = store
        self._accounts = accounts
        self._clock = clock
        self._renderer = renderer

    def routes(self) -> tuple[Route, ...]:
        """Its address."""
        return (Route("GET", "/", self.show, require(), page=True),)

    async def show(self, request: web.Request) -> web.Response:
        """The page."""
        principal = signed(request).principal
        now = self._clock.now()
        glance = await self._store.read(lambda tx: _glance(tx, principal, now, self._accounts))
        return self._renderer.page(request, "home.html", glance=glance)


def _glance(tx: Tx, principal: Principal, now: dt.datetime, accounts: AccountsOf) -> Glance:
    scans = has_role(principal, "scanner", "operator")
    cases = tx.discrepancies.search(CaseFilter(units=principal.units), now=now, limit=8)
    return Glance(
        latest=tx.dossiers.search("", units=principal.units, limit=8),
        cases=tuple((case, dossier_of(tx, case)) for case in cases),
        peers=peer_cards(tx, now) if has_role(principal, "operator") else (),
        accounts=tuple(one for one in accounts(tx, now) if one.calls_today) if has_role(principal, "operator") else (),
        unassigned=len(tx.documents.unassigned()) if scans else 0,
        aside=len(tx.documents.aside()) if scans else 0,
    )


def peer_cards(tx: Tx, now: dt.datetime) -> tuple[PeerCard, ...]:
    """One card per peer that was ever sent something."""
    cards: dict[PeerId, PeerCard] = {}
    for peer, state, count, oldest in tx.messages.counts():
        card = cards.setdefault(peer, PeerCard(peer))
        if state is MessageState.DELIVERED:
            card.delivered += count
        elif state in _TROUBLE:
            card.trouble += count
        elif state.open:
            card.waiting += count
            card.oldest_minutes = max(card.oldest_minutes, int((now - oldest).total_seconds() // 60))
    for peer, card in cards.items():
        breaker = tx.peers.breaker(peer)
        card.open_until = breaker.open_until if breaker.open_until and breaker.open_until > now else None
        card.last_error = breaker.last_error if card.open_until else ""
    return tuple(cards[peer] for peer in sorted(cards))
