"""The whole door on a real socket over a real SQLite file, the real desks, the sample province and four people."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, CookieJar, web

from gateway import config
from gateway.accounts import AccountTx, ApiKey, Role, User
from gateway.config import Settings
from gateway.console.catalogue import sentence
from gateway.console.pages import make_pages, make_renderer
from gateway.console.passwords import hash_password
from gateway.desk import numbering
from gateway.desk.answers import AnswerDesk
from gateway.desk.archive import ArchiveDesk
from gateway.desk.attach import AttachDesk
from gateway.desk.counts import CountDesk
from gateway.desk.intake import HandoverDesk
from gateway.desk.items import ItemDesk
from gateway.desk.scans import ScanDesk
from gateway.desk.settle import SettleDesk
from gateway.inbound.app import make_app, make_doorkeeper, make_uploads
from gateway.inbound.callbacks import Pushing
from gateway.inbound.counts import Counts
from gateway.inbound.documents import StationDocuments
from gateway.inbound.items import ItemActions
from gateway.inbound.routes import Route
from gateway.metrics import Metrics
from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.route import Router, RoutingTable
from gateway.sample import people, province
from gateway.storage.database import Database, open_database
from gateway.workers.judging import DocumentJudge
from gateway.workers.reviews import Reviews
from scanning.progress import BatchProgress, ProgressBoard
from scanning.trouble import Trouble
from schemas.calendar import Span, WorkCalendar
from schemas.ids import PeerId, UnitId, UserId
from schemas.ports.stores import Tx
from tests.flows.edge_peers import PUSHING
from tracking.reading import load_context
from tracking.reconcile import Reconciler

NOW = dt.datetime(2026, 11, 23, 2, 0, tzinfo=dt.UTC)
"""Monday, nine o'clock at the counter."""
PASSWORD = "mật khẩu dài của quầy"
KEY, OTHER_KEY = "k-" + "a" * 40, "k-" + "b" * 40
STATION_KEY = "k-" + "c" * 40


@dataclasses.dataclass
class Bench:
    """A scan line that a test draws on: its board is the real one."""

    board: ProgressBoard
    trouble: Trouble | None = None

    def look(self) -> tuple[BatchProgress, ...]:
        return self.board.look()


LINE = web.AppKey("line", Bench)
REVIEWS, ATTACH = web.AppKey("reviews", Reviews), web.AppKey("attach", AttachDesk)
"""What stands behind the door, for tests that come in by another way."""
CARRIER_PEER = PeerId("vnpost_hcc")
CHEAP = {"TIME_COST": "1", "MEMORY_KIB": "64", "PARALLELISM": "1"}
"""A password hash that costs nothing."""


class MovedClock:
    """Stands until a test moves it; who waits is woken by the move."""

    def __init__(self) -> None:
        self.at = NOW
        self._moved = asyncio.Condition()

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.at >= when)

    async def move(self, **by: float) -> None:
        """Move on by a timedelta's words."""
        async with self._moved:
            self.at += dt.timedelta(**by)
            self._moved.notify_all()


@dataclasses.dataclass
class EdgeHouse:
    """The door and what stands behind it."""

    url: str
    settings: Settings
    store: Database
    clock: MovedClock
    app: web.Application
    arrived: asyncio.Event
    session: ClientSession

    async def json(self, method: str, path: str, *, key: str | None = KEY, **more: Any) -> tuple[int, Any]:
        """Ask as a system; status and JSON."""
        headers = {**more.pop("headers", {}), **({"Authorization": f"Bearer {key}"} if key else {})}
        async with self.session.request(method, f"{self.url}{path}", headers=headers, **more) as reply:
            return reply.status, await reply.json(content_type=None)

    async def lodge(self, **changes: Any) -> Mapping[str, Any]:
        """Hand a dossier in; the receipt."""
        status, receipt = await self.json("POST", "/api/v1/handovers", json=handover(**changes))
        assert status == 201, receipt
        return dict(receipt)

    @contextlib.asynccontextmanager
    async def browser(self, name: str | None = None) -> AsyncIterator["Browser"]:
        """A browser of its own, logged in as ``name``."""
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            browser = Browser(self.url, session)
            if name:
                page = await browser.login(name)
                assert page.status == 200, page.text
            yield browser


@dataclasses.dataclass(frozen=True)
class Page:
    """What a browser got, after redirects."""

    status: int
    path: str
    text: str
    headers: Mapping[str, str]

    def field(self, name: str) -> str:
        """Value of a hidden field."""
        found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', self.text)
        assert found, f"no field {name}"
        return found[1]

    def has(self, testid: str) -> bool:
        """Whether the page has this element."""
        return f'data-testid="{testid}"' in self.text

    def text_of(self, testid: str) -> str:
        """Text inside this element, its tags taken out."""
        found = re.search(
            rf'data-testid="{re.escape(testid)}"[^>]*>(.*?)</(?:p|h1|dd|b|span|td|section)>', self.text, re.S
        )
        assert found, f"no {testid}"
        return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


