"""Numbers that are given out once and never again: dossier codes from leased blocks, item numbers from leased ranges.

The day's dossier numbers of an agency (0001–9999) are cut into blocks; a post unit that takes in for it leases a block
at a time, so that two counters never mint the same code, with or without a network (product facts §0.9).
"""

import datetime as dt

from schemas.errors import NumbersExhausted
from schemas.ids import DossierCode, UnitId
from schemas.numbers import dossier_code, s10
from schemas.ports.stores import Tx

BLOCK = 50
"""Codes in one block: a counter takes in about 40 dossiers a day (product facts §2.1)."""
_BLOCKS = 9_999 // BLOCK


def mint_code(tx: Tx, *, unit_code: str, leased_to: UnitId, handed_at: dt.datetime, now: dt.datetime) -> DossierCode:
    """The next code of ``leased_to``'s block for this agency and local day.

    Raises NumbersExhausted after 9,950 dossiers of one agency in a day.
    """
    day = dossier_code.local_day(handed_at)
    agency = f"dossier:{unit_code}:{day:%y%m%d}"
    counter = f"{agency}:{leased_to}"
    try:
        serial = tx.numbers.take(counter)
    except NumbersExhausted:
        _lease_block(tx, agency, counter, now)
        serial = tx.numbers.take(counter)
    return DossierCode(dossier_code.mint(unit_code, day, serial))


def _lease_block(tx: Tx, agency: str, counter: str, now: dt.datetime) -> None:
    tx.numbers.grant(f"{agency}:blocks", 0, _BLOCKS - 1, now=now)
    block = tx.numbers.take(f"{agency}:blocks")
    tx.numbers.grant(counter, block * BLOCK + 1, (block + 1) * BLOCK, now=now)


def lease_items(tx: Tx, unit: UnitId, service: str, first: int, last: int, *, now: dt.datetime) -> None:
    """Write down a range of S10 serials (eight digits) that the carrier leased to a post unit."""
    tx.numbers.grant(f"s10:{unit}:{service}", first, last, now=now)


def next_item_number(tx: Tx, unit: UnitId, service: str = "EE") -> str:
    """The next S10 number of the unit's range. Raises NumbersExhausted where nothing is leased or left."""
    return s10.mint(service, tx.numbers.take(f"s10:{unit}:{service}"))


def items_left(tx: Tx, unit: UnitId, service: str = "EE") -> int:
    """How many numbers are left of the unit's leased ranges."""
    return tx.numbers.left(f"s10:{unit}:{service}")
