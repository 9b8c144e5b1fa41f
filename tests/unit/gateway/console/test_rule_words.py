"""What rules stand on is told in sentences: an example of each way to fire, shown as the console shows it."""

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.console import catalogue, render
from schemas.discrepancy import Finding
from schemas.dossier import DossierState, Leg
from schemas.ids import PeerId, push_feed
from schemas.shipment import Purpose
from schemas.tracking import EvidenceLevel, Movement, Recipient
from tests.unit.tracking.build import OFFICE, PEER, POST, after, dossier, event, log, stored
from tests.unit.tracking.seen import at, healthy, of, seen, step
from tracking import reconcile
from tracking.rules.catalogue import BY_ID
from tracking.rules.views import FeedView, Volume

S, M = DossierState, Movement
CLOSED = dossier(S.CLOSED, closed_at=after(30), history=(step(S.CLOSED, 34, 10, 30),))
WITHDRAWN = dossier(S.WITHDRAWN, history=(step(S.WITHDRAWN, 22, 7, 10),))
RECEIVED = dossier(S.ARRIVED, legs=(Leg(POST, OFFICE, after(0), after(10), None, None),))
WORKING = dossier(S.PROCESSING, due_at=after(50), due_final=True)
PROMISED = seen(*log((M.ACCEPTED, 1)), promised_at=after(50))
TAKEN = seen(*log((M.ACCEPTED, 1), (M.IN_TRANSIT, 2)))
BACK = log((M.ACCEPTED, 1), (M.RETURNING, 10))
FEED = healthy(PEER)
HOLE = healthy(push_feed(PEER), failing_since=after(1), failures=2)
FAILED = log((M.ATTEMPT_FAILED, 5), (M.ATTEMPT_FAILED, 9))
STRANGER = event(M.DELIVERED, after(5), recipient=Recipient("NEIGHBOUR", None))
OTHER = stored(event(M.DELIVERED, after(30), source=PeerId("postal_soap"), office="X"))

EXAMPLES: tuple[tuple[str, Any, float], ...] = (
    ("D-01", seen(), 30),
    ("D-02", of(dossier(S.DRAFT), TAKEN), 30),
    ("D-03", of(dossier(S.IN_POST), seen(*log((M.DELIVERED, 2)))), 60),
    ("D-04", of(RECEIVED, TAKEN), 90),
    ("D-05", seen(*log((M.DELIVERED, 20), (M.IN_TRANSIT, 80)), inside=(CLOSED,)), 90),
    ("D-06", seen(*log((M.ACCEPTED, 1), (M.IN_TRANSIT, 20)), inside=(WITHDRAWN,)), 90),
    ("D-07", TAKEN, 900),
    ("D-08", seen(), 60),
    ("D-09", of(WORKING), 49),
    ("D-09", of(dossier(S.IN_POST), PROMISED), 49),
    ("D-10", of(WORKING), 60),
    ("D-10", of(dossier(S.IN_POST), PROMISED), 60),
    ("D-14", seen(*BACK), 20),
    ("D-15", seen(*BACK, *log((M.RETURNED, 20))), 90),
    ("D-16", seen(*FAILED), 90),
    ("D-17", seen(*log((M.READY_FOR_COLLECTION, 5)), storage_until=after(60)), 50),
    ("D-18", seen(stored(STRANGER)), 6),
    ("D-19", seen(*log((M.DELIVERED, 20)), evidence_required=EvidenceLevel.SIGNATURE), 92),
    ("D-20", seen(number="EL000000006VN"), 1),
    ("D-31", seen(*log((M.DELIVERED, 20), (M.IN_TRANSIT, 30))), 31),
    ("D-32", seen(*log((M.DELIVERED, 5), (M.ACCEPTED, 9))), 10),
    ("D-32", seen(stored(event(M.IN_TRANSIT, after(90)), quarantine="EV-11")), 10),
    ("D-33", seen(*log((M.ACCEPTED, 1), (M.LOST, 20)), OTHER), 31),
    ("D-34", seen(stored(event(M.DELIVERED, after(20)), withdrawn_at=after(40))), 41),
    ("D-35", seen(stored(event(None, after(1), code="X7"))), 2),
    ("D-36", FeedView(dataclasses.replace(FEED, failing_since=after(1), failures=3)), 9),
    ("D-36", FeedView(FEED, HOLE), 9),
    ("D-36", FeedView(FEED, healthy(push_feed(PEER)), pulled_since_push=5), 9),
    ("D-36", FeedView(FEED, volume=Volume(after(1), 1, 8, 20.0, 5.0)), 9),
    ("D-39", seen(*log((M.ACCEPTED, 1), (M.LOST, 20))), 31),
    ("D-39", seen(*log((M.ACCEPTED, 1)), inquiry_at=after(2)), 900),
    ("D-40", seen(stored(event(M.IN_TRANSIT, after(1)), quarantine="EV-14"), purpose=Purpose.UNKNOWN), 60),
)


def fired() -> Iterator[tuple[str, Finding]]:
    for rule, view, hours in EXAMPLES:
        for finding in BY_ID[rule].findings(view, at(hours)):
            yield rule, finding


def test_every_example_fires() -> None:
    assert len(list(fired())) == len(EXAMPLES)


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_proof_is_a_whole_sentence(lang: str) -> None:
    broken = []
    for rule, finding in fired():
        (case,) = reconcile.diff((finding,), (), now=after(1))
        nth: dict[str, int] = {}
        for proof, words in render.evidence(case, lang, {PEER: "VNPost"}):
            nth[proof.kind] = nth.get(proof.kind, 0) + 1
            name = f"evidence.{rule}.{proof.kind}" + (f"_{nth[proof.kind]}" if nth[proof.kind] > 1 else "")
            if not catalogue.known(name) or re.search(r"[{}]", words) or not words.endswith("."):
                broken.append((name, words))
    assert broken == []


def test_every_rule_has_a_name_a_remedy_and_words_for_its_evidence() -> None:
    ids = {name for rule in BY_ID for name in (f"rule.{rule}", f"remedy.{rule}") if not catalogue.known(name)}
    assert ids == set()
