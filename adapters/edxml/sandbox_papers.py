"""The papers of the sandbox: what offices write to us, and whether what we wrote is as the contract says.

Written from the contract a second time, on purpose with other means than our own side: text templates instead of trees,
the whole document in memory instead of in pieces.
"""

import base64
import dataclasses
import datetime as dt
import hashlib
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters._kit import xml
from adapters._kit.sandbox.identity import Identity
from adapters._kit.signatures import PinnedCertificate
from adapters._kit.xml_form import cut_out, exclusive_form
from schemas.errors import Misunderstood

NS = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHAPE = tomllib.loads((Path(__file__).parent / "contract" / "shape.toml").read_text("utf-8"))
LOCAL = dt.timezone(dt.timedelta(hours=7))
_LONG = re.compile(rb">([A-Za-z0-9+/=]{65537,})<")


# --- what offices write ----------------------------------------------------------------------------------------------


class Papers:
    """Writes documents and statuses; ``signer`` None: unsigned."""

    def __init__(self, signer: Identity | None, sender: str, receiver: str) -> None:
        self._signer = signer
        self._sender = sender
        self._receiver = receiver

    def write(self, paper: Mapping[str, Any]) -> bytes:
        """The paper's bytes; the same paper gives the same bytes."""
        if paper["kind"] == "status":
            return self._signed(_inside(self._status(paper), "<edXML:edXMLBody></edXML:edXMLBody>", ""))
        header = self._java(paper) if paper.get("layout") == "java" else self._vpcp(paper)
        content = paper["file"].encode() if "file" in paper else b"x" * int(paper.get("bytes", 12))
        body = (
            '<edXML:edXMLBody><edXML:edXMLManifest version="1.0"><edXML:Reference>'
            "<edXML:ContentId>cid:f1</edXML:ContentId>"
            "</edXML:Reference></edXML:edXMLManifest></edXML:edXMLBody>"
        )
        letters = base64.b64encode(content).decode()
        name = "<AttachmentName>Văn bản.pdf</AttachmentName>"
        kind = "<ContentType>application/pdf</ContentType>"
        encoded = f"<ContentTransferEncoded>{letters}</ContentTransferEncoded>"
        if paper.get("layout") == "java":
            file = f"<ContentId>cid:f1</ContentId>{name}{kind}{encoded}"
        else:
            file = f"{kind}<ContentId>f1</ContentId>{encoded}{name}"
        return self._signed(
            _inside(header, body, f"<AttachmentEncoded><Attachment>{file}</Attachment></AttachmentEncoded>")
        )

    def _vpcp(self, paper: Mapping[str, Any]) -> str:
        document = _escape(paper["document"])
        return (
            f"<edXML:MessageHeader>{self._from_to()}{_code(document)}"
            f"{_e('PromulgationInfo', _e('PromulgationDate', _day(paper)))}{self._subject(paper)}"
            f"{_e('DocumentId', document)}</edXML:MessageHeader>"
            f'<edXML:TraceHeaderList id="t1" version="1.0">'
            f"{_e('TraceHeader', _e('OrganId', self._sender) + _e('Timestamp', _time(paper)))}"
            f"{_e('Bussiness', _e('BussinessDocType', '0'))}</edXML:TraceHeaderList>"
        )

    def _java(self, paper: Mapping[str, Any]) -> str:
        document = _escape(paper["document"])
        return (
            f"<edXML:MessageHeader>{self._from_to()}{_e('DocumentId', document)}{_code(document)}"
            f"{_e('PromulgationInfo', _e('PromulgationDate', _day(paper)))}{self._subject(paper)}</edXML:MessageHeader>"
            f"{_e('TraceHeaderList', _e('TraceHeader', _e('OrganId', self._sender) + _e('Timestamp', _time(paper))))}"
        )

    def _status(self, paper: Mapping[str, Any]) -> str:
        about = paper["about"]
        answers = _e("OrganId", about["sender"]) + _e("Code", _escape(about["code"]))
        office = _e("OrganId", self._sender) + _e("OrganName", "Sở Thử nghiệm")
        said = f"{_e('StatusCode', _escape(str(paper['code'])))}{_e('Timestamp', _time(paper))}"
        return _e(
            "Status",
            _e("ResponseFor", answers + _e("DocumentId", _escape(paper["document"]))) + _e("From", office) + said,
        )

    def _from_to(self) -> str:
        sender = _e("From", _e("OrganId", self._sender) + _e("OrganName", "Sở Thử nghiệm"))
        return sender + _e("To", _e("OrganId", self._receiver) + _e("OrganName", "UBND tỉnh Mẫu"))

    def _subject(self, paper: Mapping[str, Any]) -> str:
        return _e("Subject", _escape(paper.get("subject", "V/v trả kết quả hồ sơ")))

    def _signed(self, text: str) -> bytes:
        if self._signer is None:
            return text.encode()
        digest = hashlib.sha256(_canonical(text.encode())).digest()
        inside = (
            f'<ds:CanonicalizationMethod Algorithm="{EXC}"></ds:CanonicalizationMethod>'
            '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>'
            f'<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="{DS}enveloped-signature"></ds:Transform>'
            f'<ds:Transform Algorithm="{EXC}"></ds:Transform></ds:Transforms>'
            '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>'
            f"<ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
        )
        value = self._signer.key.sign(f'<ds:SignedInfo xmlns:ds="{DS}">{inside}'.encode())
        signature = (
            f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>{inside}'
            f"<ds:SignatureValue>{base64.b64encode(value).decode()}</ds:SignatureValue></ds:Signature>"
        )
        return text.replace("<edXML:DigitalSignature>", f"<edXML:DigitalSignature>{signature}", 1).encode()


