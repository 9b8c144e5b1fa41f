"""Log lines: JSON, correlated, and without anybody's number, however it gets in."""

import io
import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiohttp.http_exceptions import BadHttpMethod

from gateway import log


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is written, and everything as it was afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure("debug", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def planted(rng: random.Random) -> tuple[str, str]:
    """A number of a person or a secret, and how it may stand in a text."""
    twelve = f"0{rng.randrange(10**11):011d}"
    nine = f"{rng.randrange(10**8, 10**9)}"
    phone = f"0{rng.randrange(10**8, 10**9)}"
    token = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=24)) + "x"
    return rng.choice(
        [
            (twelve, twelve),
            (twelve, f"CCCD:{twelve},"),
            (twelve, f"cccd{twelve}x"),
            (twelve, " ".join((twelve[:3], twelve[3:6], twelve[6:9], twelve[9:]))),
            (twelve, f'{{"SoDinhDanh":"{twelve}"}}'),
            (nine, f"CMND {nine}."),
            (nine, f"<SoCMND>{nine}</SoCMND>"),
            (phone, f"gọi {phone}"),
            (phone, f"+84{phone[1:]}"),
            (phone, f"{phone[:4]} {phone[4:7]} {phone[7:]}"),
            (token, f"Authorization: Bearer {token}"),
            (token, f"https://peer.example/x?access_token={token}&n=1"),
            (token, f'{{"password": "{token}"}}'),
            (token, f"<Password Type='d'>{token}</Password>"),
            (token, json.dumps({"matkhau": f'mật "khẩu" dài {token}'}, ensure_ascii=False)),
            (token, f"<ns:MatKhau>câu dài {token}</ns:MatKhau>"),
        ]
    )


def digits(text: str) -> str:
    """The text without what people put between the figures of a number."""
    return "".join(ch for ch in text if ch not in " .-")


def test_none_of_ten_thousand_planted_numbers_and_secrets_comes_through(lines: io.StringIO) -> None:
    rng = random.Random(2026)
    ours, theirs = log.logger("gateway.test"), logging.getLogger("adapters.test")
    secrets = []
    for n in range(10_000):
        secret, text = planted(rng)
        secrets.append(secret)
        match n % 5:
            case 0:
                ours.info(f"took {text} in", dossier="000.00.14.H99-260105-0001")
            case 1:
                ours.warning("refused", detail=text, peer="dvcqg")
            case 2:
                theirs.error("peer said %s", text)
            case 3:
                ours.info("kept", owner_name=text, note={"deep": [text]}, subject=[text])
            case _:
                try:
                    raise ValueError(f"cannot use {text}")
                except ValueError:
                    ours.exception("broke", attempt=n % 7)
    written = lines.getvalue().splitlines()
    heads = [line for line in written if line.startswith("{")]
    assert len(heads) == 10_000
    leaked = [
        secret
        for secret, line in zip(secrets, heads, strict=True)
        if secret in line or secret in digits(line) or secret[1:] in digits(line)
    ]
    assert leaked == []


def test_what_is_nobodys_stays_readable(lines: io.StringIO) -> None:
    sha256 = "0123456789abcdef" * 4
    log.logger("gateway.test").info(
        "sent", number="RR473124829VN", sha256=sha256, dossier="000.00.14.H99-260105-0001", message=17, duration_ms=3.5
    )
    (line,) = read(lines)
    assert (line["number"], line["sha256"], line["message"]) == ("RR473124829VN", sha256, 17)
    assert line["dossier"] == "000.00.14.H99-260105-0001"
    assert (line["level"], line["logger"], line["event"]) == ("info", "gateway.test", "sent")


def test_a_field_that_nobody_allowed_is_withheld_by_name(lines: io.StringIO) -> None:
    log.logger("gateway.test").info("took in", owner="Giàng A Tủa", count=3, big=990990000121)
    (line,) = read(lines)
    assert line["withheld"] == ["big", "owner"]
    assert "Giàng" not in lines.getvalue() and line["count"] == 3


def test_every_line_of_a_dossier_carries_its_correlation_id_in_every_wing(lines: io.StringIO) -> None:
    with log.correlated("c-0001"):
        log.logger("gateway.test").info("one")
        logging.getLogger("tracking.ingest").info("two")
    logging.getLogger("tracking.ingest").info("three")
    assert [line.get("correlation_id") for line in read(lines)] == ["c-0001", "c-0001", None]


def test_the_exception_is_told_in_one_line(lines: io.StringIO) -> None:
    try:
        raise RuntimeError("no more 099084000012")
    except RuntimeError:
        log.logger("gateway.test").exception("broke")
    (line,) = read(lines)
    assert "RuntimeError" in line["exception"] and "099084000012" not in line["exception"]


def test_what_is_no_http_is_one_line_without_a_trace(lines: io.StringIO) -> None:
    server = logging.getLogger("aiohttp.server")
    for error in (BadHttpMethod("FOO / HTTP/1.1"), ValueError("a fault of ours")):
        server.error("Error handling request", exc_info=error)
    told, ours = read(lines)
    assert (told["event"], told["level"]) == ("not a request: BadHttpMethod", "info")
    assert "exception" not in told
    assert "a fault of ours" in ours["exception"]
