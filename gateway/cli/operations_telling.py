"""``lienthong portal answer | publish | rate``: what a person tells the portal; the outbox of the gateway sends it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import cyclopts

from adapters.registry import Registry
from gateway.cli import opening
from gateway.cli.output import Exit, complain, say
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.console.catalogue import sentence
from gateway.desk.portal import Told, tell
from gateway.storage import codec
from schemas.ids import PeerId, UnitId
from schemas.national import PortalAnswer, PortalRating, PublishedQuestion
from schemas.ports.portal import Answers, Ratings

R = TypeVar("R", PortalRating, PublishedQuestion)
Peer = Annotated[str | None, cyclopts.Parameter(name="--peer", help="Which portal; without it the first that is on.")]


def answer(
    question: Annotated[str, cyclopts.Parameter(help="Number of the question at the portal.")],
    text: Annotated[str, cyclopts.Parameter(help="The answer.")],
    /,
    *,
    by: Annotated[str, cyclopts.Parameter(help="Name of the person who answers; the citizen sees it.")],
    unit: Annotated[str, cyclopts.Parameter(help="Code of the unit that answers, e.g. 000.00.14.H99.")],
    title: Annotated[str, cyclopts.Parameter(help="Office of that person.")] = "",
    peer: Peer = None,
    config: Config = None,
) -> int:
    """Trả lời một câu hỏi của công dân; gửi đi như mọi thông điệp khác.

    Exit codes: 0 it is in the outbox; 1 no portal that takes answers is on; 2 the question has another answer already.
    """
    if not text.strip():
        complain("Câu trả lời trống.")
        return Exit.BAD_INPUT
    told = PortalAnswer(question, unit, by, title, SystemClock().now(), text.strip())
    return _tell(config, peer, Answers, told)


def publish(
    file: Annotated[
        Path, cyclopts.Parameter(help="JSON of one PublishedQuestion (lienthong schema PublishedQuestion).")
    ],
    /,
    *,
    peer: Peer = None,
    config: Config = None,
) -> int:
    """Đưa một câu hỏi kèm trả lời của đơn vị lên Cổng.

    Exit codes: 0 it is in the outbox; 1 no portal that takes questions is on; 2 the file is none, or says something
    else under the same key.
    """
    told = _read(file, PublishedQuestion)
    return Exit.BAD_INPUT if told is None else _tell(config, peer, Answers, told)


def rate(
    file: Annotated[Path, cyclopts.Parameter(help="JSON of one PortalRating (lienthong schema PortalRating).")],
    /,
    *,
    peer: Peer = None,
    config: Config = None,
) -> int:
    """Gửi kết quả đánh giá hài lòng của một đơn vị trong một tháng lên Cổng.

    Exit codes: 0 it is in the outbox; 1 no portal that takes ratings is on; 2 the file is none, or another rating of
    that month was told already.
    """
    told = _read(file, PortalRating)
    return Exit.BAD_INPUT if told is None else _tell(config, peer, Ratings, told)


def peer_with(settings: Settings, told: str | None, port: Callable[..., object]) -> PeerId:
    """The peer that was named, else the first that offers the port; complains and leaves where there is none."""

    async def find() -> tuple[PeerId, ...]:
        registry = Registry.load(settings.peers, clock=SystemClock())
        try:
            return registry.with_port(port)
        finally:
            await registry.aclose()

    found = asyncio.run(find())
    wanted = [name for name in found if told in (None, name)]
    if not wanted:
        complain(sentence("portal.none", port=getattr(port, "__name__", ""), peer=f", {told}" if told else ""))
        raise SystemExit(Exit.USAGE)
    return wanted[0]


def _tell(config: Path | None, peer: str | None, port: Callable[..., object], told: Told) -> int:
    settings = load_settings(config)
    name = peer_with(settings, peer, port)
    unit = UnitId(settings.default_unit)

    async def run() -> int:
        async with opening.store(settings) as database:
            message = await database.write(
                lambda tx: tell(tx, name, told, unit=unit, principal=opening.principal(), clock=SystemClock())
            )
        return message.id

    say(f"Thông điệp {asyncio.run(run())} chờ gửi tới {name}.")
    return Exit.DONE


def _read(file: Path, kind: type[R]) -> R | None:
    try:
        return codec.from_json(file.read_bytes(), kind)
    except ValueError as error:
        complain(f"{file}: {error}")
        return None