def _inside(header: str, body: str, beside: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><edXML xmlns="{NS}"><edXML:edXMLEnvelope xmlns:edXML="{NS}">'
        f"<edXML:edXMLHeader>{header}<edXML:DigitalSignature></edXML:DigitalSignature></edXML:edXMLHeader>"
        f"{body}</edXML:edXMLEnvelope>{beside}</edXML>"
    )


def _e(name: str, inside: str) -> str:
    return f"<edXML:{name}>{inside}</edXML:{name}>"


def _code(document: str) -> str:
    number, _, notation = document.rpartition(",")[2].partition("/")
    return _e("Code", _e("CodeNumber", number) + _e("CodeNotation", notation or "VP"))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _day(paper: Mapping[str, Any]) -> str:
    return _time(paper)[:10]


def _time(paper: Mapping[str, Any]) -> str:
    return f"{dt.datetime.fromisoformat(paper['at']).astimezone(LOCAL):%Y/%m/%d %H:%M:%S}"


# --- what came to the axis -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, slots=True)
class Came:
    """A document or a status of ours, and everything wrong with it."""

    faults: list[str]
    document: str = ""
    once: str = ""
    """What a repetition is known by."""
    sha256: str = ""
    told: Mapping[str, str] = dataclasses.field(default_factory=dict)


def came(body: bytes, pinned: PinnedCertificate, layout: str) -> Came:
    """Hold what came against the contract; ``layout`` is ``vpcp``, ``java`` or ``status``."""
    apart, words = _apart(body)
    try:
        root = xml.parse(apart)
    except Misunderstood as error:
        return Came([error.detail])
    header = xml.child(root, "edXMLEnvelope", "edXMLHeader")
    if root.tag != f"{{{NS}}}edXML" or header is None:
        return Came(["edXML/edXMLEnvelope/edXMLHeader: không có"])
    faults = [*_order(root, layout), *_prefixes(root)]
    digest = hashlib.sha256(body).hexdigest()
    message = xml.child(header, "Status" if layout == "status" else "MessageHeader")
    names = _ONCE_STATUS if layout == "status" else _ONCE
    if message is None or faults:
        return Came(faults or ["edXMLHeader: sai loại văn bản"])
    told = [xml.text(message, *name) or "" for name in names]
    found = {
        "sender": told[1],
        "code": f"{xml.text(message, 'Code', 'CodeNumber')}/{xml.text(message, 'Code', 'CodeNotation')}",
        "subject": xml.text(message, "Subject") or "",
        "sha256": digest,
    }
    faults += _signature(root, words, pinned)
    return Came(faults, document=told[0], once="|".join(told), sha256=digest, told=found)


def _order(root: xml.Element, layout: str) -> Iterator[str]:
    lists = {**SHAPE["both"], **SHAPE[layout]}
    for parent in root.iter():
        name, above = xml.local(parent), parent.getparent()
        rows = lists.get(f"{xml.local(above)}/{name}" if above is not None else name, lists.get(name))
        if rows is None or xml.namespace(parent) != NS:
            continue
        pattern = "".join(f"(?:{row.split()[0]} ){_TIMES[row.split()[1]]}" for row in rows)
        known = {row.split()[0] for row in rows}
        told = "".join(f"{xml.local(child)} " for child in parent if xml.local(child) in known)
        if re.fullmatch(pattern, told) is None:
            yield f"{name}: {told.strip() or 'trống'} không đúng thứ tự"


_ONCE: tuple[tuple[str, ...], ...] = (("DocumentId",), ("From", "OrganId"))
_ONCE_STATUS: tuple[tuple[str, ...], ...] = (
    ("ResponseFor", "DocumentId"),
    ("From", "OrganId"),
    ("StatusCode",),
    ("Timestamp",),
)
_TIMES = {"1": "", "?": "?", "+": "+", "*": "*"}


def _prefixes(root: xml.Element) -> Iterator[str]:
    envelope = xml.child(root, "edXMLEnvelope")
    for one in envelope.iter() if envelope is not None else ():
        if xml.namespace(one) == NS and one.prefix != "edXML":
            yield f"{xml.local(one)}: thiếu tiền tố edXML"


def _signature(root: xml.Element, words: Mapping[bytes, bytes], pinned: PinnedCertificate) -> list[str]:
    signatures = [one for one in root.iter() if xml.local(one) == "Signature"]
    if len(signatures) != 1:
        return [f"{len(signatures)} chữ ký"]
    (signature,) = signatures
    info = exclusive_form(signature[0])
    value = base64.b64decode(xml.text(signature, "SignatureValue") or "")
    digest = xml.text(signature, "SignedInfo", "Reference", "DigestValue")
    cut_out(signature)
    form = _put_back(exclusive_form(root), words)
    if base64.b64encode(hashlib.sha256(form).digest()).decode() != digest:
        return ["chữ ký: sai giá trị băm"]
    return [] if pinned.proves(info, value, "sha256") else ["chữ ký: không đúng chứng thư"]


def _canonical(text: bytes) -> bytes:
    apart, words = _apart(text)
    return _put_back(exclusive_form(xml.parse(apart)), words)


def _apart(body: bytes) -> tuple[bytes, dict[bytes, bytes]]:
    words: dict[bytes, bytes] = {}

    def word(found: re.Match[bytes]) -> bytes:
        made = f"W{secrets.token_hex(12)}".encode()
        words[made] = found[1]
        return b">" + made + b"<"

    return _LONG.sub(word, body), words


def _put_back(form: bytes, words: Mapping[bytes, bytes]) -> bytes:
    for word, text in words.items():
        form = form.replace(word, text)
    return form
