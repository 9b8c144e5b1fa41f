"""What is written is read as the same record; what is not as the contract says is named."""

import dataclasses
import datetime as dt
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.edxml import building, codes, reading
from adapters.edxml.apart import LONG
from schemas.calendar import VIETNAM
from schemas.errors import Misunderstood, Refused
from schemas.official_document import (
    Business,
    DocumentSigner,
    DocumentStatus,
    Handling,
    OfficialDocument,
    Organ,
    Staff,
    Trace,
)
from tests.unit.adapters.edxml import records
from tests.unit.adapters.edxml.forging import NS, find, parse

UNSIGNED = records.rules(required=False)
letters = st.text(
    st.one_of(st.characters(categories=("L", "M", "N", "P", "S")), st.sampled_from(" ạảãđĐỂẽộỮ́̉&<>\"'")), max_size=40
).map(lambda text: " ".join(text.split()))
words = letters.filter(bool)
organs = st.builds(
    Organ,
    id=st.sampled_from(["000.00.00.H99", "000.00.14.H99", "H37.02.02", "G09.20"]),
    name=words,
    in_charge=letters,
    address=letters,
    email=letters,
    telephone=letters,
)
days = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))
times = st.builds(dt.datetime.combine, days, st.times().map(lambda time: time.replace(microsecond=0, tzinfo=VIETNAM)))
people = st.builds(Staff, department=words, name=letters, mobile=letters, email=letters)
documents = st.builds(
    OfficialDocument,
    id=words,
    sender=organs,
    receivers=st.lists(organs, min_size=1, max_size=3).map(tuple),
    number=letters,
    notation=letters,
    promulgated_on=days,
    subject=letters,
    place=letters,
    type_code=letters,
    type_name=letters,
    type_detail=letters,
    content=letters,
    signer=st.none() | st.builds(DocumentSigner, full_name=letters, position=letters, competence=letters),
    due_on=st.none() | days,
    to_places=st.lists(letters, max_size=3).map(tuple),
    priority=letters,
    sphere=letters,
    typer_notation=letters,
    copies=letters,
    pages=letters,
    appendixes=st.lists(words, max_size=3).map(tuple),
    steering_type=letters,
    business=st.just(Business.REPLACE),
    business_code=st.sampled_from(["3", "03"]),
    business_reason=letters,
    staff=st.none() | people,
    paper=st.sampled_from(["", "0", "1"]),
    traces=st.lists(st.builds(Trace, organ_id=words, at=times), max_size=3).map(tuple),
)
LESS_IN_JAVA = {
    "business": Business.NEW,
    "business_code": "0",
    "business_reason": "",
    "paper": "",
    "staff": None,
}
"""What the Java layout has no place for, or another meaning."""


def read(raw: bytes, tmp_path: Path, rules: reading.Rules = UNSIGNED) -> OfficialDocument | DocumentStatus:
    file, out = tmp_path / "came.xml", tmp_path / "out"
    file.write_bytes(raw)
    out.mkdir(exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    return reading.read(file, out, rules, records.NOW)


def written(document: OfficialDocument, tmp_path: Path, hand: building.Hand | None = None) -> bytes:
    file = tmp_path / "out.xml"
    file.unlink(missing_ok=True)
    building.write_document(document, file, hand or building.Hand())
    return file.read_bytes()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents, body=st.binary(min_size=1, max_size=300), layout=st.sampled_from(["vpcp", "java"]))
def test_what_is_built_is_read_as_the_same_record(
    document: OfficialDocument, body: bytes, layout: str, tmp_path: Path
) -> None:
    file = records.enclosed(tmp_path / "a", body)
    if layout == "java":
        document = dataclasses.replace(document, **LESS_IN_JAVA)  # type: ignore[arg-type]  # fields by their names
        file = dataclasses.replace(file, description="")
    document = dataclasses.replace(document, files=(file,))
    hand = dataclasses.replace(records.sender().hand, layout=layout)
    got = read(written(document, tmp_path, hand), tmp_path, records.rules())
    assert isinstance(got, OfficialDocument)
    assert got == dataclasses.replace(document, signed_by=records.sender().pinned.fingerprint)
    assert Path(got.files[0].path).read_bytes() == body


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(code=st.sampled_from(sorted(codes.HANDLING)), at=times, staff=st.none() | people, text=letters, date=days)
def test_a_status_is_read_as_the_same_record(
    code: str, at: dt.datetime, staff: Staff | None, text: str, date: dt.date, tmp_path: Path
) -> None:
    status = dataclasses.replace(
        records.status(),
        code=code,
        handling=codes.HANDLING[code],
        at=at,
        staff=staff,
        description=text,
        about_date=date,
    )
    file = tmp_path / "out.xml"
    file.unlink(missing_ok=True)
    building.write_status(status, file, records.sender().hand)
    got = read(file.read_bytes(), tmp_path, records.rules())
    assert got == dataclasses.replace(status, signed_by=records.sender().pinned.fingerprint)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_vietnamese_stays_in_the_form_it_came_in(form: str, tmp_path: Path) -> None:
    subject = unicodedata.normalize(form, "V/v xử lý hồ sơ đất đai của Nguyễn Thị Ẩn")  # type: ignore[arg-type]  # a parameter is plain text
    document = dataclasses.replace(records.document(), subject=subject)
    got = read(written(document, tmp_path, records.sender().hand), tmp_path, records.rules())
    assert isinstance(got, OfficialDocument)
    assert got.subject == subject


