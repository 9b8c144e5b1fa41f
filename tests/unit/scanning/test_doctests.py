import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "scanning.codes",
        "scanning.feed",
        "scanning.placing",
        "scanning.recipe",
        "scanning.stages",
        "scanning.steps.paper",
        "scanning.streams",
        "scanning.textlayer",
        "scanning.words",
        "schemas.document",
    ],
)
def test_the_examples_in_the_docstrings_are_true(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert result.failed == 0
