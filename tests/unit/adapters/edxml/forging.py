"""Signs documents in every way that a sender or an attacker might; knows nothing of how we sign ourselves."""

import base64
import dataclasses
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from tests.unit.adapters.edxml.records import Identity, sender

NS = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
HASHES = {SHA256: "sha256", f"{DS}sha1": "sha1"}


@dataclasses.dataclass
class Signing:
    """What to put into the signature; the defaults are what our contract asks for."""

    uri: str | None = ""
    target: str = ""
    """Local name of the element that is digested; empty: the root."""
    by: Identity = dataclasses.field(default_factory=sender)
    method: str = RSA_SHA256
    canonical: str = EXC
    transforms: tuple[str, ...] = (ENVELOPED, EXC)
    inside_transform: str = ""
    digest: str = SHA256
    digest_bytes: int = 64
    references: int = 1
    inside_method: str = ""
    key_info: str = ""
    hmac_key: bytes = b""


def q(name: str, ns: str = NS) -> str:
    return f"{{{ns}}}{name}"


def parse(raw: bytes) -> etree._Element:
    return etree.fromstring(raw)


def find(root: etree._Element, name: str, ns: str = NS) -> etree._Element:
    found = root.find(f".//{q(name, ns)}")
    assert found is not None, name
    return found


def form(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)


def unsigned(raw: bytes) -> etree._Element:
    """The document with its DigitalSignature emptied."""
    root = parse(raw)
    place = find(root, "DigitalSignature")
    for child in list(place):
        place.remove(child)
    return root


def signed(root: etree._Element, how: Signing) -> bytes:
    """The document with a signature in its DigitalSignature."""
    target = find(root, how.target) if how.target else root
    name = HASHES.get(how.digest, "sha256")
    digest = hashlib.new(name, form(target)).digest()[: how.digest_bytes]
    inside = "".join(f'<ds:Transform Algorithm="{one}">{how.inside_transform}</ds:Transform>' for one in how.transforms)
    uri = "" if how.uri is None else f' URI="{how.uri}"'
    reference = (
        f"<ds:Reference{uri}><ds:Transforms>{inside}</ds:Transforms>"
        f'<ds:DigestMethod Algorithm="{how.digest}"/>'
        f"<ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue></ds:Reference>"
    )
    text = (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{how.canonical}"/>'
        f'<ds:SignatureMethod Algorithm="{how.method}">{how.inside_method}</ds:SignatureMethod>'
        f"{reference * how.references}</ds:SignedInfo><ds:SignatureValue/>{how.key_info}</ds:Signature>"
    )
    signature = etree.fromstring(text)
    find(root, "DigitalSignature").append(signature)
    info = form(find(root, "SignedInfo", DS))
    find(root, "SignatureValue", DS).text = base64.b64encode(_value(info, how)).decode()
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _value(info: bytes, how: Signing) -> bytes:
    if how.hmac_key:
        return hmac.digest(how.hmac_key, info, "sha256")
    algorithm = hashes.SHA1() if how.method.endswith("sha1") else hashes.SHA256()
    return how.by.private.sign(info, padding.PKCS1v15(), algorithm)


def x509_data(who: Identity) -> str:
    der = base64.b64encode(who.der).decode()
    return f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
