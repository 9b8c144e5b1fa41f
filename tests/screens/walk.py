"""The list of screens: who looks, where, and what is done before the picture is taken."""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping

from playwright.async_api import Page

from gateway.sample.story import Story

NOBODY, CLERK, SCANNER, OPERATOR = "", "gdv", "sohoa", "truc"
RULES = ("D-01", "D-03", "D-20", "D-31", "D-35", "E-20")


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """What the story left behind: codes and row ids that addresses need."""

    code: str
    refused_code: str
    refused_message: int
    delivered_message: int
    cases: Mapping[str, str]
    """The newest case of each rule."""
    batch: str
    """Pages without a cover sheet."""

    @classmethod
    async def look(cls, story: Story, left: Mapping[str, str]) -> "World":
        """Ask the API for them."""
        refused = (await story.api.get("/api/v1/messages?state=refused")).json()["messages"]
        delivered = (await story.api.get("/api/v1/messages?state=delivered&peer=dvcqg")).json()["messages"]
        cases = {}
        for rule in RULES:
            found = sorted(await story.cases(rule), key=lambda case: str(case["opened_at"]))
            cases[rule] = str(([case for case in found if case["state"] != "resolved"] or found)[-1]["id"])
        waiting = (await story.api.get("/api/v1/scans")).json()["unassigned"]
        return cls(
            *(story.code, left["refused"], int(refused[0]["id"]), int(delivered[0]["id"]), cases),
            batch=str(waiting[0]["batch"]),
        )


Act = Callable[[Page, World], Awaitable[None]]


@dataclasses.dataclass(frozen=True, slots=True)
class Screen:
    """One screen; ``path`` is filled from the world."""

    name: str
    who: str
    where: str
    act: Act | None = None
    dark: bool = False

    def path(self, world: World) -> str:
        """Its address."""
        return self.where.format(world=world)


async def fail_to_log_in(page: Page, world: World) -> None:
    await page.fill("#name", "khong-co-nguoi-nay")
    await page.fill("#password", "sai-mat-khau")
    await page.click("[data-testid=login-submit]")
    await page.wait_for_selector("[data-testid=login-fault]")


async def lodge_empty(page: Page, world: World) -> None:
    await page.click("[data-testid=lodge]")
    await page.wait_for_selector("[data-testid=faults]")


async def lodge_wrong(page: Page, world: World) -> None:
    """Something wrong in each part of the form."""
    await page.fill("[id='f-owner.name']", "Lò Thị Ơi")
    await page.fill("[id='f-owner.id_number']", "12345")
    await page.fill("[id='f-owner.phone']", "09")
    await page.fill("[id='f-components[0].sheets_counted']", "-1")
    await page.fill("[id='f-item_number']", "EE473124820VN")
    await page.fill("[id='f-signed_by']", "")
    await page.fill("[id='f-parcels']", "0")
    await page.select_option("[id='f-receiving_unit']", "")
    await lodge_empty(page, world)


async def lodge(page: Page, world: World) -> None:
    await page.fill("[id='f-owner.name']", "Lò Thị Ơi")
    await page.fill("[id='f-owner.id_number']", "099185004242")
    await page.fill("[id='f-owner.phone']", "0100004242")
    for owner in ("owner.address", "return_address"):
        await page.fill(f"[id='f-{owner}.line']", "Bản Nà Tòng")
        await page.fill(f"[id='f-{owner}.commune']", "xã Mường Khắt")
    await page.fill("[id='f-owner.address.province']", "tỉnh Mường Sa")
    await page.select_option("[id='f-receiving_unit']", "muong-khat")
    await page.click("[data-testid=lodge]")
    await page.wait_for_selector("[data-testid=notice]")


async def settle_without_reason(page: Page, world: World) -> None:
    await page.click("[data-testid=settle-submit]")
    await page.wait_for_selector("[data-testid=error-reason]")


async def give_it_a_dossier(page: Page, world: World) -> None:
    """The code by hand, and the keys unfolded."""
    if await page.locator("#code").input_value() == "":
        await page.fill("#code", world.code)
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[data-testid=components] [data-key='1']")
    await page.keyboard.press("?")
    await page.wait_for_selector("[data-testid=help] li", state="visible")
    await page.wait_for_load_state("networkidle")


FORM = "/intake?procedure=9.000012"


async def open_first_hit(page: Page, world: World) -> None:
    """The text of the first document found; where nothing is read yet, the search says so."""
    hits = page.locator("[data-testid=hits] a")
    if await hits.count():
        await hits.first.click()
        await page.wait_for_load_state()


SCREENS = (
    Screen("login", NOBODY, "/login"),
    Screen("login-failed", NOBODY, "/login", fail_to_log_in),
    Screen("home-clerk", CLERK, "/"),
    Screen("home-operator", OPERATOR, "/", dark=True),
    Screen("intake-procedure", CLERK, "/intake"),
    Screen("intake-form", CLERK, FORM),
    Screen("intake-empty", CLERK, FORM, lodge_empty),
    Screen("intake-wrong", CLERK, FORM, lodge_wrong),
    Screen("intake-done", CLERK, FORM, lodge),
    Screen("dossiers", OPERATOR, "/dossiers"),
    Screen("dossiers-nothing", OPERATOR, "/dossiers?q=khong-co"),
    Screen("dossier", OPERATOR, "/dossiers/{world.code}", dark=True),
    Screen("dossier-open", OPERATOR, "/dossiers/{world.refused_code}"),
    Screen("cases", OPERATOR, "/discrepancies"),
    Screen("cases-all", OPERATOR, "/discrepancies?all=1"),
    *(Screen(f"case-{rule}", OPERATOR, f"/discrepancies/{{world.cases[{rule}]}}") for rule in RULES),
    Screen("case-no-reason", OPERATOR, "/discrepancies/{world.cases[D-01]}", settle_without_reason),
    Screen("messages", OPERATOR, "/messages"),
    Screen("message-refused", OPERATOR, "/messages/{world.refused_message}"),
    Screen("message-delivered", OPERATOR, "/messages/{world.delivered_message}"),
    Screen("message-raw", OPERATOR, "/messages/{world.refused_message}/attempts/1"),
    Screen("scans", SCANNER, "/scans"),
    Screen("review", SCANNER, "/scans/{world.batch}/review", dark=True),
    Screen("review-known", OPERATOR, "/scans/{world.batch}/review", give_it_a_dossier, dark=True),
    Screen("documents", OPERATOR, "/documents?text=ho+kinh+doanh"),
    Screen("document-text", OPERATOR, "/documents?text=ho+kinh+doanh", open_first_hit),
    Screen("problem-404", OPERATOR, "/dossiers/000.00.14.H99-260105-9999"),
    Screen("problem-403", CLERK, "/messages"),
)
