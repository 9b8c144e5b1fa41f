import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters._kit.sandbox.chaos import VERBS, Chaos
from adapters._kit.sandbox.ledger import APPLIED, Ledger
from adapters._kit.sandbox.script import Step, parse_script

NOW = dt.datetime(2026, 11, 20, 3, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("@sequence.0s-70.2s-100", [(0.0, "70"), (2.0, "100")]),
        ("Hồ sơ||@sequence.500ms-EMA.3m-EMI||x", [(0.5, "EMA"), (180.0, "EMI")]),
        ("@sequence.2h-b.1s-a", [(1.0, "a"), (7200.0, "b")]),
        ("@sequence.1d--1", [(86400.0, "-1")]),
        ("@sequence", []),
        ("@sequence.soon-70", []),
        ("someone@sequence.1s-7.vn", []),
        ("", []),
    ],
)
def test_steps_of_a_script(text: str, steps: list[tuple[float, str]]) -> None:
    assert [(step.after_s, step.code) for step in parse_script(text).steps] == steps


def test_verbs_of_a_script() -> None:
    script = parse_script('"SenderDesc":"@reply_lost @html_503.3||@refuse.101"')
    assert [script.times(verb) for verb in ("reply_lost", "html_503", "black_hole")] == [1, 3, 0]
    assert script.verbs["refuse"] == ("101",)


@given(st.text())
def test_any_text_is_a_script(text: str) -> None:
    assert all(isinstance(step, Step) for step in parse_script(text).steps)


def test_a_rule_counts_down_and_skips() -> None:
    chaos = Chaos()
    chaos.add({"verb": "reply_lost", "operation": "postOrder", "times": 2, "skip": 1})
    assert not chaos.strikes("reply_lost", "getToken", "login")
    assert not chaos.strikes("half_reply", "postOrder")
    assert [chaos.strikes("reply_lost", "postOrder", "book") for _ in range(4)] == [False, True, True, False]


def test_a_rule_may_name_our_verb_and_be_calmed() -> None:
    chaos = Chaos()
    chaos.add({"verb": "html_503", "operation": "book", "times": None})
    assert all(chaos.strikes("html_503", "postOrder", "book") for _ in range(5))
    chaos.calm()
    assert not chaos.strikes("html_503", "postOrder", "book")


def test_the_same_seed_strikes_the_same_calls() -> None:
    def struck(seed: int) -> list[bool]:
        chaos = Chaos()
        chaos.add({"verb": "reply_lost", "times": None, "probability": 0.3, "seed": seed})
        return [chaos.strikes("reply_lost", "x") for _ in range(200)]

    assert struck(7) == struck(7)
    assert struck(7) != struck(8)
    assert 30 < sum(struck(7)) < 90


@pytest.mark.parametrize("told", [{"verb": "explode"}, {"verb": "refuse", "when": "now"}, {}])
def test_a_rule_that_is_none_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"verb|when"):
        Chaos().add(told)
    assert "refuse" in VERBS


def test_rows_are_duplicated_and_reordered_and_none_is_lost() -> None:
    chaos = Chaos()
    assert chaos.twist([1, 2, 3], "read") == [1, 2, 3]
    chaos.add({"verb": "duplicate"})
    chaos.add({"verb": "reorder"})
    assert chaos.twist([1, 2, 3], "read") == [1, 3, 2, 1]
    assert chaos.twist([], "read") == []


async def test_a_ledger_is_read_back(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "a" / "ledger.jsonl")
    ledger.append(APPLIED, "postOrder", "H99-0007", {"name": "Nguyễn Văn Mẫu"}, at=NOW)
    ledger.append(APPLIED, "cancelOrder", "H99-0007", {}, at=NOW)
    await ledger.durable()
    ledger.close()
    again = Ledger(ledger.file)
    assert again.lines == ledger.lines
    assert again.append(APPLIED, "postOrder", "x", {}, at=NOW).n == 3
    again.close()


def test_a_line_torn_by_a_crash_is_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    ledger = Ledger(file)
    ledger.append(APPLIED, "postOrder", "whole", {}, at=NOW)
    ledger.close()
    with file.open("ab") as torn:
        torn.write(b'{"n":2,"at":"2026-11-20T03:0')
    again = Ledger(file)
    assert [line.key for line in again.lines] == ["whole"]
    again.append(APPLIED, "postOrder", "next", {}, at=NOW)
    again.close()
    assert [line.key for line in Ledger(file).lines] == ["whole", "next"]
