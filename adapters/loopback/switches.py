"""The switches of the loopback: what it does wrong, for which operation, how often."""

import asyncio
import dataclasses

from schemas.errors import BadConfiguration, Outage, Refused, Transient, Unknown

VERBS = ("refuse", "stall", "duplicate", "lie", "lose", "busy", "down", "unknown_code")
ANY = "*"


@dataclasses.dataclass(slots=True)
class _Switch:
    verb: str
    operation: str
    times: int | None


class Switches:
    """What goes wrong now.

    ``refuse`` Refused, nothing applied. ``stall`` waits for :meth:`release`. ``duplicate`` tells every event twice.
    ``lie`` answers yes and applies nothing. ``lose`` applies and then raises Unknown. ``busy`` Transient. ``down``
    Outage. ``unknown_code`` tells a code that no table has.
    """

    def __init__(self, told: tuple[str, ...] = ()) -> None:
        """Read ``verb``, ``verb:operation`` or ``verb:operation:times``. Raises BadConfiguration."""
        self._on: list[_Switch] = []
        self._released = asyncio.Event()
        self.stalled = asyncio.Event()
        """Set when a call has begun to wait."""
        for text in told:
            verb, _, rest = text.partition(":")
            operation, _, times = rest.partition(":")
            if times and not times.isdecimal():
                raise BadConfiguration(f"peers.loopback.switches: {text!r} must be verb:operation:times")
            self.on(verb, operation or ANY, times=int(times) if times else None)

    def on(self, verb: str, operation: str = ANY, *, times: int | None = 1) -> None:
        """Switch a verb on for the next ``times`` calls (None: until :meth:`off`). Raises BadConfiguration."""
        if verb not in VERBS:
            raise BadConfiguration(f"peers.loopback.switches: {verb!r} is none of {', '.join(VERBS)}")
        if verb == "stall":
            self._released.clear()
        self._on.append(_Switch(verb, operation, times))

    def off(self) -> None:
        """Switch everything off and let stalled calls go on."""
        self._on.clear()
        self.release()

    def release(self) -> None:
        """Let stalled calls go on."""
        self._released.set()

    def strikes(self, verb: str, operation: str) -> bool:
        """True where the verb is on for the operation; counts down."""
        for switch in self._on:
            if switch.verb == verb and switch.operation in (ANY, operation) and switch.times != 0:
                switch.times = None if switch.times is None else switch.times - 1
                return True
        return False

    async def before(self, operation: str, subject: str) -> None:
        """What goes wrong before anything is applied."""
        if self.strikes("stall", operation):
            self.stalled.set()
            await self._released.wait()
        if self.strikes("down", operation):
            raise Outage("loopback is switched down", subject=subject)
        if self.strikes("busy", operation):
            raise Transient("loopback is switched busy", subject=subject, status=503)
        if self.strikes("refuse", operation):
            raise Refused("loopback is switched to refuse", subject=subject, code="refuse")

    def after(self, operation: str, subject: str) -> None:
        """What goes wrong after it was applied."""
        if self.strikes("lose", operation):
            raise Unknown("loopback lost the reply", subject=subject)
