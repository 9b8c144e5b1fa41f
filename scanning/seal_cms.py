"""The signature container of a seal: CMS in the form PAdES asks for (ETSI EN 319 142-1, B-B), from a template.

pyHanko builds the container once. From then on only three byte strings change in it: the digest of the document, in
the signed attributes and in the container, and the signature. Building it anew took 8 ms of Python for each seal, the
exchange takes 10 µs. Whether the result holds is checked after every seal by pyHanko's validation of the file.

No signing time stands in the container (PAdES forbids it); the claimed time is /M of the signature dictionary.
"""

import os

from asn1crypto import cms, x509
from pyhanko.sign.general import simple_cms_attribute
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from scanning.seal_keys import SealKey

DIGEST = "sha256"


class Container:
    """Makes the containers of one key."""

    def __init__(self, key: SealKey) -> None:
        self._key = key
        self._digest_mark = os.urandom(32)
        self._signature_mark = os.urandom(key.certificate.public_key.byte_size)
        self._attributes = b""
        self._whole = b""

    async def prepare(self) -> None:
        """Build the template; needs neither the key nor a network."""
        maker = _Maker(self._key, self._signature_mark)
        attributes = await maker.signed_attrs(self._digest_mark, DIGEST, use_pades=True)
        self._attributes = attributes.dump()
        whole = await maker.async_sign(self._digest_mark, DIGEST, use_pades=True)
        self._whole = whole.dump()
        if self._attributes.count(self._digest_mark) != 1 or self._whole.count(self._digest_mark) != 1:
            raise RuntimeError("the digest stands in the signed attributes once")

    @property
    def size_bytes(self) -> int:
        """How long every container of this key is, without a time stamp."""
        return len(self._whole)

    def sign(self, digest: bytes) -> bytes:
        """The container for a document of this SHA-256, DER.

        Raises:
            SealingWaits: what the key raises.
        """
        signature = self._key.sign(self._attributes.replace(self._digest_mark, digest))
        return self._whole.replace(self._digest_mark, digest).replace(self._signature_mark, signature)


def signature_of(container: bytes) -> bytes:
    """The signature inside: what a signature time stamp is over (RFC 3161, appendix A)."""
    signature: bytes = cms.ContentInfo.load(container)["content"]["signer_infos"][0]["signature"].native
    return signature


def stamped(container: bytes, token: cms.ContentInfo) -> bytes:
    """The container with a signature time stamp as its one unsigned attribute (B-T)."""
    info = cms.ContentInfo.load(container)
    attribute = simple_cms_attribute("signature_time_stamp_token", token)
    info["content"]["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([attribute])
    der: bytes = info.dump()
    return der


class _Maker(Signer):
    """pyHanko's builder, with a mark in the signature's place."""

    def __init__(self, key: SealKey, mark: bytes) -> None:
        store = SimpleCertificateStore.from_certs(_without_roots(key.chain))
        super().__init__(signing_cert=key.certificate, cert_registry=store, embed_roots=False)
        self._mark = mark

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return self._mark


def _without_roots(chain: tuple[x509.Certificate, ...]) -> list[x509.Certificate]:
    return [one for one in chain if one.subject != one.issuer]
