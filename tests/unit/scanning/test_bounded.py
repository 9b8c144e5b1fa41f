import asyncio
from collections.abc import Coroutine, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanning.bounded import in_order


class Jobs:
    """Makes jobs one by one and counts how many are made and not yet done."""

    def __init__(self, count: int, *, fails_at: int | None = None) -> None:
        self.count = count
        self.fails_at = fails_at
        self.made = self.done = self.most = 0

    def __iter__(self) -> Iterator[Coroutine[object, object, int]]:
        for number in range(self.count):
            self.made += 1
            self.most = max(self.most, self.made - self.done)
            yield self._do(number)

    async def _do(self, number: int) -> int:
        for _ in range(number % 3):
            await asyncio.to_thread(int)
        if number == self.fails_at:
            raise LookupError(number)
        self.done += 1
        return number


@given(st.integers(0, 40), st.integers(1, 9))
def test_results_come_in_order_and_no_more_jobs_are_made_than_have_a_place(count: int, at_once: int) -> None:
    jobs = Jobs(count)
    assert asyncio.run(in_order(jobs, at_once=at_once)) == list(range(count))
    assert jobs.most <= at_once


def test_the_first_failure_comes_out_bare_and_nothing_more_is_begun() -> None:
    jobs = Jobs(1000, fails_at=7)
    with pytest.raises(LookupError, match="7"):
        asyncio.run(in_order(jobs, at_once=2))
    assert jobs.made <= 10
