"""What a stack cannot do: the cells that fail, why, and by which words the failure is known.

A cell listed here must fail so. When it passes the test fails: the stack has learnt it, and its line goes.
"""

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Limit:
    """``shows`` is a regular expression that the failure matches; ``why`` stands on the page."""

    why: str
    shows: str


_NO_SUCH_MONTH: Final = "Invalid value 13 for Month"
OUR_SERVER: Final = {
    ("java", "bad date"): Limit(
        "JAXB has no type for a date that does not exist; the client refuses it before it sends", _NO_SUCH_MONTH
    ),
    ("php", "chunked"): Limit(
        "ext-soap has an HTTP of its own, which always tells the length; it reads chunked answers",
        "the request is whole",
    ),
}
"""By client and case, in both versions of SOAP."""
OUR_CLIENT: Final = {
    ("java", "bad date"): Limit(
        "JAXB has no type for a date that does not exist; the server answers a fault, which is not taken for an empty "
        "history",
        _NO_SUCH_MONTH,
    ),
    ("php", "chunked"): Limit(
        "PHP leaves the framing to the web server before it; its own ends an answer by closing the connection",
        "the reply is not chunked",
    ),
}
"""By server and case, in both versions of SOAP."""
