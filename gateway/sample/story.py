"""One dossier's way, from the post counter to the citizen's door and the national portal (the demo).

The story is told from outside: it talks to the gateway by its API and its console, to the sandboxes by their control
addresses, and lays files into the hot folder. It looks at ledgers and pages to see what happened. Every request that
it makes may be repeated, so a gateway that is killed and started again in between changes nothing but the time.
"""

import asyncio
import dataclasses
import datetime as dt
import time
from collections.abc import Awaitable, Callable

from gateway import config
from gateway.sample import disagreements, looking, papers, requests
from gateway.sample.load import load
from gateway.sample.teller import Teller, expect
from gateway.sample.watching import DidNotHappen
from gateway.storage.database import open_database
from schemas.errors import LienthongError

CITIZEN = 4242
HAND_OVER_KEY = f"story-{CITIZEN}"
"""Idempotency key of the story's own dossier."""
DELEGATED_CODE_START = "000.00.14.H99-"
STEPS_OF_THE_PORTAL = ["1", "2", "4", "9", "10"]


@dataclasses.dataclass(frozen=True, slots=True)
class Played:
    """One line of the table at the end."""

    no: int
    title: str
    ok: bool
    says: str
    seconds: float


class Story(Teller):
    """Plays every step once. ``stage`` has its sandboxes up; the gateway is started here."""

    now_playing = ""
    """Title of the step on the stage now."""
    on_serving: Callable[[], None] = staticmethod(lambda: None)
    """Called before the gateway's first start; the kill loop sets its trap here."""
    after_serving: Callable[[], object] = staticmethod(lambda: None)
    """Called when the gateway listens for the first time."""
    _planted: disagreements.Planted | None = None

    async def play(self) -> list[Played]:
        """Every step in turn; after one that failed the rest is told as not played."""
        steps: list[tuple[str, Callable[[], Awaitable[str]]]] = [
            ("Nạp dữ liệu mẫu, khởi động cổng", self.begin),
            ("Giao nhận tại quầy", self.hand_over),
            ("Giấy tờ: quét, tách, PDF/A", self.scan),
            ("Chặng đi: bưu điện đến cơ quan", self.first_leg),
            ("Cơ quan thụ lý, báo 4 và 9", self.at_the_office),
            ("Chặng về: SOAP, phát đến công dân", self.second_leg),
            ("Cổng DVCQG khớp từng bước", self.portal),
            ("Mâu thuẫn: phát hiện và tự đóng", self.disagree),
            ("Bàn trực: đăng nhập, dòng thời gian", self.console),
            ("Không mất, không trùng, nhật ký nguyên vẹn", self.account),
        ]
        played: list[Played] = []
        try:
            for no, (title, step) in enumerate(steps, start=1):
                if played and not played[-1].ok:
                    played.append(Played(no, title, False, "chưa diễn", 0.0))
                    continue
                self.now_playing = title
                played.append(await _timed(no, title, step))
        finally:
            await self.close()
        return played

    # --- the steps ---------------------------------------------------------------------------------------------------

    async def begin(self) -> str:
        """Catalogue, people and a past; then the gateway, and the address the post shall call."""
        settings = config.load(self.stage.settings_file, {})
        database = await asyncio.to_thread(open_database, settings.database_url, blobs=settings.blobs_folder)
        try:
            added = await load(database, settings, self.stage.secrets, clock=self.clock)
        finally:
            await database.close()
        started = time.monotonic()
        self.on_serving()
        await self.stage.serve()
        took = time.monotonic() - started
        await self.open()
        self.after_serving()
        await self.sandboxes.configure_post(self.stage)
        self._planted = await disagreements.plant(self)
        return f"{added} hồ sơ mẫu; cổng sẵn sàng sau {took:.1f} s tại {self.stage.url}"

    async def hand_over(self) -> str:
        """Faults all at once, the receipt, the same answer for the same key, 409 for another body."""
        body = requests.handover(CITIZEN, now=self.clock.now())
        wrong = {**body, "procedure": "12.34", "post_unit": None, "components": [], "surprise": 1}
        refused = await self.api.post("/api/v1/handovers", wrong)
        faults = [fault["path"] for fault in refused.json().get("faults", [])]
        expect(refused.status == 422 and len(faults) >= 4, f"422 với mọi lỗi cùng lúc, thấy {refused.status} {faults}")
        key = HAND_OVER_KEY
        first = await self.api.post("/api/v1/handovers", body, key=key)
        expect(first.status == 201, f"201, thấy {first.status}: {first.text[:300]}")
        again = await self.api.post("/api/v1/handovers", body, key=key)
        expect(again.body == first.body, "cùng khóa, cùng nội dung: câu trả lời đầu tiên")
        other = await self.api.post("/api/v1/handovers", {**body, "note": "khác"}, key=key)
        expect(other.status == 409, f"409 cho nội dung khác, thấy {other.status}")
        receipt = first.json()
        self.code, self.item = receipt["code"], receipt["item_number"]
        expect(self.code.startswith(DELEGATED_CODE_START), f"mã hồ sơ được cấp: {self.code}")
        expect(receipt["state"] == "IN_POST" and receipt["national"] == 1, f"IN_POST, thấy {receipt['state']}")
        due = dt.datetime.fromisoformat(receipt["due_at"])
        return f"{self.code}, bưu gửi {self.item}, hẹn trả dự kiến {due:%d/%m/%Y}; lỗi báo cùng lúc: {len(faults)}"

    async def scan(self) -> str:
        """JPEG and TIFF by the hot folder, a scanner's PDF by upload, one batch by the command line."""
        return await papers.play(self)

    async def first_leg(self) -> str:
        """Ordered at the post, delivered by its feed: the dossier waits for the unit's receipt, never jumps to 10."""
        hcc = self.sandboxes.of("vnpost_hcc")
        await self.until("đơn hàng đến bưu điện", lambda: looking.applied(hcc, "postOrder", self.code))
        await hcc.event(reference=self.code, number=self.item, code="2", text="Nhận gửi")
        await hcc.event(reference=self.code, number=self.item, code="4", text="Phát thành công")
        await self.until("sự kiện phát trong dòng thời gian", lambda: self.fold_is(self.item, "delivered"))
        before = (await self.dossier())["dossier"]
        expect(before["state"] == "IN_POST", f"chưa có biên nhận của cơ quan thì vẫn IN_POST, thấy {before['state']}")
        await self.sandboxes.of("lien_thong").event(reference=self.code, code="receive")
        await self.until("cơ quan ký nhận", lambda: self.state_is("ARRIVED"))
        return "đặt đơn HCC, phát thành công qua dòng thay đổi, cơ quan ký nhận: IN_POST → ARRIVED"

    async def at_the_office(self) -> str:
        """Accepted, worked on, done: 2, 4, 9."""
        office = self.sandboxes.of("lien_thong")
        for act, state in (("accept", "ACCEPTED"), ("process", "PROCESSING"), ("result", "RESULT_READY")):
            await office.event(reference=self.code, code=act)
            await self.until(f"một cửa báo {act}", lambda state=state: self.state_is(state))  # type: ignore[misc]  # default binds
        dossier = (await self.dossier())["dossier"]
        expect(dossier["due_final"] is True, "ngày hẹn trả chính thức từ khi tiếp nhận")
        return "một cửa báo 2, 4, 9 (danh sách → chi tiết → xác nhận)"

    async def second_leg(self) -> str:
        """The result goes home; the post calls us by SOAP; we ask it for the history; proof makes it 10."""
        body = {"post_unit": "bd-muong-khat", "signed_by": "Vì Văn Thương", "at": self.clock.now().isoformat()}
        sent = await self.api.post(f"/api/v1/dossiers/{self.code}/result", body)
        expect(sent.status == 200, f"giao kết quả cho bưu điện: {sent.status} {sent.text[:300]}")
        self.result_item = sent.json()["number"]
        hcc = self.sandboxes.of("vnpost_hcc")
        await self.until("đơn trả kết quả", lambda: looking.applied(hcc, "postOrder", self.code, at_least=2))
        post = self.sandboxes.of("postal_soap")
        await post.event(number=self.result_item, code="EMA", office="990140")
        await self.until("SOAP: chấp nhận gửi", lambda: self.state_is("RESULT_IN_POST"))
        await post.event(number=self.result_item, code="EDG", office="990140")
        signed = {"attempt": 1, "evidence": ["signature"], "recipient": "N.V.M."}
        await post.event(number=self.result_item, code="EMI", office="990140", **signed)
        await self.until("SOAP: phát thành công có chữ ký", lambda: self.state_is("RETURNED"))
        before = self.clock.now()
        asked = await self.api.post(f"/api/v1/items/{self.result_item}/ask", {})
        expect(asked.status == 202, f"hỏi bưu điện: {asked.status} {asked.text[:200]}")
        await self.until("GetItemHistory", lambda: self.asked_since(self.result_item, before))
        return f"kết quả {self.result_item}: PushEvents EMA, EDG, EMI + chữ ký → RETURNED; đã hỏi GetItemHistory"

    async def portal(self) -> str:
        """Created once, updated, each code once and in order, 10 with HinhThuc 1 and NgayTra."""
        portal = self.sandboxes.of("dvcqg")
        await self.until("cổng nhận mã 10", lambda: looking.portal_has(portal, self.code, "10"))
        row, creates = await looking.portal_row(portal, self.code)
        steps = await looking.portal_steps(portal, self.code)
        expect(creates == 1, f"tạo đúng một lần, thấy {creates}")
        expect(steps == STEPS_OF_THE_PORTAL, f"các bước 1,2,4,9,10 mỗi mã một lần, thấy {steps}")
        expect(row["HinhThuc"] == "1" and row["NgayTra"] != "", f"HinhThuc 1 và NgayTra, thấy {row.get('HinhThuc')}")
        return f"DongBoHoSoMC tạo 1 lần rồi cập nhật; tiến độ {','.join(steps)}; NgayTra {row['NgayTra']}"

    async def disagree(self) -> str:
        """Each planted disagreement is found, shown with evidence, and closes when its cause is gone."""
        if self._planted is None:
            raise DidNotHappen("nothing was planted")
        return await disagreements.settle(self, self._planted)

    async def console(self) -> str:
        """A person logs in and sees the timeline."""
        return await looking.walk_the_console(self.stage, self.code, clock=self.clock)

    async def account(self) -> str:
        """Every message delivered, nothing applied twice, the audit chain whole."""
        return await looking.account(self)


async def _timed(no: int, title: str, step: Callable[[], Awaitable[str]]) -> Played:
    started = time.monotonic()
    try:
        says, ok = await step(), True
    except LienthongError as error:
        says, ok = str(error), False
    except Exception as error:  # a demo tells what went wrong and goes on to the table
        says, ok = f"{type(error).__name__}: {error}", False
    return Played(no, title, ok, says, time.monotonic() - started)
