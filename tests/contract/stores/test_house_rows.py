import asyncio
import dataclasses
import datetime as dt

import pytest

from gateway.accounts import ApiKey, Role, Session, User
from gateway.catalogue.calendars import build_calendar
from gateway.stations import StationReport
from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.attachment import KeptAside, SheetsOf
from schemas.bag import Bag, BagLine, Dispatch, HandoverManifest, ManifestLine, ManifestParty, Seal
from schemas.calendar import Term, TermKind
from schemas.errors import NotFound, NumbersExhausted, Stale
from schemas.ids import BagNumber, CarrierId, DossierId, PeerId, ProcedureCode, UnitId, UserId
from schemas.organisation import (
    Agreement,
    ProcedureVersion,
    Succession,
    SupplementClock,
    Tree,
    Unit,
    UnitCode,
    UnitKind,
)
from schemas.ports.message_stores import Breaker, FeedState, IdempotentAnswer
from tests.contract.stores import records
from tests.contract.stores.records import COMMUNE, PEER, POST, T0, later

BEFORE, ON, AFTER = dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2026, 1, 1)


def unit(name: str, since: dt.date, until: dt.date | None = None, code: str = "H99.1") -> Unit:
    codes = (UnitCode("qcvn102", code, since, until),)
    return Unit(
        COMMUNE, UnitKind.COMMUNE, Tree.GOVERNMENT, name, None, "", "", "", codes, valid_from=since, valid_to=until
    )


async def test_a_unit_is_what_it_was_on_the_day(database: Database) -> None:
    old, new = unit("Xã Mường Khắt", dt.date(2020, 1, 1), BEFORE), unit("Xã Mường Khắt mới", ON, code="H99.2")
    await database.write(lambda tx: tx.catalogue.put_units([old, new]))
    read = database.read
    assert await read(lambda tx: tx.catalogue.unit(COMMUNE, BEFORE)) == old
    assert await read(lambda tx: tx.catalogue.units(ON)) == (new,)
    assert await read(lambda tx: tx.catalogue.unit_by_code("qcvn102", "H99.1", BEFORE)) == old
    assert await read(lambda tx: tx.catalogue.unit_by_code("qcvn102", "H99.1", ON)) is None
    assert await read(lambda tx: tx.catalogue.unit_by_code("qcvn102", "H99.2", AFTER)) == new
    with pytest.raises(NotFound):
        await read(lambda tx: tx.catalogue.unit(COMMUNE, dt.date(2019, 1, 1)))
    renamed = dataclasses.replace(new, codes=())
    await database.write(lambda tx: tx.catalogue.put_units([renamed]))
    assert await read(lambda tx: tx.catalogue.unit(COMMUNE, ON)) == renamed
    assert await read(lambda tx: tx.catalogue.unit_by_code("qcvn102", "H99.2", AFTER)) is None


async def test_procedures_agreements_and_successions_are_dated(database: Database) -> None:
    code = ProcedureCode("9.000012")
    term = Term(TermKind.WORKING_DAYS, 3)
    first = ProcedureVersion(
        code, 1, "Đăng ký", "KD", "Kinh doanh", None, term, 100_000, SupplementClock.PAUSE, (), BEFORE, ON
    )
    second = dataclasses.replace(first, version=2, valid_from=ON, valid_to=None, fee=0)
    paper = Agreement(COMMUNE, POST, CarrierId("vnpost"), True, (code,), ON, None)
    merged = Succession(UnitId("cu"), COMMUNE, ON, False, "NQ 1")

    def store(tx: GatewayTx) -> None:
        tx.catalogue.put_procedures([first, second])
        tx.catalogue.put_agreements([paper])
        tx.catalogue.put_successions([merged, dataclasses.replace(merged, on=BEFORE)])
        tx.catalogue.put_successions([merged])

    await database.write(store)
    read = database.read
    assert await read(lambda tx: tx.catalogue.procedure(code, BEFORE)) == first
    assert await read(lambda tx: tx.catalogue.procedure(code, ON)) == second
    assert await read(lambda tx: tx.catalogue.procedures(ON)) == (second,)
    assert await read(lambda tx: tx.catalogue.agreement(COMMUNE, POST, BEFORE)) is None
    assert await read(lambda tx: tx.catalogue.agreement(COMMUNE, POST, ON)) == paper
    assert await read(lambda tx: tx.catalogue.agreements(AFTER)) == (paper,)
    assert [one.on for one in await read(lambda tx: tx.catalogue.successions())] == [BEFORE, ON]


