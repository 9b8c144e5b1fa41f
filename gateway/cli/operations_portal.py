"""``lienthong portal``: what the national portal knows, what citizens ask there; telling is ``operations_telling``."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Final, TypeVar

import cyclopts

from adapters.registry import Registry
from gateway.cli import opening, operations_telling
from gateway.cli.output import Exit, Json, complain, local, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.config import Settings
from gateway.console.catalogue import sentence
from gateway.desk.portal import answered
from gateway.outbox.portraits import portal_dossier
from gateway.storage.codec import fold_text
from gateway.workers.inbox import QUESTION
from schemas.dossier import Dossier
from schemas.errors import LienthongError, NotFound
from schemas.ids import InboxNo, PeerId
from schemas.message import Inbound, InboxState
from schemas.national import CitizenQuestion, FoundDossier, Indicator, Judgement, UnreadRow
from schemas.ports.portal import CitizenQuestions, IndicatorCheck, PortalCatalogue, PortalLookup, PortalPush
from schemas.ports.stores import Tx

P = TypeVar("P")
T = TypeVar("T")
Peer = Annotated[str | None, cyclopts.Parameter(name="--peer", help="Which portal; without it the first that is on.")]
_MOST: Final = 1_000
"""Rows of the inbox that are looked through, newest first."""

app = cyclopts.App(name="portal", help="Cổng Dịch vụ công quốc gia: danh mục, tra cứu, hỏi đáp, chỉ tiêu.")
for telling in (operations_telling.answer, operations_telling.publish, operations_telling.rate):
    app.command(telling)


# --- the catalogue ---------------------------------------------------------------------------------------------------


@app.command
def procedures(
    *,
    search: Annotated[str, cyclopts.Parameter(help="Only those with these letters in code or name.")] = "",
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Danh mục thủ tục hành chính mà Cổng công bố.

    Exit codes: 0 printed; 1 no portal with a catalogue is on; 2 rows could not be read (they are told); 3 it failed.
    """
    told = _ask(config, peer, PortalCatalogue, lambda port: port.procedures())
    wanted = fold_text(search)
    rows = [one for one in told.procedures if wanted in fold_text(f"{one.code} {one.name}")]
    if json:
        record(dataclasses.replace(told, procedures=tuple(rows)))
    else:
        table("Thủ tục trên Cổng", ("Mã", "Tên"), [(one.code, one.name) for one in rows])
    return _unread(told.unread)


