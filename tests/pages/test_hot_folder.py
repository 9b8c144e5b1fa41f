import asyncio
import datetime as dt
import os
import stat
from pathlib import Path

import pytest

from gateway.sample.pages.batch import Kind
from scanning.intake import Claim, Habits, HotFolder
from scanning.journal import FileJournal
from scanning.pipeline import Pipeline
from scanning.pool import WorkerPool
from scanning.station import serve
from tests.pages.clock import RealClock
from tests.pages.conftest import NOW, ONE, TWO, Inbox

pytestmark = [pytest.mark.pages]
HABITS = Habits(still_for_s=3.0, patience_s=60.0)


class Looker:
    """A hot folder that is looked at, at times the test says."""

    def __init__(self, root: Path, habits: Habits = HABITS) -> None:
        root.mkdir(exist_ok=True)
        self.hot = HotFolder(root, station="tram-1", clock=RealClock(), habits=habits)

    def at(self, seconds: float) -> list[Claim]:
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
    assert looker.at(0) == []
    assert looker.at(2.9) == []
    (claim,) = looker.at(3.1)
    assert [file.name for file in claim.files] == ["p2.jpg", "p10.jpg"]
    assert claim.folder.parent == looker.hot.root / ".work"
    assert all(file.path.read_bytes() == jpeg for file in claim.files)
    assert looker.at(10) == []


def test_a_file_that_grows_starts_to_wait_anew(looker: Looker, jpeg: bytes) -> None:
    path = put(looker.hot.root, "p.jpg", jpeg[:9000])
    looker.at(0)
    path.write_bytes(jpeg[:20_000])
    assert looker.at(4) == []
    path.write_bytes(jpeg)
    assert looker.at(8) == []
    assert len(looker.at(11.5)) == 1


def test_a_still_file_that_is_not_whole_waits_and_holds_its_feed(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root, "1.jpg", jpeg)
    second = put(looker.hot.root, "2.jpg", jpeg[:-5000])  # the scanner closed it and will open it again
    for second_of_day in range(0, 45, 3):
        assert looker.at(second_of_day) == []
    second.write_bytes(jpeg)
    looker.at(46)
    (claim,) = looker.at(50)
    assert [file.name for file in claim.files] == ["1.jpg", "2.jpg"]


def test_after_long_patience_a_broken_file_goes_in_and_the_line_will_say_why(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root, "1.jpg", jpeg[:-5000])
    claims = [claim for second in range(0, 120, 2) for claim in looker.at(second)]
    assert [file.name for claim in claims for file in claim.files] == ["1.jpg"]


def test_wrong_first_bytes_do_not_wait_because_they_never_heal(looker: Looker) -> None:
    put(looker.hot.root, "1.jpg", b"<html></html>")
    looker.at(0)
    assert len(looker.at(3.5)) == 1


def test_a_dropped_folder_is_one_feed_and_moves_as_a_whole(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root / "lo-12", "1.jpg", jpeg)
    put(looker.hot.root / "lo-12", "2.jpg", jpeg[::-1])
    put(looker.hot.root, "loose.jpg", jpeg)
    looker.at(0)
    claims = looker.at(4)
    assert sorted([file.name for file in claim.files] for claim in claims) == [["1.jpg", "2.jpg"], ["loose.jpg"]]
    assert not (looker.hot.root / "lo-12").exists()


def test_links_hidden_and_side_files_are_no_pages(looker: Looker, jpeg: bytes, tmp_path: Path) -> None:
    secret = put(tmp_path / "elsewhere", "secret.jpg", jpeg)
    (looker.hot.root / "link.jpg").symlink_to(secret)
    put(looker.hot.root, ".part.jpg", jpeg)
    put(looker.hot.root, "Thumbs.db", b"x")
    looker.at(0)
    assert looker.at(4) == []
    assert secret.exists()


def test_a_folder_that_wants_done_files_waits_for_one(tmp_path: Path, jpeg: bytes) -> None:
    looker = Looker(tmp_path / "hot", Habits(still_for_s=1.0, wants_done=True))
    put(looker.hot.root, "1.jpg", jpeg)
    looker.at(0)
    assert looker.at(2) == []
    put(looker.hot.root, "1.done", b"")
    assert len(looker.at(4)) == 1
    put(looker.hot.root, "2.jpg", jpeg)
    looker.at(5)
    assert looker.at(7) == [], "the old .done spoke of the old feed"


def test_half_a_claim_goes_back_and_a_whole_one_is_taken_up_again(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root / ".work" / "20261122T080000-aa.claiming", "1.jpg", jpeg)
    put(looker.hot.root / ".work" / "20261122T080000-bb", "2.jpg", jpeg)
    (claim,) = looker.hot.unfinished(NOW)
    assert (claim.batch.id, [file.name for file in claim.files]) == ("20261122T080000-bb", ["2.jpg"])
    assert (looker.hot.root / "1.jpg").read_bytes() == jpeg


def test_originals_are_kept_read_only(looker: Looker, jpeg: bytes) -> None:
    put(looker.hot.root, "1.jpg", jpeg)
    looker.at(0)
    (claim,) = looker.at(4)
    looker.hot.finish(claim)
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
    line = Pipeline(pool, journal, inbox, out_dir=tmp_path / "out")
    working = asyncio.create_task(serve(hot, line, clock=clock))
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
