"""ConfirmManifest: two sides sign one hand-over; the rules about bags and custody read what comes of it."""

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit import xml
from schemas.bag import Bag, HandoverManifest
from schemas.ids import BagNumber, UnitId
from schemas.numbers import s10
from schemas.organisation import Tree, Unit, UnitCode, UnitKind
from schemas.ports.message_stores import FeedState
from tests.flows.soap_house import (
    KNOWN,
    NOW,
    NS,
    PEER,
    Said,
    SoapHouse,
    envelope,
    item,
    key,
    rows,
    security,
    soap_house,
)
from tests.unit.tracking.build import calendar
from tracking import custody, reading
from tracking.rules.bags import BagCount, BagSwap, SealOrWeight
from tracking.rules.context import Context

pytestmark = pytest.mark.flow
SECOND, FOREIGN = s10.mint("EL", 4713), s10.mint("EL", 4714)
GIVER, TAKER = UnitId("bd-1"), UnitId("H99.01")
TU = BagNumber("TU-9")
WEEK = calendar()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SoapHouse]:
    async with soap_house(tmp_path) as made:
        for number in (SECOND, FOREIGN):
            await made.store.write(lambda tx, n=number: tx.items.add(item(n)))  # type: ignore[misc]  # bound now
        post = UnitCode("post", "990141", dt.date(2020, 1, 1), None)
        unit = Unit(
            GIVER, UnitKind.POST_OFFICE, Tree.POST, "Bưu điện", None, "", "", "", (post,), dt.date(2020, 1, 1), None
        )
        await made.store.write(lambda tx: tx.catalogue.put_units([unit]))
        yield made


def line(number: str, outcome: str = "PRESENT", more: str = "") -> str:
    return f"<line><itemNumber>{number}</itemNumber>{more}<outcome>{outcome}</outcome></line>"


def office(name: str, unit: UnitId) -> str:
    code, scheme = ("990141", "POST") if unit == GIVER else (unit, "UNIT")
    return f"<{name}><code>{code}</code><scheme>{scheme}</scheme></{name}>"


def confirm(
    role: str,
    *lines: str,
    request: str | None = None,
    revision: int = 1,
    number: str = "BK-1",
    at: str = "2026-11-20T14:00:00+07:00",
    found: int | None = None,
    seals: str = "",
    weight: int | None = None,
    offices: tuple[UnitId, UnitId] | None = None,
    bag: str = TU,
) -> str:
    mine, theirs = offices or ((GIVER, TAKER) if role == "GIVING" else (TAKER, GIVER))
    count = found if found is not None else sum("MISSING" not in one for one in lines)
    weighed = f"<weightGrams>{weight}</weightGrams>" if weight is not None else ""
    carried = f"<bagNumber>{bag}</bagNumber>" if bag else ""
    return (
        f'<ConfirmManifest xmlns="{NS}"><requestId>{request or f"{role}-{revision}"}</requestId>'
        f"<manifestNumber>{number}</manifestNumber><revision>{revision}</revision><role>{role}</role>"
        f"{office('office', mine)}{office('counterparty', theirs)}{carried}{seals}{weighed}"
        f"<confirmedAt>{at}</confirmedAt><confirmedBy>nv-07</confirmedBy>"
        f"<expected>{len(lines)}</expected><found>{count}</found><lines>{''.join(lines)}</lines></ConfirmManifest>"
    )


async def say(house: SoapHouse, body: str) -> Said:
    return await house.post(house.envelope(body), operation="ConfirmManifest")


def status_of(said: Said) -> tuple[str | None, list[tuple[str | None, str | None]]]:
    assert said.fault is None, said.fault
    found = xml.child(said.body, "discrepancies")
    assert found is not None
    kinds = [(xml.text(one, "kind"), xml.text(one, "itemNumber")) for one in xml.children(found)]
    return xml.text(said.body, "status"), kinds


async def stored(house: SoapHouse) -> tuple[HandoverManifest, Bag]:
    manifest, bag = await house.store.read(lambda tx: (tx.bags.manifest("BK-1"), tx.bags.get(TU)))
    assert manifest is not None and bag is not None
    return manifest, bag


LATER = "2026-11-20T14:30:00+07:00"


