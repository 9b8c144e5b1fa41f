"""What a person decides about messages: retry, resolve, cancel, and stop or resume a whole peer.

The decisions are those of :class:`gateway.desk.settle.SettleDesk`, each with its audit row; nothing here changes a row.
"""

import dataclasses
import enum
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import cyclopts

from adapters.registry import manifests
from gateway.cli import opening
from gateway.cli.choosing import ANY, Filter, all_of, on_store
from gateway.cli.output import Exit, Json, complain, record, say
from gateway.cli.settings import Config
from gateway.clock import SystemClock
from gateway.console.catalogue import sentence
from gateway.desk.settle import SettleDesk
from gateway.outbox.bells.silent import SilentBell
from gateway.storage.database import Database
from schemas.errors import LienthongError
from schemas.ids import MessageNo, PeerId
from schemas.message import Message
from tracking.reading import load_context
from tracking.reconcile import Reconciler

_NEEDS_REASON: Final = 'Việc này cần lý do: --reason "…".'


class Does(enum.StrEnum):
    """What is done with messages, as the person types it."""

    RETRY = "retry"
    RESOLVE = "resolve"
    CANCEL = "cancel"


_WILL: Final = {
    Does.RETRY: "sẽ được gửi lại ngay",
    Does.RESOLVE: "sẽ được ghi là đã xử lý ngoài hệ thống",
    Does.CANCEL: "sẽ bị hủy, không gửi nữa",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """A message that could not be decided about, and why."""

    id: MessageNo
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """Outcome of one command over several messages, as ``--json`` prints it."""

    action: Does
    chosen: tuple[MessageNo, ...]
    dry_run: bool
    done: tuple[MessageNo, ...] = ()
    failed: tuple[Failed, ...] = ()


Id = Annotated[int, cyclopts.Parameter(help="Numbers of messages; or choose them by the options below.")]
Reason = Annotated[str, cyclopts.Parameter(help="Why; goes into the message and the audit log.")]
Peer = Annotated[str, cyclopts.Parameter(help="Folder name of the adapter, e.g. vnpost_hcc.")]
DryRun = Annotated[
    bool, cyclopts.Parameter(negative=(), show_default=False, help="Only say how many and which; change nothing.")
]


def retry(*ids: Id, where: Filter = ANY, dry_run: DryRun = False, config: Config = None, json: Json = False) -> int:
    """Gửi lại ngay: thông điệp đang chờ, bị từ chối, gác lại hoặc chưa rõ kết quả.

    Exit codes: 0 all are due now; 1 nothing was asked for; 2 a message is unknown or cannot be sent again.
    """
    return _decide(Does.RETRY, ids, where, "", dry_run=dry_run, config=config, json=json)


def resolve(
    *ids: Id,
    reason: Reason,
    where: Filter = ANY,
    dry_run: DryRun = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Ghi nhận đã xử lý ngoài hệ thống: bên kia đã có, hoặc không cần có nữa.

    Exit codes: 0 all are settled; 1 nothing was asked for; 2 a message is unknown or settled already.
    """
    return _decide(Does.RESOLVE, ids, where, reason, dry_run=dry_run, config=config, json=json)


def cancel(
    *ids: Id,
    reason: Reason,
    where: Filter = ANY,
    dry_run: DryRun = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Hủy, không gửi nữa.

    Exit codes: 0 all are cancelled; 1 nothing was asked for; 2 a message is unknown or settled already.
    """
    return _decide(Does.CANCEL, ids, where, reason, dry_run=dry_run, config=config, json=json)


def stop(peer: Peer, /, *, reason: Reason, config: Config = None, json: Json = False) -> int:
    """Ngừng gửi tới một hệ thống: cái đang gửi thì gửi nốt, còn lại chờ cho đến khi gửi tiếp.

    Exit codes: 0 stopped; 1 no reason; 2 no such peer.
    """
    return _switch(PeerId(peer), reason, config, stopped=True, json=json)


def resume(peer: Peer, /, *, reason: Reason, config: Config = None, json: Json = False) -> int:
    """Gửi tiếp tới một hệ thống đã ngừng.

    Exit codes: 0 it sends again; 1 no reason; 2 no such peer.
    """
    return _switch(PeerId(peer), reason, config, stopped=False, json=json)


def _switch(peer: PeerId, reason: str, config: Path | None, *, stopped: bool, json: bool) -> int:
    if peer not in manifests():
        complain(f"Không có hệ thống {peer}. Có: {', '.join(manifests())}.")
        return Exit.BAD_INPUT
    if not reason.strip():
        complain(_NEEDS_REASON)
        return Exit.USAGE

    async def run(database: Database) -> None:
        desk = _desk(database)
        switch = desk.stop_peer if stopped else desk.resume_peer
        await switch(peer, reason, opening.principal())

    on_store(config, ANY, run)
    if json:
        record({"peer": peer, "stopped": stopped})
    else:
        say(f"{peer}: {'đã ngừng gửi' if stopped else 'gửi tiếp'}.")
    return Exit.DONE


def _desk(database: Database) -> SettleDesk:
    return SettleDesk(database, clock=SystemClock(), bell=SilentBell(), reconciler=Reconciler(load_context))


def _decide(
    does: Does, ids: Sequence[int], where: Filter, reason: str, *, dry_run: bool, config: Path | None, json: bool
) -> int:
    if bool(ids) is not where.empty:
        complain("Hãy cho số thông điệp, hoặc chọn bằng --peer, --state, --dossier, --operation (không dùng cả hai).")
        return Exit.USAGE
    if does is not Does.RETRY and not reason.strip():
        complain(_NEEDS_REASON)
        return Exit.USAGE

    async def run(database: Database) -> Report:
        chosen = tuple(MessageNo(no) for no in dict.fromkeys(ids)) or await database.read(lambda tx: all_of(tx, where))
        if not json and len(chosen) != 1:
            say(f"{len(chosen)} thông điệp {_WILL[does]}.")
        if dry_run:
            return Report(does, chosen, dry_run=True)
        return await _each(does, chosen, _act(database, does, reason.strip()))

    report = on_store(config, where, run)
    if json:
        record(report)
    else:
        _print_report(report)
    return Exit.BAD_INPUT if report.failed else Exit.DONE


def _act(database: Database, does: Does, reason: str) -> Callable[[MessageNo], Awaitable[Message]]:
    who = opening.principal()
    desk = _desk(database)
    if does is Does.RETRY:
        return lambda no: desk.retry_message(no, who)
    settle = desk.resolve_message if does is Does.RESOLVE else desk.cancel_message
    return lambda no: settle(no, reason, who)


async def _each(does: Does, chosen: tuple[MessageNo, ...], act: Callable[[MessageNo], Awaitable[Message]]) -> Report:
    """One transaction for each, oldest first; one that cannot be decided about never stops the others."""
    done, failed = [], []
    for no in sorted(chosen):
        try:
            await act(no)
            done.append(no)
        except LienthongError as error:
            failed.append(Failed(no, f"{sentence(error.text)} {error.detail}".strip()))
    return Report(does, chosen, dry_run=False, done=tuple(done), failed=tuple(failed))


def _print_report(report: Report) -> None:
    if report.dry_run:
        say("Số: " + (", ".join(map(str, report.chosen)) or "không có"))
        say("Chạy thử: chưa thay đổi gì.")
        return
    say(f"Đã làm: {len(report.done)}. Không làm được: {len(report.failed)}.")
    for failed in report.failed:
        complain(f"Thông điệp {failed.id}: {failed.why}")
