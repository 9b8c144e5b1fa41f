"""What a unit counted when it opened the envelope, beside what the counter had listed (D-30)."""

import dataclasses
from collections.abc import Mapping
from typing import Final

from gateway.accounts import Principal
from schemas.audit import Act
from schemas.dossier import Dossier, DossierState
from schemas.errors import NotAllowed, NotFound
from schemas.ports.clock import Clock
from schemas.ports.stores import Store, Tx
from tracking import reconcile
from tracking.rules.context import ContextSource

_NO_PAPER: Final = frozenset({DossierState.DRAFT, DossierState.VOID})


class CountDesk:
    """The use case with its store."""

    def __init__(self, store: Store, *, clock: Clock, context: ContextSource) -> None:
        """``context`` builds what the rules compare with: the case opens or closes with the count."""
        self._store = store
        self._clock = clock
        self._context = context

    async def record(self, code: str, sheets: Mapping[int, int], principal: Principal) -> Dossier:
        """Keep the receiver's own count; a second count replaces the first, both are in the audit log.

        Args:
            code: any code the dossier ever had.
            sheets: sheets of each paper by its number; a paper that is left out stays as it was.
            principal: who counted; somebody of the receiving or the competent unit.

        Raises:
            NotFound: no such dossier.
            NotAllowed: nothing was counted, the dossier has no such paper or none at all yet, a count below zero, or
                somebody who does not work where the papers arrive: the sender's count is on the sender's list already.
        """

        def transact(tx: Tx) -> Dossier:
            found = tx.dossiers.find(code)
            if found is None:
                raise NotFound(subject=code[:64])
            _check(found, sheets, principal)
            papers = tuple(
                dataclasses.replace(paper, sheets_received=sheets.get(paper.no, paper.sheets_received))
                for paper in found.components
            )
            if papers == found.components:
                return found
            now = self._clock.now()
            kept = tx.dossiers.put(dataclasses.replace(found, components=papers))
            told = ", ".join(
                f"{new.no}: {'–' if old.sheets_received is None else old.sheets_received} → {new.sheets_received}"
                for old, new in zip(found.components, papers, strict=True)
                if old != new
            )
            unit = found.competent_unit
            tx.audit.write(Act(now, principal.who, "dossier.counted", "dossier", str(found.id), unit, told[:500]))
            reconcile.reconcile_dossier(tx, kept.id, self._context(tx, now))
            return kept

        return await self._store.write(transact)


def countable(dossier: Dossier, principal: Principal) -> bool:
    """Whether the principal may record a count of the dossier's papers now."""
    there = {dossier.receiving_unit, dossier.competent_unit}
    works_there = principal.units is None or not there.isdisjoint(principal.units)
    return works_there and dossier.state not in _NO_PAPER and bool(dossier.components)


def _check(dossier: Dossier, sheets: Mapping[int, int], principal: Principal) -> None:
    if not countable(dossier, principal):
        raise NotAllowed("only where the papers arrive can they be counted on receipt", subject=dossier.code)
    strange = sorted(set(sheets) - {paper.no for paper in dossier.components})
    if strange or not sheets:
        raise NotAllowed(
            f"the dossier has no paper {strange}" if strange else "nothing was counted", subject=dossier.code
        )
    if min(sheets.values()) < 0:
        raise NotAllowed("a count cannot be below zero", subject=dossier.code)
