"""What one side says of a hand-over, put together with what the other side said: manifest, bag, and where they differ.

Pure. A manifest is final with two signatures; whoever signs first, the other half is filled in later. A revision that
this side has signed stays as it is.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Final

from schemas.bag import Bag, BagLine, HandoverManifest, ManifestLine, ManifestParty, Seal
from schemas.ids import BagNumber, DossierId, ItemId, Sha256, UnitId

_GIVEN: Final = frozenset({"present", "damaged", "wrong_destination"})
_FOUND: Final = frozenset({"present", "extra", "damaged", "wrong_destination"})
_WORDS: Final = {
    "missing": "Bên giao kê có, bên nhận không thấy.",
    "extra": "Bên nhận thấy, bên giao không kê.",
    "damaged": "Bên nhận thấy bị hư hỏng.",
    "wrong_destination": "Bên nhận thấy sai nơi đến.",
}


class Strangers(Exception):
    """The manifest is between two other offices."""


class Settled(Exception):
    """This side has signed this revision, or the manifest is at a later one."""


@dataclasses.dataclass(frozen=True, slots=True)
class StatedLine:
    """One line; ``outcome`` in lower case as :class:`schemas.bag.ManifestLine` keeps it."""

    number: str
    item: ItemId | None
    dossier: DossierId | None
    outcome: str
    sheets: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class Statement:
    """One side's word. ``giving``: it is the giver's."""

    number: str
    revision: int
    giving: bool
    unit: UnitId
    counterparty: UnitId
    bag: BagNumber | None
    seal_declared: str | None
    seal_found: str | None
    weight_g: int | None
    at: dt.datetime
    by: str
    expected: int
    found: int
    lines: tuple[StatedLine, ...]
    digest: Sha256

    @property
    def party(self) -> ManifestParty:
        """The side that speaks, signed."""
        return ManifestParty(self.unit, self.by, self.at, self.digest)

    @property
    def counted(self) -> int:
        """Lines that say something is there."""
        return sum(line.outcome in (_GIVEN if self.giving else _FOUND) for line in self.lines)


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """Where the two sides differ, or one side with itself."""

    kind: str
    number: str | None
    message: str


def joined(known: HandoverManifest | None, said: Statement) -> HandoverManifest:
    """The manifest with this side's half filled in. Raises Strangers and Settled."""
    giver, taker = (said.unit, said.counterparty) if said.giving else (said.counterparty, said.unit)
    if known is not None and (known.giver.unit, known.taker.unit) != (giver, taker):
        raise Strangers
    if known is None or said.revision > known.revision:
        known = _blank(said, giver, taker)
    mine = known.giver if said.giving else known.taker
    if said.revision < known.revision or mine.signed_at is not None:
        raise Settled
    changes = _of_giver(known, said) if said.giving else _of_taker(known, said)
    return dataclasses.replace(known, bag=known.bag or said.bag, lines=tuple(_lines(known, said)), **changes)  # type: ignore[arg-type]  # fields by name


def _blank(said: Statement, giver: UnitId, taker: UnitId) -> HandoverManifest:
    nobody = [ManifestParty(unit, "", None, None) for unit in (giver, taker)]
    return HandoverManifest(said.number, said.revision, said.bag, nobody[0], nobody[1], (), None, None, None)


def _of_giver(known: HandoverManifest, said: Statement) -> dict[str, object]:
    return {"giver": said.party, "seal_declared": said.seal_declared or known.seal_declared}


def _of_taker(known: HandoverManifest, said: Statement) -> dict[str, object]:
    signed = known.giver.signed_at is not None  # what the giver signed stays as it is
    declared = known.seal_declared if signed else said.seal_declared
    found = said.seal_found or known.seal_found
    return {"taker": said.party, "seal_declared": declared, "seal_found": found, "weight_g": said.weight_g}


