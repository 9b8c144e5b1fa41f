"""The door of our SOAP server: who comes in, which envelope, and the fault for everything else."""

import datetime as dt
import gzip
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit import xml
from tests.flows.soap_house import (
    NOW,
    PEER,
    SOAP_12,
    Said,
    SoapHouse,
    envelope,
    event,
    key,
    ping,
    push_body,
    rows,
    security,
    soap_house,
)

pytestmark = pytest.mark.flow


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SoapHouse]:
    async with soap_house(tmp_path) as made:
        yield made


# --- who ------------------------------------------------------------------------------------------------------------


async def faulty(house: SoapHouse, header: str, body: str | None = None) -> str | None:
    return (await house.post(envelope(body or push_body(event()), headers=header))).fault


async def test_only_who_knows_the_password_comes_in(house: SoapHouse) -> None:
    assert await faulty(house, "") == "401.01"
    assert await faulty(house, security(NOW, password="guess")) == "401.01"
    assert await faulty(house, security(NOW, user="nobody")) == "401.01"
    in_clear = security(NOW).replace("#PasswordDigest", "#PasswordText")
    assert await faulty(house, in_clear) == "401.01"
    await house.store.write(lambda tx: tx.accounts.put_key(key("rest-only", password="")))
    assert await faulty(house, security(NOW, user="rest-only", password="")) == "401.01"
    await house.store.write(lambda tx: tx.accounts.put_key(key("old", active=False)))
    assert await faulty(house, security(NOW, user="old")) == "401.01"
    assert await rows(house) == 0


async def test_a_token_is_good_for_five_minutes_and_for_one_message(house: SoapHouse) -> None:
    assert await faulty(house, security(NOW - dt.timedelta(minutes=6))) == "401.02"
    assert await faulty(house, security(NOW + dt.timedelta(minutes=6))) == "401.02"
    assert await faulty(house, security(NOW, expires="2026-11-20T07:50:00Z")) == "401.02"
    once = security(NOW, nonce=b"0123456789abcdef")
    assert await faulty(house, once) is None
    assert await faulty(house, once) == "401.02"
    assert await faulty(house, once, push_body(event(), batch="b-2")) == "401.02"
    assert (await house.post(envelope(ping(), headers=once), operation="Ping")).fault == "401.02"
    assert await rows(house) == 1


async def test_a_sender_speaks_for_itself_only(house: SoapHouse) -> None:
    assert (await house.push(event(), sender="somebody-else")).fault == "403.01"
    await house.store.write(lambda tx: tx.accounts.put_key(key("office", peer=None)))
    header = security(NOW, user="office")
    assert await faulty(house, header, push_body(event(), sender="office")) == "403.01"


# --- the envelope ---------------------------------------------------------------------------------------------------


async def test_soap_action_and_body_must_agree(house: SoapHouse) -> None:
    raw = house.envelope(push_body(event()))
    assert (await house.post(raw, operation="Ping")).fault == "400.03"
    assert (await house.post(raw, headers={"SOAPAction": '""'})).fault is None


async def test_other_versions_and_strange_headers_are_refused_as_soap_wants(house: SoapHouse) -> None:
    twelve, eleven = envelope(ping(), root=SOAP_12), envelope(ping())
    assert (await house.post(twelve, operation="Ping")).fault == "VersionMismatch"
    said = await house.post_12("", operation="Ping", told=eleven)
    assert (said.fault, said.status) == ("VersionMismatch", 500)
    upgrade = xml.child(said.root, "Header", "Upgrade")
    assert upgrade is not None and len(upgrade) == 2
    old = envelope(ping(), root="http://www.w3.org/2001/12/soap-envelope")
    assert (await house.post(old, operation="Ping")).fault == "VersionMismatch"
    strange = house.envelope(ping(), headers='<x:Route xmlns:x="urn:x" s:mustUnderstand="1"/>')
    assert (await house.post(strange, operation="Ping")).fault == "MustUnderstand"
    assert (await house.post(b"{}", headers={"Content-Type": "application/json"})).fault == "400.01"
    elsewhere = '<x:R xmlns:x="urn:x" s:mustUnderstand="1" s:actor="urn:a-router"/>'
    assert (await house.post(house.envelope(ping(), headers=elsewhere), operation="Ping")).fault is None


