"""An acceptance survives kill -9 and an absent seal, and is carried out exactly once."""

import asyncio
import hashlib
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from gateway.workers.reviews import Reviews
from scanning.approved import PdfA, SealedPdf
from scanning.review import Edit, Op
from schemas.document import SealNote
from schemas.errors import SealingWaits
from tests.flows.edge_house import ATTACH, NOW, REVIEWS, EdgeHouse, edge_house
from tests.flows.review_child import WHO
from tests.flows.review_house import BATCH, Scanned, two_dossiers

pytestmark = [pytest.mark.pages, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]


async def killed(folder: Path, sheet: str, point: str) -> int:
    """Run the child to its death; its exit code."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.flows.review_child", str(folder), sheet, point),
        stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    async with asyncio.timeout(120):
        return await child.wait()


async def test_kill_9_on_the_way_of_an_acceptance_leaves_one_new_version(tmp_path: Path) -> None:
    async with edge_house(tmp_path) as house:
        desk = await two_dossiers(house)
        before = [(await desk.standing(which))[0] for which in (0, 1)]
        for n, sheet in enumerate(("lo-02.jpg#1", "lo-06.jpg#1")):
            await desk.desk.edit(BATCH, Edit(Op.ROTATE, sheet), expected=n, principal=WHO)
    for which, sheet, point in ((0, "lo-02.jpg#1", "written"), (1, "lo-06.jpg#1", "sent")):
        assert await killed(tmp_path, sheet, point) == -signal.SIGKILL
        async with edge_house(tmp_path) as house:
            desk = Scanned(house, desk.codes, desk.folder)
            (now,) = await desk.standing(which)
            assert (now == before[which]) is (point == "written"), "the store has it exactly when it was told"
            for _ in range(2):
                await house.app[REVIEWS].once()
            (after,) = await desk.standing(which)
            assert (after.version, after.replaces) == (2, (before[which].key,))
            desktop = await desk.desk.look(BATCH)
            assert desktop.review.pending == () and desktop.is_accepted(desktop.plan.paper_of(sheet))
            assert len(await desk.acts("document.accepted")) == which + 1
            assert [each.sheets_scanned for each in (await desk.dossier(which)).components] == [2, None]
            left = [path.name for path in (house.settings.data_folder / "reviewed").iterdir() if path.is_file()]
            assert left == []


class SealLater:
    """A sealer whose authority is away for a while; then it appends what stands for a seal."""

    def __init__(self) -> None:
        self.away = True

    async def seal(self, approved: PdfA, out: Path) -> SealedPdf:
        if self.away:
            raise SealingWaits("the authority is away")
        await asyncio.to_thread(shutil.copyfile, approved.path, out)
        with out.open("ab") as file:
            file.write(b"% a seal\n")
        data = out.read_bytes()
        note = SealNote("B-T", "UBND xã Mường Khắt", NOW)
        return SealedPdf(out, hashlib.sha256(data).hexdigest(), len(data), approved.flavour, note)


async def with_sealer(house: EdgeHouse, sealer: SealLater) -> Reviews:
    settings = house.settings
    return Reviews(
        settings.scan,
        store=house.store,
        attach=house.app[ATTACH],
        sealer=sealer,
        hot_folder=settings.hot_folder,
        data_folder=settings.data_folder,
        clock=house.clock,
    )


async def test_a_seal_that_is_away_holds_the_document_back_and_nothing_else(tmp_path: Path) -> None:
    async with edge_house(tmp_path) as house:
        desk = await two_dossiers(house)
        (before,) = await desk.standing(0)
        sealer = SealLater()
        reviews = await with_sealer(house, sealer)
        try:
            await reviews.desk.edit(BATCH, Edit(Op.ROTATE, "lo-02.jpg#1"), expected=0, principal=WHO)
            assert not await reviews.desk.accept(BATCH, "lo-02.jpg#1", expected=1, principal=WHO, reason="quét ngược")
            await reviews.once()
            assert await desk.standing(0) == (before,), "the old version stands until the new one is there"
            async with house.browser("sohoa") as browser:
                assert "Chờ ký số" in (await browser.get(f"/scans/{BATCH}/review")).text
            sealer.away = False
            await reviews.once()
            (after,) = await desk.standing(0)
            assert (after.version, after.sealed) == (2, "B-T")
            assert (await house.store.blobs.path(after.sha256)).read_bytes().endswith(b"% a seal\n")
        finally:
            await reviews.close()
