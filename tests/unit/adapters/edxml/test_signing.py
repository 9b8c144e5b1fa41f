"""Our signatures before another house's judge, and its signatures before ours."""

from pathlib import Path

import pytest
from lxml import etree
from signxml import (  # type: ignore[attr-defined]  # it re-exports without saying so
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureMethod,
    XMLSigner,
    XMLVerifier,
    methods,
)

from adapters.edxml import building, reading
from adapters.edxml.signing import Covers
from schemas.errors import Misunderstood
from schemas.official_document import OfficialDocument
from tests.unit.adapters.edxml import records
from tests.unit.adapters.edxml.forging import DS, find, parse

STRICT = SignatureConfiguration(
    signature_methods=frozenset({SignatureMethod.RSA_SHA256}), digest_algorithms=frozenset({DigestAlgorithm.SHA256})
)


def written(tmp_path: Path, hand: building.Hand, size: int = 300_000) -> bytes:
    file = tmp_path / "out.xml"
    document = records.document(records.enclosed(tmp_path / "a", b"\x00\x01\xfe" * (size // 3)))
    building.write_document(document, file, hand)
    return file.read_bytes()


def read(raw: bytes, tmp_path: Path, **rules: object) -> OfficialDocument:
    file, out = tmp_path / "came.xml", tmp_path / "out"
    file.write_bytes(raw)
    out.mkdir()
    got = reading.read(file, out, records.rules(**rules), records.NOW)  # type: ignore[arg-type]  # fields by their names
    assert isinstance(got, OfficialDocument)
    return got


def test_signxml_proves_what_we_sign(tmp_path: Path) -> None:
    raw = written(tmp_path, records.sender().hand)
    proven = XMLVerifier().verify(raw, x509_cert=records.sender().certificate, expect_config=STRICT)
    assert not isinstance(proven, list), "one reference"
    told = proven.signed_xml
    assert told is not None
    assert find(told, "Subject").text == "V/v chuyển hồ sơ đất đai"
    assert find(told, "ContentTransferEncoded").text == records.b64(b"\x00\x01\xfe" * 100_000)


def test_signxml_refuses_what_was_changed(tmp_path: Path) -> None:
    raw = written(tmp_path, records.sender().hand).replace("đất đai".encode(), "khác".encode())
    with pytest.raises(Exception, match=r"[Dd]igest"):
        XMLVerifier().verify(raw, x509_cert=records.sender().certificate, expect_config=STRICT)


def signed_by_signxml(root: etree._Element, reference: str | None) -> etree._Element:
    place = find(root, "DigitalSignature")
    placeholder = etree.SubElement(place, f"{{{DS}}}Signature", {"Id": "placeholder"}, nsmap={"ds": DS})
    assert placeholder is not None
    signer = XMLSigner(
        method=methods.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    who = records.sender()
    return signer.sign(root, key=who.key_pem, cert=who.pem.decode(), reference_uri=reference)


def test_we_prove_what_signxml_signs_as_a_whole(tmp_path: Path) -> None:
    root = signed_by_signxml(parse(written(tmp_path, building.Hand())), None)
    got = read(etree.tostring(root), tmp_path)
    assert got.signed_by == records.sender().pinned.fingerprint
    assert got.files[0].size == 300_000
    assert got.files[0].signed


def test_we_refuse_what_was_changed_behind_signxml(tmp_path: Path) -> None:
    root = signed_by_signxml(parse(written(tmp_path, building.Hand())), None)
    find(root, "Subject").text = "khác"
    with pytest.raises(Misunderstood, match="digest"):
        read(etree.tostring(root), tmp_path)


def test_we_prove_the_envelope_that_signxml_signs_by_its_id(tmp_path: Path) -> None:
    root = parse(written(tmp_path, building.Hand()))
    find(root, "edXMLEnvelope").set("Id", "e1")
    got = read(etree.tostring(signed_by_signxml(root, "#e1")), tmp_path, covers=Covers.ENVELOPE)
    assert got.signed_by == records.sender().pinned.fingerprint
    assert [file.signed for file in got.files] == [False]
