"""The authority, the unit's key, an approved document."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from scanning import building
from scanning.approved import PdfA
from scanning.assemble import Leaf
from scanning.page import PageSource
from scanning.structure import FileKind
from scanning.verify import judge
from tests.pages.seal.authority import UNIT, Pair, World, running_authority, softhsm_is_there, token_with


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The certification and time-stamp authority, up for the whole session."""
    with running_authority(tmp_path_factory.mktemp("authority")) as up:
        yield up


@pytest.fixture
def authority(world: World) -> Iterator[World]:
    """The authority in its best mood, whatever a test did to it."""
    yield world
    world.away = world.garbage = False
    world.hold.set()


@pytest.fixture(scope="session")
def unit(world: World) -> Pair:
    """The unit's key and certificate."""
    return world.issue(UNIT, world.middle)


@pytest.fixture(scope="session")
def approved(tmp_path_factory: pytest.TempPathFactory) -> PdfA:
    """A small approved document of two pages."""
    folder = tmp_path_factory.mktemp("approved")
    leaves = []
    for n in range(2):
        path = folder / f"{n}.jpg"
        Image.new("L", (620, 877), 200 + n).save(path)
        leaves.append(Leaf(PageSource(path, FileKind.JPEG), dpi=75, skew_deg=0.0))
    building.build(leaves, folder / "document.pdf", identifier="k", title="Hồ sơ mẫu")
    return judge(folder / "document.pdf", flavour="2b")


@pytest.fixture(scope="session")
def token(world: World, unit: Pair) -> Path:
    """A SoftHSM token with the unit's key. The library reads its configuration once in a process."""
    if not softhsm_is_there():
        pytest.skip("SoftHSM and pkcs11-tool are not installed: see packaging/system-packages-test.txt")
    conf = token_with(world, unit)
    os.environ["SOFTHSM2_CONF"] = str(conf)
    return conf