def test_the_prefix_stands_on_the_envelope_and_not_beside_it(tmp_path: Path) -> None:
    root = parse(written(records.document(records.enclosed(tmp_path / "a", b"x")), tmp_path, records.sender().hand))
    envelope = find(root, "edXMLEnvelope")
    assert {one.prefix for one in envelope.iter(f"{{{NS}}}*")} == {"edXML"}
    assert not root.prefix
    assert {one.prefix for one in find(root, "AttachmentEncoded").iter()} == {None}


def test_the_enclosed_files_stand_beside_the_envelope(tmp_path: Path) -> None:
    root = parse(written(records.document(records.enclosed(tmp_path / "a", b"x")), tmp_path))
    assert [etree.QName(one).localname for one in root] == ["edXMLEnvelope", "AttachmentEncoded"]


def test_the_order_is_that_of_the_layout(tmp_path: Path) -> None:
    for layout, behind in (("vpcp", "SteeringType"), ("java", "To")):
        raw = written(
            dataclasses.replace(records.document(), steering_type="1"), tmp_path, building.Hand(layout=layout)
        )
        before = find(parse(raw), "DocumentId").getprevious()
        assert before is not None
        assert etree.QName(before).localname == behind


def unsigned(document: OfficialDocument) -> OfficialDocument:
    """As it is read where nothing was signed."""
    return dataclasses.replace(
        document, files=tuple(dataclasses.replace(file, signed=False) for file in document.files)
    )


# --- what is wrong ----------------------------------------------------------------------------------------------------

Break = Callable[[etree._Element], object]


def move_last(parent: str, child: str) -> Break:
    return lambda root: find(root, parent).append(find(find(root, parent), child))


def drop(parent: str, child: str) -> Break:
    return lambda root: find(root, parent).remove(find(find(root, parent), child))


def say(name: str, text: str) -> Break:
    def change(root: etree._Element) -> None:
        find(root, name).text = text

    return change


def twice(name: str) -> Break:
    def change(root: etree._Element) -> None:
        one = find(root, name)
        one.addnext(parse(etree.tostring(one)))

    return change


def alien(name: str) -> Break:
    def change(root: etree._Element) -> None:
        find(root, name).tag = f"{{urn:alien}}{name}"

    return change


def elements_in_base64(root: etree._Element) -> None:
    etree.SubElement(find(root, "ContentTransferEncoded"), "x")


def reference_elsewhere(root: etree._Element) -> None:
    find(root, "Reference").set("{http://www.w3.org/1999/xlink}href", "http://127.0.0.1/x")


