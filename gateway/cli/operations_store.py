"""``lienthong upgrade | migrate | backup | restore | audit verify``: keeping the store itself."""

import asyncio
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, TypeVar

import cyclopts

from gateway.cli import opening
from gateway.cli.output import Exit, Json, complain, record, say
from gateway.cli.settings import Config, load_settings
from gateway.config import Settings
from gateway.storage import address, audit, backup, chain, move, schema
from gateway.storage.audit import Head, VerifyResult
from schemas.errors import LienthongError
from schemas.ids import Sha256
from schemas.ports.stores import Tx

_HEAD: Final = re.compile(r"(?:(?P<seq>\d+):)?(?P<digest>[0-9a-f]{64})")
_ROWS: Final = 5_000
T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Upgraded:
    """Outcome of ``upgrade``; ``before`` is empty for a store that was not there."""

    store: str
    before: str
    after: str


@dataclasses.dataclass(frozen=True, slots=True)
class Copied:
    """Outcome of ``backup`` and ``restore``."""

    file: str
    revision: str
    rows_sha256: Sha256
    blobs: int


audit_app = cyclopts.App(name="audit", help="Nhật ký kiểm toán: chuỗi băm của mọi thay đổi.")


def upgrade(*, config: Config = None, json: Json = False) -> int:
    """Đưa kho dữ liệu lên đúng phiên bản của chương trình; tạo mới nếu chưa có.

    Exit codes: 0 the schema is this version's; 1 a setting is wrong; 3 the store cannot be opened.
    """
    settings = load_settings(config)
    url = settings.database_url
    where = address.parse(url)

    def run() -> Upgraded:
        there = where.path is None or where.path.is_file()
        before = schema.current(url) if there else ""
        return Upgraded(str(where), before, schema.upgrade(url))

    if where.path is not None and where.path.exists():
        opening.check_there(settings)
    done = _on_driver(settings, run)
    if json:
        record(done)
    elif done.before == done.after:
        say(f"Kho dữ liệu {done.store} đã ở phiên bản {done.after}.")
    else:
        say(f"Kho dữ liệu {done.store}: {done.before or 'chưa có'} → {done.after}.")
    return Exit.DONE


def back_up(
    file: Annotated[Path, cyclopts.Parameter(help="The archive to make; an existing file is never replaced.")],
    /,
    *,
    config: Config = None,
    json: Json = False,
) -> int:
    """Sao lưu kho dữ liệu và tài liệu vào một tệp; cổng liên thông vẫn chạy.

    Exit codes: 0 the archive is whole and on the disk; 1 the file exists, or the store is on PostgreSQL; 2 no such
    folder, or no store; 3 the disk failed.
    """
    settings = load_settings(config)
    if not file.absolute().parent.is_dir():
        complain(f"Không có thư mục {file.absolute().parent}.")
        return Exit.BAD_INPUT
    made = _on_driver(settings, lambda: backup.backup(settings.database_url, settings.blobs_folder, file))
    _print_copied("Đã sao lưu vào", file, made, json)
    return Exit.DONE


def restore(
    file: Annotated[Path, cyclopts.Parameter(help="An archive that `lienthong backup` made.")],
    /,
    *,
    config: Config = None,
    json: Json = False,
) -> int:
    """Khôi phục bản sao lưu vào một thư mục dữ liệu còn trống; mọi mã băm được kiểm tra trước.

    Exit codes: 0 the store is back; 1 there is a store already, or the file is not a whole backup; 2 no such file; 3
    the disk failed.
    """
    settings = load_settings(config)
    if not file.is_file():
        complain(f"Không có tệp {file}.")
        return Exit.BAD_INPUT
    found = _on_driver(settings, lambda: backup.restore(file, settings.database_url, settings.blobs_folder))
    _print_copied("Đã khôi phục từ", file, found, json)
    if found.revision != schema.newest() and not json:
        say(f"Bản sao ở phiên bản {found.revision}: hãy chạy `lienthong upgrade`.")
    return Exit.DONE


