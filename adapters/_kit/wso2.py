"""Faults that a WSO2 gateway (the LGSP) answers in place of the peer behind it, in JSON or XML, with any status.

The codes are the handlers' own, documented for API Manager 1.x to 3.x ("Error Handling"). Whatever the HTTP status, the
call ended in the gateway and never reached the peer, so nothing was applied.
"""

import re
from collections.abc import Mapping
from typing import Final

from schemas.errors import CallError, Refused, Throttled, Transient, Unauthorised

TOKEN_IS_OVER: Final = frozenset({900900, 900901, 900902, 900903, 900904})
"""Unclassified, invalid, missing, expired, inactive credentials: a new token may help."""

FAULTS: Final[Mapping[int, type[CallError]]] = {
    **dict.fromkeys(TOKEN_IS_OVER, Unauthorised),
    900905: Unauthorised,  # incorrect type of token
    900908: Unauthorised,  # resource forbidden
    900909: Unauthorised,  # subscription inactive
    900910: Unauthorised,  # scope
    900906: Refused,  # no such resource in the API
    **dict.fromkeys(range(900800, 900808), Throttled),  # message throttled out, by whatever limit
    700700: Transient,  # API blocked for a while
    900907: Transient,  # API blocked for a while
}

_FAULT: Final = re.compile(rb"""["':<](?:\w+:)?fault["'>\s]""", re.IGNORECASE)
_CODE: Final = re.compile(rb"""(?:["']code["']\s*:\s*["']?|<(?:\w+:)?code>\s*)(\d{6})(?!\d)""", re.IGNORECASE)
_HEAD: Final = 4096
"""A fault is short; a dossier that quotes one is not."""


def code(raw: bytes) -> int | None:
    """The code of a gateway's fault, None where ``raw`` is none.

    >>> code(b'{"fault": {"code": 900901, "message": "Invalid Credentials"}}')
    900901
    >>> code(b'<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>900902</ams:code></ams:fault>')
    900902
    >>> code(b'{"code": 200, "data": {"number": "900901"}}') is None
    True
    """
    head = raw[:_HEAD]
    if len(raw) > _HEAD or not _FAULT.search(head):
        return None
    found = _CODE.search(head)
    return int(found.group(1)) if found and int(found.group(1)) in FAULTS else None


def error(raw: bytes, *, subject: str, status: int | None, retry_after_s: float | None = None) -> CallError | None:
    """The gateway's fault as the error that it is; None where ``raw`` holds no fault that we know."""
    told = code(raw)
    if told is None:
        return None
    return FAULTS[told](
        f"the gateway answered fault {told} in place of the peer",
        subject=subject,
        raw=raw,
        status=status,
        code=str(told),
        retry_after_s=retry_after_s,
    )
