"""SQL nominates a superset: over stores in which anything may stand, no rule speaks of somebody it did not name.

The tests ask the catalogue, so a rule that joins it tomorrow is under them without another line here; one without a
query of its own fails `test_every_rule_has_a_query`.
"""

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.storage.database import Database
from schemas.discrepancy import Subject
from schemas.limits import RuleLimit, Span
from schemas.ports.stores import Tx
from tests.contract.stores.scattered import OFFICES, Scatter
from tests.unit.tracking.build import CARRIER
from tracking import reading, sweep
from tracking.rules.catalogue import BAG_RULES, DOSSIER_RULES, ITEM_RULES
from tracking.rules.context import Context
from tracking.rules.rule import AT_ONCE, Rule

QUIET: dict[str, str] = {}
"""Rules that scattered stores do not set off, and why that is so."""
STORES = 150
RULES: tuple[Rule[Any], ...] = (*ITEM_RULES, *DOSSIER_RULES, *BAG_RULES)


class Forgotten(Exception):
    """Ends a transaction whose rows nobody needs any more."""


def some_limits(chance: random.Random) -> list[RuleLimit]:
    """What a house may have set: for a third of the rules that wait, of all or of one carrier, shorter or longer."""
    waiting = [rule.id for rule in RULES if rule.limits != AT_ONCE]

    def span() -> Span:
        return Span(chance.choice((0.0, 0.5, 3.0, 30.0, 300.0)), working=chance.random() < 0.5)

    return [
        RuleLimit(rule, span(), span(), chance.choice((None, CARRIER))) for rule in waiting if chance.random() < 0.34
    ]


async def inside(database: Database, look: Callable[[Tx, Context], None], chance: random.Random) -> None:
    """Fill a store, look at it, forget it."""

    def transact(tx: Tx) -> None:
        now = Scatter(chance).store(tx)
        tx.trade.put_limits(some_limits(chance))
        places = dict(zip(OFFICES, ((22.3, 103.9), (22.4, 104.0), (21.0, 105.8)), strict=True))
        look(tx, dataclasses.replace(reading.load_context(tx, now), places=places))
        raise Forgotten

    with pytest.raises(Forgotten):
        await database.write(transact)


def said(tx: Tx, context: Context) -> Iterator[tuple[Rule[Any], str]]:
    """Everything that any rule says of anybody: (rule, subject)."""
    work = sweep.everything(tx)
    views: list[tuple[tuple[Rule[Any], ...], Any]] = [
        *((ITEM_RULES, view) for view in reading.item_views(tx, work.items)),
        *((DOSSIER_RULES, view) for view in reading.dossier_views(tx, work.dossiers)),
        *((BAG_RULES, reading.bag_view(tx, bag)) for bag in work.bags),
    ]
    for rules, view in views:
        for rule in rules:
            for finding in rule.findings(view, context):
                yield rule, finding.subject


def named(tx: Tx, rule: Rule[Any], context: Context) -> set[str]:
    """Whom SQL nominates for the rule."""
    waited = rule.shortest(context)
    if rule.subject is Subject.BAG:
        return set(tx.nominations.bags(rule.id, now=context.now, waited=waited))
    rows = tx.nominations.rows(rule.id, rule.subject, now=context.now, waited=waited, offices=tuple(context.places))
    return {str(row) for row in rows}


def nobody_is_missed(tx: Tx, context: Context) -> None:
    names: dict[str, set[str]] = {}
    for rule, subject in said(tx, context):
        if rule.id not in names:
            names[rule.id] = named(tx, rule, context)
        assert subject in names[rule.id], f"{rule.id} speaks of {rule.subject} {subject}, whom SQL does not name"


def the_pass_says_it_all(tx: Tx, context: Context) -> None:
    whole = set(sweep.judge(tx, sweep.everything(tx), (), context))
    assert set(sweep.judge(tx, sweep.nominated(tx, context), (), context)) == whole


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
async def test_nomination_misses_nobody(database: Database, chance: random.Random) -> None:
    await inside(database, nobody_is_missed, chance)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chance=st.randoms(use_true_random=False))
async def test_a_pass_over_the_nominated_says_what_a_pass_over_everybody_says(
    database: Database, chance: random.Random
) -> None:
    await inside(database, the_pass_says_it_all, chance)


async def test_every_rule_has_a_query(database: Database) -> None:
    rules = [rule.id for rule in RULES]
    assert [one for one in rules if not await database.read(lambda tx, one=one: tx.nominations.known(one))] == []  # type: ignore[misc]  # bound now


async def test_scattered_stores_set_off_every_rule(sqlite_database: Database) -> None:
    """Without this the two properties could hold because nothing ever happens."""
    loud: set[str] = set()

    def listen(tx: Tx, context: Context) -> None:
        loud.update(rule.id for rule, _ in said(tx, context))
        nobody_is_missed(tx, context)

    for seed in range(STORES):
        await inside(sqlite_database, listen, random.Random(seed))
    rules = {rule.id for rule in RULES}
    assert rules - loud == set(QUIET), "these never spoke; teach the scatter, or say in QUIET why not"