async def test_soap_12_is_spoken_as_its_specification_says(house: SoapHouse) -> None:
    message = '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:8</a:MessageID>'
    said = await house.post_12(ping(), operation="Ping", headers=message)
    assert (said.status, said.fault, xml.text(said.body, "echo")) == (200, None, "xin chào")
    assert xml.text(said.root, "Header", "RelatesTo") == "urn:uuid:8"
    pushed = await house.post_12(push_body(event()), operation="PushEvents")
    assert pushed.results == [("ACCEPTED", None)]
    again = await house.push(event())
    assert xml.text(again.body, "repeated") == "true", "the version is no part of the content"
    wrong = await house.post_12(ping(), operation="PushEvents")
    assert (wrong.fault, wrong.side, wrong.status) == ("400.03", "Sender", 400)
    house.accepting = False
    closed = await house.post_12(push_body(event(), batch="b-2"), operation="PushEvents")
    assert (closed.fault, closed.side, closed.status) == ("503.01", "Receiver", 500)
    assert xml.text(closed.body, "Reason", "Text") == "This is not taken now."
    lost = await house.post_12("", operation="Ping", told=b"<broken")
    assert (lost.fault, lost.side, lost.status) == ("400.01", "Sender", 400)


async def test_soap_12_names_the_header_it_does_not_understand(house: SoapHouse) -> None:
    for role, wanted in {
        "": "MustUnderstand",
        f"{SOAP_12}/role/next": "MustUnderstand",
        f"{SOAP_12}/role/ultimateReceiver": "MustUnderstand",
        "urn:somebody-else": None,
    }.items():
        strange = f'<x:Route xmlns:x="urn:x" s:mustUnderstand="true" s:role="{role}"/>'
        said = await house.post_12(ping(), operation="Ping", headers=strange)
        assert said.fault == wanted, role
        if wanted:
            block = xml.child(said.root, "Header", "NotUnderstood")
            assert block is not None and said.status == 500
            prefix, _, name = str(block.get("qname")).partition(":")
            assert (block.nsmap[prefix], name) == ("urn:x", "Route")


async def test_gzip_deflate_and_chunks_are_unpacked_and_counted(house: SoapHouse) -> None:
    async def pieces(raw: bytes) -> AsyncIterator[bytes]:
        for at in range(0, len(raw), 7):
            yield raw[at : at + 7]

    kind = {"Content-Type": "text/xml; charset=utf-8"}
    first, second = (house.envelope(push_body(event(), batch=batch)) for batch in ("b-1", "b-2"))
    for encoding, packed in (("gzip", gzip.compress(first)), ("deflate", zlib.compress(second))):
        told = {**kind, "Content-Encoding": encoding}
        async with house.session.post(house.url, data=pieces(packed), headers=told) as reply:
            assert reply.status == 200
    (row, *_) = await house.store.read(lambda tx: tx.inbox.list(peer=PEER))
    assert b"PushEvents" in await house.store.read(lambda tx: tx.inbox.body(row.id)), "kept unpacked"
    assert await rows(house) == 2
    bomb = gzip.compress(house.envelope(push_body(event(after=f"<text>{'x' * 50_000_000}</text>"))))
    assert len(bomb) < 100_000
    assert (await house.post(bomb, headers={"Content-Encoding": "gzip"})).fault == "413.01"
    assert (await house.post(b"no gzip", headers={"Content-Encoding": "gzip"})).fault == "400.01"
    half = gzip.compress(house.envelope(push_body(event(), batch="half")))[:-20]
    assert (await house.post(half, headers={"Content-Encoding": "gzip"})).fault == "400.01"
    assert (await house.post(b"x", headers={"Content-Encoding": "compress"})).fault == "400.01"
    assert await rows(house) == 2


