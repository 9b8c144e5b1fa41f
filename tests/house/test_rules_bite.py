"""Each rule is shown a bad example: a rule that cannot fail proves nothing."""

from collections.abc import Callable, Mapping
from pathlib import Path

import grimp
import pytest

from tests.house import contracts, rules

PROSE = '"""' + "\n".join(f"line {n}" for n in range(12)) + '\n"""\n'


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A small house in order: every rule is content with it."""
    for package in rules.PACKAGES:
        write(tmp_path, f"{package}/__init__.py", PROSE)
    write(tmp_path, "schemas/ids.py", "from __future__ import annotations\nimport datetime as dt\n")
    write(tmp_path, "tests/__init__.py", '"""Tests."""\n')
    write(tmp_path, "packaging/system-packages.txt", "# list\nlibone0  # why\n")
    for name in ("Makefile", "Dockerfile"):
        write(tmp_path, name, "RUN packaging/install-system-packages packaging/system-packages.txt\n")
    return tmp_path


BAD = [
    (rules.too_long, "gateway/big.py", "x = 1\n" * 401, "401 lines"),
    (rules.too_long, "gateway/big.py", "def f():\n" + "    x = 1\n" * 60, "f has 61 lines"),
    (rules.too_long, "tests/test_big.py", "async def f():\n" + "    x = 1\n" * 60, "f has 61 lines"),
    (rules.drawers, "scanning/utils.py", "", "drawer"),
    (rules.drawers, "adapters/_common/http.py", "", "drawer"),
    (rules.drawers, "adapters/vnpost/schemas.py", "", "second"),
    (rules.packages_without_prose, "gateway/desk/intake.py", "", "no __init__"),
    (rules.packages_without_prose, "gateway/desk/__init__.py", "", "docstring and nothing else"),
    (rules.packages_without_prose, "gateway/desk/__init__.py", '"""Doc."""\nimport os\n', "nothing else"),
    (rules.packages_without_prose, "gateway/__init__.py", '"""Short."""\n', "not 1"),
    (rules.packages_without_prose, "gateway/desk/__init__.py", '"""' + "line\n" * 40 + '"""', "not 40"),
    (rules.foreign_imports_of_the_ground_floor, "schemas/x.py", "import msgspec.json\n", "imports msgspec.json"),
    (rules.foreign_imports_of_the_ground_floor, "schemas/x.py", "from gateway import desk\n", "imports gateway"),
    (
        rules.foreign_imports_of_the_ground_floor,
        "schemas/x.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lxml\n",
        "imports lxml",
    ),
    (rules.loose_records, "schemas/x.py", "@dataclass\nclass X:\n    a: int\n", "X is not frozen"),
    (rules.loose_records, "schemas/x.py", "@dataclasses.dataclass(frozen=True)\nclass X:\n    a: int\n", "slotted"),
    (rules.silenced_without_reason, "tracking/x.py", "x = 1  # no" + "qa: E501\n", "does not say why"),
    (rules.silenced_without_reason, "tracking/x.py", "x = 1  # no" + "qa\n", "name the code"),
    (rules.silenced_without_reason, "tracking/x.py", "x = 1  # ty" + "pe: ignore[attr-defined]  # ok\n", "why"),
    (
        rules.silenced_without_reason,
        "tracking/x.py",
        "x = 1  # ty" + "pe: ignore  # some long reason\n",
        "name the code",
    ),
    (rules.silenced_without_reason, "tracking/x.py", "# ruff: no" + "qa: E501\n", "everything"),
    (rules.silenced_without_reason, "tracking/x.py", "# mypy: ignore-errors\n", "everything"),
    (rules.sleeps, "tests/test_x.py", "import time\ntime.sleep(1)\n", "time.sleep"),
    (rules.sleeps, "tests/test_x.py", "async def f():\n    await asyncio.sleep(0.1)\n", "asyncio.sleep"),
    (rules.sleeps, "tests/test_x.py", "from time import sleep\nsleep(1)\n", "sleep"),
    (rules.sleeps, "tests/test_x.py", "page.wait_for_timeout(5)\n", "wait_for_timeout"),
    (rules.lists_not_shared, "Dockerfile", "RUN true\n", "does not use"),
    (rules.lists_not_shared, "Makefile", "packaging/system-packages.txt\n\tinstall libone0\n", "names libone0"),
    (rules.lists_not_shared, "Makefile", "packaging/system-packages.txt\n\tapt-get update\n", "apt-get"),
    (rules.lists_not_shared, "packaging/system-packages.txt", "# nothing\n", "no package"),
]


@pytest.mark.parametrize(("rule", "name", "text", "told"), BAD)
def test_a_rule_sees_the_bad_example_and_nothing_before_it(
    house: Path, rule: Callable[[Path], list[str]], name: str, text: str, told: str
) -> None:
    assert rule(house) == []
    write(house, name, text)
    broken = rule(house)
    assert len(broken) == 1, broken
    assert told in broken[0]


def test_a_reason_after_the_directive_is_enough(house: Path) -> None:
    write(house, "tracking/x.py", "x = 1  # no" + "qa: E501, B008  the peer's own spelling\n")
    write(house, "tracking/y.py", "x = 1  # ty" + "pe: ignore[arg-type]  # stubs lag behind the library\n")
    write(house, "tests/test_x.py", "async def f():\n    await asyncio.sleep(0)\n")
    assert rules.silenced_without_reason(house) == []
    assert rules.sleeps(house) == []


def test_a_real_looking_number_is_found_and_shown_in_part(tmp_path: Path) -> None:
    write(tmp_path, "peer/reply.json", '{"a": "099099000012", "b": "202611220930", "c": "1795000000000"}')
    assert rules.real_looking_ids([tmp_path]) == []
    write(tmp_path, "peer/other.xml", "<id>" + "001" + "099000012</id>")
    (broken,) = rules.real_looking_ids([tmp_path])
    assert "001…" in broken
    assert "099000012" not in broken


def test_a_machine_path_is_found(tmp_path: Path) -> None:
    write(tmp_path, "notes.md", "see docs/home/page and http://host/home/x")
    assert rules.machine_paths([tmp_path]) == []
    write(tmp_path, "notes.md", "run /" + "home/somebody/x")
    assert len(rules.machine_paths([tmp_path])) == 1


# --- the contract types ----------------------------------------------------------------------------------------------


def graph_of(*imports: tuple[str, str]) -> grimp.ImportGraph:
    graph = grimp.ImportGraph()
    for name in ("adapters", "adapters._kit", "adapters.registry", "adapters.manifest", "adapters.a", "adapters.b"):
        graph.add_module(name)
    for peer in ("a", "b"):
        for part in ("client", "codes", "sandbox", "translate", "wire"):
            graph.add_module(f"adapters.{peer}.{part}")
    for importer, imported in imports:
        graph.add_import(importer=importer, imported=imported, line_number=1, line_contents="import")
    return graph


def verdict(contract: type[contracts.Reported], options: Mapping[str, object], graph: grimp.ImportGraph) -> list[str]:
    made = contract(name="test", session_options={}, contract_options=dict(options))
    check = made.check(graph, verbose=False)
    assert check.kept == (not check.metadata["broken"])
    return [link["why"] for link in check.metadata["broken"]]


PEERS = {"parent": "adapters", "not_peers": ["_kit", "manifest", "registry"], "blind": ["_kit", "manifest"]}
SANDBOXES = {"parent": "adapters", "sandbox": "sandbox", "kept_apart": ["translate", "client", "wire", "codes"]}


@pytest.mark.parametrize(
    ("imports", "broken"),
    [
        ([("adapters.a.client", "adapters._kit"), ("adapters.registry", "adapters.manifest")], 0),
        ([("adapters.a.client", "adapters.b.codes")], 1),
        ([("adapters.a.client", "adapters.registry"), ("adapters.registry", "adapters.b")], 1),
        ([("adapters._kit", "adapters.a.codes")], 1),
        ([("adapters.manifest", "adapters.b")], 1),
        ([("adapters.a", "adapters.b"), ("adapters.b", "adapters.a")], 2),
    ],
)
def test_peers_know_each_other_nowhere(imports: list[tuple[str, str]], broken: int) -> None:
    assert len(verdict(contracts.Peers, PEERS, graph_of(*imports))) == broken


def test_a_house_without_peers_is_at_peace() -> None:
    graph = grimp.ImportGraph()
    graph.add_module("adapters")
    assert verdict(contracts.Peers, PEERS, graph) == []
    assert verdict(contracts.Sandboxes, SANDBOXES, graph) == []


@pytest.mark.parametrize(
    ("imports", "broken"),
    [
        ([("adapters.a.sandbox", "adapters._kit"), ("adapters.a.client", "adapters.a.wire")], 0),
        ([("adapters.a.sandbox", "adapters.a.codes")], 1),
        ([("adapters.b.sandbox", "adapters.a"), ("adapters.a", "adapters.b.wire")], 1),
    ],
)
def test_a_sandbox_stands_apart_from_its_client(imports: list[tuple[str, str]], broken: int) -> None:
    assert len(verdict(contracts.Sandboxes, SANDBOXES, graph_of(*imports))) == broken


@pytest.mark.parametrize(
    ("importer", "library", "broken"),
    [
        ("adapters.a.wire", "pydantic", 0),
        ("adapters.a.client", "pydantic", 1),
        ("adapters.registry", "pydantic", 1),
        ("adapters._kit", "lxml", 0),
        ("adapters._kit.xml", "lxml", 0),
        ("adapters._kitchen", "lxml", 1),
        ("adapters.b", "lxml.etree", 1),
    ],
)
def test_a_library_is_used_at_home_only(importer: str, library: str, broken: int) -> None:
    options: dict[str, object] = {"homes": ["pydantic: adapters.*.wire", "lxml: adapters._kit, scanning.pdfa"]}
    assert len(verdict(contracts.Homes, options, graph_of((importer, library)))) == broken


@pytest.mark.parametrize("line", ["pydantic", "pydantic:", ": gateway", "pydantic: ,"])
def test_a_home_without_library_or_place_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="library: home"):
        contracts.parse_home(line)