async def test_a_unit_without_a_calendar_has_the_common_one(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.catalogue.calendar(COMMUNE))
    common = build_calendar(None, dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    own = build_calendar(COMMUNE, dt.date(2026, 1, 1), dt.date(2027, 12, 31))
    for calendar in (own, common):
        await database.write(lambda tx, one=calendar: tx.catalogue.put_calendar(one))  # type: ignore[misc]  # bound now
    assert await database.read(lambda tx: tx.catalogue.calendar(POST)) == common
    assert await database.read(lambda tx: tx.catalogue.calendar(COMMUNE)) == own


async def test_numbers_are_given_out_once(database: Database) -> None:
    def grant(tx: GatewayTx) -> None:
        tx.numbers.grant("a", 11, 12, now=T0)
        tx.numbers.grant("a", 1, 3, now=T0)
        tx.numbers.grant("a", 1, 3, now=later(1))
        tx.numbers.grant("b", 1, 1, now=T0)

    await database.write(grant)
    assert await database.read(lambda tx: tx.numbers.left("a")) == 5
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.numbers.grant("a", 2, 5, now=T0))
    with pytest.raises(ValueError, match="empty"):
        await database.write(lambda tx: tx.numbers.grant("a", 30, 29, now=T0))
    taken = await asyncio.gather(*(database.write(lambda tx: tx.numbers.take("a")) for _ in range(5)))
    assert sorted(taken) == [1, 2, 3, 11, 12]
    with pytest.raises(NumbersExhausted):
        await database.write(lambda tx: tx.numbers.take("a"))
    assert await database.write(lambda tx: tx.numbers.take("b")) == 1
    await database.write(lambda tx: tx.numbers.grant("a", 1, 3, now=T0))
    assert await database.read(lambda tx: tx.numbers.left("a")) == 0


async def test_documents_are_bound_once_and_wait_for_a_person_in_doubt(database: Database) -> None:
    to = (await database.write(records.add_dossier())).id
    sure, doubtful = records.attached("sure", to), records.attached("doubt", to, doubts=("scan.faint",))
    nobodys = records.attached("nobody", None, attached_at=later(1))
    for one in (sure, doubtful, nobodys):
        assert await database.write(lambda tx, one=one: tx.documents.attach(one))  # type: ignore[misc]  # bound now
    assert not await database.write(lambda tx: tx.documents.attach(dataclasses.replace(sure, pages=1)))
    read = database.read
    assert await read(lambda tx: tx.documents.of_dossier(to)) == (doubtful, sure)
    assert await read(lambda tx: tx.documents.unassigned()) == (nobodys, doubtful)
    assert await read(lambda tx: tx.documents.find("sure")) == sure
    bound = await database.write(lambda tx: tx.documents.bind("nobody", to, at=later(9)))
    assert bound == dataclasses.replace(nobodys, dossier=to, attached_at=later(9))
    await database.write(lambda tx: tx.documents.bind("doubt", to, at=later(8)))
    assert await read(lambda tx: tx.documents.unassigned()) == ()
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.documents.bind("sure", to, at=later(9)))
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.documents.bind("none", to, at=later(9)))


async def test_a_superseded_document_stays_and_counts_no_more(database: Database) -> None:
    to = (await database.write(records.add_dossier())).id
    old, waiting = records.attached("old", to), records.attached("waiting", None, doubts=("no_cover",))
    new = records.attached("new", to, version=2, version_reason="quét ngược", replaces=("old", "waiting"))
    new = dataclasses.replace(new, components=(SheetsOf(None, 1), SheetsOf(2, 7)), attached_at=later(600))
    for one in (old, waiting, new):
        await database.write(lambda tx, one=one: tx.documents.attach(one))  # type: ignore[misc]  # bound now
    for key in ("old", "waiting", "old"):
        await database.write(lambda tx, key=key: tx.documents.supersede(key, "new", at=later(3)))  # type: ignore[misc]  # bound now
    read = database.read
    assert await read(lambda tx: tx.documents.of_dossier(to)) == (new,)
    ended = dataclasses.replace(old, superseded_by="new", superseded_at=later(3))
    assert await read(lambda tx: tx.documents.history(to)) == (ended, new)
    assert await read(lambda tx: tx.documents.unassigned()) == ()
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.documents.supersede("old", "another", at=later(4)))
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.documents.bind("waiting", to, at=later(4)))
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.documents.supersede("none", "new", at=later(4)))