async def test_two_sides_that_agree_match(house: SoapHouse) -> None:
    seals = "<sealDeclared>NP-1</sealDeclared>"
    given = await say(house, confirm("GIVING", line(KNOWN), line(SECOND), seals=seals, weight=900))
    assert status_of(given) == ("RECORDED", [])
    found = "<sealFound>NP-1</sealFound>"
    taken = await house.post_12(
        confirm("TAKING", line(KNOWN), line(SECOND), seals=found, weight=890, at=LATER), operation="ConfirmManifest"
    )
    assert status_of(taken) == ("MATCHED", [])
    manifest, bag = await stored(house)
    assert (manifest.giver.unit, manifest.taker.unit, manifest.giver.person) == (GIVER, TAKER, "nv-07")
    assert [(one.number, one.giver_says, one.taker_says) for one in manifest.lines] == [
        (KNOWN, "present", "present"),
        (SECOND, "present", "present"),
    ]
    assert all(one.item is not None for one in manifest.lines)
    assert (manifest.seal_declared, manifest.seal_found, manifest.weight_g) == ("NP-1", "NP-1", 890)
    assert (bag.origin, bag.target, bag.manifest, bag.weight_out_g, bag.weight_in_g) == (GIVER, TAKER, "BK-1", 900, 890)
    assert bag.closed_at == dt.datetime(2026, 11, 20, 7, tzinfo=dt.UTC) and bag.opened_at is not None
    assert [(one.put_in_at == bag.closed_at, one.taken_out_at == bag.opened_at) for one in bag.lines] == [
        (True, True)
    ] * 2
    acts = [(one.act.act, one.act.who) for one in await house.store.read(lambda tx: tx.audit.rows())]
    assert acts[-2:] == [("manifest.given", "key:post-soap"), ("manifest.taken", "key:post-soap")]


async def test_two_sides_that_differ_open_the_cases_of_the_bag(house: SoapHouse) -> None:
    seals = "<sealDeclared>NP-1</sealDeclared>"
    await say(house, confirm("GIVING", line(KNOWN), line(SECOND), seals=seals, weight=900))
    lines = (line(KNOWN), line(SECOND, "MISSING"), line(FOREIGN, "EXTRA"), line(s10.mint("EL", 4715), "DAMAGED"))
    other = "<sealFound>NP-2</sealFound>"
    said = await say(house, confirm("TAKING", *lines, seals=other, weight=400, at=LATER))
    status, kinds = status_of(said)
    assert status == "MISMATCH"
    assert kinds == [("MISSING", SECOND), ("EXTRA", FOREIGN), ("EXTRA", s10.mint("EL", 4715)), ("SEAL", None)]
    view = await house.store.read(lambda tx: reading.bag_view(tx, TU))
    later = NOW + dt.timedelta(days=5)
    monday = Context(
        now=later, calendar=lambda _: WEEK, feed=lambda peer: FeedState(peer, None, later, None, 0, "", None)
    )
    assert [one.rule for one in BagCount().findings(view, monday)] == ["D-24"]
    assert list(BagSwap().findings(view, monday)) == []
    assert sorted(one.epoch for one in SealOrWeight().findings(view, monday)) == ["seal|NP-2", "weight"]


async def test_a_release_that_nobody_took_is_a_hole_until_it_is_taken(house: SoapHouse) -> None:
    await say(house, confirm("GIVING", line(KNOWN)))
    manifest, _ = await stored(house)
    assert [(one.giver, one.taker) for one in custody.holes([manifest])] == [(GIVER, TAKER)]
    await say(house, confirm("TAKING", line(KNOWN), at=LATER))
    manifest, _ = await stored(house)
    assert custody.holes([manifest]) == ()


async def test_the_taker_may_be_first(house: SoapHouse) -> None:
    assert status_of(await say(house, confirm("TAKING", line(KNOWN), at=LATER))) == ("RECORDED", [])
    given = await say(house, confirm("GIVING", line(KNOWN), line(SECOND)))
    assert status_of(given) == ("MISMATCH", [("MISSING", SECOND)])
    manifest, bag = await stored(house)
    assert [(one.giver_says, one.taker_says) for one in manifest.lines] == [("present", "present"), ("present", None)]
    assert bag.closed_at is not None and bag.opened_at is not None


