"""Bags, hand-over manifests and dispatches."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from gateway.storage.codec import from_json, to_json
from gateway.storage.sql import Sql
from gateway.storage.tables.papers import bag, bag_item, dispatch, manifest, manifest_line
from schemas.bag import Bag, Dispatch, HandoverManifest, ManifestParty, Stay
from schemas.errors import Stale
from schemas.ids import BagNumber, DossierId, ItemId

_BAG: Final = sa.select(bag.c.version, bag.c.doc).where(bag.c.number == sa.bindparam("of_number"))
_UPDATE: Final = sa.update(bag).where(bag.c.number == sa.bindparam("of_number"), bag.c.version == sa.bindparam("read"))
_NEWEST: Final = (
    sa.select(manifest.c.doc)
    .where(manifest.c.number == sa.bindparam("of_number"))
    .order_by(manifest.c.revision.desc())
    .limit(1)
)
_REVISION: Final = sa.select(manifest.c.doc).where(
    manifest.c.number == sa.bindparam("of_number"), manifest.c.revision == sa.bindparam("of_revision")
)
_FORGET_ITEMS: Final = sa.delete(bag_item).where(bag_item.c.bag == sa.bindparam("of_number"))
_FORGET_LINES: Final = sa.delete(manifest_line).where(manifest_line.c.manifest == sa.bindparam("of_number"))
_THESE: "Final[sa.BindParameter[Any]]" = sa.bindparam("these", expanding=True)
_STAYS: Final = (
    sa.select(bag_item.c.item_id, bag_item.c.seq, bag.c.version, bag.c.doc)
    .join(bag, bag.c.number == bag_item.c.bag)
    .where(bag_item.c.item_id.in_(_THESE))
    .order_by(bag_item.c.item_id, bag_item.c.bag, bag_item.c.seq)
)
_LISTING_ITEMS: Final = sa.select(manifest_line.c.manifest).where(manifest_line.c.item_id.in_(_THESE)).distinct()
_LISTING_DOSSIERS: Final = sa.select(manifest_line.c.manifest).where(manifest_line.c.dossier_id.in_(_THESE)).distinct()
_OF_BAG: Final = (
    sa.select(manifest.c.number)
    .where(manifest.c.bag == sa.bindparam("of_bag"))
    .order_by(manifest.c.number.desc())
    .limit(1)
)


class Bags:
    """:class:`schemas.ports.dossier_stores.BagStore` on tables."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    def get(self, bag: BagNumber) -> Bag | None:
        """The bag, or None."""
        row = self._sql.row(_BAG, {"of_number": bag})
        return None if row is None else dataclasses.replace(from_json(row.doc, Bag), version=row.version)

    def put(self, bag: Bag) -> Bag:
        """Insert (version 0) or replace (version read); returns it with the next version. Raises Stale."""
        stored = dataclasses.replace(bag, version=bag.version + 1)
        row = _bag_row(stored)
        if bag.version == 0:
            done = self._sql.insert_new(_TABLE, row)
        else:
            done = self._sql.run(_UPDATE, {**row, "of_number": bag.number, "read": bag.version}) > 0
        if not done:
            raise Stale("read the bag again and repeat the change", subject=bag.number)
        self._sql.run(_FORGET_ITEMS, {"of_number": bag.number})
        lines = [(line.seq, line.item) for line in stored.lines if line.item is not None]
        self._sql.insert_all(bag_item, [{"bag": bag.number, "seq": seq, "item_id": item} for seq, item in lines])
        return stored

    def put_manifest(self, manifest: HandoverManifest) -> None:
        """Insert a revision; a signed revision is never replaced (raises Stale).

        Between the two signatures the other half may still be filled in: what one side signed stays as it is.
        """
        self._sql.lock("manifest", manifest.number)
        known = self._sql.scalar(_REVISION, {"of_number": manifest.number, "of_revision": manifest.revision})
        if known is not None and not _may_replace(from_json(known, HandoverManifest), manifest):
            raise Stale("this revision is signed; make a new one", subject=f"{manifest.number}/{manifest.revision}")
        row = {
            "number": manifest.number,
            "revision": manifest.revision,
            "bag": manifest.bag,
            "giver_unit": manifest.giver.unit,
            "taker_unit": manifest.taker.unit,
            "doc": to_json(manifest),
        }
        self._sql.put(_MANIFEST, row)
        newest = self.manifest(manifest.number)
        if newest is not None and newest.revision == manifest.revision:
            self._sql.run(_FORGET_LINES, {"of_number": manifest.number})
            self._sql.insert_all(manifest_line, _line_rows(manifest))

    def manifest(self, number: str) -> HandoverManifest | None:
        """The newest revision."""
        doc = self._sql.scalar(_NEWEST, {"of_number": number})
        return None if doc is None else from_json(doc, HandoverManifest)

    def stays(self, items: Sequence[ItemId]) -> tuple[tuple[ItemId, Stay], ...]:
        """The bags that these items are or were in."""
        found = []
        for row in self._sql.rows_in(_STAYS, items):
            held = dataclasses.replace(from_json(row.doc, Bag), version=row.version)
            line = next(line for line in held.lines if line.seq == row.seq)
            found.append((ItemId(row.item_id), Stay(held, line)))
        return tuple(found)

    def manifest_of(self, bag: BagNumber) -> HandoverManifest | None:
        """The newest revision of the manifest that hands the bag over."""
        number = self._sql.scalar(_OF_BAG, {"of_bag": bag})
        return None if number is None else self.manifest(number)

    def listing(self, dossiers: Sequence[DossierId], items: Sequence[ItemId]) -> tuple[HandoverManifest, ...]:
        """Newest revisions of the manifests that list one of the dossiers or items, by number."""
        numbers = {row.manifest for row in self._sql.rows_in(_LISTING_ITEMS, items)}
        numbers |= {row.manifest for row in self._sql.rows_in(_LISTING_DOSSIERS, dossiers)}
        found = (self.manifest(number) for number in sorted(numbers))
        return tuple(one for one in found if one is not None)

    def put_dispatch(self, dispatch: Dispatch) -> None:
        """Insert or replace by number."""
        self._sql.put(_DISPATCH, {"number": dispatch.number, "doc": to_json(dispatch)})


