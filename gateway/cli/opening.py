"""The store of a data folder, opened beside a running gateway or without one.

SQLite's WAL and its busy timeout let a second process write while the gateway lives; its lanes find changed rows at
their next sweep. A command never changes the schema by the way: only ``lienthong upgrade`` and the gateway itself do.
"""

import asyncio
import contextlib
import getpass
import os
from collections.abc import AsyncIterator
from typing import Final

from gateway.accounts import Principal, Role
from gateway.cli.faults import StoreMissing, StoreUnopened
from gateway.config import Settings
from gateway.storage import address
from gateway.storage.database import Database, open_database
from schemas.errors import LienthongError

_SQLITE: Final = b"SQLite format 3\x00"


@contextlib.asynccontextmanager
async def store(settings: Settings) -> AsyncIterator[Database]:
    """Open the rows as they are.

    Raises:
        StoreMissing: there is none yet.
        BadConfiguration: its schema is another version's.
        StoreUnopened: the server does not answer, or the file is not what it should be.
    """
    check_there(settings)
    try:
        opened = await asyncio.to_thread(
            open_database, settings.database_url, blobs=settings.blobs_folder, upgrade=False
        )
    except LienthongError:
        raise
    except Exception as error:  # drivers raise families of their own, and only the storage package may know them
        raise unopened(settings, error) from error
    try:
        yield opened
    finally:
        await opened.close()


def check_there(settings: Settings) -> None:
    """Looks before anything is opened, because SQLite makes an empty file of a mistyped name.

    Raises:
        StoreMissing: there is no file.
        StoreUnopened: the file is not a store.
    """
    path = address.parse(settings.database_url).path
    if path is None:
        return
    if not path.is_file():
        raise StoreMissing(subject=str(path))
    with path.open("rb") as opened:
        head = opened.read(len(_SQLITE))
    if head not in (_SQLITE, b""):
        raise StoreUnopened("the file is not an SQLite database", subject=str(path))


def unopened(settings: Settings, error: Exception) -> StoreUnopened:
    """What a driver's own exception becomes: its first line, without the address's password."""
    first = str(error).partition("\n")[0]
    return StoreUnopened(first, subject=str(address.parse(settings.database_url)))


def principal() -> Principal:
    """Who types: the account of the operating system, with an operator's rights over every unit."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        name = str(os.getuid())
    return Principal(f"user:cli:{name}", f"{name} (CLI)", frozenset({Role.OPERATOR}), None)
