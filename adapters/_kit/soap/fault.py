"""SOAP 1.1 faults: read by local name, built for an answer, and what a fault means for a retry.

Servers put the children of Fault into a namespace, leave them out of one, or write ``xmlns=""``; a reader that wants
exact names loses code and message (seen in zeep: #1164, #1254). So only local names count here.
"""

import dataclasses
from collections.abc import Sequence

from adapters._kit import xml
from adapters._kit.soap import names
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
    """A fault as told. ``code`` is the local part of faultcode: Client, Server, MustUnderstand, VersionMismatch."""

    code: str
    text: str
    service: ServiceFault | None


def read_fault(body: Element) -> Fault | None:
    """The fault, where the body element is one; else None."""
    if xml.local(body) != "Fault" or xml.namespace(body) != names.ENVELOPE_11:
        return None
    code = (xml.text(body, "faultcode") or "").rpartition(":")[2]
    detail = xml.child(body, "detail", "ServiceFault")
    return Fault(code, xml.text(body, "faultstring") or "", _service(detail) if detail is not None else None)


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


def _kind(fault: Fault) -> type[CallError]:
    code = fault.service.code if fault.service is not None else ""
    if code.startswith("429."):
        return Throttled
    if code.startswith("401."):
        return Unauthorised
    if fault.service is not None and fault.service.retryable:
        return Transient
    # SOAP 1.1 allows codes refined by dots: Server.Timeout is a Server fault.
    return Transient if fault.code.partition(".")[0] in ("Server", "Receiver") else Refused


def build_fault(code: str, text: str, service: ServiceFault | None) -> Element:
    """A Fault element; ``code`` as in :class:`Fault`. Its children have no namespace, as SOAP 1.1 wants."""
    fault = xml.element("Fault", names.ENVELOPE_11, prefix="soap")
    xml.add(fault, "faultcode", f"soap:{code}", ns="")
    xml.add(fault, "faultstring", text, ns="")
    if service is not None:
        detail = xml.add(fault, "detail", ns="")
        detail.append(_service_element(service))
    return fault


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
