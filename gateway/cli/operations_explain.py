"""``lienthong explain``: why a dossier stands where it stands, from rows alone."""

import asyncio
import dataclasses
import datetime as dt
from typing import Annotated, Final

import cyclopts

from gateway.cli import opening, output
from gateway.cli.output import Exit, Json, complain, local, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.console.catalogue import sentence
from gateway.inbound.views import masking
from gateway.storage.database import Database
from schemas.discrepancy import DiscrepancyState
from schemas.errors import NotFound
from schemas.message import Message, MessageState
from schemas.ports.message_stores import MessageFilter
from schemas.ports.stores import Tx
from tracking import explain as explaining
from tracking import known
from tracking.explain import ExplainedItem, Explanation
from tracking.status import Use

_OPEN: Final = tuple(state for state in MessageState if state.open)
_REASONS: Final = (
    ("moves ", "why.moves"),
    ("withdrawn", "why.withdrawn"),
    ("a forecast", "why.forecast"),
    ("code ", "why.unknown_code"),
    ("in quarantine", "why.quarantine"),
    ("tells of money", "why.money"),
    ("the dossier was reopened", "why.reopened"),
    ("tells the same end", "why.same_end"),
    ("of the same time", "why.same_time"),
    ("a movement after", "why.after_end"),
    ("an announcement", "why.announcement"),
    ("told of the bag", "why.bag"),
)
"""How :mod:`tracking.status` begins each reason, and the sentence for it; a test compares the two."""
_NEAR: Final = "; near duplicate"


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What ``--json`` prints: the explanation, whether it proves itself, and what still waits to be sent."""

    explanation: Explanation
    replayed: bool
    """True where folding the used events again comes to the stored state."""
    open_messages: tuple[Message, ...]


def explain(
    dossier: Annotated[str, cyclopts.Parameter(help="Code of the dossier, the present one or an old one.")],
    /,
    *,
    as_of: Annotated[
        str | None,
        cyclopts.Parameter(help="ISO 8601; without a zone Asia/Ho_Chi_Minh. What was known then, from rows of then."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Vì sao hồ sơ đang ở trạng thái này: các bước, sự kiện đã dùng hoặc bỏ qua, sai lệch, bước hợp lệ tiếp theo.

    Exit codes: 0 explained; 2 no such dossier (then), no such time, or the rows do not come to the stored state.
    """
    settings = load_settings(config)
    try:
        moment = None if as_of is None else output.instant(as_of)
    except ValueError:
        complain(f"--as-of {as_of}: không phải thời điểm ISO 8601, ví dụ 2026-11-20T08:00+07:00.")
        return Exit.BAD_INPUT

    async def run() -> Told:
        async with opening.store(settings) as database:
            return await _read(database, dossier, moment)

    told = asyncio.run(run())
    if json:
        record(_masked(told))
    else:
        _print(told)
    return Exit.DONE if told.replayed else Exit.BAD_INPUT


def why(use: Use) -> str:
    """The Vietnamese sentence for the fold's reason."""
    said, near, _ = use.why.partition(_NEAR)
    event = use.stored.event
    message_id = next((known for begins, known in _REASONS if said.startswith(begins)), None)
    if message_id is None:
        return use.why
    text = sentence(
        message_id,
        code=event.code,
        list=event.code_list or "–",
        reason=use.stored.quarantine or "",
        event=_meaning(use),
    )
    return f"{text} {sentence('why.near')}" if near else text


async def _read(database: Database, code: str, moment: dt.datetime | None) -> Told:
    """Messages keep no past: as of a moment none is told."""
    now = moment or SystemClock().now()

    def read(tx: Tx) -> Told:
        dossier = tx.dossiers.find(code)
        if dossier is None:
            raise NotFound("no dossier has or had this code", subject=code)
        if moment is not None:
            then = known.at(tx, moment)
            explanation = explaining.explain(then, then.dossiers.get(dossier.id), now=moment)
            return Told(explanation, explaining.replayed(explanation), ())
        explanation = explaining.explain(tx, dossier, now=now)
        waiting = tx.messages.list(MessageFilter(dossier=dossier.id, states=_OPEN), limit=50)
        return Told(explanation, explaining.replayed(explanation), waiting)

    return await database.read(read)


def _masked(told: Told) -> Told:
    explanation = told.explanation
    items = tuple(dataclasses.replace(one, item=masking.item(one.item)) for one in explanation.items)
    shown = dataclasses.replace(explanation, dossier=masking.dossier(explanation.dossier), items=items)
    return dataclasses.replace(told, explanation=shown)


