"""From a domain fact to one message per peer, inside the transaction in which the fact became true.

The peer is fixed here: a later change of the table moves no message. Domain code names no peer; this table does.
"""

import dataclasses
from collections.abc import Mapping
from typing import Final

from gateway.outbox import payload as payloads
from gateway.outbox import portal_view, portraits
from gateway.outbox.bells.bell import Bell
from schemas.dossier import Dossier, Step
from schemas.ids import CarrierId, ItemId, PeerId, UnitId
from schemas.message import (
    DossierLodged,
    DossierMoved,
    Fact,
    ItemOrdered,
    MessageState,
    NewMessage,
    Operation,
    PapersAttached,
    Payload,
)
from schemas.portal import PortalProgress
from schemas.ports.clock import Clock
from schemas.ports.stores import Tx
from schemas.shipment import Booking, BookingOrder, BookingState

CHUNK = 10
"""Progress steps in one message; a provincial system sends ten a call, no maximum is documented (vn-protocols §1.5)."""
_STANDING: Final = frozenset({BookingState.OPEN, BookingState.ACCEPTED, BookingState.UNKNOWN})


@dataclasses.dataclass(frozen=True, slots=True)
class RoutingTable:
    """Who is told what. ``one_stop_of`` overrides ``one_stop`` for single units; None: nobody is told."""

    portal: PeerId | None
    one_stop: PeerId | None
    one_stop_of: Mapping[UnitId, PeerId]
    carriers: Mapping[CarrierId, PeerId]
    more_portals: tuple[PeerId, ...] = ()
    """Told like ``portal``, each for itself."""
    told_of: Mapping[PeerId, frozenset[str]] = dataclasses.field(default_factory=dict)
    """Portals that are told of some dossiers only: ids of competent units, codes of procedures. Not there: of all."""
    take_requests: frozenset[PeerId] = frozenset()
    """One-stop systems that hear of requests for papers and fees in words of their own."""
    take_status: frozenset[PeerId] = frozenset()
    """Portals that take our states of dossiers that were born there."""

    def portals_for(self, dossier: Dossier) -> tuple[PeerId, ...]:
        """The portals that are told of this dossier."""
        every = (*(() if self.portal is None else (self.portal,)), *self.more_portals)
        about = {dossier.competent_unit, dossier.procedure}
        return tuple(peer for peer in every if peer not in self.told_of or self.told_of[peer] & about)

    def one_stop_for(self, unit: UnitId) -> PeerId | None:
        """The system of a unit."""
        return self.one_stop_of.get(unit, self.one_stop)


