"""Keeping the store: made, copied, brought back, moved, and what tampering looks like."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from gateway.storage.blobs import FolderBlobs
from tests.flows.command import House, house, run
from tests.flows.news import CODE, world

__all__ = ["house", "world"]  # fixtures: used by name only

pytestmark = pytest.mark.flow


async def test_upgrade_makes_a_store_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    folder = {"LIENTHONG_DATA_FOLDER": str(tmp_path / "fresh")}
    first = await run("upgrade", "--json", env=folder)
    second = await run("upgrade", "--json", env=folder)
    assert (first.code, second.code) == (0, 0)
    assert first.json["before"] == ""
    assert first.json["after"] == second.json["before"] == second.json["after"] != ""
    listed = await run("messages", "list", "--json", env=folder)
    assert (listed.code, listed.json) == (0, [])


async def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gateway.sqlite").write_text("this is a letter")
    folder = {"LIENTHONG_DATA_FOLDER": str(tmp_path)}
    looked, raised = await asyncio.gather(run("messages", "list", env=folder), run("upgrade", env=folder))
    assert (looked.code, raised.code) == (3, 3)
    assert "gateway.sqlite" in looked.err
    assert (tmp_path / "gateway.sqlite").read_text() == "this is a letter"


async def test_a_backup_brings_everything_back(house: House, tmp_path: Path) -> None:
    sha256 = await FolderBlobs(tmp_path / "blobs").put_bytes(b"%PDF- a document")
    archive, elsewhere = tmp_path / "kept.tar", tmp_path / "elsewhere"
    made = await house.says("backup", str(archive), "--json")
    assert (made.code, made.json["blobs"]) == (0, 1)
    again = await house.says("backup", str(archive))
    assert again.code == 1
    astray = await house.says("backup", str(tmp_path / "no" / "folder.tar"))
    assert astray.code == 2

    there = {"LIENTHONG_DATA_FOLDER": str(elsewhere)}
    back = await run("restore", str(archive), env=there)
    assert back.code == 0, back.err
    assert await FolderBlobs(elsewhere / "blobs").has(sha256)
    told, chain, twice = await asyncio.gather(
        run("explain", CODE, "--json", env=there),
        run("audit", "verify", "--json", env=there),
        run("restore", str(archive), env=there),
    )
    assert told.json["explanation"]["dossier"]["code"] == CODE
    assert (chain.code, chain.json["ok"]) == (0, True)
    assert chain.json["head"] == (await house.says("audit", "verify", "--json")).json["head"]
    assert twice.code == 1


async def test_a_store_moves_to_an_empty_database_only(house: House, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path}/moved.db"
    moved = await house.says("migrate", "--to", target, "--json")
    assert moved.code == 0, moved.err
    there = {"LIENTHONG_DATABASE__URL": target, "LIENTHONG_DATA_FOLDER": str(tmp_path)}
    told, chain, again, nonsense = await asyncio.gather(
        run("explain", CODE, "--json", env=there),
        run("audit", "verify", "--head", f"{moved.json['head']['seq']}:{moved.json['head']['digest']}", env=there),
        house.says("migrate", "--to", target),
        house.says("migrate", "--to", "oracle://x"),
    )
    assert told.json["explanation"]["dossier"]["state"] == "IN_POST"
    assert (chain.code, again.code, nonsense.code) == (0, 1, 1)


async def test_half_an_archive_is_refused(house: House, tmp_path: Path) -> None:
    archive, half = tmp_path / "kept.tar", tmp_path / "half.tar"
    assert (await house.says("backup", str(archive))).code == 0
    half.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    (tmp_path / "empty.tar").write_bytes(b"")
    there = {"LIENTHONG_DATA_FOLDER": str(tmp_path / "elsewhere")}
    told, nothing = await asyncio.gather(
        run("restore", str(half), env=there), run("restore", str(tmp_path / "empty.tar"), env=there)
    )
    assert (told.code, nothing.code) == (1, 1)
    assert "half.tar" in told.err
    assert not (tmp_path / "elsewhere" / "gateway.sqlite").exists()


async def test_tampering_with_the_audit_log_is_seen(house: House, tmp_path: Path) -> None:
    whole = await house.says("audit", "verify", "--json")
    head = whole.json["head"]
    assert (whole.code, whole.json["rows"]) == (0, head["seq"])
    kept = await asyncio.gather(
        house.says("audit", "verify", "--head", head["digest"]),
        house.says("audit", "verify", "--head", f"{head['seq']}:{head['digest']}"),
        house.says("audit", "verify", "--head", "ab" * 32),
        house.says("audit", "verify", "--head", "soon"),
    )
    assert [said.code for said in kept] == [0, 0, 2, 1]

    with sqlite3.connect(tmp_path / "rows.db") as rows:
        rows.execute("UPDATE audit SET detail = 'không có gì' WHERE detail = 'lần 1'")
    rows.close()
    edited = await house.says("audit", "verify")
    assert edited.code == 2
    assert "edited" in edited.err

    with sqlite3.connect(tmp_path / "rows.db") as rows:
        rows.execute("UPDATE audit SET detail = 'lần 1' WHERE detail = 'không có gì'")
        rows.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    rows.close()
    cut, seen = await asyncio.gather(
        house.says("audit", "verify"), house.says("audit", "verify", "--head", f"{head['seq']}:{head['digest']}")
    )
    assert (cut.code, seen.code) == (0, 2)
