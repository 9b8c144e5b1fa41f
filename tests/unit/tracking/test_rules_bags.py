"""D-24 to D-29, D-41: bags, parcels and hand-overs."""

import dataclasses
from typing import Any

import pytest

from schemas.bag import Bag, BagLine, HandoverManifest, ManifestLine, ManifestParty, Seal, Stay
from schemas.discrepancy import Severity
from schemas.dossier import Dossier, DossierState, Leg
from schemas.ids import BagNumber, DossierCode, DossierId, ItemId, UnitId
from schemas.shipment import Purpose
from schemas.tracking import Fold, Movement, StoredEvent
from tests.unit.tracking.build import OFFICE, OWNER, POST, after, dossier, event, item, log, packing, stored
from tests.unit.tracking.seen import at, seen
from tracking import custody, status
from tracking.bags import DERIVED, SEALED
from tracking.rules.bags import BagCount, BagSwap, OutsideItsBag, SealOrWeight
from tracking.rules.custody_holes import CustodyHole
from tracking.rules.delivery import DeliveredDossierInTransit
from tracking.rules.parcels import MergeConflict, SplitIncomplete
from tracking.rules.views import BagView, DossierView, ItemView, Parcel

M, S = Movement, DossierState
TU = BagNumber("TU-1")
NUMBERS = tuple(f"EL{n:08d}5VN" for n in range(12))


def bag(**changes: Any) -> Bag:
    lines = tuple(BagLine(seq, None, number, after(1), None) for seq, number in enumerate(NUMBERS, 1))
    plain = Bag(TU, 1, POST, OFFICE, (Seal("N-1", after(2), None, "An"),), after(2), None, None, None, lines, "BK-1")
    return dataclasses.replace(plain, **changes)


def manifest(*, taken: float | None = 25, found: tuple[str, ...] = NUMBERS, **changes: Any) -> HandoverManifest:
    lines = [
        ManifestLine(None, number, None, "present", "present" if number in found else "missing", None)
        for number in NUMBERS
    ]
    lines += [ManifestLine(None, number, None, "", "extra", None) for number in found if number not in NUMBERS]
    taker = ManifestParty(OFFICE, "Bình", None if taken is None else after(taken), None)
    giver = ManifestParty(POST, "An", after(2), None)
    return dataclasses.replace(
        HandoverManifest("BK-1", 1, TU, giver, taker, tuple(lines), "N-1", "N-1", None), **changes
    )


def test_d24_counts_and_lists_what_is_missing_and_what_is_extra() -> None:
    view = BagView(bag(), manifest(found=NUMBERS[1:]))
    (found,) = BagCount().findings(view, at(27))
    values = dict(found.evidence[0].values)
    assert (values["given"], values["found"], values["missing"], values["extra"]) == ("12", "11", NUMBERS[0], "–")
    assert (found.subject, found.epoch, found.severity, found.units) == (TU, "BK-1", Severity.HIGH, (POST, OFFICE))
    (found,) = BagCount().findings(BagView(bag(), manifest(found=(*NUMBERS, "EE1VN"))), at(27))
    assert dict(found.evidence[0].values)["extra"] == "EE1VN"
    assert not list(BagSwap().findings(view, at(27)))


def test_d24_waits_for_the_takers_signature_and_for_a_recount() -> None:
    short = manifest(found=NUMBERS[1:])
    assert not list(
        BagCount().findings(BagView(bag(), dataclasses.replace(short, taker=manifest(taken=None).taker)), at(90))
    )
    assert not list(BagCount().findings(BagView(bag(), short), at(25.9)))
    recounted = manifest(taken=25.5, revision=2)
    assert not list(BagCount().findings(BagView(bag(), recounted), at(90)))


def test_d25_only_when_the_counts_are_equal_and_the_order_is_nothing() -> None:
    swapped = BagView(bag(), manifest(found=(*NUMBERS[1:], "EE1VN")))
    (found,) = BagSwap().findings(swapped, at(27))
    values = dict(found.evidence[0].values)
    assert (found.rule, values["missing"], values["extra"]) == ("D-25", NUMBERS[0], "EE1VN")
    assert not list(BagCount().findings(swapped, at(27)))
    turned = manifest()
    assert not list(BagSwap().findings(BagView(bag(), dataclasses.replace(turned, lines=turned.lines[::-1])), at(27)))


