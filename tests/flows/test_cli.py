"""What the operator types, beside a process that has the same store open."""

import asyncio
import datetime as dt
import json
from pathlib import Path

import pytest

from gateway.outbox.bells.embedded import EmbeddedBell
from gateway.outbox.breaker import allowance
from gateway.outbox.sweeper import Sweeper
from gateway.sample.pages.batch import draw_batch
from gateway.sample.pages.covers import CoverFor
from schemas.message import MessageState
from tests.flows.command import CITIZEN, LIMIT_S, PORTAL, POST, House, house, run
from tests.flows.news import CODE, world
from tests.unit.tracking.build import after

__all__ = ["house", "world"]  # fixtures: used by name only

pytestmark = pytest.mark.flow

NUMBER = "EL000000005VN"


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
    assert nowhere.code == 2
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


async def test_a_person_stops_a_peer_and_lets_it_go_on(house: House) -> None:
    await house.message(PORTAL, "k-1", MessageState.PENDING)
    stopped = await house.says("messages", "stop", "dvcqg", "--reason", "cổng bảo trì")
    unknown = await house.says("messages", "stop", "fax", "--reason", "x")
    assert (stopped.code, unknown.code) == (0, 2)
    breaker = await house.world.database.read(lambda tx: tx.peers.breaker(PORTAL))
    assert allowance(breaker, 8, after(100)) == 0
    resumed = await house.says("messages", "resume", "dvcqg", "--reason", "xong bảo trì", "--json")
    assert resumed.json == {"peer": "dvcqg", "stopped": False}
    breaker = await house.world.database.read(lambda tx: tx.peers.breaker(PORTAL))
    assert allowance(breaker, 8, after(100)) == 8
    acts = await house.world.database.read(lambda tx: [(row.act.act, row.act.detail) for row in tx.audit.rows()])
    assert acts[-2:] == [("peer.stopped", "cổng bảo trì"), ("peer.resumed", "xong bảo trì")]


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
