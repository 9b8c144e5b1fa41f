"""One fault of each row of expected against seen, and the small builders that its tests share."""

import dataclasses
from typing import Any

from schemas.discrepancy import Finding
from schemas.dossier import (
    Component,
    Dossier,
    DossierState,
    DueChange,
    Leg,
    Pause,
    PauseEffect,
    PeerState,
    ProofKind,
    Request,
    RequestKind,
    ReturnProof,
    Step,
    Supplement,
)
from schemas.ids import ItemId, PeerId
from schemas.ports.message_stores import FeedState
from schemas.shipment import Purpose
from schemas.tracking import MoneyLine, Movement
from tests.unit.tracking.build import OFFICE, POST, after, calendar, dossier, event, item, log, packing, stored
from tracking import reconcile, status
from tracking.rules.catalogue import DOSSIER_RULES
from tracking.rules.context import Context
from tracking.rules.views import DossierView, Parcel
from tracking.table import CODE_OF

S, M, P = DossierState, Movement, Purpose
WEEK = calendar()
ONE_STOP, PORTAL = PeerId("lien_thong"), PeerId("dvcqg")
AGES = 24 * 365


def at(hours: float, **changes: Any) -> Context:
    plain = Context(
        now=after(hours),
        calendar=lambda _: WEEK,
        feed=lambda peer: FeedState(peer, None, after(0), None, 0, "", None),
    )
    return dataclasses.replace(plain, **changes)


def walked(*steps: tuple[DossierState, float], **changes: Any) -> Dossier:
    """A dossier that came to these states so many hours after T0."""
    history = tuple(Step(0, state, CODE_OF.get(state), after(h), after(h), "An", "desk", OFFICE) for state, h in steps)
    accepted = next((after(h) for state, h in steps if state is S.ACCEPTED), None)
    last = steps[-1][0]
    plain = dossier(last, history=history, national=CODE_OF.get(last), accepted_at=accepted)
    return dataclasses.replace(plain, **changes)


def sent(purpose: Purpose, *story: tuple[Movement, float], since: float = 0, no: int = 1, **changes: Any) -> Parcel:
    plain = item(purpose, id=ItemId(no), **changes)
    whole = dataclasses.replace(plain, fold=status.fold(log(*story)))
    return Parcel(whole, packing(whole, since=after(since)))


def seen(one: Dossier, *parcels: Parcel, **changes: Any) -> DossierView:
    return dataclasses.replace(DossierView(one, parcels), **changes)


def of(rule: str, view: DossierView, context: Context) -> list[Finding]:
    return [one for one in reconcile.findings(DOSSIER_RULES, view, context) if one.rule == rule]


def told(peer: PeerId, national: int, hours: float, *, from_us: bool = False) -> PeerState:
    return PeerState(peer, national, after(hours), from_us)


ARRIVED_SIGNED = (Leg(POST, OFFICE, after(0), after(9), None, None),)
TO_OFFICE = ((S.LODGED, 0), (S.IN_POST, 1))
AT_WORK = (*TO_OFFICE, (S.ARRIVED, 9), (S.ACCEPTED, 10), (S.PROCESSING, 11))
ON_THE_WAY = sent(P.DOSSIER_IN, (M.ACCEPTED, 1), (M.IN_TRANSIT, 2))
CAME = sent(P.DOSSIER_IN, (M.ACCEPTED, 1), (M.DELIVERED, 8))
ASKED = Supplement(1, after(30), None, None, None)
SUPP = (*AT_WORK, (S.SUPP_ASKED, 30))
READY = (*AT_WORK, (S.RESULT_READY, 40))
RESULT = ((M.ACCEPTED, 50), (M.IN_TRANSIT, 52))
OUT = (*READY, (S.RESULT_IN_POST, 50))
HOME = (*OUT, (S.RETURNED, 72))
DELIVERED = (*RESULT, (M.DELIVERED, 72))
POSTAL = ReturnProof(ProofKind.POSTAL, after(72), "post", None)
AT_THE_COUNTER = ReturnProof(ProofKind.COUNTER_SIGNATURE, after(72), "An", None)
PAPER = Component(1, "Đơn", "original", 1, 2)
FILE = Component(1, "Đơn", "electronic", 1, 0)
FEE = Request(RequestKind.FEE, after(20), 50_000, None, None)
FEE_WAITS = (*AT_WORK, (S.FEE_ASKED, 20))
STOP = Pause(RequestKind.SUPPLEMENT, after(24), after(72), PauseEffect.PAUSE)
RESUMED = (*AT_WORK, (S.SUPP_ASKED, 24), (S.SUPP_ARRIVED, 70), (S.PROCESSING, 72))
OLD_DUE = DueChange(after(100), "c1", after(72), "supplement settled")


