"""Foreign clients against our server: four stacks, two versions of SOAP, every case of `cases`."""

import dataclasses
import datetime as dt
import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from tests.flows.soap_house import NS, PASSWORD, USER, envelope, security
from tests.interop import cases, drivers, limits, page
from tests.interop.cells import judged
from tests.interop.house import BIG, EMPTY, TEXTS, WHOLE

pytestmark = [pytest.mark.interop, pytest.mark.slow, pytest.mark.xdist_group("our server")]
PATH: Final = "/soap/postal-tracking"
PACKS_REQUESTS: Final = ("php",)
"""The clients with a switch of their own for compressed requests. (npm's forceGzip tells the length of the plain text:
whoever reads it waits for bytes that never come.)"""


@pytest.fixture(scope="module", params=drivers.CLIENTS)
def stack(request: pytest.FixtureRequest, house: str) -> Iterator[tuple[str, drivers.Driver]]:
    running = drivers.start(drivers.CLIENTS[request.param])
    page.check_version(running.stack.title, running.hello["stack"].rpartition(" ")[2])
    yield request.param, running
    running.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Client:
    """One foreign client, in one version of SOAP."""

    name: str
    driver: drivers.Driver
    house: str
    version: str

    def ask(self, operation: str, *, reply: str = "", **more: object) -> dict[str, Any]:
        """Let it call; ``reply`` is what the proxy before us does. An error that is no fault fails the cell."""
        job: dict[str, object] = {
            "operation": operation,
            "version": self.version,
            "wsdl": f"{self.house}{PATH}?wsdl",
            "url": f"{self.house}{PATH}{f'?reply={reply}' if reply else ''}",
            "user": USER,
            "password": PASSWORD,
            **{"gzip": False, "chunked": False, "packed": False},
        }
        told = self.driver.ask(job | more)
        assert "error" not in told, told["error"]
        return told

    def history(self, number: str, **more: Any) -> list[dict[str, Any]]:
        """The events that it was told of a known item."""
        told = self.ask("history", number=number, **more)
        assert [told.get(name) for name in ("found", "complete", "next")] == [True, True, None], told
        events: list[dict[str, Any]] = told["events"]
        return events

    def push(self, batch: str, *events: dict[str, object]) -> list[list[object]]:
        """Index, outcome and code of each event."""
        told = self.ask(
            "push",
            batch=f"{self.name}-{self.version}-{batch}",
            sent_at=now().isoformat(timespec="seconds"),
            events=list(events),
        )
        results: list[list[object]] = told["results"]
        assert (told["repeated"], told["accepted"]) == (False, sum(one[1] == "ACCEPTED" for one in results))
        return results

    @property
    def wire(self) -> dict[str, Any]:
        """Headers of the last call and its answer, as our side saw and sent them."""
        with urllib.request.urlopen(f"{self.house}/seen", timeout=10) as reply:
            told: dict[str, Any] = json.load(reply)
        return told


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)  # noqa: TID251  # a foreign client's own clock


def event(at: str = "2026-11-20T09:30:00+07:00", text: str | None = None) -> dict[str, object]:
    return {"number": WHOLE, "code": "EMC", "list": "M40", "at": at, "text": text}


def whole(events: list[dict[str, Any]]) -> bool:
    first, last = (
        int(dt.datetime.fromisoformat(at).timestamp()) for at in ("2026-11-20T02:30:00Z", "2026-11-20T08:00:00Z")
    )
    return events == [
        {"code": "EMA", "list": "M40", "at": first, "text": None},
        {"code": "EMI", "list": "M40", "at": last, "text": None},
    ]


def ok(client: Client) -> None:
    assert client.ask("ping", echo="xin chào") == {"echo": "xin chào", "accepting": True, "contract": "1.0"}
    assert whole(client.history(WHOLE))
    assert client.push("ok", event(text="Đang chuyển")) == [[1, "ACCEPTED", None]]
    kind = {"1.1": "text/xml", "1.2": "application/soap+xml"}[client.version]
    assert client.wire["request"]["content-type"].startswith(kind)
    assert client.wire["reply"]["content-type"].startswith(kind)


