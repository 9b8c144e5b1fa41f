"""Signature wrapping and its relatives: each is refused, or reads as what was signed and nothing else."""

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from lxml import etree

from adapters.edxml import reading
from adapters.edxml.signing import MAX_NAMESPACE
from schemas.errors import Misunderstood
from schemas.official_document import OfficialDocument
from tests.unit.adapters.edxml import forging, records
from tests.unit.adapters.edxml.attacks import dump, evil_twin, plain, read, refused, whole
from tests.unit.adapters.edxml.forging import DS, NS, Signing, find, parse, q, signed

# --- the whole document signed ---------------------------------------------------------------------------------------


def signature_in_the_body(root: etree._Element) -> None:
    find(root, "edXMLBody").append(find(root, "Signature", DS))


def signature_beside_the_envelope(root: etree._Element) -> None:
    root.append(find(root, "Signature", DS))


def second_header(root: etree._Element) -> None:
    envelope = find(root, "edXMLEnvelope")
    envelope.insert(0, evil_twin(find(envelope, "edXMLHeader")))


def second_envelope(root: etree._Element) -> None:
    root.insert(0, evil_twin(find(root, "edXMLEnvelope")))


def second_signature(root: etree._Element) -> None:
    place = find(root, "DigitalSignature")
    place.append(copy.deepcopy(place[0]))


def signature_in_a_signature(root: etree._Element) -> None:
    signature = find(root, "Signature", DS)
    etree.SubElement(signature, q("Object", DS)).append(copy.deepcopy(signature))


def signature_of_another_namespace(root: etree._Element) -> None:
    find(root, "Signature", DS).tag = "{urn:evil}Signature"


def signed_info_left_alone(root: etree._Element) -> None:
    place = find(root, "DigitalSignature")
    place.replace(place[0], place[0][0])


def object_with_an_envelope(root: etree._Element) -> None:
    """What lies in the signature is not digested; nobody may read it."""
    held = etree.SubElement(find(root, "Signature", DS), q("Object", DS))
    held.append(evil_twin(find(root, "edXMLEnvelope")))


def changed_text(root: etree._Element) -> None:
    find(root, "Subject").text = "V/v khác"


def changed_file(root: etree._Element) -> None:
    find(root, "ContentTransferEncoded").text = records.b64(b"another file")


def added_file(root: etree._Element) -> None:
    below = find(root, "AttachmentEncoded")
    below.append(copy.deepcopy(below[0]))


def added_attribute(root: etree._Element) -> None:
    find(root, "To").set("role", "evil")


def rebound_prefix(root: etree._Element) -> None:
    """The prefix of one element is bound to another namespace; its name looks the same."""
    subject = find(root, "Subject")
    twin = etree.Element("{urn:evil}Subject", nsmap={"edXML": "urn:evil"})
    twin.text = subject.text
    parent = subject.getparent()
    assert parent is not None
    parent.replace(subject, twin)


def changed_signature_value(root: etree._Element) -> None:
    value = find(root, "SignatureValue", DS)
    value.text = "AAAA" + str(value.text)[4:]


def no_signature_value(root: etree._Element) -> None:
    find(root, "SignatureValue", DS).text = ""


def elements_in_the_digest(root: etree._Element) -> None:
    find(root, "DigestValue", DS).append(etree.Element("x"))


DOCUMENT_ATTACKS = [
    signature_in_the_body,
    signature_beside_the_envelope,
    second_header,
    second_envelope,
    second_signature,
    signature_in_a_signature,
    signature_of_another_namespace,
    signed_info_left_alone,
    object_with_an_envelope,
    changed_text,
    changed_file,
    added_file,
    added_attribute,
    rebound_prefix,
    changed_signature_value,
    no_signature_value,
    elements_in_the_digest,
]


