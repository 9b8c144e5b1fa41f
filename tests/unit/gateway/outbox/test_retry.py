"""What the ending of a try means, without a clock and without a peer."""

import datetime as dt

import hypothesis
import hypothesis.strategies as st
import pytest

from adapters.manifest import OnUnknown
from gateway.outbox import retry
from gateway.outbox.retry import RetryPolicy
from schemas.errors import (
    Applied,
    CallError,
    Duplicate,
    Misunderstood,
    Outage,
    Refused,
    Throttled,
    Transient,
    Unauthorised,
    Unknown,
)
from schemas.message import AttemptClass, MessageState
from schemas.ports.message_stores import Verdict

NOW = dt.datetime(2026, 11, 16, 1, 0, tzinfo=dt.UTC)
POLICY = RetryPolicy()
LAST = len(POLICY.delays) + POLICY.daily
FULL = 0.999_999
S, C = MessageState, AttemptClass

RETRYABLE = (
    Outage("down"),
    Transient("busy"),
    Throttled("slow"),
    Unauthorised("key"),
    Misunderstood("?"),
    Unknown("cut"),
)


def after(error: Exception, *, tries: int = 1, unknown: OnUnknown = OnUnknown.RESEND, jitter: float = 1.0) -> Verdict:
    return retry.after(error, tries=tries, unknown=unknown, policy=POLICY, now=NOW, jitter=jitter)


@pytest.mark.parametrize(
    ("error", "state", "outcome"),
    [
        (Outage("down"), S.PENDING, C.OUTAGE),
        (Transient("busy"), S.PENDING, C.TRANSIENT),
        (Throttled("slow"), S.PENDING, C.THROTTLED),
        (Unauthorised("key"), S.PENDING, C.UNAUTHORISED),
        (Refused("no"), S.REFUSED, C.REFUSED),
        (Duplicate("again"), S.DELIVERED, C.DUPLICATE),
        (Misunderstood("?"), S.UNKNOWN, C.MISUNDERSTOOD),
        (Unknown("cut off"), S.UNKNOWN, C.UNKNOWN),
        (CallError("new kind"), S.UNKNOWN, C.UNKNOWN),
        (ZeroDivisionError("a bug of an adapter"), S.UNKNOWN, C.UNKNOWN),
    ],
)
def test_each_ending_has_its_state(error: Exception, state: MessageState, outcome: AttemptClass) -> None:
    verdict = after(error)
    assert (verdict.state, verdict.outcome) == (state, outcome)
    assert (verdict.next_try_at is None) is (state in (S.REFUSED, S.DELIVERED))


def test_the_delays_are_those_of_the_design() -> None:
    waits = [after(Outage("down"), tries=n).next_try_at for n in range(1, LAST + 2)]
    seconds = [None if at is None else (at - NOW).total_seconds() for at in waits]
    assert seconds == [10, 60, 300, 1800, 7200, 21600, *[86400] * 7, None]
    assert after(Outage("down"), tries=LAST + 1).state is S.PARKED


@hypothesis.given(st.sampled_from(RETRYABLE), st.integers(1, LAST), st.floats(0, FULL))
def test_jitter_only_shortens_and_nothing_is_given_up_early(error: CallError, tries: int, jitter: float) -> None:
    verdict = after(error, tries=tries, jitter=jitter)
    base = POLICY.delay(tries)
    assert base is not None
    assert verdict.next_try_at is not None
    assert NOW <= verdict.next_try_at <= NOW + base
    assert verdict.state in (S.PENDING, S.UNKNOWN)


@pytest.mark.parametrize("kind", [Throttled, Transient, Outage, Unknown])
def test_retry_after_is_never_undercut(kind: type[CallError]) -> None:
    error = kind("wait", retry_after_s=900)
    assert after(error, jitter=0.0).next_try_at == NOW + dt.timedelta(seconds=900)


def test_an_unknown_outcome_parks_where_the_manifest_says_so_and_a_known_one_does_not() -> None:
    parked = after(Unknown("cut off"), unknown=OnUnknown.PARK)
    assert (parked.state, parked.next_try_at, parked.applied) == (S.PARKED, None, Applied.MAYBE)
    assert after(Outage("down"), unknown=OnUnknown.PARK).state is S.PENDING
    assert after(Unknown("cut off"), unknown=OnUnknown.ASK).state is S.UNKNOWN


def test_what_may_have_been_applied_is_never_pending() -> None:
    """PENDING resends without asking: it is right only where the peer surely does not have it."""
    for error in RETRYABLE:
        verdict = after(error)
        assert (verdict.state is S.PENDING) is (error.applied is Applied.NO)


def test_the_verdict_keeps_what_the_peer_said() -> None:
    verdict = after(Refused("sai mã đơn vị", status=422, code="E42"))
    assert (verdict.status, verdict.peer_code, verdict.detail) == (422, "E42", "sai mã đơn vị")
    assert after(ZeroDivisionError("x")).detail == "ZeroDivisionError: x"


@pytest.mark.parametrize(("applied", "state", "due"), [(True, S.DELIVERED, None), (False, S.PENDING, NOW)])
def test_the_peers_answer_about_an_earlier_try(applied: bool, state: MessageState, due: dt.datetime | None) -> None:
    verdict = retry.after_asking(applied, tries=1, policy=POLICY, now=NOW, jitter=1.0)
    assert (verdict.state, verdict.next_try_at, verdict.outcome) == (state, due, C.ASKED)


def test_a_peer_that_cannot_tell_is_asked_again_and_then_a_person() -> None:
    asked = [retry.after_asking(None, tries=n, policy=POLICY, now=NOW, jitter=1.0) for n in range(1, 8)]
    assert [verdict.state for verdict in asked] == [*[S.UNKNOWN] * len(POLICY.delays), S.PARKED]
    assert [verdict.next_try_at for verdict in asked] == [*(NOW + delay for delay in POLICY.delays), None]


@pytest.mark.parametrize("error", [Outage("down"), Refused("no"), Duplicate("what?"), ZeroDivisionError("bug")])
def test_a_question_that_fails_says_nothing_about_the_earlier_try(error: Exception) -> None:
    """A refused question is no refused message, and an outage while asking never makes it pending."""
    verdict = retry.after_failed_asking(error, tries=1, policy=POLICY, now=NOW, jitter=1.0)
    assert (verdict.state, verdict.applied) == (S.UNKNOWN, Applied.MAYBE)
    assert verdict.next_try_at == NOW + POLICY.delays[0]


def test_every_class_of_a_call_error_is_known() -> None:
    def family(kind: type[CallError]) -> set[type[CallError]]:
        return {kind}.union(*(family(child) for child in kind.__subclasses__()))

    kinds = {kind for kind in family(CallError) if kind.__module__ == CallError.__module__} - {CallError}
    assert {retry.classify(kind("x")).name for kind in kinds} == {kind.__name__.upper() for kind in kinds}
