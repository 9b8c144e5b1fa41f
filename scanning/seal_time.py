"""What the outside says of a seal: the time-stamp authority (RFC 3161), and whether certificates are revoked.

Every call has a total deadline. An authority that is away, answers nonsense or is not trusted makes documents wait; it
never makes them fail. The authority's certificate is learnt from a first time stamp, asked once for each process.
"""

import io
from dataclasses import dataclass

from asn1crypto import cms
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    InsufficientRevinfoError,
    PathError,
    RevokedError,
    ValidationError,
)
from pyhanko_certvalidator.fetchers.aiohttp_fetchers import AIOHttpFetcherBackend
from pyhanko_certvalidator.path import ValidationPath

from scanning.certificates import signer_name
from scanning.seal_check import Roots
from scanning.seal_cms import DIGEST
from scanning.seal_keys import SealKey
from schemas.errors import BadSealKey, RevocationUnknown, TimestampMissing

ARCHIVE_FIELD = "Archive"
SPARE_BYTES = 1024
"""Answers of one authority differ by the length of a serial number; some now and then send another chain."""
_NO_STAMP = (TimestampRequestError, OSError, ValueError, TypeError, KeyError)
"""The call failed, or the answer is none: asn1crypto tells garbage by ValueError, TypeError or KeyError."""


class QuietWriter(IncrementalPdfFileWriter):
    """pyHanko's writer without its own marks: no /Info, no new producer, no date in the metadata.

    The metadata of an approved file is part of what was approved; a producer in /Info that differs from the one in XMP
    is what validators warn of.
    """

    def _update_meta(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Proofs:
    """What makes a seal provable for good: the paths to the roots, and in ``context`` why none of it is revoked."""

    paths: list[ValidationPath]
    context: ValidationContext


class Authority:
    """A time-stamp authority at ``url``, and whoever tells of revocation for the certificates in use."""

    def __init__(self, url: str, *, deadline_s: float = 10.0) -> None:
        """``deadline_s``: seconds for one call, from the name's resolution to the last byte."""
        self._url, self._deadline_s = url, deadline_s
        self._client: TimeStamper = HTTPTimeStamper(url, timeout=deadline_s)

    async def room(self) -> int:
        """Bytes that a time stamp of this authority takes in a signature.

        Raises:
            TimestampMissing: it does not answer.
        """
        try:
            return len((await self._client.async_dummy_response(DIGEST)).dump()) + SPARE_BYTES
        except _NO_STAMP as error:
            raise self._missing(error) from error

    async def stamp(self, digest: bytes) -> cms.ContentInfo:
        """A time stamp over a SHA-256.

        Raises:
            TimestampMissing: it does not answer, refuses, or answers something else.
        """
        try:
            return await self._client.async_timestamp(digest, DIGEST)
        except _NO_STAMP as error:
            raise self._missing(error) from error

    async def collect(self, key: SealKey, roots: Roots) -> Proofs:
        """Validate the key's and the authority's certificates by the roots, and fetch why they are not revoked.

        Raises:
            TimestampMissing: the authority does not answer or is not trusted.
            RevocationUnknown: neither OCSP nor CRL tells.
            BadSealKey: the key's certificate is revoked or not trusted.
        """
        async with AIOHttpFetcherBackend(per_request_timeout=self._deadline_s) as fetchers:
            context = ValidationContext(
                trust_roots=list(roots),
                other_certs=list(key.chain),
                allow_fetching=True,
                fetchers=fetchers,
                revocation_mode="require",
            )
            own = await self._own_path(key, context)
            await self.room()  # learns the authority's certificates
            try:
                paths = [own, *[path async for path in self._client.validation_paths(context)]]
            except InsufficientRevinfoError as error:
                raise RevocationUnknown(str(error), subject=self._url) from error
            except (PathError, ValidationError) as error:
                raise TimestampMissing(f"it is not trusted: {error}", subject=self._url) from error
        return Proofs(paths, context)

    async def archive(self, sealed: bytes, proofs: Proofs) -> bytes:
        """The sealed file with the proofs and a document time stamp appended.

        Raises:
            TimestampMissing: the authority does not answer.
        """
        writer = QuietWriter(io.BytesIO(sealed))
        DocumentSecurityStore.supply_dss_in_writer(writer, None, paths=proofs.paths, validation_context=proofs.context)
        stamper = PdfTimeStamper(self._client, field_name=ARCHIVE_FIELD)
        try:
            output: io.BytesIO = await stamper.async_timestamp_pdf(writer, DIGEST, output=io.BytesIO())
        except _NO_STAMP as error:
            raise self._missing(error) from error
        return output.getvalue()

    async def _own_path(self, key: SealKey, context: ValidationContext) -> ValidationPath:
        name = signer_name(key.certificate)
        validator = CertificateValidator(
            key.certificate, intermediate_certs=list(key.chain), validation_context=context
        )
        try:
            path: ValidationPath = await validator.async_validate_usage(set())
        except InsufficientRevinfoError as error:
            raise RevocationUnknown(str(error), subject=name) from error
        except RevokedError as error:
            raise BadSealKey("its certificate is revoked", subject=name) from error
        except (PathError, ValidationError) as error:
            raise BadSealKey(f"its certificate is not trusted: {error}", subject=name) from error
        return path

    def _missing(self, error: BaseException) -> TimestampMissing:
        cause = error.__cause__ or error
        return TimestampMissing(f"{type(cause).__name__} {cause}".rstrip(), subject=self._url)
