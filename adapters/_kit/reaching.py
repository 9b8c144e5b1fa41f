"""Can a peer's address be reached at all, and how long are the certificates of both sides good?"""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from adapters._kit.signatures import valid_until
from adapters._kit.tls import Tls, context_of
from schemas.errors import BadConfiguration
from schemas.ids import PeerId


@dataclasses.dataclass(frozen=True, slots=True)
class Reached:
    """An origin that was tried. ``fault`` is empty where it was reached and, with TLS, believed."""

    origin: str
    fault: str
    untrusted: bool
    """TLS: it is there, but its certificate is not believed; ``fault`` says why."""
    valid_until: dt.datetime | None
    """End of its certificate; None without TLS, or where none was shown."""


async def reach(origin: str, tls: Tls, peer: PeerId, *, timeout_s: float) -> Reached:
    """Connect, shake hands where the origin is https, and hang up; nothing is asked.

    Raises:
        BadConfiguration: a TLS file of the settings cannot be read.
    """
    parts = urlsplit(origin)
    context = context_of(tls, peer) if parts.scheme == "https" else None
    try:
        return Reached(origin, "", untrusted=False, valid_until=await _shake(origin, context, timeout_s))
    except ssl.SSLCertVerificationError as error:
        until = None
        with contextlib.suppress(OSError, TimeoutError, BadConfiguration):
            until = await _shake(origin, _blind(tls, peer), timeout_s)
        return Reached(origin, error.verify_message, untrusted=True, valid_until=until)
    except TimeoutError:
        return Reached(origin, f"no answer within {timeout_s:g} s", untrusted=False, valid_until=None)
    except OSError as error:
        return Reached(origin, str(error), untrusted=False, valid_until=None)


def own_certificate(tls: Tls) -> dt.datetime | None:
    """End of the certificate that we show, None where we show none. Raises OSError, BadConfiguration."""
    return None if tls.client_cert_file is None else valid_until(Path(tls.client_cert_file).read_bytes())


async def _shake(origin: str, context: ssl.SSLContext | None, timeout_s: float) -> dt.datetime | None:
    parts = urlsplit(origin)
    async with asyncio.timeout(timeout_s):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    try:
        shown = writer.get_extra_info("ssl_object")
        der = shown.getpeercert(binary_form=True) if shown is not None else None
        return valid_until(der) if der else None
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(timeout_s):
                await writer.wait_closed()


def _blind(tls: Tls, peer: PeerId) -> ssl.SSLContext:
    """Believes anything: only to read the date of a certificate that is not believed. Nothing is ever sent over it."""
    context = context_of(tls, peer)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
