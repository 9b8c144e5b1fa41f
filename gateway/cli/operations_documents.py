"""``lienthong documents``: official documents to other offices and from them (edXML); the gateway's lanes send them."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Annotated, TypeVar

import cyclopts

from gateway.cli import opening
from gateway.cli.operations_telling import peer_with
from gateway.cli.output import Exit, Json, complain, local, record, say, table
from gateway.cli.settings import Config, load_settings
from gateway.clock import SystemClock
from gateway.desk import exchange
from gateway.storage import codec
from schemas.ids import InboxNo, Sha256, UnitId
from schemas.message import Inbound, InboxState
from schemas.official_document import DocumentStatus, OfficialDocument
from schemas.ports.documents_exchange import DocumentExchange

P = TypeVar("P", OfficialDocument, DocumentStatus)
Peer = Annotated[str | None, cyclopts.Parameter(name="--peer", help="Which axis; without it the first that is on.")]
app = cyclopts.App(name="documents", help="Văn bản điện tử (edXML) gửi và nhận qua trục liên thông văn bản.")


@app.command
def send(
    file: Annotated[Path, cyclopts.Parameter(help="JSON of one OfficialDocument (lienthong schema OfficialDocument).")],
    /,
    *,
    enclose: Annotated[
        tuple[Path, ...], cyclopts.Parameter(name="--file", help="A file to enclose; again for more.")
    ] = (),
    peer: Peer = None,
    config: Config = None,
) -> int:
    """Gửi một văn bản tới các cơ quan nhận.

    Exit codes: 0 it is in the outbox; 1 no document axis is on; 2 a file is none, or another document has this id.
    """
    document = _read(file, OfficialDocument)
    return Exit.BAD_INPUT if document is None else _send(config, peer, document, enclose)


@app.command
def status(
    file: Annotated[Path, cyclopts.Parameter(help="JSON of one DocumentStatus (lienthong schema DocumentStatus).")],
    /,
    *,
    peer: Peer = None,
    config: Config = None,
) -> int:
    """Báo trạng thái xử lý của một văn bản đã nhận.

    Exit codes: 0 it is in the outbox; 1 no document axis is on; 2 the file is none.
    """
    told = _read(file, DocumentStatus)
    return Exit.BAD_INPUT if told is None else _send(config, peer, told, ())


@app.command(name="list")
def list_documents(*, limit: int = 50, peer: Peer = None, json: Json = False, config: Config = None) -> int:
    """Liệt kê văn bản và trạng thái đã nhận, mới nhất trước; văn bản không chứng thực được có trạng thái quarantined.

    Exit codes: 0 done; 1 no document axis is on.
    """
    settings = load_settings(config)
    name = peer_with(settings, peer, DocumentExchange)

    async def look() -> tuple[Inbound, ...]:
        async with opening.store(settings) as database:
            return await database.read(lambda tx: tx.inbox.list(peer=name, limit=limit))

    rows = asyncio.run(look())
    if json:
        record(rows)
    else:
        cells = [(row.id, local(row.received_at), row.kind.rpartition(".")[2], row.state, row.detail) for row in rows]
        table("Văn bản đã nhận", ("Số", "Nhận lúc", "Loại", "Trạng thái", "Nội dung"), cells)
    return Exit.DONE


@app.command
def save(
    number: Annotated[int, cyclopts.Parameter(help="Number in `lienthong documents list`.")],
    /,
    *,
    out: Annotated[Path, cyclopts.Parameter(help="Folder to write to; made where it is missing.")],
    config: Config = None,
) -> int:
    """Ghi văn bản đã nhận (nguyên bản XML) và các tệp đính kèm ra một thư mục.

    Exit codes: 0 done; 2 no such document.
    """
    settings = load_settings(config)

    async def copy() -> list[str]:
        async with opening.store(settings) as database:
            row = await database.read(lambda tx: tx.inbox.get(InboxNo(number)))
            body = await database.read(lambda tx: tx.inbox.body(row.id))
            wanted = {"document.xml": Sha256(dict(row.headers).get("blob", ""))}
            if row.kind == "exchange.document" and row.state is InboxState.APPLIED:
                document = codec.from_json(body, OfficialDocument)
                wanted |= {f"{n}-{_safe(file.name)}": file.sha256 for n, file in enumerate(document.files, start=1)}
            out.mkdir(parents=True, exist_ok=True)
            for name, sha256 in wanted.items():
                shutil.copyfile(await database.blobs.path(sha256), out / name)
            return list(wanted)

    for name in asyncio.run(copy()):
        say(str(out / name))
    return Exit.DONE


def _safe(name: str) -> str:
    """A name that others gave, as a file's name: no folder in it, nothing that hides."""
    return re.sub(r"[^\w. -]", "_", name)[-100:].lstrip(". ") or "file"


def _send(
    config: Path | None, peer: str | None, paper: OfficialDocument | DocumentStatus, files: tuple[Path, ...]
) -> int:
    settings = load_settings(config)
    name = peer_with(settings, peer, DocumentExchange)
    unit = UnitId(settings.default_unit)
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        complain(f"Không có tệp: {', '.join(missing)}")
        return Exit.BAD_INPUT

    async def run() -> int:
        async with opening.store(settings) as database:
            whole = paper
            if isinstance(whole, OfficialDocument):
                whole = await exchange.enclose(whole, files, keep=database.blobs.put_path)
            message = await database.write(
                lambda tx: exchange.send(tx, name, whole, unit=unit, principal=opening.principal(), clock=SystemClock())
            )
        return message.id

    say(f"Thông điệp {asyncio.run(run())} chờ gửi tới {name}.")
    return Exit.DONE


def _read(file: Path, kind: type[P]) -> P | None:
    try:
        return codec.from_json(file.read_bytes(), kind)
    except ValueError as error:
        complain(f"{file}: {error}")
        return None
