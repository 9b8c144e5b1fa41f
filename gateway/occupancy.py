"""One gateway to a data folder: the embedded bell rings in one process only, and every start ends the leases before it.

A second gateway on the same rows would call the first one's tries crashed and send them again. The lock is the
kernel's (``flock``): it goes with the process, so a kill -9 leaves nothing behind that somebody would have to remove.
Commands beside a gateway do not serve and take no lock.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schemas.errors import LienthongError
from schemas.ids import MessageId

LOCK: Final = ".lock"


class FolderTaken(LienthongError):
    """Another gateway works in this data folder."""

    text = MessageId("folder.taken")


@contextlib.contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """Hold the folder as long as the block runs; it must exist. Raises FolderTaken, telling the other's process id."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise FolderTaken(f"process {holder or '?'} holds {LOCK}", subject=str(folder)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)  # the file stays: removing it would let a third process lock another one of that name
