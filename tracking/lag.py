"""How late news usually is: p50 and p95 per way, learned from pairs (happened, heard). Pure."""

import dataclasses
import datetime as dt
import math
from collections.abc import Iterable

from schemas.shipment import Item

MIN_SAMPLES = 20
"""Below this a p95 would be the one worst case; the defaults of the rules stand instead."""


@dataclasses.dataclass(frozen=True, slots=True)
class Lag:
    """Learned from ``samples`` pairs: half of the news came within ``p50``, 95 % within ``p95``."""

    samples: int
    p50: dt.timedelta
    p95: dt.timedelta


def learn(pairs: Iterable[tuple[dt.datetime, dt.datetime]]) -> Lag | None:
    """The lag of (occurred, received) pairs; None for too few. News from before its own event counts as no lag."""
    lags = sorted(max(dt.timedelta(0), heard - happened) for happened, heard in pairs)
    if len(lags) < MIN_SAMPLES:
        return None
    return Lag(len(lags), _percentile(lags, 0.50), _percentile(lags, 0.95))


def _percentile(lags: list[dt.timedelta], share: float) -> dt.timedelta:
    """Nearest rank: an observed value, never one between two."""
    return lags[max(0, math.ceil(share * len(lags)) - 1)]


def provinces_of(item: Item) -> str:
    """``01>33``: from which province to which by the addresses on the item; empty where one of them is not known."""
    if item.sender is None or item.addressee is None:
        return ""
    ends = [one.address.province_code or one.address.province for one in (item.sender, item.addressee)]
    return ">".join(ends) if all(ends) else ""
