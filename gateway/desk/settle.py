"""Decisions of a person on messages and cases, each with its reason, its audit row and nothing lost."""

import dataclasses
import datetime as dt
import hashlib
from typing import Final

from gateway.accounts import Principal
from gateway.outbox.bells.bell import Bell
from gateway.storage.codec import to_json
from schemas.audit import Act
from schemas.discrepancy import Discrepancy, DiscrepancyState, ReasonCode, Severity
from schemas.errors import NotAllowed
from schemas.ids import DiscrepancyId, ItemId, MessageNo, PeerId, Sha256
from schemas.message import Message, MessageState
from schemas.numbers import s10
from schemas.ports.clock import Clock
from schemas.ports.message_stores import Breaker
from schemas.ports.stores import Store, Tx
from schemas.shipment import Item
from tracking.reconcile import Reconciler

_DECISIONS: Final = (DiscrepancyState.ACKNOWLEDGED, DiscrepancyState.WAITING, DiscrepancyState.RESOLVED)
"""What a person may make of a case; opening and reopening are the rules' matter."""


class SettleDesk:
    """The use cases of the operator on duty."""

    def __init__(self, store: Store, *, clock: Clock, bell: Bell, reconciler: Reconciler) -> None:
        """``bell`` wakes the lane after a decision."""
        self._store = store
        self._clock = clock
        self._bell = bell
        self._reconciler = reconciler

    async def retry_message(self, number: MessageNo, principal: Principal) -> Message:
        """Send it now: a waiting, refused, parked or unknown message becomes due. Raises NotFound, Stale."""
        return await self._decide(number, MessageState.PENDING, "", principal)

    async def resolve_message(self, number: MessageNo, reason: str, principal: Principal) -> Message:
        """A person vouches that the peer has it (or need not have it). Raises NotFound, Stale."""
        return await self._decide(number, MessageState.RESOLVED, reason, principal)

    async def cancel_message(self, number: MessageNo, reason: str, principal: Principal) -> Message:
        """It is not to be sent. Raises NotFound, Stale."""
        return await self._decide(number, MessageState.CANCELLED, reason, principal)

    async def stop_peer(self, peer: PeerId, reason: str, principal: Principal) -> None:
        """Send nothing more to ``peer``: what is being sent ends, the rest waits. NotAllowed without a reason."""
        await self._switch(peer, reason, principal, stopped=True)

    async def resume_peer(self, peer: PeerId, reason: str, principal: Principal) -> None:
        """Send again; the breaker starts closed. Raises NotAllowed without a reason."""
        await self._switch(peer, reason, principal, stopped=False)

    async def settle_discrepancy(
        self,
        case: DiscrepancyId,
        act: DiscrepancyState,
        reason: str,
        principal: Principal,
        *,
        code: ReasonCode = ReasonCode.CONFIRMED,
    ) -> Discrepancy:
        """``ACKNOWLEDGED``, ``WAITING`` or ``RESOLVED``, with a reason; ``code`` says why where it is resolved.

        A grave case needs two: the first one proposes, and the case waits until another person resolves it too. With
        the resolution stays the digest of the evidence that the person saw.

        Raises NotFound; NotAllowed without a reason, for a case that is resolved, and where one person is both.
        """
        if act not in _DECISIONS:
            raise NotAllowed(f"a person cannot set a case to {act}", subject=case)
        if not reason.strip():
            raise NotAllowed("this decision needs a reason", subject=case)

        def transact(tx: Tx) -> Discrepancy:
            now = self._clock.now()
            found = tx.discrepancies.get(case)
            changed, done = _decided(found, act, reason.strip(), code, principal, now)
            tx.discrepancies.put(changed)
            unit = found.units[0] if found.units else None
            tx.audit.write(Act(now, principal.who, f"case.{done}", "discrepancy", case, unit, reason))
            return changed

        return await self._store.write(transact)

    async def correct_item_number(self, item: ItemId, number: str, reason: str, principal: Principal) -> Item:
        """Replace a wrong S10 number (D-20); the old one stays as an alias.

        Raises InvalidNumber, NotFound, and NotAllowed without a reason or where another open item has the number.
        """
        right = s10.validate(number)
        if not reason.strip():
            raise NotAllowed("a number is corrected only with a reason", subject=number)

        def transact(tx: Tx) -> Item:
            now = self._clock.now()
            found = tx.items.get(item)
            if any(other.id != item and other.valid_to is None for other in tx.items.find_number(right)):
                raise NotAllowed("another open item has this number", subject=right)
            aliases = (*found.aliases, found.number) if found.number else found.aliases
            changed = tx.items.put(dataclasses.replace(found, number=right, aliases=aliases))
            tx.audit.write(Act(now, principal.who, "item.renumbered", "item", str(item), found.sender_unit, reason))
            self._reconciler.item(tx, item, now)
            return changed

        return await self._store.write(transact)

    async def _switch(self, peer: PeerId, reason: str, principal: Principal, *, stopped: bool) -> None:
        if not reason.strip():
            raise NotAllowed("this decision needs a reason", subject=peer)

        def transact(tx: Tx) -> None:
            now = self._clock.now()
            tx.peers.put_breaker(Breaker(peer, failures=0, open_until=None, last_error="", stopped=stopped))
            act = "peer.stopped" if stopped else "peer.resumed"
            tx.audit.write(Act(now, principal.who, act, "peer", peer, None, reason.strip()))
            self._bell.ring(tx, peer)

        await self._store.write(transact)

    async def _decide(self, number: MessageNo, state: MessageState, reason: str, principal: Principal) -> Message:
        if state is not MessageState.PENDING and not reason.strip():
            raise NotAllowed("this decision needs a reason", subject=str(number))

        def transact(tx: Tx) -> Message:
            now = self._clock.now()
            message = tx.messages.set_state(number, state, reason=reason.strip(), now=now)
            act = Act(now, principal.who, f"message.{state}", "message", str(number), message.unit, reason.strip())
            tx.audit.write(act)
            self._bell.ring(tx, message.peer)
            return message

        return await self._store.write(transact)