def test_d24_without_a_manifest_goes_by_the_scans_of_the_opening() -> None:
    out = tuple(dataclasses.replace(line, taken_out_at=after(24)) for line in bag().lines)
    whole = bag(opened_at=after(24), lines=out, manifest=None)
    short = dataclasses.replace(whole, lines=(*out[1:], bag().lines[0]))
    assert not list(BagCount().findings(BagView(whole, None), at(90)))
    assert not list(BagCount().findings(BagView(short, None), at(27)))
    (found,) = BagCount().findings(BagView(short, None), at(30))
    assert found.epoch == after(24).isoformat()
    unscanned = dataclasses.replace(whole, lines=bag().lines)
    assert not list(BagCount().findings(BagView(unscanned, None), at(90)))


@pytest.mark.parametrize(
    ("out", "back", "fires"),
    [
        (2000, 2099, False),
        (2000, 2101, True),
        (2000, 1899, True),
        (300, 320, False),
        (300, 321, True),
        (2000, None, False),
    ],
)
def test_d27_weighs_by_five_per_cent_and_twenty_grams(out: int, back: int | None, fires: bool) -> None:
    view = BagView(bag(weight_out_g=out, weight_in_g=back, opened_at=after(24)), manifest())
    assert [one.epoch for one in SealOrWeight().findings(view, at(30))] == (["weight"] if fires else [])


def of_bag(seal: str | None, hours: float) -> StoredEvent:
    return stored(event(M.IN_TRANSIT, after(hours), number=None, bag=TU, seal=seal))


def test_d27_sees_another_seal_however_it_is_told() -> None:
    rule, changed = SealOrWeight(), Seal("N-2", after(5), None, "?")
    other = BagView(bag(seals=(*bag().seals, changed), opened_at=after(24)), manifest())
    ways = [BagView(bag(), manifest(seal_found="N-2")), other, BagView(bag(), None, (of_bag("N-2", 5),))]
    for view in ways:
        assert [one.epoch for one in rule.findings(view, at(30))] == ["seal|N-2"]
    opened = bag(seals=(*bag().seals, dataclasses.replace(changed, since=after(25))), opened_at=after(24))
    innocent = [BagView(opened, manifest()), BagView(bag(), None, (of_bag("N-1", 5),)), BagView(bag(seals=()), None)]
    innocent.append(BagView(bag(opened_at=after(24)), None, (of_bag("N-2", 25),)))
    for view in innocent:
        assert not list(rule.findings(view, at(30)))


def scan(office: str, hours: float, *, derived: bool = False, movement: Movement = M.IN_TRANSIT) -> StoredEvent:
    told = event(movement, after(hours), office=office, code=f"{movement.value}-{office}")
    if derived:
        told = dataclasses.replace(told, bag=TU, confidence=SEALED, attempt=DERIVED)
    return stored(told)


def bagged(*events: StoredEvent, held: Bag | None = None) -> ItemView:
    view = seen(*events, origin_office="330000")
    stay = Stay(held or bag(), (held or bag()).lines[0])
    return dataclasses.replace(view, stays=(stay,))


WAY = (scan("330000", 3, derived=True), scan("100900", 10, derived=True), scan("361000", 20, derived=True))


def test_d26_sees_an_item_where_its_closed_bag_is_not() -> None:
    (found,) = OutsideItsBag().findings(bagged(*WAY, scan("550000", 8)), at(30))
    assert (found.rule, found.epoch, found.severity) == ("D-26", TU, Severity.MEDIUM)
    assert dict(found.evidence[0].values)["office"] == "550000"
    early = scan("361000", 5)  # at the end of the way, while the bag was still seen at 100900 afterwards
    assert list(OutsideItsBag().findings(bagged(*WAY[:2], early), at(30)))


@pytest.mark.parametrize(
    "innocent",
    [
        bagged(*WAY),
        bagged(*WAY, scan("100900", 8)),
        bagged(*WAY, scan("330000", 1)),
        bagged(*WAY, scan("550000", 8), held=bag(closed_at=None)),
        bagged(*WAY[:1], scan("550000", 26), held=bag(opened_at=after(24))),
        bagged(scan("330000", 4)),
        dataclasses.replace(bagged(*WAY, scan("550000", 8)), stays=()),
    ],
    ids=[
        "with its bag",
        "where it comes next",
        "before closing",
        "open bag",
        "after opening",
        "at its origin",
        "no bag",
    ],
)
def test_d26_is_silent_for_the_look_alikes(innocent: ItemView) -> None:
    assert not list(OutsideItsBag().findings(innocent, at(30)))


