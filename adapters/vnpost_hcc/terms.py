"""What the settings say about this customer of VNPost HCC, read once and checked."""

import dataclasses
from collections.abc import Mapping

from adapters._kit.settings import Settings
from adapters.vnpost_hcc import codes
from schemas.errors import BadConfiguration
from schemas.ids import CarrierId
from schemas.tracking import Mapped

LEGACY = "serviceapi_v1"
"""Value of the setting ``api`` for the interface of 2016."""


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """The customer's code, the flags of the two directions, codes it was told, and the open points as settings."""

    customer_code: str
    flag_to_office: int
    flag_to_citizen: int
    event_time: str
    codes: Mapping[str, Mapped]
    carrier: CarrierId
    any_row_means_accepted: bool
    item_code: str = "when_known"
    """``when_known``, ``required`` or ``never``: does the order carry a number of our leased blocks."""
    district: int = 0
    price_service: str = "HCC"
    price_is_return: int = 1
    document_state: int = 0
    document_elements: str = "text"
    """``text``: the papers joined by ``; ``; ``list``: a list of texts."""

    @classmethod
    def read(cls, settings: Settings) -> "Terms":
        """From checked settings. Raises BadConfiguration."""
        carrier = settings.manifest.carrier
        if carrier is None:
            raise BadConfiguration("carrier: is missing", subject=settings.manifest.name)
        return cls(
            customer_code=settings.text("customer_code"),
            flag_to_office=settings.integer("flag_to_office"),
            flag_to_citizen=settings.integer("flag_to_citizen"),
            event_time=settings.text("event_time"),
            codes=codes.table(settings.table("status_codes")),
            carrier=carrier,
            any_row_means_accepted=settings.manifest.any_row_means_accepted,
            item_code=settings.text("item_code"),
            district=settings.integer("district"),
            price_service=settings.text("price_service"),
            price_is_return=settings.integer("price_is_return"),
            document_state=settings.integer("document_state"),
            document_elements=settings.text("document_elements"),
        )


def needed(settings: Settings, *names: str) -> None:
    """Raises BadConfiguration that names the first of these settings without a value; the two interfaces differ."""
    for name in names:
        if not settings.has(name):
            what = next(spec.description for spec in settings.manifest.settings if spec.name == name)
            told = f"peers.{settings.manifest.name}.{name}: is required where api is {settings.text('api')}: {what}"
            raise BadConfiguration(told, subject=settings.manifest.name)
