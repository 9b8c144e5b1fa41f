"""Faults of SOAP 1.1 and 1.2: read by local name, built for an answer, and what a fault means for a retry.

Servers put the children of Fault into a namespace, leave them out of one, or write ``xmlns=""``; a reader that wants
exact names loses code and message (seen in zeep: #1164, #1254). So only local names count here.
"""

import dataclasses
from collections.abc import Sequence

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.soap.versions import BY_NAMESPACE, SOAP_11, SOAP_12, Version
from adapters._kit.xml import Element, Violation
from schemas.errors import CallError, Refused, Throttled, Transient, Unauthorised


@dataclasses.dataclass(frozen=True, slots=True)
class ServiceFault:
    """The detail that our contract declares on every operation."""

    code: str
    retryable: bool
    correlation_id: str
    message_vi: str
    message_en: str = ""
    retry_after_s: int | None = None
    violations: tuple[Violation, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A fault as told. ``code`` is the local part of its code: Client or Sender, Server or Receiver and so on.

    A subcode of SOAP 1.2 stands behind a dot, as SOAP 1.1 refines its codes: ``Sender.FailedAuthentication``.
    """

    code: str
    text: str
    service: ServiceFault | None


def read_fault(body: Element) -> Fault | None:
    """The fault, where the body element is one; else None."""
    version = BY_NAMESPACE.get(xml.namespace(body))
    if xml.local(body) != "Fault" or version is None:
        return None
    if version is SOAP_12:
        told = [_bare(xml.text(body, "Code", *way)) for way in (("Value",), ("Subcode", "Value"))]
        code, text, name = ".".join(filter(None, told)), xml.text(body, "Reason", "Text") or "", "Detail"
    else:
        code, text, name = _bare(xml.text(body, "faultcode")), xml.text(body, "faultstring") or "", "detail"
    detail = xml.child(body, name, "ServiceFault")
    return Fault(code, text, _service(detail) if detail is not None else None)


def _bare(name: str | None) -> str:
    return (name or "").rpartition(":")[2]


def _service(detail: Element) -> ServiceFault:
    after = xml.text(detail, "retryAfterSeconds") or ""
    found = xml.child(detail, "violations")
    return ServiceFault(
        code=xml.text(detail, "code") or "",
        retryable=xml.text(detail, "retryable") in ("true", "1"),
        correlation_id=xml.text(detail, "correlationId") or "",
        message_vi=xml.text(detail, "messageVi") or "",
        message_en=xml.text(detail, "messageEn") or "",
        retry_after_s=int(after) if after.isdigit() else None,
        violations=tuple(_violation(one) for one in xml.children(found)) if found is not None else (),
    )


def _violation(one: Element) -> Violation:
    line = xml.text(one, "line") or ""
    return Violation(
        path=xml.text(one, "path") or "",
        line=int(line) if line.isdigit() else 0,
        code=xml.text(one, "code") or "",
        message=xml.text(one, "message") or "",
    )


def call_error(fault: Fault, *, raw: bytes, status: int | None, subject: str) -> CallError:
    """What the fault means for us: the ServiceFault's own code first, else who is to blame (Client or Server)."""
    service = fault.service
    code = service.code if service is not None and service.code else fault.code
    return _kind(fault)(
        f"fault {code}: {(service.message_en or service.message_vi) if service is not None else fault.text}",
        subject=subject,
        raw=raw,
        status=status,
        code=code,
        retry_after_s=service.retry_after_s if service is not None else None,
    )


_SECURITY = frozenset(
    {"FailedAuthentication", "FailedCheck", "InvalidSecurity", "InvalidSecurityToken", "SecurityTokenUnavailable"}
    | {"MessageExpired", "SecurityError"}
)
"""Codes of WS-Security (SOAP Message Security 1.1, §12); SecurityError is what Apache WSS4J says for all of them."""


def _kind(fault: Fault) -> type[CallError]:
    code = fault.service.code if fault.service is not None else ""
    if code.startswith("429."):
        return Throttled
    if code.startswith("401.") or _SECURITY & set(fault.code.split(".")):
        return Unauthorised
    if fault.service is not None and fault.service.retryable:
        return Transient
    # SOAP 1.1 allows codes refined by dots: Server.Timeout is a Server fault.
    return Transient if fault.code.partition(".")[0] in ("Server", "Receiver") else Refused


def build_fault(code: str, text: str, service: ServiceFault | None, *, version: Version = SOAP_11) -> Element:
    """A Fault element; ``code`` is one of SOAP 1.1: Client, Server, MustUnderstand, VersionMismatch."""
    fault = xml.element("Fault", version.ns, prefix="soap")
    told = f"soap:{version.fault_code(code)}"
    if version is SOAP_12:
        xml.add(xml.add(fault, "Code"), "Value", told)
        reason = xml.add(xml.add(fault, "Reason"), "Text", text)
        reason.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    else:  # the children have no namespace, as SOAP 1.1 wants
        xml.add(fault, "faultcode", told, ns="")
        xml.add(fault, "faultstring", text, ns="")
    if service is not None:
        detail = xml.add(fault, "Detail") if version is SOAP_12 else xml.add(fault, "detail", ns="")
        detail.append(_service_element(service))
    return fault


def not_understood(block: Element) -> Element:
    """The header of SOAP 1.2 that names a block which had to be understood and was not (part 1 §5.4.8)."""
    told = xml.element("NotUnderstood", names.ENVELOPE_12, prefix="soap", also={"q": xml.namespace(block)})
    told.set("qname", f"q:{xml.local(block)}")
    return told


def upgrade() -> Element:
    """The header of SOAP 1.2 that says which versions are spoken here (part 1 §5.4.7)."""
    told = xml.element("Upgrade", names.ENVELOPE_12, prefix="soap", also={"s11": names.ENVELOPE_11})
    for qname in ("soap:Envelope", "s11:Envelope"):
        xml.add(told, "SupportedEnvelope", qname=qname)
    return told


def _service_element(service: ServiceFault) -> Element:
    made = xml.element("ServiceFault", names.CONTRACT)
    xml.add(made, "code", service.code)
    xml.add(made, "retryable", service.retryable)
    xml.add_some(made, "retryAfterSeconds", service.retry_after_s)
    xml.add(made, "correlationId", service.correlation_id)
    xml.add(made, "messageVi", service.message_vi)
    xml.add_some(made, "messageEn", service.message_en)
    add_violations(made, service.violations)
    return made


def add_violations(parent: Element, violations: Sequence[Violation]) -> None:
    """Append ``violations`` with at most a hundred of them."""
    inside = xml.add(parent, "violations")
    for one in violations[:100]:
        row = xml.add(inside, "violation")
        xml.add(row, "path", one.path[:500])
        xml.add_some(row, "line", one.line or None)
        xml.add(row, "code", one.code[:64])
        xml.add(row, "message", xml.printable(one.message)[:500])
