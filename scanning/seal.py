"""Sealing: an approved PDF/A gets the unit's signature appended (PAdES B-B, B-T or B-LTA), and is checked again.

The walk of a document, in a thread of the parent's own, never on the event loop and never in a worker child that opens
foreign files: read the approved bytes; append one update (signature field, for a visible seal its stamp); sign; for
B-T ask the time-stamp authority; for B-LTA append certificates, their revocation state and a second time stamp; write
beside ``out``; check all of it (:mod:`scanning.seal_check`); rename. What does not pass is never returned.

What can go wrong with the authority, the token or the certificate is :class:`SealingWaits` and says nothing about the
document: the line keeps it as built, goes on scanning, and asks again. A whole sealing has a deadline besides those of
its calls, so a hanging token or authority costs a thread for a while, never the line.

Calls go through pyHanko's own clients (aiohttp, a total deadline each) inside the sealing thread's loop, so that
revocation by OCSP or CRL and its caching need no second implementation (docs/adr/0080).
"""

import asyncio
import contextlib
import datetime as dt
import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from scanning.approved import PdfA, SealedPdf
from scanning.certificates import signer_name
from scanning.seal_check import Level, Roots, examine
from scanning.seal_cms import Container, signature_of, stamped
from scanning.seal_keys import SealKey
from scanning.seal_time import Authority
from scanning.seal_writer import Update
from scanning.stamp import ZONE, Stamp
from scanning.structure import BadFile
from schemas.document import ScanReason, SealNote
from schemas.errors import CertificateNotValid, SealingWaits, TimestampMissing, WrongPin

THREADS = 2
"""Documents sealed at the same time: enough to hide the wait for the authority behind the next document's work."""


@dataclass(frozen=True, slots=True)
class SealPlan:
    """How to seal. ``stamp`` is ``None`` for an invisible seal; ``authority`` is needed from B-T on."""

    level: Level
    roots: Roots
    stamp: Stamp | None = None
    authority: Authority | None = None
    deadline_s: float = 60.0
    """Seconds for one document, calls included; then it waits."""


class PadesSealer:
    """The :class:`scanning.approved.Sealer` of one unit's key."""

    def __init__(self, open_key: Callable[[], SealKey], plan: SealPlan, *, now: Callable[[], dt.datetime]) -> None:
        """Nothing is opened before :meth:`check` or the first document. ``now`` tells aware time."""
        if plan.level is not Level.B_B and plan.authority is None:
            raise ValueError(f"{plan.level} needs a time-stamp authority")
        self._open_key, self._plan, self._now = open_key, plan, now
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="seal")
        self._lock = threading.Lock()
        self._opened: tuple[SealKey, Container] | None = None
        self._refused: WrongPin | None = None

    async def check(self) -> None:
        """Open the key and see that its certificate is valid now; asks no authority.

        Raises:
            SealingWaits: BadSealKey or WrongPin (a setting is wrong), TokenMissing, CertificateNotValid.
        """
        await asyncio.get_running_loop().run_in_executor(self._threads, self._ready)

    async def seal(self, approved: PdfA, out: Path) -> SealedPdf:
        """See :class:`scanning.approved.Sealer`. The file appears at ``out`` whole and checked.

        It is not forced to the disk: whoever takes it up after a crash compares its digest and seals again, and the
        store that it is delivered to forces its own copy.

        Raises:
            SealingWaits: TimestampMissing, RevocationUnknown, TokenMissing, CertificateNotValid, BadSealKey, WrongPin,
                or the deadline: try again later.
            BadFile: SIGNED, there is a signature in it; NOT_CONFORMANT, it is not the approved file any more or the
                seal did not pass its check.
            OSError: the disk.
        """
        given_up = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._plan.deadline_s):
                return await loop.run_in_executor(self._threads, self._seal, approved, out, given_up)
        except TimeoutError as error:
            told = f"it was not sealed within {self._plan.deadline_s:g} s"
            raise SealingWaits(told, subject=approved.path.name) from error
        finally:
            given_up.set()

    async def aclose(self) -> None:
        """Forget the key. A document under way is finished first, at most for its deadline."""
        await asyncio.get_running_loop().run_in_executor(None, self._threads.shutdown)
        if self._opened is not None:
            self._opened[0].close()

    # --- in a sealing thread ---

    def _seal(self, approved: PdfA, out: Path, given_up: threading.Event) -> SealedPdf:
        key, container = self._ready()
        job = _Job(key, container, self._plan, self._now().astimezone(ZONE).replace(microsecond=0))
        try:
            made = asyncio.run(job.run(approved))
        except WrongPin as error:
            self._refused = error
            raise
        with _beside(out) as (file, draft):
            file.write(made.data)
            file.close()
            if given_up.is_set():
                raise SealingWaits("given up", subject=approved.path.name)
            draft.replace(out)
        return SealedPdf(out, made.sha256, len(made.data), approved.flavour, made.note)

    def _ready(self) -> tuple[SealKey, Container]:
        """The key, opened once. A refused PIN is not tried again: three wrong ones lock a token."""
        with self._lock:
            if self._refused is not None:
                raise WrongPin("refused before; mend it and start again", subject=self._refused.subject)
            if self._opened is None:
                try:
                    key = self._open_key()
                except WrongPin as error:
                    self._refused = error
                    raise
                container = Container(key)
                asyncio.run(container.prepare())
                self._opened = key, container
            key = self._opened[0]
        validity = key.certificate["tbs_certificate"]["validity"]
        begin, end = validity["not_before"].native, validity["not_after"].native
        if not begin <= self._now() <= end:
            raise CertificateNotValid(f"it is valid from {begin} to {end}", subject=signer_name(key.certificate))
        return self._opened


