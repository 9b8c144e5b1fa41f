"""A process that asks the post by ticket, to be killed at a failpoint: STORE BLOBS URL."""

import asyncio
import sys
from pathlib import Path

from adapters.registry import Registry
from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.route import Router
from gateway.outbox.table import routing_table
from gateway.storage.database import open_database
from gateway.workers.feeds import Feeds
from tests.flows.outbox_house import MONDAY, StandingClock
from tracking.reading import load_context


async def ask(store: str, blobs: str, url: str) -> None:
    """Look at what is due once."""
    clock = StandingClock()
    assert clock.now() == MONDAY
    database = open_database(store, blobs=Path(blobs), upgrade=False)
    registry = Registry.load({"postal_soap": {"enabled": True, "url": url, "ticket_from": 10}}, clock=clock)
    bell = EmbeddedBell(store, clock=clock)
    router = Router(routing_table(registry), bell=bell, clock=clock, base_url="http://127.0.0.1:8080")
    worker = Feeds(database, registry=registry, clock=clock, tell=router, context=load_context, rhythm_s=60.0)
    await worker.once()
    await registry.aclose()
    await database.close()


if __name__ == "__main__":
    asyncio.run(ask(*sys.argv[1:4]))
