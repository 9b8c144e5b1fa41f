"""Commands that need no server: the scan line on files, numbers, shapes of records."""

import asyncio
from json import dumps
from pathlib import Path
from typing import Annotated

import cyclopts

from gateway.cli.opening import Json
from gateway.cli.output import Exit, complain, say, table
from gateway.clock import SystemClock
from gateway.console.catalogue import sentence
from gateway.identify import identify
from gateway.records import RECORDS, json_schema
from scanning.manifest import Manifest
from scanning.serverless import scan_paths


def register(app: cyclopts.App) -> None:
    """Add the commands."""
    app.command(scan)
    app.command(identify_command, name="identify")
    app.command(schema)


def scan(
    inputs: Annotated[list[Path], cyclopts.Parameter(help="Images, PDFs or folders of them.")],
    /,
    *,
    out: Annotated[Path, cyclopts.Parameter(help="Folder for the documents and manifest.json; made if it is missing.")],
    json: Json = False,
) -> int:
    """Quét ảnh, PDF hoặc thư mục thành PDF/A và manifest.json; không cần máy chủ.

    Exit codes: 0 everything became PDF/A; 2 something was set aside or could not be read (its neighbours went through).
    """
    manifest = asyncio.run(scan_paths(inputs, out, now=SystemClock().now()))
    if json:
        say(dumps(manifest.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(manifest)
    return Exit.DONE if manifest.is_clean else Exit.BAD_INPUT


def _print(manifest: Manifest) -> None:
    made = [(d.path.name, d.dossier_code or "(chưa rõ)", len(d.pages), d.conformance) for d in manifest.documents]
    table("Tài liệu", ("Tệp", "Mã hồ sơ", "Số trang", "Chuẩn"), made)
    if manifest.quarantine:
        kept = [(item.source, item.source_page, sentence(item.reason.text)) for item in manifest.quarantine]
        table("Để riêng", ("Tệp", "Trang", "Lý do"), kept)
    for error in manifest.errors:
        complain(f"{error.source}: {error.reason}")


def identify_command(
    code: Annotated[str, cyclopts.Parameter(help="The number as typed or scanned.")], /, *, json: Json = False
) -> int:
    """Cho biết số này là gì (S10, mã hồ sơ, mã đơn vị, mã thủ tục, CCCD, QR thẻ căn cước), có hợp lệ không.

    Exit codes: 0 valid; 2 not valid or not known (near misses are listed).
    """
    found = identify(code)
    if json:
        say(dumps(found.as_json(), ensure_ascii=False))
    else:
        rows = [
            (answer.kind, "hợp lệ" if answer.valid else "không hợp lệ", answer.shown, answer.why)
            for answer in found.answers
        ]
        table(f"{code}", ("Loại", "Kết quả", "Dạng chuẩn", "Giải thích"), rows)
        if found.near:
            say("Có thể là: " + ", ".join(found.near))
    return Exit.DONE if any(answer.valid for answer in found.answers) else Exit.BAD_INPUT


def schema(
    record: Annotated[
        str | None, cyclopts.Parameter(help="Name of a dataclass in schemas, e.g. Dossier, Item, TrackingEvent.")
    ] = None,
    /,
) -> int:
    """In JSON Schema của một bản ghi; không có tên thì liệt kê các bản ghi.

    Exit codes: 0 printed; 2 no such record.
    """
    if record is None:
        say("\n".join(sorted(RECORDS)))
        return Exit.DONE
    if record not in RECORDS:
        complain(f"Không có bản ghi {record}. Các bản ghi: {', '.join(sorted(RECORDS))}")
        return Exit.BAD_INPUT
    say(dumps(json_schema(record), ensure_ascii=False, indent=2))
    return Exit.DONE
