"""One sandbox process per peer and session; one registry per test."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from schemas.ids import PeerId
from tests.contract.adapters.bench import Bench, Running, make_bench, running
from tests.contract.adapters.peers import MANIFESTS, has_wire

Make = Callable[[PeerId], Awaitable[Bench]]


class Sandboxes(dict[PeerId, Running]):
    """Started when first asked for, stopped at the end of the session."""

    def __init__(self, factory: pytest.TempPathFactory, stack: contextlib.ExitStack) -> None:
        super().__init__()
        self._factory = factory
        self._stack = stack

    def need(self, peer: PeerId) -> None:
        if peer not in self and has_wire(MANIFESTS[peer]):
            ledger = self._factory.mktemp(peer) / "ledger.jsonl"
            self[peer] = self._stack.enter_context(running(peer, ledger))


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandboxes]:
    with contextlib.ExitStack() as stack:
        yield Sandboxes(tmp_path_factory, stack)


@pytest.fixture
async def bench_of(sandboxes: Sandboxes) -> AsyncIterator[Make]:
    """Makes the bench of a peer; afterwards its sessions are closed and its sandbox is calm again."""
    made: list[Bench] = []

    async def make(peer: PeerId) -> Bench:
        sandboxes.need(peer)
        bench = make_bench(peer, sandboxes)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        await bench.hands.calm()
        await bench.aclose()
