"""Calls of this peer alone: announcing a dossier, asking a price, and the interface of 2016."""

import dataclasses

from schemas.ids import CarrierId
from schemas.ports.carrier import Pricing, Registering
from tests.contract.adapters import records
from tests.contract.adapters.calls import CODE, Ask, Scene


async def _register(scene: Scene) -> object:
    told = dataclasses.replace(records.registration(CarrierId("vnpost")), dossier_code=CODE, reference=CODE)
    return await scene.port(Registering).register_dossier(told)


CALLS: dict[str, Ask] = {
    "Registering.register_dossier": _register,
    "Pricing.prices": lambda scene: scene.port(Pricing).prices(scene.order()),
}