@dataclass(frozen=True, slots=True)
class _Made:
    """A sealed file in memory, checked."""

    data: bytes
    sha256: str
    note: SealNote


class _Job:
    """One document."""

    def __init__(self, key: SealKey, container: Container, plan: SealPlan, at: dt.datetime) -> None:
        self._key, self._container, self._plan, self._at = key, container, plan, at

    async def run(self, approved: PdfA) -> _Made:
        """Seal, then check."""
        authority = self._plan.authority
        update = Update(approved.path.read_bytes())
        if update.running.hexdigest() != approved.sha256:
            raise BadFile(ScanReason.NOT_CONFORMANT, "The file was changed after it was approved.")
        if self._plan.level is Level.B_LTA and authority is not None:
            proofs = await authority.collect(self._key, self._plan.roots)
            sealed = await authority.archive(await self._signed(update), proofs)
        else:
            sealed = await self._signed(update)
        note, end = await examine(sealed, self._plan.roots, approved=update.base)
        if note.level != self._plan.level:
            raise BadFile(ScanReason.NOT_CONFORMANT, f"The seal came out as {note.level}.")
        update.running.update(memoryview(sealed)[end:])
        return _Made(sealed, update.running.hexdigest(), note)

    async def _signed(self, update: Update) -> bytes:
        """The file with its seal."""
        authority = self._plan.authority if self._plan.level is not Level.B_B else None
        room = self._container.size_bytes + (await authority.room() if authority else 0)
        appearance = self._plan.stamp.place(update, self._at) if self._plan.stamp else None
        prepared = update.prepare(at=self._at, room=room, appearance=appearance)
        made = self._container.sign(prepared.digest)
        if authority is not None:
            token = await authority.stamp(hashlib.sha256(signature_of(made)).digest())
            made = stamped(made, token)
        if len(made) > room:
            raise TimestampMissing("its answer is much longer than its first one was")
        return update.base + prepared.filled(made)


@contextlib.contextmanager
def _beside(out: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A file to write beside ``out``; what is left of it at the end is removed."""
    draft = out.with_name(f".{out.name}.{uuid.uuid4().hex}.part")
    try:
        with draft.open("xb") as file:
            yield file, draft
    finally:
        draft.unlink(missing_ok=True)
