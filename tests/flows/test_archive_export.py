"""A closed dossier goes to the archive: by command and by the desk; what is not final does not."""

import dataclasses
import hashlib
import zipfile
from pathlib import Path

import pytest

from gateway.accounts import Principal, Role
from gateway.clock import SystemClock
from gateway.desk.archive import ArchiveDesk, NoFonds, NotFinal
from schemas.dossier import Dossier
from schemas.errors import NotFound
from schemas.ids import Sha256
from schemas.ports.stores import Tx
from tests.contract.stores import records
from tests.flows.command import CITIZEN, House, house
from tests.flows.news import CODE, world
from tests.unit.tracking.build import after

__all__ = ["house", "world"]  # fixtures: used by name only

pytestmark = pytest.mark.flow

OPERATOR = Principal("user:truc", "Cầm Văn Hịa", frozenset({Role.OPERATOR}), None)
PAPER = b"%PDF-1.7 paper of a test"


async def close(house: House, *, papers: int = 1, doubts: tuple[str, ...] = ()) -> Dossier:
    """Close the dossier in its row and bind papers with real bytes."""
    blobs = house.world.database.blobs
    sha256 = Sha256(hashlib.sha256(PAPER).hexdigest())
    assert await blobs.put_bytes(PAPER) == sha256

    def transact(tx: Tx) -> Dossier:
        dossier = tx.dossiers.get(house.dossier.id)
        closed = tx.dossiers.put(dataclasses.replace(dossier, closed_at=after(100)))
        for number in range(papers):
            paper = records.attached(f"key-{number}", dossier.id, sha256=sha256, size=len(PAPER), doubts=doubts)
            assert tx.documents.attach(paper)
        return closed

    return await house.world.do(transact)


def desk(house: House, fonds: dict[str, str]) -> ArchiveDesk:
    database = house.world.database
    return ArchiveDesk(database, blob=database.blobs.path, clock=SystemClock(), fonds=fonds)


async def test_the_command_makes_the_package_and_says_where_it_lies(house: House, tmp_path: Path) -> None:
    await close(house)
    out = tmp_path / "out"
    unset = await house.says("archive", CODE, "--out", str(out))
    assert (unset.code, "mã phông" in unset.err) == (1, True)
    with house.settings.open("a") as settings:
        settings.write('[archive.fonds]\n"*" = "H99.14"\n')
    made = await house.says("archive", CODE, "--out", str(out), "--zip")
    assert made.code == 0, made.err
    with zipfile.ZipFile(made.out.strip()) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert f"representations/rep1/data/{CODE}.001.pdf" in names
    assert {"METS.xml", "metadata/descriptive/EAD.xml", "metadata/preservation/PREMIS.xml"} <= set(names)
    assert PAPER in content and CITIZEN.encode() not in content
    log = await house.world.database.read(lambda tx: tx.audit.rows())
    assert any(row.act.act == "dossier.archived" for row in log)


async def test_what_is_not_final_stays_here(house: House, tmp_path: Path) -> None:
    one = desk(house, {"*": "H99.14"})
    with pytest.raises(NotFound):
        await one.export("000.00.99.H99-260101-0001", tmp_path, principal=OPERATOR)
    with pytest.raises(NotFinal, match="state"):
        await one.export(CODE, tmp_path, principal=OPERATOR)
    await close(house, papers=0)
    with pytest.raises(NotFinal, match="no scanned paper"):
        await one.export(CODE, tmp_path, principal=OPERATOR)
    await close(house, doubts=("no_cover",))
    with pytest.raises(NotFinal, match="wait for a person"):
        await one.export(CODE, tmp_path, principal=OPERATOR)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("urn")]


async def test_a_fonds_of_the_unit_goes_before_the_general_one(house: House, tmp_path: Path) -> None:
    closed = await close(house)
    made = await desk(house, {"*": "H99.00", closed.competent_unit: "H99.77"}).export(
        CODE, tmp_path, principal=OPERATOR
    )
    assert made.name.startswith("urn_H99.77_uuid_")
    with pytest.raises(NoFonds):
        await desk(house, {"other": "H99.77"}).export(CODE, tmp_path, principal=OPERATOR)
