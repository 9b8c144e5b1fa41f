"""A process that writes inbox rows and says each number after its commit: ``python -m … URL FOLDER WRITERS``."""

import asyncio
import itertools
import os
import sys
from pathlib import Path

from gateway.storage.database import open_database
from gateway.storage.transaction import GatewayTx
from schemas.errors import StoreFull
from tests.contract.stores import records


async def main(url: str, folder: Path, writers: int, body: int) -> None:
    """Write until somebody ends the process, or the disk is full."""
    database = open_database(url, blobs=folder / "blobs")
    numbers = itertools.count()

    async def write() -> None:
        for n in numbers:

            def store(tx: GatewayTx, n: int = n) -> None:
                tx.inbox.put(records.inbound(f"x-{os.getpid()}-{n}", b"x" * body))
                tx.audit.write(records.act(n, object_key=f"x-{os.getpid()}-{n}"))

            await database.write(store)
            os.write(1, f"x-{os.getpid()}-{n}\n".encode())

    try:
        await asyncio.gather(*(write() for _ in range(writers)))
    except StoreFull as error:
        os.write(1, f"full {type(error.__cause__).__name__}\n".encode())
        left = await database.read(lambda tx: len(tx.inbox.pending(limit=100_000)))
        os.write(1, f"readable {left}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
