"""Many jobs, few at a time: a batch of 500 pages is 500 answers of two kilobytes, never 500 jobs under way."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def in_order(jobs: Iterable[Coroutine[Any, Any, T]], *, at_once: int) -> list[T]:
    """Results in the order of the jobs. A job is drawn from the iterable when one of ``at_once`` places is free.

    The first failure stops the rest and comes out bare.
    """
    drawn = enumerate(jobs)
    results: dict[int, T] = {}

    async def take() -> None:
        for place, job in drawn:
            results[place] = await job

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(take())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from failures
    return [results[place] for place in range(len(results))]
