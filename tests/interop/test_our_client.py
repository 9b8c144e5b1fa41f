"""Our client against foreign servers: four stacks, two versions of SOAP, every case of `cases`."""

import dataclasses
import datetime as dt
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import pytest

from adapters._kit.http import recording
from adapters.registry import Registry
from schemas.errors import Outage, Throttled, Unauthorised
from schemas.ids import PeerId
from schemas.ports.carrier import Prober, TrackingPull
from schemas.tracking import EvidenceLevel, Movement, TrackingBatch
from tests.interop import cases, drivers, limits, page
from tests.interop.cells import judged
from tests.interop.house import MachineClock

pytestmark = [pytest.mark.interop, pytest.mark.slow]
PEER: Final = PeerId("postal_soap")


@pytest.fixture(scope="module", params=drivers.SERVERS)
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    told = tmp_path_factory.mktemp("scenarios") / "scenarios.json"
    told.write_text(json.dumps(cases.SCENARIOS), "utf-8")
    running = drivers.start(drivers.SERVERS[request.param], str(drivers.WSDL), str(told))
    page.check_version(running.stack.title, running.hello["stack"].rpartition(" ")[2])
    yield request.param, f"http://127.0.0.1:{running.hello['port']}"
    running.close()


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What our client made of an answer, and the head of that answer as it came."""

    batch: TrackingBatch
    head: str

    @property
    def codes(self) -> list[str]:
        """Of the events that were understood."""
        return [one.code for one in self.batch.events]

    @property
    def complaints(self) -> list[str]:
        """Of those that were not."""
        return [one.code for one in self.batch.complaints]


@dataclasses.dataclass(frozen=True, slots=True)
class Server:
    """One foreign server, in one version of SOAP."""

    origin: str
    version: str

    async def ask(self, scenario: str, wire: str = "plain", **settings: object) -> Asked:
        """Ask our client for the history of a scenario."""
        registry = self.registry(wire, **settings)
        try:
            with recording() as exchanges:
                batch = await registry.port(PEER, TrackingPull).fetch([scenario], since=None)
        finally:
            await registry.aclose()
        head = exchanges[-1].reply[:2000].decode("utf-8", "replace").partition("<")[0]
        return Asked(batch, head.lower())

    def registry(self, wire: str, **settings: object) -> Registry:
        """Our client with the settings of this post."""
        told = {"url": f"{self.origin}/{self.version}/{wire}", "soap_version": self.version}
        credentials = {"username": "lienthong", "password": "what we share"}
        return Registry.load({PEER: {"enabled": True, **told, **credentials, **settings}}, clock=MachineClock())


async def ok(server: Server) -> None:
    asked = await server.ask("CASE-OK")
    assert (asked.codes, asked.complaints, asked.batch.complete_for) == (["EMA", "EMI"], [], ("CASE-OK",))
    first, last = asked.batch.events
    assert (first.text, last.text, last.carrier_event_id) == ("Chấp nhận gửi", "Đã phát", "e-2")
    assert last.occurred.utc_low == dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)
    assert last.mapped is not None
    assert (last.mapped.movement, last.mapped.proof) == (Movement.DELIVERED, EvidenceLevel.SIGNATURE)
    registry = server.registry("plain")
    probe = await registry.port(PEER, Prober).probe()
    await registry.aclose()
    assert (probe.ok, probe.what) == (True, "contract 1.0")


async def fault(server: Server) -> None:
    with pytest.raises(Throttled) as told:
        await server.ask("CASE-FAULT")
    assert (told.value.code, told.value.retry_after_s) == ("429.01", 7)
    assert cases.TOO_MANY.encode() in told.value.raw


async def empty_list(server: Server) -> None:
    asked = await server.ask("CASE-EMPTY")
    assert (asked.codes, asked.complaints, asked.batch.complete_for) == ([], [], ("CASE-EMPTY",))


async def absent_optional(server: Server) -> None:
    asked = await server.ask("CASE-ABSENT")
    (event,) = asked.batch.events
    assert (event.text, event.carrier_event_id, event.evidence, asked.complaints) == ("", None, (), [])


async def five_megabytes(server: Server) -> None:
    asked = await server.ask("CASE-BIG")
    assert len(asked.batch.raw[0].body) > cases.BIG
    assert [one.text for one in asked.batch.events] == [cases.LONG_TEXT] * cases.BIG_EVENTS
    assert asked.complaints == []


async def both_normal_forms(server: Server) -> None:
    asked = await server.ask("CASE-TEXT")
    assert [one.text for one in asked.batch.events] == [cases.NFC, cases.NFD]


async def bad_date(server: Server) -> None:
    asked = await server.ask("CASE-DATE")
    assert (asked.codes, asked.complaints, asked.batch.complete_for) == (["EMA"], ["EV-03"], ())


async def no_zone(server: Server) -> None:
    asked = await server.ask("CASE-ZONE")
    assert (asked.codes, asked.complaints, asked.batch.complete_for) == (["EMA"], ["EV-02"], ())


async def gzip(server: Server) -> None:
    asked = await server.ask("CASE-BIG", "gzip")
    assert "content-encoding: gzip" in asked.head
    assert len(asked.batch.events) == cases.BIG_EVENTS
    with pytest.raises(Throttled):
        await server.ask("CASE-FAULT", "gzip")


async def chunked(server: Server) -> None:
    asked = await server.ask("CASE-OK", "chunked")
    assert asked.codes == ["EMA", "EMI"]
    assert "transfer-encoding: chunked" in asked.head, "the reply is not chunked"


async def slow(server: Server) -> None:
    with pytest.raises(Outage):
        await server.ask("CASE-SLOW", total_timeout_s=cases.SLOW_MS / 4000)
    asked = await server.ask("CASE-SLOW")
    assert asked.codes == ["EMA", "EMI"]


CELLS: Final[dict[str, Callable[[Server], Awaitable[None]]]] = {
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
async def test_our_client_and_a_foreign_server(stack: tuple[str, str], version: str, case: str) -> None:
    name, origin = stack
    with judged(limits.OUR_CLIENT.get((name, case))):
        await CELLS[case](Server(origin, version))


@pytest.mark.parametrize("stack", ["npm"], indirect=True)
@pytest.mark.parametrize("version", cases.VERSIONS)
async def test_a_foreign_stack_proves_our_password(stack: tuple[str, str], version: str) -> None:
    """npm soap reckons the digest by itself; the other servers only take the header for understood."""
    server = Server(stack[1], version)
    for kind in ("digest", "text"):
        assert (await server.ask("CASE-OK", password_type=kind)).codes == ["EMA", "EMI"]
        with pytest.raises(Unauthorised):
            await server.ask("CASE-OK", password_type=kind, password="guess")


@pytest.mark.parametrize("stack", ["php"], indirect=True)
@pytest.mark.parametrize("version", cases.VERSIONS)
async def test_values_that_php_shares_are_complained_of_and_none_is_lost(stack: tuple[str, str], version: str) -> None:
    """ext-soap writes an array that is used twice as a reference: its events break the contract, each by itself."""
    asked = await Server(stack[1], version).ask("CASE-SHARED")
    assert b'="#ref' in asked.batch.raw[0].body
    assert (asked.codes, asked.complaints, asked.batch.complete_for) == (["EMA"], ["EV-03", "EV-03"], ())
