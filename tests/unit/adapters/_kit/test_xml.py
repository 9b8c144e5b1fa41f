"""The one parser of the house: what it refuses, and that there is no other."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters._kit import xml
from schemas.errors import Misunderstood
from tests.house import rules

HOSTILE = {
    "empty": b"",
    "blank": b"   ",
    "text": b"Service Unavailable",
    "json": b'{"a": 1}',
    "html": b"<html><body><br></body></html>",
    "cut": b"<a><b></b>",
    "two roots": b"<a/><b/>",
    "doctype": b"<!DOCTYPE a><a/>",
    "doctype in UTF-16": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    "external dtd": b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
    "entity": b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
    "external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]><a/>',
    "undefined entity": b"<a>&aacute;</a>",
    "deep": b"<a>" * 41 + b"</a>" * 41,
    "very deep": b"<a>" * 100_000,
    "many attributes": b"<a " + b" ".join(b'a%d="1"' % n for n in range(33)) + b"/>",
    "control character": b"<a>\x08</a>",
    "not its encoding": '<?xml version="1.0" encoding="utf-8"?><a>đ</a>'.encode("cp1258"),
    "unbound prefix": b"<p:a/>",
    "huge text": b"<a>" + b"x" * 10_100_000 + b"</a>",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bytes_are_misunderstood_and_kept(raw: bytes) -> None:
    with pytest.raises(Misunderstood) as refused:
        xml.parse(raw, max_bytes=20_000_000, subject="a peer")
    assert (refused.value.raw, refused.value.subject, refused.value.code) == (raw, "a peer", "xml")


def test_an_entity_bomb_costs_nothing() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "ha">{entities}]><a b="&e9;">&e9;</a>'.encode()
    with pytest.raises(Misunderstood):
        xml.parse(bomb)


def test_too_many_elements_are_refused() -> None:
    raw = b"<a>" + b"<b/>" * (xml.MAX_NODES + 1) + b"</a>"
    with pytest.raises(Misunderstood, match="elements"):
        xml.parse(raw)


def test_size_is_a_code_of_its_own() -> None:
    with pytest.raises(Misunderstood) as refused:
        xml.parse(b"<a>" + b"x" * 100 + b"</a>", max_bytes=100)
    assert refused.value.code == "size"


@given(st.binary(max_size=200))
def test_any_bytes_are_an_element_or_misunderstood(raw: bytes) -> None:
    try:
        xml.parse(raw)
    except Misunderstood as refused:
        assert refused.raw == raw


@given(st.text(alphabet="<>&/aA ='\"!-[]?x:", max_size=80))
def test_nearly_xml_is_an_element_or_misunderstood(text: str) -> None:
    try:
        xml.parse(text.encode())
    except Misunderstood as refused:
        assert refused.code == "xml"


def test_a_comment_or_instruction_does_not_cut_a_text_in_two() -> None:
    root = xml.parse(b"<a><n>EL000<!-- x -->047<?pi?>113VN</n></a>")
    assert xml.text(root, "n") == "EL000047113VN"


@given(st.text(max_size=60))
def test_what_is_written_is_read_again(text: str) -> None:
    clean = xml.printable(text)
    root = xml.element("a", "urn:x")
    xml.add(root, "b", clean)
    assert xml.text(xml.parse(xml.write(root)), "b") == clean.strip()


def test_canonical_bytes_forget_prefixes_and_indentation_but_no_content() -> None:
    one = xml.parse(b'<a xmlns="urn:x"><b k="1" j="2">t</b></a>')
    same = xml.parse(b'<p:a xmlns:p="urn:x">\n  <p:b j="2"   k="1">t</p:b>\n</p:a>')
    other = xml.parse(b'<a xmlns="urn:x"><b k="1" j="3">t</b></a>')
    assert xml.canonical(one) == xml.canonical(same) != xml.canonical(other)


def test_violations_name_elements_whatever_prefix_the_writer_used() -> None:
    schema = xml.load_schema("schemas.contract", "postal-tracking.xsd")
    for prefix, colon in (("", ""), (":q", "q:")):
        ns = f'xmlns{prefix}="urn:x-lienthong:postal-tracking:1"'
        raw = f"<{colon}Ping {ns}><{colon}echo>{'x' * 101}</{colon}echo><{colon}more/></{colon}Ping>"
        found = schema.violations(xml.parse(raw.encode()))
        assert [one.path for one in found] == ["/Ping/echo", "/Ping/more"]


def test_the_schema_loader_reads_its_own_folder_only() -> None:
    with pytest.raises(FileNotFoundError):
        xml.Schema("schemas.contract", "nothing-here.xsd")


PARSERS = {
    "fromstring",
    "parse",
    "XML",
    "HTML",
    "XMLParser",
    "HTMLParser",
    "iterparse",
    "XMLPullParser",
    "fromstringlist",
}
LIBRARIES = {"lxml", "xml", "defusedxml", "html5lib", "bs4"}


def names_from_libraries(node: ast.AST) -> list[str]:
    """The names under which an import statement makes a parsing library known."""
    if isinstance(node, ast.Import):
        return [one.asname or one.name for one in node.names if one.name.partition(".")[0] in LIBRARIES]
    if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in LIBRARIES:
        return [one.asname or one.name for one in node.names]
    return []


def other_parsers(root: Path) -> list[str]:
    """Calls of another XML parser in the five packages."""
    broken = []
    for path in rules.python_files(root, rules.PACKAGES):
        if path.relative_to(root) == Path("adapters/_kit/xml.py"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {name for node in ast.walk(tree) for name in names_from_libraries(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in PARSERS and ast.unparse(node.value) in imported:
                broken.append(f"{path.relative_to(root)}:{node.lineno} {ast.unparse(node)}")
    return broken


def test_there_is_no_other_xml_parser() -> None:
    assert other_parsers(rules.ROOT) == []


def test_the_search_for_other_parsers_finds_one(tmp_path: Path) -> None:
    bad = tmp_path / "adapters" / "vnpost" / "client.py"
    bad.parent.mkdir(parents=True)
    bad.write_text("from lxml import etree\nroot = etree.fromstring(b'<a/>')\n")
    assert other_parsers(tmp_path) == ["adapters/vnpost/client.py:2 etree.fromstring"]