class Browser:
    """Follows links and sends forms, as a person does without scripts."""

    def __init__(self, url: str, session: ClientSession) -> None:
        self.url = url
        self.session = session

    async def get(self, path: str, **more: Any) -> Page:
        async with self.session.get(f"{self.url}{path}", **more) as reply:
            return Page(reply.status, reply.url.path, await reply.text(errors="replace"), reply.headers)

    async def post(self, path: str, fields: Any, **more: Any) -> Page:
        async with self.session.post(f"{self.url}{path}", data=fields, **more) as reply:
            return Page(reply.status, reply.url.path, await reply.text(), reply.headers)

    async def login(self, name: str, password: str = PASSWORD, next_page: str = "") -> Page:
        form = await self.get(f"/login?next={next_page}")
        fields = {"csrf": form.field("csrf"), "next": form.field("next"), "name": name, "password": password}
        return await self.post("/login", fields)


def handover(**changes: Any) -> dict[str, Any]:
    """A whole, lawful body; ``changes`` replace fields of it."""
    body: dict[str, Any] = {
        "intake_mode": "delegated",
        "channel": 3,
        "procedure": "9.000012",
        "owner": {
            "kind": "citizen",
            "name": "Giàng A Tủa",
            "id_kind": "cccd",
            "id_number": "099084000012",
            "phone": "0100 123 456",
            "address": {"line": "Bản Nà Tòng", "commune": "xã Mường Khắt", "province": "tỉnh Mường Sa"},
        },
        "receiving_unit": province.COMMUNE,
        "with_post": True,
        "post_unit": province.POST,
        "signed_by": "Vì Văn Thương",
        "components": [
            {"no": 1, "name": "Giấy đề nghị đăng ký hộ kinh doanh", "kind": "original", "sheets_counted": 2},
            {"no": 2, "name": "Giấy tờ pháp lý của chủ hộ", "kind": "copy", "sheets_counted": 1},
        ],
        "return_method": 1,
        "return_address": {"line": "Bản Nà Tòng", "commune": "xã Mường Khắt"},
        "handed_at": "2026-11-23T08:55:00+07:00",
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not ...}


@contextlib.asynccontextmanager
async def edge_house(
    folder: Path, *, clock: MovedClock | None = None, pushing: Mapping[PeerId, Pushing] = PUSHING, **env: str
) -> AsyncIterator[EdgeHouse]:
    """Start the door; ``env`` are settings as environment variables, ``pushing`` who may call."""
    quick = {
        "LIENTHONG_ARGON2__TIME_COST": "1",
        "LIENTHONG_ARGON2__MEMORY_KIB": "64",
        "LIENTHONG_ARGON2__PARALLELISM": "1",
    }
    settings = config.load(None, {"LIENTHONG_DATA_FOLDER": str(folder), **quick, **env})
    clock = clock or MovedClock()
    store = open_database(settings.database_url, blobs=settings.blobs_folder)
    settings.hot_folder.mkdir(parents=True, exist_ok=True)
    hashed = hash_password(PASSWORD, settings.argon2)
    await store.write(lambda tx: seed(tx, clock.now(), hashed))
    arrived = asyncio.Event()
    judge = DocumentJudge(roots=None)
    app = _app(settings, store, clock, arrived, judge, pushing)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with ClientSession() as session:
            yield EdgeHouse(f"http://{host}:{port}", settings, store, clock, app, arrived, session)
    finally:
        await runner.cleanup()
        await judge.aclose()
        await store.close()


def _app(
    settings: Settings,
    store: Database,
    clock: MovedClock,
    arrived: asyncio.Event,
    judge: DocumentJudge,
    pushing: Mapping[PeerId, Pushing],
) -> web.Application:
    bell = EmbeddedBell(settings.database_url, clock=clock)
    router = _router(settings, bell, clock)
    reconciler = Reconciler(load_context)
    handovers = HandoverDesk(store, clock=clock, tell=router)
    settle = SettleDesk(store, clock=clock, bell=bell, reconciler=reconciler)
    queue = AttachDesk(
        store, blobs=store.blobs, clock=clock, tell=router, unit=UnitId(province.COMMUNE), reconciler=reconciler
    )
    reviews = _reviews(settings, store, queue, clock)
    doorkeeper = make_doorkeeper(settings, store=store, clock=clock)
    uploads = make_uploads(settings, store=store, scans=ScanDesk(store, hot_folder=settings.hot_folder, clock=clock))
    documents = _documents(settings, store, clock, queue, judge)
    renderer = make_renderer(settings, peers={PeerId("dvcqg"): "Cổng Dịch vụ công quốc gia"})
    item_desk = ItemDesk(store, clock=clock, tell=router, context=load_context)
    count_desk = CountDesk(store, clock=clock, context=load_context)
    pages = make_pages(
        settings,
        store=store,
        clock=clock,
        renderer=renderer,
        doorkeeper=doorkeeper,
        handovers=handovers,
        settle=settle,
        queue=queue,
        uploads=uploads,
        blobs=store.blobs,
        answers=AnswerDesk(store, clock=clock, tell=router),
        items=item_desk,
        counts=count_desk,
        archive=ArchiveDesk(store, blob=store.blobs.path, clock=clock, fonds={}),
        review=reviews.desk,
        line=(line := Bench(ProgressBoard(clock))),
    )
    app = make_app(
        settings,
        store=store,
        clock=clock,
        say=sentence,
        metrics=Metrics(),
        doorkeeper=doorkeeper,
        handovers=handovers,
        settle=settle,
        uploads=uploads,
        callbacks=pushing,
        arrived=arrived.set,
        ready=_ready,
        pages=(*documents.routes(), *_acts(store, clock, item_desk, count_desk), *pages),
        show_problem=renderer.problem,
    )
    app[REVIEWS], app[ATTACH], app[LINE] = reviews, queue, line
    app.on_cleanup.append(_close)
    return app


