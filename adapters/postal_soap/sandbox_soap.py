"""How the post that we play writes SOAP: envelopes of both versions, tokens, faults, events.

Written a second time from the WSDL, the XSD and the two specifications of SOAP, so that a slip in our own client cannot
hide behind the same slip here.
"""

import base64
import binascii
import dataclasses
import datetime as dt
import email.message
import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from adapters._kit import xml
from adapters._kit.sandbox.peer import Answer, Call
from adapters._kit.xml import Element

NS = "urn:x-lienthong:postal-tracking:1"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
LOCAL = dt.timezone(dt.timedelta(hours=7))
_SECEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_TEXT = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_ADDRESSING = "http://www.w3.org/2005/08/addressing"


def speaks_12(call: Call) -> bool:
    """Whether the call came as SOAP 1.2, by its media type."""
    return call.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/soap+xml"


def action_of(call: Call) -> str:
    """The action, from where each version of SOAP writes it."""
    if not speaks_12(call):
        return call.headers.get("soapaction", "").strip('"')
    message = email.message.Message()
    message["Content-Type"] = call.headers["content-type"]
    told = message.get_param("action")
    return told if isinstance(told, str) else ""


def by_action(operation: str) -> Any:  # Any: the type of Route.matches, a callable
    """Matches the calls of one operation."""
    return lambda call: action_of(call) == f"{NS}/{operation}"


@dataclasses.dataclass(frozen=True, slots=True)
class Login:
    """A user name, a password and how the password is told."""

    username: str
    password: str
    clear: bool = False

    def knows(self, token: Element | None) -> bool:
        """Whether a UsernameToken is of this user, told the way that is wanted."""
        kind = xml.child(token, "Password") if token is not None else None
        if token is None or kind is None or xml.text(token, "Username") != self.username:
            return False
        if kind.get("Type") != (_TEXT if self.clear else _DIGEST):
            return False
        try:
            nonce = base64.b64decode(xml.text(token, "Nonce") or "", validate=True)
        except binascii.Error:
            return False
        wanted = self.password if self.clear else _digest(nonce, xml.text(token, "Created") or "", self.password)
        return xml.text(token, "Password") == wanted

    def header(self, at: dt.datetime, *, twelve: bool) -> Element:
        """A wsse:Security block with a fresh token."""
        nonce, created = secrets.token_bytes(16), at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        block = xml.element("Security", _SECEXT, prefix="wsse")
        block.set(f"{{{SOAP_12 if twelve else SOAP}}}mustUnderstand", "1")
        token = xml.add(block, "UsernameToken")
        xml.add(token, "Username", self.username)
        secret = self.password if self.clear else _digest(nonce, created, self.password)
        xml.add(token, "Password", secret, Type=_TEXT if self.clear else _DIGEST)
        xml.add(token, "Nonce", base64.b64encode(nonce).decode(), EncodingType=_BASE64)
        xml.add(token, "Created", created, ns=_UTILITY)
        return block


def _digest(nonce: bytes, created: str, password: str) -> str:
    return base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()


def envelope(body: Element, *headers: Element, twelve: bool = False) -> bytes:
    """An envelope of either version."""
    root = xml.element("Envelope", SOAP_12 if twelve else SOAP, prefix="s")
    if headers:
        xml.add(root, "Header").extend(headers)
    xml.add(root, "Body").append(body)
    return xml.write(root)


def http_headers(operation: str, *, twelve: bool) -> tuple[str, dict[str, str]]:
    """Content type and further headers of a call that we make."""
    action = f"{NS}/{operation}"
    if twelve:
        return f'application/soap+xml; charset=utf-8; action="{action}"', {}
    return "text/xml; charset=utf-8", {"SOAPAction": f'"{action}"'}


def reply(body: Element, call: Call) -> Answer:
    """The answer to a call, in its version, related to its message."""
    message_id = xml.text(xml.parse(call.body), "Header", "MessageID")
    headers = []
    if message_id:
        about = xml.element("RelatesTo", _ADDRESSING, prefix="a")
        about.text = message_id
        headers.append(about)
    return _answer(envelope(body, *headers, twelve=speaks_12(call)), 200, call)


