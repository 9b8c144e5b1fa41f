import dataclasses

import pytest

from gateway.storage.database import Database
from gateway.storage.transaction import GatewayTx
from schemas.dossier import CodeAlias, DossierState
from schemas.errors import NotFound, Stale
from schemas.ids import DossierCode, DossierId
from schemas.shipment import Packing
from tests.contract.stores import records
from tests.contract.stores.records import COMMUNE, POST, PROVINCE, T0, later


async def test_a_dossier_comes_back_as_it_went_in(database: Database) -> None:
    told = records.dossier()
    stored = await database.write(lambda tx: tx.dossiers.add(told))
    assert stored == dataclasses.replace(told, id=stored.id, version=1)
    assert await database.read(lambda tx: tx.dossiers.get(stored.id)) == stored


async def test_a_change_of_an_old_version_is_refused_and_changes_nothing(database: Database) -> None:
    read = await database.write(records.add_dossier())
    first = await database.write(lambda tx: tx.dossiers.put(dataclasses.replace(read, note="một")))
    assert first.version == 2
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.dossiers.put(dataclasses.replace(read, note="hai")))
    assert (await database.read(lambda tx: tx.dossiers.get(read.id))).note == "một"


async def test_every_code_it_ever_had_finds_it(database: Database) -> None:
    old = DossierCode("TAM-0001")
    provisional = await database.write(
        records.add_dossier(str(old), aliases=(CodeAlias(old, "provisional", T0, None),))
    )
    official = DossierCode("000.00.14.H99-260302-0009")
    aliases = (CodeAlias(old, "provisional", T0, later(5)), CodeAlias(official, "official", later(5), None))
    changed = dataclasses.replace(provisional, code=official, aliases=aliases)
    stored = await database.write(lambda tx: tx.dossiers.put(changed))
    for code in (old, official):
        assert await database.read(lambda tx, code=code: tx.dossiers.find(code)) == stored  # type: ignore[misc]  # bound now
    assert await database.read(lambda tx: tx.dossiers.find("nobody's")) is None


async def test_a_code_belongs_to_one_dossier_for_ever(database: Database) -> None:
    first = await database.write(records.add_dossier("TAM-0001"))
    with pytest.raises(Stale):
        await database.write(records.add_dossier("TAM-0001"))
    second = await database.write(records.add_dossier("TAM-0002"))
    with pytest.raises(Stale):
        await database.write(lambda tx: tx.dossiers.put(dataclasses.replace(second, code=first.code)))


async def test_steps_are_added_never_rewritten(database: Database) -> None:
    stored = await database.write(records.add_dossier())
    more = (*stored.history, records.step(DossierState.IN_POST, 90, 4))
    moved = dataclasses.replace(stored, state=DossierState.IN_POST, history=more)
    after = await database.write(lambda tx: tx.dossiers.put(moved))
    assert (await database.read(lambda tx: tx.dossiers.get(stored.id))).history == more
    forged = dataclasses.replace(after, history=(records.step(DossierState.VOID, 0), *more[1:]))
    with pytest.raises(ValueError, match="rewritten"):
        await database.write(lambda tx: tx.dossiers.put(forged))


async def test_missing_is_said(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.read(lambda tx: tx.dossiers.get(DossierId(99)))


@pytest.mark.parametrize(
    "words",
    [
        "lo van duc",
        "Lò Văn Đức",
        "ĐỨC",
        "000.00.14.H99-260302-0002",
        "000.00.14.h99-260302-0002",
        "0302-0002",
        "EE473124829VN",
    ],
)
async def test_search_finds_by_folded_name_code_ends_and_item(database: Database, words: str) -> None:
    def store(tx: GatewayTx) -> DossierId:
        tx.dossiers.add(records.dossier("000.00.14.H99-260302-0001", "Quàng Thị Pâng"))
        wanted = tx.dossiers.add(records.dossier("000.00.14.H99-260302-0002", "Lò Văn Đức"))
        posted = tx.items.add(records.item())
        tx.items.pack(Packing(wanted.id, posted.id, 1, 1, (1,), T0, None))
        return wanted.id

    wanted = await database.write(store)
    lines = await database.read(lambda tx: tx.dossiers.search(words, units=None))
    assert [(line.id, line.owner_name, line.state, line.changed_at) for line in lines] == [
        (wanted, "Lò Văn Đức", "LODGED", later(61))
    ]


async def test_search_pages_newest_first_and_keeps_to_the_units(database: Database) -> None:
    for n in range(5):
        await database.write(records.add_dossier(f"A-{n}", owner="100% Lò_"))
    ours = await database.read(lambda tx: tx.dossiers.search("", units=[COMMUNE], limit=2))
    rest = await database.read(lambda tx: tx.dossiers.search("", units=[POST], limit=9, after=ours[-1].id))
    assert [line.code for line in (*ours, *rest)] == ["A-4", "A-3", "A-2", "A-1", "A-0"]
    assert await database.read(lambda tx: tx.dossiers.search("", units=[PROVINCE])) == ()
    assert await database.read(lambda tx: tx.dossiers.search("", units=[])) == ()
    assert await database.read(lambda tx: tx.dossiers.search("00% l", units=None)) != ()
    assert await database.read(lambda tx: tx.dossiers.search("0x% l", units=None)) == ()
