"""The rules, over this checkout."""

import importlib.metadata
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house import rules


@pytest.mark.parametrize(
    "rule",
    [
        rules.too_long,
        rules.drawers,
        rules.packages_without_prose,
        rules.foreign_imports_of_the_ground_floor,
        rules.loose_records,
        rules.silenced_without_reason,
        rules.sleeps,
        rules.lists_not_shared,
    ],
    ids=lambda rule: str(rule.__name__),
)
def test_the_house_keeps_its_rules(rule: Callable[[Path], list[str]]) -> None:
    broken = rule(rules.ROOT)
    assert not broken, "\n".join(broken)


def test_the_import_contracts_hold() -> None:
    # In a process of its own: import-linter's command line switches off every logger that exists when it begins.
    linter = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run([linter, "--no-cache"], cwd=rules.ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Contracts: 5 kept" in ended.stdout


def test_top_level_names_are_ours() -> None:
    owners = importlib.metadata.packages_distributions()
    for name in rules.PACKAGES:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        if Path(spec.origin).is_relative_to(rules.ROOT) and ".venv" not in Path(spec.origin).parts:
            # an editable install has no entry in the map; a stranger's wheel with this name would have one
            assert set(owners.get(name, ["lienthong"])) == {"lienthong"}
        else:
            assert owners.get(name) == ["lienthong"], f"{name} is imported from {spec.origin}"


def test_recordings_and_samples_hold_no_real_number() -> None:
    folders = [rules.ROOT / "tests" / "recorded", *(rules.ROOT / name for name in rules.PACKAGES)]
    assert rules.real_looking_ids(folder for folder in folders if folder.exists()) == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    names = [*rules.PACKAGES, "tests", "docs", "benchmarks", "packaging", "requirements", "changes", ".ci"]
    files = ["Makefile", "Dockerfile", "pyproject.toml", "README.md", ".gitignore"]
    present = [rules.ROOT / name for name in (*names, *files) if (rules.ROOT / name).exists()]
    assert rules.machine_paths(present) == []
