"""A unit's request on the dossier's page, and the clerk's answer to it."""

import datetime as dt
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.dossier import DossierState
from schemas.ids import DossierCode, PeerId, Sha256
from schemas.message import Fact
from schemas.portal import OneStopReport, ReportKind
from schemas.ports.stores import Tx
from tests.flows.edge_house import EdgeHouse, Page, edge_house
from tracking.ingest import receive_report
from tracking.reading import load_context

AXIS = PeerId("lien_thong")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


def nobody(tx: Tx, fact: Fact) -> None:
    """Who is told is the flow's matter."""


def requests(page: Page) -> str:
    """The table's text."""
    found = re.search(r'data-testid="requests"[^>]*>(.*?)</table>', page.text, re.DOTALL)
    assert found, "no table of requests"
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


async def report(house: EdgeHouse, code: str, national: int, minutes: int, **more: int) -> None:
    at = house.clock.now() + dt.timedelta(minutes=minutes)
    said = OneStopReport(
        f"P{minutes}",
        ReportKind.STATUS,
        DossierCode(code),
        national,
        at,
        "Bình",
        None,
        "Lệ phí đăng ký",
        (),
        Sha256("2" * 64),
        **more,
    )
    await house.store.write(
        lambda tx: receive_report(tx, said, peer=AXIS, tell=nobody, context_source=load_context, now=at)
    )


async def test_a_fee_is_shown_with_its_amount_and_answered_by_the_clerk(house: EdgeHouse) -> None:
    code = (await house.lodge(with_post=False, post_unit=..., signed_by=...))["code"]
    await report(house, code, 4, 1)
    await report(house, code, 6, 2, amount=15_000)
    await house.clock.move(minutes=5)
    async with house.browser("gdv") as browser:
        page = await browser.get(f"/dossiers/{code}")
        told = requests(page)
        assert "Nộp phí, lệ phí" in told and "15.000" in told and "Lệ phí đăng ký" in told and "Chưa đáp ứng" in told
        fields = {"csrf": page.field("csrf"), "kind": "fee"}
        wrong = await browser.post(f"/dossiers/{code}/answer", {**fields, "proof": " "})
        assert wrong.status == 422
        done = await browser.post(f"/dossiers/{code}/answer", {**fields, "proof": "BL-000123"})
        assert done.path == f"/dossiers/{code}"
        assert "Chưa đáp ứng" not in requests(done)
        again = await browser.post(f"/dossiers/{code}/answer", {**fields, "proof": "BL-000123"})
        assert again.status == 409
    dossier = await house.store.read(lambda tx: tx.dossiers.find(code))
    assert dossier is not None and dossier.state is DossierState.PROCESSING
    assert dossier.history[-1].reason == "BL-000123"


async def test_papers_are_answered_and_an_onlooker_has_no_button(house: EdgeHouse) -> None:
    code = (await house.lodge(with_post=False, post_unit=..., signed_by=...))["code"]
    await report(house, code, 4, 1)
    await report(house, code, 5, 2)
    await house.clock.move(minutes=5)
    async with house.browser("sohoa") as onlooker:
        page = await onlooker.get(f"/dossiers/{code}")
        assert page.has("requests") and not page.has("answer-supplement")
        token = page.field("csrf")
        refused = await onlooker.post(f"/dossiers/{code}/answer", {"csrf": token, "kind": "supplement", "proof": "x"})
        assert refused.status == 403
    async with house.browser("gdv") as browser:
        page = await browser.get(f"/dossiers/{code}")
        assert page.has("answer-supplement")
        fields = {"csrf": page.field("csrf"), "kind": "supplement", "proof": "Bản sao sổ hộ khẩu"}
        assert (await browser.post(f"/dossiers/{code}/answer", fields)).path == f"/dossiers/{code}"
    dossier = await house.store.read(lambda tx: tx.dossiers.find(code))
    assert dossier is not None and dossier.state is DossierState.SUPP_ARRIVED