def fault(call: Call, who: str, code: str, message: str) -> Answer:
    """A fault with its detail; ``who`` is ``Client`` or ``Server``."""
    service = xml.element("ServiceFault", NS, prefix="p")
    xml.add(service, "code", code)
    xml.add(service, "retryable", code.startswith(("429", "5")))
    xml.add(service, "correlationId", secrets.token_hex(8))
    xml.add(service, "messageVi", message[:500])
    xml.add(service, "violations")
    made = xml.element("Fault", SOAP_12 if speaks_12(call) else SOAP, prefix="s")
    if speaks_12(call):
        told = {"Client": "Sender", "Server": "Receiver"}[who]
        xml.add(xml.add(made, "Code"), "Value", f"s:{told}")
        text = xml.add(xml.add(made, "Reason"), "Text", message)
        text.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
        xml.add(made, "Detail").append(service)
        return _answer(envelope(made, twelve=True), 400 if told == "Sender" else 500, call)
    xml.add(made, "faultcode", f"s:{who}", ns="")
    xml.add(made, "faultstring", message, ns="")
    xml.add(made, "detail", ns="").append(service)
    return _answer(envelope(made), 500, call)


def _answer(raw: bytes, status: int, call: Call) -> Answer:
    kind = "application/soap+xml" if speaks_12(call) else "text/xml"
    return Answer(raw, status, f"{kind}; charset=utf-8")


def at_of(row: Mapping[str, Any]) -> dt.datetime:
    """When an event happened."""
    at = dt.datetime.fromisoformat(str(row["at"]))
    return at if at.tzinfo is not None else at.replace(tzinfo=LOCAL)


def write_event(parent: Element, row: Mapping[str, Any]) -> None:
    """An Event element; ``naive`` leaves the zone out, as some posts do."""
    event = xml.add(parent, "event")
    xml.add_some(event, "eventId", row.get("event_id"))
    xml.add_some(event, "itemNumber", row.get("number"))
    xml.add_some(event, "orderReference", row.get("reference"))
    xml.add_some(event, "bagNumber", row.get("bag"))
    xml.add(event, "code", row["code"], list=str(row.get("list", "M40")))
    xml.add_some(event, "text", row.get("text"))
    occurred = xml.add(event, "occurred")
    at = at_of(row).astimezone(LOCAL)
    xml.add(occurred, "at", (at.replace(tzinfo=None) if row.get("naive") else at).isoformat(timespec="seconds"))
    xml.add(occurred, "precision", str(row.get("precision", "SECOND")))
    if row.get("office"):
        office = xml.add(event, "office")
        xml.add(office, "code", row["office"])
        xml.add(office, "scheme", "POST")
        xml.add_some(office, "name", row.get("office_name"))
    xml.add_some(event, "direction", row.get("direction"))
    xml.add_some(event, "attemptNo", row.get("attempt"))
    for name in ("reason", "action"):
        if row.get(name):
            xml.add(event, name, row[name], list=f"M40-{name.upper()}")
    for name in ("forecast", "withdrawn"):
        xml.add_some(event, name, row.get(name))
    _write_proof(event, row)


def _write_proof(event: Element, row: Mapping[str, Any]) -> None:
    if row.get("recipient"):
        recipient = xml.add(event, "recipient")
        xml.add(recipient, "relation", "ADDRESSEE", list="LT-RELATION")
        xml.add(recipient, "nameMasked", row["recipient"])
    for kind in row.get("evidence", ()):
        evidence = xml.add(event, "evidence")
        xml.add(evidence, "kind", kind, list="LT-EVIDENCE")
        picture = f"{kind} of {row.get('number')} at {row['at']}".encode()
        xml.add(evidence, "sha256", hashlib.sha256(picture).hexdigest())
        xml.add(evidence, "mediaType", "image/png")
        xml.add(evidence, "bytes", len(picture))