async def test_what_was_set_aside_is_remembered_once(database: Database) -> None:
    a = KeptAside("k-1", "b", "s", "a.jpg", 1, "blank", "", "kept/a.jpg", None, T0)
    b = dataclasses.replace(a, key="k-2", at=later(1))
    answers = [await database.write(lambda tx, one=one: tx.documents.set_aside(one)) for one in (a, b, a)]  # type: ignore[misc]  # bound now
    assert answers == [True, True, False]
    assert await database.read(lambda tx: tx.documents.aside(limit=9)) == (b, a)


async def test_bags_and_dispatches(database: Database) -> None:
    number = BagNumber("TU-1")
    line = BagLine(1, None, "EE473124829VN", T0, None)
    bag = Bag(number, 0, POST, COMMUNE, (Seal("S1", T0, None, "pom"),), None, None, 900, None, (line,), None)
    first = await database.write(lambda tx: tx.bags.put(bag))
    assert (first.version, await database.read(lambda tx: tx.bags.get(number))) == (1, first)
    second = await database.write(lambda tx: tx.bags.put(dataclasses.replace(first, closed_at=later(1))))
    for stale in (bag, first):
        with pytest.raises(Stale):
            await database.write(lambda tx, one=stale: tx.bags.put(one))  # type: ignore[misc]  # bound in the loop
    assert await database.read(lambda tx: tx.bags.get(number)) == second
    assert await database.read(lambda tx: tx.bags.get(BagNumber("TU-2"))) is None
    journey = Dispatch("C-1", "361000", "362000", T0, None, (number,))
    await database.write(lambda tx: tx.bags.put_dispatch(journey))
    await database.write(lambda tx: tx.bags.put_dispatch(dataclasses.replace(journey, arrived_at=later(1))))


def manifest(giver: dt.datetime | None, taker: dt.datetime | None, says: str | None = None) -> HandoverManifest:
    line = ManifestLine(None, "EE473124829VN", DossierId(1), "present", says, 8)
    parties = ManifestParty(POST, "pom", giver, None), ManifestParty(COMMUNE, "oi", taker, None)
    return HandoverManifest("BK-1", 1, None, *parties, (line,), None, None, None)


async def test_a_signed_manifest_is_never_replaced(database: Database) -> None:
    released, accepted = manifest(T0, None), manifest(T0, later(5), "present")
    for one in (manifest(None, None), released, released, accepted, accepted):
        await database.write(lambda tx, one=one: tx.bags.put_manifest(one))  # type: ignore[misc]  # bound in the loop
    for forged in (manifest(T0, later(6), "missing"), manifest(None, None), released):
        with pytest.raises(Stale):
            await database.write(lambda tx, one=forged: tx.bags.put_manifest(one))  # type: ignore[misc]  # bound now
    assert await database.read(lambda tx: tx.bags.manifest("BK-1")) == accepted
    second = dataclasses.replace(manifest(None, None), revision=2)
    await database.write(lambda tx: tx.bags.put_manifest(second))
    assert await database.read(lambda tx: tx.bags.manifest("BK-1")) == second
    assert await database.read(lambda tx: tx.bags.manifest("BK-9")) is None


async def test_what_the_giver_signed_stays_while_the_taker_fills_in(database: Database) -> None:
    await database.write(lambda tx: tx.bags.put_manifest(manifest(T0, None)))
    forged = dataclasses.replace(manifest(T0, None), lines=())
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.bags.put_manifest(forged))


