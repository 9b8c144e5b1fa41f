"""The XML signature of a document: made, and verified against pinned certificates; what was proven is what is read.

Only one narrow form is accepted (contract/README.md, "The signature"); whatever is outside of it is refused before any
key is used. KeyInfo is never looked at. The element that is covered is not looked up by what the signature says: it is
known beforehand, and the reference must name exactly it. The canonical bytes whose digest fits are parsed anew, and
only they are read; the tree that came is given up.
"""

import base64
import binascii
import dataclasses
import datetime as dt
import enum
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from adapters._kit import xml
from adapters._kit.signatures import PinnedCertificate, SigningKey
from adapters._kit.xml_form import add_under, cut_out, exclusive_form
from adapters.edxml.apart import Run, whole
from schemas.errors import Misunderstood
from schemas.ids import Sha256

DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
CANONICAL = frozenset({EXCLUSIVE, "http://www.w3.org/TR/xml-exc-c14n#"})
"""The second name is in no W3C paper; two public senders write it and mean the first (contract/README.md)."""
ENVELOPED = f"{DS}enveloped-signature"
SIGNATURES: Mapping[str, str] = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": "sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": "sha512",
}
DIGESTS: Mapping[str, str] = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
OLD_SIGNATURES: Mapping[str, str] = {f"{DS}rsa-sha1": "sha1"}
OLD_DIGESTS: Mapping[str, str] = {f"{DS}sha1": "sha1"}
"""What the oldest senders still use; refused unless a setting says otherwise."""
MAX_NODES = 20_000
"""Elements; a document of a hundred files has about a thousand."""
MAX_NAMESPACE = 128
"""Letters of a namespace's name. A canonical form repeats it wherever it is used, so it must be short."""
_PLACES = ("DigitalSignature", "edXMLHeader")
_ID_NAMES = frozenset({"id"})


class Covers(enum.StrEnum):
    """What the signature must cover."""

    DOCUMENT = "document"
    """Everything, enclosed files too: the reference is empty."""
    ENVELOPE = "envelope"
    """The envelope by its Id; the enclosed files outside of it are then not proven."""


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """Whose signatures count, and which."""

    certificates: tuple[PinnedCertificate, ...]
    required: bool = True
    covers: Covers = Covers.DOCUMENT
    allow_sha1: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Proven:
    """What may be read. ``envelope`` and ``attachments`` are proven where the flags say so.

    ``signed_by`` None: nothing was signed, and the policy does not ask for it.
    """

    root: xml.Element
    envelope: xml.Element
    attachments: xml.Element | None
    signed_by: Sha256 | None
    attachments_signed: bool


def verify(root: xml.Element, runs: Sequence[Run], policy: Policy, now: dt.datetime) -> Proven:
    """Prove the document against a pinned certificate. ``root`` is used up: its signature is taken out.

    Raises:
        Misunderstood: not signed though it must be, or anything about the signature that is not as the contract says;
            ``code`` is ``unsigned`` or ``signature``.
    """
    _check_bounds(root)
    signature = _only_signature(root)
    if signature is None:
        if policy.required:
            raise Misunderstood("the document has no XML signature, and this peer's must have one", code="unsigned")
        return _split(root, root, None, covers=None)
    envelope = _envelope(root)
    _check_place(signature, envelope)
    info, value = _parts(signature)
    certificate, reference = _proven_info(info, value, policy, now)
    target = _target(root, envelope, reference, policy.covers)
    _check_transforms(reference)
    name = _algorithm(_one(reference, "DigestMethod"), DIGESTS, OLD_DIGESTS, policy, "digest")
    told = _base64(_one(reference, "DigestValue"), "DigestValue")
    cut_out(signature)
    form = exclusive_form(target)
    digest = hashlib.new(name)
    for piece in whole(form, runs):
        digest.update(piece)
    if not hmac.compare_digest(digest.digest(), told):
        raise _refused("the digest does not fit: what came is not what was signed")
    read = xml.parse(form, max_bytes=2 * xml.MAX_BYTES)
    return _split(read, root, certificate.fingerprint, covers=policy.covers)


