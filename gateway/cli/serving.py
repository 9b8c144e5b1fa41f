"""Commands that start something: the gateway, the demo."""

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import log
from gateway.cli.output import Exit, complain, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from schemas.errors import LienthongError

if TYPE_CHECKING:
    from gateway.sample.again import Before
    from gateway.sample.story import Played, Story

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


def demo(*, once: bool = False, keep: Path | None = None, port: int = DEMO_PORT) -> int:
    """Diễn câu chuyện mẫu: từ quầy bưu điện đến cửa nhà công dân và Cổng DVCQG, bằng tệp thật và cổng mạng thật.

    Exit codes: 0 every step did what it should, or the story was played here before; 3 a step did not, or the port is
    taken.

    Args:
        once: Headless: a temporary data folder and free ports, the table of what happened, then the end.
        keep: With --once: keep the data folder here (for looking at it afterwards).
        port: Without --once: where the gateway listens on this machine.
    """
    if once:
        return asyncio.run(_once(keep))
    if not _free(port):
        complain(f"Cổng {port} đang có chương trình khác dùng. Hãy dừng chương trình đó, hoặc chọn cổng khác:")
        complain(f"  {sys.argv[0]} demo --port {port + 1}")
        return Exit.DEPENDENCY
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        return asyncio.run(_stay(DEMO_FOLDER.absolute(), port))
    say("Đã dừng. Dữ liệu còn nguyên trong thư mục var/.")
    return Exit.DONE


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


async def _stay(folder: Path, port: int) -> int:
    from gateway.sample.again import played_before
    from gateway.sample.stage import Stage
    from gateway.sample.story import Story

    if (
        task := asyncio.current_task()
    ) is not None:  # Ctrl+C cancels by itself; `kill` shall leave nothing behind either
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    say("Đang dựng các hệ thống giả lập và cổng liên thông.")
    async with Stage(folder, port=port) as stage:
        story = Story(stage, clock=SystemClock())
        before = await played_before(stage)
        good = await (_play_and_leave(story) if before is None else _go_on(story, before))
        if not stage.running:
            complain(f"Cổng liên thông không chạy. Nhật ký: {stage.log_file}")
            return Exit.DEPENDENCY
        say(f"\nMở {stage.url} · người dùng: truc (trực vận hành), gdv (giao dịch viên), sohoa (số hóa)")
        say(f"Mật khẩu của các tài khoản mẫu: {stage.secrets.console_password}")
        say("Ctrl+C để dừng.")
        sys.stdout.flush()
        await stage.ended()
    return Exit.DONE if good else Exit.DEPENDENCY


async def _play_and_leave(story: "Story") -> bool:
    """Play; then leave something to decide for whoever looks."""
    from gateway.sample import left_open

    say("Đang diễn câu chuyện mẫu; mất khoảng một phút.")
    sys.stdout.flush()
    played = await story.play()
    _print(played)
    good = all(step.ok for step in played)
    if good:
        await story.open()
        try:
            await left_open.leave(story)
            say("\nĐể lại cho người xem: hai mâu thuẫn, một thông điệp bị từ chối, một tài liệu quét không có tờ bìa.")
        except LienthongError as error:  # the story is told; what is left to try is a courtesy
            complain(f"Chưa để lại đủ việc cho người xem: {error}")
        finally:
            await story.close()
    else:
        complain(f"Có bước không đạt. Nhật ký: {story.stage.log_file}")
    return good


async def _go_on(story: "Story", before: "Before") -> bool:
    """Serve what an earlier start left."""
    from gateway.console.catalogue import sentence
    from gateway.sample.again import serve_on

    await serve_on(story)
    say("Câu chuyện đã bắt đầu ở lần chạy trước trong thư mục var/ nên không diễn lại; mọi thứ còn như đã để.")
    if before.code:
        say(f"Hồ sơ của câu chuyện: {before.code} – {sentence(f'state.{before.state}')}.")
    say("Muốn diễn lại từ đầu: dừng, xóa thư mục var/, rồi chạy lại.")
    return True


def _free(port: int) -> bool:
    """Whether nobody listens there; asked before anything is started, so that the answer is a sentence."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a port just left is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


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
