"""TLS of our own door, for places without a proxy in front of it; with it, callers may show a certificate (mutual TLS).

Whether a certificate is asked for is the connection's matter; whose account it is, is the SOAP server's.
"""

import ssl

from gateway.sections import Http
from schemas.errors import BadConfiguration


def door_context(settings: Http) -> ssl.SSLContext | None:
    """What the door listens with; None: plain HTTP. Raises BadConfiguration for files that cannot be read."""
    if not settings.tls_cert_file:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(settings.tls_cert_file, settings.tls_key_file)
        if settings.tls_client_ca_file:
            context.load_verify_locations(settings.tls_client_ca_file)
            # Optional: browsers and REST systems come in by their own log-in, without a certificate.
            context.verify_mode = ssl.CERT_OPTIONAL
    except (OSError, ssl.SSLError) as error:
        raise BadConfiguration(f"the TLS files cannot be read: {error}", subject="http.tls_cert_file") from error
    return context
