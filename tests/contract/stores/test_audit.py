import dataclasses
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.storage import address, chain
from gateway.storage.audit import GENESIS, Head
from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.errors import NotFound
from tests.contract.stores import records


async def write_acts(database: Database, n: int) -> None:
    for k in range(n):

        def store(tx: GatewayTx, k: int = k) -> None:
            tx.audit.write(records.act(2 * k + 1))
            tx.audit.write(records.act(2 * k + 2, unit=None))

        await database.write(store)


def tamper(url: str, *statements: str) -> None:
    engine = sa.create_engine(address.parse(url).url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


async def test_acts_are_chained_in_the_order_of_commits(database: Database, url: str) -> None:
    await write_acts(database, 3)
    rows = await database.read(lambda tx: tx.audit.rows())
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.act.object_key for row in rows] == [f"d-{n}" for n in range(1, 7)]
    assert [row.previous for row in rows] == [GENESIS, *(row.digest for row in rows[:-1])]
    assert rows[0].act == records.act(1)
    assert await database.read(lambda tx: tx.audit.rows(after=4, limit=1)) == rows[4:5]
    result = chain.verify(url)
    assert result.ok and result.rows == 6
    assert result.head == chain.head(url) == Head(6, rows[-1].digest)


async def test_an_act_is_gone_with_its_transaction(database: Database, url: str) -> None:
    def fail(tx: GatewayTx) -> None:
        tx.audit.write(records.act(1))
        assert [row.act for row in tx.audit.rows()] == [records.act(1)]
        raise LookupError("no")

    with pytest.raises(LookupError):
        await database.write(fail)
    await write_acts(database, 1)
    assert chain.verify(url).ok
    assert chain.head(url).seq == 2


@pytest.mark.parametrize(
    ("statements", "word"),
    [
        (["DELETE FROM audit WHERE seq = 3"], "deleted"),
        (["DELETE FROM audit WHERE seq <= 2"], "deleted"),
        (["UPDATE audit SET detail = 'khác' WHERE seq = 3"], "edited"),
        (["UPDATE audit SET unit = NULL WHERE seq = 3"], "edited"),
        (["UPDATE audit SET at = at + 1 WHERE seq = 6"], "edited"),
        (["UPDATE audit SET previous = 'x' WHERE seq = 3"], "edited"),
        (
            [
                "UPDATE audit SET seq = 99 WHERE seq = 3",
                "UPDATE audit SET seq = 3 WHERE seq = 4",
                "UPDATE audit SET seq = 4 WHERE seq = 99",
            ],
            "moved",
        ),
    ],
    ids=["delete", "delete the beginning", "edit", "edit the unit", "edit the last", "edit the link", "reorder"],
)
async def test_tampering_shows(database: Database, url: str, statements: list[str], word: str) -> None:
    await write_acts(database, 3)
    tamper(url, *statements)
    result = chain.verify(url)
    assert not result.ok
    assert any(fault.what.startswith(word) for fault in result.faults), result.faults


async def test_a_cut_off_end_shows_against_an_exported_head(database: Database, url: str) -> None:
    await write_acts(database, 3)
    exported = chain.head(url)
    assert chain.verify(url, exported=exported).ok
    await write_acts(database, 1)
    assert chain.verify(url, exported=exported).ok
    tamper(url, "DELETE FROM audit WHERE seq >= 6")
    assert chain.verify(url).ok
    (fault,) = chain.verify(url, exported=exported).faults
    assert "cut off" in fault.what
    assert not chain.verify(url, exported=dataclasses.replace(exported, seq=5)).ok


def test_a_store_that_is_not_there_is_not_an_empty_chain(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        chain.verify(f"sqlite:///{tmp_path}/none.db")
