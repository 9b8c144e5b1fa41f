"""``lienthong messages``: look at the outbox and decide about what got stuck, one by one or by filter.

The decisions are those of :class:`gateway.desk.settle.SettleDesk`, each with its audit row; nothing here changes a row.
"""

import asyncio
import dataclasses
import enum
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import cyclopts

from gateway.cli import opening
from gateway.cli.output import Exit, Json, complain, local, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.console.catalogue import sentence
from gateway.desk.settle import SettleDesk
from gateway.log import redact
from gateway.outbox.bells.silent import SilentBell
from gateway.storage.database import Database
from schemas.audit import Act
from schemas.errors import LienthongError, NotFound
from schemas.ids import MessageNo, PeerId
from schemas.message import Attempt, Message, MessageState, Operation
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx
from tracking.reading import load_context
from tracking.reconcile import Reconciler

_STUCK: Final = (MessageState.PENDING, MessageState.UNKNOWN, MessageState.REFUSED, MessageState.PARKED)
"""What a person may decide about: open, and not being sent at this moment."""
_PAGE: Final = 200
_RAW_CHARACTERS: Final = 20_000


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
DryRun = Annotated[
    bool, cyclopts.Parameter(negative=(), show_default=False, help="Only say how many and which; change nothing.")
]
ANY: Final = Filter()


app = cyclopts.App(name="messages", help="Thông điệp gửi các hệ thống kết nối: xem, gửi lại, xử lý, hủy.")


@app.command(name="list")
def list_messages(
    *,
    where: Filter = ANY,
    limit: Annotated[int, cyclopts.Parameter(help="How many at most.")] = 50,
    config: Config = None,
    json: Json = False,
) -> int:
    """Liệt kê thông điệp, mới nhất trước.

    Exit codes: 0 printed; 1 no such state or operation; 2 no such dossier.
    """

    async def run(database: Database) -> tuple[Message, ...]:
        return await database.read(lambda tx: tx.messages.list(_filter(tx, where), limit=limit))

    found = _on_store(config, where, run)
    if json:
        record(found)
    else:
        _print(found)
        if len(found) == limit:
            say(f"Chỉ hiện {limit} thông điệp mới nhất; dùng --limit để xem thêm.")
    return Exit.DONE


@app.command
def show(
    number: Annotated[int, cyclopts.Parameter(help="Number of the message.")],
    /,
    *,
    raw: Annotated[
        bool,
        cyclopts.Parameter(
            negative=(), show_default=False, help="Also the bytes of every try, numbers masked; the look is audited."
        ),
    ] = False,
    config: Config = None,
    json: Json = False,
) -> int:
    """Xem một thông điệp và từng lần gửi.

    Exit codes: 0 printed; 2 no such message.
    """
    no = MessageNo(number)

    async def run(database: Database) -> tuple[Message, tuple[Attempt, ...]]:
        message, attempts = await database.read(lambda tx: (tx.messages.get(no), tx.messages.attempts(no)))
        if raw:
            who = opening.principal().who
            act = Act(SystemClock().now(), who, "message.raw_read", "message", str(no), message.unit)
            await database.write(lambda tx: tx.audit.write(act))
        return message, attempts

    message, attempts = _on_store(config, ANY, run)
    if json:
        record({"message": message, "attempts": [_shown(attempt, raw) for attempt in attempts]})
    else:
        _print_whole(message, attempts, raw)
    return Exit.DONE


@app.command
def retry(*ids: Id, where: Filter = ANY, dry_run: DryRun = False, config: Config = None, json: Json = False) -> int:
    """Gửi lại ngay: thông điệp đang chờ, bị từ chối, gác lại hoặc chưa rõ kết quả.

    Exit codes: 0 all are due now; 1 nothing was asked for; 2 a message is unknown or cannot be sent again.
    """
    return _decide(Does.RETRY, ids, where, "", dry_run=dry_run, config=config, json=json)


@app.command
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


@app.command
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


