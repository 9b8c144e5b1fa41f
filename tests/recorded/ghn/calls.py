"""Calls of this peer alone: its orders go by its own code."""

from schemas.ports.carrier import TrackingPull
from tests.contract.adapters.calls import Ask

NUMBER = "Z82BS"

CALLS: dict[str, Ask] = {
    "TrackingPull.fetch": lambda scene: scene.port(TrackingPull).fetch([NUMBER], since=None),
}
