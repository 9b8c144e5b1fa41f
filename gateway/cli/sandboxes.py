"""``lienthong sandbox``: peers that we play, each in a process of its own, and the hand that makes them misbehave.

A sandbox that was started in a folder leaves ``<peer>.json`` there while it runs, so that the other commands find it by
its name; its ledger ``<peer>.jsonl`` stays, and a start in the same folder goes on from it.
"""

import asyncio
import contextlib
import json as json_text
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import cyclopts

from adapters._kit.sandbox.process import SandboxControl, SandboxProcess
from adapters.registry import PEERS_FOLDER, manifests
from gateway.cli.output import Exit, Json, complain, record, say, table
from schemas.errors import NotFound

FOLDER = Path("var/sandboxes")
Folder = Annotated[Path, cyclopts.Parameter(help="Where the sandboxes keep their ledgers and say where they listen.")]
Peer = Annotated[str, cyclopts.Parameter(help="A peer that runs in the folder, or the address of a sandbox.")]

app = cyclopts.App(name="sandbox", help="Hệ thống giả lập theo hợp đồng của từng bên: chạy, gây lỗi, xem sổ.")


@app.command(name="list")
def list_sandboxes(*, folder: Folder = FOLDER, json: Json = False) -> int:
    """Liệt kê các hệ thống giả lập được, và nơi đang chạy.

    Exit codes: 0 printed.
    """
    rows = [
        {"peer": name, "title": manifest.title, "url": _announced(folder, name).get("url", "")}
        for name, manifest in manifests().items()
        if name in _played()
    ]
    if json:
        record(rows)
    else:
        table("Hệ thống giả lập", ("Tên", "Là gì", "Đang chạy ở"), [tuple(row.values()) for row in rows])
    return Exit.DONE


@app.command
def start(
    *peers: Annotated[str, cyclopts.Parameter(help="Folder names of adapters; each runs in a process of its own.")],
    folder: Folder = FOLDER,
    option: Annotated[
        tuple[str, ...], cyclopts.Parameter(name="--set", help="An option of a sandbox, peer.name=value.")
    ] = (),
    chaos: Annotated[
        tuple[str, ...], cyclopts.Parameter(help="A bad start: a verb for every peer, or peer.verb; strikes once each.")
    ] = (),
) -> int:
    """Chạy một hay nhiều hệ thống giả lập cho đến khi dừng bằng Ctrl-C; in địa chỉ và thiết lập [peers.<tên>].

    Exit codes: 0 stopped in good order; 2 no such peer, or none is named.
    """
    unknown = sorted({*peers, *(told.partition(".")[0] for told in option)} - _played())
    if unknown or not peers:
        complain(f"Không có hệ thống giả lập {', '.join(unknown)}. Có: {', '.join(sorted(_played()))}")
        return Exit.BAD_INPUT
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_run([_process(name, folder, option, chaos) for name in dict.fromkeys(peers)], folder))
    return Exit.DONE


@app.command
def chaos(
    peer: Peer,
    verb: Annotated[str | None, cyclopts.Parameter(help="What shall go wrong; without it: what it can.")] = None,
    /,
    *,
    operation: Annotated[str, cyclopts.Parameter(help="The peer's own operation; every one without it.")] = "*",
    times: Annotated[int, cyclopts.Parameter(help="How often; 0 for ever.")] = 1,
    probability: Annotated[float, cyclopts.Parameter(help="Of each call, 0 to 1.")] = 1.0,
    calm: Annotated[bool, cyclopts.Parameter(help="Forget every rule first.")] = False,
    folder: Folder = FOLDER,
) -> int:
    """Bảo một hệ thống giả lập gây lỗi (html_503, reply_lost, wrong_zone …), hoặc thôi (--calm).

    Exit codes: 0 done, or the verbs are listed; 2 no such sandbox, or it does not do that.
    """

    async def ask(control: SandboxControl) -> object:
        if calm:
            await control.calm()
        if verb is not None:
            await control.chaos(verb, operation, times=times or None, probability=probability)
        return None if calm or verb is not None else (await control.health())["verbs"]

    return _tell(peer, folder, ask)


@app.command
def event(
    peer: Peer,
    /,
    *fields: Annotated[str, cyclopts.Parameter(help="number=…, reference=…, code=…, at=…, office=…, text=…")],
    folder: Folder = FOLDER,
) -> int:
    """Cho một sự kiện xảy ra ngay tại hệ thống giả lập; in dòng sổ của nó.

    Exit codes: 0 it happened; 2 no such sandbox, or it cannot take that.
    """
    return _tell(peer, folder, lambda control: control.event(**dict(_pair(told) for told in fields)))


@app.command
def clock(
    peer: Peer,
    at: Annotated[str | None, cyclopts.Parameter(help="ISO 8601 with zone; without it the real time again.")] = None,
    /,
    *,
    folder: Folder = FOLDER,
) -> int:
    """Đặt đồng hồ của hệ thống giả lập.

    Exit codes: 0 done; 2 no such sandbox, or no time.
    """
    return _tell(peer, folder, lambda control: control.clock(at))


