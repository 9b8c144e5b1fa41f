"""What the documents name exists: paths, commands, decisions."""

import re
from pathlib import Path

import pytest

from gateway.cli.main import COMMANDS, app
from tests.house import rules

DOCS = rules.ROOT / "docs"
PLACE = re.compile(r"`((?:gateway|adapters|scanning|tracking|schemas|tests|outbox|desk)/[\w/.*-]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def missing_places(page: Path) -> list[str]:
    """Paths in backticks that are not in the tree; short ones begin at the gateway."""
    named = {place.rstrip("/") for place in PLACE.findall(page.read_text("utf-8"))}
    homes = (rules.ROOT, rules.ROOT / "gateway")
    return sorted(place for place in named if not any(found for home in homes for found in home.glob(place)))


def names() -> list[str]:
    """Every command as it is typed."""
    found = []
    for name in COMMANDS:
        below = [word for word in app[name] if not word.startswith("-")]
        found += [f"{name} {word}" for word in below] or [name]
    return [f"lienthong {name}" for name in found]


def test_the_architecture_names_only_what_is_there() -> None:
    assert missing_places(DOCS / "architecture.md") == []


def test_a_place_that_is_not_there_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("`gateway/wiring.py`, `desk/attach`, `tracking/nowhere.py` and `schemas/ports/stores.py`")
    assert missing_places(page) == ["desk/attach", "tracking/nowhere.py"]


def test_every_command_is_in_the_manual() -> None:
    manual = (DOCS / "cli.md").read_text("utf-8")
    assert [name for name in names() if f"`{name}" not in manual] == []


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
