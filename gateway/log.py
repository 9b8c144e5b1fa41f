"""Log lines: JSON on standard error, one correlation id per dossier, and no number of a citizen.

Two nets. First the names: only fields of :data:`SHOWN` are written as they are; text in any other field is withheld and
only its name is told. Then the text: whatever is left, exception text and lines of libraries too, is searched for
citizens' numbers (12 digits, the old 9), telephone numbers and secrets. :func:`redact` is that second net; the
console uses it for raw requests and replies.
"""

import collections
import contextlib
import logging
import re
import sys
from collections.abc import Iterator
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from schemas.numbers import citizen_id

SHOWN: Final = frozenset(
    {
        *("event", "level", "logger", "timestamp", "exception", "correlation_id"),
        *("act", "address", "attempt", "batch", "bytes", "carrier", "code", "count", "detail", "document", "dossier"),
        *(
            "duration_ms",
            "error",
            "folder",
            "file",
            "host",
            "inbox",
            "item",
            "key",
            "kind",
            "lane",
            "message",
            "method",
        ),
        *("number", "object", "operation", "outcome", "page", "path", "peer", "port", "reason", "route", "row"),
        *(
            "rule",
            "sha256",
            "signal",
            "stage",
            "state",
            "station",
            "status",
            "subject",
            "task",
            "unit",
            "url",
            "version",
        ),
        *("waiting", "when", "who", "worker"),
    }
)
"""Names of fields whose text may be written (after the second net). Add a name only for what is never a person's."""

_SECRET_NAMES = "authorization|token|secret|password|passwd|api[_-]?key|cookie|session|signature|matkhau"
_NET = re.compile(
    r"(?P<keep>(?<![0-9a-zA-Z])(?:[0-9a-f]{64}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[A-Z]{2}[0-9]{9}[A-Z]{2})(?![0-9a-zA-Z]))"
    r"|(?P<bearer>\b(?:Bearer|Basic)\s+)[\w.~+/=-]{6,}"
    rf"|(?P<named>(?i:{_SECRET_NAMES})[\w.-]{{0,40}}[\"']?(?:\s{{0,8}}[:=]\s{{0,8}}|[^<>]{{0,80}}>))"
    r"(?P<value>\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?<=>)[^<]+|(?:(?i:bearer|basic)\s+)?[^\s\"',;&<>]+)"
    r"|(?P<phone>(?<![0-9A-Za-z.])(?:\+84|0084|84|0)(?:[ .-]?[0-9]){9}(?![0-9]))"
    r"|(?P<id>(?<![0-9])(?:[0-9]{12}|[0-9]{3}(?:[ .-][0-9]{3}){3}|[0-9]{9}|[0-9]{3}(?:[ .][0-9]{3}){2})(?![0-9]))"
)
"""Digests and S10 numbers are nobody's; everything else that has the shape of a person's number or a secret goes."""

_LONGEST: Final = 20_000
"""Characters of one field of a line; a trace is shorter, and a body does not belong into a line."""


def redact(text: str) -> str:
    """The text without citizens' numbers, telephone numbers and secrets.

    >>> redact("CCCD 099099000012, tel. 0100 123 456, Bearer abcdef123456, item RR473124829VN")
    'CCCD 0990••••••12, tel. •••456, Bearer •••, item RR473124829VN'
    """
    return _NET.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    kind = found.lastgroup
    if kind == "keep":
        return found.group()
    if kind == "value":
        if not found["value"].strip():  # white space between two elements
            return found.group()
        quote = found["value"][0] if found["value"][0] in "\"'" else ""
        return f"{found['named']}{quote}•••{quote}"
    if kind == "bearer":
        return f"{found['bearer']}•••"
    if kind == "phone":
        return f"•••{found.group()[-3:]}"
    return citizen_id.mask(found.group())


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Write JSON lines from now on; those of the standard library's loggers (every wing uses them) too."""
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redacted,
    ]
    structlog.configure(
        # What the level drops must cost nothing: the first processor stops it before the nets are cast.
        processors=[structlog.stdlib.filter_by_level, *before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(True)  # one format on standard error: what libraries warn of is a line as well
    logging.getLogger("aiohttp.server").addFilter(_strangers)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)  # our middleware writes one line per request


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger by module name: ``logger(__name__).info("sent", peer=…, message=…)``."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound


def _strangers(record: logging.LogRecord) -> bool:
    """What is no HTTP at all is one line: its trace shows only the server's insides, and anybody may send it."""
    kind = record.exc_info[0] if record.exc_info else None
    if kind is not None and kind.__module__ == "aiohttp.http_exceptions":
        record.exc_info = None
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args = "not a request: %s", (kind.__name__,)
    return True


@contextlib.contextmanager
def correlated(correlation_id: str) -> Iterator[None]:
    """Every line written inside carries this correlation id; a dossier's own id wins over that of the request."""
    with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
        yield


def redacted(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Both nets over one line."""
    withheld: collections.deque[str] = collections.deque()
    for name, value in list(line.items()):
        if name.startswith("_"):  # structlog's own record, taken out before the line is written
            continue
        if name in SHOWN or value is None or isinstance(value, bool):
            line[name] = _clean(value)
        elif isinstance(value, int | float) and abs(value) < 10_000_000:
            continue
        else:
            del line[name]
            withheld.append(name)
    if withheld:
        line["withheld"] = sorted(withheld)
    return line


def _clean(value: object) -> object:
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int | float):
        text = str(value)
        clean = redact(text)
        return value if clean == text else clean
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _clean(each) for key, each in value.items()}
    return redact(str(value)[:_LONGEST])
