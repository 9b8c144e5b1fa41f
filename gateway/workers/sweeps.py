"""After pushes went missing, every open item of the carrier is asked about once, as fast as the budget goes.

A gap is an open case of D-36 about what a peer pushes. Each gap is swept once, a page of items in each look, to the end
even where the pushes are back sooner: what was lost in the gap does not come again. Where it stands is kept with the
store, so that a restart goes on and does not begin anew.
"""

import dataclasses
import datetime as dt

from schemas.discrepancy import Discrepancy, DiscrepancyState, Subject
from schemas.ids import CarrierId, ItemId, PeerId, push_feed
from schemas.ports.stores import Tx
from tracking import budget, watch
from tracking.budget import Terms

PAGE = 500
"""Items moved in one transaction."""
GAP_RULE = "D-36"
_SPREAD = 0.6180339887
"""Golden ratio: fractions of its multiples lie evenly, whichever ids are open."""


def gap_of(tx: Tx, peer: PeerId) -> Discrepancy | None:
    """The open case about pushes of the peer that went missing; of several the newest.

    A failing feed that we read ourselves goes on from its cursor and loses nothing: its epoch names no kind.
    """
    own = ((case, "|" in case.epoch) for case in tx.discrepancies.of_subject(Subject.FEED, peer))
    pushed = ((case, True) for case in tx.discrepancies.of_subject(Subject.FEED, push_feed(peer)))
    found = [
        case
        for case, about_pushes in (*own, *pushed)
        if about_pushes and case.rule == GAP_RULE and case.state is not DiscrepancyState.RESOLVED and not case.shadow
    ]
    return max(found, key=lambda case: case.opened_at, default=None)


def wanted(tx: Tx, peer: PeerId, carrier: CarrierId) -> tuple[str, ItemId] | None:
    """The gap whose sweep is under way or called for, and the item it goes on after; None: there is nothing to do."""
    told = tx.schedule.progress(_name(peer, carrier))
    swept, last = told.rsplit("!", 1) if told is not None else ("", "")
    if last:
        return swept, ItemId(int(last))
    case = gap_of(tx, peer)
    return (str(case.id), ItemId(0)) if case is not None and case.id != swept else None


def step(tx: Tx, peer: PeerId, carrier: CarrierId, *, terms: Terms, spent: int, now: dt.datetime) -> None:
    """Plan the next page of the sweep that is under way or just called for.

    Args:
        tx: the transaction.
        peer: who pushes.
        carrier: for whom it speaks.
        terms: what the peer allows that is asked; the sweep is spread over as long as it takes.
        spent: its calls of today.
        now: present time.
    """
    found = wanted(tx, peer, carrier)
    if found is None:
        return
    gap, last = found
    page = tx.items.unsettled(carrier, after=last, limit=PAGE)
    span = budget.span_of(tx.items.count_unsettled(carrier), terms, spent, now)
    for item in page:
        polls = watch.swept(item, now=now, span=span, chance=(item.id * _SPREAD) % 1.0)
        if polls is not None:
            tx.items.put(dataclasses.replace(item, polls=polls))
    more = len(page) == PAGE
    tx.schedule.keep_progress(_name(peer, carrier), f"{gap}!{page[-1].id if more else ''}")


def _name(peer: PeerId, carrier: CarrierId) -> str:
    return f"sweep:{peer}:{carrier}"
