"""Papers counted on two sides: what was listed, what was received, what was scanned (D-30, E-22)."""

import dataclasses
from typing import Any

import pytest

from gateway.console import catalogue
from schemas.attachment import AttachedDocument, SheetsOf
from schemas.discrepancy import DiscrepancyState, Severity
from schemas.dossier import Component, DossierState, Leg
from schemas.ids import DossierId, Sha256
from tests.unit.tracking.build import OFFICE, POST, after, dossier
from tests.unit.tracking.faults import at
from tracking import reconcile
from tracking.rules.documents import ChecklistsDiffer, ScannedDiffersFromCounted
from tracking.rules.views import DossierView

FORM = Component(1, "Đơn", "original", 1, 2)
COPY = Component(2, "Bản sao", "copy", 1, 3)
SIGNED = (Leg(POST, OFFICE, after(0), after(5), None, None),)


def papers(*components: Component, documents: tuple[AttachedDocument, ...] = ()) -> DossierView:
    one = dossier(DossierState.ARRIVED, components=components, legs=SIGNED)
    return DossierView(one, (), documents=documents)


def but(component: Component, **changes: Any) -> Component:
    return dataclasses.replace(component, **changes)


def scanned(hours: float, *, superseded_by: str = "") -> AttachedDocument:
    return AttachedDocument(
        key=f"k-{hours}",
        dossier=DossierId(1),
        told_code="",
        sha256=Sha256("0" * 64),
        size=1,
        pages=2,
        name="a.pdf",
        conformance="2b",
        station="s",
        operator="",
        batch="b",
        unit=OFFICE,
        scanned_at=after(hours),
        attached_at=after(hours),
        originals=(),
        doubts=(),
        components=(SheetsOf(1, 2),),
        superseded_by=superseded_by,
    )


def test_d30_is_one_case_for_each_paper_and_grave_for_a_missing_original() -> None:
    view = papers(but(FORM, sheets_received=1), but(COPY, sheets_received=4))
    found = list(ChecklistsDiffer().findings(view, at(6)))
    assert [(one.epoch, one.severity) for one in found] == [("1|2|1", Severity.HIGH), ("2|3|4", Severity.MEDIUM)]
    assert found[0].evidence[0].values == (("paper", "Đơn"), ("counted", "2"), ("found", "1"))
    assert found[0].evidence[0].at == after(5)
    assert catalogue.known("evidence.D-30.component")


@pytest.mark.parametrize(
    "innocent",
    [
        papers(FORM, COPY),
        papers(but(FORM, sheets_received=2), COPY),
        papers(but(FORM, kind="electronic", sheets_counted=0, sheets_received=0)),
        papers(),
    ],
    ids=["nobody counted yet", "half is counted and agrees", "an electronic paper", "no list"],
)
def test_d30_is_silent_for_the_look_alikes(innocent: DossierView) -> None:
    assert not list(ChecklistsDiffer().findings(innocent, at(1000)))


def test_d30_closes_when_the_lists_agree() -> None:
    found = list(ChecklistsDiffer().findings(papers(but(FORM, sheets_received=1)), at(6)))
    opened = reconcile.diff(found, (), now=after(6))
    mended = list(ChecklistsDiffer().findings(papers(but(FORM, sheets_received=2)), at(7)))
    (closed,) = reconcile.diff(mended, opened, now=after(7))
    assert closed.state is DiscrepancyState.RESOLVED


def test_e22_names_the_paper_and_grows_from_the_soft_to_the_hard_limit() -> None:
    view = papers(but(FORM, sheets_scanned=1), but(COPY, sheets_scanned=3), documents=(scanned(0),))
    rule = ScannedDiffersFromCounted()
    assert not list(rule.findings(view, at(3)))
    assert [(one.epoch, one.severity) for one in rule.findings(view, at(6))] == [("1. Đơn|2|1", Severity.LOW)]
    assert [one.severity for one in rule.findings(view, at(26))] == [Severity.MEDIUM]
    assert catalogue.known("evidence.E-22.component")


def test_e22_compares_sums_until_somebody_sorted_the_sheets() -> None:
    """Sheets that nobody sorted are counted with the first paper (desk/attach): no paper is at fault alone."""
    agrees = papers(but(FORM, sheets_scanned=5), COPY, documents=(scanned(0),))
    assert not list(ScannedDiffersFromCounted().findings(agrees, at(100)))
    wants = papers(but(FORM, sheets_scanned=4), COPY, documents=(scanned(0),))
    assert [one.epoch for one in ScannedDiffersFromCounted().findings(wants, at(100))] == ["|5|4"]


def test_e22_waits_for_the_newest_document_that_stands() -> None:
    view = papers(but(FORM, sheets_scanned=1), documents=(scanned(0), scanned(25)))
    assert not list(ScannedDiffersFromCounted().findings(view, at(27)))
    old = papers(but(FORM, sheets_scanned=1), documents=(scanned(0), scanned(25, superseded_by="k")))
    assert list(ScannedDiffersFromCounted().findings(old, at(27))), "a superseded version holds no sheets and no time"


@pytest.mark.parametrize(
    "innocent",
    [papers(FORM, COPY), papers(but(FORM, sheets_scanned=2), but(COPY, sheets_scanned=3)), papers()],
    ids=["nothing scanned yet", "all there", "no list"],
)
def test_e22_is_silent_for_the_look_alikes(innocent: DossierView) -> None:
    assert not list(ScannedDiffersFromCounted().findings(innocent, at(1000)))


def test_e22_closes_when_the_missing_sheet_is_scanned() -> None:
    rule = ScannedDiffersFromCounted()
    wants = papers(but(FORM, sheets_scanned=1), documents=(scanned(0),))
    opened = reconcile.diff(list(rule.findings(wants, at(10))), (), now=after(10))
    whole = papers(but(FORM, sheets_scanned=2), documents=(scanned(0), scanned(11)))
    (closed,) = reconcile.diff(list(rule.findings(whole, at(12))), opened, now=after(12))
    assert closed.state is DiscrepancyState.RESOLVED
