"""What differs between SOAP 1.1 and 1.2, written once: namespace, media type, names of faults, how an action is told.

Source: SOAP 1.1 (W3C Note, 2000) §4 and §6; SOAP 1.2 part 1 §5 and part 2 §7 (media type of RFC 3902, statuses of
part 2 table 20).
"""

import dataclasses
import email.message
from collections.abc import Mapping
from typing import Final

from adapters._kit.soap import names


@dataclasses.dataclass(frozen=True, slots=True)
class Version:
    """One version of SOAP."""

    name: str
    """``1.1`` or ``1.2``, as settings write it."""
    ns: str
    content_type: str
    role: str
    """Name of the attribute that says for whom a header block is."""
    ours: frozenset[str]
    """Values of that attribute that mean whoever reads it; no attribute means the last reader, which we are."""
    fault_codes: Mapping[str, str]
    """Names of SOAP 1.1 → names here."""

    def fault_code(self, side: str) -> str:
        """``Client``, ``Server``, ``MustUnderstand`` or ``VersionMismatch`` as this version writes it."""
        return self.fault_codes.get(side, side)

    def status_of(self, side: str) -> int:
        """HTTP status of a fault: always 500 in SOAP 1.1; 400 in SOAP 1.2 where the sender is to blame."""
        return 400 if self.fault_code(side) == "Sender" else 500

    def headers(self, action: str) -> dict[str, str]:
        """HTTP headers of a request that carries ``action``."""
        if self is SOAP_11:
            return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"', "Accept": "text/xml"}
        told = f'{self.content_type}; charset=utf-8; action="{action}"'
        return {"Content-Type": told, "Accept": self.content_type}


SOAP_11: Final = Version(
    name="1.1",
    ns=names.ENVELOPE_11,
    content_type="text/xml",
    role="actor",
    ours=frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"}),
    fault_codes={},
)
SOAP_12: Final = Version(
    name="1.2",
    ns=names.ENVELOPE_12,
    content_type="application/soap+xml",
    role="role",
    ours=frozenset({"", f"{names.ENVELOPE_12}/role/next", f"{names.ENVELOPE_12}/role/ultimateReceiver"}),
    fault_codes={"Client": "Sender", "Server": "Receiver"},
)
VERSIONS: Final = (SOAP_11, SOAP_12)
BY_NAME: Final = {one.name: one for one in VERSIONS}
BY_NAMESPACE: Final = {one.ns: one for one in VERSIONS}


@dataclasses.dataclass(frozen=True, slots=True)
class MediaType:
    """A Content-Type header taken apart; every part in lower case but for the action."""

    name: str
    charset: str
    action: str
    """The parameter of SOAP 1.2; empty where there is none."""
    start_info: str
    """Media type of the root part of a multipart/related message (MTOM)."""

    @classmethod
    def read(cls, header: str) -> "MediaType":
        """Take a header apart; nonsense gives an empty name.

        >>> MediaType.read('application/soap+xml; action="urn:a/Ping"; charset=UTF-8').action
        'urn:a/Ping'
        """
        message = email.message.Message()
        message["Content-Type"] = header.replace("\r", " ").replace("\n", " ")

        def told(name: str) -> str:
            value = message.get_param(name)
            return value.strip() if isinstance(value, str) else ""

        name = message.get_content_type() if header.strip() else ""
        return cls(name, told("charset").lower(), told("action"), told("start-info").lower())
