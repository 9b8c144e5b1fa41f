"""What a unit asked for is here: papers at the counter (row 15), a fee at the post (row 19)."""

import datetime as dt
from typing import Final

from gateway.accounts import Principal
from schemas.dossier import Dossier, DossierState, RequestKind
from schemas.errors import GuardFailed, NotFound
from schemas.ports.clock import Clock
from schemas.ports.facts import Tell
from schemas.ports.stores import Store, Tx
from tracking.advance import advance
from tracking.facts import Facts
from tracking.table import Trigger

_ANSWERS: Final = {
    RequestKind.SUPPLEMENT: (
        Trigger.SUPPLEMENT_ARRIVED,
        frozenset({DossierState.SUPP_ASKED, DossierState.SUPP_IN_POST}),
    ),
    RequestKind.FEE: (Trigger.PROVE_FEE, frozenset({DossierState.FEE_ASKED})),
}
"""What moves the dossier, and where it must stand."""


class AnswerDesk:
    """The use case with its store."""

    def __init__(self, store: Store, *, clock: Clock, tell: Tell) -> None:
        """``tell`` is the router: the unit and the portals hear of it."""
        self._store = store
        self._clock = clock
        self._tell = tell

    async def answer(self, code: str, kind: RequestKind, *, proof: str, principal: Principal) -> Dossier:
        """Note that the papers were handed in, or that the fee was paid.

        ``proof`` says what shows it: the papers, or the number of the receipt.

        Raises:
            NotFound: no such dossier.
            GuardFailed: nothing of this kind is asked for, or no proof is named.
        """

        def transact(tx: Tx) -> Dossier:
            dossier = tx.dossiers.find(code)
            if dossier is None:
                raise NotFound(subject=code)
            now = self._clock.now()
            return self._moved(tx, dossier, kind, proof.strip(), principal, now)

        return await self._store.write(transact)

    def _moved(
        self, tx: Tx, dossier: Dossier, kind: RequestKind, proof: str, principal: Principal, now: dt.datetime
    ) -> Dossier:
        if kind not in _ANSWERS or dossier.state not in _ANSWERS[kind][1]:
            raise GuardFailed(f"no {kind.value} is asked for, the dossier is {dossier.state}", subject=dossier.code)
        if not proof:
            raise GuardFailed("say what shows it: the papers, or the number of the receipt", subject=dossier.code)
        return advance(
            tx,
            dossier.id,
            _ANSWERS[kind][0],
            facts=Facts(supplement_here=True, fee_proof=True),
            at=now,
            by=principal.shown,
            source="desk",
            unit=dossier.post_unit or dossier.receiving_unit,
            tell=self._tell,
            now=now,
            reason=proof,
        )