def migrate(
    *,
    to: Annotated[str, cyclopts.Parameter(help="Address of an empty database: postgresql://… or sqlite:///FILE.")],
    config: Config = None,
    json: Json = False,
) -> int:
    """Chuyển kho dữ liệu sang cơ sở dữ liệu khác; trong lúc chạy không ai ghi được vào kho cũ, kho cũ giữ nguyên.

    Exit codes: 0 every row and the audit chain are the same there; 1 the target has rows, or an address is wrong; 3 a
    database cannot be opened. Stop the gateway first, and give it the new address afterwards.
    """
    settings = load_settings(config)
    opening.check_there(settings)
    moved = _on_driver(settings, lambda: move.move(settings.database_url, to))
    if json:
        record({"rows": {str(name): rows for name, rows in moved.rows}, "total": moved.total, "head": moved.head})
    else:
        say(f"Đã chuyển {moved.total} dòng; đầu chuỗi kiểm toán {moved.head.seq}:{moved.head.digest}.")
        say("Hãy đổi [database] url trong tệp thiết lập rồi khởi động lại. Tài liệu trong thư mục blobs giữ nguyên.")
    return Exit.DONE


@audit_app.command
def verify(
    *,
    head: Annotated[
        str, cyclopts.Parameter(help="A head that was kept elsewhere, SEQ:DIGEST as printed here or DIGEST alone.")
    ] = "",
    config: Config = None,
    json: Json = False,
) -> int:
    """Kiểm tra toàn bộ chuỗi băm của nhật ký: dòng bị sửa, xóa, đổi chỗ hoặc cắt cuối đều lộ ra.

    Exit codes: 0 every row holds; 1 --head is no head; 2 a row was changed, moved or taken away; 3 the store cannot be
    opened.
    """
    kept = _HEAD.fullmatch(head)
    if head and kept is None:
        complain("--head phải là SỐ:MÃ_BĂM hoặc mã băm 64 ký tự thập lục phân.")
        return Exit.USAGE
    settings = load_settings(config)

    opening.check_there(settings)
    exported = Head(int(kept["seq"]), Sha256(kept["digest"])) if kept and kept["seq"] else None
    result = _on_driver(settings, lambda: chain.verify(settings.database_url, exported=exported))
    if kept and exported is None and not asyncio.run(_known(settings, Sha256(kept["digest"]))):
        gone = audit.Fault(result.head.seq + 1, "cut off or rewritten: no row has the exported digest")
        result = dataclasses.replace(result, faults=(*result.faults, gone))
    if json:
        record({"ok": result.ok, "rows": result.rows, "head": result.head, "faults": result.faults})
    else:
        _print_verified(result)
    return Exit.DONE if result.ok else Exit.BAD_INPUT


async def _known(settings: Settings, digest: Sha256) -> bool:
    """Whether some row has this digest; the empty chain's is known to everybody."""

    def look(tx: Tx) -> bool:
        after = 0
        while rows := tx.audit.rows(after=after, limit=_ROWS):
            if any(row.digest == digest for row in rows):
                return True
            after = rows[-1].seq
        return False

    async with opening.store(settings) as database:
        return digest == audit.GENESIS or await database.read(look)


def _print_verified(result: VerifyResult) -> None:
    say(f"{result.rows} dòng. Đầu chuỗi: {result.head.seq}:{result.head.digest}")
    if result.ok:
        say("Chuỗi nguyên vẹn. Hãy giữ đầu chuỗi ở nơi khác: chỉ nhờ nó mới biết phần cuối có bị cắt hay không.")
    for fault in result.faults:
        complain(f"Dòng {fault.seq}: {fault.what}")


def _print_copied(what: str, file: Path, made: backup.Manifest, json: bool) -> None:
    if json:
        record(Copied(str(file), made.revision, made.rows, len(made.blobs)))
    else:
        say(f"{what} {file}: phiên bản {made.revision}, {len(made.blobs)} tài liệu, mã băm kho {made.rows}.")


def _on_driver(settings: Settings, run: Callable[[], T]) -> T:
    """Run what talks to a database by itself; a driver's own exception becomes one line for a person."""
    try:
        return run()
    except (LienthongError, OSError):
        raise
    except Exception as error:  # drivers raise families of their own, and only the storage package may know them
        raise opening.unopened(settings, error) from error
