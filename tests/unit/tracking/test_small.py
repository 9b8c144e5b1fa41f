"""Custody, numbers, and the ways of one-stop reports that the flows do not walk."""

import dataclasses

import pytest

from schemas.bag import HandoverManifest, ManifestParty
from schemas.dossier import Dossier, DossierState, IntakeMode, ReturnMethod, Step
from schemas.errors import UnlawfulMove
from schemas.ids import DossierCode, PeerId, Sha256, UnitId
from schemas.portal import OneStopReport, ReportKind
from schemas.shipment import NumberScheme
from schemas.tracking import Movement
from tests.unit.tracking.build import OFFICE, POST, after, dossier, item, log
from tracking import custody, matching, reports, status
from tracking.table import CODE_OF, Trigger

M, S, T = Movement, DossierState, Trigger


def manifest(number: str, given: float | None, taken: float | None) -> HandoverManifest:
    giver = ManifestParty(POST, "An", after(given) if given is not None else None, None)
    taker = ManifestParty(OFFICE, "Bình", after(taken) if taken is not None else None, None)
    return HandoverManifest(number, 1, None, giver, taker, (), None, None, None)


def test_the_giver_stays_the_holder_until_the_taker_signs() -> None:
    held = item(handed_over_at=None)
    released = manifest("BK-1", 1, None)
    hold = custody.holder(held, [released], after(9))
    assert hold is not None and hold.unit == POST
    assert [hole.since for hole in custody.holes([released])] == [after(1)]
    hold = custody.holder(held, [manifest("BK-1", 1, 3)], after(9))
    assert hold is not None and hold.unit == OFFICE
    assert custody.holes([manifest("BK-1", 1, 3)]) == ()


def test_the_carrier_holds_between_hand_over_and_delivery() -> None:
    delivered = item(fold=status.fold(log((M.ACCEPTED, 1), (M.DELIVERED, 20))))
    assert custody.holder(delivered, [], after(-1)) is None
    before, later = custody.holder(delivered, [], after(5)), custody.holder(delivered, [], after(21))
    assert before is not None and before.unit is None
    assert later is not None and later.unit == OFFICE


@pytest.mark.parametrize(
    ("number", "scheme"),
    [
        ("EL000000005VN", NumberScheme.S10),
        ("EL000000006VN", NumberScheme.S10),
        ("VTP100200300", NumberScheme.CARRIER),
        (None, NumberScheme.REFERENCE),
    ],
)
def test_a_number_of_the_right_shape_counts_as_s10_even_with_a_wrong_check_digit(
    number: str | None, scheme: NumberScheme
) -> None:
    assert matching.scheme_of(number) is scheme


# --- reports ---------------------------------------------------------------------------------------------------------


def report(national: int, hours: float = 10, reason: str = "vì") -> OneStopReport:
    return OneStopReport(
        "k", ReportKind.STATUS, DossierCode("x"), national, after(hours), "Bình", None, reason, (), Sha256("2" * 64)
    )


def at_state(state: DossierState, *, accepted: bool = True, **changes: object) -> Dossier:
    past = (Step(1, state, CODE_OF.get(state), after(1), after(1), "An", "desk", OFFICE),)
    plain = dossier(state, national=CODE_OF.get(state), history=past, accepted_at=after(0) if accepted else None)
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]  # field values


def way(before: Dossier, national: int, **said: str) -> tuple[Trigger, ...]:
    told = report(national, **said)  # type: ignore[arg-type]  # only the reason is given
    return reports.way_to(before, told, (), peer=PeerId("lien_thong"), now=after(20)).triggers


@pytest.mark.parametrize(
    ("before", "national", "expected"),
    [
        (at_state(S.ARRIVED, accepted=False), 2, (T.ACCEPT,)),
        (at_state(S.LODGED, accepted=False), 2, (T.HAND_IN, T.ACCEPT)),
        (at_state(S.LODGED, accepted=False, intake_mode=IntakeMode.ONLINE), 2, (T.ACCEPT,)),
        (at_state(S.ARRIVED, accepted=False), 3, (T.REFUSE,)),
        (at_state(S.ARRIVED, accepted=False), 4, (T.ACCEPT, T.BEGIN_WORK)),
        (at_state(S.SUPP_ARRIVED, accepted=False), 4, (T.SUPPLEMENT_COMPLETE, T.BEGIN_WORK)),
        (at_state(S.SUPP_ASKED), 4, (T.SUPPLEMENT_ARRIVED, T.SUPPLEMENT_COMPLETE)),
        (at_state(S.BETWEEN_UNITS, national=2), 4, (T.TAKE_OVER,)),
        (at_state(S.FEE_ASKED, interrupted=(S.ACCEPTED,)), 4, (T.PROVE_FEE, T.BEGIN_WORK)),
        (at_state(S.ACCEPTED), 5, (T.BEGIN_WORK, T.ASK_SUPPLEMENT)),
        (at_state(S.ARRIVED, accepted=False), 6, (T.ACCEPT, T.ASK_FEE)),
        (at_state(S.PROCESSING), 7, (T.ASK_WITHDRAWAL,)),
        (at_state(S.WITHDRAW_ASKED, interrupted=(S.PROCESSING,)), 7, (T.GRANT_WITHDRAWAL,)),
        (at_state(S.ACCEPTED), 8, (T.BEGIN_WORK, T.STOP)),
        (at_state(S.ACCEPTED), 9, (T.BEGIN_WORK, T.SIGN_RESULT)),
        (at_state(S.PROCESSING, return_method=ReturnMethod.COUNTER), 10, (T.SIGN_RESULT, T.HAND_OUT)),
    ],
)
def test_a_report_is_followed_by_the_shortest_lawful_way(
    before: Dossier, national: int, expected: tuple[Trigger, ...]
) -> None:
    assert way(before, national) == expected


@pytest.mark.parametrize(
    ("before", "national", "says"),
    [
        (at_state(S.IN_POST, accepted=False), 2, "parcels are delivered|has not arrived"),
        (at_state(S.RESULT_IN_POST), 10, "no lawful way"),
        (at_state(S.REFUSED, accepted=False), 4, "no lawful way"),
        (at_state(S.ARRIVED, accepted=False), 8, "no lawful way"),
        (at_state(S.ARRIVED, accepted=False), 1, "moves no dossier"),
    ],
)
def test_a_report_that_no_lawful_way_answers_is_refused_by_name(before: Dossier, national: int, says: str) -> None:
    told = dataclasses.replace(report(national), reason="" if national == 8 else "vì")
    with pytest.raises(UnlawfulMove, match=says):
        reports.way_to(before, told, (), peer=PeerId("lien_thong"), now=after(20))


def test_a_refusal_without_a_reason_is_refused_in_turn() -> None:
    with pytest.raises(UnlawfulMove, match="reason is missing"):
        way(at_state(S.ARRIVED, accepted=False), 3, reason="")


def test_old_news_is_known_by_code_and_time() -> None:
    assert reports.is_old_news(at_state(S.PROCESSING), report(4))
    assert not reports.is_old_news(at_state(S.PROCESSING), report(9))
    assert reports.is_old_news(at_state(S.WITHDRAW_ASKED), report(7, hours=1))
    assert not reports.is_old_news(at_state(S.WITHDRAW_ASKED), report(7, hours=2))
    passed = at_state(S.PROCESSING)
    accepted = Step(7, S.ACCEPTED, 2, after(0), after(0), "An", "desk", UnitId("x"))
    assert reports.is_old_news(dataclasses.replace(passed, history=(accepted, *passed.history)), report(2, hours=0.5))
