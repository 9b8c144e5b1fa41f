"""The store as we knew it at a moment: rows that came later are not there, marks that were set later are not set.

Bi-temporal, as far as rows keep when they came: events by ``first_seen_at``, withdrawals by ``withdrawn_at``, steps of
a dossier by ``recorded_at``, promises by the history of due dates, packings by ``since`` and ``until``, cases by their
times. Items are folded again from the events of that moment. What keeps no past is taken as it is today: calendars,
limits, learned lags, the meaning of a code that was learned since, what a peer believed before it changed its mind,
parts of a dossier that carry no time of their own, and the health of feeds (an outage that has ended is not seen).
"""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

from schemas.bag import Bag, BagLine, HandoverManifest, Stay
from schemas.discrepancy import Discrepancy, DiscrepancyState, Subject
from schemas.dossier import Dossier
from schemas.errors import NotFound
from schemas.ids import BagNumber, DiscrepancyId, DossierId, ItemId, PeerId
from schemas.ports.message_stores import FeedState
from schemas.ports.stores import Tx
from schemas.shipment import Item, Packing
from schemas.tracking import StoredEvent
from tracking import reading, status
from tracking.layer import only, over

Record = TypeVar("Record")


def at(tx: Tx, moment: dt.datetime) -> Tx:
    """``tx`` as of ``moment``, for reading only. Items and dossiers that nobody knew then raise NotFound."""
    then = _Then(tx, moment)
    return over(
        tx,
        items=only(
            tx.items,
            get=then.item,
            many=then.items,
            named=then.named,
            shared=tx.items.shared,
            crowded=tuple,  # today's answer could leave one out that was crowded then
            find_number=lambda number: then.items([one.id for one in tx.items.find_number(number)]),
            packings_of=lambda item: then.bound(tx.items.packings_of(item)),
            packings_of_many=lambda items: then.bound(tx.items.packings_of_many(items)),
            packings_in=lambda dossier: then.bound(tx.items.packings_in(dossier)),
            packings_in_many=lambda dossiers: then.bound(tx.items.packings_in_many(dossiers)),
            bookings_of=tx.items.bookings_of,
        ),
        events=only(tx.events, of_item=lambda item: then.logs((item,))[item], of_items=then.logs),
        dossiers=only(tx.dossiers, get=then.dossier, many=then.dossiers),
        discrepancies=only(tx.discrepancies, of_subject=then.cases, find=then.case),
        bags=only(
            tx.bags,
            get=then.bag,
            manifest=lambda number: then.manifest(tx.bags.manifest(number)),
            manifest_of=lambda number: then.manifest(tx.bags.manifest_of(number)),
            stays=then.stays,
            listing=lambda dossiers, items: tuple(map(then.manifest, tx.bags.listing(dossiers, items))),
        ),
        feeds=only(tx.feeds, get=then.feed),
    )


