"""Envelopes, faults, tokens and the pinned contract."""

import base64
import datetime as dt
import hashlib
import importlib.resources
from typing import Any

import pytest
import zeep

from adapters._kit import xml
from adapters._kit.soap import building, envelope, fault, names, wsse
from schemas.errors import CallError, Misunderstood, Refused, Throttled, Transient, Unauthorised

NOW = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
SOAP = 'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
T = 'xmlns="urn:x-lienthong:postal-tracking:1"'


def enveloped(inside: str, head: str = "") -> bytes:
    return f"<s:Envelope {SOAP}>{head}<s:Body>{inside}</s:Body></s:Envelope>".encode()


# --- envelopes ------------------------------------------------------------------------------------------------------


def test_what_is_wrapped_is_read_again() -> None:
    body = xml.element("Ping", names.CONTRACT)
    read = envelope.read_envelope(envelope.wrap(body, [envelope.relates_to("urn:1")]))
    assert (xml.local(read.body), [xml.text(one) for one in read.headers]) == ("Ping", ["urn:1"])


BROKEN = {
    "no envelope": (b"<a/>", "envelope"),
    "another version": (b'<s:Envelope xmlns:s="http://www.w3.org/2001/12/soap-envelope"/>', "version"),
    "without namespace": (b"<Envelope><Body><a/></Body></Envelope>", "envelope"),
    "empty": (f"<s:Envelope {SOAP}/>".encode(), "envelope"),
    "empty body": (enveloped(""), "envelope"),
    "two in the body": (enveloped("<a/><b/>"), "envelope"),
    "two bodies": (f"<s:Envelope {SOAP}><s:Body><a/></s:Body><s:Body><a/></s:Body></s:Envelope>".encode(), "envelope"),
    "header behind": (f"<s:Envelope {SOAP}><s:Body><a/></s:Body><s:Header/></s:Envelope>".encode(), "envelope"),
    "too long": (enveloped("<a>" + "x" * 999 + "</a>"), "size"),
    "no xml": (b"<", "xml"),
}


@pytest.mark.parametrize(("raw", "code"), BROKEN.values(), ids=BROKEN)
def test_anything_else_is_misunderstood(raw: bytes, code: str) -> None:
    with pytest.raises(Misunderstood) as refused:
        envelope.read_envelope(raw, max_bytes=900)
    assert refused.value.code == code


def test_a_header_that_must_be_understood_is_found() -> None:
    head = '<s:Header><x:A xmlns:x="urn:x"/><x:B xmlns:x="urn:x" s:mustUnderstand="1"/></s:Header>'
    read = envelope.read_envelope(enveloped("<a/>", head))
    strange = read.must_understand([])
    assert strange is not None and xml.local(strange) == "B"
    assert read.must_understand([("urn:x", "B")]) is read.must_understand([("urn:x", "*")]) is None


# --- faults ---------------------------------------------------------------------------------------------------------


def service(code: str, retryable: bool, after: str = "") -> str:
    return (
        f"<detail><ServiceFault {T}><code>{code}</code><retryable>{str(retryable).lower()}</retryable>{after}"
        f"<correlationId>c</correlationId><messageVi>Lỗi</messageVi><violations/></ServiceFault></detail>"
    )


FAULTS: dict[str, tuple[str, type[CallError], str]] = {
    "throttled": ("<faultcode>s:Server</faultcode>" + service("429.01", True), Throttled, "429.01"),
    "not accepting": ("<faultcode>s:Server</faultcode>" + service("503.01", True), Transient, "503.01"),
    "schema": ("<faultcode>s:Client</faultcode>" + service("400.02", False), Refused, "400.02"),
    "credentials": ("<faultcode>s:Client</faultcode>" + service("401.01", False), Unauthorised, "401.01"),
    "server without detail": ("<faultcode>s:Server</faultcode><faultstring>NPE</faultstring>", Transient, "Server"),
    "server with a dot": ("<faultcode>s:Server.Timeout</faultcode>", Transient, "Server.Timeout"),
    "client without detail": ("<faultcode>Client</faultcode><faultstring>no</faultstring>", Refused, "Client"),
    "children with a namespace": ("<s:faultcode>s:Server</s:faultcode>", Transient, "Server"),
    "empty fault": ("", Refused, ""),
}


