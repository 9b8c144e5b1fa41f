"""``lienthong scan``: the scan line on files, without a server."""

import asyncio
from json import dumps
from pathlib import Path
from typing import Annotated

import cyclopts

from gateway.cli.output import Exit, Json, complain, say, table
from gateway.clock import SystemClock
from gateway.console.catalogue import sentence
from scanning.manifest import Manifest
from scanning.serverless import scan_paths


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
    manifest = asyncio.run(scan_paths(inputs, out, clock=SystemClock()))
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