def _lines(known: HandoverManifest, said: Statement) -> Iterator[ManifestLine]:
    told = {line.number: line for line in said.lines}
    for line in known.lines:
        mine = told.pop(line.number, None)
        yield line if mine is None else _said(line, mine, giving=said.giving)
    for mine in told.values():
        yield _said(ManifestLine(mine.item, mine.number, mine.dossier, "", None, mine.sheets), mine, giving=said.giving)


def _said(line: ManifestLine, mine: StatedLine, *, giving: bool) -> ManifestLine:
    if giving:
        return ManifestLine(
            mine.item or line.item,
            line.number,
            mine.dossier or line.dossier,
            mine.outcome,
            line.taker_says,
            mine.sheets,
        )
    # Item and dossier are part of what the giver signed, where it listed the line.
    return dataclasses.replace(line, taker_says=mine.outcome)


def bag_after(known: Bag | None, said: Statement, number: BagNumber) -> Bag:
    """The bag as this side's statement leaves it: closed by the giver, opened by the taker; what is known stays."""
    ways = (said.unit, said.counterparty) if said.giving else (said.counterparty, said.unit)
    bag = known or Bag(number, 0, ways[0], ways[1], (), None, None, None, None, (), None)
    bag = dataclasses.replace(bag, manifest=said.number, lines=tuple(_bag_lines(bag, said)))
    if said.giving:
        worn = said.seal_declared is None or said.seal_declared in {seal.number for seal in bag.seals}
        seals = bag.seals if worn else (*bag.seals, Seal(said.seal_declared or "", said.at, None, said.by))
        weight = said.weight_g if bag.weight_out_g is None else bag.weight_out_g
        return dataclasses.replace(bag, seals=seals, closed_at=bag.closed_at or said.at, weight_out_g=weight)
    weight = said.weight_g if bag.weight_in_g is None else bag.weight_in_g
    return dataclasses.replace(bag, opened_at=bag.opened_at or said.at, weight_in_g=weight)


def _bag_lines(bag: Bag, said: Statement) -> Iterator[BagLine]:
    there = {line.number: line for line in said.lines if line.outcome in (_GIVEN if said.giving else _FOUND)}
    last = 0
    for line in bag.lines:
        mine, last = there.pop(line.number, None), max(last, line.seq)
        yield line if mine is None else _moved(line, mine, said)
    for seq, mine in enumerate(there.values(), last + 1):
        yield _moved(BagLine(seq, mine.item, mine.number, None, None), mine, said)


def _moved(line: BagLine, mine: StatedLine, said: Statement) -> BagLine:
    item = line.item or mine.item
    if said.giving:
        return dataclasses.replace(line, item=item, put_in_at=line.put_in_at or said.at)
    return dataclasses.replace(line, item=item, taken_out_at=line.taken_out_at or said.at)


def differences(manifest: HandoverManifest, said: Statement) -> tuple[Difference, ...]:
    """Where this side's count contradicts its own lines; and, with both signatures, where the two sides differ."""
    found = []
    if said.found != said.counted:
        told = f"Khai {said.found} bưu gửi nhưng kê {said.counted}."
        found.append(Difference("COUNT", None, told))
    if signed(manifest):
        found += [Difference(kind.upper(), number, _WORDS[kind]) for kind, number in _odd(manifest)]
        if manifest.seal_declared and manifest.seal_found and manifest.seal_declared != manifest.seal_found:
            told = f"Niêm phong khai {manifest.seal_declared}, thấy {manifest.seal_found}."
            found.append(Difference("SEAL", None, told))
    return tuple(found)


def signed(manifest: HandoverManifest) -> bool:
    """Whether both sides have signed."""
    return manifest.giver.signed_at is not None and manifest.taker.signed_at is not None


def _odd(manifest: HandoverManifest) -> Iterator[tuple[str, str]]:
    for line in manifest.lines:
        given, there = line.giver_says in _GIVEN, line.taker_says in _FOUND
        if given and not there:
            yield "missing", line.number
        elif there and not given:
            yield "extra", line.number
        elif line.taker_says in ("damaged", "wrong_destination"):
            yield line.taker_says, line.number
