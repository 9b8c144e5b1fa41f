"""The evidence of a case in the reader's language: a sentence for every kind of proof that a rule gives."""

import datetime as dt
import re
from pathlib import Path

import pytest

from gateway.console import catalogue
from gateway.console.render import evidence
from schemas.discrepancy import Discrepancy, DiscrepancyState, Proof, Severity, Subject
from schemas.ids import DiscrepancyId, PeerId

RULES = Path(__file__).parents[4] / "tracking" / "rules"
NOW = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
PEERS = {PeerId("dvcqg"): "Cổng Dịch vụ công quốc gia"}


def case(rule: str, *proofs: Proof) -> Discrepancy:
    return Discrepancy(
        id=DiscrepancyId("d"),
        rule=rule,
        subject_kind=Subject.ITEM,
        subject="7",
        epoch="",
        severity=Severity.HIGH,
        state=DiscrepancyState.OPEN,
        shadow=False,
        opened_at=NOW,
        acknowledged_at=None,
        resolved_at=None,
        reopened_at=None,
        owner="",
        parent=None,
        evidence=proofs,
        remedy=f"remedy.{rule}",
        reason="",
        resolved_by="",
        second_person="",
        units=(),
    )


def told(lang: str, rule: str, *proofs: Proof) -> list[str]:
    return [text for _, text in evidence(case(rule, *proofs), lang, PEERS)]


def given() -> set[str]:
    """The ids of all proofs that the rules give, read from their code: the nth of a kind has its number."""
    found = set()
    for file in RULES.glob("*.py"):
        for body in re.split(r"\nclass ", file.read_text("utf-8"))[1:]:
            rule = re.search(r'\bid = "([DE]-[0-9]{2})"', body)
            kinds = re.findall(r'Proof\(\s*"(\w+)"', body) + ["event"] * body.count("event_proof(")
            for n, kind in enumerate(kinds if rule else ()):
                nth = kinds[: n + 1].count(kind)
                found.add(f"evidence.{rule[1] if rule else ''}.{kind}" + (f"_{nth}" if nth > 1 else ""))
    return found


def test_every_proof_of_a_rule_has_its_sentence() -> None:
    assert len(given()) >= 12
    assert sorted(each for each in given() if not catalogue.known(each)) == []


def test_states_movements_and_peers_are_told_in_words() -> None:
    ended = Proof("event", "k", "ended", NOW, values=(("number", "EE1VN"), ("code", "EMI"), ("office", "990150")))
    ended = Proof("event", "k", "ended", NOW, values=(*ended.values, ("movement", "delivered")))
    assert told("vi", "D-31", ended) == ["Đã kết thúc: Phát thành công (EE1VN); mã EMI, bưu cục 990150."]
    says = Proof("message", "dvcqg", "dvcqg says 9", NOW, values=(("peer", "dvcqg"), ("national", "9")))
    (text,) = told("vi", "E-21", says)
    assert text.startswith("Cổng Dịch vụ công quốc gia báo trạng thái “9 – Đã xử lý xong”")
    assert told("en", "D-03", Proof("step", "c", "", NOW, values=(("state", "IN_POST"),))) == [
        "The dossier still stands at “With the post, to the office”."
    ]


def test_the_second_event_of_a_case_has_its_own_sentence() -> None:
    values = (("number", "EE1VN"), ("code", "EDG"), ("office", "990150"))
    first, second = told("vi", "D-31", *(Proof("event", "k", "", NOW, values=values) for _ in range(2)))
    assert first.startswith("Đã kết thúc") and second.startswith("Sau đó vẫn có dịch chuyển của bưu gửi EE1VN")


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_proof_without_a_sentence_says_what_the_rule_said(lang: str) -> None:
    assert told(lang, "D-99", Proof("leg", "k", "no hand-over", NOW)) == ["no hand-over"]