async def test_accounts_sessions_and_keys(database: Database) -> None:
    user = User(UserId(0), "Pom", "Quàng Văn Pọm", "$argon2id$", (Role.CLERK,), (COMMUNE,), True, 0, None)
    stored = await database.write(lambda tx: tx.accounts.put_user(user))
    assert stored.id > 0
    read = database.read
    assert await read(lambda tx: tx.accounts.user_named("POM")) == stored
    locked = dataclasses.replace(stored, failures=5, locked_until=later(60))
    await database.write(lambda tx: tx.accounts.put_user(locked))
    assert await read(lambda tx: tx.accounts.user(stored.id)) == locked
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.accounts.put_user(dataclasses.replace(user, name="pOM")))
    with pytest.raises(NotFound):
        await database.write(lambda tx: tx.accounts.put_user(dataclasses.replace(user, id=UserId(99), name="x")))
    other = await database.write(lambda tx: tx.accounts.put_user(dataclasses.replace(user, name="an")))
    assert [one.name for one in await read(lambda tx: tx.accounts.users())] == [other.name, "Pom"]

    login = Session("t-1", stored.id, "csrf", T0, T0, later(60))
    await database.write(lambda tx: tx.accounts.put_session(login))
    assert await read(lambda tx: tx.accounts.session("t-1")) == login
    late = dataclasses.replace(login, token_sha256="t-2", seen_at=later(61), expires_at=later(120))
    await database.write(lambda tx: tx.accounts.put_session(late))
    assert await read(lambda tx: tx.accounts.session("t-1")) is None
    await database.write(lambda tx: tx.accounts.end_session("t-2"))
    assert await read(lambda tx: tx.accounts.session("t-2")) is None

    key = ApiKey("hcc", "ab" * 32, "", (Role.CLERK,), (), PEER, True)
    soap = ApiKey("soap", "", "bí mật", (), (), None, True)
    for one in (key, soap, dataclasses.replace(soap, name="soap-2"), dataclasses.replace(key, active=False)):
        await database.write(lambda tx, one=one: tx.accounts.put_key(one))  # type: ignore[misc]  # bound in the loop
    assert await read(lambda tx: tx.accounts.key("soap")) == soap
    assert await read(lambda tx: tx.accounts.key_by_secret("ab" * 32)) == dataclasses.replace(key, active=False)
    assert await read(lambda tx: tx.accounts.key_by_secret("")) is None


async def test_feeds_breakers_nonces_slots_and_first_answers(database: Database) -> None:
    read, write = database.read, database.write
    fresh = await read(lambda tx: tx.feeds.get(PeerId("ems")))
    assert fresh == FeedState(PeerId("ems"), None, None, None, 0, "", None)
    state = dataclasses.replace(fresh, cursor="17", last_ok_at=T0, next_at=later(60))
    await write(lambda tx: tx.feeds.put(state))
    assert await read(lambda tx: tx.feeds.get(PeerId("ems"))) == state

    assert not (await read(lambda tx: tx.peers.breaker(PEER))).stopped
    breaker = Breaker(PEER, 3, later(60), "Outage", True)
    await write(lambda tx: tx.peers.put_breaker(breaker))
    assert await read(lambda tx: tx.peers.breaker(PEER)) == breaker

    async def use(at: float) -> bool:
        return await write(lambda tx: tx.peers.use_nonce("soap", "n", now=later(at), keep_until=later(at + 300)))

    assert [await use(0), await use(1), await use(299), await use(301)] == [True, False, False, True]

    assert await write(lambda tx: tx.schedule.claim("sweep", T0))
    assert not await write(lambda tx: tx.schedule.claim("sweep", T0))
    assert await write(lambda tx: tx.schedule.claim("sweep", later(60)))

    answer = IdempotentAnswer("d", 201, b"{}")
    await write(lambda tx: tx.idempotency.put("key:hcc", "k", answer, now=T0))
    with pytest.raises(Stale):
        await write(lambda tx: tx.idempotency.put("key:hcc", "k", answer, now=T0))
    assert await read(lambda tx: tx.idempotency.get("key:hcc", "k")) == answer
    assert await read(lambda tx: tx.idempotency.get("key:other", "k")) is None


async def test_a_station_is_what_it_last_said_of_itself_by_account_and_name(database: Database) -> None:
    first = StationReport("key:tram", "Trạm Tủa Chùa", T0, None, 0, 3, 0, "trouble.away")
    second = dataclasses.replace(first, seen_at=later(2), handed_at=later(2), documents=3, waiting=0, trouble="")
    other = dataclasses.replace(first, account="key:khac")

    def fn(tx: GatewayTx) -> tuple[StationReport, ...]:
        for report in (first, second, other):
            tx.stations.put_station(report)
        assert tx.stations.station("key:tram", "Trạm Mường Chà") is None
        return tx.stations.stations()

    assert await database.write(fn) == (other, second)
