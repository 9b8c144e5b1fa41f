"""``lienthong carriers`` as an operator types it: prices, lists beside our own rows, numbers; against a sandbox."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters._kit.sandbox.process import SandboxProcess
from schemas.ids import PeerId
from tests.flows.command import House, house
from tests.flows.news import CODE, world

__all__ = ["house", "world"]  # fixtures: used by name only

pytestmark = pytest.mark.flow
PEER = PeerId("vnpost")


@pytest.fixture
async def peer(house: House, tmp_path: Path) -> AsyncIterator[SandboxProcess]:
    """The commercial interface, switched on in the house's settings."""
    async with SandboxProcess(PEER, ledger=tmp_path / "vnpost.jsonl") as sandbox:
        told = {"enabled": True, **sandbox.settings, "address_codes": "province_only"}
        lines = [f"{name} = {json.dumps(value)}" for name, value in told.items()]
        with house.settings.open("a", encoding="utf-8") as settings:
            settings.write(f"\n[peers.{PEER}]\n" + "\n".join(lines) + "\n")
        yield sandbox


@pytest.mark.slow
async def test_a_carriers_list_is_laid_beside_our_own_rows(house: House, peer: SandboxProcess) -> None:
    ours = "EL000000005VN"
    await peer.control.event(number=ours, reference=CODE, code="100", at="2026-11-18T09:00:00+07:00")
    said = await house.says("carriers", "list", PEER, ours, "EL000000014VN", "--json")
    assert said.code == 4, said.err
    assert said.json["missing"] == ["EL000000014VN"]
    (line,) = said.json["orders"]
    assert (line["order"]["number"], line["ours"], line["verdict"]) == (ours, "in_transit", "LỆCH")
    shown = await house.says("carriers", "list", PEER, ours)
    assert "LỆCH" in shown.out
    nobody = await house.says("carriers", "list", PEER)
    assert (nobody.code, "name the items" in nobody.err) == (3, True), "never a list of nothing"
    places = await house.says("carriers", "places", PEER, "ward", "3610", "--json")
    assert [place["name"] for place in places.json] == ["Phường Thử", "Xã Mẫu"]
    unknown = await house.says("carriers", "places", PEER, "ward", "--tier", "two_tier")
    assert unknown.code == 3


@pytest.mark.slow
async def test_prices_numbers_and_refusals_by_hand(house: House, peer: SandboxProcess) -> None:
    left = await house.says("carriers", "numbers", "bd-thu", "--first", "48000000", "--last", "48000009", "--json")
    assert left.json == {"unit": "bd-thu", "service": "EE", "left": 10}
    half = await house.says("carriers", "numbers", "bd-thu", "--first", "48000000")
    assert half.code == 1
    nobody = await house.says("carriers", "call-off", "999", "to_office", "--reason", "thử")
    assert nobody.code == 2
    not_offered = await house.says("carriers", "announce", PEER, CODE, "--bring")
    assert (not_offered.code, "Registering" in not_offered.err) == (1, True)
    off = await house.says("carriers", "price", "vnpost_hcc", CODE)
    assert off.code == 1
    again = await house.says("carriers", "reprove", PEER, "--json")
    assert again.json == {"peer": PEER, "reopened": 0}