class _Then:
    def __init__(self, tx: Tx, moment: dt.datetime) -> None:
        self._tx = tx
        self._moment = moment

    def logs(self, items: Sequence[ItemId]) -> dict[ItemId, tuple[StoredEvent, ...]]:
        found = self._tx.events.of_items(items)
        return {item: tuple(self._event(one) for one in log if self._came(one)) for item, log in found.items()}

    def item(self, item_id: ItemId) -> Item:
        found = self.items((item_id,))
        if not found:
            raise NotFound("nobody knew of it then", subject=str(item_id))
        return found[0]

    def items(self, items: Sequence[ItemId]) -> tuple[Item, ...]:
        """Those that were known, folded from what had come."""
        logs = self.logs(items)
        there = [one for one in self._tx.items.many(items) if logs[one.id] or self._announced(one)]
        inside = self._inside([one.id for one in there])
        return tuple(self._item(one, logs[one.id], inside.get(one.id, ())) for one in there)

    def dossier(self, dossier_id: DossierId) -> Dossier:
        found = self.dossiers((dossier_id,))
        if not found:
            raise NotFound("nobody knew of it then", subject=str(dossier_id))
        return found[0]

    def dossiers(self, dossiers: Sequence[DossierId]) -> tuple[Dossier, ...]:
        return tuple(self._dossier(one) for one in self._tx.dossiers.many(dossiers) if one.created_at <= self._moment)

    def named(self, numbers: Sequence[str]) -> dict[str, tuple[Item, ...]]:
        found = self._tx.items.named(numbers)
        return {number: self.items([item.id for item in items]) for number, items in found.items()}

    def bound(self, packings: tuple[Packing, ...]) -> tuple[Packing, ...]:
        """Of things that were both known."""
        begun = self.packed(packings)
        items = {item.id for item in self.items(tuple({one.item: None for one in begun}))}
        dossiers = {one.id for one in self.dossiers(tuple({one.dossier: None for one in begun}))}
        return tuple(one for one in begun if one.item in items and one.dossier in dossiers)

    def packed(self, packings: tuple[Packing, ...]) -> tuple[Packing, ...]:
        return self._since(packings, "since", "until")

    def cases(self, kind: Subject, subject: str) -> tuple[Discrepancy, ...]:
        found = self._tx.discrepancies.of_subject(kind, subject)
        return tuple(self._case(case) for case in found if case.opened_at <= self._moment)

    def case(self, name: DiscrepancyId) -> Discrepancy | None:
        found = self._tx.discrepancies.find(name)
        return self._case(found) if found is not None and found.opened_at <= self._moment else None

    def bag(self, number: BagNumber) -> Bag | None:
        found = self._tx.bags.get(number)
        if found is None:
            return None
        plain = self._unset(found, "closed_at", "opened_at")
        seals = self._since(found.seals, "since", "until")
        lines, weight = tuple(map(self._line, found.lines)), found.weight_in_g if plain.opened_at else None
        return dataclasses.replace(plain, seals=seals, lines=lines, weight_in_g=weight)

    def stays(self, items: Sequence[ItemId]) -> tuple[tuple[ItemId, Stay], ...]:
        found = ((item, stay.line, self.bag(stay.bag.number)) for item, stay in self._tx.bags.stays(items))
        return tuple((item, Stay(bag, self._line(line))) for item, line, bag in found if bag is not None)

    def manifest(self, found: HandoverManifest | None) -> HandoverManifest | None:
        if found is None:
            return None
        giver, taker = self._unset(found.giver, "signed_at"), self._unset(found.taker, "signed_at")
        lines = found.lines
        if taker.signed_at is None and found.taker.signed_at is not None:
            lines = tuple(dataclasses.replace(line, taker_says=None) for line in lines)
        return dataclasses.replace(found, giver=giver, taker=taker, lines=lines)

    def feed(self, peer: PeerId) -> FeedState:
        state = self._unset(self._tx.feeds.get(peer), "last_ok_at", "failing_since")
        return state if state.failing_since else dataclasses.replace(state, failures=0, last_error="")

    def _line(self, line: BagLine) -> BagLine:
        return self._unset(line, "put_in_at", "taken_out_at")

    def _came(self, stored: StoredEvent) -> bool:
        return stored.first_seen_at <= self._moment

    def _event(self, stored: StoredEvent) -> StoredEvent:
        return dataclasses.replace(
            stored,
            last_seen_at=min(stored.last_seen_at, self._moment),
            seen_n=stored.seen_n if stored.last_seen_at <= self._moment else 1,
            withdrawn_at=self._set(stored.withdrawn_at),
        )

    def _announced(self, item: Item) -> bool:
        return any(at <= self._moment for at in (item.valid_from, item.booked_at, item.handed_over_at) if at)

    def _inside(self, items: Sequence[ItemId]) -> dict[ItemId, tuple[Dossier, ...]]:
        bound = [one for one in self.packed(self._tx.items.packings_of_many(items)) if one.until is None]
        known = {one.id: one for one in self.dossiers(tuple({one.dossier: None for one in bound}))}
        inside: dict[ItemId, tuple[Dossier, ...]] = {}
        for one in bound:
            if one.dossier in known:
                inside[one.item] = (*inside.get(one.item, ()), known[one.dossier])
        return inside

    def _item(self, item: Item, events: tuple[StoredEvent, ...], dossiers: tuple[Dossier, ...]) -> Item:
        then = self._unset(item, "booked_at", "handed_over_at", "sender_receipt_at", "inquiry_at", "recall_at")
        offices = tuple(one for one in item.expected_offices if one.since <= self._moment)
        folded = status.fold(events, context=reading.folding_of(then, dossiers))
        return dataclasses.replace(then, expected_offices=offices, fold=folded)

    def _dossier(self, now: Dossier) -> Dossier:
        history = tuple(step for step in now.history if step.recorded_at <= self._moment)
        plain = self._unset(now, "submitted_at", "accepted_at", "closed_at")
        stood = history[-1] if history and len(history) != len(now.history) else None
        return dataclasses.replace(
            plain,
            history=history,
            state=stood.state if stood else now.state,
            national=stood.national if stood else now.national,
            **self._promise(now),
            aliases=self._since(now.aliases, "valid_from", "valid_to"),
            requests=self._since(now.requests, "asked_at", "settled_at"),
            pauses=self._since(now.pauses, "since", "until"),
            supplements=self._since(now.supplements, "asked_at", "arrived_at", "settled_at"),
            legs=tuple(self._unset(leg, "sent_at", "received_at", "done_at") for leg in now.legs),
            peer_states=tuple(told for told in now.peer_states if told.as_of <= self._moment),
            return_proof=now.return_proof if now.return_proof and now.return_proof.at <= self._moment else None,
        )

    def _case(self, case: Discrepancy) -> Discrepancy:
        plain = self._unset(case, "acknowledged_at", "resolved_at", "reopened_at")
        if plain.resolved_at is None and case.state is DiscrepancyState.RESOLVED:
            return dataclasses.replace(plain, state=DiscrepancyState.OPEN, resolved_by="", reason="")
        return plain

    def _promise(self, dossier: Dossier) -> dict[str, Any]:
        """The promise that was in force: the first one that was changed after the moment."""
        later = [change for change in dossier.due_history if change.changed_at > self._moment]
        if not later:
            return {}
        kept = tuple(change for change in dossier.due_history if change.changed_at <= self._moment)
        first = min(later, key=lambda change: change.changed_at)
        return {"due_at": first.due_at, "calendar_version": first.calendar_version, "due_history": kept}

    def _since(self, records: tuple[Any, ...], begun: str, *ended: str) -> tuple[Any, ...]:
        """Those that had begun, with the ends that had come."""
        return tuple(self._unset(one, *ended) for one in records if getattr(one, begun) <= self._moment)

    def _unset(self, record: Record, *names: str) -> Record:
        late = {name: None for name in names if self._set(getattr(record, name)) is not getattr(record, name)}
        return dataclasses.replace(record, **late) if late else record  # type: ignore[type-var]  # every caller has a dataclass

    def _set(self, when: dt.datetime | None) -> dt.datetime | None:
        return when if when is None or when <= self._moment else None