async def test_attachments_and_foreign_charsets_are_refused_by_name(house: SoapHouse) -> None:
    root = envelope(ping())
    parts = b"--b\r\nContent-Type: application/xop+xml\r\n\r\n" + root + b"\r\n--b--"
    for info, kind in (("text/xml", "text/xml"), ("application/soap+xml", "application/soap+xml")):
        told = f'multipart/related; type="application/xop+xml"; boundary=b; start-info="{info}"'
        async with house.session.post(house.url, data=parts, headers={"Content-Type": told}) as reply:
            said = Said(reply.status, xml.parse(await reply.read()))
            assert (reply.content_type, said.fault) == (kind, "400.01")
            assert said.detail is not None and "MTOM" in str(xml.text(said.detail, "messageEn"))
    latin = house.envelope(ping("caf\u00e9")).decode().encode("latin-1")
    said = await house.post(latin, operation="Ping", headers={"Content-Type": "text/xml; charset=iso-8859-1"})
    assert said.fault == "400.01"
    sixteen = house.envelope(ping("Đã phát")).decode().replace("utf-8", "utf-16", 1).encode("utf-16")
    said = await house.post(sixteen, operation="Ping", headers={"Content-Type": "text/xml; charset=utf-16"})
    assert (said.fault, xml.text(said.body, "echo")) == (None, "Đã phát")


async def test_five_megabytes_are_too_much_and_an_entity_bomb_is_no_xml(house: SoapHouse) -> None:
    large = house.envelope(push_body(event(after=f"<text>{'x' * 5_000_000}</text>")))
    assert (await house.post(large)).fault == "413.01"
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "ha">{entities}]>'.encode()
    raw = house.envelope(push_body(event(after="<text>&e8;</text>")))
    assert (await house.post(raw.replace(b'utf-8"?>', b'utf-8"?>' + bomb, 1))).fault == "400.01"
    assert (await house.post(raw.replace(b'utf-8"?>', b'utf-8"?><!DOCTYPE a>', 1))).fault == "400.01"
    assert (await house.push(event())).fault is None


async def test_an_answer_relates_to_its_message(house: SoapHouse) -> None:
    header = '<a:MessageID xmlns:a="http://www.w3.org/2005/08/addressing">urn:uuid:7</a:MessageID>'
    for body, operation in ((ping(), "Ping"), (push_body("<event/>"), "PushEvents"), ("<nothing/>", "Ping")):
        said = await house.post(house.envelope(body, headers=header), operation=operation)
        assert xml.text(said.root, "Header", "RelatesTo") == "urn:uuid:7"


async def test_violations_are_named_with_path_and_line(house: SoapHouse) -> None:
    said = await house.post(house.envelope(push_body(event()).replace("<sentAt>", "<sentAt>never ")))
    fault = xml.child(said.body, "detail", "ServiceFault")
    assert fault is not None
    assert xml.text(fault, "violations", "violation", "path") == "/PushEvents/sentAt"
    assert (xml.text(fault, "messageVi") or "").startswith("Nội dung")


async def test_a_house_that_takes_nothing_says_so_and_keeps_nothing(house: SoapHouse) -> None:
    house.accepting = False
    assert (await house.push(event())).fault == "503.01"
    said = await house.post(house.envelope(ping()), operation="Ping")
    assert (xml.text(said.body, "accepting"), xml.text(said.body, "echo")) == ("false", "xin chào")
    house.accepting = True
    assert (await house.push(event())).results == [("ACCEPTED", None)]


async def test_the_contract_is_served_with_the_address_it_was_asked_at(house: SoapHouse) -> None:
    async with house.session.get(f"{house.url}?wsdl") as reply:
        wsdl = xml.parse(await reply.read())
    addresses = [one.get("location") for one in wsdl.iter() if xml.local(one) == "address"]
    assert addresses == [house.url, house.url]
    assert [one.get("name") for one in xml.children(wsdl, "binding")] == [
        "PostalTrackingSoap11",
        "PostalTrackingSoap12",
    ]
    (place,) = [one.get("schemaLocation") for one in wsdl.iter() if xml.local(one) == "import"]
    async with house.session.get(str(place)) as reply:
        assert xml.local(xml.parse(await reply.read())) == "schema"
    async with house.session.get(f"{house.url}?xsd=../../pyproject.toml") as reply:
        assert reply.status != 200
