"""The real command in a child process, on a real data folder, beside a process that has the same store open."""

import asyncio
import dataclasses
import datetime as dt
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.sweeper import Sweeper
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from gateway.storage.blobs import FolderBlobs
from schemas.audit import Act
from schemas.dossier import Dossier, IntakeMode
from schemas.errors import Applied
from schemas.ids import MessageNo, PeerId
from schemas.message import AttemptClass, MessageState, Operation
from schemas.ports.message_stores import Verdict
from schemas.ports.stores import Tx
from schemas.tracking import Movement
from schemas.wire import Exchange
from tests.contract.stores import records
from tests.flows.news import CODE, World, world
from tests.unit.tracking.build import after, event, item

__all__ = ["world"]  # a fixture: used by name only

pytestmark = pytest.mark.flow

PORTAL, POST = PeerId("dvcqg"), PeerId("vnpost_hcc")
LIMIT_S = 60
NUMBER = "EL000000005VN"
CITIZEN = "038190000015"


@dataclasses.dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class House:
    """A data folder with settings, its store open here as a gateway would have it, and the command beside it."""

    def __init__(self, world: World, folder: Path, dossier: Dossier) -> None:
        self.world = world
        self.folder = folder
        self.dossier = dossier
        self.settings = folder / "lienthong.toml"
        self.settings.write_text(
            f'data_folder = "{folder}"\n[database]\nurl = "sqlite:///{folder}/rows.db"\n'
            "[peers.loopback]\nenabled = true\n"
        )

    async def says(self, *words: str) -> Said:
        return await run(*words, "--config", str(self.settings))

    async def message(self, peer: PeerId, key: str, state: MessageState) -> MessageNo:
        """A message that was tried once and ended in ``state``."""

        def fn(tx: Tx) -> MessageNo:
            plain = records.message(self.dossier.id, key, peer=peer)
            if peer == POST:
                plain = dataclasses.replace(plain, operation=Operation.CARRIER_BOOK)
            put = tx.messages.put(plain, now=after())
            if state is MessageState.PENDING:
                return put.id
            ((_, attempt),) = tx.messages.lease(peer, now=after(1), until=after(2), limit=1)
            verdict = Verdict(state, None, AttemptClass.REFUSED, Applied.NO, 422, "E42", "sai mã đơn vị")
            said = Exchange(
                "https://peer.example/x", f'{{"soDinhDanh":"{CITIZEN}"}}'.encode(), b"no", 422, after(1), after(1)
            )
            tx.messages.settle(put.id, attempt, verdict, (said,), now=after(1))
            return put.id

        return await self.world.do(fn)

    async def state(self, no: MessageNo) -> MessageState:
        return (await self.world.database.read(lambda tx: tx.messages.get(no))).state


async def run(*words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Said:
    def child() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *words],
            cwd=cwd,
            env={**os.environ, "PYTHONSAFEPATH": "1", **(env or {})},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )

    done = await asyncio.to_thread(child)
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
async def house(world: World, tmp_path: Path) -> House:
    one = await world.lodged(IntakeMode.DELEGATED)
    await world.pack(item(), one)
    await world.hear(
        event(Movement.ACCEPTED, after(1)),
        event(Movement.IN_TRANSIT, after(3)),
        event(None, after(4), code="Z9"),
        event(Movement.DELIVERED, after(48), forecast=True),
    )

    def look(tx: Tx) -> None:
        for n in range(3):
            tx.audit.write(Act(after(n), "user:an", "dossier.looked", "dossier", str(one.id), None, f"lần {n}"))

    await world.do(look)
    return House(world, tmp_path, one)


async def test_what_a_number_is() -> None:
    valid, wrong = await asyncio.gather(run("identify", "ee 473124829 vn", "--json"), run("identify", "EE473124820VN"))
    assert (valid.code, valid.json["answers"][0]["kind"], valid.json["answers"][0]["valid"]) == (0, "s10", True)
    assert wrong.code == 2
    assert "EE473124829VN" in wrong.out