WRONG: dict[str, tuple[Break, str]] = {
    "Subject before Code": (move_last("MessageHeader", "Code"), "shape"),
    "DocumentId before From": (move_last("MessageHeader", "From"), "shape"),
    "the header behind the body": (move_last("edXMLEnvelope", "edXMLHeader"), "shape"),
    "no From": (drop("MessageHeader", "From"), "shape"),
    "no To": (drop("MessageHeader", "To"), "shape"),
    "no Subject": (drop("MessageHeader", "Subject"), "shape"),
    "no DocumentId": (drop("MessageHeader", "DocumentId"), "shape"),
    "no date": (drop("PromulgationInfo", "PromulgationDate"), "shape"),
    "no MessageHeader": (drop("edXMLHeader", "MessageHeader"), "shape"),
    "Subject twice": (twice("Subject"), "shape"),
    "DocumentId twice": (twice("DocumentId"), "shape"),
    "From of another namespace": (alien("From"), "shape"),
    "an empty DocumentId": (say("DocumentId", " "), "content"),
    "an empty OrganId": (say("OrganId", ""), "content"),
    "a date that is none": (say("PromulgationDate", "2026/02/30"), "content"),
    "a date in words": (say("PromulgationDate", "hôm nay"), "content"),
    "a date out of range": (say("PromulgationDate", "0000/01/01"), "content"),
    "a date in other digits": (say("PromulgationDate", "٢٠٢٦/٠١/٠١"), "content"),
    "a time that is none": (say("Timestamp", "2026/11/22 25:00:00"), "content"),
    "a file that nobody mentions": (drop("edXMLManifest", "Reference"), "files"),
    "a mention without file": (drop("AttachmentEncoded", "Attachment"), "files"),
    "a file twice": (twice("Attachment"), "files"),
    "a mention twice": (twice("Reference"), "content"),
    "a reference out of the document": (reference_elsewhere, "content"),
    "elements in base64": (elements_in_base64, "files"),
    "base64 with an alien letter": (say("ContentTransferEncoded", "QUJ*"), "base64"),
    "an empty file": (say("ContentTransferEncoded", ""), "files"),
    "base64 cut off": (say("ContentTransferEncoded", "QUJDR"), "base64"),
    "base64 that goes on after its end": (say("ContentTransferEncoded", "QQ==QUJD"), "base64"),
    "base64 with one = too many": (say("ContentTransferEncoded", "QUJD="), "base64"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_document_that_breaks_the_contract_is_named(name: str, tmp_path: Path) -> None:
    change, code = WRONG[name]
    root = parse(written(records.document(records.enclosed(tmp_path / "a", b"file")), tmp_path))
    read(etree.tostring(root), tmp_path)
    change(root)
    with pytest.raises(Misunderstood) as caught:
        read(etree.tostring(root), tmp_path)
    assert caught.value.code == code, caught.value
    assert caught.value.raw


BYTES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda _: b"", "xml"),
    "half of it": (lambda raw: raw[: len(raw) // 2], "xml"),
    "a web page": (lambda _: b"<html><body>503</body></html>", "shape"),
    "JSON": (lambda _: b'{"status":"FAIL"}', "xml"),
    "a SOAP fault": (
        lambda _: b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        "shape",
    ),
    "another namespace": (lambda raw: raw.replace(b"QCVN_102_2016", b"QCVN_102_2010"), "shape"),
    "latin-1 that calls itself UTF-8": (lambda raw: raw.replace("đất".encode(), b"d\xe1t"), "xml"),
    "UTF-16": (lambda raw: raw.decode().replace("UTF-8", "UTF-16").encode("utf-16"), "encoding"),
    "latin-1 by its own word": (lambda raw: raw.replace(b"UTF-8", b"iso-8859-1", 1), "encoding"),
    "no prefix": (lambda raw: raw.replace(b"edXML:", b"").replace(b"xmlns:edXML", b"xmlns:e"), "prefix"),
    "two roots": (lambda raw: raw + b"<edXML/>", "xml"),
    "a long text that is not base64": (
        lambda raw: raw.replace(b"<edXML:Content>", b"<edXML:Content>" + b"A" * (LONG + 1) + b"*"),
        "base64",
    ),
    "a long text outside of a file": (
        lambda raw: raw.replace(b"<edXML:Content>", b"<edXML:Content><edXML:x>" + b"A" * (LONG + 4) + b"</edXML:x>"),
        "files",
    ),
    "cut off in a long file": (lambda raw: raw.split(b"<ContentTransferEncoded>")[0] + b">" + b"A" * 2 * LONG, "xml"),
}


@pytest.mark.parametrize("name", BYTES)
def test_bytes_that_are_no_document_are_named(name: str, tmp_path: Path) -> None:
    change, code = BYTES[name]
    raw = change(written(records.document(records.enclosed(tmp_path / "a", b"file")), tmp_path))
    with pytest.raises(Misunderstood) as caught:
        read(raw, tmp_path)
    assert caught.value.code == code, caught.value
    assert caught.value.raw or not raw


def test_a_byte_order_mark_and_unknown_elements_do_no_harm(tmp_path: Path) -> None:
    document = records.document(records.enclosed(tmp_path / "a", b"file"))
    raw = written(document, tmp_path).replace(b"<edXML:Subject>", b"<edXML:New>1</edXML:New><edXML:Subject>")
    assert read(b"\xef\xbb\xbf" + raw, tmp_path) == unsigned(document)


def test_a_prefix_is_asked_for_only_where_the_rule_is_strict(tmp_path: Path) -> None:
    raw = written(records.document(), tmp_path).replace(b"edXML:", b"").replace(b"xmlns:edXML", b"xmlns:e")
    assert read(raw, tmp_path, dataclasses.replace(UNSIGNED, strict_prefix=False)) == records.document()


def test_a_layout_that_is_not_asked_for_is_refused(tmp_path: Path) -> None:
    raw = written(records.document(), tmp_path, building.Hand(layout="java"))
    with pytest.raises(Misunderstood, match="as vpcp"):
        read(raw, tmp_path, dataclasses.replace(UNSIGNED, layouts=("vpcp",)))


def test_dates_with_the_day_first_are_the_same_dates(tmp_path: Path) -> None:
    raw = written(records.document(), tmp_path).replace(b"2026/11/20<", b"20/11/2026<")
    got = read(raw, tmp_path)
    assert isinstance(got, OfficialDocument)
    assert got.promulgated_on == dt.date(2026, 11, 20)


def test_an_unknown_status_stays_unknown_and_keeps_its_code() -> None:
    assert codes.handling("98") is Handling.UNKNOWN
    assert codes.handling("003") is Handling.RECEIVED
    assert codes.handling("٣") is Handling.UNKNOWN
    assert codes.business("7") is Business.UNKNOWN


def test_letters_that_xml_cannot_carry_are_refused_before_sending(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        written(dataclasses.replace(records.document(), subject="a\x00b"), tmp_path)


def test_two_files_with_one_content_id_are_refused_before_sending(tmp_path: Path) -> None:
    file = records.enclosed(tmp_path / "a", b"x")
    with pytest.raises(Refused, match="content id"):
        written(records.document(file, file), tmp_path)


def test_an_empty_file_is_refused_before_sending(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="empty"):
        written(records.document(records.enclosed(tmp_path / "a", b"")), tmp_path)
