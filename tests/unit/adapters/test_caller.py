"""What proves a carrier that does not sign: constant secrets, addresses, and nothing at all."""

import pytest

from adapters._kit.caller import Caller
from schemas.errors import BadConfiguration
from tests.unit.adapters.carriers import callback, pushing, registry


def door(kind: str, *secrets: str, header: str = "authorization", query: str = "key") -> Caller:
    return Caller(kind, secrets=secrets, header=header, query=query)


@pytest.mark.parametrize(
    ("given", "proven"),
    [("present", True), ("Bearer present", True), ("next", True), ("", False), ("PRESENT", False), ("ký\udcff", False)],
)
def test_a_secret_in_a_header_is_the_present_or_the_next_one(given: str, proven: bool) -> None:
    told = callback("ems", b"{}", headers=[("authorization", given)])
    assert door("header", "present", "next").at_the_door(told) is proven


def test_a_secret_in_the_address_is_taken_from_its_own_parameter_only() -> None:
    proof = door("query", "present", query="hash")
    assert proof.at_the_door(callback("ghtk", b"{}", query=[("hash", "present")]))
    assert not proof.at_the_door(callback("ghtk", b"{}", query=[("key", "present")]))
    assert not proof.at_the_door(callback("ghtk", b"{}", headers=[("authorization", "present")]))


@pytest.mark.parametrize("kind", ["header", "query", "addresses", "body", "none"])
def test_without_a_secret_or_a_network_nothing_is_ever_proven(kind: str) -> None:
    told = callback("ems", b"{}", headers=[("authorization", "")], query=[("key", "")], remote="203.0.113.7")
    assert not door(kind, "", "").at_the_door(told)


@pytest.mark.parametrize(
    ("remote", "proven"),
    [("203.0.113.7", True), ("2001:db8::1", True), ("203.0.114.7", False), ("", False), ("unix:", False)],
)
def test_an_allowed_network_address_proves_a_push(remote: str, proven: bool) -> None:
    port = pushing("ghn", webhook_proof="addresses", webhook_addresses=["203.0.113.0/24", "2001:db8::/32"])
    assert port.verify_header(callback("ghn", b"{}", remote=remote)) is proven


def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(BadConfiguration, match="webhook_addresses"):
        registry("ghn", webhook_proof="addresses", webhook_addresses=["203.0.113.1/24"])


def test_a_carrier_that_proves_nothing_is_never_believed_at_the_door() -> None:
    port = pushing("ghn", webhook_secret="secret", webhook_addresses=["0.0.0.0/0"])
    told = callback("ghn", b"{}", query=[("key", "secret")], remote="203.0.113.7")
    assert not port.verify_header(told)
