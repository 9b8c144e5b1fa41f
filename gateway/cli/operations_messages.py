"""``lienthong messages``: look at the outbox; what a person may decide about it is in ``operations_decisions``."""

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any, Final

import cyclopts

from gateway.cli import opening, operations_decisions
from gateway.cli.choosing import ANY, Filter, filter_of, on_store
from gateway.cli.output import Exit, Json, local, record, say, table
from gateway.cli.settings import Config
from gateway.clock import SystemClock
from gateway.console.catalogue import sentence
from gateway.log import redact
from gateway.storage.database import Database
from schemas.audit import Act
from schemas.ids import MessageNo
from schemas.message import Attempt, Message

_RAW_CHARACTERS: Final = 20_000

app = cyclopts.App(name="messages", help="Thông điệp gửi các hệ thống kết nối: xem, gửi lại, xử lý, hủy.")


for decision in (
    operations_decisions.retry,
    operations_decisions.resolve,
    operations_decisions.cancel,
    operations_decisions.stop,
    operations_decisions.resume,
):
    app.command(decision)


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
        return await database.read(lambda tx: tx.messages.list(filter_of(tx, where), limit=limit))

    found = on_store(config, where, run)
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

    message, attempts = on_store(config, ANY, run)
    if json:
        record({"message": message, "attempts": [_shown(attempt, raw) for attempt in attempts]})
    else:
        _print_whole(message, attempts, raw)
    return Exit.DONE


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
