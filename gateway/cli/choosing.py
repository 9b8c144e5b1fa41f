"""Which messages a command is about: the options that narrow a list down, and the open store they are asked of."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import cyclopts

from gateway.cli import opening
from gateway.cli.output import Exit, complain
from gateway.cli.settings import load_settings
from gateway.storage.database import Database
from schemas.errors import NotFound
from schemas.ids import MessageNo, PeerId
from schemas.message import MessageState, Operation
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx

_STUCK: Final = (MessageState.PENDING, MessageState.UNKNOWN, MessageState.REFUSED, MessageState.PARKED)
"""What a person may decide about: open, and not being sent at this moment."""
_PAGE: Final = 200
T = TypeVar("T")


@cyclopts.Parameter(name="*")
@dataclasses.dataclass(frozen=True, kw_only=True)
class Filter:
    """Which messages; every word narrows it down."""

    peer: str | None = None
    """Only to this peer, e.g. dvcqg."""
    state: Annotated[tuple[str, ...], cyclopts.Parameter(negative=(), show_default=False)] = ()
    """Only in this state; may be given several times: pending, sending, unknown, refused, parked, delivered, …"""
    dossier: str | None = None
    """Only of this dossier: its code, the present one or an old one."""
    operation: str | None = None
    """Only this operation, e.g. portal.progress."""

    @property
    def empty(self) -> bool:
        """True where nothing was asked for: that never means all of them."""
        return not (self.peer or self.state or self.dossier or self.operation)


ANY: Final = Filter()


def all_of(tx: Tx, where: Filter) -> tuple[MessageNo, ...]:
    """Numbers of everything the filter names; without a state, what is stuck."""
    wanted = filter_of(tx, where)
    if wanted.states is None:
        wanted = dataclasses.replace(wanted, states=_STUCK)
    found: list[MessageNo] = []
    while page := tx.messages.list(wanted, limit=_PAGE, after=found[-1] if found else None):
        found += [message.id for message in page]
    return tuple(found)


def filter_of(tx: Tx, where: Filter) -> MessageFilter:
    """The filter with the dossier looked up. Raises NotFound."""
    dossier = None
    if where.dossier is not None:
        known = tx.dossiers.find(where.dossier)
        if known is None:
            raise NotFound("no dossier has or had this code", subject=where.dossier)
        dossier = known.id
    return MessageFilter(
        peer=PeerId(where.peer) if where.peer else None,
        states=tuple(MessageState(state) for state in where.state) or None,
        dossier=dossier,
        operation=Operation(where.operation) if where.operation else None,
    )


def on_store(config: Path | None, where: Filter, run: Callable[[Database], Awaitable[T]]) -> T:
    """Check the words, then run on the open store."""
    _check(where)
    settings = load_settings(config)

    async def opened() -> T:
        async with opening.store(settings) as database:
            return await run(database)

    return asyncio.run(opened())


def _check(where: Filter) -> None:
    for told, kind in (*((state, MessageState) for state in where.state), (where.operation, Operation)):
        if told is not None and told not in list(kind):
            complain(f"Không có {told}. Có: {', '.join(kind)}.")
            raise SystemExit(Exit.USAGE)
