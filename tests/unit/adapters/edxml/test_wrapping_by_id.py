"""The envelope signed by its id: where signature wrapping lives."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from adapters.edxml.signing import Covers
from schemas.official_document import OfficialDocument
from tests.unit.adapters.edxml import records
from tests.unit.adapters.edxml.attacks import by_id, dump, evil_twin, read, refused
from tests.unit.adapters.edxml.forging import DS, NS, find, q


def moved_body(root: etree._Element) -> None:
    """The signed envelope goes below the body of an evil one that carries its signature."""
    envelope = find(root, "edXMLEnvelope")
    evil = evil_twin(envelope)
    del evil.attrib["Id"]
    find(evil, "DigitalSignature").append(find(envelope, "Signature", DS))
    root.replace(envelope, evil)
    find(evil, "edXMLBody").append(envelope)


def moved_into_object(root: etree._Element) -> None:
    """The signed envelope goes into an Object of its own signature."""
    envelope = find(root, "edXMLEnvelope")
    evil = evil_twin(envelope)
    del evil.attrib["Id"]
    signature = find(envelope, "Signature", DS)
    find(evil, "DigitalSignature").append(signature)
    root.replace(envelope, evil)
    etree.SubElement(signature, q("Object", DS)).append(envelope)


def same_id_before(root: etree._Element) -> None:
    """An evil envelope with the same id stands before the signed one."""
    envelope = find(root, "edXMLEnvelope")
    root.insert(0, evil_twin(envelope))


def same_id_behind(root: etree._Element) -> None:
    envelope = find(root, "edXMLEnvelope")
    root.insert(1, evil_twin(envelope))


def same_id_elsewhere(root: etree._Element) -> None:
    """Some other element has the id too: two verifiers may find two elements."""
    find(root, "AttachmentEncoded").set("ID", "envelope")


def same_id_as_xml_id(root: etree._Element) -> None:
    find(root, "AttachmentEncoded").set("{http://www.w3.org/XML/1998/namespace}id", "envelope")


def evil_envelope_of_another_namespace(root: etree._Element) -> None:
    """An edXMLEnvelope of a foreign namespace, for readers that look at local names only."""
    envelope = find(root, "edXMLEnvelope")
    twin = evil_twin(envelope)
    twin.tag = "{urn:evil}edXMLEnvelope"
    root.insert(0, twin)


def id_moved(root: etree._Element) -> None:
    """The signed envelope loses its id to a wrapper around it."""
    envelope = find(root, "edXMLEnvelope")
    wrapper = etree.Element(q("edXMLEnvelope"), Id="envelope", nsmap={"edXML": NS})
    root.replace(envelope, wrapper)
    wrapper.append(envelope)


ENVELOPE_ATTACKS = [
    moved_body,
    moved_into_object,
    same_id_before,
    same_id_behind,
    same_id_elsewhere,
    same_id_as_xml_id,
    evil_envelope_of_another_namespace,
    id_moved,
]


@pytest.mark.parametrize("attack", ENVELOPE_ATTACKS, ids=lambda attack: attack.__name__)
def test_a_wrapped_envelope_is_refused(attack: Callable[[etree._Element], None], tmp_path: Path) -> None:
    root = by_id(tmp_path)
    attack(root)
    refused(dump(root), tmp_path, records.rules(covers=Covers.ENVELOPE))


def test_the_envelope_that_was_signed_by_its_id_is_read(tmp_path: Path) -> None:
    got = read(dump(by_id(tmp_path)), tmp_path, records.rules(covers=Covers.ENVELOPE))
    assert isinstance(got, OfficialDocument)
    assert got.sender == records.OURS
    assert got.signed_by == records.sender().pinned.fingerprint
    assert [file.signed for file in got.files] == [False], "the files outside of the envelope are not proven"


def test_a_document_signed_by_id_is_no_whole_document(tmp_path: Path) -> None:
    assert "#envelope" in refused(dump(by_id(tmp_path)), tmp_path, records.rules())
