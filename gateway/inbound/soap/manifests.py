"""ConfirmManifest: one side signs its count of a hand-over; bag and manifest are what the rules D-24 … D-27, D-41 read.

Raw row, manifest, bag, audit row and answer are one transaction: a confirmation is a record and not news to be weighed,
so nothing waits for a worker. A requestId is the idempotency key: the same one with the same content gets the first
answer.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element
from gateway.accounts import AccountTx, GatewayStore
from gateway.inbound.soap import halves
from gateway.inbound.soap.faults import SoapFault
from gateway.inbound.soap.halves import Difference, Settled, StatedLine, Statement, Strangers
from gateway.inbound.soap.push import CONTENT_DIGEST
from gateway.inbound.soap.request import SoapRequest
from schemas.audit import Act
from schemas.bag import HandoverManifest
from schemas.errors import NotFound, Stale
from schemas.ids import BagNumber, PeerId, UnitId
from schemas.message import InboxState, NewInbound
from schemas.shipment import Item

KIND: Final = "manifest"
FUTURE: Final = dt.timedelta(minutes=5)
"""How far confirmedAt may lie ahead of our clock."""
_SCHEMES: Final = {"POST": "post", "IMPC": "impc", "UNIT": "qcvn102"}


class ConfirmManifest:
    """Takes the word of one side."""

    def __init__(self, store: GatewayStore, *, accepting: Callable[[], bool]) -> None:
        self._store = store
        self._accepting = accepting

    async def __call__(self, request: SoapRequest) -> Element:
        """Answer with the receipt and with what differs. Raises SoapFault."""
        if not self._accepting():
            raise SoapFault("503.01")
        at = _confirmed_at(request)
        _no_number_twice(request)
        raw = await self._store.write(lambda tx: self._take(tx, request, at))
        return xml.parse(raw)

    @staticmethod
    def _take(tx: AccountTx, request: SoapRequest, at: dt.datetime) -> bytes:
        if not request.use_nonce(tx):
            raise SoapFault("401.02", "the nonce was used before")
        fresh = _inbound(request)
        row, new = tx.inbox.put(fresh)
        if not new:
            if dict(row.headers).get(CONTENT_DIGEST) != request.content:
                raise SoapFault("409.01", f"requestId {xml.text(request.body, 'requestId')}")
            return _repeated(row.answer)
        said = _statement(tx, request, at)
        manifest = _recorded(tx, said)
        answer = xml.write(_reply(manifest, said, halves.differences(manifest, said), receipt=row.receipt))
        tx.inbox.set_answer(row.id, answer)
        tx.inbox.settle(row.id, InboxState.APPLIED, detail="", now=request.now)
        act = f"manifest.{'given' if said.giving else 'taken'}"
        detail = f"revision {said.revision}, {said.found} of {said.expected}"
        tx.audit.write(Act(request.now, f"key:{request.key.name}", act, "manifest", said.number, said.unit, detail))
        return answer


def _recorded(tx: AccountTx, said: Statement) -> HandoverManifest:
    try:
        manifest = halves.joined(tx.bags.manifest(said.number), said)
        tx.bags.put_manifest(manifest)
    except Strangers:
        raise SoapFault("404.02", said.number) from None
    except (Settled, Stale) as error:
        raise SoapFault("409.02", f"{said.number}, revision {said.revision}") from error
    if manifest.bag is not None:
        tx.bags.put(halves.bag_after(tx.bags.get(manifest.bag), said, manifest.bag))
    return manifest


def _confirmed_at(request: SoapRequest) -> dt.datetime:
    told = xml.text(request.body, "confirmedAt") or ""
    try:
        at = dt.datetime.fromisoformat(told).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise _flaw("/ConfirmManifest/confirmedAt", "TIME", f"cannot be reckoned with: {error}") from error
    if at > request.now + FUTURE:
        raise _flaw("/ConfirmManifest/confirmedAt", "FUTURE", "lies in the future")
    return at


def _no_number_twice(request: SoapRequest) -> None:
    numbers = [xml.text(line, "itemNumber") for line in _line_elements(request.body)]
    twice = next((number for number, count in Counter(numbers).items() if count > 1), None)
    if twice is not None:
        place = len(numbers) - numbers[::-1].index(twice)
        raise _flaw(f"/ConfirmManifest/lines/line[{place}]/itemNumber", "TWICE", f"{twice} stands on two lines")


def _flaw(path: str, code: str, what: str) -> SoapFault:
    return SoapFault("400.02", what, violations=(xml.Violation(path, 0, code, what),))


def _line_elements(body: Element) -> list[Element]:
    lines = xml.child(body, "lines")
    return [] if lines is None else list(xml.children(lines, "line"))


def _statement(tx: AccountTx, request: SoapRequest, at: dt.datetime) -> Statement:
    body = request.body
    unit = _unit(tx, body, "office", request.now.date())
    if request.key.units and unit not in request.key.units:
        raise SoapFault("403.01", f"the account does not speak for the office {unit}")
    weight = xml.text(body, "weightGrams")
    bag = xml.text(body, "bagNumber")
    return Statement(
        number=xml.text(body, "manifestNumber") or "",
        revision=int(xml.text(body, "revision") or 0),
        giving=xml.text(body, "role") == "GIVING",
        unit=unit,
        counterparty=_unit(tx, body, "counterparty", request.now.date()),
        bag=BagNumber(bag) if bag else None,
        seal_declared=xml.text(body, "sealDeclared"),
        seal_found=xml.text(body, "sealFound"),
        weight_g=int(weight) if weight else None,
        at=at,
        by=xml.text(body, "confirmedBy") or "",
        expected=int(xml.text(body, "expected") or 0),
        found=int(xml.text(body, "found") or 0),
        lines=_lines(tx, request),
        digest=request.content,
    )


def _unit(tx: AccountTx, body: Element, name: str, on: dt.date) -> UnitId:
    """Our own id of an office; one that the catalogue does not know keeps the code that it was told by."""
    code, scheme = xml.text(body, name, "code") or "", xml.text(body, name, "scheme") or ""
    if scheme == "UNIT":
        try:
            return tx.catalogue.unit(UnitId(code), on).id
        except NotFound:
            pass
    found = tx.catalogue.unit_by_code(_SCHEMES[scheme], code, on)
    return found.id if found is not None else UnitId(code)


def _lines(tx: AccountTx, request: SoapRequest) -> tuple[StatedLine, ...]:
    told = _line_elements(request.body)
    known = tx.items.named([xml.text(line, "itemNumber") or "" for line in told]) if told else {}
    return tuple(_line(tx, request, line, known) for line in told)


def _line(tx: AccountTx, request: SoapRequest, line: Element, known: Mapping[str, Sequence[Item]]) -> StatedLine:
    number, code, sheets = (xml.text(line, name) for name in ("itemNumber", "dossierCode", "sheets"))
    item = request.eyes.first(known.get(number or "", ()))
    dossier = tx.dossiers.find(code) if code else None
    return StatedLine(
        number=number or "",
        item=item.id if item is not None else None,
        dossier=dossier.id if dossier is not None else None,
        outcome=(xml.text(line, "outcome") or "").lower(),
        sheets=int(sheets) if sheets else None,
    )


def _inbound(request: SoapRequest) -> NewInbound:
    return NewInbound(
        peer=request.key.peer or PeerId(request.key.name),
        kind=KIND,
        ext_id=f"manifest:{request.key.name}:{xml.text(request.body, 'requestId')}",
        sha256=request.sha256,
        body=request.kept,
        headers=(("content-type", "text/xml"), ("x-principal", request.key.name), (CONTENT_DIGEST, request.content)),
        received_at=request.now,
        receipt=uuid.uuid4().hex,
        correlation_id=request.correlation_id,
    )


def _reply(
    manifest: HandoverManifest, said: Statement, differences: tuple[Difference, ...], *, receipt: str
) -> Element:
    reply = xml.element("ConfirmManifestResponse", names.CONTRACT)
    xml.add(reply, "manifestNumber", said.number)
    xml.add(reply, "revision", said.revision)
    xml.add(reply, "receiptId", receipt)
    xml.add(reply, "repeated", value=False)
    both = "MISMATCH" if differences else "MATCHED"
    xml.add(reply, "status", both if halves.signed(manifest) else "RECORDED")
    rows = xml.add(reply, "discrepancies")
    for one in differences:
        row = xml.add(rows, "discrepancy")
        xml.add(row, "kind", one.kind)
        xml.add_some(row, "itemNumber", one.number)
        xml.add(row, "message", one.message[:500])
    return reply


def _repeated(answer: bytes) -> bytes:
    reply = xml.parse(answer)
    told = xml.child(reply, "repeated")
    if told is not None:
        told.text = "true"
    return xml.write(reply)