@pytest.mark.parametrize(("inside", "kind", "code"), FAULTS.values(), ids=FAULTS)
def test_a_fault_says_whether_to_try_again(inside: str, kind: type[CallError], code: str) -> None:
    raw = enveloped(f"<s:Fault>{inside}</s:Fault>")
    told = fault.read_fault(envelope.read_envelope(raw).body)
    assert told is not None
    error = fault.call_error(told, raw=raw, status=500, subject="a peer")
    assert (type(error), error.code, error.raw, error.status) == (kind, code, raw, 500)


def test_retry_after_is_heard() -> None:
    raw = enveloped(f"<s:Fault>{service('429.01', True, '<retryAfterSeconds>7</retryAfterSeconds>')}</s:Fault>")
    told = fault.read_fault(envelope.read_envelope(raw).body)
    assert told is not None
    assert fault.call_error(told, raw=raw, status=500, subject="").retry_after_s == 7


def test_only_a_fault_of_soap_is_a_fault() -> None:
    assert fault.read_fault(envelope.read_envelope(enveloped("<Fault/>")).body) is None


def test_our_fault_follows_the_contract_and_comes_back_whole() -> None:
    violations = tuple(xml.Violation(f"/a[{n}]", n, "RULE", "w\x08ord") for n in range(1, 140))
    made = fault.ServiceFault("400.02", False, "c-1", "Nội dung sai", "wrong", 5, violations)
    element = fault.build_fault("Client", "wrong", made)
    detail = xml.child(element, "detail", "ServiceFault")
    assert detail is not None
    assert xml.load_schema(names.CONTRACT_FILES, "postal-tracking.xsd").violations(detail) == ()
    told = fault.read_fault(envelope.read_envelope(envelope.wrap(element)).body)
    assert told is not None and told.service is not None
    assert (told.code, told.service.code, told.service.retry_after_s) == ("Client", "400.02", 5)
    assert (len(told.service.violations), told.service.violations[0].message) == (100, "w\ufffdord")


# --- UsernameToken --------------------------------------------------------------------------------------------------


def token(now: dt.datetime = NOW, at: dt.datetime = NOW) -> wsse.UsernameToken | wsse.Flaw:
    return wsse.read_token(xml.parse(wsse.security_header("post", "secret", now=at, nonce=b"n" * 16)), now=now)


def test_the_digest_is_the_profiles() -> None:
    read = token()
    assert isinstance(read, wsse.UsernameToken)
    packed = b"n" * 16 + b"2026-11-20T08:00:00.000Z" + b"secret"
    assert read.secret == base64.b64encode(hashlib.sha1(packed).digest()).decode()
    assert wsse.proves(read, "secret")
    assert not wsse.proves(read, "Secret")
    assert b"secret" not in wsse.security_header("post", "secret", now=NOW)


def test_a_token_lives_five_minutes_either_way() -> None:
    five, more = dt.timedelta(minutes=5), dt.timedelta(minutes=5, seconds=1)
    assert isinstance(token(NOW + five), wsse.UsernameToken) and isinstance(token(NOW - five), wsse.UsernameToken)
    assert token(NOW + more) is token(NOW - more) is wsse.Flaw.STALE


@pytest.mark.parametrize("gone", ["Username", "Password", "Nonce", "Created"])
def test_a_token_with_a_part_missing_is_none(gone: str) -> None:
    header = xml.parse(wsse.security_header("post", "secret", now=NOW))
    inside = xml.child(header, "UsernameToken")
    part = xml.child(header, "UsernameToken", gone)
    assert inside is not None and part is not None
    inside.remove(part)
    assert wsse.read_token(header, now=NOW) is wsse.Flaw.MISSING