def _acts(store: Database, clock: MovedClock, items: ItemDesk, counts: CountDesk) -> tuple[Route, ...]:
    of_items = ItemActions(store=store, clock=clock, desk=items)
    return (*of_items.routes(), *Counts(store=store, clock=clock, desk=counts).routes())


async def _close(app: web.Application) -> None:
    await app[REVIEWS].close()


def _router(settings: Settings, bell: EmbeddedBell, clock: MovedClock) -> Router:
    table = RoutingTable(PeerId("dvcqg"), PeerId("lien_thong"), {}, {province.CARRIER: CARRIER_PEER})
    return Router(table, bell=bell, clock=clock, base_url=settings.public_url)


def _documents(
    settings: Settings, store: Database, clock: MovedClock, queue: AttachDesk, judge: DocumentJudge
) -> StationDocuments:
    return StationDocuments(
        store=store, clock=clock, desk=queue, judge=judge, folder=settings.uploads_folder, limits=settings.limits
    )


def _reviews(settings: Settings, store: Database, attach: AttachDesk, clock: MovedClock) -> Reviews:
    return Reviews(
        settings.scan,
        store=store,
        attach=attach,
        sealer=None,
        hot_folder=settings.hot_folder,
        data_folder=settings.data_folder,
        clock=clock,
    )


async def _ready() -> Mapping[str, bool]:
    return {"bell": True}


def seed(tx: AccountTx, now: dt.datetime, password_hash: str) -> None:
    """The province, its numbers, people and keys."""
    _catalogue(tx, now)
    everything = (Role.CLERK, Role.SCANNER, Role.OPERATOR)
    for name, shown, roles, units in (
        ("gdv", "Lò Thị Ơi", (Role.CLERK,), (province.POST, province.COMMUNE)),
        ("khac", "Sùng Thị Mỷ", (Role.CLERK,), (province.OTHER_POST, province.OTHER_COMMUNE)),
        ("truc", "Cầm Văn Hịa", (Role.OPERATOR,), ()),
        ("truc2", "Vàng Thị Mỷ", (Role.OPERATOR,), ()),
        ("sohoa", "Quàng Văn Pọm", (Role.SCANNER,), (province.COMMUNE,)),
    ):
        if tx.accounts.user_named(name) is None:
            tx.accounts.put_user(User(UserId(0), name, shown, password_hash, roles, units, True, 0, None))
    tx.accounts.put_key(ApiKey("one-stop", digest(KEY), "", everything, (), None, True))
    tx.accounts.put_key(ApiKey("tram", digest(STATION_KEY), "", (Role.SCANNER,), (province.COMMUNE,), None, True))
    tx.accounts.put_key(ApiKey("other", digest(OTHER_KEY), "", (Role.CLERK,), (province.OTHER_COMMUNE,), None, True))


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _catalogue(tx: Tx, now: dt.datetime) -> None:
    tx.catalogue.put_units(province.UNITS)
    tx.catalogue.put_procedures(province.PROCEDURES)
    tx.catalogue.put_agreements(province.AGREEMENTS)
    hours = (Span(dt.time(7, 30), dt.time(11, 30)), Span(dt.time(13, 30), dt.time(17)))
    week = (*(hours,) * 5, (), ())
    tx.catalogue.put_calendar(WorkCalendar(None, "test-1", dt.date(2026, 1, 1), dt.date(2027, 12, 31), week, hours, ()))
    for unit, service, first, last in province.S10_RANGES:
        numbering.lease_items(tx, unit, service, first, last, now=now)


def citizen(seed: int) -> dict[str, Any]:
    """A sample person as a body tells them."""
    person = people.citizen(seed)
    return {
        "kind": person.kind.value,
        "name": person.name,
        "id_kind": "cccd",
        "id_number": person.id_number,
        "phone": person.phone,
        "address": {"line": person.address.line, "commune": person.address.commune},
    }
