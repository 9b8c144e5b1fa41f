"""Whether a seal holds. Asked of every file right after sealing, and by whoever takes sealed files from elsewhere.

Three questions, all must be answered with yes: are the approved bytes a prefix of the file, is everything that was
added allowed (:mod:`scanning.seal_objects`), and does pyHanko's own validation trust the signature, its time stamps and
what came after it, by the configured roots only. Nothing is fetched: a B-LTA file carries what is needed.
"""

import asyncio
import datetime as dt
import enum
import hashlib
import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    EmbeddedPdfSignature,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.errors import SignatureValidationError, ValidationInfoReadingError
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext

from scanning.certificates import signer_name
from scanning.seal_objects import Fault, faults, layers
from scanning.structure import BadFile
from schemas.document import ScanReason, SealNote
from schemas.errors import BadSealKey, TimestampMissing

Roots = Sequence[x509.Certificate]
_USES = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False)
"""Authorities give sealing certificates the one, the other or both."""
_UNREADABLE = (
    *(PdfError, SignatureValidationError, ValidationInfoReadingError, CMSExtractionError),
    *(ValueError, TypeError, KeyError, AttributeError, IndexError, AssertionError, RecursionError),
)
"""What reading a file made by somebody else may raise inside pyHanko and its ASN.1 parser."""


logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
"""It writes a stack trace for each certificate that is not trusted; what is wrong is in the error that we raise."""


class Level(enum.StrEnum):
    """PAdES baseline levels (ETSI EN 319 142-1)."""

    B_B = "B-B"
    """The signature alone: proves who and what, as long as the certificate lives."""
    B_T = "B-T"
    """With a time stamp of an authority: proves when, too."""
    B_LTA = "B-LTA"
    """With all certificates, their revocation state and a time stamp over everything: provable for decades."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal that holds, on a file of ``sha256``; its first ``approved_bytes`` are what was sealed."""

    note: SealNote
    sha256: str
    approved_bytes: int
    approved_sha256: str


async def verify_sealed(path: Path, roots: Roots) -> Seal:
    """Check a sealed file that came from elsewhere. Blocks while it computes: call it in a thread with its own loop.

    What was sealed is not judged here: give the first ``approved_bytes`` to :func:`scanning.verify.judge`.

    Raises:
        BadFile: NOT_CONFORMANT, with what does not hold.
        OSError: the file cannot be read.
    """
    try:
        data = await asyncio.to_thread(path.read_bytes)
        note, end = await examine(data, roots)
    except (BadSealKey, TimestampMissing) as error:  # our own key's faults are a foreign file's
        raise _broken(error.detail) from error
    digest = hashlib.sha256(memoryview(data)[:end])
    approved = digest.hexdigest()
    digest.update(memoryview(data)[end:])
    return Seal(note, digest.hexdigest(), end, approved)


async def examine(data: bytes, roots: Roots, *, approved: bytes | None = None) -> tuple[SealNote, int]:
    """Check a sealed file in memory; give what its seal says and how many bytes were sealed.

    Args:
        data: the file.
        roots: who is trusted.
        approved: what must have been sealed, ``None`` for whatever it was.

    Raises:
        BadFile: NOT_CONFORMANT, the file is not what a seal makes of an approved one.
        BadSealKey: the signature is sound, but its certificate is not trusted by the roots.
        TimestampMissing: the signature is sound, but a time stamp in it is not trusted by the roots.
    """
    try:
        found = layers(data)
        if not found.added:
            raise _broken("there is none")
        base = data[: found.end] if approved is None else approved
        if len(base) != found.end or not data.startswith(base):
            raise _broken("the approved bytes are not its first ones")
        wrong = next(faults(base, data, found.added), None)
        if wrong is not None:
            raise _broken(wrong)
        reader = PdfFileReader(io.BytesIO(data))
        signature, *others = reader.embedded_signatures
        context = _context(reader, roots)
        note = await _signature(signature, context, last=not others)
        if others or "/DSS" in reader.root:
            await _archived(others, context, note)
            note = SealNote(Level.B_LTA.value, note.signer, note.at)
    except Fault as fault:
        raise _broken(str(fault)) from fault
    except _UNREADABLE as error:
        raise _broken(f"{type(error).__name__}: {error}") from error
    return note, found.end


def _context(reader: PdfFileReader, roots: Roots) -> ValidationContext:
    """Trust in the roots; for a file with a security store, nothing counts that it does not prove unrevoked."""
    if "/DSS" not in reader.root:
        return ValidationContext(trust_roots=list(roots), allow_fetching=False)
    told = {"trust_roots": list(roots), "allow_fetching": False, "revocation_mode": "require"}
    return DocumentSecurityStore.read_dss(reader).as_validation_context(told)


async def _signature(found: EmbeddedPdfSignature, context: ValidationContext, *, last: bool) -> SealNote:
    status = await async_validate_pdf_signature(found, context, key_usage_settings=_USES)
    if not (status.intact and status.valid):
        raise _broken("the signature does not fit the bytes")
    covered = SignatureCoverageLevel.ENTIRE_FILE if last else SignatureCoverageLevel.ENTIRE_REVISION
    level = status.modification_level
    if status.coverage != covered or level is None or level > ModificationLevel.LTA_UPDATES or not status.docmdp_ok:
        raise _broken("the file was changed after it was sealed")
    if not status.trusted:
        raise BadSealKey(
            "its certificate is not trusted by the configured roots", subject=signer_name(found.signer_cert)
        )
    at, level_told = status.signer_reported_dt, Level.B_B
    stamp = status.timestamp_validity
    if stamp is not None:
        if not (stamp.intact and stamp.valid):
            raise _broken("the time stamp does not fit the signature")
        if not stamp.trusted:
            raise TimestampMissing(
                "its authority is not trusted by the configured roots", subject=signer_name(stamp.signing_cert)
            )
        at, level_told = stamp.timestamp, Level.B_T
    if at is None:
        raise _broken("the signature tells no time")
    return SealNote(level_told.value, signer_name(found.signer_cert), at.astimezone(dt.UTC))


async def _archived(stamps: Sequence[EmbeddedPdfSignature], context: ValidationContext, note: SealNote) -> None:
    """The document time stamps of a B-LTA file: each trusted, the last over everything."""
    if note.level != Level.B_T or not stamps:
        raise _broken("the archive's time stamps are not all there")
    for stamp in stamps:
        status = await async_validate_pdf_timestamp(stamp, context)
        whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        level = status.modification_level
        if not (status.intact and status.valid) or level is None or level > ModificationLevel.LTA_UPDATES:
            raise _broken("a time stamp of the archive does not fit the bytes")
        if stamp is stamps[-1] and not whole:
            raise _broken("the file was changed after its last time stamp")
        if not status.trusted:
            raise TimestampMissing(
                "its authority is not trusted by the configured roots", subject=signer_name(stamp.signer_cert)
            )


def _broken(why: str) -> BadFile:
    return BadFile(ScanReason.NOT_CONFORMANT, f"The seal does not hold: {why}.")
