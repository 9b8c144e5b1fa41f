import datetime as dt

from gateway.catalogue.succession import heirs
from schemas.ids import UnitId
from schemas.organisation import Succession

A, B, C, D = (UnitId(name) for name in "abcd")
FIRST, SECOND = dt.date(2025, 1, 1), dt.date(2025, 7, 1)


def moved(old: UnitId, new: UnitId, on: dt.date, *, part: bool = False) -> Succession:
    return Succession(old, new, on, part, "NQ 1")


def test_successions_are_chained_and_dated() -> None:
    chain = [moved(B, C, SECOND), moved(A, B, FIRST)]
    assert heirs(A, chain, dt.date(2024, 12, 31)).sure == A
    assert heirs(A, chain, dt.date(2025, 6, 30)).sure == B
    after = heirs(A, chain, SECOND)
    assert (after.sure, after.way) == (C, (chain[1], chain[0]))


def test_several_units_merge_into_one() -> None:
    merger = [moved(A, C, SECOND), moved(B, C, SECOND)]
    assert heirs(A, merger, SECOND).sure == heirs(B, merger, SECOND).sure == C


def test_a_part_is_never_guessed() -> None:
    split = [moved(A, B, SECOND, part=True)]
    found = heirs(A, split, SECOND)
    assert (found.sure, found.undecided) == (None, (A, B))
    both = [moved(A, B, SECOND, part=True), moved(A, C, SECOND)]
    assert heirs(A, both, SECOND).undecided == (B, C)


def test_parts_that_end_in_the_same_unit_are_sure_again() -> None:
    way = [moved(A, B, FIRST, part=True), moved(A, C, FIRST), moved(B, D, SECOND), moved(C, D, SECOND)]
    assert heirs(A, way, SECOND).sure == D


def test_a_name_that_comes_back_later_is_another_succession() -> None:
    there_and_back = [moved(A, B, FIRST), moved(B, A, SECOND)]
    assert heirs(A, there_and_back, SECOND).sure == A
