"""Takes secrets out of what is kept of a call: headers, query parameters, and named fields of JSON, forms and XML.

Works on bytes, so that a body that is no JSON at all is redacted as well.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

HIDDEN = "***"
_HEADERS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "set-cookie", "access_token", "h-token", "token", "x-api-key"}
)
_NAMES = (
    "access_token|refresh_token|id_token|merchant_token|token|session|password|passwd|mat_?khau|client_secret|"
    "consumer_?secret|secret|api_?key"
)
_JSON = re.compile(rb'("(?:%s)"\s*:\s*)("(?:[^"\\]|\\.)*"|[0-9]+)' % _NAMES.encode(), re.IGNORECASE)
_FORM = re.compile(rb"((?:^|&)(?:%s)=)[^&\s]*" % _NAMES.encode(), re.IGNORECASE)
_XML = re.compile(rb"(<(?:[\w.-]+:)?(?:Password|Token|Session)(?:\s[^>]*)?>)[^<]*(<)", re.IGNORECASE)
_PARAMETER = re.compile(_NAMES, re.IGNORECASE)


def body(raw: bytes) -> bytes:
    """The body with the values of secret fields replaced.

    >>> body(b'{"session": "9f6c", "service": "LayThuTuc"}')
    b'{"session": "***", "service": "LayThuTuc"}'
    """
    hidden = HIDDEN.encode()
    raw = _JSON.sub(rb'\1"%s"' % hidden, raw)
    raw = _FORM.sub(rb"\1%s" % hidden, raw)
    return _XML.sub(rb"\1%s\2" % hidden, raw)


def headers(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers with the values of credentials replaced."""
    return [(name, HIDDEN if name.lower() in _HEADERS else value) for name, value in pairs]


def url(address: str, params: Mapping[str, str] | None = None) -> str:
    """The address with its parameters, secret ones replaced, and without user and password.

    >>> url("https://a.example/t?token=abc&n=1")
    'https://a.example/t?token=%2A%2A%2A&n=1'
    """
    parts = urlsplit(address)
    pairs = [*parse_qsl(parts.query, keep_blank_values=True), *(params or {}).items()]
    query = urlencode([(name, HIDDEN if _PARAMETER.fullmatch(name) else value) for name, value in pairs])
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))