@app.command
def procedure(
    code: Annotated[str, cyclopts.Parameter(help="Code as the portal writes it, e.g. 2.000908.")],
    /,
    *,
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Một thủ tục đầy đủ: cách thức, thời hạn, phí, thành phần hồ sơ, kết quả.

    Exit codes: 0 printed; 1 no portal with a catalogue is on; 3 the portal failed, or has none of this code.
    """
    told = _ask(config, peer, PortalCatalogue, lambda port: port.procedure(code))
    if json:
        record(told)
        return Exit.DONE
    facts = [
        ("Cơ quan công bố", told.publisher),
        ("Lĩnh vực", "; ".join(f"{one.code} {one.name}" for one in told.fields)),
        ("Cơ quan thực hiện", "; ".join(f"{one.code} {one.name}" for one in told.units)),
        ("Kết quả", "; ".join(f"{one.code} {one.name}" for one in told.results)),
        ("Yêu cầu", told.requirements),
    ]
    table(f"{told.code} {told.name}", ("", ""), facts)
    ways = [
        (way.channel, f"{way.term} {way.term_unit}".strip(), "; ".join(f"{fee.what} {fee.amount}" for fee in way.fees))
        for way in told.ways
    ]
    table("Cách thức thực hiện", ("Kênh", "Thời hạn", "Phí, lệ phí"), ways)
    table("Thành phần hồ sơ", ("Trường hợp", "Mã", "Giấy tờ"), [(one.case, one.code, one.name) for one in told.papers])
    return Exit.DONE


@app.command
def dictionary(
    name: Annotated[str | None, cyclopts.Parameter(help="Which one; without it their names.")] = None,
    /,
    *,
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Một danh mục dùng chung của Cổng (cơ quan, lĩnh vực, dân tộc…).

    Exit codes: 0 printed; 1 no portal with a catalogue is on; 2 rows could not be read; 3 it failed.
    """
    if name is None:

        async def names(port: PortalCatalogue) -> tuple[str, ...]:
            return port.dictionaries()

        say("\n".join(_ask(config, peer, PortalCatalogue, names)))
        return Exit.DONE
    told = _ask(config, peer, PortalCatalogue, lambda port: port.dictionary(name))
    if json:
        record(told)
    else:
        rows = [(row.code, row.name, "; ".join(f"{key} {value}" for key, value in row.more)) for row in told.rows]
        table(f"Danh mục {told.name}", ("Mã", "Tên", "Khác"), rows)
    return _unread(told.unread)


# --- looking up ------------------------------------------------------------------------------------------------------


@app.command
def find(
    code: Annotated[str, cyclopts.Parameter(help="Code of the dossier, the present one or an old one.")],
    /,
    *,
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Tra cứu hồ sơ trên Cổng và so với trạng thái của ta.

    Exit codes: 0 both agree; 1 no portal that can be asked is on; 2 no such dossier here; 3 the portal failed; 4 the
    portal does not have it, or has another state.
    """
    dossier = _on_rows(config, lambda tx: _dossier(tx, code))
    told = _ask(config, peer, PortalLookup, lambda port: port.look_up(dossier.code))
    if json:
        record({"ours": dossier.national, "theirs": told})
    else:
        _show_found(dossier, told)
    return Exit.DONE if told is not None and told.national == dossier.national else Exit.DISCREPANCIES


def _show_found(dossier: Dossier, told: FoundDossier | None) -> None:
    if told is None:
        say(f"Cổng không có hồ sơ {dossier.code}.")
        return
    table(f"Hồ sơ {told.code}", ("", "Mã trạng thái"), [("Của ta", dossier.national), ("Cổng", told.told_state)])
    if told.steps is None:
        say("Cổng không cho xem tiến độ.")
        return
    rows = [(local(step.at), step.national, step.by, step.what) for step in told.steps]
    table("Tiến độ trên Cổng", ("Lúc", "Trạng thái", "Người xử lý", "Nội dung"), rows)


@app.command(name="tech-id")
def tech_id(
    number: Annotated[str, cyclopts.Parameter(help="Identity number or tax code.")],
    /,
    *,
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Mã định danh kỹ thuật (TechID) của một người hoặc doanh nghiệp trên Cổng.

    Exit codes: 0 printed; 1 no portal that can be asked is on; 2 the portal knows nobody of this number; 3 it failed.
    """
    told = _ask(config, peer, PortalLookup, lambda port: port.tech_id(number))
    if json:
        record({"tech_id": told})
    elif told is not None:
        say(told)
    else:
        complain("Cổng không có ai với số này.")
    return Exit.DONE if told is not None else Exit.BAD_INPUT


@app.command
def indicators(
    code: Annotated[str, cyclopts.Parameter(help="Code of the dossier, the present one or an old one.")],
    /,
    *,
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Các chỉ tiêu quốc gia mà Cổng sẽ tính trên hồ sơ này: đạt, không đạt và vì sao.

    Exit codes: 0 none would fail; 1 no portal with such figures is on; 2 no such dossier; 4 at least one would fail.
    """
    settings = load_settings(config)
    now = SystemClock().now()
    name = _peer(settings, peer, IndicatorCheck)
    snapshot = _on_rows(
        config, lambda tx: portal_dossier(tx, _dossier(tx, code), settings.public_url, now, portal=name)
    )

    async def judge(port: IndicatorCheck) -> tuple[Indicator, ...]:
        return port.indicators(snapshot)

    told = _ask(config, name, IndicatorCheck, judge)
    if json:
        record(told)
    else:
        rows = [
            (
                one.number,
                sentence(f"indicator_title.{one.number}"),
                sentence(f"judgement.{one.judgement}"),
                sentence(one.reason, **dict(one.values)),
            )
            for one in told
        ]
        table(f"Chỉ tiêu quốc gia của hồ sơ {snapshot.code}", ("Số", "Chỉ tiêu", "Kết quả", "Vì sao"), rows)
    return Exit.DISCREPANCIES if any(one.judgement is Judgement.FAILS for one in told) else Exit.DONE


# --- what came in ----------------------------------------------------------------------------------------------------


@app.command
def questions(
    *,
    all_of_them: Annotated[
        bool, cyclopts.Parameter(name="--all", negative=(), help="Also those that are answered.")
    ] = False,
    fetch: Annotated[
        bool, cyclopts.Parameter(negative=(), help="Show what the portal lists now; nothing is stored.")
    ] = False,
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Câu hỏi của công dân gửi qua Cổng còn chờ trả lời.

    Exit codes: 0 printed; 1 no portal with questions is on; 2 rows could not be read (they are told); 3 it failed.
    """
    settings = load_settings(config)
    name = _peer(settings, peer, CitizenQuestions)
    stored = () if fetch else _on_rows(config, lambda tx: _stored(tx, name))
    ours = {} if fetch else _on_rows(config, lambda tx: answered(tx, name))

    async def read(port: CitizenQuestions) -> tuple[list[CitizenQuestion], list[UnreadRow]]:
        bodies = [row.raw.body for row in await port.questions()] if fetch else [body for _, body in stored]
        good: list[CitizenQuestion] = []
        bad: list[UnreadRow] = []
        for n, body in enumerate(bodies):
            try:
                good.append(port.read_question(body))
            except LienthongError as error:
                bad.append(UnreadRow(n, str(error), body))
        return good, bad

    good, bad = _ask(config, name, CitizenQuestions, read)
    shown = [one for one in good if all_of_them or not (one.answer or one.key in ours)]
    if json:
        record(shown)
        return _unread(bad)
    rows = [
        (
            one.key,
            one.asked_by,
            one.unit_name or one.unit_code,
            one.text,
            sentence(f"message_state.{ours[one.key].state}") if one.key in ours else one.answer[:80],
        )
        for one in shown
    ]
    table("Câu hỏi qua Cổng", ("Số", "Người hỏi", "Đơn vị", "Câu hỏi", "Trả lời"), rows)
    return _unread(bad)


@app.command
def inbound(
    *,
    waiting: Annotated[bool, cyclopts.Parameter(negative=(), help="Only what a person must look at.")] = False,
    peer: Peer = None,
    config: Config = None,
    json: Json = False,
) -> int:
    """Hồ sơ và tin Cổng chuyển đến: đã nhận, đang chờ, bị giữ lại và vì sao.

    Exit codes: 0 printed; 1 no portal that delivers is on.
    """
    name = _peer(load_settings(config), peer, PortalPush)
    rows = [
        row
        for row in _on_rows(config, lambda tx: tx.inbox.list(peer=name, limit=_MOST))
        if row.kind != QUESTION and (not waiting or row.state is InboxState.QUARANTINED)
    ]
    if json:
        record(rows)
        return Exit.DONE
    shown = [(row.id, local(row.received_at), sentence(f"inbox_state.{row.state}"), row.detail) for row in rows]
    table("Cổng chuyển đến", ("Số", "Lúc", "Tình trạng", "Chi tiết"), shown)
    return Exit.DONE


# --- shared ----------------------------------------------------------------------------------------------------------


def _stored(tx: Tx, peer: PeerId) -> tuple[tuple[Inbound, bytes], ...]:
    """Questions that are kept, newest first, each with its bytes."""
    found: list[tuple[Inbound, bytes]] = []
    after: InboxNo | None = None
    while page := tx.inbox.list(peer=peer, limit=_MOST, after=after):
        found += [(row, tx.inbox.body(row.id)) for row in page if row.kind == QUESTION]
        after = page[-1].id
    return tuple(found)


def _dossier(tx: Tx, code: str) -> Dossier:
    found = tx.dossiers.find(code)
    if found is None:
        raise NotFound("no dossier has or had this code", subject=code)
    return found


def _ask(
    config: Path | None, peer: str | None, port: type[P] | Callable[..., P], ask: Callable[[P], Awaitable[T]]
) -> T:
    """Ask the portal something on an adapter of its own."""
    settings = load_settings(config)
    name = _peer(settings, peer, port)

    async def run() -> T:
        registry = Registry.load(settings.peers, clock=SystemClock())
        try:
            return await ask(registry.port(name, port))
        finally:
            await registry.aclose()

    return asyncio.run(run())


def _peer(settings: Settings, told: str | None, port: Callable[..., object]) -> PeerId:
    return operations_telling.peer_with(settings, told, port)


def _on_rows(config: Path | None, read: Callable[[Tx], T]) -> T:
    async def run() -> T:
        async with opening.store(load_settings(config)) as database:
            return await database.read(read)

    return asyncio.run(run())


def _unread(rows: Sequence[UnreadRow]) -> Exit:
    for row in rows:
        complain(f"Không đọc được dòng {row.row + 1}: {row.what}")
    return Exit.BAD_INPUT if rows else Exit.DONE
