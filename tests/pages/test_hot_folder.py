import asyncio
import datetime as dt
import os
import stat
from pathlib import Path

import pytest

from gateway.sample.pages.batch import Kind, draw_scans, write_batch
from scanning.intake import Claim, HotFolder
from scanning.journal import FileJournal
from scanning.pipeline import Pipeline
from scanning.pool import WorkerPool
from scanning.station import Station
from scanning.stillness import Habits
from schemas.document import FeedOrder
from tests.pages.clock import RealClock
from tests.pages.conftest import COVERS, NOW, ONE, TWO, Inbox

pytestmark = [pytest.mark.pages]
ROOT = Path(__file__).resolve().parents[2]
HABITS = Habits(still_for_s=3.0, patience_s=60.0)


class Looker:
    """A hot folder that is looked at, at times the test says."""

    def __init__(self, root: Path, habits: Habits = HABITS) -> None:
        root.mkdir(exist_ok=True)
        self.hot = HotFolder(root, station="tram-1", clock=RealClock(), habits=habits)

        self.seconds = 0.0

    def at(self, seconds: float) -> list[Claim]:
        """Look every half second up to this time, as a station does; what was claimed on the way."""
        claims = []
        while self.seconds < seconds:
            self.seconds = min(self.seconds + 0.5, seconds)
            claims += self.look(self.seconds)
        return claims

    def look(self, seconds: float) -> list[Claim]:
        """One look; the machine's clock shows this time, wherever it was before."""
        self.seconds = seconds
        return self.hot.look(NOW + dt.timedelta(seconds=seconds))


@pytest.fixture
def looker(tmp_path: Path) -> Looker:
    return Looker(tmp_path / "hot")


