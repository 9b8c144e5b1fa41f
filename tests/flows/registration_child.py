"""A process whose lane registers a dossier in six calls, to be killed at a failpoint: STORE BLOBS SETTINGS."""

import asyncio
import datetime as dt
import json
import sys
from pathlib import Path

from adapters.registry import Registry
from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.breaker import BreakerPolicy
from gateway.outbox.dispatch import Dispatcher
from gateway.outbox.lanes import Lane
from gateway.outbox.registrations import files_of
from gateway.outbox.retry import RetryPolicy
from gateway.storage.database import open_database
from schemas.ids import PeerId
from tests.flows.outbox_house import StandingClock


async def send(store: str, blobs: str, settings: str) -> None:
    """Run the lane until it is killed."""
    clock = StandingClock()
    database = open_database(store, blobs=Path(blobs), upgrade=False)
    # Patient: its clock stands, so a call that is given up for slowness is never made again.
    patient = {"connect_timeout_s": 60.0, "read_timeout_s": 60.0, "total_timeout_s": 60.0}
    registry = Registry.load({"dvc_bo": {"enabled": True, **patient, **json.loads(settings)}}, clock=clock)
    lane = Lane(
        PeerId("dvc_bo"),
        store=database,
        bell=EmbeddedBell(store, clock=clock),
        dispatcher=Dispatcher(registry, files=files_of(database.blobs.path)),
        clock=clock,
        policy=RetryPolicy(),
        breaker_policy=BreakerPolicy(),
        max_in_flight=1,
        lease_for=dt.timedelta(minutes=2),
    )
    await lane.run()


if __name__ == "__main__":
    asyncio.run(send(*sys.argv[1:4]))
