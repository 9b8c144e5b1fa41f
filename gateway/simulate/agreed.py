"""What was agreed with the carrier before the first day: tariffs, corridors, which data of a person a service tells."""

import datetime as dt
from typing import Final

from gateway.sample import province
from gateway.simulate.numbers import BARE_SERVICE, GUARDED
from schemas.invoice import PERSONAL_FIELDS, Corridor, ServiceProfile, Tariff, TariffStep
from schemas.ports.stores import Tx

SINCE: Final = dt.date(2025, 1, 1)
ZONE: Final = "NT"
"""Within the province (nội tỉnh)."""
FEES: Final = (TariffStep(100, 18_000), TariffStep(250, 24_000), TariffStep(500, 31_000), TariffStep(None, 42_000))
TARIFF: Final = Tariff(province.CARRIER, "HCC", ZONE, FEES, SINCE, None)
_OFFICES: Final = ("990140", "990141", "990150", "990151", "990160", "990161")


def put(tx: Tx) -> None:
    """Write it all into the store."""
    tx.trade.put_tariffs([TARIFF])
    tx.trade.put_profiles(
        [
            ServiceProfile(GUARDED, "HCC", PERSONAL_FIELDS, SINCE, None),
            ServiceProfile(GUARDED, BARE_SERVICE, (), SINCE, None),
        ]
    )
    tx.trade.put_corridors(
        Corridor(province.CARRIER, origin, target, (origin, "990100", target), SINCE, None)
        for origin in _OFFICES
        for target in _OFFICES
        if origin != target
    )
