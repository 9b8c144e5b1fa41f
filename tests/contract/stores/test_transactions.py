import asyncio
import contextlib
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from gateway.storage import address, chain, schema
from gateway.storage.database import Database, open_database
from gateway.storage.tables import dossiers, house, messages, papers, tickets, trade
from gateway.storage.tables.columns import metadata
from gateway.storage.transaction import GatewayTx
from schemas.errors import BadConfiguration, StoreFull
from schemas.ports.stores import Store
from tests.contract.stores import records
from tests.contract.stores.records import T0


async def test_the_database_is_the_stores_port(database: Database) -> None:
    store: Store = database
    assert await store.read(lambda tx: tx.numbers.left("a")) == 0


async def test_reads_see_the_transactions_own_writes(database: Database) -> None:
    def store(tx: GatewayTx) -> int:
        tx.numbers.grant("a", 1, 5, now=T0)
        tx.numbers.take("a")
        return tx.numbers.left("a")

    assert await database.write(store) == 4


async def test_a_failing_function_leaves_nothing_and_tells_its_own_error(database: Database) -> None:
    rung: list[str] = []

    def fail(tx: GatewayTx) -> None:
        tx.numbers.grant("a", 1, 5, now=T0)
        tx.after_commit(lambda: rung.append("fail"))
        raise LookupError("mine")

    def succeed(tx: GatewayTx) -> None:
        tx.numbers.grant("b", 1, 5, now=T0)
        tx.after_commit(lambda: rung.append("ok"))

    with pytest.raises(LookupError, match="mine"):
        await database.write(fail)
    await database.write(succeed)
    assert rung == ["ok"]
    assert await database.read(lambda tx: (tx.numbers.left("a"), tx.numbers.left("b"))) == (0, 5)


async def test_a_bell_that_fails_does_not_undo_the_answer(database: Database) -> None:
    def store(tx: GatewayTx) -> str:
        tx.numbers.grant("a", 1, 1, now=T0)
        tx.after_commit(lambda: 1 / 0)  # type: ignore[arg-type]  # a bell that breaks
        return "done"

    assert await database.write(store) == "done"
    assert await database.read(lambda tx: tx.numbers.left("a")) == 1


async def test_a_bell_rings_after_the_rows_are_there(database: Database) -> None:
    seen = threading.Event()
    loop = asyncio.get_running_loop()
    left: list[int] = []
    looking: list[asyncio.Task[None]] = []

    async def look() -> None:
        left.append(await database.read(lambda tx: tx.numbers.left("a")))
        seen.set()

    def ring() -> None:
        loop.call_soon_threadsafe(lambda: looking.append(loop.create_task(look())))

    def store(tx: GatewayTx) -> None:
        tx.numbers.grant("a", 1, 7, now=T0)
        tx.after_commit(ring)

    await database.write(store)
    await asyncio.to_thread(seen.wait, 10)
    assert left == [7]


async def test_sixty_four_writers_lose_nothing(database: Database, url: str) -> None:
    await database.write(lambda tx: tx.numbers.grant("n", 1, 1000, now=T0))

    async def writer(k: int) -> list[int]:
        taken = []
        for n in range(4):

            def store(tx: GatewayTx, n: int = n) -> int:
                number = tx.numbers.take("n")
                tx.audit.write(records.act(number, who=f"user:{k}"))
                if (k + n) % 5 == 0:
                    raise LookupError("rolled back")
                return number

            with contextlib.suppress(LookupError):
                taken.append(await database.write(store))
        return taken

    numbers = [number for taken in await asyncio.gather(*map(writer, range(64))) for number in taken]
    rows = await database.read(lambda tx: tx.audit.rows())
    assert len(numbers) == len(set(numbers)) == len(rows)
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert [row.seq for row in rows] == sorted(row.seq for row in rows)
    assert chain.verify(url).ok


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="read"):
        await database.read(lambda tx: tx.numbers.grant("a", 1, 5, now=T0))


async def test_a_closed_store_takes_nothing(database: Database) -> None:
    await database.close()
    with pytest.raises((StoreFull, RuntimeError)):
        await database.write(lambda tx: tx.numbers.left("a"))


async def test_an_old_schema_is_named_and_not_opened(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    with pytest.raises(BadConfiguration, match="lienthong upgrade"):
        open_database(url, blobs=folder, upgrade=False)
    schema.upgrade(url, "0001")
    with pytest.raises(BadConfiguration, match="0001"):
        open_database(url, blobs=folder, upgrade=False)
    assert schema.upgrade(url) == schema.newest() == schema.current(url)
    opened = open_database(url, blobs=folder, upgrade=False)
    await opened.close()


async def test_the_migrations_make_the_tables_of_the_code(database: Database, url: str) -> None:
    assert {module.metadata for module in (dossiers, house, messages, papers, tickets, trade)} == {metadata}
    engine = sa.create_engine(address.parse(url).url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert differences == []


@pytest.mark.parametrize("bad", ["sqlite://", "sqlite:///:memory:", "mysql://x/y", "nonsense"])
def test_an_address_that_cannot_be_is_refused(bad: str) -> None:
    with pytest.raises(BadConfiguration):
        address.parse(bad)
