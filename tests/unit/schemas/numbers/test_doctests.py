import doctest
from types import ModuleType

import pytest

from schemas.numbers import citizen_id, dossier_code, procedure_code, s10, unit_code


@pytest.mark.parametrize("module", [citizen_id, dossier_code, procedure_code, s10, unit_code])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
