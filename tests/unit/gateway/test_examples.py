import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["gateway.console.texts", "gateway.folding", "gateway.inbound.views.snippets"])
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert result.failed == 0