def test_a_derived_position_is_no_delivery() -> None:
    fold = status.fold([scan("361000", 20, derived=True, movement=M.DELIVERED)])
    assert (fold.movement, fold.delivered_at) == (M.IN_TRANSIT, None)


def split(
    state: DossierState, *hours: float | None, parts: int = 2, purpose: Purpose = Purpose.DOSSIER_IN
) -> DossierView:
    parcels = []
    for part, when in enumerate(hours, 1):
        fold = status.fold(log((M.ACCEPTED, 1), *([(M.DELIVERED, when)] if when is not None else [])))
        one = item(purpose, id=ItemId(part), fold=fold, parcels_declared=parts, number=NUMBERS[part])
        parcels.append(Parcel(one, packing(one, part=part, parts=parts)))
    return DossierView(dossier(state), tuple(parcels))


def test_d28_counts_the_parcels_that_were_declared() -> None:
    view = split(S.IN_POST, 20, None, 21, parts=3)
    assert not list(SplitIncomplete().findings(view, at(43.9)))
    (found,) = SplitIncomplete().findings(view, at(44))
    assert [dict(proof.values) for proof in found.evidence] == [
        {"arrived": "2", "declared": "3"},
        {"numbers": NUMBERS[2]},
    ]
    assert found.severity is Severity.MEDIUM
    later = split(S.IN_POST, 20, None, 30, parts=3)
    assert [one.epoch for one in SplitIncomplete().findings(later, at(60))] == [found.epoch]
    unbound = split(S.IN_POST, 20, parts=3)
    assert list(SplitIncomplete().findings(unbound, at(60)))


@pytest.mark.parametrize(
    "innocent",
    [
        split(S.IN_POST, 20, 43),
        split(S.IN_POST, None, None),
        split(S.IN_POST, 20, parts=1),
        split(S.PROCESSING, 20, None),
        split(S.IN_POST, 20, None, purpose=Purpose.RESULT_OUT),
    ],
    ids=["whole", "none yet", "one declared", "the unit went on", "another leg"],
)
def test_d28_is_silent_for_the_look_alikes(innocent: DossierView) -> None:
    assert not list(SplitIncomplete().findings(innocent, at(100)))


def with_dossiers(*inside: Dossier, **changes: Any) -> ItemView:
    return seen(*log((M.ACCEPTED, 1)), inside=inside, **changes)


OTHER = UnitId("ubnd-muong-khac")
STRANGER = dataclasses.replace(OWNER, name="Vàng A Sử", id_number="038190000099", phone="0987000222")


def another(**changes: Any) -> Dossier:
    return dossier(S.IN_POST, id=DossierId(2), code=DossierCode("B-2"), **changes)


def test_d29_compares_the_items_addressee_with_each_dossier() -> None:
    strange = another(receiving_unit=OTHER, competent_unit=OTHER)
    (found,) = MergeConflict().findings(with_dossiers(dossier(S.IN_POST), strange), at(5))
    assert (found.rule, found.epoch, found.severity) == ("D-29", "2", Severity.HIGH)
    result = {"purpose": Purpose.RESULT_OUT, "receiver_unit": None}
    theirs = another(owner=STRANGER, submitter=STRANGER)
    (found,) = MergeConflict().findings(with_dossiers(dossier(S.RESULT_IN_POST), theirs, **result), at(5))
    assert STRANGER.name not in str(found.evidence)


@pytest.mark.parametrize(
    "innocent",
    [
        with_dossiers(dossier(S.IN_POST), another(owner=STRANGER, submitter=STRANGER)),
        with_dossiers(dossier(S.IN_POST), another(competent_unit=OTHER)),
        with_dossiers(
            dossier(S.IN_POST),
            another(receiving_unit=OTHER, competent_unit=OTHER, legs=(Leg(OTHER, OFFICE, None, None, None, None),)),
        ),
        with_dossiers(another(receiving_unit=OTHER, competent_unit=OTHER)),
        with_dossiers(
            dossier(S.RESULT_IN_POST), another(owner=STRANGER), purpose=Purpose.RESULT_OUT, receiver_unit=None
        ),
        seen(
            *log((M.ACCEPTED, 1), (M.DELIVERED, 9)),
            inside=(dossier(S.IN_POST), another(receiving_unit=OTHER, competent_unit=OTHER)),
        ),
    ],
    ids=["two citizens, one office", "received here", "on its way here", "one dossier", "one submitter", "delivered"],
)
def test_d29_is_silent_for_the_look_alikes(innocent: ItemView) -> None:
    assert not list(MergeConflict().findings(innocent, at(20)))


