"""What a carrier bills and what was agreed with it: invoice lines, tariffs, corridors, service profiles.

Days are inclusive on both ends. Money is whole đồng, weights are grams (domain model §2; rules D-13, D-37, D-38, D-42).
"""

import dataclasses
import datetime as dt

from schemas.ids import CarrierId, Sha256


@dataclasses.dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line of a carrier's invoice or report, as told; what the carrier does not tell is None.

    Key: (carrier, invoice, line). A line that was told again replaces the first.
    """

    carrier: CarrierId
    invoice: str
    """The carrier's number of the invoice, or of the report where it gives none."""
    line: int
    """Place in the invoice, from 1."""
    since: dt.date
    until: dt.date
    """The period that the invoice bills."""
    number: str
    """Item number as told; :func:`schemas.numbers.s10.compact` where it is one."""
    service: str
    taken_on: dt.date | None
    """The day the carrier says it took the item; None: somewhere in the period."""
    weight_g: int | None
    zone: str
    fee: int | None
    cod_collected: int | None
    cod_remitted: int | None
    remitted_on: dt.date | None
    raw_sha256: Sha256


@dataclasses.dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice as its lines name it."""

    carrier: CarrierId
    number: str
    since: dt.date
    until: dt.date


@dataclasses.dataclass(frozen=True, slots=True)
class TariffStep:
    """The fee of an item of at most ``up_to_g`` grams; None: of any weight."""

    up_to_g: int | None
    fee: int


@dataclasses.dataclass(frozen=True, slots=True)
class Tariff:
    """What a carrier may ask for a service into a zone, by weight. Steps stand in rising order."""

    carrier: CarrierId
    service: str
    zone: str
    steps: tuple[TariffStep, ...]
    valid_from: dt.date
    valid_to: dt.date | None

    def fee_of(self, weight_g: int | None) -> int | None:
        """The fee agreed for this weight; None where no step holds it, or where the weight is not known."""
        for step in self.steps:
            if step.up_to_g is None or (weight_g is not None and weight_g <= step.up_to_g):
                return step.fee
        return None


@dataclasses.dataclass(frozen=True, slots=True)
class Corridor:
    """The offices by which a carrier may lead an item from one office to another, both ends included (D-13)."""

    carrier: CarrierId
    origin: str
    target: str
    offices: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date | None


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceProfile:
    """Which personal data a carrier may send us with a service (D-42).

    ``allowed`` holds names of :data:`PERSONAL_FIELDS`; a field that is not there must not come.
    """

    carrier: CarrierId
    service: str
    allowed: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date | None


PERSONAL_FIELDS = (
    "recipient.relation",
    "recipient.name",
    "evidence.signature",
    "evidence.photo",
    "evidence.scan",
    "text.identity_number",
    "text.phone",
)
"""Where an event can hold data of a person: what the recipient is and is called, kinds of proof, free text."""


@dataclasses.dataclass(frozen=True, slots=True)
class ReportRun:
    """A carrier's report that was compared with our items: what it came to, and where the result is."""

    id: str
    carrier: CarrierId
    file: str
    """Name of the file as it was given, without its folder."""
    file_sha256: Sha256
    result_sha256: Sha256
    """Of the CSV with one line for each row and each item that the report lacks; a blob."""
    at: dt.datetime
    by: str
    rows: int
    counts: tuple[tuple[str, int], ...]
    """(verdict, how many)."""
    unreadable: int
