"""What a portal sees besides the plain fields: results with their files, requests for papers, where it was born."""

import datetime as dt
from typing import Any

from gateway.outbox import portal_view
from schemas.attachment import AttachedDocument
from schemas.dossier import CodeAlias, Dossier, DossierState, DueChange, Request, RequestKind, Result, Step, Supplement
from schemas.ids import DossierCode, PeerId, Sha256
from tests.contract.stores import records

DAY = dt.timedelta(days=1)
T0 = records.T0
PORTAL = PeerId("dvcqg")


def dossier(**changes: Any) -> Dossier:
    return records.dossier("A-1", **changes)


def document(sha256: str, name: str) -> AttachedDocument:
    return records.attached(sha256[:8], sha256=Sha256(sha256), name=name)


def step(by: str) -> Step:
    return Step(13, DossierState.SUPP_ASKED, 5, T0, T0, by, "desk", None)


def test_a_document_with_a_results_digest_is_that_result_and_no_paper_of_the_citizen() -> None:
    known = dossier(results=(Result("KQ.1", Sha256("b" * 64)), Result("KQ.2", None)))
    papers, results = portal_view.papers_and_results(
        known, (document("a" * 64, "don.pdf"), document("b" * 64, "kq.pdf")), "http://x"
    )
    assert [paper.name for paper in papers] == ["don.pdf"]
    assert [(one.code, one.name, one.url) for one in results] == [
        ("KQ.1", "kq.pdf", "http://x/documents/bbbbbbbb.pdf"),
        ("KQ.2", "", ""),
    ]


def test_a_settled_request_for_papers_tells_the_day_before_and_after() -> None:
    known = dossier(
        due_at=T0 + 9 * DAY,
        due_history=(DueChange(T0 + 5 * DAY, "v", T0 + 3 * DAY, "bổ sung"),),
        history=(step("An"), step("Bình")),
        requests=(Request(RequestKind.SUPPLEMENT, T0, None, None, T0 + 3 * DAY, "Thiếu CCCD"),),
        supplements=(
            Supplement(1, T0, None, T0 + 2 * DAY, T0 + 3 * DAY),
            Supplement(2, T0 + 4 * DAY, None, None, None),
        ),
    )
    first, second = portal_view.supplements(known)
    assert (first.asked_by, first.what, first.settled) == ("An", "Thiếu CCCD", True)
    assert (first.due_before, first.due_after) == (T0 + 5 * DAY, T0 + 9 * DAY)
    assert (second.asked_by, second.what, second.settled) == ("Bình", "", False)
    assert (second.due_before, second.due_after) == (T0 + 9 * DAY, None)


def test_two_changes_of_the_day_are_told_apart() -> None:
    known = dossier(
        due_at=T0 + 20 * DAY,
        due_history=(
            DueChange(T0 + 5 * DAY, "v", T0 + 3 * DAY, "bổ sung"),
            DueChange(T0 + 9 * DAY, "v", T0 + 7 * DAY, "bổ sung"),
        ),
        supplements=(
            Supplement(1, T0, None, None, T0 + 3 * DAY),
            Supplement(2, T0 + 4 * DAY, None, None, T0 + 7 * DAY),
        ),
    )
    told = [(one.due_before, one.due_after) for one in portal_view.supplements(known)]
    assert told == [(T0 + 5 * DAY, T0 + 9 * DAY), (T0 + 9 * DAY, T0 + 20 * DAY)]


def test_where_a_dossier_was_born() -> None:
    alias = CodeAlias(DossierCode("G22.99-261120-000123"), "peer:dvcqg", T0, None)
    born = dossier(aliases=(*dossier().aliases, alias))
    assert portal_view.born_at(born, PORTAL) == alias.code
    assert portal_view.born_at(born, PeerId("dvc_bo")) is None
    assert portal_view.born_at(dossier(), PORTAL) is None