def hand_over(
    given: float | None, taken: float | None, number: str = "GN-1", of: ItemId | None = None
) -> HandoverManifest:
    giver = ManifestParty(POST, "An", None if given is None else after(given), None)
    taker = ManifestParty(OFFICE, "Bình", None if taken is None else after(taken), None)
    return HandoverManifest(
        number, 1, None, giver, taker, (ManifestLine(of, "", DossierId(1), "present", None, 3),), None, None, None
    )


def held(*manifests: HandoverManifest, **changes: Any) -> DossierView:
    one = item(handed_over_at=None, **changes)
    return DossierView(dossier(S.BETWEEN_UNITS), (Parcel(one, packing(one)),), manifests=manifests)


def test_d41_waits_four_office_hours_for_the_takers_signature() -> None:
    view = held(hand_over(1, None))
    assert not list(CustodyHole().findings(view, at(5.5)))  # the office closes at noon for an hour and a half
    (found,) = CustodyHole().findings(view, at(7))
    assert (found.epoch, found.severity) == (f"GN-1|{after(1).isoformat()}", Severity.HIGH)
    assert found.units == (POST, OFFICE)
    assert not list(CustodyHole().findings(held(hand_over(8, None)), at(20)))  # a night is no office time


@pytest.mark.parametrize(
    "innocent",
    [
        held(hand_over(1, 6)),
        held(hand_over(None, None)),
        held(hand_over(1, None), hand_over(2, 3, "GN-2")),
        held(hand_over(1, None, of=ItemId(1)), fold=status.fold(log((M.ACCEPTED, 4)))),
        held(),
    ],
    ids=["taken late", "not released", "a later hand-over was taken", "the carrier has it", "no hand-over"],
)
def test_d41_is_silent_for_the_look_alikes(innocent: DossierView) -> None:
    assert not list(CustodyHole().findings(innocent, at(30)))


def test_d41_stays_open_for_the_parcel_that_nobody_saw() -> None:
    first, second = (
        item(handed_over_at=None, fold=status.fold(log((M.ACCEPTED, 4)))),
        item(id=ItemId(2), handed_over_at=None),
    )
    lines = tuple(ManifestLine(one.id, "", None, "present", None, None) for one in (first, second))
    both = dataclasses.replace(hand_over(1, None), lines=lines)
    view = DossierView(dossier(), tuple(Parcel(one, packing(one)) for one in (first, second)), manifests=(both,))
    assert list(CustodyHole().findings(view, at(30)))


def test_the_ledger_has_no_gap_and_marks_the_hole() -> None:
    delivered = item(handed_over_at=after(5), fold=status.fold(log((M.ACCEPTED, 6), (M.DELIVERED, 20))))
    ledger = custody.ledger(delivered, [hand_over(1, 2, "GN-1"), hand_over(3, None, "GN-2")], after(30))
    assert [(one.hold.why, one.hold.unit, one.hole) for one in ledger] == [
        (custody.Why.TAKEN, OFFICE, False),
        (custody.Why.RELEASED, POST, True),
        (custody.Why.POST_SIGNED, None, False),
        (custody.Why.DELIVERED, OFFICE, False),
    ]
    assert [one.until for one in ledger] == [*(one.hold.since for one in ledger[1:]), None]
    assert [one.hold.why for one in custody.ledger(delivered, [], after(5.5))] == [custody.Why.POST_SIGNED]
    assert custody.ledger(item(handed_over_at=None, fold=Fold.empty()), [], after(5)) == ()


def test_d03_waits_for_the_last_declared_parcel() -> None:
    """Half of the papers is D-28's matter: nobody signs for it, and nothing is late yet."""
    rule = DeliveredDossierInTransit()
    assert not list(rule.findings(split(S.IN_POST, 2, None), at(100)))
    late = split(S.IN_POST, 2, 26)
    assert not list(rule.findings(late, at(30)))
    assert len(list(rule.findings(late, at(74)))) == 2
