"""The console of the scanning operator and of the operator on duty: a real socket, the real store and desks."""

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData

from gateway.accounts import Principal, Role
from gateway.desk.portal import tell
from schemas.attachment import KeptAside
from schemas.discrepancy import Age
from schemas.ids import DossierId, PeerId, UnitId
from tests.contract.adapters.records import portal_answer
from tests.flows.edge_house import NOW, EdgeHouse, edge_house
from tests.flows.edge_rows import ID, attach, case, key_like, refuse


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


# --- the scanning operator -------------------------------------------------------------------------------------------


async def test_what_the_scan_line_could_not_decide_waits_with_its_reason_and_is_bound_by_a_person(
    house: EdgeHouse,
) -> None:
    receipt = await house.lodge()
    await attach(house, None)
    kept = KeptAside("k1", "b-1", "station-1", "scan-7.jpg", 2, "blank", "", "/kept", None, NOW)
    await house.store.write(lambda tx: tx.documents.set_aside(kept))
    async with house.browser("sohoa") as browser:
        page = await browser.get("/scans")
        assert "Không có tờ bìa cho biết các trang này thuộc hồ sơ nào." in page.text
        assert "Trang trắng." in page.text and "scan-7.jpg" in page.text
        assert key_like(page) == []
        fields = {"csrf": page.field("csrf"), "key": "e" * 64, "code": receipt["code"]}
        page = await browser.post("/scans/assign", fields)
        assert page.text_of("notice") == "Đã gắn tài liệu vào hồ sơ."
        assert not page.has("waiting")
    found = await house.store.read(lambda tx: tx.documents.of_dossier(DossierId(receipt["dossier"])))
    assert [document.key for document in found] == ["e" * 64]


async def test_files_go_up_by_the_form_only_with_the_sessions_token(house: EdgeHouse) -> None:
    async with house.browser("sohoa") as browser:
        page = await browser.get("/scans")
        for token, status in (("", 403), ("x", 403), (page.field("csrf"), 200)):
            form = FormData()
            form.add_field("csrf", token)
            form.add_field("files", b"%PDF-1", filename="a.pdf", content_type="application/pdf")
            answer = await browser.post("/scans", form)
            assert answer.status == status
    (batch,) = house.settings.hot_folder.iterdir()
    assert [path.read_bytes() for path in batch.iterdir()] == [b"%PDF-1"]


# --- the operator on duty --------------------------------------------------------------------------------------------


async def test_a_message_of_no_dossier_is_shown_like_any_other(house: EdgeHouse) -> None:
    principal = Principal("user:truc", "Cầm Văn Hịa", frozenset({Role.OPERATOR}), None)
    put = await house.store.write(
        lambda tx: tell(
            tx, PeerId("dvcqg"), portal_answer(), unit=UnitId("test-unit"), principal=principal, clock=house.clock
        )
    )
    async with house.browser("truc") as browser:
        listed = await browser.get("/messages")
        assert f'href="/messages/{put.id}"' in listed.text and "Trả lời câu hỏi trên Cổng DVC" in listed.text
        page = await browser.get(f"/messages/{put.id}")
        assert (page.status, page.text_of("message-state")) == (200, "Chờ gửi")


async def test_a_refused_message_is_seen_with_its_tries_and_sent_again(house: EdgeHouse) -> None:
    await house.lodge()
    number = await house.store.write(lambda tx: refuse(tx, PeerId("dvcqg"), house.clock.now()))
    async with house.browser("truc") as browser:
        listed = await browser.get("/messages?state=refused,parked,unknown")
        assert f'href="/messages/{number}"' in listed.text and ID not in listed.text
        page = await browser.get(f"/messages/{number}")
        assert page.text_of("message-state") == "Bị từ chối"
        assert "420 ms" in page.text and ID not in page.text and key_like(page) == []
        page = await browser.post(f"/messages/{number}/retry", {"csrf": page.field("csrf")})
        assert page.text_of("notice") == "Thông điệp được gửi lại ngay."
        assert page.text_of("message-state") == "Chờ gửi"


async def test_resolving_wants_a_reason(house: EdgeHouse) -> None:
    await house.lodge()
    number = await house.store.write(lambda tx: refuse(tx, PeerId("dvcqg"), house.clock.now()))
    async with house.browser("truc") as browser:
        page = await browser.get(f"/messages/{number}")
        token = page.field("csrf")
        page = await browser.post(f"/messages/{number}/resolve", {"csrf": token, "reason": " "})
        assert page.status == 422 and page.text_of("error-reason") == "Cần ít nhất 3 ký tự."
        page = await browser.post(f"/messages/{number}/resolve", {"csrf": token, "reason": "đã nhập tay trên Cổng"})
        assert page.text_of("message-state") == "Đã xử lý ngoài hệ thống"
        assert "đã nhập tay trên Cổng" in page.text and not page.has("retry")