class Router:
    """Implements :class:`schemas.ports.facts.Tell`."""

    def __init__(self, table: RoutingTable, *, bell: Bell, clock: Clock, base_url: str) -> None:
        """``base_url`` is our own address, under which peers may fetch attachments."""
        self._table = table
        self._bell = bell
        self._clock = clock
        self._base_url = base_url

    def __call__(self, tx: Tx, fact: Fact) -> None:
        """Put the messages that ``fact`` asks for and ring for them."""
        if isinstance(fact, DossierMoved):
            self._moved(tx, fact)
        elif isinstance(fact, DossierLodged):
            self._lodged(tx, fact)
        elif isinstance(fact, ItemOrdered):
            self._ordered(tx, fact)
        elif isinstance(fact, PapersAttached):
            self._attached(tx, fact)

    def _moved(self, tx: Tx, fact: DossierMoved) -> None:
        if not portraits.official(fact.dossier):
            return
        changed = fact.step.national is not None and fact.step.national != fact.before
        if changed:
            for portal in self._table.portals_for(fact.dossier):
                self._snapshot(tx, portal, fact.dossier, str(len(fact.dossier.history)))
                self._progress(tx, portal, fact.dossier, fact.step)
                self._tell_back(tx, portal, fact.dossier, fact.step)
        one_stop = self._table.one_stop_for(fact.dossier.competent_unit)
        if one_stop is None or fact.step.source == f"peer:{one_stop}" or fact.before is None:
            return
        key = f"{fact.dossier.code}/{len(fact.dossier.history)}"
        request = portraits.one_stop_request(tx, fact.dossier, fact.step, self._base_url)
        if request is not None and one_stop in self._table.take_requests:
            self._put(tx, one_stop, Operation.ONE_STOP_REQUEST, key, fact.dossier, request)
            if not request.answered:
                return  # the request says the code as well
        if changed:
            status = portraits.one_stop_status(tx, fact.dossier, fact.step)
            self._put(tx, one_stop, Operation.ONE_STOP_STATUS, key, fact.dossier, status)

    def _lodged(self, tx: Tx, fact: DossierLodged) -> None:
        one_stop = self._table.one_stop_for(fact.dossier.competent_unit)
        if one_stop is not None:
            told = portraits.one_stop_dossier(tx, fact.dossier, fact.item_number, self._base_url)
            self._put(tx, one_stop, Operation.ONE_STOP_DOSSIER, fact.dossier.code, fact.dossier, told)

    def _ordered(self, tx: Tx, fact: ItemOrdered) -> None:
        peer = self._table.carriers.get(fact.order.carrier)
        if peer is None or self._is_ordered(tx, peer, fact.order):
            return
        order = dataclasses.replace(fact.order, seq=tx.items.next_seq(peer, fact.order.reference, fact.order.direction))
        booking = Booking(
            peer=peer,
            carrier=order.carrier,
            reference=order.reference,
            direction=order.direction,
            seq=order.seq,
            item=order.item,
            state=BookingState.OPEN,
            window_from=order.ordered_at,
            window_to=None,
        )
        tx.items.put_booking(booking)
        key = f"{order.reference}/{order.direction}/{order.seq}"
        self._put(tx, peer, Operation.CARRIER_BOOK, key, fact.dossier, order, item=order.item)

    def _is_ordered(self, tx: Tx, peer: PeerId, order: BookingOrder) -> bool:
        """The same fact told twice: a booking of this item stands, and a second one would bring a second postman."""
        return any(
            booking.peer == peer and booking.direction is order.direction and booking.state in _STANDING
            for booking in tx.items.bookings_of(order.item)
        )

    def _attached(self, tx: Tx, fact: PapersAttached) -> None:
        if fact.dossier.national is not None and portraits.official(fact.dossier):
            for portal in self._table.portals_for(fact.dossier):
                self._snapshot(tx, portal, fact.dossier, fact.document[:16])

    def _tell_back(self, tx: Tx, portal: PeerId, dossier: Dossier, step: Step) -> None:
        """What the citizen sees at the portal of a dossier that was submitted there."""
        code = portal_view.born_at(dossier, portal)
        if code is None or portal not in self._table.take_status or step.national not in portal_view.TOLD_BACK:
            return
        told = portal_view.portal_status(tx, dossier, step, code, self._base_url)
        self._put(tx, portal, Operation.PORTAL_STATUS, f"{dossier.code}/{len(dossier.history)}", dossier, told)

    def _snapshot(self, tx: Tx, peer: PeerId, dossier: Dossier, mark: str) -> None:
        """A snapshot that was never sent is replaced by the newer one: the portal wants the latest, once."""
        told = portraits.portal_dossier(tx, dossier, self._base_url, self._clock.now(), portal=peer)
        waiting = tx.messages.last_open(peer, dossier.id, Operation.PORTAL_DOSSIER)
        if waiting is not None and waiting.state is MessageState.PENDING and waiting.tries == 0:
            body = payloads.encode(told)
            tx.messages.extend_pending(waiting.id, body, asserted_state=str(told.national), as_of=told.as_of)
            return
        self._put(tx, peer, Operation.PORTAL_DOSSIER, f"{dossier.code}/{mark}", dossier, told)

    def _progress(self, tx: Tx, peer: PeerId, dossier: Dossier, step: Step) -> None:
        """Steps that wait together travel together, ten at the most."""
        told = portraits.progress_step(tx, dossier, step)
        waiting = tx.messages.last_open(peer, dossier.id, Operation.PORTAL_PROGRESS)
        if waiting is not None and waiting.state is MessageState.PENDING and waiting.tries == 0:
            chunk = payloads.decode(waiting.operation, tx.messages.body(waiting.id))
            if isinstance(chunk, PortalProgress) and told in chunk.steps:
                return
            if isinstance(chunk, PortalProgress) and len(chunk.steps) < CHUNK:
                longer = payloads.encode(dataclasses.replace(chunk, steps=(*chunk.steps, told)))
                tx.messages.extend_pending(waiting.id, longer, asserted_state=str(step.national), as_of=step.at)
                return
        chunk = PortalProgress(dossier.id, dossier.code, (told,))
        self._put(tx, peer, Operation.PORTAL_PROGRESS, f"{dossier.code}/{len(dossier.history)}", dossier, chunk)

    def _put(
        self,
        tx: Tx,
        peer: PeerId,
        operation: Operation,
        key: str,
        dossier: Dossier,
        payload: Payload,
        *,
        item: ItemId | None = None,
    ) -> None:
        now = self._clock.now()
        message = NewMessage(
            peer=peer,
            operation=operation,
            business_key=key,
            dossier=dossier.id,
            item=item,
            unit=dossier.receiving_unit,
            asserted_state="" if dossier.national is None else str(dossier.national),
            as_of=dossier.history[-1].at if dossier.history else now,
            body=payloads.encode(payload),
            correlation_id=dossier.correlation_id,
        )
        tx.messages.put(message, now=now)
        self._bell.ring(tx, peer)
