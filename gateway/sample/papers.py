"""The story's paper: drawn pages fall into the hot folder, are uploaded, and go through the command line."""

import asyncio
import json
import shutil
import sys
from pathlib import Path

from gateway.sample.pages.batch import Kind, draw_batch
from gateway.sample.pages.covers import CoverFor
from gateway.sample.teller import Teller
from gateway.sample.watching import DidNotHappen

SEED = 7
PAGES = 2
"""Inner sheets of each drawn dossier; the cover comes on top."""


async def play(story: Teller) -> str:
    """Four ways in, one broken neighbour; every document at its dossier."""
    others = await _other_codes(story)
    own = CoverFor(story.code, story.item, PAGES)
    jpeg, tiff, pdf = await asyncio.gather(
        _draw(story, "jpeg", [own]),
        _draw(story, "tiff", [CoverFor(code, None, PAGES) for code in others[:2]]),
        _draw(story, "pdf", [CoverFor(others[2], None, PAGES)]),
    )
    out = await _command_line(story, jpeg)
    (jpeg / "hong.jpg").write_bytes((jpeg / "lo-0001.jpg").read_bytes()[:4000])
    (jpeg / "khong-phai-anh.jpg").write_bytes(b"<html>503</html>")
    for folder in (jpeg, tiff):
        await asyncio.to_thread(folder.rename, story.stage.hot_folder / folder.name)
    answer = await story.api.upload("/api/v1/scans", tuple(sorted(pdf.iterdir())))
    if answer.status != 202:
        raise DidNotHappen(f"tải lên: {answer.status} {answer.text[:200]}")
    for code in (story.code, *others[:3]):
        await story.until(f"PDF/A của {code}", lambda code=code: _attached(story, code), within_s=60)  # type: ignore[misc]  # default binds
    aside = await story.until("tệp hỏng được để riêng", lambda: _aside(story), within_s=60)
    return f"JPEG, TIFF G4, PDF: 4 hồ sơ có PDF/A; để riêng {aside} tệp hỏng kèm lý do; dòng lệnh: {out}"


async def _other_codes(story: Teller) -> list[str]:
    """Three dossiers of the past that have no paper yet."""
    answer = await story.api.get("/api/v1/dossiers?q=&limit=50")
    codes = [line["code"] for line in answer.json()["dossiers"] if line["code"] != story.code]
    return codes[-3:]


async def _draw(story: Teller, kind: Kind, covers: list[CoverFor]) -> Path:
    folder = story.stage.folder / "drawn" / f"{kind}-{covers[0].code}"
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    await asyncio.to_thread(draw_batch, covers, folder, kind=kind, seed=SEED)
    return folder


async def _command_line(story: Teller, folder: Path) -> str:
    """The same pages through ``lienthong scan``, without a server."""
    out = story.stage.folder / "scan-out"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "scan", str(folder), "--out", str(out), "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, said = await process.communicate()
    if process.returncode != 0:
        raise DidNotHappen(f"lienthong scan: {process.returncode} {said.decode()[:300]}")
    documents = json.loads(told)["documents"]
    if [document["dossier_code"] for document in documents] != [story.code]:
        raise DidNotHappen(f"lienthong scan: {documents}")
    return f"{documents[0]['file']} ({documents[0]['conformance']})"


async def _attached(story: Teller, code: str) -> bool:
    return len((await story.dossier(code))["documents"]) >= 1


async def _aside(story: Teller) -> int | None:
    queue = (await story.api.get("/api/v1/scans")).json()
    broken = {row["source"] for row in queue["aside"]} & {"hong.jpg", "khong-phai-anh.jpg"}
    return 2 if len(broken) == 2 else None