async def test_raw_bytes_are_masked_for_operators_only_and_each_look_is_audited(house: EdgeHouse) -> None:
    await house.lodge()
    number = await house.store.write(lambda tx: refuse(tx, PeerId("dvcqg"), house.clock.now()))
    async with house.browser("truc") as browser:
        page = await browser.get(f"/messages/{number}/attempts/1")
    assert page.status == 200
    for secret in (ID, "abcdef123456", "bí mật lắm"):
        assert secret not in page.text
    assert "&lt;html&gt;" in page.text
    async with house.browser("gdv") as browser:
        assert (await browser.get(f"/messages/{number}/attempts/1")).status == 403
        assert (await browser.get("/messages")).status == 403
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    assert [row.act.who for row in rows if row.act.act == "message.raw_read"] == ["user:truc"]


async def test_a_discrepancy_is_seen_with_its_evidence_and_remedy_and_settled_with_a_reason(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    await house.store.write(lambda tx: tx.discrepancies.put(case(receipt["dossier"])))
    async with house.browser("truc") as browser:
        assert "Đã bàn giao nhưng bưu điện chưa chấp nhận" in (await browser.get("/")).text
        listed = await browser.get("/discrepancies")
        assert receipt["code"] in listed.text
        dossier = await browser.get(f"/dossiers/{receipt['code']}")
        assert dossier.has("case-D-01")
        page = await browser.get(f"/discrepancies/{'c' * 64}")
        assert page.text_of("remedy").startswith("Tra cứu bưu điện ngay")
        assert "giao lúc 09:00 cho 0990••••••12" in page.text and key_like(page) == []
        fields = {"csrf": page.field("csrf"), "act": "resolved", "reason": ""}
        refused = await browser.post(f"/discrepancies/{'c' * 64}", fields)
        assert refused.status == 422 and refused.has("error-reason")
        page = await browser.post(f"/discrepancies/{'c' * 64}", {**fields, "reason": "bưu cục đã gửi giấy nhận"})
        assert page.text_of("case-state") == "Đang chờ bên khác"
        assert "Cầm Văn Hịa đã đề nghị đóng việc này" in page.text_of("grave")
        for query in ("severity=3", "owner=C%E1%BA%A7m+V%C4%83n+H%E1%BB%8Ba", "rule=D-01", ""):
            assert (await browser.get(f"/discrepancies?{query}")).has("case-D-01"), query
        for query in ("severity=1", "owner=none", "rule=D-02", "shadow=1"):
            assert (await browser.get(f"/discrepancies?{query}")).has("nothing"), query
        ages = [age for age in Age if (await browser.get(f"/discrepancies?age={age}")).has("case-D-01")]
        assert len(ages) == 1
    async with house.browser("truc2") as browser:
        page = await browser.get(f"/discrepancies/{'c' * 64}")
        fields = {"csrf": page.field("csrf"), "act": "resolved", "code": "found", "reason": "đã gọi lại, đúng vậy"}
        page = await browser.post(f"/discrepancies/{'c' * 64}", fields)
        assert page.text_of("case-state") == "Đã xử lý"
        assert "Vàng Thị Mỷ" in page.text
        assert (await browser.get("/discrepancies")).has("nothing")
    async with house.browser("khac") as browser:
        assert (await browser.get(f"/discrepancies/{'c' * 64}")).status == 403


async def test_what_a_rule_on_trial_finds_is_shown_to_nobody_who_does_not_ask(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    tried = dataclasses.replace(case(receipt["dossier"]), shadow=True)
    await house.store.write(lambda tx: tx.discrepancies.put(tried))
    async with house.browser("truc") as browser:
        for address, shown in (("/", False), ("/discrepancies", False), ("/discrepancies?shadow=1", True)):
            assert (f"/discrepancies/{tried.id}" in (await browser.get(address)).text) is shown, address
    _, told = await house.json("GET", "/api/v1/discrepancies")
    assert told["discrepancies"] == []
    _, told = await house.json("GET", "/api/v1/discrepancies?shadow=1")
    assert [one["rule"] for one in told["discrepancies"]] == ["D-01"]