def _decided(
    case: Discrepancy, act: DiscrepancyState, reason: str, code: ReasonCode, principal: Principal, now: dt.datetime
) -> tuple[Discrepancy, str]:
    """The case after the decision, and what the audit log calls it."""
    if case.state is DiscrepancyState.RESOLVED:
        raise NotAllowed("this case is resolved; it opens again by itself where its cause is back", subject=case.id)
    taken = dataclasses.replace(
        case, state=act, owner=principal.shown, acknowledged_at=case.acknowledged_at or now, reason=reason
    )
    if act is not DiscrepancyState.RESOLVED:
        return dataclasses.replace(taken, proposed_by="", reason_code=None, evidence_sha256=None), act.value
    seen = evidence_digest(case)
    told = dataclasses.replace(taken, reason_code=code, evidence_sha256=seen)
    if case.severity < Severity.HIGH:
        return dataclasses.replace(told, resolved_at=now, resolved_by=principal.shown), act.value
    if not case.proposed_by or case.evidence_sha256 != seen:
        return dataclasses.replace(told, state=DiscrepancyState.WAITING, proposed_by=principal.who), "proposed"
    if case.proposed_by == principal.who:
        raise NotAllowed("a grave case needs a second person; you proposed to resolve it", subject=case.id)
    confirmed = dataclasses.replace(
        told,
        owner=case.owner,
        resolved_at=now,
        resolved_by=case.owner,
        second_person=principal.shown,
        reason=case.reason,
        reason_code=case.reason_code,
    )
    return confirmed, act.value


def evidence_digest(case: Discrepancy) -> Sha256:
    """Digest of the evidence as it stands: a resolution says what its person saw."""
    return Sha256(hashlib.sha256(to_json(case.evidence).encode()).hexdigest())
