"""TLS of a peer: whose authorities we believe, and with which certificate we show ourselves."""

import dataclasses
import ssl

from schemas.errors import BadConfiguration
from schemas.ids import PeerId


@dataclasses.dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM; None: the system's authorities, no certificate of ours."""

    ca_file: str | None = None
    client_cert_file: str | None = None
    client_key_file: str | None = None


def context_of(tls: Tls, peer: PeerId) -> ssl.SSLContext:
    """The context of every connection to the peer. Raises BadConfiguration where a file cannot be read."""
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        if tls.client_cert_file is not None:
            context.load_cert_chain(tls.client_cert_file, tls.client_key_file)
    except (OSError, ssl.SSLError) as error:
        raise BadConfiguration(f"peers.{peer}: TLS files cannot be read: {error}", subject=peer) from error
    return context
