"""The door to the store: ``open_database`` gives what the rest of the gateway writes and reads with."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from gateway.storage import address, schema
from gateway.storage.blobs import BlobStore, FolderBlobs
from gateway.storage.postgres import PostgresBackend
from gateway.storage.sqlite import SqliteBackend
from gateway.storage.transaction import GatewayTx

T = TypeVar("T")


class Backend(Protocol):
    """A database that runs functions in transactions."""

    async def write(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn``; returns when it is durable."""
        ...

    async def read(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn`` on a snapshot."""
        ...

    def close(self) -> None:
        """Finish what is queued, then let go."""
        ...


class Database:
    """One way to the rows (:class:`schemas.ports.stores.Store`), and the blobs beside them.

    ``fn`` is synchronous, bounded, and may run twice. After a write has raised StoreFull nothing of it is stored.
    """

    def __init__(self, where: address.Address, backend: Backend, blobs: BlobStore) -> None:
        self._where = where
        self._backend = backend
        self.blobs = blobs

    @property
    def url(self) -> str:
        """Where the rows are, with the password: for a bell that connects by itself, never for a log."""
        return self._where.url.set(drivername=self._where.url.get_backend_name()).render_as_string(hide_password=False)

    @property
    def is_sqlite(self) -> bool:
        """True for the one-process store; the embedded bell refuses anything else."""
        return self._where.path is not None

    async def write(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn`` in a transaction; returns when it is durable. Raises what ``fn`` raises, and StoreFull."""
        return await self._backend.write(fn)

    async def read(self, fn: Callable[[GatewayTx], T]) -> T:
        """Run ``fn`` on a consistent snapshot; it must not write."""
        return await self._backend.read(fn)

    async def close(self) -> None:
        """Finish what is queued, then let the database go."""
        await asyncio.to_thread(self._backend.close)


def open_database(url: str, *, blobs: BlobStore | Path, upgrade: bool = True) -> Database:
    """Open the store at ``url`` (``sqlite:///FILE`` or ``postgresql://…``); ``blobs`` is a folder or a blob store.

    Brings the schema up to date first; with ``upgrade`` False it raises BadConfiguration where that would be needed.
    Blocks while it connects.
    """
    where = address.parse(url)
    if upgrade:
        schema.upgrade(url)
    else:
        schema.require(url)
    backend = PostgresBackend(where.url) if where.path is None else SqliteBackend(where.path)
    return Database(where, backend, FolderBlobs(blobs) if isinstance(blobs, Path) else blobs)
