"""What the README and the sample settings tell is so: commands, paths, links, pictures, names of settings."""

import asyncio
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from adapters.registry import Registry, manifests
from gateway import config
from gateway.cli.main import COMMANDS
from gateway.clock import SystemClock
from schemas.errors import BadConfiguration

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = ROOT / "packaging" / "lienthong.example.toml"
MOST_BYTES = 200_000
"""Of one picture: a page with a few of them must open fast on a thin line."""


def test_links_and_pictures_lead_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", README) if not link.startswith("http")]
    assert len(links) > 8
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_places_in_backticks_are_there() -> None:
    tops = r"(?:gateway|adapters|scanning|tracking|schemas|tests|benchmarks|docs|packaging)"
    places = re.findall(rf"`({tops}/[\w./*-]*)`", README)
    assert places
    assert [place for place in places if not list(ROOT.glob(place.rstrip("/")))] == []


def test_pictures_are_small() -> None:
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > MOST_BYTES] == []
    assert [picture.name for picture in pictures if f"docs/images/{picture.name}" not in README] == []


def test_commands_exist() -> None:
    told = set(re.findall(r"\blienthong ([a-z]+)", README)) - {"command"}
    assert told
    assert told - set(COMMANDS) == set()
    targets = set(re.findall(r"(?:`|    )make ([a-z]+)", README))
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"run", "test"} <= targets
    assert targets - set(re.findall(r"make ([a-z]+)\t?", listed)) - {"help"} == set()


async def test_the_sample_settings_are_accepted() -> None:
    settings = config.load(EXAMPLE, {})
    assert settings.https
    every = {name: {**told, "enabled": True} for name, told in settings.peers.items() if name != "edxml"}
    registry = Registry.load(every, clock=SystemClock())
    assert {peer.manifest.name for peer in registry.peers} == set(manifests()) - {"loopback", "edxml"}
    with pytest.raises(BadConfiguration, match="pinned_certificates"):  # a file that only the customer has
        Registry.load({"edxml": {**settings.peers["edxml"], "enabled": True}}, clock=SystemClock())
    on = Registry.load(settings.peers, clock=SystemClock())
    assert {peer.manifest.name for peer in on.peers} == {"dvcqg", "lien_thong", "vnpost_hcc", "postal_soap"}


async def test_a_misspelt_setting_of_the_sample_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(EXAMPLE.read_text("utf-8").replace("consumer_key", "consumer_kay"), "utf-8")
    with pytest.raises(BadConfiguration, match="consumer_kay"):
        Registry.load(config.load(wrong, {}).peers, clock=SystemClock())


def test_the_readmes_excerpt_of_the_settings_is_part_of_the_sample() -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", README, flags=re.S)
    whole = tomllib.loads(EXAMPLE.read_text("utf-8"))
    for peer, told in tomllib.loads(block)["peers"].items():
        assert told.items() <= whole["peers"][peer].items()


@pytest.mark.flow
async def test_a_taken_port_is_a_sentence_and_nothing_is_started(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "gateway", "demo", "--port", str(port)),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await asyncio.wait_for(process.communicate(), 60)
    finally:
        server.close()
        await server.wait_closed()
    assert process.returncode == 3
    assert f"Cổng {port} đang có chương trình khác dùng" in said.decode()
    assert "Traceback" not in said.decode()
    assert list(tmp_path.iterdir()) == []
