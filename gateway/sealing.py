"""The configured sealer: settings in, :class:`scanning.approved.Sealer` out, its key tried before work begins.

What a person has to mend in the settings (a key file that is none, a wrong PIN, a font without a letter) stops the
start. What mends itself or must not stop a counter (a token that is not plugged in, a certificate that ran out over
night) is told in the log, and documents wait for their seal.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from gateway.sections import Seal
from schemas.errors import BadConfiguration, SealingWaits
from schemas.ports.clock import Clock

if TYPE_CHECKING:
    from scanning.approved import Sealer
    from scanning.seal import SealPlan
    from scanning.seal_keys import SealKey

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def configured_sealer(settings: Seal, *, clock: Clock) -> "AsyncIterator[Sealer | None]":
    """The sealer of these settings, ``None`` where nothing is to be sealed; its key is forgotten at the end.

    Raises:
        BadConfiguration: BadSealKey, WrongPin, or the stamp's font, named.
    """
    if settings.level == "none":
        yield None
        return
    from scanning.seal import PadesSealer  # costs half a second and 40 MB, which most gateways never need

    plan = await asyncio.to_thread(_plan, settings)
    sealer = PadesSealer(_opener(settings), plan, now=clock.now)
    try:
        try:
            await sealer.check()
        except BadConfiguration:
            raise
        except SealingWaits as waits:
            log.warning("documents wait for their seal: %s", waits)
        yield sealer
    finally:
        await sealer.aclose()


def _plan(settings: Seal) -> "SealPlan":
    from scanning.certificates import certificates
    from scanning.seal import SealPlan
    from scanning.seal_check import Level
    from scanning.seal_time import Authority
    from scanning.stamp import Stamp

    assert settings.roots is not None, "told by the settings"
    return SealPlan(
        Level(settings.level),
        certificates(settings.roots),
        Stamp(settings.font, form=settings.form, unit=settings.unit) if settings.visible else None,
        Authority(settings.tsa_url, deadline_s=settings.call_s) if settings.tsa_url else None,
        settings.deadline_s,
    )


def _opener(settings: Seal) -> "Callable[[], SealKey]":
    """Opens the key, from a file or in a token, in the thread that calls it."""
    from scanning.certificates import certificates
    from scanning.seal_keys import FileKey, TokenKey, secret

    def open_key() -> "SealKey":
        assert settings.secret_file is not None, "told by the settings"
        chain = certificates(settings.chain) if settings.chain else ()
        told = secret(settings.secret_file)
        if settings.p12 is not None:
            return FileKey(settings.p12, told.encode(), chain)
        assert settings.module is not None, "told by the settings"
        return TokenKey(settings.module, token=settings.token, pin=told, label=settings.key or None, chain=chain)

    return open_key
