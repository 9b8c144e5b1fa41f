"""Feeds that fall silent (D-36), and short silences that are none."""

import dataclasses
import datetime as dt
from typing import Final

from gateway.simulate.pair import Pair
from gateway.simulate.plot import Plot
from gateway.simulate.world import DAY, HOUR, Act
from schemas.discrepancy import Subject
from schemas.ids import PeerId
from schemas.ports.stores import Tx

PEERS: Final = (PeerId("dvcqg"), PeerId("lien_thong"), PeerId("vnpost_hcc"), PeerId("loopback"), PeerId("postal_soap"))
STEP_S: Final = 600
"""How often a failing feed is asked again."""


def outage(plot: Plot) -> None:
    """A peer does not answer for some hours. What it would have told comes afterwards."""
    peer, since = _turn(plot, hour=9)
    until = since + plot.rng.uniform(4, 7) * HOUR
    _fails(plot, peer, since, until)
    plot.faulty(since, f"{peer} did not answer for hours", until=until + HOUR)


def hiccup(plot: Plot) -> None:
    """A peer does not answer a few times, and then it does."""
    peer, since = _turn(plot, hour=20)
    until = since + plot.rng.uniform(5, 20) * HOUR / 60
    _fails(plot, peer, since, until)
    plot.innocent(since, f"{peer} did not answer for some minutes")


def _turn(plot: Plot, *, hour: int) -> tuple[PeerId, dt.datetime]:
    """Peers take turns, so that no outage of a peer runs into the next."""
    peer = PEERS[plot.n % len(PEERS)]
    day = plot.n // len(PEERS) * 3 + plot.n % len(PEERS) % 3
    since = plot.world.begins + day * DAY + dt.timedelta(hours=hour, minutes=plot.rng.randrange(30))
    plot.owns(Subject.FEED, peer)
    return peer, since


def _fails(plot: Plot, peer: PeerId, since: dt.datetime, until: dt.datetime) -> None:
    plot.world.outages.setdefault(peer, []).append((since, until))
    asked, n = since, 0
    while asked < until:
        n += 1
        plot.world.at(asked, _failed(peer, since, n))
        asked += dt.timedelta(seconds=STEP_S)
    plot.world.at(until, _answered(peer))


def _failed(peer: PeerId, since: dt.datetime, n: int) -> Act:
    def act(tx: Tx, now: dt.datetime) -> None:
        state = tx.feeds.get(peer)
        tx.feeds.put(dataclasses.replace(state, failing_since=since, failures=n, last_error="504 Gateway Timeout"))

    return act


def _answered(peer: PeerId) -> Act:
    def act(tx: Tx, now: dt.datetime) -> None:
        state = tx.feeds.get(peer)
        tx.feeds.put(dataclasses.replace(state, failing_since=None, failures=0, last_error="", last_ok_at=now))

    return act


PAIRS: Final[dict[str, Pair]] = {"D-36": Pair(outage, hiccup)}
