"""The full pass: every item and dossier that a rule may concern, in bounded chunks. The stores only nominate.

The worker calls :func:`next_chunk` in one write per chunk and hands the cursor back until it is ``done``: a crash loses
at most one chunk, and the next pass finds it again.
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from schemas.dossier import DossierState
from schemas.ids import DossierId, ItemId, PeerId
from schemas.ports.stores import Tx
from tracking import reconcile
from tracking.rules.context import ContextSource

WATCHED_STATES = tuple(state.value for state in DossierState if state not in (DossierState.VOID, DossierState.CLOSED))
"""Dossiers at rest are left out: what still moves inside them is found through their items."""


@dataclasses.dataclass(frozen=True, slots=True)
class SweepCursor:
    """Where a pass stands: items first, then dossiers. ``seen`` and ``changed`` count for the progress line."""

    after_item: ItemId | None = None
    items_done: bool = False
    after_dossier: DossierId | None = None
    done: bool = False
    seen: int = 0
    changed: int = 0


def next_chunk(
    tx: Tx, cursor: SweepCursor, *, limit: int, context_source: ContextSource, now: dt.datetime
) -> SweepCursor:
    """Reconcile the next ``limit`` subjects; answers where to go on."""
    if cursor.done:
        return cursor
    context = context_source(tx, now)
    if not cursor.items_done:
        items = tx.items.moving(limit=limit, after=cursor.after_item)
        changed = sum(len(reconcile.reconcile_item(tx, item, context)) for item in items)
        return dataclasses.replace(
            cursor,
            after_item=items[-1] if items else cursor.after_item,
            items_done=len(items) < limit,
            seen=cursor.seen + len(items),
            changed=cursor.changed + changed,
        )
    dossiers = tx.dossiers.in_states(WATCHED_STATES, limit=limit, after=cursor.after_dossier)
    changed = sum(len(reconcile.reconcile_dossier(tx, dossier, context)) for dossier in dossiers)
    return dataclasses.replace(
        cursor,
        after_dossier=dossiers[-1] if dossiers else cursor.after_dossier,
        done=len(dossiers) < limit,
        seen=cursor.seen + len(dossiers),
        changed=cursor.changed + changed,
    )


def sweep_feeds(tx: Tx, peers: Sequence[PeerId], *, context_source: ContextSource, now: dt.datetime) -> int:
    """Reconcile the feeds of ``peers``, before the items that they explain; answers how many cases changed."""
    context = context_source(tx, now)
    return sum(len(reconcile.reconcile_feed(tx, peer, context)) for peer in peers)