def put(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.fixture
def jpeg(drawn: dict[Kind, list[Path]]) -> bytes:
    return drawn["jpeg"][1].read_bytes()


def test_a_feed_is_claimed_when_it_is_still_and_whole_and_in_natural_order(looker: Looker, jpeg: bytes) -> None:
    for name in ("p10.jpg", "p2.jpg"):
        put(looker.hot.root, name, jpeg)
    assert looker.look(0) == []
    assert looker.at(2.9) == []
    (claim,) = looker.at(3.1)
    assert [file.name for file in claim.files] == ["p2.jpg", "p10.jpg"]
    assert claim.folder.parent == looker.hot.root / ".work"
    assert all(file.path.read_bytes() == jpeg for file in claim.files)
    assert looker.at(10) == []


def test_a_file_that_grows_starts_to_wait_anew(looker: Looker, jpeg: bytes) -> None:
    path = put(looker.hot.root, "p.jpg", jpeg[:9000])
    looker.look(0)
    path.write_bytes(jpeg[:20_000])
    assert looker.at(4) == []
    path.write_bytes(jpeg)
    assert looker.at(7) == []
    assert len(looker.at(20)) == 1


class Scanner:
    """A scanner that closes its file after each page and comes back seconds later with one page more."""

    def __init__(self, path: Path, states: list[bytes], gaps: list[float]) -> None:
        self.path = path
        self.states = states
        self.gaps = gaps

    def feed(self, looker: Looker) -> tuple[float, list[Claim]]:
        """Write state after state while the station looks; returns when it ended, and what was claimed too early."""
        at, early = 0.0, []
        for state, gap in zip(self.states, self.gaps, strict=True):
            self.path.write_bytes(state)
            early += looker.at(at := at + gap)
        return at, early


GAPS = [4.0, 7.0, 5.5, 6.5]


@pytest.mark.parametrize("kind", ["pdf", "tiff"])
def test_a_scanner_that_closes_and_reopens_between_pages_makes_no_half_document(
    drawn: dict[Kind, list[Path]], tmp_path: Path, kind: Kind
) -> None:
    """After each page the file is whole by its own structure: only the pauses tell that it goes on."""
    looker = Looker(tmp_path / "hot", Habits(patience_s=60.0))
    scans = draw_scans(COVERS, seed=7, dpi=75)[:4]
    states = [write_batch(scans[:n], tmp_path / f"{kind}{n}", kind=kind, dpi=75)[0].read_bytes() for n in range(1, 5)]
    scanner = Scanner(looker.hot.root / f"lo{Path(drawn[kind][0]).suffix}", states, GAPS)
    ended, early = scanner.feed(looker)
    assert early == []
    (claim,) = looker.at(ended + 30)
    assert claim.files[0].path.read_bytes() == states[-1]


def test_a_pause_longer_than_expected_is_learnt(looker: Looker, jpeg: bytes) -> None:
    """Habits say three seconds; this scanner stops in the middle of a page for two and a half and then for longer."""
    path = put(looker.hot.root, "p.jpg", jpeg)
    looker.at(2.5)
    put(looker.hot.root, "p2.jpg", jpeg)
    assert looker.at(7) == [], "three seconds were enough before the pause was seen"
    put(looker.hot.root, "p3.jpg", jpeg)
    assert looker.at(15) == []
    (claim,) = looker.at(40)
    assert len(claim.files) == 3
    assert not path.exists()


def test_a_still_file_that_is_not_whole_waits_and_holds_its_feed(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root, "1.jpg", jpeg)
    second = put(looker.hot.root, "2.jpg", jpeg[:-5000])  # the scanner closed it and will open it again
    assert looker.at(45) == []
    second.write_bytes(jpeg)
    (claim,) = looker.at(150)
    assert [file.name for file in claim.files] == ["1.jpg", "2.jpg"]


def test_after_long_patience_a_broken_file_goes_in_and_the_line_will_say_why(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root, "1.jpg", jpeg[:-5000])
    assert looker.at(60) == []
    (claim,) = looker.at(120)
    assert [file.name for file in claim.files] == ["1.jpg"]


def test_wrong_first_bytes_do_not_wait_because_they_never_heal(looker: Looker) -> None:
    put(looker.hot.root, "1.jpg", b"<html></html>")
    assert len(looker.at(4)) == 1


@pytest.mark.parametrize("jump_s", [-86_400.0, 86_400.0])
def test_a_clock_that_jumps_neither_hurries_nor_stops_a_claim(looker: Looker, jpeg: bytes, jump_s: float) -> None:
    path = put(looker.hot.root, "1.jpg", jpeg)
    looker.at(1)
    path.write_bytes(jpeg[:30_000])  # being written at this moment
    looker.at(1.5)
    path.write_bytes(jpeg)
    assert looker.look(1.5 + jump_s) == [], "nobody has seen it lie still"
    assert looker.look(1.5 + jump_s + 0.5) == []
    assert len(looker.at(1.5 + jump_s + 10)) == 1


@pytest.mark.parametrize("years", [-30, 30])
def test_a_file_dated_into_another_time_is_a_file_like_any_other(looker: Looker, jpeg: bytes, years: int) -> None:
    path = put(looker.hot.root, "1.jpg", jpeg)
    stamp = (NOW + dt.timedelta(days=365 * years)).timestamp()
    os.utime(path, (stamp, stamp))
    assert looker.at(2) == []
    assert len(looker.at(5)) == 1


def test_a_file_that_is_renamed_into_the_folder_waits_like_any_other(looker: Looker, jpeg: bytes) -> None:
    looker.look(0)
    put(looker.hot.root.parent, "p.part", jpeg).rename(looker.hot.root / "p.jpg")
    assert looker.at(2) == []
    assert len(looker.at(4)) == 1


def test_a_dropped_folder_is_one_feed_and_moves_as_a_whole(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root / "lo-12", "1.jpg", jpeg)
    put(looker.hot.root / "lo-12", "2.jpg", jpeg[::-1])
    put(looker.hot.root, "loose.jpg", jpeg)
    claims = looker.at(5)
    assert sorted([file.name for file in claim.files] for claim in claims) == [["1.jpg", "2.jpg"], ["loose.jpg"]]
    assert not (looker.hot.root / "lo-12").exists()


@pytest.mark.parametrize(("folder", "mark"), [("xa-05-duplex", ""), ("xa 06", "duplex.txt"), ("xa-07", ".duplex")])
def test_a_folder_says_that_its_sheets_lie_as_two_stacks(looker: Looker, jpeg: bytes, folder: str, mark: str) -> None:
    put(looker.hot.root / folder, "1.jpg", jpeg)
    if mark:
        put(looker.hot.root / folder, mark, b"")
    (claim,) = looker.at(5)
    assert claim.batch.order is FeedOrder.STACK
    assert [file.name for file in claim.files] == ["1.jpg"]
    (again,) = looker.hot.unfinished(NOW)
    assert again.batch.order is FeedOrder.STACK, "a restart knows it still"


def test_names_that_no_screen_could_show_get_plain_ones_and_the_order_stays(looker: Looker, jpeg: bytes) -> None:
    odd = [b"t\xff1.jpg", b"t\n2.jpg", b"t3\x1b[31m.jpg", "Tờ bìa số 4.jpg".encode(), b"9" * 251 + b".jpg"]
    for number, name in enumerate(odd):
        put(looker.hot.root, os.fsdecode(name), jpeg + bytes([number]) * 4 + b"\xff\xd9")
    (claim,) = looker.at(5)
    names = [file.name for file in claim.files]
    assert len(set(names)) == len(odd)
    assert all(name.isprintable() and name.encode() for name in names)
    assert "Tờ bìa số 4.jpg" in names
    assert sorted(file.path.read_bytes()[-3] for file in claim.files) == [0, 1, 2, 3, 4]
    (again,) = looker.hot.unfinished(NOW)
    assert [file.name for file in again.files] == names


def test_links_hidden_and_side_files_are_no_pages(looker: Looker, jpeg: bytes, tmp_path: Path) -> None:
    secret = put(tmp_path / "elsewhere", "secret.jpg", jpeg)
    (looker.hot.root / "link.jpg").symlink_to(secret)
    put(looker.hot.root, ".part.jpg", jpeg)
    put(looker.hot.root, "Thumbs.db", b"x")
    assert looker.at(10) == []
    assert secret.exists()


def test_a_folder_that_wants_done_files_waits_for_one(tmp_path: Path, jpeg: bytes) -> None:
    looker = Looker(tmp_path / "hot", Habits(still_for_s=1.0, wants_done=True))
    put(looker.hot.root, "1.jpg", jpeg)
    assert looker.at(2) == []
    put(looker.hot.root, "lo.DONE", b"")
    assert len(looker.at(4)) == 1
    put(looker.hot.root, "2.jpg", jpeg)
    assert looker.at(10) == [], "the old .done spoke of the old feed"
    put(looker.hot.root, "3.jpg", jpeg)
    put(looker.hot.root, "3.jpg.done", b"")
    (claim,) = looker.at(20)
    assert [file.name for file in claim.files] == ["3.jpg"], "a .done with a page's name speaks for that page"
    put(looker.hot.root / "lo-2", "1.jpg", jpeg)
    assert looker.at(30) == []
    put(looker.hot.root / "lo-2", "1.done", b"")
    (claim,) = looker.at(40)
    assert [file.name for file in claim.files] == ["1.jpg"]


def test_half_a_claim_goes_back_and_a_whole_one_is_taken_up_again(looker: Looker, jpeg: bytes) -> None:
    work = looker.hot.root / ".work"
    put(work / "20261122T080000-aa-tram-1.claiming", "1.jpg", jpeg)
    put(work / "20261122T080000-bb-tram-1", "2.jpg", jpeg)
    put(work / "20261122T080000-cc-tram-2", "3.jpg", jpeg)
    put(looker.hot.root, "1.jpg", b"another file of this name came meanwhile")
    (claim,) = looker.hot.unfinished(NOW)
    assert (claim.batch.id, [file.name for file in claim.files]) == ("20261122T080000-bb-tram-1", ["2.jpg"])
    (back,) = (path for path in looker.hot.root.glob("1*.jpg") if path.name != "1.jpg")
    assert back.read_bytes() == jpeg
    assert (work / "20261122T080000-cc-tram-2").exists(), "what the other station claimed is the other station's"


def test_originals_are_kept_read_only(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root, "1.jpg", jpeg)
    (claim,) = looker.at(5)
    looker.hot.finish(claim)
    looker.hot.finish(claim)  # a crash may come between the rename and its note: again is silence
    kept = claim.files[0].kept
    assert kept.read_bytes() == jpeg
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444


@pytest.mark.slow
async def test_what_falls_into_the_folder_comes_out_at_the_inbox(
    drawn: dict[Kind, list[Path]], tmp_path: Path, pool: WorkerPool
) -> None:
    inbox, journal, clock = Inbox(), FileJournal(tmp_path / "journal.db"), RealClock()
    root = tmp_path / "hot"
    hot = HotFolder(root, station="tram-1", clock=clock, habits=Habits(still_for_s=0.2, poll_s=0.2))
    line = Pipeline(pool, journal, inbox, out_dir=tmp_path / "out", clock=RealClock())
    working = asyncio.create_task(Station(hot, line, clock=clock).serve())
    try:
        staged = put(tmp_path, "lo.pdf", drawn["pdf"][0].read_bytes())
        os.link(staged, root / "lo.pdf")
        async with asyncio.timeout(60):
            while await journal.unfinished() or len(inbox.documents) < 2 or not list((root / ".originals").iterdir()):
                assert not working.done(), working.exception()
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert sorted(document.dossier_code or "" for document in inbox.documents.values()) == [ONE, TWO]
    assert list((root / ".work").iterdir()) == []
    journal.close()
