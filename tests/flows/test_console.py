"""The console as a person without scripts uses it: a real socket, real sessions, the real store and desks."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.sample import province
from tests.flows.edge_house import PASSWORD, Browser, EdgeHouse, edge_house
from tests.flows.edge_rows import ID, attach, key_like


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    async with edge_house(tmp_path) as made:
        yield made


# --- log-in ----------------------------------------------------------------------------------------------------------


async def test_a_stranger_is_sent_to_the_log_in_and_afterwards_to_where_they_wanted(house: EdgeHouse) -> None:
    async with house.browser() as browser:
        page = await browser.get("/dossiers?q=tua")
        assert page.path == "/login" and page.field("next") == "/dossiers?q=tua"
        page = await browser.login("gdv", next_page="/dossiers%3Fq%3Dtua")
        assert (page.status, page.path) == (200, "/dossiers")
        assert page.text_of("whoami") == "Lò Thị Ơi"


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(house: EdgeHouse) -> None:
    async with house.browser() as browser:
        form = await browser.get("/login")
        fields = {"csrf": form.field("csrf"), "next": "", "name": "gdv", "password": PASSWORD}
        page = await browser.post("/login", fields, allow_redirects=False)
        assert page.status == 303
        cookie = next(told for told in page.headers.getall("Set-Cookie") if told.startswith("lienthong="))  # type: ignore[attr-defined]  # aiohttp's headers are a multidict
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


async def test_behind_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    async with (
        edge_house(tmp_path, LIENTHONG_HTTP__PUBLIC_URL="https://lienthong.example") as house,
        house.browser() as browser,
    ):
        form = await browser.get("/login")
        token = form.field("csrf")
        fields = {"csrf": token, "next": "", "name": "gdv", "password": PASSWORD}
        page = await browser.post(
            "/login", fields, allow_redirects=False, headers={"Cookie": f"lienthong_login={token}"}
        )
        told = page.headers.getall("Set-Cookie")  # type: ignore[attr-defined]  # aiohttp's headers are a multidict
        assert any(cookie.startswith("__Host-lienthong=") and "Secure" in cookie for cookie in told)
        assert "max-age" in page.headers["Strict-Transport-Security"]


async def test_a_wrong_password_and_an_unknown_name_get_the_same_sentence(house: EdgeHouse) -> None:
    async with house.browser() as browser:
        pages = [await browser.login("gdv", "sai"), await browser.login("nobody", "sai")]
    assert [page.status for page in pages] == [401, 401]
    assert {page.text_of("login-fault") for page in pages} == {"Tên đăng nhập hoặc mật khẩu không đúng."}


async def test_five_wrong_passwords_lock_the_account_for_a_while_even_for_the_right_one(house: EdgeHouse) -> None:
    async with house.browser() as browser:
        for _ in range(5):
            await browser.login("gdv", "sai")
        page = await browser.login("gdv")
        assert page.status == 401 and "tạm khóa" in page.text_of("login-fault")
        await house.clock.move(seconds=31)
        assert (await browser.login("gdv")).status == 200
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    acts = [row.act.act for row in rows if row.act.object_kind == "user"]
    assert acts == ["login.failed"] * 5 + ["login"]


async def test_an_address_has_a_number_of_tries_a_minute(tmp_path: Path) -> None:
    async with edge_house(tmp_path, LIENTHONG_SESSIONS__TRIES_PER_MINUTE="3") as house, house.browser() as browser:
        statuses = [(await browser.login(f"n{n}", "sai")).status for n in range(4)]
        assert statuses == [401, 401, 401, 429]


async def test_a_log_in_form_of_another_site_is_refused(house: EdgeHouse) -> None:
    async with house.browser() as browser:
        await browser.get("/login")
        page = await browser.post("/login", {"csrf": "guessed", "name": "gdv", "password": PASSWORD})
        assert page.status == 403


async def test_a_session_ends_when_nobody_clicks_and_when_the_person_logs_out(house: EdgeHouse) -> None:
    async with house.browser("gdv") as browser:
        await house.clock.move(minutes=29)
        assert (await browser.get("/")).path == "/"
        await house.clock.move(minutes=29)
        home = await browser.get("/")
        assert home.path == "/"
        await house.clock.move(minutes=31)
        assert (await browser.get("/")).path == "/login"
    async with house.browser("gdv") as browser:
        home = await browser.get("/")
        cookies = {cookie.key: cookie.value for cookie in browser.session.cookie_jar}
        assert (await browser.post("/logout", {"csrf": home.field("csrf")})).path == "/login"
        stolen = {"Cookie": f"lienthong={cookies['lienthong']}"}
        assert (await browser.get("/", headers=stolen)).path == "/login"


@pytest.mark.parametrize("path", ["/intake", "/logout", "/messages/1/retry", "/scans/assign"])
async def test_a_post_without_the_sessions_token_changes_nothing(house: EdgeHouse, path: str) -> None:
    async with house.browser("truc") as browser:
        for fields in ({}, {"csrf": "x"}):
            page = await browser.post(path, fields)
            assert page.status == 403
        assert (await browser.get("/")).path == "/"


# --- intake ----------------------------------------------------------------------------------------------------------


async def intake_fields(browser: Browser, **changes: str) -> dict[str, str]:
    """The form as the page offers it, filled in."""
    page = await browser.get("/intake?procedure=9.000012")
    assert page.has("intake")
    fields = dict(re.findall(r'<input[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"', page.text))
    fields |= {
        "owner.name": "Giàng A Tủa",
        "owner.kind": "citizen",
        "owner.id_kind": "cccd",
        "owner.id_number": ID,
        "owner.phone": "0100 123 456",
        "owner.address.line": "Bản Nà Tòng",
        "owner.address.commune": "Mường Khắt",
        "receiving_unit": province.COMMUNE,
        "post_unit": province.POST,
        "intake_mode": "delegated",
        "channel": "3",
        "return_method": "1",
        "return_address.line": "Bản Nà Tòng",
        "return_address.commune": "Mường Khắt",
        "components[0].kind": "original",
        "components[1].kind": "copy",
    }
    return {**fields, **changes}


async def test_a_dossier_is_lodged_at_the_counter(house: EdgeHouse) -> None:
    async with house.browser("gdv") as browser:
        page = await browser.get("/intake")
        assert "9.000012" in page.text
        page = await browser.post("/intake", await intake_fields(browser))
        assert page.status == 200 and page.path.startswith("/dossiers/000.")
        assert page.text_of("notice") == "Đã tiếp nhận hồ sơ."
        assert page.text_of("dossier-state") == "Bưu điện đang chuyển đến cơ quan"
        assert page.text_of("due-date") == "26/11/2026 17:00"
        assert ID not in page.text and "0990••••••12" in page.text
        assert key_like(page) == []


async def test_the_expected_due_date_is_shown_before_anything_is_typed(house: EdgeHouse) -> None:
    async with house.browser("gdv") as browser:
        page = await browser.get("/intake?procedure=9.000012")
    assert page.text_of("due-date") == "26/11/2026 17:00"


async def test_all_faults_of_the_form_are_told_at_once_beside_their_fields(house: EdgeHouse) -> None:
    async with house.browser("gdv") as browser:
        fields = await intake_fields(
            browser,
            **{
                "owner.name": "",
                "owner.id_number": "12",
                "owner.phone": "call me",
                "components[1].sheets_counted": "hai",
                "return_address.commune": "",
                "item_number": "EE473124820VN",
            },
        )
        fields.pop("components[0].present")
        page = await browser.post("/intake", fields)
    assert page.status == 422
    for path in (
        *("owner.name", "owner.id_number", "owner.phone", "return_address.commune", "item_number"),
        "components[1].sheets_counted",
    ):
        assert page.has(f"error-{path}"), path
    assert page.text_of("error-owner.id_number") == "Số căn cước (CCCD) phải có 12 chữ số."
    assert 'value="call me"' in page.text
    assert key_like(page) == []
    assert await house.store.read(lambda tx: tx.dossiers.search("", units=None)) == ()


async def test_pressing_the_button_twice_lodges_once(house: EdgeHouse) -> None:
    async with house.browser("gdv") as browser:
        fields = await intake_fields(browser)
        first, second = await browser.post("/intake", fields), await browser.post("/intake", fields)
    assert first.path == second.path
    assert len(await house.store.read(lambda tx: tx.dossiers.search("", units=None))) == 1


@pytest.mark.parametrize(
    "name", ["Giàng A Tủa", "Ơi", "Sùng Thị Mỷ", "H'Hen Niê", "Nguyễn Phúc Công Tằng Tôn Nữ Thị X"]
)
async def test_names_are_taken_as_they_are(house: EdgeHouse, name: str) -> None:
    async with house.browser("gdv") as browser:
        page = await browser.post("/intake", await intake_fields(browser, **{"owner.name": name}))
        assert page.status == 200
    (line,) = await house.store.read(lambda tx: tx.dossiers.search("", units=None))
    assert line.owner_name == name


# --- dossiers --------------------------------------------------------------------------------------------------------


async def test_a_dossier_of_another_unit_is_refused_in_vietnamese_and_audited(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    async with house.browser("khac") as browser:
        page = await browser.get(f"/dossiers/{receipt['code']}")
        listed = await browser.get("/dossiers")
    assert page.status == 403 and page.has("problem")
    assert "không có quyền" in page.text and "Giàng" not in page.text
    assert receipt["code"] not in listed.text
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    assert ("refused", "user:khac", receipt["code"]) in [(r.act.act, r.act.who, r.act.object_key) for r in rows]


async def test_search_folds_vietnamese(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    async with house.browser("gdv") as browser:
        for text in ("giang", "TỦA", receipt["code"][-4:]):
            assert receipt["code"] in (await browser.get("/dossiers", params={"q": text})).text
        assert (await browser.get("/dossiers", params={"q": "<script>alert(1)</script>"})).has("nothing")
        page = await browser.get("/dossiers", params={"q": receipt["code"].lower()})
        assert page.path == f"/dossiers/{receipt['code']}"


async def test_the_timeline_can_be_filtered_by_source(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    async with house.browser("gdv") as browser:
        whole = await browser.get(f"/dossiers/{receipt['code']}")
        portal = await browser.get(f"/dossiers/{receipt['code']}?source=portal")
    assert '<li class="post' in whole.text and '<li class="portal' in whole.text
    assert '<li class="post' not in portal.text and '<li class="portal' in portal.text


async def test_a_scanned_paper_can_be_fetched_and_the_look_is_audited(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    document = await attach(house, receipt["dossier"])
    async with house.browser("gdv") as browser:
        page = await browser.get(f"/dossiers/{receipt['code']}")
        assert f'href="/documents/{document.key}.pdf"' in page.text
        async with browser.session.get(f"{house.url}/documents/{document.key}.pdf") as reply:
            assert (reply.status, reply.content_type) == (200, "application/pdf")
            assert await reply.read() == b"%PDF-1.7 a paper"
            assert "attachment" in reply.headers["Content-Disposition"]
    async with house.browser("khac") as browser:
        assert (await browser.get(f"/documents/{document.key}.pdf")).status == 403
    rows = await house.store.read(lambda tx: tx.audit.rows(after=0))
    assert ("document.read", "user:gdv") in [(row.act.act, row.act.who) for row in rows]


# --- every page ------------------------------------------------------------------------------------------------------


async def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(house: EdgeHouse) -> None:
    receipt = await house.lodge()
    async with house.browser("truc") as browser:
        for path in ("/", "/dossiers", f"/dossiers/{receipt['code']}", "/messages", "/messages/1", "/discrepancies"):
            page = await browser.get(path)
            assert page.status == 200, path
            assert not re.search(r"<script|\son\w+=|\sstyle=|https?://", page.text), path
            assert len(page.text.encode()) < 60_000, path


async def test_every_field_of_a_form_has_a_label(house: EdgeHouse) -> None:
    async with house.browser("gdv") as browser:
        pages = [await browser.get(path) for path in ("/intake", "/intake?procedure=9.000012", "/dossiers", "/")]
    for page in pages:
        labels = set(re.findall(r'<label[^>]* for="([^"]+)"', page.text))
        for tag in re.findall(r"<(?:input|select|textarea)[^>]*>", re.sub(r"<label.*?</label>", _kept_for, page.text)):
            if 'type="hidden"' in tag or "aria-label=" in tag:
                continue
            found = re.search(r'id="([^"]+)"', tag)
            assert found and found[1] in labels, tag


def _kept_for(label: re.Match[str]) -> str:
    """A label around its own field needs no id; keep only labels that point elsewhere."""
    return label[0] if " for=" in label[0] else ""


async def test_the_language_is_switched_by_a_link_and_remembered(house: EdgeHouse) -> None:
    async with house.browser("truc") as browser:
        page = await browser.get("/dossiers?lang=en")
        assert '<html lang="en">' in page.text and "Find" in page.text
        page = await browser.get("/")
        assert '<html lang="en">' in page.text and "Needs attention" in page.text
        assert '<html lang="vi">' in (await browser.get("/?lang=vi")).text


async def test_a_page_that_is_not_there_is_told_as_a_page(house: EdgeHouse) -> None:
    async with house.browser("gdv") as browser:
        page = await browser.get("/nowhere", headers={"Accept": "text/html"})
        assert page.status == 404 and page.has("problem")
        page = await browser.get("/dossiers/not-a-code")
        assert page.status == 404 and page.has("problem") and page.text_of("correlation")