def test_a_name_and_a_password_are_written_as_they_are() -> None:
    header = xml.parse(wsse.security_header("a<b&c", "p<&>\"'ệ", now=NOW, clear=True))
    read = wsse.read_token(header, now=NOW, clear=wsse.Clear.WITH_NONCE)
    assert isinstance(read, wsse.UsernameToken)
    assert (read.username, read.secret, wsse.proves(read, "p<&>\"'ệ")) == ("a<b&c", "p<&>\"'ệ", True)
    assert wsse.read_token(header, now=NOW) is wsse.Flaw.MISSING, "refused unless the settings take it"
    with pytest.raises(ValueError, match="characters"):
        wsse.security_header("a\x00b", "p", now=NOW)


def test_a_bare_password_is_taken_only_where_that_is_set() -> None:
    header = xml.parse(wsse.security_header("post", "secret", now=NOW, clear=True))
    inside = xml.child(header, "UsernameToken")
    assert inside is not None
    for name in ("Nonce", "Created"):
        part = xml.child(inside, name)
        assert part is not None
        inside.remove(part)
    assert wsse.read_token(header, now=NOW, clear=wsse.Clear.WITH_NONCE) is wsse.Flaw.MISSING
    bare = wsse.read_token(header, now=NOW, clear=wsse.Clear.ACCEPT)
    assert isinstance(bare, wsse.UsernameToken) and wsse.proves(bare, "secret") and not wsse.proves(bare, "Secret")


def test_two_headers_of_one_moment_have_two_nonces() -> None:
    first, second = (wsse.read_token(xml.parse(wsse.security_header("p", "s", now=NOW)), now=NOW) for _ in range(2))
    assert isinstance(first, wsse.UsernameToken) and isinstance(second, wsse.UsernameToken)
    assert first.nonce_key != second.nonce_key


# --- the pinned contract --------------------------------------------------------------------------------------------

OFFICE = {"code": "550000", "scheme": "POST"}
CODE = {"#": "EMI", "@list": "M40"}
ITEM = "EL000047113VN"
EVENT = {"itemNumber": ITEM, "code": CODE, "occurred": {"at": NOW, "precision": "SECOND"}}
CALLS: dict[str, dict[str, Any]] = {
    "PushEvents": {"batchId": "b", "sender": "s", "sentAt": NOW, "sequence": 1, "events": {"event": [EVENT, EVENT]}},
    "GetItemHistory": {"itemNumber": ITEM, "operator": "VNPOST", "since": NOW, "maxEvents": 10, "pageToken": "10"},
    "OpenTicket": {"requestId": "r", "items": {"itemNumber": [ITEM, "EL000047127VN"]}},
    "GetItemsByTicket": {"ticketId": "t", "page": 1},
    "ConfirmManifest": {
        "requestId": "r",
        "manifestNumber": "m",
        "revision": 1,
        "role": "GIVING",
        "office": OFFICE,
        "counterparty": OFFICE,
        "confirmedAt": NOW,
        "confirmedBy": "nv-1",
        "expected": 2,
        "found": 1,
        "lines": {"line": [{"itemNumber": ITEM, "outcome": "MISSING", "sheets": 3}]},
    },
    "Ping": {"echo": "xin chào"},
}


def test_every_operation_of_the_wsdl_is_built_and_follows_the_schema() -> None:
    schema = xml.load_schema(names.CONTRACT_FILES, "postal-tracking.xsd")
    wsdl = xml.parse(contract_file("postal-tracking.wsdl"))
    (port_type,) = xml.children(wsdl, "portType")
    operations = [one.get("name") for one in xml.children(port_type, "operation")]
    assert operations == list(names.OPERATIONS) == list(CALLS)
    for operation, arguments in CALLS.items():
        body = building.body(operation, arguments)
        assert (xml.local(body), schema.violations(body)) == (operation, ())
        assert xml.canonical(body) == xml.canonical(theirs(operation, arguments)), "zeep builds the same"


