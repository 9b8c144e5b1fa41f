import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    "module",
    [
        "adapters._kit.http",
        "adapters._kit.json",
        "adapters._kit.redact",
        "adapters._kit.sandbox.script",
        "adapters.vnpost_hcc.cursor",
    ],
)
def test_the_examples_in_the_docstrings_hold(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.attempted > 0
    assert result.failed == 0