async def test_the_shape_of_a_record_and_an_unknown_one() -> None:
    known, unknown = await asyncio.gather(run("schema", "TrackingEvent"), run("schema", "Parcel"))
    assert known.code == 0
    assert "any_row_means_accepted" in json.dumps(known.json)
    assert unknown.code == 2
    assert "TrackingEvent" in unknown.err


@pytest.mark.pages
async def test_a_drawn_page_becomes_pdf_a_and_a_broken_one_is_told(tmp_path: Path) -> None:
    feed = tmp_path / "feed"
    draw_batch([CoverFor(CODE, NUMBER, 1, "Lò Thị Ơi")], feed, kind="jpeg", seed=3)
    clean = await run("scan", str(feed), "--out", str(tmp_path / "out"), "--json")
    assert clean.code == 0, clean.err
    (document,) = clean.json["documents"]
    assert (document["dossier_code"], document["s10"], len(document["pages"])) == (CODE, NUMBER, 2)
    assert clean.json == json.loads((tmp_path / "out" / "manifest.json").read_text())

    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 not a page")
    told = await run("scan", str(broken), "--out", str(tmp_path / "more"))
    assert told.code == 2
    assert "broken.jpg" in told.out + told.err


async def test_usage_and_settings_that_are_wrong_are_named(house: House, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[http]\nport = 99999\n")
    nonsense, value, missing, nowhere, variable = await asyncio.gather(
        run("messages", "retry", "--what"),
        run("peers", "list", "--config", str(wrong)),
        run("peers", "list", "--config", str(tmp_path / "none.toml")),
        run("explain", CODE, cwd=tmp_path, env={"LIENTHONG_DATA_FOLDER": str(tmp_path / "empty")}),
        run("explain", CODE, env={"LIENTHONG_CONFIG": str(house.settings)}),
    )
    assert nonsense.code == 1
    assert value.code == 1
    assert "http.port" in value.err
    assert missing.code == 1
    assert "none.toml" in missing.err
    assert nowhere.code == 1
    assert "lienthong upgrade" in nowhere.err
    assert not (tmp_path / "empty").exists()
    assert variable.code == 0, variable.err


async def test_peers_are_listed_and_checked(house: House, tmp_path: Path) -> None:
    away = tmp_path / "away.toml"
    away.write_text(
        f'data_folder = "{tmp_path}"\n[peers.postal_soap]\nenabled = true\nurl = "http://127.0.0.1:9/soap"\n'
        'username = "u"\npassword = "p"\ntotal_timeout_s = 5\n'
    )
    listed, good, bad, unknown = await asyncio.gather(
        house.says("peers", "list", "--json"),
        house.says("peers", "check", "loopback", "--json"),
        run("peers", "check", "--config", str(away)),
        house.says("peers", "check", "dvcqg"),
    )
    on = {row["peer"]: row["enabled"] for row in listed.json}
    assert on["loopback"] is True
    assert on["dvcqg"] is False
    assert (good.code, good.json[0]["probe"]["ok"]) == (0, True)
    assert bad.code == 3
    assert "postal_soap" in bad.out
    assert unknown.code == 1
    assert "dvcqg" in unknown.err


async def test_messages_are_listed_and_shown_without_a_citizens_number(house: House) -> None:
    parked = await house.message(PORTAL, "k-1", MessageState.PARKED)
    await house.message(POST, "k-2", MessageState.PENDING)
    listed, shown, raw = await asyncio.gather(
        house.says("messages", "list", "--state", "parked", "--json"),
        house.says("messages", "show", str(parked), "--json"),
        house.says("messages", "show", str(parked), "--raw"),
    )
    assert [row["id"] for row in listed.json] == [parked]
    assert shown.json["attempts"][0]["peer_code"] == "E42"
    assert "request" not in shown.json["attempts"][0]["exchanges"][0]
    assert "soDinhDanh" in raw.out
    assert CITIZEN not in raw.out
    looks = await house.world.database.read(lambda tx: [row.act for row in tx.audit.rows()])
    (look,) = [act for act in looks if act.act == "message.raw_read"]
    assert look.who.startswith("user:cli:")


async def test_a_group_is_counted_first_and_then_retried(house: House) -> None:
    stuck = [await house.message(PORTAL, "k-1", MessageState.PARKED)]
    other = await house.message(POST, "k-9", MessageState.REFUSED)
    tried = await house.says("messages", "retry", "--peer", "dvcqg", "--dry-run", "--json")
    assert (tried.code, tried.json["chosen"], tried.json["done"]) == (0, stuck, [])
    assert await house.state(stuck[0]) is MessageState.PARKED

    done = await house.says("messages", "retry", "--state", "parked", "--state", "refused")
    assert done.code == 0
    assert done.out.startswith("2 thông điệp sẽ được gửi lại ngay.")
    assert await house.state(other) is MessageState.PENDING

    clock = Soon()
    bell = EmbeddedBell("sqlite://", clock=clock)
    await Sweeper(house.world.database, bell=bell, clock=clock).sweep()
    await asyncio.wait_for(bell.wait(PORTAL, None), LIMIT_S)


class Soon:
    """A clock of one instant, well after every message is due."""

    def now(self) -> dt.datetime:
        return dt.datetime(2030, 1, 1, tzinfo=dt.UTC)

    async def wait_until(self, at: dt.datetime) -> None:
        raise AssertionError("nothing waits for time here")


async def test_a_decision_needs_a_reason_and_is_written_down(house: House) -> None:
    first = await house.message(PORTAL, "k-1", MessageState.PARKED)
    silent, everything, done = (
        await house.says("messages", "resolve", str(first)),
        await house.says("messages", "cancel", "--reason", "dọn dẹp"),
        await house.says("messages", "resolve", str(first), "--reason", "đã nhập tay trên cổng"),
    )
    assert (silent.code, everything.code, done.code) == (1, 1, 0)
    assert await house.state(first) is MessageState.RESOLVED
    acts = await house.world.database.read(lambda tx: [row.act for row in tx.audit.rows()])
    assert ("message.resolved", "đã nhập tay trên cổng") in [(act.act, act.detail) for act in acts]

    second = await house.message(PORTAL, "k-2", MessageState.PARKED)
    mixed = await house.says("messages", "cancel", str(first), str(second), "999", "--reason", "nhầm", "--json")
    assert mixed.code == 2
    assert mixed.json["done"] == [second]
    assert [each["id"] for each in mixed.json["failed"]] == [first, 999]


@pytest.mark.parametrize("words", [("list", "--state", "lost"), ("retry", "--operation", "fax"), ("show", "one")])
async def test_words_that_mean_nothing_are_refused(house: House, words: tuple[str, ...]) -> None:
    assert (await house.says("messages", *words)).code == 1


async def test_what_is_not_there_is_told(house: House) -> None:
    message, dossier, filtered = await asyncio.gather(
        house.says("messages", "show", "404"),
        house.says("explain", "000.00.14.H99-000101-9999"),
        house.says("messages", "list", "--dossier", "000.00.14.H99-000101-9999"),
    )
    assert (message.code, dossier.code, filtered.code) == (2, 2, 2)
    assert dossier.err.startswith("Không tìm thấy.")


async def test_why_a_dossier_stands_where_it_stands(house: House) -> None:
    waiting = await house.message(PORTAL, "k-1", MessageState.PARKED)
    told, said = await asyncio.gather(house.says("explain", CODE), house.says("explain", CODE, "--json"))
    assert (told.code, said.code) == (0, 0)
    assert "Mã Z9 chưa có trong bảng mã test" in told.out
    assert "Chỉ là dự báo" in told.out
    assert "Đến cơ quan: đã phát đủ và đơn vị ký nhận (arrive)" in told.out
    assert (said.json["replayed"], said.json["explanation"]["dossier"]["state"]) == (True, "IN_POST")
    (one,) = said.json["explanation"]["items"]
    assert [use["used"] for use in one["uses"]] == [True, True, False, False]
    assert [row["id"] for row in said.json["open_messages"]] == [waiting]
    assert CITIZEN not in told.out + said.out


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