def test_arguments_outside_of_the_contract_are_our_own_slip() -> None:
    for arguments in ({"mood": "good"}, {}, {"maxEvents": 5, "itemNumber": ITEM}, {"itemNumber": "no number"}):
        with pytest.raises(ValueError, match="GetItemHistory"):
            building.body("GetItemHistory", arguments)
    with pytest.raises(ValueError, match="no zone"):
        building.body("GetItemHistory", {"itemNumber": ITEM, "since": NOW.replace(tzinfo=None)})


def theirs(operation: str, arguments: dict[str, Any]) -> xml.Element:
    """The body that zeep makes of the same arguments, by the same WSDL."""
    with importlib.resources.as_file(importlib.resources.files(names.CONTRACT_FILES)) as folder:
        client = zeep.Client(str(folder / "postal-tracking.wsdl"))  # type: ignore[no-untyped-call]  # zeep has no annotations
    made = client.create_message(client.service, operation, **in_zeeps_words(arguments))  # type: ignore[no-untyped-call]  # zeep has no annotations
    body = xml.child(made, "Body")
    assert body is not None
    return xml.copy(next(xml.children(body)))


def in_zeeps_words(told: Any) -> Any:
    if isinstance(told, dict):
        return {("_value_1" if name == "#" else name.lstrip("@")): in_zeeps_words(one) for name, one in told.items()}
    return [in_zeeps_words(one) for one in told] if isinstance(told, list) else told


def contract_file(name: str) -> bytes:
    return importlib.resources.files(names.CONTRACT_FILES).joinpath(name).read_bytes()


def test_every_operation_declares_the_fault_and_its_own_action() -> None:
    wsdl = xml.parse(contract_file("postal-tracking.wsdl"))
    bindings = list(xml.children(wsdl, "binding"))
    for group in (next(xml.children(wsdl, "portType")), *bindings):
        for operation in xml.children(group, "operation"):
            assert [one.get("name") for one in xml.children(operation, "fault")] == ["ServiceFault"]
    for binding, ns in zip(bindings, ("wsdl/soap/", "wsdl/soap12/"), strict=True):
        actions = [one.get("soapAction") for one in binding.iter() if xml.namespace(one).endswith(ns)]
        assert [one for one in actions if one] == [names.action(one) for one in names.OPERATIONS]


def test_the_published_schema_has_nothing_that_breaks_generated_code() -> None:
    root = xml.parse(contract_file("postal-tracking.xsd"))
    kinds = {xml.local(one) for one in root.iter()}
    assert not kinds & {"choice", "any", "anyAttribute", "list", "union", "all", "group"}
    assert not [one for one in root.iter() if one.get("nillable") or one.get("default") or one.get("fixed")]
    inner = [one for one in root.iter() if xml.local(one) == "element" and one.getparent() is not root]
    assert inner and all(one.get("minOccurs") in ("0", "1") for one in inner)


def definition(root: xml.Element, name: str) -> bytes:
    found = next(one for one in xml.children(root) if one.get("name") == name)
    for note in [one for one in found.iter() if xml.local(one) == "annotation"]:
        parent = note.getparent()
        assert parent is not None
        parent.remove(note)
    return xml.canonical(found)


def test_the_lax_schema_differs_from_the_published_one_by_the_inside_of_an_event_only() -> None:
    published, lax = (xml.parse(contract_file(name)) for name in ("postal-tracking.xsd", "lax.xsd"))
    defined = [str(one.get("name")) for one in xml.children(lax)]
    assert {"PushEvents", "GetItemHistoryResponse", "Event"} <= set(defined)
    differing = [name for name in defined if definition(published, name) != definition(lax, name)]
    assert differing == ["Event"]
