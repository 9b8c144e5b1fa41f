"""The connection test of a peer, step by step: reached, logged in, both clocks, both certificates.

A failing peer is an answer, not an exception. What to do about each line is the command line's matter.
"""

import asyncio
import dataclasses
import datetime as dt
import enum

from adapters._kit.http import origin_of
from adapters._kit.reaching import Reached, own_certificate, reach
from adapters.manifest import SettingType
from adapters.registry import Peer, PeerCheck, Registry, tls_of
from schemas.errors import BadConfiguration
from schemas.ids import PeerId

SKEW_WARN_S = 60.0
SKEW_BAD_S = 300.0
"""UsernameToken and signed callbacks are refused beyond five minutes (adapters/_kit/signatures, soap/wsse)."""
EXPIRY_WARN = dt.timedelta(days=30)


class Step(enum.StrEnum):
    """What is tried, in this order."""

    CONNECTION = "connection"
    LOG_IN = "log_in"
    CLOCK = "clock"
    CERTIFICATE = "certificate"
    OWN_CERTIFICATE = "own_certificate"


class State(enum.StrEnum):
    """How it went. SKIPPED: it could not be tried, because a step before it failed or the peer does not tell."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    SKIPPED = "skipped"


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One step. ``what`` is the address or the words of the peer; ``days_left`` of a certificate may be below 0."""

    step: Step
    state: State
    what: str
    days_left: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Examined:
    """Everything that was tried of one peer, and its probe."""

    peer: PeerId
    probe: PeerCheck
    lines: tuple[Line, ...]

    @property
    def bad(self) -> bool:
        """True where something must be done before the peer can work."""
        return any(line.state is State.BAD for line in self.lines)


async def examine(registry: Registry, name: PeerId, now: dt.datetime) -> Examined:
    """Try a peer that is switched on. Raises BadConfiguration where it is unknown or off."""
    peer = registry.peer(name)
    reached = await asyncio.gather(*(_reached(peer, origin) for origin in _origins(peer)))
    told = [_connection(one) for one in reached]
    check = await registry.check(name)
    told += [_log_in(check), _clock(check)]
    told += [_certificate(one, now) for one in reached if one.origin.startswith("https:")]
    own = _own(peer, now)
    return Examined(name, check, (*told, *([own] if own is not None else [])))


def _origins(peer: Peer) -> list[str]:
    settings = peer.settings
    urls = [settings.text(spec.name) for spec in settings.manifest.settings if spec.type is SettingType.URL]
    return list(dict.fromkeys(origin_of(url) for url in urls if url))


async def _reached(peer: Peer, origin: str) -> Reached:
    timeout_s = peer.settings.number("connect_timeout_s")
    try:
        return await reach(origin, tls_of(peer.settings), peer.manifest.name, timeout_s=timeout_s)
    except BadConfiguration as error:
        return Reached(origin, error.detail, untrusted=False, valid_until=None)


def _connection(told: Reached) -> Line:
    there = not told.fault or told.untrusted
    return Line(Step.CONNECTION, State.OK if there else State.BAD, f"{told.origin} {told.fault}".strip())


def _log_in(check: PeerCheck) -> Line:
    if check.probe is None:
        return Line(Step.LOG_IN, State.SKIPPED, "no test without an effect is known")
    return Line(Step.LOG_IN, State.OK if check.probe.ok else State.BAD, check.probe.what)


def _clock(check: PeerCheck) -> Line:
    skew_s = check.probe.clock_skew_s if check.probe is not None else None
    if skew_s is None:
        return Line(Step.CLOCK, State.SKIPPED, "it tells no time")
    state = State.BAD if abs(skew_s) > SKEW_BAD_S else State.WARN if abs(skew_s) > SKEW_WARN_S else State.OK
    return Line(Step.CLOCK, state, f"{skew_s:+.1f} s")


def _certificate(told: Reached, now: dt.datetime) -> Line:
    if told.untrusted:
        days = _days(told.valid_until, now) if told.valid_until is not None else None
        return Line(Step.CERTIFICATE, State.BAD, f"{told.origin} {told.fault}", days)
    if told.valid_until is None:
        return Line(Step.CERTIFICATE, State.SKIPPED, told.origin)
    return Line(Step.CERTIFICATE, _soon(told.valid_until, now), told.origin, _days(told.valid_until, now))


def _own(peer: Peer, now: dt.datetime) -> Line | None:
    tls = tls_of(peer.settings)
    try:
        until = own_certificate(tls)
    except (OSError, BadConfiguration) as error:
        return Line(Step.OWN_CERTIFICATE, State.BAD, str(error))
    if until is None:
        return None
    return Line(Step.OWN_CERTIFICATE, _soon(until, now), str(tls.client_cert_file), _days(until, now))


def _soon(until: dt.datetime, now: dt.datetime) -> State:
    return State.BAD if until <= now else State.WARN if until - now < EXPIRY_WARN else State.OK


def _days(until: dt.datetime, now: dt.datetime) -> int:
    return (until - now).days
