"""What is known of one HTTP call while it runs, how it is kept, and which error a status is."""

import dataclasses
import datetime as dt
import email.utils
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from adapters._kit import redact
from schemas.errors import CallError, Misunderstood, Outage, Refused, Throttled, Transient, Unauthorised, Unknown

KEPT = 1024 * 1024
"""Bytes of a long reply, or of a very long request, that its exchange keeps."""
LONGEST = 8 * 1024 * 1024
"""A longer request carries files, which the store has already."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sink:
    """An open file that takes long replies of these content types, ``most`` bytes at most."""

    file: BinaryIO
    types: Collection[str]
    most: int


@dataclasses.dataclass(slots=True)
class Call:
    """What is known of a call while it runs; aiohttp's trace marks ``sent``."""

    method: str
    url: str
    params: dict[str, str]
    headers: dict[str, str]
    body: bytes
    sent: bool = False
    status: int | None = None
    reason: str = ""
    reply_headers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    content_type: str = ""
    charset: str | None = None
    reply: bytearray = dataclasses.field(default_factory=bytearray)
    too_long: bool = False
    source: Path | None = None
    """A file that is sent instead of ``body``, as it is read."""
    sink: Sink | None = None
    """Where a good reply of its types goes instead of ``reply``, as it comes."""
    taken: int = 0
    kept: bytearray = dataclasses.field(default_factory=bytearray)
    """The start of what went to the sink, for the exchange."""
    not_packed: str = ""
    """Why the reply cannot be unpacked; ``reply`` then holds it as it came."""

    def data(self) -> bytes | BinaryIO | None:
        """What aiohttp sends; it closes the file."""
        return self.source.open("rb") if self.source is not None else self.body or None

    def take(self, part: bytes, most: int) -> None:
        """Keep a piece of the reply; anything but a good reply stays in memory, for the error that shows it.

        ``most`` bytes are kept in memory; more than may be taken is ``too_long``.
        """
        self.taken += len(part)
        if self.sink is not None and self.status == 200 and self.content_type in self.sink.types:
            most = self.sink.most
            self.sink.file.write(part)
            self.kept += part[: KEPT - len(self.kept)]
        else:
            self.reply += part
        self.too_long = self.taken > most

    def request_text(self) -> bytes:
        """The request as it is kept: start line, headers, body, without secrets."""
        target = redact.url(self.url, self.params)
        return _text(f"{self.method} {target}", redact.headers(self.headers.items()), self._kept_body())

    def _kept_body(self) -> bytes:
        """The body without secrets; of files that are sent only how long they are: the store has them already."""
        if self.source is not None:
            return f"(file, {self.source.stat().st_size} bytes)".encode()
        kind = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")
        if kind.startswith("multipart/"):
            return f"(form with files, {len(self.body)} bytes)".encode()
        if len(self.body) > LONGEST:
            return redact.body(self.body[:KEPT]) + f"… ({len(self.body)} bytes in all)".encode()
        return redact.body(self.body)

    def reply_text(self) -> bytes:
        """The reply as it is kept; empty when no status line came."""
        if self.status is None:
            return b""
        start = f"HTTP {self.status} {self.reason}".rstrip()
        return _text(start, redact.headers(self.reply_headers), redact.body(bytes(self.reply or self.kept)))


def kind_of(status: int, *, effect: bool) -> type[CallError]:
    """The error of a status that is no success; the table at the head of :mod:`adapters._kit.http`."""
    special: dict[int, type[CallError]] = {
        401: Unauthorised,
        403: Unauthorised,
        408: Transient,
        425: Transient,
        429: Throttled,
        503: Transient,
    }
    if status in special:
        return special[status]
    if 400 <= status < 500:
        return Refused
    if status >= 500:
        return Unknown if effect else Outage
    return Misunderstood


def _text(start: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("utf-8", "replace") + body


def http_date(text: str) -> dt.datetime | None:
    """A date as HTTP headers tell it (RFC 9110 §5.6.7), aware; None for anything else."""
    try:
        told = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return told if told.tzinfo is not None else told.replace(tzinfo=dt.UTC)