def _decide(
    does: Does, ids: Sequence[int], where: Filter, reason: str, *, dry_run: bool, config: Path | None, json: bool
) -> int:
    if bool(ids) is not where.empty:
        complain("Hãy cho số thông điệp, hoặc chọn bằng --peer, --state, --dossier, --operation (không dùng cả hai).")
        return Exit.USAGE
    if does is not Does.RETRY and not reason.strip():
        complain('Việc này cần lý do: --reason "…".')
        return Exit.USAGE

    async def run(database: Database) -> Report:
        chosen = tuple(MessageNo(no) for no in dict.fromkeys(ids)) or await database.read(lambda tx: _all(tx, where))
        if not json and len(chosen) != 1:
            say(f"{len(chosen)} thông điệp {_WILL[does]}.")
        if dry_run:
            return Report(does, chosen, dry_run=True)
        return await _each(does, chosen, _act(database, does, reason.strip()))

    report = _on_store(config, where, run)
    if json:
        record(report)
    else:
        _print_report(report)
    return Exit.BAD_INPUT if report.failed else Exit.DONE


def _act(database: Database, does: Does, reason: str) -> Callable[[MessageNo], Awaitable[Message]]:
    who = opening.principal()
    desk = SettleDesk(database, clock=SystemClock(), bell=SilentBell(), reconciler=Reconciler(load_context))
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


def _all(tx: Tx, where: Filter) -> tuple[MessageNo, ...]:
    """Numbers of everything the filter names; without a state, what is stuck."""
    wanted = _filter(tx, where)
    if wanted.states is None:
        wanted = dataclasses.replace(wanted, states=_STUCK)
    found: list[MessageNo] = []
    while page := tx.messages.list(wanted, limit=_PAGE, after=found[-1] if found else None):
        found += [message.id for message in page]
    return tuple(found)


def _filter(tx: Tx, where: Filter) -> MessageFilter:
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


T = TypeVar("T")


def _on_store(config: Path | None, where: Filter, run: Callable[[Database], Awaitable[T]]) -> T:
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


def _print(messages: Sequence[Message]) -> None:
    rows = [
        (
            message.id,
            message.peer,
            sentence(f"operation.{message.operation}"),
            sentence(f"message_state.{message.state}"),
            message.tries,
            local(message.next_try_at),
            message.last_detail,
        )
        for message in messages
    ]
    table("Thông điệp", ("Số", "Đến", "Việc", "Tình trạng", "Lần gửi", "Gửi lại lúc", "Lần cuối"), rows)


def _print_whole(message: Message, attempts: tuple[Attempt, ...], raw: bool) -> None:
    facts = [
        ("Đến", message.peer),
        ("Việc", f"{sentence(f'operation.{message.operation}')} ({message.operation})"),
        ("Tình trạng", sentence(f"message_state.{message.state}")),
        ("Hồ sơ số", message.dossier),
        ("Trạng thái được báo", message.asserted_state),
        ("Thứ tự", message.sequence),
        ("Tạo lúc", local(message.created_at)),
        ("Gửi lại lúc", local(message.next_try_at)),
        ("Xong lúc", local(message.settled_at)),
        ("Lần cuối", message.last_detail),
        ("Lý do của người trực", message.reason),
        ("Mã theo dõi", message.correlation_id),
    ]
    table(f"Thông điệp {message.id}", ("", ""), [(name, told) for name, told in facts if told not in (None, "")])
    rows = [
        (tried.n, local(tried.started_at), sentence(f"attempt.{tried.outcome}"), tried.status, tried.detail)
        for tried in attempts
    ]
    table("Các lần gửi", ("Lần", "Lúc", "Kết quả", "HTTP", "Chi tiết"), rows)
    if raw:
        record([_shown(attempt, raw) for attempt in attempts])


def _print_report(report: Report) -> None:
    if report.dry_run:
        say("Số: " + (", ".join(map(str, report.chosen)) or "không có"))
        say("Chạy thử: chưa thay đổi gì.")
        return
    say(f"Đã làm: {len(report.done)}. Không làm được: {len(report.failed)}.")
    for failed in report.failed:
        complain(f"Thông điệp {failed.id}: {failed.why}")


def _shown(attempt: Attempt, raw: bool) -> dict[str, Any]:
    """A try for the screen: bodies only when asked for, and then with citizens' numbers masked."""
    told = {field.name: getattr(attempt, field.name) for field in dataclasses.fields(attempt)}
    told["exchanges"] = [
        {
            "url": each.url,
            "status": each.status,
            "started_at": each.started_at,
            "ended_at": each.ended_at,
            **({"request": _text(each.request), "reply": _text(each.reply)} if raw else {}),
        }
        for each in attempt.exchanges
    ]
    return told


def _text(body: bytes) -> str:
    return redact(body.decode("utf-8", "replace"))[:_RAW_CHARACTERS]