def money(amount: int, hours: float, **changes: Any) -> Any:
    return stored(event(M.DELIVERED, after(hours), code="110", money=(MoneyLine("FEE", amount),), **changes))


FAULTS: dict[str, tuple[DossierView, float]] = {
    "E-02": (seen(walked(*TO_OFFICE, peer_states=(told(ONE_STOP, 2, 3),)), ON_THE_WAY), 30),
    "E-03": (seen(walked(*TO_OFFICE, (S.ARRIVED, 24), legs=ARRIVED_SIGNED), CAME), 24 + 6),
    "E-04": (seen(walked(*TO_OFFICE, (S.ARRIVED, 9), (S.REFUSED, 24), components=(PAPER,)), CAME), 50),
    "E-05": (seen(walked(*AT_WORK, legs=ARRIVED_SIGNED), CAME, sent(P.RESULT_OUT, *RESULT, no=2)), 53),
    "E-07": (
        seen(
            walked(*SUPP, (S.SUPP_ARRIVED, 48), supplements=(ASKED,)),
            CAME,
            sent(P.SUPPLEMENT_IN, (M.ACCEPTED, 40), (M.DELIVERED, 48), since=40, no=2),
        ),
        56,
    ),
    "E-08": (seen(walked(*FEE_WAITS, requests=(FEE,)), CAME, money=(money(50_000, 30),)), 33),
    "E-09": (seen(walked(*READY, legs=ARRIVED_SIGNED), CAME), 72),
    "E-10": (
        seen(
            walked(*HOME, return_proof=POSTAL, peer_states=(told(PORTAL, 9, 41, from_us=True),)),
            CAME,
            sent(P.RESULT_OUT, *DELIVERED, no=2),
        ),
        75,
    ),
    "E-11": (
        seen(walked(*OUT, peer_states=(told(ONE_STOP, 10, 53),)), CAME, sent(P.RESULT_OUT, *RESULT, no=2)),
        60,
    ),
    "E-12": (seen(walked(*TO_OFFICE), ON_THE_WAY), 24 * 4),
    "E-13": (seen(walked(*OUT), CAME, sent(P.RESULT_OUT, *RESULT, (M.RETURNING, 60), no=2)), 61),
    "E-14": (
        seen(
            walked(*SUPP, supplements=(ASKED,)),
            CAME,
            sent(P.REQUEST_OUT, (M.ACCEPTED, 31), since=31, no=2, handed_over_at=after(31)),
        ),
        24 * 5,
    ),
    "E-15": (seen(walked(*SUPP, supplements=(ASKED, dataclasses.replace(ASKED, n=2))), CAME), 31),
    "E-16": (seen(walked(*AT_WORK, peer_states=(told(ONE_STOP, 3, 30),)), CAME), 31),
    "E-17": (seen(walked(*RESUMED, pauses=(STOP,), due_at=after(100)), CAME), 72 + 6),
    "E-18": (seen(walked(*AT_WORK, (S.STOPPED, 30)), CAME, sent(P.RESULT_OUT, *RESULT, no=2)), 53),
    "E-19": (seen(walked(*READY, (S.RETURNED, 72)), CAME), 72 + 5),
    "E-21": (seen(walked(*AT_WORK, peer_states=(told(PORTAL, 2, 10, from_us=True),)), CAME), 30),
}


def but(rule: str, **changes: Any) -> DossierView:
    """The fault's view with a dossier that differs in these fields."""
    view = FAULTS[rule][0]
    return dataclasses.replace(view, dossier=dataclasses.replace(view.dossier, **changes))


def with_last(rule: str, parcel: Parcel) -> DossierView:
    """The fault's view with another last parcel."""
    view = FAULTS[rule][0]
    return dataclasses.replace(view, parcels=(*view.parcels[:-1], parcel))
