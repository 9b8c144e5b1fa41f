"""What a peer offers besides or less, by one of its settings: an older interface, an address that was never given.

A manifest says what a peer can do; the settings of one customer may take a port away or put another in its place.
"""

import dataclasses
from collections.abc import Mapping, Sequence


@dataclasses.dataclass(frozen=True, slots=True)
class Variant:
    """Where ``setting`` has ``value`` (empty: no value at all), the peer offers ``adds`` too and not ``drops``."""

    setting: str
    value: str
    adds: tuple[str, ...]
    drops: tuple[str, ...]

    def holds(self, values: Mapping[str, object]) -> bool:
        """True under these settings."""
        return str(values.get(self.setting) or "") == self.value


def fault(variants: Sequence[Variant], settings: Sequence[str], known: Mapping[str, tuple[object, ...]]) -> str:
    """What is wrong with the variants of a manifest; empty where nothing is. ``known`` are ports with their operations.

    A port with operations of its own cannot be added: its rules would stand in the manifest of peers without it.
    """
    for variant in variants:
        if variant.setting not in settings:
            return f"{variant.setting!r} is no setting of this peer"
        strange = [name for name in (*variant.adds, *variant.drops) if name not in known]
        if strange:
            return f"{strange[0]!r} is no port"
        effective = [name for name in variant.adds if known[name]]
        if effective:
            return f"{effective[0]!r} has operations: name it in `capabilities` and drop it where it is not offered"
    return ""


def offered(capabilities: Sequence[str], variants: Sequence[Variant], values: Mapping[str, object]) -> tuple[str, ...]:
    """The ports under these settings, in the manifest's order, added ones last.

    >>> old = Variant("api", "v1", ("TrackingPull",), ("TrackingFeed",))
    >>> offered(("Booking", "TrackingFeed"), (old,), {"api": "v1"})
    ('Booking', 'TrackingPull')
    >>> offered(("Booking", "TrackingFeed"), (old,), {"api": "v2"})
    ('Booking', 'TrackingFeed')
    """
    held = [variant for variant in variants if variant.holds(values)]
    dropped = {name for variant in held for name in variant.drops}
    added = (name for variant in held for name in variant.adds)
    return tuple(dict.fromkeys(name for name in (*capabilities, *added) if name not in dropped))
