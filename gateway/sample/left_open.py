"""What the demo leaves for the person who looks: after a story that ends well there is nothing to decide.

One dossier that the post signed for and never took (D-01), one parcel with a code that no table explains (D-35), one
message that the portal was busy for and then refused, and pages without a cover sheet in the scanning queue.
"""

import asyncio
import datetime as dt
import functools
import shutil

from gateway.sample import province, requests
from gateway.sample.disagreements import LATE
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from gateway.sample.teller import Teller
from gateway.sample.watching import DidNotHappen
from schemas.numbers import s10

UNACCEPTED = 9101
REFUSED = 9102
COVERLESS = "khong-to-bia"
STRANGE = s10.mint("EE", province.S10_RANGES[1][2] + 2)
"""Item of a dossier of the past; the story itself uses the two before it."""
OFFICE = "990150"


async def leave(story: Teller) -> dict[str, str]:
    """Leave the work undone; returns the codes of the two dossiers by what is open about them."""
    now = story.clock.now()
    portal, post = story.sandboxes.of("dvcqg"), story.sandboxes.of("postal_soap")
    await post.event(number=STRANGE, code="ZZY", office=OFFICE, at=now.replace(microsecond=0).isoformat())
    await portal.chaos("html_503", "DongBoHoSoMC")
    await portal.chaos("refuse", "DongBoHoSoMC")
    refused = await _hand_over(story, REFUSED, now)
    await _pages_without_cover(story, refused)
    # The other dossier's messages must not take the refusal away.
    await story.until("thông điệp bị từ chối", functools.partial(_refused, story))
    unaccepted = await _hand_over(story, UNACCEPTED, now - LATE)
    return {"unaccepted": unaccepted, "refused": refused}


async def appeared(story: Teller) -> None:
    """Wait until the console shows the rest of it: two cases, and the document that nobody knows."""
    await story.until("D-01 và D-35 đang mở", functools.partial(_open, story, {"D-01", "D-35"}))
    await story.until("tài liệu không có tờ bìa", functools.partial(_waiting, story), within_s=60)


async def _hand_over(story: Teller, citizen: int, handed_at: dt.datetime) -> str:
    body = requests.handover(citizen, now=story.clock.now(), handed_at=handed_at, procedure="9.000004")
    answer = await story.api.post("/api/v1/handovers", body, key=f"left-{citizen}")
    if answer.status != 201:
        raise DidNotHappen(f"hồ sơ để lại: {answer.status} {answer.text[:300]}")
    return str(answer.json()["code"])


async def _pages_without_cover(story: Teller, code: str) -> None:
    """A batch whose first sheet, the cover, was left on the table."""
    folder = story.stage.folder / "drawn" / COVERLESS
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    pages = await asyncio.to_thread(draw_batch, [CoverFor(code, None, 2)], folder, kind="jpeg", seed=11, name="trang")
    pages[0].unlink()
    await asyncio.to_thread(folder.rename, story.stage.hot_folder / COVERLESS)


async def _open(story: Teller, rules: set[str]) -> bool:
    answer = await story.api.get("/api/v1/discrepancies")
    return rules <= {case["rule"] for case in answer.json()["discrepancies"]}


async def _refused(story: Teller) -> bool:
    answer = await story.api.get("/api/v1/messages?state=refused")
    return bool(answer.json()["messages"])


async def _waiting(story: Teller) -> bool:
    return bool((await story.api.get("/api/v1/scans")).json()["unassigned"])
