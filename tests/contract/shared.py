"""One sandbox for a whole module: each test counts only what took effect since it began."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

from adapters._kit.sandbox.process import SandboxControl
from tests.contract.adapters.bench import Running


@dataclasses.dataclass
class Here:
    """The module's sandbox, and what it did since the test began."""

    settings: dict[str, object]
    control: SandboxControl
    began: int

    async def applied(self, operation: str | None = None) -> list[dict[str, Any]]:
        """What really took effect since then."""
        lines = await self.control.ledger(kind="applied")
        return [line for line in lines if line["n"] > self.began and operation in (None, line["operation"])]


@contextlib.asynccontextmanager
async def here(played: Running) -> AsyncIterator[Here]:
    """The sandbox for one test; afterwards it is calm and has the machine's time again."""
    control = SandboxControl(played.told["url"])
    try:
        yield Here(played.told["settings"], control, len(await control.ledger()))
    finally:
        await control.calm()
        await control.clock(None)
