"""How a cell is judged: it passes, or it fails in the way that `limits` says."""

import contextlib
import re
from collections.abc import Iterator

import pytest

from tests.interop.limits import Limit


@contextlib.contextmanager
def judged(limit: Limit | None) -> Iterator[None]:
    """Let the cell inside pass; where there is a limit, let it fail by it and by nothing else."""
    if limit is None:
        yield
        return
    try:
        yield
    except Exception as error:  # whatever the stack made of it: the words decide
        if re.search(limit.shows, str(error)) is None:
            raise
        return
    pytest.fail(f"it can do it now, strike it from tests/interop/limits.py: {limit.why}")
