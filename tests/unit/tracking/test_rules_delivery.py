import dataclasses
import hashlib
from typing import Any

import pytest

from schemas.discrepancy import Severity
from schemas.dossier import Dossier, DossierState, Leg, ProofKind, ReturnProof, Supplement
from schemas.shipment import Purpose
from schemas.tracking import EvidenceLevel, Movement, Recipient, StoredEvent
from tests.unit.tracking.build import OFFICE, OWNER, POST, after, dossier, event, log, stored
from tests.unit.tracking.seen import at, of, seen, step
from tracking.rules.delivery import (
    DeliveredDossierInTransit,
    DeliveredToAnother,
    DeliveredWithoutProof,
    ReceivedNotDelivered,
)
from tracking.rules.views import ItemView

S, M = DossierState, Movement


def inbound(state: DossierState = S.IN_POST, *legs: Leg) -> Dossier:
    return dossier(state, history=(step(state, 4, 1, 0.5),), legs=legs)


def test_d03_waits_one_working_day_for_the_units_receipt() -> None:
    delivered = seen(*log((M.ACCEPTED, 1), (M.DELIVERED, 2)))
    assert not list(DeliveredDossierInTransit().findings(of(inbound(), delivered), at(25)))
    found = list(DeliveredDossierInTransit().findings(of(inbound(), delivered), at(26.5)))
    assert [(one.rule, one.units) for one in found] == [("D-03", (OFFICE,))]


def test_d03_is_silent_once_the_unit_has_signed_or_the_proof_is_wanting() -> None:
    delivered = seen(*log((M.DELIVERED, 2)))
    signed = Leg(POST, OFFICE, after(0), after(3), None, None)
    assert not list(DeliveredDossierInTransit().findings(of(inbound(S.IN_POST, signed), delivered), at(100)))
    strict = seen(*log((M.DELIVERED, 2)), evidence_required=EvidenceLevel.SCAN)
    assert not list(DeliveredDossierInTransit().findings(of(inbound(), strict), at(100)))


def test_d03_gives_a_result_two_hours() -> None:
    result = seen(*log((M.ACCEPTED, 1), (M.DELIVERED, 20)), purpose=Purpose.RESULT_OUT)
    sent = dossier(S.RESULT_IN_POST, history=(step(S.RESULT_IN_POST, 24, 9, 1),))
    assert not list(DeliveredDossierInTransit().findings(of(sent, result), at(21.9)))
    assert list(DeliveredDossierInTransit().findings(of(sent, result), at(22)))


SIGNED = Leg(POST, OFFICE, after(0), after(10), None, None)


@pytest.mark.parametrize(
    ("hours", "severity"), [(57.9, None), (58, Severity.LOW), (105, Severity.LOW), (106, Severity.MEDIUM)]
)
def test_d04_waits_two_days_for_the_closing_scan(hours: float, severity: Severity | None) -> None:
    moving = seen(*log((M.ACCEPTED, 1), (M.IN_TRANSIT, 5)))
    found = list(ReceivedNotDelivered().findings(of(inbound(S.IN_POST, SIGNED), moving), at(hours)))
    assert [one.severity for one in found] == ([] if severity is None else [severity])


LATE = {
    "a late scan": seen(*log((M.ACCEPTED, 1), (M.DELIVERED, 90))),
    "on its way back": seen(*log((M.ACCEPTED, 1), (M.RETURNING, 5))),
    "its order was cancelled": seen(*log((M.CANCELLED, 1))),
    "never given to the post": seen(handed_over_at=None),
    "taken back by its sender": seen(*log((M.ACCEPTED, 1)), sender_receipt_at=after(4)),
}


@pytest.mark.parametrize("innocent", LATE.values(), ids=LATE.keys())
def test_d04_is_silent_for_the_look_alikes(innocent: ItemView) -> None:
    assert not list(ReceivedNotDelivered().findings(of(inbound(S.ACCEPTED, SIGNED), innocent), at(200)))


def test_d04_counts_a_receipt_of_this_item_only() -> None:
    moving = seen(*log((M.ACCEPTED, 1)), handed_over_at=after(20), valid_from=after(20))
    assert not list(ReceivedNotDelivered().findings(of(inbound(S.PROCESSING, SIGNED), moving), at(200)))
    between = seen(*log((M.ACCEPTED, 1)), purpose=Purpose.INTER_UNIT, receiver_unit=POST)
    assert not list(ReceivedNotDelivered().findings(of(inbound(S.PROCESSING, SIGNED), between), at(200)))


