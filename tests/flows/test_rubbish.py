"""What strangers and broken programs send: an answer of the 400s, never a 500, and never a way around a check."""

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import pytest
from yarl import URL

from gateway.inbound import uploads
from tests.flows.edge_house import KEY, PASSWORD, EdgeHouse, edge_house

pytestmark = pytest.mark.flow

LIMIT_S = 10.0
FORM = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


async def say(house: EdgeHouse, first_line: str, *headers: str, body: bytes = b"", host: str = "x") -> int:
    """Send bytes that no client library would let out; the status of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", URL(house.url).port)
    head = [f"{first_line} HTTP/1.1", f"Host: {host}", "Connection: close", f"Content-Length: {len(body)}", *headers]
    writer.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)
    async with asyncio.timeout(LIMIT_S):
        line = await reader.readline()
    writer.close()
    return int(line.split()[1])


@pytest.mark.parametrize(
    ("first_line", "header", "wanted"),
    [
        ("GET /api/v1/dossiers", "Authorization: Bearer \xff\xfe", 401),
        ("GET /api/v1/dossiers", "Cookie: lienthong=\xff\xfe", 401),
        ("GET /dossiers", "Cookie: lienthong=\xff\xfe", 303),
        ("GET /login?next=//[::", "X: y", 200),
        ("GET /api/v1/dossiers/%ff%00", f"Authorization: Bearer {KEY}", 404),
    ],
)
async def test_headers_and_addresses_of_any_bytes(house: EdgeHouse, first_line: str, header: str, wanted: int) -> None:
    assert await say(house, first_line, header) == wanted


@pytest.mark.parametrize(
    ("header", "body", "wanted"),
    [
        (FORM, b"csrf=\xff\xff&name=a", 400),
        (FORM, b"csrf=%ff%ff&name=a", 400),
        (f"{FORM}; charset=klingon", b"csrf=a&name=b", 403),
        (FORM, b"&".join(b"a=1" for _ in range(5_000)), 400),
        (MULTIPART, b"x", 415),
        (f"{MULTIPART}; boundary=", b"x", 415),
        (f"{MULTIPART}; boundary=b", b"--b\r\nX\r\n\r\n", 415),
    ],
)
async def test_forms_that_cannot_be_read(house: EdgeHouse, header: str, body: bytes, wanted: int) -> None:
    assert await say(house, "POST /login", header, "Cookie: lienthong_login=\xff", body=body) == wanted


async def test_a_multipart_body_is_no_way_around_the_token_of_a_session(house: EdgeHouse) -> None:
    await house.lodge()
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="reason"\r\n\r\nwhatever it may be\r\n--b--\r\n'
    async with house.browser("truc") as browser:
        for path in ("/messages/1/cancel", "/api/v1/messages/1/cancel", "/api/v1/messages/1/retry", "/logout"):
            page = await browser.post(path, body, headers=boundary)
            assert page.status == 403, path
    _, listed = await house.json("GET", "/api/v1/messages")
    assert {message["state"] for message in listed["messages"]} == {"pending"}


@pytest.mark.parametrize(
    "elsewhere", ["/\t\\evil.example/", "/\\evil.example", "/\r\nSet-Cookie: a=b", "/hồ-sơ", "//[::"]
)
async def test_after_the_log_in_nobody_is_led_elsewhere(house: EdgeHouse, elsewhere: str) -> None:
    async with house.browser() as browser:
        form = await browser.get("/login")
        fields = {"csrf": form.field("csrf"), "next": elsewhere, "name": "gdv", "password": PASSWORD}
        page = await browser.post("/login", fields, allow_redirects=False)
        assert (page.status, page.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    "fields",
    [
        {"note": "a form without a procedure"},
        {"procedure": "9.000012", "owner": "x", "owner.name": "y", "owner[0]": "z", "[0].a": "b"},
        {"procedure": "9.000012", f"components[{'9' * 5_000}].kind": "x", "components[0].present": "1"},
        {"procedure": "9.000012", "components[0].present": "1", "components[0][1]": "x", "components.kind.copies": "²"},
        {"procedure": "9.000012", "components[0].present": "1", "components[0].copies": "9" * 5_000, "parcels": "٣"},
    ],
)
async def test_an_intake_form_of_another_shape(house: EdgeHouse, fields: dict[str, str]) -> None:
    async with house.browser("gdv") as browser:
        token = (await browser.get("/dossiers")).field("csrf")
        page = await browser.post("/intake", {"csrf": token, **fields})
        assert page.status == 422


@pytest.mark.parametrize("head", [b"X", b'Content-Disposition: form-data; name="f"; filename="a\nb"', b"X: \x00"])
async def test_headers_of_a_part_that_are_none(house: EdgeHouse, head: bytes) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = b"--b\r\n" + head + b"\r\n\r\nx\r\n--b--\r\n"
    status, told = await house.json("POST", "/api/v1/scans", data=body, headers=headers)
    assert (status, told["type"]) == (400, "urn:x-lienthong:problem:request.multipart")


async def test_a_citizens_number_in_an_address_does_not_come_back(house: EdgeHouse) -> None:
    status, told = await house.json("GET", "/api/v1/discrepancies/099084000012")
    assert status == 404
    assert "099084000012" not in str(told)


async def test_a_disk_that_fills_up_during_an_upload_is_told_and_leaves_nothing(
    house: EdgeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(out: BinaryIO) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.pdf"\r\n\r\nx\r\n--b--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with monkeypatch.context() as patched:
        patched.setattr(uploads, "_to_disk", full)
        status, told = await house.json("POST", "/api/v1/scans", data=body, headers=headers)
    assert (status, told["type"]) == (507, "urn:x-lienthong:problem:store.full")
    assert list(house.settings.uploads_folder.iterdir()) == list(house.settings.hot_folder.iterdir()) == []
    assert (await house.json("POST", "/api/v1/scans", data=body, headers=headers))[0] == 202


@pytest.mark.parametrize("told", ["𠀀" * 300 + ".pdf", "Tờ bìa " * 60, "\x00", "..", "a\nb"])
def test_a_file_name_of_any_letters_fits_the_disk(told: str) -> None:
    name = uploads.file_name(7, told)
    assert name.startswith("007-")
    assert len(name.encode()) <= 200
    assert not set(name) & set("/\\\n\x00")
