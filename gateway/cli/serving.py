"""Commands that start something: the gateway, a sandbox peer, the demo."""

import asyncio
import json
import runpy
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cyclopts

from adapters.registry import manifests
from gateway import log
from gateway.cli.output import Exit, complain, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from schemas.ids import PeerId

if TYPE_CHECKING:
    from gateway.sample.story import Played

DEMO_PORT = 8080
DEMO_FOLDER = Path("var")


def serve(*, config: Config = None) -> int:
    """Chạy cổng liên thông cho đến khi nhận SIGTERM; in một dòng JSON {"url": …} khi đã sẵn sàng.

    Exit codes: 0 stopped in good order; 1 a setting is wrong (it is named).
    """
    settings = load_settings(config)
    log.configure(settings.log.level)
    _run(lambda: _serve(settings))
    return Exit.DONE


async def _serve(settings: Settings) -> None:
    from gateway.wiring import serve as run

    def ready(url: str) -> None:
        sys.stdout.write(json.dumps({"url": url}) + "\n")
        sys.stdout.flush()

    await run(settings, ready=ready)


def sandbox(peer: str | None = None, /, *words: Annotated[str, cyclopts.Parameter(allow_leading_hyphen=True)]) -> int:
    """Chạy một hệ thống giả lập theo hợp đồng của nó; không có tên thì liệt kê.

    Exit codes: 0 stopped in good order; 2 no such peer.

    Args:
        peer: Folder name of the adapter, e.g. vnpost_hcc.
        words: Passed on: --port, --ledger FILE, --chaos JSON, --set NAME=VALUE.
    """
    known = {name for name in manifests() if (Path(__file__).parents[2] / "adapters" / name / "sandbox.py").exists()}
    if peer is None:
        say("\n".join(sorted(known)))
        return Exit.DONE
    if PeerId(peer) not in known:
        complain(f"Không có hệ thống giả lập {peer}. Có: {', '.join(sorted(known))}")
        return Exit.BAD_INPUT
    sys.argv = [f"lienthong sandbox {peer}", *words]
    runpy.run_module(f"adapters.{peer}.sandbox", run_name="__main__")
    return Exit.DONE


def demo(*, once: bool = False, keep: Path | None = None) -> int:
    """Diễn câu chuyện mẫu: từ quầy bưu điện đến cửa nhà công dân và Cổng DVCQG, bằng tệp thật và cổng mạng thật.

    Exit codes: 0 every step did what it should; 3 a step did not.

    Args:
        once: Headless: a temporary data folder and free ports, the table of what happened, then the end.
        keep: With --once: keep the data folder here (for looking at it afterwards).
    """
    if once:
        return asyncio.run(_once(keep))
    return asyncio.run(_stay(DEMO_FOLDER.absolute()))


async def _once(keep: Path | None) -> int:
    from gateway.sample.stage import Stage  # not at the top: `serve` would load all that draws the sample
    from gateway.sample.story import Story

    folder = keep or Path(tempfile.mkdtemp(prefix="lienthong-demo-"))
    try:
        async with Stage(folder, quick=True) as stage:
            played = await Story(stage, clock=SystemClock()).play()
        _print(played)
        good = all(step.ok for step in played)
        if not good:
            complain(f"Có bước không đạt. Nhật ký: {stage.log_file}")
            keep = folder
        return Exit.DONE if good else Exit.DEPENDENCY
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _stay(folder: Path) -> int:
    from gateway.sample.stage import Stage
    from gateway.sample.story import Story

    async with Stage(folder, port=DEMO_PORT) as stage:
        played = await Story(stage, clock=SystemClock()).play()
        _print(played)
        say(f"\nMở {stage.url} · người dùng: truc (trực vận hành), gdv (giao dịch viên), sohoa (số hóa)")
        say(f"Mật khẩu của các tài khoản mẫu: {stage.secrets.console_password}")
        say("Ctrl+C để dừng.")
        await stage.ended()
    return Exit.DONE if all(step.ok for step in played) else Exit.DEPENDENCY


def _print(played: "list[Played]") -> None:
    rows = [
        (step.no, step.title, "đạt" if step.ok else "KHÔNG ĐẠT", f"{step.seconds:.1f} s", step.says) for step in played
    ]
    table("Câu chuyện một hồ sơ", ("", "Bước", "Kết quả", "Thời gian", "Đã thấy"), rows)


def _run(main: Callable[[], Awaitable[None]]) -> None:
    """On uvloop where it is installed (1.2 to 1.5 times the requests, gateway-core facts §4), else on asyncio."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(_whole(main))
        return
    uvloop.run(_whole(main))


async def _whole(main: Callable[[], Awaitable[None]]) -> None:
    await main()
