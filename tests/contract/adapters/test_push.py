"""Carriers that call us: what is unproven is not believed, what cannot be read is said so."""

import pytest

from adapters.manifest import AT_THE_DOOR
from schemas.errors import CallError, Misunderstood, Refused
from schemas.ids import PeerId
from schemas.ports.carrier import TrackingPush
from schemas.wire import Callback
from tests.contract.adapters import records
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import MANIFESTS, with_port

pushes = pytest.mark.parametrize("peer", with_port("TrackingPush"))


def callback(peer: PeerId, body: bytes, *headers: tuple[str, str]) -> Callback:
    return Callback(peer=peer, headers=headers, query=(), body=body, received_at=records.NOW)


@pushes
async def test_a_push_without_its_signature_is_not_proven(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    webhook = MANIFESTS[peer].webhook
    assert webhook is not None, "a peer that pushes says in its manifest how it proves itself"
    if webhook.signature in AT_THE_DOOR:
        assert not bench.port(TrackingPush).verify_header(callback(peer, b"[]"))


@pushes
@pytest.mark.parametrize("body", [b"", b"null", b"{", b"<html></html>", b"\xff\xfe"])
async def test_a_body_that_is_none_is_never_an_empty_batch(peer: PeerId, body: bytes, bench_of: Make) -> None:
    bench = await bench_of(peer)
    with pytest.raises(CallError) as caught:
        bench.port(TrackingPush).parse(callback(peer, body))
    assert isinstance(caught.value, Misunderstood | Refused)


@pushes
async def test_a_repetition_has_the_same_key(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    push = bench.port(TrackingPush)
    assert push.event_key(callback(peer, b"[1]")) == push.event_key(callback(peer, b"[1]"))
    assert push.event_key(callback(peer, b"[1]")) != push.event_key(callback(peer, b"[2]"))


@pushes
async def test_the_answer_is_the_one_that_the_manifest_promises(peer: PeerId, bench_of: Make) -> None:
    bench = await bench_of(peer)
    webhook = MANIFESTS[peer].webhook
    assert webhook is not None
    for repeated in (False, True):
        reply = bench.port(TrackingPush).answer(callback(peer, b"[]"), repeated=repeated)
        assert (reply.status, reply.content_type) == (webhook.status, webhook.content_type)