@pytest.mark.parametrize("attack", DOCUMENT_ATTACKS, ids=lambda attack: attack.__name__)
def test_a_changed_document_is_refused(attack: Callable[[etree._Element], None], tmp_path: Path) -> None:
    root = whole(tmp_path)
    attack(root)
    refused(dump(root), tmp_path, records.rules())


def spki() -> bytes:
    return (
        records.sender()
        .certificate.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


HMAC = f"{DS}hmac-sha256"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
FORGERIES: dict[str, Callable[[], Signing]] = {
    "the attacker's key, his certificate in KeyInfo": lambda: Signing(
        by=records.attacker(), key_info=forging.x509_data(records.attacker())
    ),
    "the attacker's key, the pinned certificate in KeyInfo": lambda: Signing(
        by=records.attacker(), key_info=forging.x509_data(records.sender())
    ),
    "HMAC keyed with the pinned public key": lambda: Signing(method=HMAC, hmac_key=spki()),
    "HMAC keyed with the pinned certificate": lambda: Signing(method=HMAC, hmac_key=records.sender().pem),
    "HMAC cut to nothing": lambda: Signing(
        method=HMAC, hmac_key=b"x", inside_method="<ds:HMACOutputLength>0</ds:HMACOutputLength>"
    ),
    "no reference": lambda: Signing(references=0),
    "two references": lambda: Signing(references=2),
    "a reference without URI": lambda: Signing(uri=None),
    "a reference to another element": lambda: Signing(uri="#t1", target="TraceHeaderList"),
    "a reference to a file": lambda: Signing(uri="file:///etc/hostname"),
    "a reference to the network": lambda: Signing(uri="http://127.0.0.1:1/x"),
    "an XPointer": lambda: Signing(uri="#xpointer(/)"),
    "an XPath transform": lambda: Signing(
        transforms=(forging.ENVELOPED, XPATH), inside_transform="<ds:XPath>not(self::x)</ds:XPath>"
    ),
    "an XSLT transform": lambda: Signing(
        transforms=(forging.ENVELOPED, "http://www.w3.org/TR/1999/REC-xslt-19991116", forging.EXC)
    ),
    "a base64 transform": lambda: Signing(transforms=(forging.ENVELOPED, f"{DS}base64")),
    "a canonical form with comments": lambda: Signing(transforms=(forging.ENVELOPED, f"{forging.EXC}WithComments")),
    "transforms in the other order": lambda: Signing(transforms=(forging.EXC, forging.ENVELOPED)),
    "no transforms": lambda: Signing(transforms=()),
    "an unknown canonical form": lambda: Signing(canonical="urn:evil"),
    "a digest cut to ten bytes": lambda: Signing(digest_bytes=10),
    "an empty digest": lambda: Signing(digest_bytes=0),
    "an unknown digest": lambda: Signing(digest="http://www.w3.org/2001/04/xmldsig-more#md5"),
    "SHA-1 as a digest": lambda: Signing(digest=f"{DS}sha1"),
    "RSA with SHA-1": lambda: Signing(method=f"{DS}rsa-sha1"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_signature_is_refused(name: str, tmp_path: Path) -> None:
    refused(signed(parse(plain(tmp_path)), FORGERIES[name]()), tmp_path, records.rules())


def test_the_same_forger_makes_signatures_that_are_accepted(tmp_path: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    got = read(signed(parse(plain(tmp_path)), Signing()), tmp_path, records.rules())
    assert isinstance(got, OfficialDocument)
    assert got.sender == records.OURS
    assert [file.signed for file in got.files] == [True]


def test_sha1_is_accepted_only_where_a_setting_says_so(tmp_path: Path) -> None:
    raw = signed(parse(plain(tmp_path)), Signing(digest=f"{DS}sha1", method=f"{DS}rsa-sha1"))
    assert read(raw, tmp_path, records.rules(allow_sha1=True)).signed_by == records.sender().pinned.fingerprint


def test_the_misspelt_canonical_form_of_public_senders_is_accepted(tmp_path: Path) -> None:
    wrong = "http://www.w3.org/TR/xml-exc-c14n#"
    raw = signed(parse(plain(tmp_path)), Signing(canonical=wrong, transforms=(forging.ENVELOPED, wrong)))
    assert read(raw, tmp_path, records.rules()).signed_by is not None


def test_a_signature_taken_off_is_noticed(tmp_path: Path) -> None:
    refused(plain(tmp_path), tmp_path, records.rules(), "unsigned")


def test_an_unsigned_document_is_read_only_where_none_is_required(tmp_path: Path) -> None:
    assert read(plain(tmp_path), tmp_path, records.rules(required=False)).signed_by is None


def test_a_bad_signature_is_refused_even_where_none_is_required(tmp_path: Path) -> None:
    root = whole(tmp_path)
    changed_text(root)
    refused(dump(root), tmp_path, records.rules(required=False))


def test_a_certificate_out_of_its_dates_proves_nothing(tmp_path: Path) -> None:
    old = records.Identity("Hết hạn", days=0)
    rules = records.rules()
    pinned = dataclasses.replace(rules, policy=dataclasses.replace(rules.policy, certificates=(old.pinned,)))
    file, out = tmp_path / "came.xml", tmp_path / "out"
    file.write_bytes(signed(parse(plain(tmp_path)), Signing(by=old)))
    out.mkdir()
    reading.read(file, out, pinned, old.pinned.not_after)
    later = tmp_path / "later"
    later.mkdir()
    with pytest.raises(Misunderstood, match="out of its dates"):
        reading.read(file, later, pinned, old.pinned.not_after.replace(year=2030))


# --- comments, entities, bombs ---------------------------------------------------------------------------------------


def test_a_comment_cuts_no_text_in_two(tmp_path: Path) -> None:
    """000.00.14.H99 with a comment behind 000.00 is still 000.00.14.H99 for the digest, and so for the reader."""
    raw = dump(whole(tmp_path))
    told = records.THEIRS.id.encode()
    assert told in raw
    got = read(raw.replace(told, told[:6] + b"<!-- x -->" + told[6:]), tmp_path, records.rules())
    assert isinstance(got, OfficialDocument)
    assert [to.id for to in got.receivers] == [records.THEIRS.id]


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE edXML [<!ENTITY who "000.00.99.H99">]>',
        b'<!DOCTYPE edXML SYSTEM "file:///etc/hostname">',
        b"<!DOCTYPE edXML [<!ATTLIST AttachmentEncoded Id ID #FIXED 'envelope'>]>",
    ],
)
def test_a_doctype_is_refused(doctype: bytes, tmp_path: Path) -> None:
    raw = dump(whole(tmp_path))
    start = raw.index(b"<edXML")
    refused(raw[:start] + doctype + raw[start:], tmp_path, records.rules(), "xml")


def test_a_long_run_hidden_in_a_comment_is_refused(tmp_path: Path) -> None:
    raw = dump(whole(tmp_path))
    hidden = raw.replace(b"<edXML:DigitalSignature>", b"<!-- >" + b"QUJD" * 30_000 + b"< --><edXML:DigitalSignature>")
    refused(hidden, tmp_path, records.rules(), "files")


def test_a_long_namespace_is_refused_before_it_is_repeated(tmp_path: Path) -> None:
    """A canonical form repeats a namespace at every element that uses it: 1 MB of name times 10,000 elements."""
    many = b"".join(b"<e:a/>" for _ in range(500))
    bomb = b'<edXML xmlns="' + NS.encode() + b'" xmlns:e="urn:' + b"x" * MAX_NAMESPACE + b'">' + many + b"</edXML>"
    refused(bomb, tmp_path, records.rules(), "size")


def test_too_many_elements_are_refused(tmp_path: Path) -> None:
    refused(b'<edXML xmlns="' + NS.encode() + b'">' + b"<a/>" * 20_001 + b"</edXML>", tmp_path, records.rules(), "size")
