"""A little rubbish for every parser in every run: no error but ours, and no memory out of proportion."""

import gzip
import itertools
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters._kit import xml
from schemas.ids import PeerId
from tests.contract.adapters.recordings import indexed
from tests.fuzz.replies import Stage
from tests.fuzz.targets import KIT, Target, seeds, stages

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
TOKENS = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"null", b"{}", b"[]", b'"', b"1e999", b"-0", b"99999999999999999999"),
    *(b"\\ud800", b"\\u0000", b"<!--", b"]]>", b"<![CDATA[", b"&#0;", b"&x;", b"<a>", b"/>", b"xmlns:a=''", b":"),
    *(b"0000-00-00", b"9999-12-31T23:59:60Z", b"20261345", "ế".encode(), "e\u0302\u0301".encode()),
)
PIECES = st.one_of(st.binary(max_size=8), st.sampled_from(TOKENS))
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES), max_size=4)
"""Where (as a part of the length), how many bytes go, and what comes instead."""


def edited(raw: bytes, edits: Sequence[tuple[float, int, bytes]]) -> bytes:
    """``raw`` with pieces of it replaced."""
    for where, gone, piece in edits:
        place = int(where * len(raw))
        raw = raw[:place] + piece + raw[place + gone :]
    return raw


SEEDS = seeds()


@pytest.mark.parametrize("name", KIT)
def test_a_parser_knows_no_error_but_ours(name: str) -> None:
    target = KIT[name]

    @QUICK
    @given(st.one_of(st.binary(max_size=200), st.builds(edited, st.sampled_from(SEEDS), EDITS)))
    def rubbish(raw: bytes) -> None:
        target(raw)

    rubbish()


@pytest.fixture(params=indexed())
def played(request: pytest.FixtureRequest) -> Iterator[list[Stage]]:
    """Every recorded reply of a peer."""
    made = stages(PeerId(request.param))
    yield made
    for one in made:
        one.close()


@pytest.mark.slow
def test_a_peers_translation_knows_no_error_but_ours(played: list[Stage]) -> None:
    @QUICK
    @given(st.integers(0, len(played) - 1), EDITS)
    def rubbish(place: int, edits: Sequence[tuple[float, int, bytes]]) -> None:
        played[place].play(edited(played[place].good.body, edits))

    for one in played:
        one.play(one.good.body)
    rubbish()


HOSTILE = {
    "deep lists": b"[" * 200_000,
    "deep objects": b'{"rows":[' * 100_000,
    "deep elements": b"<a>" * 300_000,
    "many keys": b"{" + b",".join(b'"k%d":1' % n for n in range(50_000)) + b"}",
    "many rows": b'{"rows":[' + b",".join([b'{"text":"x"}'] * 20_000) + b"]}",
    "many attributes": b"<a " + b" ".join(b'a%d="1"' % n for n in range(50_000)) + b"/>",
    "many elements": b"<a>" + b"<b/>" * 40_000 + b"</a>",
    "one long text": b'{"text":"' + b"x" * 1_000_000 + b'"}',
    "one long number": b'{"number":' + b"9" * 1_000_000 + b"}",
    "entities": b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;&y;&y;</a>',
    "a bomb": gzip.compress(b" " * 50_000_000),
}
EVENTS = b"<x/>" * 100_000
HUGE_PUSH = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b'<PushEvents xmlns="urn:x-lienthong:postal-tracking:1"><batchId>b</batchId><sender>s</sender>'
    b"<sentAt>2026-11-20T10:00:00+07:00</sentAt><events>" + EVENTS + b"</events></PushEvents></s:Body></s:Envelope>"
)
TIMES = 150
"""Bytes of Python for a byte of rubbish at most: a small dictionary is about 100 bytes for a row of 12."""
ALWAYS = 8 * 1024 * 1024


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("target", [KIT[name] for name in ("xml", "soap envelope and fault", "json", "gzip")])
def test_memory_stays_in_proportion(name: str, target: Target) -> None:
    raw = HOSTILE[name]
    tracemalloc.start()
    try:
        target(raw)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < ALWAYS + TIMES * len(raw)


def test_the_faults_of_a_huge_body_are_told_without_walking_it_for_each_of_them() -> None:
    """100,000 elements that nobody knows: with a walk for each fault this test would take minutes."""
    KIT["soap push"](HUGE_PUSH)
    body = xml.parse(HUGE_PUSH)[0][0]
    found = xml.load_schema("schemas.contract", "postal-tracking.xsd").violations(body)
    assert found
    assert [xml.path_of(one) for one in itertools.islice(body[-1], 99, 100)] == [
        "/Envelope/Body/PushEvents/events/x[100]"
    ]
