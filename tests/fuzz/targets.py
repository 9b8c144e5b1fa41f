"""The parsers of what comes from outside, each a function of bytes that swallows the errors of ours and no other."""

import functools
import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

from adapters._kit import json, xml
from adapters._kit.json import Shape, Text, Whole
from adapters._kit.packing import NotPackedSo, Unpacker
from adapters._kit.sandbox.script import parse_script
from adapters._kit.soap.envelope import read_envelope
from adapters._kit.soap.fault import call_error, read_fault
from adapters.registry import Registry
from gateway.inbound.forms import actions, decisions, documents, handover
from gateway.inbound.forms.faults import parse
from gateway.inbound.forms.fields import Form
from schemas.errors import LienthongError
from schemas.ids import PeerId
from schemas.ports.carrier import ContractPush
from tests.contract.adapters import records
from tests.contract.adapters.recordings import goods, indexed
from tests.contract.adapters.test_malformed import TurningClock
from tests.fuzz.replies import Stage

RECORDED = Path(__file__).parents[1] / "recorded"
Target = Callable[[bytes], None]
FORMS: tuple[type[Form], ...] = (
    handover.HandoverForm,
    actions.ResultForm,
    actions.ItemActForm,
    actions.CorrectionForm,
    actions.AnswerForm,
    decisions.ReasonForm,
    decisions.CaseForm,
    documents.DocumentForm,
)


class Anything(Shape):
    """Every kind of field that a peer's shape has."""

    rows: tuple["Anything", ...] = ()
    text: Text = ""
    number: Whole = 0
    known: dict[str, str] | None = None


def _ours(read: Callable[[bytes], object]) -> Target:
    @functools.wraps(read)
    def swallow(raw: bytes) -> None:
        try:
            read(raw)
        except LienthongError:
            return

    return swallow


def _xml(raw: bytes) -> object:
    root = xml.parse(raw)
    xml.canonical(root)
    return [xml.path_of(one) for one in itertools.islice(root.iter(), 50)] and xml.write(root)


def _stream(raw: bytes) -> object:
    parts = [raw[place : place + 4096] for place in range(0, len(raw), 4096)]
    return sum(1 for _ in xml.each(parts, "{urn:x-lienthong:postal-tracking:1}event"))


def _envelope(raw: bytes) -> object:
    envelope = read_envelope(raw)
    fault = read_fault(envelope.body)
    return None if fault is None else call_error(fault, raw=raw, status=200, subject="fuzz")


def _unpack(raw: bytes) -> object:
    unpacker = Unpacker("gzip", most=1_000_000)
    try:
        size = len(unpacker.take(raw))
        unpacker.end()
    except NotPackedSo:
        return 0
    assert size <= 1_000_001
    return size


@functools.cache
def _pushed() -> ContractPush:
    told = {"enabled": True, "url": "http://sandbox.example/soap"}
    registry = Registry.load({PeerId("postal_soap"): told}, clock=TurningClock())
    return registry.port(PeerId("postal_soap"), ContractPush)


KIT: dict[str, Target] = {
    "xml": _ours(_xml),
    "xml stream": _ours(_stream),
    "soap envelope and fault": _ours(_envelope),
    "soap push": _ours(lambda raw: _pushed().read_push(raw, received_at=records.NOW)),
    "json": _ours(lambda raw: json.parse(Anything, raw)),
    "gzip": _ours(_unpack),
    "script": _ours(lambda raw: parse_script(raw.decode("utf-8", "replace")).times("refuse")),
    **{f"form {form.__name__}": _ours(functools.partial(parse, form)) for form in FORMS},
}
"""Parsers that belong to no peer."""


def seeds() -> list[bytes]:
    """Bodies that a parser can read, to begin from; the smallest of each peer and every broken one that was written."""
    found = [good.body for peer in indexed() for good in sorted(goods(peer), key=lambda one: len(one.body))[:4]]
    written = [file.read_bytes() for file in sorted(RECORDED.glob("*/malformed/*")) if file.stat().st_size < 20_000]
    return list({hashlib.sha256(raw).digest(): raw for raw in [*found, *written]}.values())


def stages(peer: PeerId) -> list[Stage]:
    """Every recorded reply of a peer, ready to be changed."""
    return [Stage(good) for good in goods(peer)]
