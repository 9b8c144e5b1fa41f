"""Who could be meant: the passes of matching that only suggest. Pure.

What the exact passes of :mod:`tracking.matching` leave is compared by number: one slip away (S10 numbers whose check
digit fits), and never by the number alone. Context must speak for it too: the same office within a day, the same
province, the same weight. Several slips may want the same item, so all are assigned together, for the greatest sum; a
pair whose loss would cost the sum little is *ambiguous*. Nothing here is ever done automatically: a wrong match hides
two losses, and the check digit lets 1.8 % of wrong digits pass (tracking facts §0.8).
"""

import dataclasses
import datetime as dt
import functools
from collections.abc import Iterable, Mapping, Sequence

from schemas.numbers import s10

DAY = dt.timedelta(days=1)
NEAR, OFFICE, PROVINCE, WEIGHT = 4, 3, 2, 1
"""What each agreement weighs; one slip and one piece of context are needed at least."""
LEAST = NEAR + PROVINCE
MARGIN = 2
"""By how much a pair must beat every assignment without it."""
MOST_TOGETHER = 12
"""Numbers that want the same items; more than these are all ambiguous, nobody could choose."""


@dataclasses.dataclass(frozen=True, slots=True)
class Clue:
    """What one side says of an item; empty and None say nothing."""

    key: int
    number: str
    at: dt.datetime | None = None
    office: str = ""
    province: str = ""
    weight_g: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Suggestion:
    """``told`` could be ``ours``; ``ambiguous`` where another one could be as well."""

    told: int
    ours: int
    score: int
    ambiguous: bool


def suggest(told: Sequence[Clue], ours: Sequence[Clue]) -> tuple[Suggestion, ...]:
    """The likeliest pairs, each ``told`` and each ``ours`` in one at most; ambiguous ones are marked."""
    scores = _scores(told, ours)
    found: list[Suggestion] = []
    for group in _groups(scores):
        found += _assigned(group, scores)
    return tuple(found)


def score(told: Clue, ours: Clue) -> int:
    """0 where the numbers are not one slip apart or nothing else agrees."""
    if ours.number not in s10.near_misses(told.number) and told.number not in s10.near_misses(ours.number):
        return 0
    days = told.at is not None and ours.at is not None and abs(told.at - ours.at) <= DAY
    total = NEAR
    total += OFFICE if days and told.office and told.office == ours.office else 0
    total += PROVINCE if days and told.province and told.province == ours.province else 0
    total += WEIGHT if told.weight_g is not None and told.weight_g == ours.weight_g else 0
    return total if total >= LEAST else 0


def _scores(told: Iterable[Clue], ours: Iterable[Clue]) -> dict[int, dict[int, int]]:
    """Only neighbours are compared: the slips of each number are looked up, not every pair."""
    by_number: dict[str, list[Clue]] = {}
    for one in ours:
        for name in (one.number, *s10.near_misses(one.number)):
            by_number.setdefault(name, []).append(one)
    scores: dict[int, dict[int, int]] = {}
    for clue in told:
        names = (clue.number, *s10.near_misses(clue.number))
        near = {one.key: one for name in names for one in by_number.get(name, ())}
        good = {key: worth for key, one in near.items() if (worth := score(clue, one))}
        if good:
            scores[clue.key] = good
    return scores


def _groups(scores: Mapping[int, Mapping[int, int]]) -> list[tuple[int, ...]]:
    """Those of ``told`` that want the same of ``ours``, directly or by others."""
    wanted: dict[int, list[int]] = {}
    for key, good in scores.items():
        for other in good:
            wanted.setdefault(other, []).append(key)
    groups, seen = [], set[int]()
    for key in scores:
        if key in seen:
            continue
        group, todo = [], [key]
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                group.append(one)
                todo += [near for other in scores[one] for near in wanted[other]]
        groups.append(tuple(group))
    return groups


def _assigned(group: tuple[int, ...], scores: Mapping[int, Mapping[int, int]]) -> list[Suggestion]:
    if len(group) > MOST_TOGETHER:
        likeliest = {key: max(scores[key], key=scores[key].__getitem__) for key in group}
        return [Suggestion(key, other, scores[key][other], ambiguous=True) for key, other in likeliest.items()]

    def best(without: tuple[int, int] | None) -> tuple[int, tuple[tuple[int, int], ...]]:
        @functools.cache
        def rest(n: int, used: frozenset[int]) -> tuple[int, tuple[tuple[int, int], ...]]:
            if n == len(group):
                return 0, ()
            chosen = rest(n + 1, used)
            for other, worth in scores[group[n]].items():
                if other in used or (group[n], other) == without:
                    continue
                total, pairs = rest(n + 1, used | {other})
                if total + worth > chosen[0]:
                    chosen = (total + worth, ((group[n], other), *pairs))
            return chosen

        return rest(0, frozenset())

    total, pairs = best(None)
    return [Suggestion(key, other, scores[key][other], total - best((key, other))[0] < MARGIN) for key, other in pairs]
