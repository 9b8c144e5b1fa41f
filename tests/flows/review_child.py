"""A house that accepts the first document of a batch and is killed -9 on the way: `FOLDER SHEET POINT`."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from gateway.accounts import Principal, Role
from scanning.journal import FileJournal
from scanning.review_rows import ACCEPTING
from schemas.ports.journal import StageRow
from tests.flows.edge_house import ATTACH, REVIEWS, edge_house
from tests.flows.review_house import BATCH

WHO = Principal("user:sohoa", "Quàng Văn Pọm", frozenset({Role.SCANNER}), None)


def die() -> NoReturn:
    """As if the power had gone."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


async def main(folder: Path, sheet: str, point: str) -> None:
    """Accept, and die at the point."""
    async with edge_house(folder) as house:
        record, exchange = FileJournal.record, house.app[ATTACH].exchange

        async def recorded(self: FileJournal, row: StageRow) -> None:
            await record(self, row)
            if point == "written" and row.stage == ACCEPTING:
                die()

        async def exchanged(*told: object, **more: object) -> bool:
            if point == "built":
                die()
            await exchange(*told, **more)  # type: ignore[arg-type]  # what the desk told, as it told it
            die()

        FileJournal.record = recorded  # type: ignore[method-assign]  # a trap in the way
        house.app[ATTACH].exchange = exchanged  # type: ignore[method-assign]  # a trap in the way
        desk = house.app[REVIEWS].desk
        edits = len((await desk.look(BATCH)).review.edits)
        await desk.accept(BATCH, sheet, expected=edits, principal=WHO, reason="thử mất điện")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