async def test_the_same_request_gets_the_first_answer(house: SoapHouse) -> None:
    body = confirm("GIVING", line(KNOWN))
    first, second = await say(house, body), await say(house, body)
    assert [xml.text(one.body, "repeated") for one in (first, second)] == ["false", "true"]
    assert xml.text(first.body, "receiptId") == xml.text(second.body, "receiptId")
    assert await rows(house) == 1
    assert (await say(house, confirm("GIVING", line(SECOND)))).fault == "409.01"
    acts = [one.act.act for one in await house.store.read(lambda tx: tx.audit.rows())]
    assert acts.count("manifest.given") == 1


async def test_a_signed_revision_stays_and_a_new_one_begins_anew(house: SoapHouse) -> None:
    await say(house, confirm("GIVING", line(KNOWN)))
    assert (await say(house, confirm("GIVING", line(SECOND), request="again"))).fault == "409.02"
    assert status_of(await say(house, confirm("GIVING", line(SECOND), revision=2))) == ("RECORDED", [])
    assert (await say(house, confirm("TAKING", line(KNOWN), at=LATER))).fault == "409.02", "revision 1 is over"
    assert status_of(await say(house, confirm("TAKING", line(SECOND), revision=2, at=LATER))) == ("MATCHED", [])
    manifest, _ = await stored(house)
    assert (manifest.revision, [one.number for one in manifest.lines]) == (2, [SECOND])


async def test_strangers_and_slips_are_refused_and_keep_nothing(house: SoapHouse) -> None:
    await say(house, confirm("GIVING", line(KNOWN)))
    strange = confirm("TAKING", line(KNOWN), offices=(UnitId("H99.77"), GIVER), at=LATER)
    assert (await say(house, strange)).fault == "404.02"
    twice = await say(house, confirm("TAKING", line(KNOWN), line(KNOWN, "DAMAGED"), at=LATER))
    assert twice.fault == "400.02" and twice.detail is not None
    path = xml.text(twice.detail, "violations", "violation", "path")
    assert path == "/ConfirmManifest/lines/line[2]/itemNumber"
    assert (await say(house, confirm("TAKING", at="2026-11-20T15:30:00+07:00"))).fault == "400.02", "in the future"
    assert (await say(house, confirm("TAKING", at="2026-11-20T24:00:00+07:00"))).fault == "400.02"
    unit_key = dataclasses.replace(key("commune", peer=None), units=(UnitId("H99.05"),))
    await house.store.write(lambda tx: tx.accounts.put_key(unit_key))
    raw = envelope(confirm("TAKING", line(KNOWN), at=LATER), headers=security(NOW, user="commune"))
    assert (await house.post(raw, operation="ConfirmManifest")).fault == "403.01"
    house.accepting = False
    assert (await say(house, confirm("TAKING", line(KNOWN), at=LATER))).fault == "503.01"
    assert await rows(house) == 1
    manifest, _ = await stored(house)
    assert manifest.taker.signed_at is None


async def test_a_count_that_contradicts_its_own_lines_is_told(house: SoapHouse) -> None:
    said = await say(house, confirm("GIVING", line(KNOWN), line(SECOND), found=5))
    assert status_of(said) == ("RECORDED", [("COUNT", None)])


async def test_a_unit_confirms_with_a_key_of_its_own(house: SoapHouse) -> None:
    unit_key = dataclasses.replace(key("commune", peer=None), units=(TAKER,))
    await house.store.write(lambda tx: tx.accounts.put_key(unit_key))
    await say(house, confirm("GIVING", line(KNOWN)))
    raw = envelope(confirm("TAKING", line(KNOWN), at=LATER), headers=security(NOW, user="commune"))
    assert status_of(await house.post(raw, operation="ConfirmManifest")) == ("MATCHED", [])
    assert await rows(house) == 1 and PEER == "postal_soap"


async def test_a_hand_over_without_a_bag_has_a_manifest_only(house: SoapHouse) -> None:
    assert status_of(await say(house, confirm("GIVING", line(KNOWN), bag=""))) == ("RECORDED", [])
    assert await house.store.read(lambda tx: tx.bags.get(TU)) is None
