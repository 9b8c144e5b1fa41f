"""What the story looks at: ledgers of the sandboxes, pages of the console, the count at the end."""

import asyncio
import re
import sys
from typing import Any

from adapters._kit.sandbox.process import SandboxControl
from gateway.inbound.client import ApiClient
from gateway.sample.stage import Stage
from gateway.sample.teller import Teller, expect
from schemas.ports.clock import Clock


async def applied(control: SandboxControl, operation: str, key: str, *, at_least: int = 1) -> bool:
    """Whether an operation took effect for a key so many times."""
    return len([line for line in await control.applied(operation) if line["key"] == key]) >= at_least


async def portal_row(control: SandboxControl, code: str) -> tuple[dict[str, Any], int]:
    """The dossier as the portal last got it, and how often it was created."""
    lines = [line for line in await control.applied("DongBoHoSoMC") if line["key"] == code]
    creates = sum(line["data"]["mode"] == "create" for line in lines)
    return (lines[-1]["data"]["row"] if lines else {}), creates


async def portal_steps(control: SandboxControl, code: str) -> list[str]:
    """The codes of all progress steps, in the order in which the portal appended them."""
    lines = [line for line in await control.applied("CapNhatTienDoHoSoMC") if line["key"] == code]
    return [step["TrangThai"] for line in lines for step in line["data"]["steps"]]


async def portal_has(control: SandboxControl, code: str, national: str) -> bool:
    """Whether the portal has the code, as state and as step."""
    row, _ = await portal_row(control, code)
    return row.get("TrangThaiHoSo") == national and national in await portal_steps(control, code)


async def walk_the_console(stage: Stage, code: str, *, clock: Clock) -> str:
    """Log in as the operator on duty, search, open the dossier, look at cases and messages."""
    async with ApiClient(stage.url, key=None, clock=clock) as browser:
        page = await browser.get("/login")
        token = _hidden(page.text)
        fields = {**token, "name": "truc", "password": stage.secrets.console_password}
        home = await browser.submit("/login", fields)
        expect((home.status == 200 and "truc" in home.text.lower()) or "Trực" in home.text, f"đăng nhập: {home.status}")
        found = await browser.get(f"/dossiers?q={code[-4:]}")
        expect(code in found.text, "tìm theo đuôi mã")
        dossier = await browser.get(f"/dossiers/{code}")
        for word in ("Một cửa", "Bưu điện", "Cổng", "Số hóa"):
            expect(word in dossier.text, f"dòng thời gian có nguồn {word}")
        expect("099" not in re.sub(r"0990|099[0-9]••", "", _owner_number(dossier.text)), "số CCCD được che")
        cases = await browser.get("/discrepancies")
        messages = await browser.get("/messages")
        expect(cases.status == 200 and messages.status == 200, "danh sách mâu thuẫn và thông điệp")
        sizes = [len(page.body) for page in (home, dossier, cases, messages)]
    return f"đăng nhập, tìm, dòng thời gian 4 nguồn; trang lớn nhất {max(sizes) // 1024} KB"


def _owner_number(page: str) -> str:
    found = re.search(r"099[0-9•]{9,}", page)
    return found.group() if found else ""


def _hidden(page: str) -> dict[str, str]:
    """Hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


async def account(story: Teller) -> str:
    """Every message delivered (or settled by the person on duty), nothing applied twice, the audit chain whole."""

    async def settled() -> list[dict[str, Any]] | None:
        answer = await story.api.get("/api/v1/messages?limit=200")
        messages: list[dict[str, Any]] = answer.json()["messages"]
        return messages if all(message["state"] in ("delivered", "resolved") for message in messages) else None

    messages = await story.until("mọi thông điệp đã giao", settled)
    await _fetch_as_the_portal(story)
    twice = await applied_twice(story)
    expect(not twice, f"áp dụng hai lần: {twice}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "audit", "verify", "--config", str(story.stage.settings_file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    expect(process.returncode == 0, f"audit verify: {said.decode()[:300]}")
    by_hand = sum(message["state"] == "resolved" for message in messages)
    told = f"{len(messages) - by_hand} thông điệp đã giao" + (f", {by_hand} do người trực xử lý" if by_hand else "")
    return f"{told}, mất 0, áp dụng hai lần 0; chuỗi nhật ký nguyên vẹn"


async def _fetch_as_the_portal(story: Teller) -> None:
    """The address of a paper that the portal was told leads to the PDF."""
    row, _ = await portal_row(story.sandboxes.of("dvcqg"), story.code)
    told = [paper["DuongDanTaiTepTin"] for paper in row.get("TaiLieuNop", [])]
    expect(bool(told), "cổng được báo giấy tờ đã số hóa")
    answer = await story.api.get(told[0].removeprefix(story.stage.url))
    expect(answer.status == 200 and answer.body.startswith(b"%PDF-"), f"tải giấy tờ {told[0]}: {answer.status}")


async def applied_twice(story: Teller) -> list[str]:
    """What a peer applied twice: orders, creations, progress steps, dossiers of the axis."""
    twice = []
    orders = [
        (line["key"], line["data"].get("order", {}).get("ItemCode"))
        for line in await story.sandboxes.of("vnpost_hcc").applied("postOrder")
    ]
    twice += [f"postOrder {order}" for order in _repeated(orders)]
    portal = story.sandboxes.of("dvcqg")
    created = [line["key"] for line in await portal.applied("DongBoHoSoMC") if line["data"]["mode"] == "create"]
    twice += [f"DongBoHoSoMC {code}" for code in _repeated(created)]
    steps = [
        (line["key"], step["TrangThai"], step["ThoiDiemXuLy"], step["NoiDungXuLy"])
        for line in await portal.applied("CapNhatTienDoHoSoMC")
        for step in line["data"]["steps"]
    ]
    twice += [f"CapNhatTienDoHoSoMC {step}" for step in _repeated(steps)]
    axis = [line["key"] for line in await story.sandboxes.of("lien_thong").applied("syncDossier")]
    return twice + [f"syncDossier {code}" for code in _repeated(axis)]


def _repeated(keys: list[Any]) -> list[Any]:
    return sorted({key for key in keys if keys.count(key) > 1}, key=str)
