"""Units and their names, codes and succession; procedures and their versions; agreements.

Nothing is renamed in place: names, codes and parents are dated rows (product facts §4.1).
"""

import dataclasses
import datetime as dt
import enum

from schemas.calendar import Term
from schemas.ids import CarrierId, ProcedureCode, UnitId


class UnitKind(enum.StrEnum):
    """What a unit is; post and government are two trees."""

    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
    DEPARTMENT = "department"
    RECEPTION_POINT = "reception_point"
    POST_OFFICE = "post_office"


class Tree(enum.StrEnum):
    """The two organisation trees; they change on different dates."""

    GOVERNMENT = "government"
    POST = "post"


@dataclasses.dataclass(frozen=True, slots=True)
class UnitCode:
    """A code by which somebody else knows the unit."""

    scheme: str
    """``qcvn102``, ``qd20``, ``gso``, ``post`` or ``peer:<peer id>``."""
    code: str
    valid_from: dt.date
    valid_to: dt.date | None


@dataclasses.dataclass(frozen=True, slots=True)
class Unit:
    """An office or post unit as it is at one date."""

    id: UnitId
    kind: UnitKind
    tree: Tree
    name: str
    parent: UnitId | None
    address: str
    phone: str
    hotline: str
    codes: tuple[UnitCode, ...]
    valid_from: dt.date
    valid_to: dt.date | None


@dataclasses.dataclass(frozen=True, slots=True)
class Succession:
    """From ``on`` the work of ``old`` goes to ``new``; ``part`` needs an address to decide and is never guessed."""

    old: UnitId
    new: UnitId
    on: dt.date
    part: bool
    document_no: str


class SupplementClock(enum.StrEnum):
    """What the processing clock does when a supplement arrives; per procedure version (domain model §1.12)."""

    PAUSE = "pause"
    RESTART = "restart"


@dataclasses.dataclass(frozen=True, slots=True)
class ComponentKind:
    """A paper that the procedure asks for."""

    no: int
    name: str
    kind: str
    """``original``, ``copy`` or ``electronic``."""
    copies: int
    required: bool


@dataclasses.dataclass(frozen=True, slots=True)
class ProcedureVersion:
    """A procedure as it is in force from ``valid_from``; a dossier keeps the version of its receipt day."""

    code: ProcedureCode
    version: int
    name: str
    field_code: str
    field_name: str
    competent: UnitId | None
    """None: the receiving unit decides itself."""
    term: Term
    fee: int
    supplement_clock: SupplementClock
    components: tuple[ComponentKind, ...]
    valid_from: dt.date
    valid_to: dt.date | None
    legs: tuple[Term, ...] = ()
    """Of an inter-level procedure: what each unit on the way may use of the term, first unit first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """What a post unit may take in for a government unit, and with whose parcels."""

    government: UnitId
    post: UnitId
    carrier: CarrierId
    delegated: bool
    """The post may mint the dossier code from a leased block (``intake_mode = delegated``)."""
    procedures: tuple[ProcedureCode, ...]
    valid_from: dt.date
    valid_to: dt.date | None
