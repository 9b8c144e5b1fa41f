"""The connection test: says what is wrong, never raises, changes nothing."""

import pytest

from schemas.ids import PeerId
from schemas.ports.carrier import Prober
from tests.contract.adapters.bench import SandboxHands, closed_port
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import MANIFESTS, with_port

probers = pytest.mark.parametrize("peer", with_port("Prober"))
wired = pytest.mark.parametrize("peer", with_port("Prober", wire_only=True))


@probers
async def test_a_good_connection_is_told_as_good(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    probe = await bench.port(Prober).probe()
    assert probe.ok, probe.what
    assert probe.latency_ms >= 0
    if probe.clock_skew_s is not None:
        assert abs(probe.clock_skew_s) < 60, "both clocks are this machine's"


@wired
async def test_a_peer_that_is_not_there_is_told_and_not_raised(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    assert bench.told is not None
    nowhere = f"http://127.0.0.1:{closed_port()}"
    moved = {
        name: value.replace(bench.told["url"], nowhere)
        for name, value in bench.settings.items()
        if isinstance(value, str)
    }
    probe = await bench.port(Prober, **moved).probe()
    assert not probe.ok
    assert probe.what


@pytest.mark.parametrize(
    "peer",
    [peer for peer in with_port("Prober", wire_only=True) if any(s.secret for s in MANIFESTS[peer].settings)],
)
async def test_wrong_credentials_are_found_out(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    secrets = [spec.name for spec in bench.manifest.settings if spec.secret and bench.settings.get(spec.name)]
    if not secrets:
        return  # this sandbox lets everybody ask
    probe = await bench.port(Prober, **dict.fromkeys(secrets, "certainly-wrong")).probe()
    assert not probe.ok
    assert "certainly-wrong" not in probe.what


@wired
async def test_a_probe_changes_nothing(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    assert isinstance(bench.hands, SandboxHands)
    before = await bench.hands.control.applied()
    await bench.port(Prober).probe()
    assert await bench.hands.control.applied() == before


@probers
async def test_the_registry_checks_a_peer_for_the_command_line(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    check = await bench.registry.check(peer)
    assert check.probe is not None
    assert check.probe.ok, check.probe.what
    (row,) = [row for row in bench.registry.rows() if row.enabled]
    assert row.peer == peer