def _print(told: Told) -> None:
    explanation = told.explanation
    dossier = explanation.dossier
    national = "chưa báo Cổng DVCQG" if dossier.national is None else sentence(f"national.{dossier.national}")
    say(f"Theo những gì đã biết lúc {local(explanation.as_of)}.")
    say(f"Hồ sơ {dossier.code}: {sentence(f'state.{dossier.state}')} ({dossier.state}); Cổng DVCQG: {national}")
    say(f"Thủ tục {dossier.procedure}, đơn vị giải quyết {dossier.competent_unit}, hẹn trả {local(dossier.due_at)}\n")
    _print_steps(explanation)
    for one in explanation.items:
        _print_item(one)
    _print_custody(explanation)
    _print_cases(explanation)
    _print_waiting(told.open_messages)
    lawful = [f"  - {sentence(f'trigger.{trigger}')} ({trigger})" for trigger in explanation.lawful]
    say("Bước hợp lệ tiếp theo (nếu đủ điều kiện):\n" + ("\n".join(lawful) or "  không còn bước nào"))
    if not told.replayed:
        complain("Các dòng đã lưu KHÔNG dẫn đến trạng thái đang ghi. Chạy `lienthong audit verify` và báo người trực.")


def _print_steps(explanation: Explanation) -> None:
    rows = [
        (local(step.at), step.row, sentence(f"state.{step.state}"), step.national, step.by, step.source, step.reason)
        for step in explanation.steps
    ]
    table("Các bước", ("Lúc", "Dòng", "Trạng thái", "Mã QG", "Người", "Nguồn", "Lý do"), rows)


def _print_item(one: ExplainedItem) -> None:
    item = one.item
    number = item.number or item.reference or "–"
    title = f"Bưu gửi {number}: {sentence(f'purpose.{item.purpose}')}; {_now(one)}"
    rows = [
        (local(use.stored.event.occurred.utc_low), use.stored.event.code, _meaning(use), _USED[use.used], why(use))
        for use in one.uses
    ]
    table(title, ("Lúc", "Mã", "Nghĩa", "Dùng", "Vì sao"), rows)


def _print_custody(explanation: Explanation) -> None:
    """Who held what and since when; a hand-over that nobody took is marked."""
    rows = [
        (
            book.name or "–",
            entry.hold.unit or sentence("custody.carrier" if entry.hold.carrier else "custody.citizen"),
            local(entry.hold.since),
            local(entry.until),
            sentence(f"custody.{entry.hold.why}", manifest=entry.hold.manifest),
            "!" if entry.hole else "",
        )
        for book in explanation.custody
        for entry in book.entries
    ]
    if rows:
        table("Ai giữ giấy tờ", ("Bưu gửi", "Người giữ", "Từ", "Đến", "Căn cứ", "Hở"), rows)


_USED: Final = {True: "có", False: "không"}


def _now(one: ExplainedItem) -> str:
    movement = one.item.fold.movement
    return sentence("movement.none") if movement is None else sentence(f"movement.{movement}", number=one.item.carrier)


def _meaning(use: Use) -> str:
    event = use.stored.event
    if event.mapped is None:
        return event.text or "–"
    return sentence(f"movement.{event.mapped.movement}", number=event.office_name or event.office or "–")


def _print_cases(explanation: Explanation) -> None:
    rows = [
        (
            case.rule,
            sentence(f"rule.{case.rule}"),
            sentence(f"severity.{case.severity.name.lower()}"),
            sentence(f"case_state.{case.state}"),
            local(case.opened_at),
            sentence(case.remedy),
        )
        for case in explanation.cases
        if case.state is not DiscrepancyState.RESOLVED
    ]
    if rows:
        table("Sai lệch chưa xử lý", ("Luật", "Việc gì", "Mức", "Tình trạng", "Mở lúc", "Cần làm"), rows)


def _print_waiting(messages: tuple[Message, ...]) -> None:
    rows = [
        (
            message.id,
            message.peer,
            sentence(f"operation.{message.operation}"),
            sentence(f"message_state.{message.state}"),
            local(message.next_try_at),
            message.last_detail,
        )
        for message in messages
    ]
    if rows:
        table("Thông điệp chưa xong", ("Số", "Đến", "Việc", "Tình trạng", "Gửi lại lúc", "Lần cuối"), rows)
