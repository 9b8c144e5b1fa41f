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


TRAPS: Final = (
    (
        "PHP",
        'ext-soap writes an array that is used twice once, and then `href="#ref1"`, even in document/literal. Such an '
        "event breaks the contract: EV-03, its neighbours are kept. Build every array anew, for example in a function",
    ),
    ("PHP", "`sha256` is a hexBinary: hand over 32 raw bytes, ext-soap writes the digits"),
    (
        "PHP",
        "WS-Security is written by hand, as a `SoapVar` of XML (`tests/interop/stacks/php`). `__setSoapHeaders` keeps "
        "it for all later calls, but a nonce is for one: make the header anew before each call, or the second is fault "
        "401.02",
    ),
    (
        "Java",
        "`wsimport` makes the port of SOAP 1.1 and warns about the other; for SOAP 1.2 call it with `-extension`",
    ),
    ("Java", "an answer in SOAP 1.2 needs `@BindingType(SOAPBinding.SOAP12HTTP_BINDING)`"),
    ("npm soap", "`forceGzip` tells the length of the text before it is packed; leave it off"),
    (
        "npm soap",
        "the server answers a fault with HTTP 200 unless told otherwise; our client reads it as the fault it is",
    ),
    ("npm soap", "a date in an answer is a string or a `Date`, by its schema type: the offset may be lost"),
    ("spyne", "the release runs on Python 3.11 and not later; a fault of SOAP 1.2 needs its detail as a dict"),
    ("gSOAP", "`wsdl2h` collects both bindings in one service: `soap_set_version` says which one is spoken"),
)
"""What cost us time with a stack, for whoever writes the other side with it."""
