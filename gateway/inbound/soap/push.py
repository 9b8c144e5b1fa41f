"""PushEvents: raw row, first answer and used nonce in one transaction, then the answer (T1 of DESIGN §4).

One transaction and not two: between a committed raw row and a second commit with the answer the worker could apply
the batch, and our own look-up would then call its events duplicates (docs/adr/0042).
"""

import asyncio
import dataclasses
import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from adapters._kit import xml
from adapters._kit.soap import names
from adapters._kit.xml import Element
from gateway.accounts import AccountTx, GatewayStore
from gateway.inbound.soap import sequence
from gateway.inbound.soap.faults import EVENT_CODES, SoapFault
from gateway.inbound.soap.judge import EventOutcome, Judge, Judged
from gateway.inbound.soap.request import SoapRequest, written
from gateway.log import logger
from schemas.errors import Misunderstood
from schemas.ids import Sha256, push_feed
from schemas.message import Inbound, NewInbound
from schemas.ports.carrier import ContractPush
from schemas.tracking import Push

KIND: Final = "soap"
CONTENT_DIGEST: Final = "x-content-sha256"
"""Name in the stored headers: digest of the canonical body element, by which a repetition is recognised."""
_IN_THREAD: Final = 64 * 1024
"""Bytes from which reading goes to a thread: 500 events take about 40 ms, and the loop has other callers."""
_LOG: Final = logger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class _Taken:
    """How the transaction ended: the row, and the answer, which is missing where the batch could not be read."""

    row: Inbound
    answer: bytes
    repeated: bool


class PushEvents:
    """Takes batches of events."""

    def __init__(self, store: GatewayStore, *, accepting: Callable[[], bool], ring: Callable[[], None]) -> None:
        """Take the store, whether the house takes news now, and the bell of the worker that applies it."""
        self._store = store
        self._accepting = accepting
        self._ring = ring

    async def __call__(self, request: SoapRequest) -> Element:
        """Answer one batch. Raises SoapFault."""
        reader = request.reader
        if reader is None:
            raise SoapFault("403.01", "this account speaks for no carrier")
        if xml.text(request.body, "sender") != request.key.name:
            raise SoapFault("403.01", "sender is not the user name of the token")
        if not self._accepting():
            raise SoapFault("503.01")
        if len(request.raw) < _IN_THREAD:
            push, content = _read(reader, request)
        else:
            push, content = await asyncio.to_thread(_read, reader, request)
        inbound = _inbound(request, content)
        taken = await self._store.write(lambda tx: self._take(tx, request, inbound, push))
        if taken is None:
            raise SoapFault("401.02", "the nonce was used before")
        return _answer_of(taken, content, request)

    def _take(self, tx: AccountTx, request: SoapRequest, inbound: NewInbound, push: Push | None) -> _Taken | None:
        if not request.use_nonce(tx):
            return None
        row, new = tx.inbox.put(inbound)
        if not new and (row.kind != KIND or _content(row) != _content(inbound) or row.answer):
            return _Taken(row, row.answer, repeated=True)
        answer = b""
        if push is not None:
            judged = Judge(tx, inbound.peer).all(push.entries)
            answer = xml.write(_reply(push, judged, receipt=row.receipt, received_at=row.received_at))
            tx.inbox.set_answer(row.id, answer)
            feed = push_feed(inbound.peer)
            tx.feeds.put(sequence.after(tx.feeds.get(feed), push.sequence, now=request.now))
        if new:
            tx.after_commit(self._ring)
        return _Taken(row, answer, repeated=not new)


def _read(reader: ContractPush, request: SoapRequest) -> tuple[Push | None, Sha256]:
    """The batch and the digest of its content.

    None where our own reading fails: the raw row is then kept all the same, and a person sees it.
    """
    content = request.content
    try:
        return reader.read_push(request.raw, received_at=request.now), content
    except Misunderstood as error:
        raise SoapFault("400.02", error.detail) from error
    except Exception:
        _LOG.exception("a batch cannot be read", peer=str(request.key.peer), sha256=request.sha256)
        return None, content


def _inbound(request: SoapRequest, content: Sha256) -> NewInbound:
    peer = request.key.peer
    if peer is None:  # the caller has a reader, so it has a peer
        raise SoapFault("403.01")
    return NewInbound(
        peer=peer,
        kind=KIND,
        ext_id=xml.text(request.body, "batchId") or "",
        sha256=request.sha256,
        body=request.kept,
        headers=(("content-type", "text/xml"), ("x-principal", request.key.name), (CONTENT_DIGEST, content)),
        received_at=request.now,
        receipt=uuid.uuid4().hex,
        correlation_id=request.correlation_id,
    )


def _content(row: Inbound | NewInbound) -> str:
    return dict(row.headers).get(CONTENT_DIGEST, "")


def _answer_of(taken: _Taken, content: Sha256, request: SoapRequest) -> Element:
    if taken.row.kind != KIND or _content(taken.row) != content:
        raise SoapFault("409.01", f"batchId {taken.row.ext_id}")
    if not taken.answer:
        raise SoapFault("500.01", f"kept under receipt {taken.row.receipt}, but it could not be read")
    reply = xml.parse(taken.answer)
    told = xml.child(reply, "repeated")
    if told is not None:
        told.text = "true" if taken.repeated else "false"
    _LOG.info(
        "a batch came in",
        peer=str(request.key.peer),
        batch=taken.row.ext_id,
        state="repeated" if taken.repeated else "",
    )
    return reply


def _reply(push: Push, judged: Sequence[Judged], *, receipt: str, received_at: dt.datetime) -> Element:
    counts = Counter(one.outcome for one in judged)
    reply = xml.element("PushEventsResponse", names.CONTRACT)
    xml.add(reply, "batchId", push.batch_id)
    xml.add(reply, "receiptId", receipt)
    xml.add(reply, "receivedAt", written(received_at))
    xml.add(reply, "repeated", value=False)
    for outcome in EventOutcome:
        xml.add(reply, outcome.lower(), counts[outcome])
    results = xml.add(reply, "results")
    for one in judged:
        row = xml.add(results, "result")
        xml.add(row, "index", one.index)
        xml.add_some(row, "eventId", one.event_id)
        xml.add(row, "outcome", one.outcome)
        xml.add_some(row, "code", one.code)
        xml.add_some(row, "path", one.path[:500])
        if one.code:
            told = f"{EVENT_CODES.get(one.code, '')} {one.what}".strip()
            xml.add(row, "message", xml.printable(told)[:500])
    return reply
