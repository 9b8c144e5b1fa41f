"""The real command in a child process, and a data folder whose store this process has open, as a gateway would."""

import asyncio
import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

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
from tests.flows import forked
from tests.flows.news import World, world
from tests.unit.tracking.build import after, event, item

__all__ = ["world"]  # a fixture: used by name only

PORTAL, POST = PeerId("dvcqg"), PeerId("vnpost_hcc")
LIMIT_S = 60
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
    code, out, err = await asyncio.to_thread(forked.run, words, cwd, {**os.environ, **(env or {})}, limit_s=LIMIT_S)
    assert "Traceback" not in err, err
    return Said(code, out, err)


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
