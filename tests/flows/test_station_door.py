"""``POST /api/v1/documents`` and its neighbours: what a district station may hand over, and what the door refuses."""

import asyncio
import hashlib
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData, web

from gateway.inbound.forms.documents import DocumentForm, TextForm
from gateway.inbound.forms.faults import parse
from gateway.sample import province
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from gateway.workers.outbound import Pace, Sender
from scanning.journal import FileJournal
from scanning.outbound import OutboundQueue
from scanning.pipeline import InputFile, Pipeline
from scanning.pool import WorkerPool
from scanning.records import document_to_json
from scanning.trouble import TroubleKind
from schemas.document import DocumentText, ScanBatch, ScannedDocument, TextOfPage
from schemas.ids import DossierId
from tests.flows.edge_house import NOW, OTHER_KEY, STATION_KEY, EdgeHouse, MovedClock, edge_house
from tests.flows.station_house import until
from tests.pages.clock import RealClock

pytestmark = [pytest.mark.flow, pytest.mark.pages]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[EdgeHouse]:
    bounds: dict[str, Any] = {
        "LIENTHONG_LIMITS__UPLOAD_PART_BYTES": "3000000",
        "LIENTHONG_LIMITS__DISK_RESERVE_BYTES": "1",
    }
    async with edge_house(tmp_path / "house", **bounds) as made:
        yield made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A queue with one document without a cover, made by the real line."""
    folder = tmp_path_factory.mktemp("made")

    async def make() -> None:
        pages = draw_batch((CoverFor("x", None, 1),), folder / "in", kind="jpeg", seed=3, dpi=100)
        queue, journal = OutboundQueue(folder / "queue", clock=RealClock()), FileJournal(":memory:")
        async with WorkerPool(1) as pool:
            line = Pipeline(pool, journal, queue, out_dir=folder / "out", clock=RealClock())
            await line.process(ScanBatch("b-1", "Trạm Tủa Chùa", None, NOW), [InputFile("1.jpg", pages[1], pages[1])])
        journal.close()
        queue.close()

    asyncio.run(make())
    return folder / "queue"


@pytest.fixture
def queue_folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "queue"))


@pytest.fixture
def parcel(made: Path) -> tuple[dict[str, Any], bytes]:
    """Metadata and PDF of the one document."""
    database = sqlite3.connect(made / "outbound.sqlite")
    body, file = database.execute("SELECT body, file FROM parcel WHERE kind = 'document'").fetchone()
    database.close()
    return json.loads(body), (made / "outbound" / file).read_bytes()


def form(metadata: Any, pdf: bytes | None, *, extra: bool = False) -> FormData:
    made = FormData()
    made.add_field("metadata", json.dumps(metadata), content_type="application/json")
    if pdf is not None:
        made.add_field("file", pdf, filename="a.pdf", content_type="application/pdf")
    if extra:
        made.add_field("more", b"x")
    return made


async def hand(house: EdgeHouse, metadata: Any, pdf: bytes | None, **more: Any) -> tuple[int, Any]:
    key = more.pop("key", STATION_KEY)
    return await house.json("POST", "/api/v1/documents", data=form(metadata, pdf, **more), key=key)


def coded(metadata: dict[str, Any], code: str | None) -> dict[str, Any]:
    """The same pages under another dossier code: another key."""
    digest = hashlib.sha256(f"lienthong-document-1\n{code or ''}\n".encode())
    for page in metadata["pages"]:
        digest.update(f"{page['sha256']}#{page['source_page']}\n".encode())
    return {**metadata, "dossier_code": code, "key": digest.hexdigest()}


async def test_a_document_is_taken_once_under_the_stations_account_and_unit(
    house: EdgeHouse, parcel: tuple[dict[str, Any], bytes]
) -> None:
    metadata, pdf = parcel
    for status, repeated in ((201, False), (200, True), (200, True)):
        assert await hand(house, metadata, pdf) == (status, {"key": metadata["key"], "repeated": repeated})
    (document,) = await house.store.read(lambda tx: tx.documents.unassigned())
    assert (document.key, document.unit, document.station) == (metadata["key"], province.COMMUNE, "Trạm Tủa Chùa")
    kept = await house.store.blobs.path(document.sha256)
    assert kept.read_bytes() == pdf
    acts = [row.act for row in await house.store.read(lambda tx: tx.audit.rows(after=0, limit=50))]
    assert [(act.who, act.object_key) for act in acts if act.act == "document.waiting"] == [
        ("key:tram", metadata["key"])
    ]
    assert list(house.settings.uploads_folder.iterdir()) == []


async def test_a_document_goes_to_its_dossier_only_where_the_station_has_to_do_with_it(
    house: EdgeHouse, parcel: tuple[dict[str, Any], bytes]
) -> None:
    metadata, pdf = parcel
    ours = await house.lodge()
    theirs = await house.lodge(receiving_unit=province.OTHER_COMMUNE, post_unit=province.OTHER_POST)
    for receipt in (ours, theirs):
        status, told = await hand(house, coded(metadata, receipt["code"]), pdf)
        assert status == 201, told
    bound = await house.store.read(lambda tx: tx.documents.of_dossier(DossierId(ours["dossier"])))
    assert [document.unit for document in bound] == [province.COMMUNE]
    assert await house.store.read(lambda tx: tx.documents.of_dossier(DossierId(theirs["dossier"]))) == ()
    waiting = await house.store.read(lambda tx: tx.documents.unassigned())
    (stranger,) = (document for document in waiting if document.dossier is None)
    assert (stranger.told_code, stranger.doubts[-1]) == (theirs["code"], "foreign_dossier")


async def test_what_is_not_what_it_says_is_refused_with_the_reason_and_nothing_is_kept(
    house: EdgeHouse, parcel: tuple[dict[str, Any], bytes]
) -> None:
    metadata, pdf = parcel
    broken = pdf.replace(b"/Length ", b"/Length 9", 1)
    told = {"sha256": hashlib.sha256(broken).hexdigest(), "size_bytes": len(broken)}
    longer = pdf + b"\n% more"
    cases: list[tuple[dict[str, Any], bytes, int, str]] = [
        (metadata, pdf[:-1] + b"x", 422, "handed.changed"),
        (metadata, pdf[:-1], 422, "handed.changed"),
        (metadata, longer, 413, "request.too_large"),
        ({**metadata, **told}, broken, 422, "scan.not_conformant"),
        ({**metadata, "key": "a" * 64}, pdf, 422, "request.faults"),
        ({**metadata, "version": 2}, pdf, 422, "request.faults"),
        ({**metadata, "stolen": 1}, pdf, 422, "request.faults"),
        ({**metadata, "size_bytes": 4_000_000}, pdf, 413, "request.too_large"),
        ({**metadata, "seal": {"level": "B-T", "signer": "x", "at": NOW.isoformat()}}, pdf, 503, "handed.no_roots"),
    ]
    for changed, data, status, kind in cases:
        got, answer = await hand(house, changed, data)
        assert (got, answer["type"].rpartition(":")[2].endswith(kind)) == (status, True), answer
    assert await house.store.read(lambda tx: tx.documents.unassigned()) == ()
    assert list(house.settings.uploads_folder.iterdir()) == []


async def test_only_two_parts_in_order_and_only_a_scanner(
    house: EdgeHouse, parcel: tuple[dict[str, Any], bytes]
) -> None:
    metadata, pdf = parcel
    assert (await hand(house, metadata, pdf, extra=True))[0] == 400
    assert (await hand(house, metadata, None))[0] == 400
    assert (await hand(house, metadata, pdf, key=OTHER_KEY))[0] == 403
    assert (await hand(house, metadata, pdf, key="k-nobody"))[0] == 401
    cut = b'--b\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n{"key'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    status, told = await house.json("POST", "/api/v1/documents", data=cut, headers=headers, key=STATION_KEY)
    assert status in (400, 422), told
    async with house.browser("sohoa") as browser:
        page = await browser.post("/api/v1/documents", form(metadata, pdf))
        assert page.status == 403, "a session's cookie alone hands nothing over"
    assert await house.store.read(lambda tx: tx.documents.unassigned()) == ()


async def test_news_texts_and_reports_are_taken_too(house: EdgeHouse, parcel: tuple[dict[str, Any], bytes]) -> None:
    metadata, _ = parcel
    aside = {
        "key": "f" * 64,
        "batch": metadata["batch"],
        "source": "z\udc00.jpg".encode("utf-8", "replace").decode(),
        "source_page": None,
        "reason": "truncated",
        "detail": "JPEG without its end.",
        "kept": "/var/station/hot/.originals/b/z.jpg",
        "sha256": None,
    }
    for _ in range(2):
        assert (await house.json("POST", "/api/v1/documents/aside", json=aside, key=STATION_KEY))[0] == 200
    (kept,) = await house.store.read(lambda tx: tx.documents.aside())
    assert (kept.station, kept.reason) == ("Trạm Tủa Chùa", "truncated")
    report = {"name": "Trạm Tủa Chùa", "documents": 1, "waiting": 2, "parked": 0, "trouble": "trouble.away"}
    assert (await house.json("POST", "/api/v1/stations", json=report, key=STATION_KEY))[0] == 200
    (station,) = await house.store.read(lambda tx: tx.stations.stations())
    assert (station.account, station.waiting, station.handed_at) == ("key:tram", 2, NOW)
    status, _ = await house.json("POST", "/api/v1/stations", json={**report, "trouble": "<b>"}, key=STATION_KEY)
    assert status == 422


def test_a_document_comes_out_of_the_form_as_it_went_in(parcel: tuple[dict[str, Any], bytes]) -> None:
    metadata, _ = parcel
    record = parse(DocumentForm, json.dumps(metadata).encode()).record(Path("x.pdf"))
    assert isinstance(record, ScannedDocument)
    again = json.loads(json.dumps(document_to_json(record)))
    del again["path"]
    assert {**again, "batch": None} == {**metadata, "batch": None}
    assert record.batch.begun_at == NOW


async def test_a_text_comes_out_of_the_form_as_it_went_in(tmp_path: Path) -> None:
    text = DocumentText("c" * 64, "tesseract 5 vie", (TextOfPage(1, "Giàng A Tủa", codes=("H99.1-1",)),))
    queue = OutboundQueue(tmp_path, clock=RealClock())
    await queue.read(text)
    parcel = await queue.due()
    assert parcel is not None
    assert parse(TextForm, parcel.body.encode()).record() == text
    queue.close()


# --- the sender against gateways that behave in every way ------------------------------------------------------------


class OddGateway:
    """A server that answers with what the test lays out, one after another."""

    def __init__(self) -> None:
        self.answers: list[web.Response] = []
        self.asked: list[str] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        await request.read()
        if request.path == "/api/v1/stations":
            return web.json_response({"key": "x", "repeated": True})
        return self.answers.pop(0)


@pytest.fixture
async def odd(tmp_path: Path) -> AsyncIterator[tuple[OddGateway, str]]:
    gateway = OddGateway()
    app = web.Application(client_max_size=10**8)
    app.router.add_route("*", "/{tail:.*}", gateway.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield gateway, f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def answer(status: int, told: dict[str, Any] | str, **headers: str) -> web.Response:
    if isinstance(told, str):
        return web.Response(status=status, text=told, content_type="text/html", headers=headers)
    kind = "application/json" if status < 400 else "application/problem+json"
    return web.Response(status=status, text=json.dumps(told), content_type=kind, headers=headers)


@pytest.mark.parametrize(
    ("reply", "state", "trouble"),
    [
        (answer(200, "<html>Please accept our terms</html>"), "waiting", TroubleKind.GATEWAY_AWAY),
        (answer(200, {"key": "another", "repeated": True}), "waiting", TroubleKind.GATEWAY_AWAY),
        (answer(302, "moved", Location="/login"), "waiting", TroubleKind.GATEWAY_AWAY),
        (answer(404, "nothing here"), "waiting", TroubleKind.GATEWAY_AWAY),
        (answer(413, "<html>nginx: too large</html>"), "waiting", TroubleKind.GATEWAY_AWAY),
        (answer(502, "<html>bad gateway</html>"), "waiting", TroubleKind.GATEWAY_AWAY),
        (answer(507, {"detail": "hết chỗ"}), "waiting", TroubleKind.GATEWAY_AWAY),
        (answer(401, {"detail": "khóa"}), "waiting", TroubleKind.KEY_REFUSED),
        (answer(500, {"detail": "lỗi"}), "waiting", None),
        (answer(422, {"detail": "không hợp lệ", "faults": [{"path": "key", "message": "sai"}]}), "parked", None),
        (answer(409, {"detail": "xung đột"}), "parked", None),
    ],
    ids=lambda value: str(value.status) if isinstance(value, web.Response) else None,
)
async def test_only_the_gateways_own_word_ends_a_parcel(
    odd: tuple[OddGateway, str], queue_folder: Path, reply: web.Response, state: str, trouble: TroubleKind | None
) -> None:
    gateway, url = odd
    gateway.answers.append(reply)
    clock = MovedClock()
    queue = OutboundQueue(queue_folder, clock=clock)
    sender = Sender(queue, url=url, key="k", station="t", clock=clock)
    await sender.once()
    counts = await queue.counts()
    assert (counts.waiting, counts.parked, counts.handed_over) == (state == "waiting", state == "parked", 0)
    assert (sender.trouble.kind if sender.trouble else None) is trouble
    if state == "parked":
        (parcel,) = await queue.parked()
        assert parcel.why in ("không hợp lệ; key: sai", "xung đột")
        assert parcel.file is not None
        assert parcel.file.exists()
    queue.close()


async def test_retry_after_is_kept_and_the_way_is_tried_again_by_itself(
    odd: tuple[OddGateway, str], queue_folder: Path, parcel: tuple[dict[str, Any], bytes]
) -> None:
    gateway, url = odd
    gateway.answers += [
        answer(503, {"detail": "sau"}, **{"Retry-After": "120"}),
        answer(201, {"key": parcel[0]["key"], "repeated": False}),
    ]
    clock = MovedClock()
    queue = OutboundQueue(queue_folder, clock=clock)
    sender = Sender(queue, url=url, key="k", station="t", clock=clock, pace=Pace(first_s=1.0, most_s=600.0))
    running = asyncio.create_task(sender.run())
    try:
        await until(lambda: sender.trouble is not None)
        await clock.move(seconds=119)
        assert gateway.asked == ["/api/v1/documents"]
        await clock.move(seconds=1)
        await until(lambda: len(gateway.asked) > 1 and sender.trouble is None)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        queue.close()
    assert gateway.asked[:2] == ["/api/v1/documents"] * 2
