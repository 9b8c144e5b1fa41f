"""Taking in a dossier: check, number, lodge, and give it to the post when the post's person signs (rows 1, 2, 4).

The one transaction behind ``POST /api/v1/handovers`` and the counter's form. The same key with the same body gives the
first answer; with another body it is refused.
"""

import datetime as dt
import uuid
from collections.abc import Callable

from gateway.accounts import Principal
from gateway.desk import checks, handover, numbering
from gateway.desk.checks import Faults
from gateway.desk.requests import HandoverReceipt, HandoverRequest
from schemas.audit import Act
from schemas.dossier import CodeAlias, Dossier, DossierState, IntakeMode
from schemas.errors import KeyReused
from schemas.ids import DossierCode, DossierId
from schemas.message import DossierLodged
from schemas.ports.clock import Clock
from schemas.ports.facts import Tell
from schemas.ports.message_stores import IdempotentAnswer
from schemas.ports.stores import Store, Tx
from tracking import deadlines
from tracking.advance import advance
from tracking.facts import Facts
from tracking.table import Trigger


class HandoverDesk:
    """The use case with its store."""

    def __init__(self, store: Store, *, clock: Clock, tell: Tell) -> None:
        """``tell`` is the router."""
        self._store = store
        self._clock = clock
        self._tell = tell

    async def hand_over(
        self,
        request: HandoverRequest,
        *,
        principal: Principal,
        key: str | None,
        digest: str,
        render: Callable[[HandoverReceipt], bytes],
    ) -> IdempotentAnswer:
        """Take in, or repeat the first answer to ``key``.

        Raises:
            Faults: the request does not fit our catalogue or rows.
            KeyReused: the key came before with another body.
        """

        def transact(tx: Tx) -> IdempotentAnswer:
            if key is not None and (first := tx.idempotency.get(principal.who, key)) is not None:
                if first.digest != digest:
                    raise KeyReused(subject=key)
                return first
            now = self._clock.now()
            receipt = take_in(tx, request, principal=principal, tell=self._tell, now=now)
            answer = IdempotentAnswer(digest, 201, render(receipt))
            if key is not None:
                tx.idempotency.put(principal.who, key, answer, now=now)
            return answer

        return await self._store.write(transact)


def take_in(tx: Tx, request: HandoverRequest, *, principal: Principal, tell: Tell, now: dt.datetime) -> HandoverReceipt:
    """Lodge the dossier, and hand it to the post where ``with_post``. Raises Faults; writes nothing then."""
    found = checks.check(tx, request)
    dossier = tx.dossiers.add(_draft(tx, request, found, now))
    dossier = advance(
        tx,
        dossier.id,
        Trigger.LODGE,
        facts=Facts(),
        at=request.handed_at,
        by=principal.shown,
        source="desk",
        unit=request.receiving_unit,
        tell=tell,
        now=now,
    )
    item = None
    if request.with_post:
        dossier, item = handover.give_to_post(tx, dossier, request, found.agreement, tell=tell, now=now)
    tell(tx, DossierLodged(dossier, item.number if item else None))
    tx.audit.write(
        Act(now, principal.who, "dossier.taken_in", "dossier", str(dossier.id), request.receiving_unit, dossier.code)
    )
    return HandoverReceipt(
        dossier=dossier.id,
        code=dossier.code,
        item=item.id if item else None,
        item_number=item.number if item else None,
        state=dossier.state,
        national=dossier.national,
        due_at=dossier.due_at,
        due_final=dossier.due_final,
        correlation_id=dossier.correlation_id,
    )


def _draft(tx: Tx, request: HandoverRequest, found: checks.Found, now: dt.datetime) -> Dossier:
    """The dossier as row 1 of the table begins it. Its promised date is an expectation until row 7."""
    competent = request.competent_unit or found.procedure.competent or request.receiving_unit
    code, scheme = _code(tx, request, found, now)
    calendar = tx.catalogue.calendar(competent)
    return Dossier(
        id=DossierId(0),
        version=0,
        code=code,
        aliases=(CodeAlias(code, scheme, request.handed_at, None),),
        intake_mode=request.intake_mode,
        channel=request.channel,
        procedure=found.procedure.code,
        procedure_version=found.procedure.version,
        owner=request.owner,
        submitter=request.submitter or request.owner,
        authority=request.authority,
        receiving_unit=request.receiving_unit,
        competent_unit=competent,
        returning_unit=request.returning_unit or request.receiving_unit,
        post_unit=request.post_unit,
        state=DossierState.DRAFT,
        national=None,
        interrupted=(),
        history=(),
        submitted_at=request.handed_at,
        accepted_at=None,
        closed_at=None,
        due_at=deadlines.due_at(found.procedure.term, request.handed_at, calendar),
        due_final=False,
        calendar_version=calendar.version,
        due_history=(),
        requests=(),
        pauses=(),
        supplements=(),
        legs=(),
        components=request.components,
        return_method=request.return_method,
        return_address=request.return_address,
        return_proof=None,
        results=(),
        peer_states=(),
        parcels_declared=request.parcels,
        note=request.note,
        correlation_id=uuid.uuid4().hex,
        created_at=now,
    )


def _code(tx: Tx, request: HandoverRequest, found: checks.Found, now: dt.datetime) -> tuple[DossierCode, str]:
    """Given, minted from the leased block (delegated), or a provisional alias until the agency accepts (forwarded)."""
    if request.code is not None:
        return request.code, "official"
    if request.intake_mode is IntakeMode.DELEGATED:
        holder = request.post_unit or request.receiving_unit
        code = numbering.mint_code(
            tx, unit_code=found.unit_code, leased_to=holder, handed_at=request.handed_at, now=now
        )
        return code, "official"
    return DossierCode(
        f"TAM-{request.post_unit or request.receiving_unit}-{uuid.uuid4().hex[:10].upper()}"
    ), "provisional"


__all__ = ["Faults", "HandoverDesk", "take_in"]
