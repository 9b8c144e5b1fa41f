"""What every operation must do that changes something at a peer: when it goes well, and in each way it goes wrong."""

import pytest

from adapters._kit.http import recording
from adapters.manifest import Idempotency, OnUnknown
from schemas.errors import (
    Applied,
    CallError,
    Duplicate,
    Misunderstood,
    Outage,
    Refused,
    Throttled,
    Transient,
    Unknown,
)
from schemas.ids import PeerId
from schemas.message import Operation
from schemas.ports.carrier import Answer, OutcomeQuery
from tests.contract.adapters.bench import SOON, RealClock, closed_port, within
from tests.contract.adapters.conftest import Make
from tests.contract.adapters.peers import MANIFESTS, SENDING, Send, sends

every = pytest.mark.parametrize(("peer", "operation"), sends())
wired = pytest.mark.parametrize(("peer", "operation"), sends(wire_only=True))


async def fails(kind: type[CallError], send: Send) -> CallError:
    with pytest.raises(CallError) as caught:
        await send()
    assert type(caught.value) is kind, f"{caught.value!r} instead of {kind.__name__}"
    return caught.value


@every
async def test_a_good_message_is_applied_once(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    assert await send() is not None
    assert await bench.hands.applied(SENDING[operation]) == before + 1


@every
async def test_a_refusal_is_final_and_changes_nothing(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    await bench.hands.fault("refuse", SENDING[operation])
    error = await fails(Refused, send)
    assert error.applied is Applied.NO
    assert error.detail, "a refusal tells its reason"
    assert await bench.hands.applied(SENDING[operation]) == before


@every
async def test_an_html_503_is_transient(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    await bench.hands.fault("html_503", SENDING[operation])
    assert (await fails(Transient, send)).status == 503
    assert await bench.hands.applied(SENDING[operation]) == before


@every
async def test_a_reply_lost_after_applying_is_unknown(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    await bench.hands.fault("reply_lost", SENDING[operation])
    assert (await fails(Unknown, send)).applied is Applied.MAYBE
    assert await bench.hands.applied(SENDING[operation]) == before + 1


@every
async def test_half_a_reply_is_unknown(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    await bench.hands.fault("half_reply", SENDING[operation])
    await fails(Unknown, send)
    assert await bench.hands.applied(SENDING[operation]) == before + 1


@every
async def test_a_repetition_does_what_the_manifest_says(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    rule = MANIFESTS[peer].rule(operation)
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    before = await bench.hands.applied(SENDING[operation])
    await bench.hands.fault("reply_lost", SENDING[operation])
    await fails(Unknown, send)
    try:
        await send()
    except Duplicate:
        assert rule.idempotency is not Idempotency.NONE, (
            "the peer recognises a repetition; the manifest says it does not"
        )
    after = await bench.hands.applied(SENDING[operation])
    if rule.idempotency is Idempotency.KEYED:
        assert after == before + 1, "a keyed operation was applied twice"
    if rule.idempotency is Idempotency.NONE:
        assert after == before + 2, "applied once only: then the manifest may say `keyed`"


@wired
async def test_a_black_hole_is_unknown_after_its_deadline(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    await (await bench.sender(operation))()  # logged in, so that only the operation itself is slow
    send = await bench.sender(operation, **SOON)
    await bench.hands.fault("black_hole", SENDING[operation])
    before = await bench.hands.applied(SENDING[operation])
    await within(15.0, lambda: fails(Unknown, send))
    assert await bench.hands.applied(SENDING[operation]) == before


@wired
async def test_a_throttled_message_tells_how_long_to_wait(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    await bench.hands.fault("throttle", SENDING[operation])
    assert (await fails(Throttled, send)).retry_after_s == 7.0


@wired
async def test_an_error_without_a_word_is_unknown(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    await bench.hands.fault("server_error", SENDING[operation])
    await fails(Unknown, send)


@wired
async def test_a_web_page_with_200_is_misunderstood_and_kept(
    peer: PeerId, operation: Operation, bench_of: Make
) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation)
    await bench.hands.fault("html_200", SENDING[operation])
    assert b"<html>" in (await fails(Misunderstood, send)).raw


@wired
async def test_nobody_there_is_an_outage(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    assert bench.told is not None
    nowhere = f"http://127.0.0.1:{closed_port()}"
    moved = {
        name: value.replace(bench.told["url"], nowhere)
        for name, value in bench.settings.items()
        if isinstance(value, str)
    }
    send = await bench.sender(operation, **moved)
    assert (await fails(Outage, send)).applied is Applied.NO


@wired
async def test_every_exchange_is_kept_without_secrets(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    bench = await bench_of(peer)
    send = await bench.sender(operation, total_timeout_s=19.0)  # a new registry: the log-in is kept too
    with recording() as exchanges:
        await send()
    assert exchanges[-1].status == 200
    assert exchanges[-1].reply, "the reply is kept"
    secrets = [
        str(bench.settings[spec.name])
        for spec in bench.manifest.settings
        if spec.secret and bench.settings.get(spec.name)
    ]
    assert secrets, "a sandbox wants credentials, or this test proves nothing"
    for exchange in exchanges:
        kept = exchange.url.encode() + exchange.request + exchange.reply
        assert not any(secret.encode() in kept for secret in secrets), exchange


@pytest.mark.parametrize(
    ("peer", "operation"),
    [(peer, operation) for peer, operation in sends() if MANIFESTS[peer].rule(operation).unknown is OnUnknown.ASK],
)
async def test_asking_never_denies_what_was_applied(peer: PeerId, operation: Operation, bench_of: Make) -> None:
    """The peer may say that it cannot tell; it must not say "not applied" of what it has, nor "applied" of nothing."""
    bench = await bench_of(peer)
    payload, send = await bench.message(operation)
    query = bench.port(OutcomeQuery)
    since = RealClock().now()
    await bench.hands.fault("html_503", SENDING[operation])
    await fails(Transient, send)
    assert await query.ask(operation, payload, since=since) is not Answer.APPLIED
    await bench.hands.fault("reply_lost", SENDING[operation])
    await fails(Unknown, send)
    assert await query.ask(operation, payload, since=since) is not Answer.NOT_APPLIED
