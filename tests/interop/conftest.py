"""Our server in a process of its own, once for every file that asks it."""

from collections.abc import Iterator

import pytest

from tests.interop import drivers


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it listens: ``http://127.0.0.1:port``."""
    running = drivers.Driver(drivers.HOUSE, str(tmp_path_factory.mktemp("house")))
    yield str(running.hello["url"])
    running.close()
