"""The browser: one context for each person, language, width and colour scheme; what it notices without eyes."""

import functools
import re
from pathlib import Path
from typing import Literal, Self

from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright, async_playwright

from tests.screens.walk import Screen, World

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--lang=vi-VN"]
WIDE, NARROW = 1280, 390
"""Pixels: an office screen, and a telephone."""
Shades = Literal["light", "dark"]
VARIANTS: tuple[tuple[str, int, Shades], ...] = (("vi", WIDE, "light"), ("en", WIDE, "light"), ("vi", NARROW, "light"))
ALSO_DARK: tuple[tuple[str, int, Shades], ...] = (("vi", WIDE, "dark"), ("vi", NARROW, "dark"))
Key = tuple[str, str, int, Shades]


class Camera:
    """``async with Camera(url, password, out) as camera: await camera.take(screen, world)``."""

    def __init__(self, url: str, password: str, out: Path) -> None:
        """``password`` is that of every sample account."""
        self.taken = 0
        self.complaints: list[str] = []
        self._url = url
        self._password = password
        self._out = out
        self._contexts: dict[Key, BrowserContext] = {}
        self._cookies: dict[str, Path] = {}
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    async def __aenter__(self) -> Self:
        self._playwright = await async_playwright().start()
        self._browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()
        for file in self._cookies.values():
            file.unlink(missing_ok=True)

    async def take(self, screen: Screen, world: World) -> None:
        """The screen in each of its variants."""
        for lang, width, shades in VARIANTS + (ALSO_DARK if screen.dark else ()):
            context = await self._context((screen.who, lang, width, shades))
            page = await context.new_page()
            name = f"{screen.name}.{lang}.{width}{'.dark' if shades == 'dark' else ''}"
            page.on("pageerror", functools.partial(self._complain, name))
            await page.goto(f"{self._url}{screen.path(world)}")
            await page.goto(f"{page.url}{'&' if '?' in page.url else '?'}lang={lang}")
            if screen.act is not None:
                await screen.act(page, world)
            await page.screenshot(path=self._out / f"{name}.png", full_page=True)
            await self._look(name, page)
            await page.close()
            self.taken += 1

    def _complain(self, name: str, error: Error) -> None:
        self.complaints.append(f"{name}: {error}")

    async def _look(self, name: str, page: Page) -> None:
        """What can be told without eyes."""
        over = int(await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
        if over > 0:
            self.complaints.append(f"{name}: {over} px wider than the screen")
        text = await page.inner_text("body")
        for bare in re.findall(r"\b(?:form|fault|rule|remedy|scan|state|timeline|evidence)\.[\w.\-]+", text):
            self.complaints.append(f"{name}: an id instead of a sentence: {bare}")

    async def _context(self, key: Key) -> BrowserContext:
        who, lang, width, shades = key
        if key not in self._contexts:
            if self._browser is None:
                raise RuntimeError("use `async with`")
            if who and who not in self._cookies:
                await self._log_in(who)
            self._contexts[key] = await self._browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=shades,
                locale="vi-VN" if lang == "vi" else "en-GB",
                timezone_id="Asia/Ho_Chi_Minh",
                storage_state=self._cookies.get(who),
            )
        return self._contexts[key]

    async def _log_in(self, who: str) -> None:
        """Once a person; the cookies serve every variant."""
        if self._browser is None:
            raise RuntimeError("use `async with`")
        context = await self._browser.new_context()
        page = await context.new_page()
        await page.goto(f"{self._url}/login")
        await page.fill("#name", who)
        await page.fill("#password", self._password)
        await page.click("[data-testid=login-submit]")
        await page.wait_for_selector("[data-testid=whoami]")
        self._cookies[who] = self._out / f"{who}.json"
        await context.storage_state(path=self._cookies[who])
        await context.close()
