"""Waiting for what should become true, with an end: demo, kill loop and tests look, they never just pause."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import TypeVar

from schemas.errors import LienthongError
from schemas.ports.clock import Clock

T = TypeVar("T")

LOOK_EVERY = dt.timedelta(milliseconds=100)


class DidNotHappen(LienthongError):
    """Something that should have happened did not happen in time."""


async def until(what: str, look: Callable[[], Awaitable[T | None]], *, clock: Clock, within_s: float = 30.0) -> T:
    """Look until ``look`` answers something that is not None or False; returns it. Raises DidNotHappen."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while True:
        seen = await look()
        if seen is not None and seen is not False:
            return seen
        if loop.time() > end:
            raise DidNotHappen(f"not within {within_s:.0f} s: {what}")
        await clock.wait_until(clock.now() + LOOK_EVERY)
