"""docs/interop.md says what the tests of the matrix ask, and nothing else."""

from typing import Final

import pytest

from tests.interop import cases, drivers, limits, page, test_our_client, test_our_server
from tests.interop.cells import judged
from tests.interop.limits import Limit

pytestmark = pytest.mark.interop
_LIMIT: Final = Limit("it cannot", "no such thing")


def test_the_page_is_what_the_tests_ask() -> None:
    assert page.PAGE.read_text("utf-8") == page.written(), "python -m tests.interop writes it anew"


def test_every_case_has_its_cell_in_both_directions() -> None:
    assert list(test_our_server.CELLS) == list(test_our_client.CELLS) == list(cases.CASES)


def test_every_limit_is_one_of_a_cell() -> None:
    for known, stacks in ((limits.OUR_SERVER, drivers.CLIENTS), (limits.OUR_CLIENT, drivers.SERVERS)):
        assert [cell for cell in known if cell[0] not in stacks or cell[1] not in cases.CASES] == []


def test_a_limit_lets_a_cell_fail_by_it() -> None:
    with judged(_LIMIT):
        raise ValueError("there is no such thing")


def test_a_limit_excuses_no_other_failure() -> None:
    with pytest.raises(ValueError, match="another"), judged(_LIMIT):
        raise ValueError("another")


def test_a_limit_that_is_gone_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="strike it"), judged(_LIMIT):
        pass
