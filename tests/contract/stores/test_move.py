from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.storage import address, chain, schema
from gateway.storage.database import open_database
from gateway.storage.move import move
from gateway.storage.tables.columns import metadata
from gateway.storage.transaction import GatewayTx
from schemas.document import DocumentText, TextOfPage
from schemas.errors import BadConfiguration
from schemas.shipment import Packing
from tests.contract.stores import records
from tests.contract.stores.records import PEER, T0, later


def fill(tx: GatewayTx) -> None:
    to = tx.dossiers.add(records.dossier(owner="Lò Văn Đức")).id
    posted = tx.items.add(records.item())
    tx.items.pack(Packing(to, posted.id, 1, 1, (), T0, None))
    tx.events.append(posted.id, [(records.event(), None)])
    tx.messages.put(records.message(to), now=T0)
    tx.messages.lease(PEER, now=later(1), until=later(9), limit=1)
    tx.inbox.put(records.inbound(body=b"\x00\xff"))
    tx.documents.attach(records.attached("doc", to))
    tx.texts.put(DocumentText("doc", "reader 1", (TextOfPage(1, "Đăng ký"),)))
    tx.numbers.grant("a", 1, 9, now=T0)
    for n in range(5):
        tx.audit.write(records.act(n))


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = sa.create_engine(address.parse(url).url)
    with engine.connect() as connection:
        rows = {
            table.name: [
                tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
            ]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return rows


async def test_a_moved_store_is_the_same_and_goes_on(url: str, tmp_path: Path) -> None:
    """From SQLite to either database."""
    source = f"sqlite:///{tmp_path}/source.db"
    first = open_database(source, blobs=tmp_path / "blobs")
    await first.write(fill)
    await first.close()
    told: list[str] = []
    moved = move(source, url, progress=lambda table, _rows: told.append(table))
    assert told == [table.name for table in metadata.sorted_tables]
    assert everything(source) == everything(url)
    assert dict(moved.rows)["audit"] == 5 and moved.head == chain.head(url)

    second = open_database(url, blobs=tmp_path / "blobs", upgrade=False)
    again = await second.write(records.add_dossier("B-1"))
    assert again.id == 2
    await second.write(lambda tx: tx.audit.write(records.act(9)))
    assert chain.verify(url, exported=moved.head).ok
    await second.close()


@pytest.mark.pg
async def test_a_store_comes_back_from_postgresql(pg_url: str, tmp_path: Path) -> None:
    first = open_database(pg_url, blobs=tmp_path / "blobs")
    await first.write(fill)
    await first.close()
    target = f"sqlite:///{tmp_path}/target.db"
    move(pg_url, target)
    assert everything(pg_url) == everything(target)


async def test_a_store_is_moved_into_an_empty_database_only(url: str, tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path}/source.db"
    for address_of in (source, url):
        opened = open_database(address_of, blobs=tmp_path / "blobs")
        await opened.write(records.add_dossier())
        await opened.close()
    before = everything(url)
    with pytest.raises(BadConfiguration, match="empty database only"):
        move(source, url)
    assert everything(url) == before


def test_an_old_schema_is_not_moved(tmp_path: Path) -> None:
    source = f"sqlite:///{tmp_path}/source.db"
    schema.upgrade(source, "0001")
    with pytest.raises(BadConfiguration, match="lienthong upgrade"):
        move(source, f"sqlite:///{tmp_path}/target.db")


async def test_a_broken_chain_is_not_carried_on(tmp_path: Path) -> None:
    source, target = f"sqlite:///{tmp_path}/source.db", f"sqlite:///{tmp_path}/target.db"
    first = open_database(source, blobs=tmp_path / "blobs")
    await first.write(fill)
    await first.close()
    engine = sa.create_engine(source)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE audit SET detail = 'khác' WHERE seq = 2"))
    engine.dispose()
    with pytest.raises(BadConfiguration, match="audit chain"):
        move(source, target)
    assert not any(everything(target).values())
