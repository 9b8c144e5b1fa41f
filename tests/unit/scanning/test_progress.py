import datetime as dt
import threading

from scanning.progress import REMEMBERED, BatchProgress, Phase, ProgressBoard
from schemas.document import ScanBatch

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> dt.datetime:
        return self.at

    async def wait_until(self, when: dt.datetime) -> None:
        self.at = when


def batch(name: str) -> ScanBatch:
    return ScanBatch(name, "quay-1", None, NOW)


def test_a_batch_is_told_from_its_beginning_to_its_end() -> None:
    clock, strokes = HandClock(), list[BatchProgress]()
    board = ProgressBoard(clock, on_change=strokes.append)
    board.begin(batch("b"), files=2)
    board.add("b", pages_total=3)
    board.phase("b", Phase.MEASURING)
    board.add("b", pages_done=1)
    board.add("b", pages_done=2, set_aside=1)
    clock.at = NOW + dt.timedelta(minutes=1)
    board.phase("b", Phase.ENDED)
    told = board.of("b")
    assert told == BatchProgress(
        batch("b"), Phase.ENDED, NOW, 2, pages_total=3, pages_done=3, set_aside=1, ended_at=clock.at
    )
    assert [stroke.pages_done for stroke in strokes] == [0, 0, 0, 1, 3, 3]
    assert board.changes == len(strokes)


def test_a_batch_that_is_taken_up_again_counts_anew_and_keeps_when_it_began() -> None:
    clock = HandClock()
    board = ProgressBoard(clock)
    board.begin(batch("b"), files=2)
    board.add("b", pages_total=3, pages_done=3)
    board.phase("b", Phase.WAITING)
    clock.at = NOW + dt.timedelta(minutes=5)
    board.begin(batch("b"), files=2)
    assert board.look() == (BatchProgress(batch("b"), Phase.INSPECTING, NOW, 2),)


def test_only_ended_batches_fall_off_the_board() -> None:
    board = ProgressBoard(HandClock())
    board.begin(batch("long"), files=1)
    for number in range(REMEMBERED + 20):
        board.begin(batch(f"b{number}"), files=1)
        board.phase(f"b{number}", Phase.ENDED)
    board.begin(batch("last"), files=1)
    names = [told.batch.id for told in board.look()]
    assert names[:2] == ["last", f"b{REMEMBERED + 19}"]
    assert names[-1] == "long"
    assert len(names) == REMEMBERED + 2
    assert board.of("b0") is None


def test_what_was_forgotten_is_not_counted() -> None:
    board = ProgressBoard(HandClock())
    board.add("never begun", waiting=-1, documents=1)
    assert board.look() == ()
    assert board.changes == 0


def test_strokes_of_several_threads_are_all_counted() -> None:
    board = ProgressBoard(HandClock())
    board.begin(batch("b"), files=1)

    def work() -> None:
        for _ in range(500):
            board.add("b", pages_done=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = board.of("b")
    assert told is not None
    assert told.pages_done == 2000
