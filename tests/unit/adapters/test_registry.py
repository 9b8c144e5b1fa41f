import datetime as dt
import sys
from pathlib import Path

import pytest

from adapters.registry import Registry
from schemas.errors import BadConfiguration
from schemas.ids import CarrierId, PeerId
from schemas.ports.carrier import Booking, TrackingFeed
from schemas.ports.one_stop import DossierSource
from schemas.ports.portal import StatusSink


class StillClock:
    def now(self) -> dt.datetime:
        return dt.datetime(2026, 11, 20, tzinfo=dt.UTC)

    async def wait_until(self, when: dt.datetime) -> None:
        raise AssertionError(f"nobody waits until {when}")


LOOPBACK = PeerId("loopback")


def test_only_what_is_switched_on_is_imported() -> None:
    before = {name for name in sys.modules if name.startswith("adapters.loopback")}
    registry = Registry.load({"loopback": {"enabled": False}}, clock=StillClock())
    assert registry.peers == ()
    assert {name for name in sys.modules if name.startswith("adapters.loopback")} == before
    assert [row.peer for row in registry.rows() if row.enabled] == []
    assert LOOPBACK in [row.peer for row in registry.rows()]


def test_ports_are_handed_out_by_capability() -> None:
    registry = Registry.load({"loopback": {"enabled": True}}, clock=StillClock())
    assert isinstance(registry.port(LOOPBACK, Booking), Booking)
    assert isinstance(registry.port(LOOPBACK, StatusSink), StatusSink)
    assert isinstance(registry.port(LOOPBACK, DossierSource), DossierSource)
    assert registry.with_port(TrackingFeed) == (LOOPBACK,)
    assert registry.for_carrier(CarrierId("loopback"), Booking) == (LOOPBACK,)
    assert registry.for_carrier(CarrierId("vnpost"), Booking) == ()


def test_settings_win_over_the_manifest() -> None:
    settings = {"enabled": True, "max_in_flight": 2, "poll_interval_s": 1.5, "rate_per_s": 3}
    peer = Registry.load({"loopback": settings}, clock=StillClock()).peer(LOOPBACK)
    assert (peer.max_in_flight, peer.poll_interval_s, peer.rate_per_s) == (2, 1.5, 3.0)
    plain = Registry.load({"loopback": {"enabled": True}}, clock=StillClock()).peer(LOOPBACK)
    assert (plain.max_in_flight, plain.poll_interval_s, plain.rate_per_s) == (8, 5.0, None)


def test_a_peer_that_is_off_has_no_ports() -> None:
    registry = Registry.load({}, clock=StillClock())
    with pytest.raises(BadConfiguration, match="not switched on"):
        registry.port(LOOPBACK, Booking)


def test_settings_for_nobody_are_named() -> None:
    with pytest.raises(BadConfiguration, match=r"peers\.vnpots: no such peer"):
        Registry.load({"vnpots": {}}, clock=StillClock())


def test_a_wrong_setting_of_a_peer_that_is_on_is_named() -> None:
    with pytest.raises(BadConfiguration, match=r"peers\.loopback\.switchs: unknown setting"):
        Registry.load({"loopback": {"enabled": True, "switchs": []}}, clock=StillClock())
    with pytest.raises(BadConfiguration, match="explode"):
        Registry.load({"loopback": {"enabled": True, "switches": ["explode"]}}, clock=StillClock())


def test_a_manifest_that_promises_too_much_does_not_start(tmp_path: Path) -> None:
    """The folder is found by its manifest; its client must offer every port that the manifest names."""
    folder = tmp_path / "loopback"
    folder.mkdir()
    original = Path(sys.modules["adapters.registry"].__file__ or "").parent / "loopback" / "manifest.toml"
    text = original.read_text(encoding="utf-8").replace('"Prober",', '"Prober", "ContractPush",')
    (folder / "manifest.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration, match="does not offer ContractPush"):
        Registry.load({"loopback": {"enabled": True}}, clock=StillClock(), folder=tmp_path)
