"""Finds the peers, imports only those switched on, and hands out their ports by capability.

A peer is a folder ``adapters/<name>`` with a manifest.toml. Its ``client.py`` has ``class Adapter``, made as
``Adapter(settings: Settings, *, http: PeerHttp, clock: Clock)``: one instance offers every port that the manifest
names; where two ports share a method's name, ``Adapter.side(port name)`` gives the object for each. Settings come as
the plain mapping of ``[peers.<name>]``; a peer with ``enabled = true`` is switched on.
"""

import dataclasses
import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar, cast

from adapters._kit.http import PURPOSE, Deadlines, PeerHttp
from adapters._kit.settings import COMMON, Settings, check_settings
from adapters._kit.tls import Tls
from adapters.manifest import Manifest, SettingSpec, SettingType, read_manifest
from adapters.variants import offered
from schemas.errors import BadConfiguration, CallError
from schemas.ids import CarrierId, PeerId
from schemas.ports.carrier import Prober
from schemas.ports.clock import Clock
from schemas.wire import Probe

PEERS_FOLDER = Path(__file__).parent
P = TypeVar("P")


class AdapterClass(Protocol):
    """How a peer's ``Adapter`` is made."""

    def __call__(self, settings: Settings, *, http: PeerHttp, clock: Clock) -> object:
        """Make the adapter; opens nothing, so it cannot fail for a peer that is down."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """A peer that is switched on."""

    manifest: Manifest
    settings: Settings
    http: PeerHttp
    adapter: object

    @property
    def capabilities(self) -> tuple[str, ...]:
        """The ports that it offers under its settings."""
        return offered(self.manifest.capabilities, self.manifest.variants, self.settings.values)

    @property
    def max_in_flight(self) -> int:
        """Calls at the same time: the setting, else the manifest's."""
        told = self.settings.values.get("max_in_flight")
        return told if isinstance(told, int) else self.manifest.max_in_flight

    @property
    def rate_per_s(self) -> float | None:
        """Upper rate of calls: the setting, else the manifest's; None: no limit known."""
        return self._seconds("rate_per_s") or self.manifest.rate_per_s

    @property
    def calls_per_day(self) -> int | None:
        """Quota of calls for a day: the setting, else the manifest's; None: none is known."""
        told = self.settings.values.get("calls_per_day")
        return told if isinstance(told, int) else self.manifest.calls_per_day

    @property
    def credential(self) -> str:
        """Under whose account it is called: the setting, else its own name."""
        return str(self.settings.values.get("credential") or self.manifest.name)

    @property
    def poll_interval_s(self) -> float | None:
        """Seconds between two reads of its feed: the setting, else the manifest's."""
        return self._seconds("poll_interval_s") or self.manifest.poll_interval_s

    @property
    def webhook_proof(self) -> str | None:
        """How its deliveries are proven: the setting ``webhook_proof``, else the manifest; None: it never calls."""
        told = self.settings.values.get("webhook_proof")
        if self.manifest.webhook is None:
            return None
        return told if isinstance(told, str) and told else self.manifest.webhook.signature

    def _seconds(self, name: str) -> float | None:
        told = self.settings.values.get(name)
        return float(told) if isinstance(told, int | float) else None


@dataclasses.dataclass(frozen=True, slots=True)
class PeerRow:
    """One line of ``lienthong peers list``."""

    peer: PeerId
    title: str
    enabled: bool
    carrier: CarrierId | None
    capabilities: tuple[str, ...]
    spec: str


@dataclasses.dataclass(frozen=True, slots=True)
class PeerCheck:
    """One line of ``lienthong peers check``; ``probe`` is None for a peer that cannot be tried without an effect."""

    peer: PeerId
    probe: Probe | None


def manifests(folder: Path = PEERS_FOLDER) -> dict[PeerId, Manifest]:
    """Every manifest found, by peer, whether switched on or not. Raises BadConfiguration for a wrong one."""
    found = [read_manifest(file) for file in sorted(folder.glob("*/manifest.toml"))]
    return {manifest.name: manifest for manifest in found}


def common_settings() -> tuple[SettingSpec, ...]:
    """Settings that every peer has."""
    return COMMON