def sign(root: xml.Element, runs: Sequence[Run], key: SigningKey, certificate: bytes = b"") -> None:
    """Put a signature over the whole document into its empty DigitalSignature; ``certificate`` in DER goes along."""
    place = xml.child(root, "edXMLEnvelope", "edXMLHeader", "DigitalSignature")
    if place is None or len(place):
        raise ValueError("a document is signed once, and in its DigitalSignature")
    digest = hashlib.sha256()
    for piece in whole(exclusive_form(root), runs):
        digest.update(piece)
    signature = add_under(place, "Signature", DS, ds=DS)
    info = xml.add(signature, "SignedInfo")
    xml.add(info, "CanonicalizationMethod", Algorithm=EXCLUSIVE)
    xml.add(info, "SignatureMethod", Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")
    reference = xml.add(info, "Reference", URI="")
    transforms = xml.add(reference, "Transforms")
    xml.add(transforms, "Transform", Algorithm=ENVELOPED)
    xml.add(transforms, "Transform", Algorithm=EXCLUSIVE)
    xml.add(reference, "DigestMethod", Algorithm="http://www.w3.org/2001/04/xmlenc#sha256")
    xml.add(reference, "DigestValue", base64.b64encode(digest.digest()).decode())
    xml.add(signature, "SignatureValue", base64.b64encode(key.sign(exclusive_form(info))).decode())
    if certificate:
        data = xml.add(xml.add(signature, "KeyInfo"), "X509Data")
        xml.add(data, "X509Certificate", base64.b64encode(certificate).decode())


# --- where the signature may stand and what it may look like ---------------------------------------------------------


def _check_bounds(root: xml.Element) -> None:
    for n, one in enumerate(root.iter()):
        if n >= MAX_NODES:
            raise Misunderstood(f"more than {MAX_NODES} elements", code="size")
        for name in (one.tag, *one.attrib):
            if len(str(name).rpartition("}")[0]) > MAX_NAMESPACE:
                raise Misunderstood(f"a namespace of more than {MAX_NAMESPACE} letters", code="size")


def _only_signature(root: xml.Element) -> xml.Element | None:
    found = [one for one in root.iter() if xml.local(one) == "Signature"]
    if not found:
        if any(xml.namespace(one) == DS for one in root.iter()):
            raise _refused("pieces of a signature without the signature")
        return None
    if len(found) > 1:
        raise _refused(f"{len(found)} signatures instead of one")
    (signature,) = found
    if xml.namespace(signature) != DS:
        raise _refused(f"Signature of the namespace {xml.namespace(signature)!r}")
    inside = set(signature.iter())
    if any(xml.namespace(one) == DS and one not in inside for one in root.iter()):
        raise _refused("pieces of a signature outside of it")
    return signature


def _envelope(root: xml.Element) -> xml.Element:
    found = list(xml.children(root, "edXMLEnvelope"))
    if len(found) != 1:
        raise _refused(f"{len(found)} envelopes instead of one")
    return found[0]


def _check_place(signature: xml.Element, envelope: xml.Element) -> None:
    parent = signature.getparent()
    place = parent
    if place is not None and xml.local(place) == "DigitalSignature":
        place = place.getparent()
    headers = list(xml.children(envelope, "edXMLHeader"))
    if len(headers) != 1:
        raise _refused(f"{len(headers)} headers instead of one")
    if parent is None or xml.local(parent) not in _PLACES or place is not headers[0]:
        raise _refused(f"the signature stands at {xml.path_of(signature)}")


def _parts(signature: xml.Element) -> tuple[xml.Element, bytes]:
    names = [xml.local(one) for one in signature]
    if names not in (["SignedInfo", "SignatureValue"], ["SignedInfo", "SignatureValue", "KeyInfo"]):
        raise _refused(f"Signature holds {', '.join(names) or 'nothing'}")
    return signature[0], _base64(signature[1], "SignatureValue")


def _proven_info(
    info: xml.Element, value: bytes, policy: Policy, now: dt.datetime
) -> tuple[PinnedCertificate, xml.Element]:
    """The certificate that proves SignedInfo, and the one reference of the very bytes that it proves."""
    form = exclusive_form(info)
    told = xml.parse(form)
    names = [xml.local(one) for one in told]
    if names != ["CanonicalizationMethod", "SignatureMethod", "Reference"]:
        raise _refused(f"SignedInfo holds {', '.join(names) or 'nothing'}: exactly one reference is read")
    canonical, method, reference = told
    if canonical.get("Algorithm") not in CANONICAL or len(canonical):
        raise _refused(f"canonical form {canonical.get('Algorithm')!r}")
    name = _algorithm(method, SIGNATURES, OLD_SIGNATURES, policy, "signature")
    proving = [one for one in policy.certificates if one.proves(form, value, name)]
    if not proving:
        raise _refused("no pinned certificate proves it")
    if not proving[0].valid_at(now):
        raise _refused("the pinned certificate that proves it is out of its dates")
    return proving[0], reference


def _target(root: xml.Element, envelope: xml.Element, reference: xml.Element, covers: Covers) -> xml.Element:
    """The element that must be covered; the reference has to name it and nothing else."""
    uri = reference.get("URI")
    if covers is Covers.DOCUMENT:
        if uri != "":
            raise _refused(f"the reference is {uri!r}, not to the whole document")
        return root
    ids = [(one, value) for one in root.iter() for name, value in one.attrib.items() if _is_id(str(name))]
    own = [str(value) for one, value in ids if one is envelope]
    if len(own) != 1 or not own[0] or uri != f"#{own[0]}":
        raise _refused(f"the reference is {uri!r}, not to the envelope")
    if sum(str(value) == own[0] for _, value in ids) != 1:
        raise _refused("the id of the envelope stands at another element too")
    return envelope


def _check_transforms(reference: xml.Element) -> None:
    names = [xml.local(one) for one in reference]
    if names != ["Transforms", "DigestMethod", "DigestValue"]:
        raise _refused(f"Reference holds {', '.join(names) or 'nothing'}")
    told = [str(one.get("Algorithm")) for one in reference[0]]
    if any(len(one) or xml.local(one) != "Transform" for one in reference[0]):
        raise _refused("a transform with parameters")
    if len(told) != 2 or told[0] != ENVELOPED or told[1] not in CANONICAL:
        raise _refused(f"transforms {told}")


def _algorithm(
    element: xml.Element, known: Mapping[str, str], old: Mapping[str, str], policy: Policy, what: str
) -> str:
    told = str(element.get("Algorithm"))
    allowed = {**known, **old} if policy.allow_sha1 else known
    if len(element) or told not in allowed:
        raise _refused(f"{what} algorithm {told!r} is not allowed")
    return allowed[told]


def _one(parent: xml.Element, name: str) -> xml.Element:
    found = list(xml.children(parent, name))
    if len(found) != 1:
        raise _refused(f"{len(found)} {name} instead of one")
    return found[0]


def _base64(element: xml.Element, what: str) -> bytes:
    if len(element):
        raise _refused(f"{what} holds elements")
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _refused(f"{what} is no base64") from error


def _is_id(name: str) -> bool:
    return name.rpartition("}")[2].lower() in _ID_NAMES


def _split(read: xml.Element, came: xml.Element, signed_by: Sha256 | None, *, covers: Covers | None) -> Proven:
    if covers is Covers.ENVELOPE:
        return Proven(came, read, xml.child(came, "AttachmentEncoded"), signed_by, attachments_signed=False)
    return Proven(
        read, _envelope(read), xml.child(read, "AttachmentEncoded"), signed_by, attachments_signed=covers is not None
    )


def _refused(why: str) -> Misunderstood:
    return Misunderstood(f"XML signature refused: {why}", code="signature")
