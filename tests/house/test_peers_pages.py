"""The pages about the peers say what the folders say, and every peer says what it does not know."""

import pytest

from schemas.ids import PeerId
from tests.house.peers_pages import (
    PEERS_PAGE,
    QUESTIONS_PAGE,
    has_place,
    items,
    peers_page,
    questions,
    questions_page,
    real,
    section,
)

REAL = real()
MAKE = "python -m tests.house.peers_pages makes it anew"


def test_the_page_of_the_peers_is_what_the_folders_say() -> None:
    assert PEERS_PAGE.read_text("utf-8") == peers_page(), MAKE


def test_the_page_of_open_questions_is_what_the_contracts_say() -> None:
    assert QUESTIONS_PAGE.read_text("utf-8") == questions_page(), MAKE


@pytest.mark.parametrize("peer", REAL)
def test_each_peer_says_what_is_open_and_where_the_answer_goes(peer: PeerId) -> None:
    """``- **question** → `setting` …`` under "## Open questions" of contract/README.md."""
    told = questions(peer)
    assert told, "no contract of theirs is so clear that nothing is open"
    assert len(told) == len(items(peer)), "an item has not the form"
    assert [one.what for one in told if not has_place(one, REAL[peer])] == []


def test_a_section_ends_where_the_next_begins() -> None:
    text = "# A\n\n## Open questions\n- **one?** → `x`\n  and more\n\n## Next\n- no\n"
    assert section(text, "Open questions") == "- **one?** → `x`\n  and more\n\n"
    assert section(text, "Nothing") == ""
