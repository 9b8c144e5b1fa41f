"""Rows of the hash-chained audit log: who did what to which object, and the digest that binds it to the row before."""

import dataclasses
import datetime as dt

from schemas.ids import Sha256, UnitId


@dataclasses.dataclass(frozen=True, slots=True)
class Act:
    """Something to be written down in the same transaction as the change itself. No identity numbers in ``detail``."""

    at: dt.datetime
    who: str
    """``user:<name>``, ``key:<name>``, ``peer:<id>`` or ``system``."""
    act: str
    object_kind: str
    object_key: str
    unit: UnitId | None
    detail: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class AuditRow:
    """A stored act: ``digest`` = SHA-256(previous digest ‖ canonical JSON of the act and its number)."""

    seq: int
    act: Act
    previous: Sha256
    digest: Sha256