class Registry:
    """The peers that are switched on."""

    def __init__(self, peers: Mapping[PeerId, Peer], known: Mapping[PeerId, Manifest]) -> None:
        self._peers = dict(peers)
        self.known = dict(known)

    @classmethod
    def load(
        cls, settings: Mapping[str, Mapping[str, object]], *, clock: Clock, folder: Path = PEERS_FOLDER
    ) -> "Registry":
        """Read the manifests, check ``[peers.*]``, import and make the peers with ``enabled = true``.

        Raises:
            BadConfiguration: a setting for an unknown peer, a wrong setting, or a folder whose client does not offer
                what its manifest promises.
        """
        known = manifests(folder)
        for name in settings:
            if PeerId(name) not in known:
                raise BadConfiguration(f"peers.{name}: no such peer; known: {', '.join(known)}", subject=name)
        on = [name for name in known if settings.get(name, {}).get("enabled") is True]
        return cls({name: _make(known[name], settings[name], clock) for name in on}, known)

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The peers switched on, by name."""
        return tuple(self._peers.values())

    def peer(self, name: PeerId) -> Peer:
        """The peer. Raises BadConfiguration where it is unknown or off."""
        if name not in self._peers:
            raise BadConfiguration(f"peers.{name}: is not switched on (enabled = true)", subject=name)
        return self._peers[name]

    def sharing(self, name: PeerId) -> tuple[Peer, ...]:
        """The peers that are called with the same account, this one included, by name."""
        credential = self.peer(name).credential
        return tuple(peer for peer in self.peers if peer.credential == credential)

    def quota(self, name: PeerId) -> int | None:
        """Calls a day of the account: the least that is known of those who share it; None where none is known."""
        known = [peer.calls_per_day for peer in self.sharing(name) if peer.calls_per_day is not None]
        return min(known, default=None)

    def offers(self, name: PeerId, port: Callable[..., object]) -> bool:
        """True where the peer is switched on and offers the port under its settings."""
        return name in self._peers and port.__name__ in self._peers[name].capabilities

    def port(self, name: PeerId, port: Callable[..., P]) -> P:
        """The peer's side of a port, e.g. ``registry.port(peer, Booking)``.

        ``port`` is the Protocol class; it is typed as a callable because ``type[P]`` refuses abstract classes.

        Raises:
            BadConfiguration: the peer is off or does not offer the port.
        """
        peer = self.peer(name)
        if not self.offers(name, port):
            raise BadConfiguration(f"peers.{name}: does not offer {port.__name__}", subject=name)
        return cast("P", _side(peer.adapter, port.__name__))

    def with_port(self, port: Callable[..., object]) -> tuple[PeerId, ...]:
        """The peers switched on that offer the port."""
        return tuple(name for name in self._peers if self.offers(name, port))

    def for_carrier(self, carrier: CarrierId, port: Callable[..., object]) -> tuple[PeerId, ...]:
        """The peers that offer the port for a carrier; several may speak for one."""
        return tuple(name for name in self.with_port(port) if self._peers[name].manifest.carrier == carrier)

    def rows(self) -> tuple[PeerRow, ...]:
        """What ``lienthong peers list`` prints: every known peer, on or off."""
        return tuple(
            PeerRow(name, told.title, name in self._peers, told.carrier, told.capabilities, told.spec)
            for name, told in self.known.items()
        )

    async def check(self, name: PeerId) -> PeerCheck:
        """What ``lienthong peers check`` prints for one peer; a failing peer is an answer, not an exception."""
        if not self.offers(name, Prober):
            self.peer(name)
            return PeerCheck(name, None)
        token = PURPOSE.set("probe")
        try:
            return PeerCheck(name, await self.port(name, Prober).probe())
        except CallError as error:
            return PeerCheck(name, Probe(ok=False, what=str(error), latency_ms=0.0))
        finally:
            PURPOSE.reset(token)

    async def aclose(self) -> None:
        """Close every peer's session."""
        for peer in self._peers.values():
            await peer.http.aclose()


def make_http(settings: Settings, *, clock: Clock) -> PeerHttp:
    """The HTTP side of a peer from its settings; its origins are those of the settings of type ``url``."""
    manifest = settings.manifest
    urls = [settings.text(spec.name) for spec in manifest.settings if spec.type is SettingType.URL]
    in_flight = settings.values.get("max_in_flight")
    return PeerHttp(
        manifest.name,
        clock=clock,
        origins=[url for url in urls if url],
        deadlines=Deadlines(
            connect_s=settings.number("connect_timeout_s"),
            read_s=settings.number("read_timeout_s"),
            total_s=settings.number("total_timeout_s"),
        ),
        max_reply_bytes=settings.integer("max_reply_bytes"),
        max_in_flight=in_flight if isinstance(in_flight, int) else manifest.max_in_flight,
        rate_per_s=settings.number("rate_per_s") if settings.has("rate_per_s") else manifest.rate_per_s,
        tls=tls_of(settings),
    )


def tls_of(settings: Settings) -> Tls:
    """Whose authorities a peer is believed by, and how we show ourselves to it."""
    names = ("tls_ca_file", "tls_client_cert_file", "tls_client_key_file")
    return Tls(*(settings.text(name) or None for name in names))


def _make(manifest: Manifest, told: Mapping[str, object], clock: Clock) -> Peer:
    settings = check_settings(manifest, told)
    module = importlib.import_module(f"adapters.{manifest.name}.client")
    make: AdapterClass | None = getattr(module, "Adapter", None)
    if make is None:
        raise BadConfiguration(f"adapters/{manifest.name}/client.py has no class Adapter", subject=manifest.name)
    http = make_http(settings, clock=clock)
    adapter = make(settings, http=http, clock=clock)
    peer = Peer(manifest, settings, http, adapter)
    _check_offers(peer)
    return peer


def _check_offers(peer: Peer) -> None:
    for name in peer.capabilities:
        if not isinstance(_side(peer.adapter, name), port_class(name)):
            raise BadConfiguration(f"capabilities: the client does not offer {name}", subject=peer.manifest.name)


def _side(adapter: object, port: str) -> object:
    side: Callable[[str], object] | None = getattr(adapter, "side", None)
    return adapter if side is None else side(port)


def port_class(name: str) -> type[object]:
    """The Protocol of :mod:`schemas.ports` with this name."""
    for home in ("carrier", "portal", "one_stop", "registration", "documents_exchange"):
        found: type[object] | None = getattr(importlib.import_module(f"schemas.ports.{home}"), name, None)
        if found is not None:
            return found
    raise BadConfiguration(f"capabilities: {name!r} is no port")
