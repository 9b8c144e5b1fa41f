"""What the settings say about this customer of VNPost's commercial interface, read once and checked."""

import dataclasses
from collections.abc import Mapping

from adapters._kit.settings import Settings
from adapters.vnpost import codes
from schemas.errors import BadConfiguration
from schemas.ids import CarrierId
from schemas.tracking import Mapped

SERVICES = ("EMS", "BK", "ECOD", "DONG_GIA", "TMDT_EMS", "TMDT_BK", "TMDT_EMS_TK")


@dataclasses.dataclass(frozen=True, slots=True)
class Terms:
    """Codes of the customer, its services, and the open points as settings."""

    carrier: CarrierId
    customer_code: str
    vendor_id: str
    service: str
    services: Mapping[str, str]
    """Our service → theirs."""
    pickup_to_office: int
    pickup_to_citizen: int
    receipt: bool
    """UseBaoPhat: the addressee signs a card that comes back."""
    dates: str
    """``any``, ``vi`` or ``iso``: how LastUpdateTime and SendDate are written."""
    codes: Mapping[str, Mapped]
    older: bool
    """The addresses before CustomerConnect."""

    @classmethod
    def read(cls, settings: Settings) -> "Terms":
        """From checked settings. Raises BadConfiguration."""
        carrier = settings.manifest.carrier
        if carrier is None:
            raise BadConfiguration("carrier: is missing", subject=settings.manifest.name)
        services = settings.table("services")
        strange = [theirs for theirs in services.values() if theirs not in SERVICES]
        if strange:
            told = f"peers.vnpost.services: {strange[0]!r} is none of {', '.join(SERVICES)}"
            raise BadConfiguration(told, subject=settings.manifest.name)
        return cls(
            carrier=carrier,
            customer_code=settings.text("customer_code"),
            vendor_id=settings.text("vendor_id"),
            service=settings.text("service"),
            services=services,
            pickup_to_office=settings.integer("pickup_to_office"),
            pickup_to_citizen=settings.integer("pickup_to_citizen"),
            receipt=settings.flag("receipt"),
            dates=settings.text("dates"),
            codes=codes.table(settings.table("status_codes")),
            older=settings.text("addresses") == "older",
        )

    def service_of(self, ours: str) -> str:
        """Their name of a service."""
        return self.services.get(ours) or (ours if ours in SERVICES else self.service)
