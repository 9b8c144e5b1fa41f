"""Every recorded reply, broken in every way we know, over a real socket into the peer's real client.

Each ends as a named error with the raw bytes kept, or as a complaint that costs no neighbour; what is only written
otherwise means the same. Nothing is lost in silence. ``tests/recorded/<peer>/index.toml`` lists the recordings
(docs/adapters.md, "Recordings").
"""

import datetime as dt
from pathlib import Path

import pytest

from adapters._kit.http import recording
from adapters.registry import Registry
from schemas.ids import PeerId
from tests.contract.adapters.bench import PATIENT
from tests.contract.adapters.calls import Ask, Scene, ask_of
from tests.contract.adapters.mutants import Mutant, Sort
from tests.contract.adapters.peers import MANIFESTS, has_wire
from tests.contract.adapters.recordings import Good, goods, index, indexed
from tests.contract.adapters.understudy import Understudy, standing_in
from tests.contract.adapters.verdicts import Ending, fault

PUSHED = ("TrackingPush.parse", "ContractPush.read_push", "PortalPush.read_notice")
ALL = [good for peer in indexed() for good in goods(peer)]
LEAST = 20
"""Malformed replies of a peer at least (issue 4)."""


class TurningClock:
    """The machine's time at first; afterwards it passes only by waiting for it, so a rate limit costs nothing here."""

    def __init__(self) -> None:
        self.time = dt.datetime.now(dt.UTC)  # noqa: TID251  # tokens of the sandboxes follow the machine's time

    def now(self) -> dt.datetime:
        return self.time

    async def wait_until(self, when: dt.datetime) -> None:
        self.time = max(self.time, when)


async def ending(scene: Scene, ask: Ask) -> Ending:
    """Make the call and keep whatever comes of it."""
    with recording() as exchanges:
        try:
            return Ending(await ask(scene), None, exchanges)
        except Exception as error:  # any other error than ours is what the test looks for
            return Ending(None, error, exchanges)


def say(understudy: Understudy, good: Good, mutant: Mutant | None) -> None:
    """Let the peer say the mutant from now on, or the good reply itself."""
    line = understudy.line
    line.operation, line.heard = good.operation, 0
    line.body, line.status, line.headers = good.body, good.status, {"Content-Type": good.content_type}
    if mutant is not None:
        line.body, line.status = mutant.body, mutant.status or good.status
        line.headers = {"Content-Type": mutant.content_type or good.content_type, **dict(mutant.headers)}


def faults_of(told: list[tuple[Mutant, str]], excused: dict[str, str]) -> str:
    """The faults that nothing excuses, and the excuses that nothing needs, one a line."""
    lines = [f"{mutant.name}: {what}" for mutant, what in told if what and mutant.name not in excused]
    needed = {mutant.name for mutant, what in told if what}
    lines += [f"{name}: is excused, and does not need it" for name in excused if name not in needed]
    return "\n".join(lines)


@pytest.mark.parametrize("good", ALL, ids=lambda good: f"{good.peer}-{good.name}")
async def test_a_broken_reply_is_named_or_complained_of(good: Good, tmp_path: Path) -> None:
    options = {name: str(value) for name, value in index(good.peer).get("sandbox", {}).items()}
    ask, told = ask_of(good.peer, good.call), []
    async with standing_in(good.peer, tmp_path, options) as understudy:
        settings = {"enabled": True, **PATIENT, **understudy.settings, **good.settings}
        registry = Registry.load({good.peer: settings}, clock=TurningClock())
        pushed = good.call in PUSHED
        say(understudy, good, None)
        best = await ending(Scene(registry, good.peer, good.body), ask)
        assert best.error is None or best.named, best.error
        assert pushed or understudy.line.heard, f"{good.call} never asked for {good.operation}"
        for mutant in good.mutants():
            say(understudy, good, mutant)
            bad = await ending(Scene(registry, good.peer, mutant.body), ask)
            told.append((mutant, fault(best, bad, mutant, good.optional, wire=not pushed)))
        await registry.aclose()
    assert not (faults := faults_of(told, dict(good.excused))), f"{good.peer} {good.name}\n{faults}"


@pytest.mark.parametrize("peer", indexed())
def test_every_kind_of_breakage_is_tried(peer: PeerId) -> None:
    mutants = [mutant for good in goods(peer) for mutant in good.mutants()]
    assert len(mutants) >= LEAST
    dated = any(mutant.sort is Sort.DATE for mutant in mutants)
    assert {mutant.sort for mutant in mutants} >= set(Sort) - {Sort.HUGE} - (set() if dated else {Sort.DATE})


@pytest.mark.parametrize("peer", indexed())
def test_the_index_names_every_recording(peer: PeerId) -> None:
    """A reply that lies in the folder and is tried by nobody would look covered."""
    folder = Path(__file__).parents[2] / "recorded" / peer
    listed = {told["file"] for told in index(peer)["reply"]} | set(index(peer).get("tested_elsewhere", ()))
    lying = {file.name for pattern in ("*.json", "*.xml", "*.http") for file in folder.glob(pattern)}
    beside = {name for name in lying if ".request." in name or ".expected." in name}
    assert lying - beside == listed


def test_no_peer_is_left_out() -> None:
    assert set(indexed()) == {name for name, manifest in MANIFESTS.items() if has_wire(manifest)}
