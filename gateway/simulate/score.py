"""Compares the cases in the store with the truth beside it: recall, precision and time to detect, type by type.

A planted fault is found when a case of its type, or of a type that its own case grows into (D-01 → D-08, D-09 → D-10),
stands or stood on one of its subjects. A case is right when its type was planted on its subject or holds there by its
own definition (``entails``), or when its parent is right: children count with their parent. Every other case is a false
alarm, even if it closed by itself. Types of rules in shadow are measured apart.
"""

import dataclasses
import datetime as dt
import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.simulate.truth import Entry, Kind
from schemas.discrepancy import Discrepancy, Subject
from schemas.errors import NotFound
from schemas.ids import DossierId, ItemId
from schemas.ports.stores import Tx
from tracking.rules.catalogue import BY_ID

GROWS_INTO: Final = {"D-01": "D-08", "D-09": "D-10"}
"""Escalations of domain model §4: one case each."""
CASES: Final = 1_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class Named:
    """A case with its subject named as the truth names it."""

    case: Discrepancy
    subject: tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Alarm:
    """A case that the truth knows nothing of."""

    rule: str
    subject: str
    plot: str
    opened_at: dt.datetime
    says: str


@dataclasses.dataclass(frozen=True, slots=True)
class TypeScore:
    """How well one type was found. ``recall`` None: nothing was planted; ``precision`` None: nothing was said."""

    planted: int
    found: int
    right: int
    wrong: int
    mimics: int
    fooled: int
    """Look-alikes of this type on which this type was raised."""
    recall: float | None
    precision: float | None
    hours_p50: float | None
    """From the fault to the case."""
    hours_p95: float | None
    state: str
    """``rule``, ``shadow`` or ``no rule``."""


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """The whole comparison; overall figures leave out shadow rules and types without a rule."""

    recall: float | None
    precision: float | None
    types: dict[str, TypeScore]
    false_alarms: tuple[Alarm, ...]
    missed: tuple[str, ...]


def named_cases(tx: Tx) -> tuple[Named, ...]:
    """All cases of the store, also closed ones, each with its subject's name."""
    return tuple(
        Named(case, (case.subject_kind.value, _name(tx, case)))
        for case in sorted(tx.discrepancies.list(limit=CASES), key=lambda case: (case.opened_at, case.id))
    )


def score(truth: Sequence[Entry], cases: Sequence[Named]) -> Score:
    """Compare; pure."""
    book = _Book(truth, cases)
    rules = sorted({entry.rule for entry in truth if entry.rule} | {one.case.rule for one in cases})
    types = {rule: book.type_score(rule) for rule in rules}
    counted = [found for found in types.values() if found.state == "rule"]
    planted, found = sum(one.planted for one in counted), sum(one.found for one in counted)
    right, wrong = sum(one.right for one in counted), sum(one.wrong for one in counted)
    return Score(
        recall=_share(found, planted),
        precision=_share(right, right + wrong),
        types=types,
        false_alarms=tuple(book.alarms()),
        missed=tuple(book.missed()),
    )


class _Book:
    """Truth and cases, indexed by subject."""

    def __init__(self, truth: Sequence[Entry], cases: Sequence[Named]) -> None:
        self.truth = truth
        self.cases = cases
        self.plots: dict[tuple[str, str], list[Entry]] = {}
        for entry in truth:
            for subject in entry.subjects:
                self.plots.setdefault(subject, []).append(entry)
        self.of: dict[tuple[str, str], list[Named]] = {}
        for one in cases:
            self.of.setdefault(one.subject, []).append(one)
        self.by_id = {one.case.id: one for one in cases}
        self.wrong = [one for one in cases if not self._right(one)]

    def type_score(self, rule: str) -> TypeScore:
        """One line of the table."""
        planted = [entry for entry in self.truth if entry.rule == rule and entry.kind is Kind.FAULT]
        mimics = [entry for entry in self.truth if entry.rule == rule and entry.kind is Kind.MIMIC]
        found = [hours for entry in planted if (hours := self._hours(entry)) is not None]
        wrong = sum(one.case.rule == rule for one in self.wrong)
        right = sum(one.case.rule == rule for one in self.cases) - wrong
        wrong_subjects = {one.subject for one in self.wrong if one.case.rule == rule}
        return TypeScore(
            planted=len(planted),
            found=len(found),
            right=right,
            wrong=wrong,
            mimics=len(mimics),
            fooled=sum(not wrong_subjects.isdisjoint(entry.subjects) for entry in mimics),
            recall=_share(len(found), len(planted)),
            precision=_share(right, right + wrong),
            hours_p50=round(statistics.median(found), 1) if found else None,
            hours_p95=round(sorted(found)[max(0, math.ceil(0.95 * len(found)) - 1)], 1) if found else None,
            state="no rule" if rule not in BY_ID else "shadow" if BY_ID[rule].shadow else "rule",
        )

    def alarms(self) -> Iterable[Alarm]:
        """Every false alarm, in the order of time."""
        for one in self.wrong:
            plots = [entry.plot for entry in self.plots.get(one.subject, ())]
            says = one.case.evidence[0].says if one.case.evidence else ""
            yield Alarm(
                one.case.rule, one.subject[1], ", ".join(plots) or "outside of all plots", one.case.opened_at, says
            )

    def missed(self) -> Iterable[str]:
        """Every planted fault that no case names."""
        for entry in self.truth:
            if entry.kind is Kind.FAULT and self._hours(entry) is None:
                yield f"{entry.plot}: {entry.why}"

    def _hours(self, entry: Entry) -> float | None:
        """Hours from the fault to its first case, 0 where a softer case had foreseen it; None where there is none."""
        types = {entry.rule, GROWS_INTO.get(entry.rule)}
        opened = [
            one.case.opened_at
            for subject in entry.subjects
            for one in self.of.get(subject, ())
            if one.case.rule in types and _within(entry, one.case)
        ]
        return max(0.0, (min(opened) - entry.since).total_seconds() / 3600) if opened else None

    def _right(self, one: Named) -> bool:
        for entry in self.plots.get(one.subject, ()):
            holds = {*entry.entails, *({entry.rule, GROWS_INTO.get(entry.rule)} if entry.kind is Kind.FAULT else ())}
            if one.case.rule in holds and _within(entry, one.case):
                return True
        parent = self.by_id.get(one.case.parent) if one.case.parent is not None else None
        return parent is not None and parent is not one and self._right(parent)


def _within(entry: Entry, case: Discrepancy) -> bool:
    """A fault that was mended ends its claim: outages of one feed follow one another."""
    return entry.until is None or entry.since <= case.opened_at <= entry.until


def _name(tx: Tx, case: Discrepancy) -> str:
    try:
        if case.subject_kind is Subject.DOSSIER:
            return tx.dossiers.get(DossierId(int(case.subject))).code
        if case.subject_kind is Subject.ITEM:
            item = tx.items.get(ItemId(int(case.subject)))
            return item.number or item.reference or case.subject
        if case.subject_kind is Subject.INVOICE:
            return case.subject.rpartition("|")[2]
    except (NotFound, ValueError):
        return case.subject
    return case.subject


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