def test_d04_knows_supplements_and_results_by_their_own_receipt() -> None:
    arrived = (Supplement(1, after(0), None, after(10), None),)
    supplement = seen(*log((M.ACCEPTED, 1)), purpose=Purpose.SUPPLEMENT_IN)
    view = of(dossier(S.SUPP_ARRIVED, supplements=arrived), supplement)
    assert not list(ReceivedNotDelivered().findings(view, at(57)))
    assert list(ReceivedNotDelivered().findings(view, at(58)))
    on_its_way = of(dossier(S.SUPP_IN_POST, supplements=(Supplement(1, after(0), None, None, None),)), supplement)
    assert not list(ReceivedNotDelivered().findings(on_its_way, at(200))), "a supplement on its way"
    proof = ReturnProof(ProofKind.COUNTER_SIGNATURE, after(10), "An", None)
    handed = dossier(S.RETURNED, return_proof=proof, history=(step(S.RETURNED, 29, 10, 10),))
    result = seen(*log((M.ACCEPTED, 1)), purpose=Purpose.RESULT_OUT)
    assert list(ReceivedNotDelivered().findings(of(handed, result), at(58)))


def given(relation: str, name: str | None = None) -> ItemView:
    digest = hashlib.sha256(name.casefold().encode()).hexdigest() if name else None
    return seen(stored(event(M.DELIVERED, after(20), recipient=Recipient(relation, digest))))


def test_d18_sees_a_stranger_and_not_those_who_may_take_it() -> None:
    (found,) = DeliveredToAnother().findings(given("NEIGHBOUR"), at(21))
    assert (found.severity, dict(found.evidence[0].values)["relation"]) == (Severity.HIGH, "NEIGHBOUR")
    for relation in ("ADDRESSEE", "self", "AUTHORISED", ""):
        assert not list(DeliveredToAnother().findings(given(relation), at(21)))


def test_d18_believes_a_name_that_is_the_addressees_and_no_masked_one() -> None:
    assert not list(DeliveredToAnother().findings(given("OTHER", OWNER.name), at(21)))
    assert list(DeliveredToAnother().findings(given("OTHER", "L** T** É*"), at(21)))


def test_d18_asks_only_where_the_feed_names_a_recipient() -> None:
    assert not list(DeliveredToAnother().findings(seen(*log((M.DELIVERED, 20))), at(99)))
    back = seen(*log((M.RETURNING, 5)), stored(event(M.DELIVERED, after(20), recipient=Recipient("CLERK2", None))))
    assert not list(DeliveredToAnother().findings(back, at(99))), "its sender took it back"


def test_d18_closes_when_the_carrier_corrects_the_recipient() -> None:
    again = event(M.DELIVERED, after(22), code="pod", recipient=Recipient("ADDRESSEE", None))
    corrected = seen(*given("NEIGHBOUR").events, stored(again))
    assert not list(DeliveredToAnother().findings(corrected, at(23)))


def owed(*events: StoredEvent, inside: tuple[Dossier, ...] = (), **changes: Any) -> ItemView:
    """An item whose service owes a signature."""
    return seen(*events, inside=inside, evidence_required=EvidenceLevel.SIGNATURE, **changes)


SIGNED_FOR = Leg(POST, OFFICE, after(0), after(30), None, None)


def proven(level: EvidenceLevel) -> StoredEvent:
    plain = event(M.DELIVERED, after(40), code="pod")
    assert plain.mapped is not None
    return stored(dataclasses.replace(plain, mapped=dataclasses.replace(plain.mapped, proof=level)))


def test_d19_waits_72_hours_for_the_proof_that_is_owed() -> None:
    bare = owed(*log((M.DELIVERED, 20)))
    assert not list(DeliveredWithoutProof().findings(bare, at(91.9)))
    (found,) = DeliveredWithoutProof().findings(bare, at(92))
    assert (found.severity, dict(found.evidence[0].values)["level"]) == (Severity.MEDIUM, "SIGNATURE")
    (later,) = DeliveredWithoutProof().findings(bare, at(900))
    assert later.epoch == found.epoch


UNPROVEN = {
    "a status is all that is owed": seen(*log((M.DELIVERED, 20))),
    "under way": owed(*log((M.OUT_FOR_DELIVERY, 20))),
    "back with its sender": owed(*log((M.RETURNING, 20), (M.RETURNED, 30))),
    "the signature came": owed(*log((M.DELIVERED, 20)), proven(EvidenceLevel.SIGNATURE)),
    "more came than was owed": owed(*log((M.DELIVERED, 20)), proven(EvidenceLevel.SCAN)),
    "the carrier took it back": owed(stored(event(M.DELIVERED, after(20)), withdrawn_at=after(30))),
    "the unit signed": owed(*log((M.DELIVERED, 20)), inside=(inbound(S.ACCEPTED, SIGNED_FOR),)),
}


@pytest.mark.parametrize("innocent", UNPROVEN.values(), ids=UNPROVEN.keys())
def test_d19_is_silent_for_the_look_alikes(innocent: ItemView) -> None:
    assert not list(DeliveredWithoutProof().findings(innocent, at(200)))


def test_d19_asks_for_the_receipt_of_every_dossier_inside() -> None:
    signed, unsigned = inbound(S.ACCEPTED, SIGNED_FOR), dossier(S.IN_POST)
    assert list(DeliveredWithoutProof().findings(owed(*log((M.DELIVERED, 20)), inside=(signed, unsigned)), at(200)))
    less = owed(*log((M.DELIVERED, 20)), proven(EvidenceLevel.NAME))
    assert list(DeliveredWithoutProof().findings(less, at(200)))
