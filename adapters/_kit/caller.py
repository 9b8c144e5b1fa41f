"""Who calls us: the proof that a carrier's push brings along, where the carrier does not sign it.

A shared secret in a header, in the query of the address that we registered with it or in the body, or the network
address it calls from. Compared in constant time, against the present secret and the next one; without any secret
nothing is ever proven. Settings of the peer: ``webhook_proof``, ``webhook_secret``, ``webhook_secret_next``,
``webhook_addresses``.
"""

import ipaddress
from collections.abc import Sequence

from adapters._kit.settings import Settings
from adapters._kit.signatures import token_matches
from schemas.errors import BadConfiguration
from schemas.wire import Callback

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Caller:
    """The carrier as it may prove itself."""

    def __init__(
        self, kind: str, *, secrets: Sequence[str], networks: Sequence[Network] = (), header: str = "", query: str = ""
    ) -> None:
        """``kind`` is one of :data:`adapters.manifest.PROOFS`; ``header`` in lower case, ``query`` the parameter."""
        self.kind = kind
        self._secrets = tuple(secrets)
        self._networks = tuple(networks)
        self._header = header
        self._query = query

    @classmethod
    def of(cls, settings: Settings, *, header: str = "authorization", query: str = "key") -> "Caller":
        """The proof that the settings want. Raises BadConfiguration for an address that is none."""
        webhook = settings.manifest.webhook
        kind = settings.text("webhook_proof") or (webhook.signature if webhook is not None else "none")
        return cls(
            kind,
            secrets=[settings.text(name) for name in ("webhook_secret", "webhook_secret_next")],
            networks=[_network(told, settings) for told in settings.texts("webhook_addresses")],
            header=header,
            query=query,
        )

    def at_the_door(self, callback: Callback) -> bool:
        """True where what came with the request proves it; never for a proof in the body, or none."""
        if self.kind == "header":
            return self.knows(dict(callback.headers).get(self._header, "").removeprefix("Bearer "))
        if self.kind == "query":
            return self.knows(dict(callback.query).get(self._query, ""))
        return self.kind == "addresses" and self._from_inside(callback.remote)

    def knows(self, secret: str) -> bool:
        """True where this is one of the active secrets."""
        return token_matches(secret.encode("utf-8", "replace").decode(), self._secrets)

    def _from_inside(self, remote: str) -> bool:
        try:
            address = ipaddress.ip_address(remote)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def _network(told: str, settings: Settings) -> Network:
    try:
        return ipaddress.ip_network(told)
    except ValueError as error:
        name = settings.manifest.name
        raise BadConfiguration(f"peers.{name}.webhook_addresses: {error}", subject=name) from error