def fault(client: Client) -> None:
    told = client.ask("ping", echo=None, password="guess")["fault"]
    side = {"1.1": "Client", "1.2": "Sender"}[client.version]
    assert told == {"side": side, "code": "401.01", "vi": "Thông tin đăng nhập không đúng."}


def empty_list(client: Client) -> None:
    assert client.history(EMPTY) == []


def absent_optional(client: Client) -> None:
    assert client.ask("ping", echo=None)["echo"] is None
    assert client.push("absent", event(text=None)) == [[1, "ACCEPTED", None]]


def five_megabytes(client: Client) -> None:
    events = client.history(BIG)
    assert client.wire["bytes"] > cases.BIG
    assert [one["text"] for one in events] == [cases.LONG_TEXT] * cases.BIG_EVENTS


def both_normal_forms(client: Client) -> None:
    assert [one["text"] for one in client.history(TEXTS)] == [cases.NFC, cases.NFD]
    for text in (cases.NFC, cases.NFD):
        assert client.ask("ping", echo=text)["echo"] == text


def bad_date(client: Client) -> None:
    results = client.push("date", event(), event(cases.BAD_DATE))
    assert results == [[1, "ACCEPTED", None], [2, "REJECTED", "EV-03"]]


def no_zone(client: Client) -> None:
    results = client.push("zone", event(), event(cases.NO_ZONE))
    assert results == [[1, "ACCEPTED", None], [2, "REJECTED", "EV-02"]]


def gzip(client: Client) -> None:
    packed = client.name in PACKS_REQUESTS
    assert len(client.history(BIG, gzip=True, packed=packed)) == cases.BIG_EVENTS
    assert client.wire["reply"].get("content-encoding") == "gzip"
    assert (client.wire["request"].get("content-encoding") == "gzip") is packed


def chunked(client: Client) -> None:
    assert whole(client.history(WHOLE, chunked=True, reply="chunked"))
    assert client.wire["reply"].get("transfer-encoding") == "chunked", "the reply is whole"
    assert client.wire["request"].get("transfer-encoding") == "chunked", "the request is whole"


def slow(client: Client) -> None:
    assert whole(client.history(WHOLE, reply="slow"))


CELLS: Final[dict[str, Callable[[Client], None]]] = {
    "ok": ok,
    "fault": fault,
    "empty list": empty_list,
    "absent optional": absent_optional,
    "5 MB reply": five_megabytes,
    "NFC and NFD": both_normal_forms,
    "bad date": bad_date,
    "no zone": no_zone,
    "gzip": gzip,
    "chunked": chunked,
    "slow": slow,
}


@pytest.mark.parametrize("case", cases.CASES)
@pytest.mark.parametrize("version", cases.VERSIONS)
def test_a_foreign_client_and_our_server(
    stack: tuple[str, drivers.Driver], house: str, version: str, case: str
) -> None:
    name, driver = stack
    with judged(limits.OUR_SERVER.get((name, case))):
        CELLS[case](Client(name, driver, house, version))


@pytest.mark.parametrize("version", cases.VERSIONS)
def test_a_foreign_client_calls_the_other_operations(
    stack: tuple[str, drivers.Driver], house: str, version: str
) -> None:
    name, driver = stack
    at = now().isoformat(timespec="seconds")
    told = Client(name, driver, house, version).ask("others", name=f"{name}-{version}", number=WHOLE, at=at)
    assert told == {"state": "PENDING", "page": 1, "items": 0, "manifest": "RECORDED", "revision": 1}


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("gzip, deflate", "gzip"), ("deflate", None), ("gzip;q=0, deflate", None), ("br, gzip;q=0.5", "gzip"), ("", None)],
)
def test_an_answer_is_packed_by_gzip_or_not_at_all(house: str, offered: str, chosen: str | None) -> None:
    headers = {"Content-Type": "text/xml", "Accept-Encoding": offered}
    body = envelope(
        f'<GetItemHistory xmlns="{NS}"><itemNumber>{BIG}</itemNumber></GetItemHistory>', headers=security(now())
    )
    request = urllib.request.Request(f"{house}{PATH}", body, headers)
    with urllib.request.urlopen(request, timeout=20) as reply:
        assert reply.headers.get("Content-Encoding") == chosen
