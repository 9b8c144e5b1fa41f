"""The loopback as the registry makes it: one memory and one set of switches behind every port."""

from adapters._kit.http import PeerHttp
from adapters._kit.settings import Settings
from adapters.loopback.carrier import Carrier
from adapters.loopback.offices import Offices
from adapters.loopback.switches import Switches
from adapters.loopback.world import World
from schemas.ports.clock import Clock

OFFICES = frozenset({"StatusSink", "DossierSink", "DossierSource"})


class Adapter:
    """Every wire port in memory. Tests reach ``world``, ``switches``, ``carrier`` and ``offices`` directly."""

    def __init__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> None:
        """Take the secret and the first switches from the settings; ``http`` is never used."""
        self.world = World()
        self.switches = Switches(settings.texts("switches"))
        self.carrier = Carrier(world=self.world, switches=self.switches, clock=clock, secret=settings.text("secret"))
        self.offices = Offices(world=self.world, switches=self.switches)

    def side(self, port: str) -> object:
        """Who offers a port: carriers and one-stop systems both have a ``fetch`` and a ``read``."""
        return self.offices if port in OFFICES else self.carrier
