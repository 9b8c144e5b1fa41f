"""Which finding speaks for which: the graver one for the milder, the feed for its items, one event for two rules. Pure.

Four ways, all of them data on the rule classes (docs/adr/0100):

- ``silenced_by``: a rule that says more about this subject speaks, this one does not.
- ``escalates``: the same cause grown graver is the same case under another name; its milder finding is dropped.
- ``held_by``: while a feed is young in its silence, what it would have told opens no case: one parent, not ten thousand
  children. Cases that were open before stay.
- ``parents``: an open case of a feed, of an item inside the dossier, or of the same event explains this one.

A rule in shadow is not shown, so it neither silences nor explains what is shown.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence

from schemas.discrepancy import Discrepancy, DiscrepancyState, Finding, Subject
from schemas.ids import DiscrepancyId
from tracking.rules import feeds
from tracking.rules.catalogue import BY_ID

HOLD = dt.timedelta(hours=72)
"""A feed that is silent longer than this holds nothing back: the paper must then be looked for in other ways."""


def root_of(rule: str) -> str:
    """The mildest rule of its line of escalation: the one that names the case."""
    while BY_ID[rule].escalates:
        rule = BY_ID[rule].escalates
    return rule


def line_of(rule: str) -> tuple[str, ...]:
    """The rule and the milder ones that it continues."""
    line = [rule]
    while BY_ID[line[-1]].escalates:
        line.append(BY_ID[line[-1]].escalates)
    return tuple(line)


def audible(said: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings of one subject, without those that a graver one silences or continues."""
    loud = {finding.rule for finding in said if not BY_ID[finding.rule].shadow}
    grown = {(milder, finding.epoch) for finding in said for milder in _milder(finding)}
    return tuple(
        finding
        for finding in said
        if not loud.intersection(BY_ID[finding.rule].silenced_by) and (finding.rule, finding.epoch) not in grown
    )


def asks(rules: Iterable[str], kind: Subject) -> bool:
    """Whether a case of a feed, or of an item inside a dossier, could speak for one of these; read only then."""
    return any(
        BY_ID[other].subject is kind
        for rule in rules
        for other in (*BY_ID[rule].parents, *BY_ID[rule].held_by)
        if other in BY_ID
    )


def not_held(
    found: Sequence[Finding],
    standing: Collection[DiscrepancyId],
    names: Sequence[DiscrepancyId],
    silent: Iterable[Discrepancy],
    now: dt.datetime,
) -> tuple[Finding, ...]:
    """Findings that may open or keep a case.

    Args:
        found: what the rules say of the subject.
        standing: ids of its cases that are open.
        names: the ids of the cases of ``found``, in its order.
        silent: cases of the feeds that should tell of the subject.
        now: present time.
    """
    holding = {case.rule for case in silent if _holds(case, now)}
    return tuple(
        finding
        for finding, name in zip(found, names, strict=True)
        if name in standing or not holding.intersection(BY_ID[finding.rule].held_by)
    )


def parent_of(
    case: Discrepancy, siblings: Iterable[Discrepancy], around: Iterable[Discrepancy]
) -> DiscrepancyId | None:
    """The open case that explains this one.

    Args:
        case: an open case.
        siblings: cases of the same subject; one of them explains only where it stands on the same event.
        around: cases of the feeds that should tell of the subject, and of the items inside a dossier.
    """
    explaining = BY_ID[case.rule].parents if case.rule in BY_ID else ()
    if not explaining:
        return None
    shown = [other for other in around if other.rule in explaining and _open(other)]
    same = [other for other in siblings if other.rule in explaining and _open(other) and _shares(other, case)]
    same.sort(key=lambda other: explaining.index(other.rule))
    return next((other.id for other in (*shown, *same)), None)


def _milder(finding: Finding) -> tuple[str, ...]:
    return () if BY_ID[finding.rule].shadow else line_of(finding.rule)[1:]


def _holds(case: Discrepancy, now: dt.datetime) -> bool:
    since = case.reopened_at or case.opened_at
    return _open(case) and feeds.leaves_in_the_dark(case.epoch) and now - since < HOLD


def _open(case: Discrepancy) -> bool:
    return case.state is not DiscrepancyState.RESOLVED and not case.shadow


def _shares(one: Discrepancy, other: Discrepancy) -> bool:
    """The two cases stand on the same event."""
    keys = {proof.key for proof in one.evidence if proof.kind == "event"}
    return any(proof.kind == "event" and proof.key in keys for proof in other.evidence)