@app.command
def steps(
    peer: Peer,
    n: Annotated[int, cyclopts.Parameter(help="How many.")] = 1,
    /,
    *,
    key: Annotated[str | None, cyclopts.Parameter(help="Of this order alone.")] = None,
    folder: Folder = FOLDER,
) -> int:
    """Cho các bước đã hẹn trong kịch bản xảy ra ngay; in số bước.

    Exit codes: 0 done; 2 no such sandbox.
    """
    return _tell(peer, folder, lambda control: control.steps(n, key))


@app.command
def ledger(
    peer: Peer,
    /,
    *,
    kind: Annotated[str | None, cyclopts.Parameter(help="request, applied, event, strike, pushed or clock.")] = None,
    operation: Annotated[str | None, cyclopts.Parameter(help="The peer's own name of it.")] = None,
    key: Annotated[str | None, cyclopts.Parameter(help="What the peer knows the thing by.")] = None,
    after: Annotated[int, cyclopts.Parameter(help="Lines after this number.")] = 0,
    folder: Folder = FOLDER,
    json: Json = False,
) -> int:
    """Xem sổ của hệ thống giả lập: điều đã hỏi, điều đã thật sự có hiệu lực, điều đã xảy ra.

    Exit codes: 0 printed; 2 no such sandbox.
    """
    wanted = {"kind": kind, "operation": operation, "key": key, "after": str(after)}
    told = {name: value for name, value in wanted.items() if value is not None}
    return _tell(peer, folder, lambda control: control.ledger(**told), show=None if json else _lines)


# --- running ---------------------------------------------------------------------------------------------------------


def _played() -> set[str]:
    return {file.parent.name for file in PEERS_FOLDER.glob("*/sandbox.py")}


def _process(peer: str, folder: Path, options: tuple[str, ...], chaos: tuple[str, ...]) -> SandboxProcess:
    mine = [told.removeprefix(f"{peer}.") for told in options if told.startswith(f"{peer}.")]
    verbs = [told.rpartition(".")[2] for told in chaos if told.rpartition(".")[0] in ("", peer)]
    return SandboxProcess(
        peer,
        ledger=folder / f"{peer}.jsonl",
        options=dict(_pair(told) for told in mine),
        chaos=[{"verb": verb} for verb in verbs],
    )


async def _run(sandboxes: list[SandboxProcess], folder: Path) -> None:
    stop = asyncio.Event()
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        for sandbox in sandboxes:
            await stack.enter_async_context(sandbox)
            stack.enter_context(_telling(sandbox, folder))
        await stop.wait()


@contextlib.contextmanager
def _telling(sandbox: SandboxProcess, folder: Path) -> Iterator[None]:
    file = folder / f"{sandbox.peer}.json"
    file.write_text(json_text.dumps({"peer": sandbox.peer, "url": sandbox.url, "settings": sandbox.settings}))
    say(f"# {sandbox.url}\n[peers.{sandbox.peer}]\nenabled = true")
    # JSON's texts, numbers and flags are TOML's as well.
    lines = [f"{name} = {json_text.dumps(value, ensure_ascii=False)}" for name, value in sandbox.settings.items()]
    say("\n".join(lines) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


# --- telling one that runs -------------------------------------------------------------------------------------------


def _announced(folder: Path, peer: str) -> dict[str, Any]:
    with contextlib.suppress(OSError, ValueError):
        told: dict[str, Any] = json_text.loads((folder / f"{peer}.json").read_text())
        return told
    return {}


def _tell(
    peer: str,
    folder: Path,
    ask: Callable[[SandboxControl], Awaitable[object]],
    *,
    show: Callable[[Any], None] | None = None,
) -> int:
    url = peer if "://" in peer else _announced(folder, peer).get("url", "")
    if not url:
        raise NotFound(f"chưa chạy trong {folder}: lienthong sandbox start {peer}", subject=peer)

    async def once() -> object:
        return await ask(SandboxControl(url.rstrip("/")))

    try:
        answer = asyncio.run(once())
    except (ValueError, OSError) as error:  # the sandbox says no, or nobody listens there
        raise NotFound(str(error), subject=peer) from error
    if answer is not None:
        (show or record)(answer)
    return Exit.DONE


def _lines(lines: list[dict[str, Any]]) -> None:
    columns = ("n", "at", "kind", "operation", "key")
    rows = [(*(line[name] for name in columns), json_text.dumps(line["data"], ensure_ascii=False)) for line in lines]
    table("Sổ của hệ thống giả lập", ("Số", "Lúc", "Loại", "Thao tác", "Khóa", "Nội dung"), rows)


def _pair(told: str) -> tuple[str, str]:
    name, _, value = told.partition("=")
    return name, value
