"""Reads the rows of many subjects in a few queries, so that a full pass does not ask for each of them by itself.

What comes back is a transaction as any other: :mod:`tracking.reading` loads its views through it. What was not read
ahead is asked for when it is needed, so a view that grows by a field stays right and only gets slower. The rows are
those of the moment of reading: a pass writes cases, and each subject's cases once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from schemas.discrepancy import Subject
from schemas.ids import DossierId, ItemId
from schemas.ports.stores import Tx
from schemas.shipment import Packing
from tracking.layer import over

Key = TypeVar("Key")
Row = TypeVar("Row")


def of_items(tx: Tx, items: Sequence[ItemId]) -> Tx:
    """``tx`` with everything that the views of ``items`` and their cases need."""
    packings = tx.items.packings_of_many(items)
    inside = tuple(dict.fromkeys(packing.dossier for packing in packings if packing.until is None))
    return over(
        tx,
        items=over(
            tx.items,
            get=_first({item.id: item for item in tx.items.many(items)}, tx.items.get),
            packings_of=_first(_grouped(packings, items, lambda one: one.item), tx.items.packings_of),
        ),
        events=over(tx.events, of_item=_first(tx.events.of_items(items), tx.events.of_item)),
        dossiers=over(tx.dossiers, get=_first({one.id: one for one in tx.dossiers.many(inside)}, tx.dossiers.get)),
        discrepancies=_cases(tx, Subject.ITEM, [str(item) for item in items]),
    )


def of_dossiers(tx: Tx, dossiers: Sequence[DossierId]) -> Tx:
    """``tx`` with everything that the views of ``dossiers`` and their cases need."""
    packings = tx.items.packings_in_many(dossiers)
    carried = tuple(dict.fromkeys(packing.item for packing in packings))
    return over(
        tx,
        items=over(
            tx.items,
            get=_first({item.id: item for item in tx.items.many(carried)}, tx.items.get),
            packings_in=_first(_grouped(packings, dossiers, lambda one: one.dossier), tx.items.packings_in),
        ),
        dossiers=over(tx.dossiers, get=_first({one.id: one for one in tx.dossiers.many(dossiers)}, tx.dossiers.get)),
        discrepancies=_cases(tx, Subject.DOSSIER, [str(dossier) for dossier in dossiers]),
    )


def _cases(tx: Tx, kind: Subject, subjects: Sequence[str]) -> object:
    known = {(kind, subject): cases for subject, cases in tx.discrepancies.of_subjects(kind, subjects).items()}

    def of_subject(of: Subject, subject: str) -> object:
        found = known.get((of, subject))
        return tx.discrepancies.of_subject(of, subject) if found is None else found

    return over(tx.discrepancies, of_subject=of_subject)


def _first(rows: Mapping[Key, Row], else_ask: Callable[[Key], Row]) -> Callable[[Key], Row]:
    def get(key: Key) -> Row:
        found = rows.get(key)
        return else_ask(key) if found is None else found

    return get


def _grouped(
    packings: Iterable[Packing], keys: Iterable[Key], key_of: Callable[[Packing], Key]
) -> dict[Key, tuple[Packing, ...]]:
    groups: dict[Key, list[Packing]] = {key: [] for key in keys}
    for packing in packings:
        groups[key_of(packing)].append(packing)
    return {key: tuple(found) for key, found in groups.items()}