_TABLE: Final = bag
_MANIFEST: Final = manifest
_DISPATCH: Final = dispatch


def _bag_row(bag: Bag) -> dict[str, Any]:
    return {
        "number": bag.number,
        "version": bag.version,
        "origin": bag.origin,
        "target": bag.target,
        "closed_at": bag.closed_at,
        "opened_at": bag.opened_at,
        "doc": to_json(bag),
    }


def _line_rows(manifest: HandoverManifest) -> list[dict[str, Any]]:
    released = _signed(manifest.giver) and not _signed(manifest.taker)
    return [
        {
            "manifest": manifest.number,
            "line": place,
            "item_id": line.item,
            "dossier_id": line.dossier,
            "released": released,
        }
        for place, line in enumerate(manifest.lines, 1)
    ]


def _signed(party: ManifestParty) -> bool:
    return party.signed_at is not None


def _may_replace(known: HandoverManifest, new: HandoverManifest) -> bool:
    if known == new or not (_signed(known.giver) or _signed(known.taker)):
        return True
    if _signed(known.giver):
        return not _signed(known.taker) and _givers_half(known) == _givers_half(new)
    return _takers_half(known) == _takers_half(new)


def _givers_half(manifest: HandoverManifest) -> tuple[object, ...]:
    lines = tuple((line.item, line.number, line.dossier, line.giver_says) for line in manifest.lines if line.giver_says)
    return (manifest.bag, manifest.giver, lines, manifest.seal_declared)


def _takers_half(manifest: HandoverManifest) -> tuple[object, ...]:
    lines = tuple((line.number, line.taker_says) for line in manifest.lines if line.taker_says)
    return (manifest.taker, lines, manifest.seal_found, manifest.weight_g)
