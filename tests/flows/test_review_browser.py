"""The review by keys alone, in a real browser: what every key does, and that nothing breaks the page's own rules."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.flows.edge_house import PASSWORD, edge_house
from tests.flows.review_house import BATCH, Scanned, drawn, feed, two_dossiers
from tests.screens.camera import ARGUMENTS, CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.pages, pytest.mark.slow]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Scanned]:
    async with edge_house(tmp_path) as house:
        yield await two_dossiers(house)


@pytest.fixture
async def page(desk: Scanned) -> AsyncIterator[Page]:
    """The scanning operator's browser, on the review of the batch."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        opened = await browser.new_page(viewport={"width": 1280, "height": 900})
        broken: list[str] = []
        opened.on("pageerror", lambda error: broken.append(str(error)))
        opened.on("console", lambda told: broken.append(told.text) if "Content Security" in told.text else None)
        await opened.goto(f"{desk.house.url}/login")
        await opened.fill("#name", "sohoa")
        await opened.fill("#password", PASSWORD)
        await opened.click("[data-testid=login-submit]")
        await opened.goto(f"{desk.house.url}/scans/{BATCH}/review")
        yield opened
        await browser.close()
        assert broken == []


async def at(page: Page, sheet: str) -> None:
    """Wait until the cursor is on the sheet."""
    await expect(page.get_by_test_id("review")).to_have_attribute("data-at", sheet)


async def says(page: Page, test_id: str, text: str | re.Pattern[str]) -> None:
    """Wait until an element says the text."""
    await expect(page.get_by_test_id(test_id)).to_have_text(text)


async def press(page: Page, keys: str) -> None:
    """Key after key, as fast as a machine types: the page does them one after another."""
    for key in keys.split():
        await page.keyboard.press(key)


async def test_every_key_does_what_its_button_says(desk: Scanned, page: Page) -> None:
    await at(page, "lo-01.jpg#1")
    await press(page, "j j k")
    await at(page, "lo-02.jpg#1")
    await press(page, "r")
    large = page.get_by_test_id("large")
    await expect(large).to_have_attribute("width", "1400")
    assert await large.evaluate("image => image.decode().then(() => image.naturalWidth > image.naturalHeight)")
    await press(page, "1 j 2")
    await at(page, "lo-03.jpg#1")
    await expect(page.locator(".part.on")).to_contain_text("Giấy tờ pháp lý của chủ hộ")
    await press(page, "x")
    await says(page, "banner", "Chờ quét lại")
    await press(page, "x b")
    await says(page, "banner", "Trang trắng, để riêng")
    await press(page, "u")
    await expect(page.get_by_test_id("banner")).to_have_count(0)
    await press(page, "s")
    await expect(page.locator(".paper")).to_have_count(3)
    await press(page, "m")
    await expect(page.locator(".paper")).to_have_count(2)
    await press(page, "Control+z Control+z")
    await expect(page.locator(".paper")).to_have_count(2)
    await press(page, "j b")
    await says(page, "sum", re.compile(r"3/3 tờ"))
    await press(page, "0")
    await says(page, "sum", re.compile(r"2/3 · THIẾU 1"))
    await press(page, "u ?")
    await expect(page.get_by_test_id("help")).to_be_visible()
    await press(page, "Enter")  # it was sent: the field of the reason gets the cursor instead
    await expect(page.get_by_test_id("reason")).to_be_focused()
    await page.keyboard.type("j k r quét thiếu")
    await at(page, "lo-04.jpg#1")
    await page.keyboard.press("Enter")
    await says(page, "notice", "Đã nhận tài liệu.")
    await says(page, "accepted-count", "đã nhận 2/2")
    (after,) = await desk.standing(0)
    assert (after.version, after.version_reason, after.pages) == (2, "j k r quét thiếu", 3)
    assert [each.sheets_scanned for each in (await desk.dossier(0)).components] == [2, 1]


async def test_the_next_place_in_doubt_the_code_by_hand_and_a_rescanned_page(desk: Scanned, page: Page) -> None:
    await press(page, "j j s j")
    await at(page, "lo-04.jpg#1")
    await press(page, "n")
    await at(page, "lo-01.jpg#1")  # around the end to the first page below 200 dpi of a changed document
    await press(page, "n n g")
    await at(page, "lo-03.jpg#1")
    await expect(page.locator("#code")).to_be_focused()
    await page.keyboard.type(desk.codes[1])
    await page.keyboard.press("Enter")
    await expect(page.locator(".paper").nth(1)).to_contain_text(desk.codes[1])
    await page.keyboard.press("Escape")
    await press(page, "i")
    (fresh,) = sorted(feed(desk.house, drawn(desk.codes[0], 9, 1)[1:], "moi").glob("*.jpg"))
    await page.set_input_files("#again", fresh)
    await page.get_by_role("button", name="Chèn sau trang này").click()
    await says(page, "notice", "Đã chèn trang quét lại.")
    await expect(page.locator(".tile")).to_have_count(8)


async def test_a_lost_session_leads_to_the_log_in(desk: Scanned, page: Page) -> None:
    await page.context.clear_cookies()
    await press(page, "j")
    await expect(page.locator("#password")).to_be_visible()
