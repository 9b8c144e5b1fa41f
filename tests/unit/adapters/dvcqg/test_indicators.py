"""National indicators, one by one: what makes each be met, fail, wait or not count; and that each has its sentence."""

import dataclasses
import datetime as dt
import re
from pathlib import Path

import pytest

from adapters.dvcqg import indicators
from gateway.console.catalogue import sentence
from schemas.national import Indicator, Judgement
from schemas.portal import OnlinePayment, PortalDossier, PortalFee, PortalSupplement, ResultPaper, Reuse
from tests.unit.adapters.dvcqg.records import ATTACHMENTS, DOSSIER, local

ALL = tuple(indicators.RULES)
RESULT = ResultPaper("KQ.G99.000122", "Bản sao", None, "https://mc.example.vn/f/9")
FEE = PortalFee("Lệ phí", "LP01", 8000, 1)
ASKED = PortalSupplement(1, "An", "Thiếu CCCD", local(20, 9), None, settled=False, due_before=None, due_after=None)
M = Judgement.MET
F = Judgement.FAILS
L = Judgement.LATER
N = Judgement.NOT_COUNTED


def of(number: str, **changes: object) -> Indicator:
    changed: PortalDossier = dataclasses.replace(DOSSIER, **changes)  # type: ignore[arg-type]  # a table of changes
    (told,) = indicators.judge(changed, (number,))
    assert told.number == number
    return told


@pytest.mark.parametrize(
    ("number", "changes", "judgement", "why"),
    [
        ("2.1", {"finished_at": local(23, 16, 30)}, M, "in_time"),
        ("2.1", {"finished_at": local(23, 16, 31)}, F, "late"),
        ("2.1", {"finished_at": local(22, 9), "returned_at": local(30, 9)}, M, "in_time"),  # 9 goes before 10
        ("2.1", {"finished_at": None, "returned_at": local(30, 9)}, F, "late"),
        ("2.1", {"finished_at": None, "returned_at": None, "national": 3}, F, "no_end_date"),
        ("2.1", {"national": 4, "finished_at": None}, L, "in_time"),
        ("2.1", {"national": 6, "finished_at": None, "as_of": local(24, 8)}, F, "overdue"),
        ("2.1", {"due_at": None, "national": 4}, L, "no_due_date"),
        ("2.1", {"due_at": None, "national": 9}, F, "no_due_date"),
        ("2.1", {"supplements": (ASKED,), "finished_at": local(22, 9)}, M, "in_time"),
        ("2.1", {"supplements": (ASKED, ASKED), "finished_at": local(22, 9)}, F, "asked_twice"),
        ("3.6", {}, N, "no_fee"),
        ("3.6", {"fees": (FEE,)}, F, "paid_otherwise"),
        ("3.6", {"fees": (FEE,), "national": 4}, L, "paid_otherwise"),
        ("3.6", {"fees": (FEE,), "paid_online": OnlinePayment.PORTAL}, M, "paid_online"),
        ("3.6", {"fees": (FEE,), "paid_online": OnlinePayment.GATEWAY}, M, "paid_online"),
        ("4.1", {}, F, "no_result"),
        ("4.1", {"national": 4}, L, "no_result_yet"),
        ("4.1", {"results": (RESULT,)}, M, "result_file"),
        ("4.1", {"results": (dataclasses.replace(RESULT, url=""),)}, F, "no_result"),
        ("4.2", {"results": (RESULT,)}, M, "both_files"),
        ("4.2", {"results": (RESULT,), "attachments": ()}, F, "no_papers"),
        ("4.2", {}, F, "no_result"),
        ("4.2", {"national": 4}, L, "no_result_yet"),
        ("4.3", {}, M, "digitised"),
        ("4.3", {"attachments": ATTACHMENTS[1:]}, F, "not_digitised"),
        ("4.3", {"attachments": (dataclasses.replace(ATTACHMENTS[1], reuse=Reuse.RESULT),)}, M, "digitised"),
        ("4.4", {}, F, "not_in_store"),
        ("4.4", {"national": 4}, L, "not_in_store"),
        ("4.4", {"attachments": (dataclasses.replace(ATTACHMENTS[1], from_store=True),)}, M, "in_store"),
        ("4.4", {"results": (RESULT,)}, M, "in_store"),
        ("4.5", {}, F, "not_identified"),
        ("4.5", {"vneid_verified": True}, M, "identified"),
        ("4.5", {"databases": ("7",)}, M, "identified"),
    ],
)
def test_one_indicator(number: str, changes: dict[str, object], judgement: Judgement, why: str) -> None:
    told = of(number, **changes)
    assert (told.judgement, told.reason) == (judgement, f"indicator.{why}")


@pytest.mark.parametrize(("national", "why"), [(1, "not_accepted"), (5, "not_accepted"), (3, "ended_unaccepted")])
def test_what_was_never_accepted_is_in_no_figure(national: int, why: str) -> None:
    told = indicators.judge(dataclasses.replace(DOSSIER, accepted_at=None, national=national), ALL)
    assert {(one.judgement, one.reason) for one in told} == {(N, f"indicator.{why}")}
    assert [one.number for one in told] == list(ALL)


def test_only_those_that_are_switched_on_are_told_in_the_order_of_their_numbers() -> None:
    assert [one.number for one in indicators.judge(DOSSIER, ("4.5", "4.1", "9.9"))] == ["4.1", "4.5"]


def test_a_second_request_says_how_often() -> None:
    assert of("2.1", supplements=(ASKED,) * 3).values == (("times", "3"),)


def test_every_reason_is_one_that_the_catalogue_can_say() -> None:
    source = Path(indicators.__file__).read_text("utf-8")
    whys = set(re.findall(r'_told\([^)]*?"([a-z_]+)"', source)) | set(re.findall(r'(?:MET|FAILS), "([a-z_]+)"', source))
    whys |= {"not_accepted", "ended_unaccepted", "late", "overdue"}
    assert len(whys) >= 20
    for lang in ("vi", "en"):
        assert [
            why for why in sorted(whys) if sentence(f"indicator.{why}", lang, times="2") == f"indicator.{why}"
        ] == []
        assert [one for one in ALL if sentence(f"indicator_title.{one}", lang) == f"indicator_title.{one}"] == []
    assert {sentence(f"judgement.{one}") for one in Judgement} == {"Đạt", "KHÔNG ĐẠT", "Chưa xét", "Không tính"}


def test_time_without_a_zone_never_reaches_a_comparison() -> None:
    """All instants of a snapshot are aware; a naive one would raise here and not in the portal's figures."""
    with pytest.raises(TypeError):
        of("2.1", finished_at=dt.datetime(2026, 11, 23, 16, 30))  # noqa: DTZ001  # the very thing that must not pass
