"""Commands that need nothing at all: what a number is, how a record looks."""

from json import dumps
from typing import Annotated, Final

import cyclopts

from gateway.cli.output import Exit, Json, complain, say, table
from gateway.identify import identify
from gateway.records import RECORDS, json_schema

_KINDS: Final = {
    "s10": "Số hiệu bưu gửi (S10)",
    "dossier_code": "Mã số hồ sơ",
    "unit_code": "Mã đơn vị",
    "procedure_code": "Mã thủ tục",
    "citizen_id": "Số căn cước (CCCD)",
    "cccd_qr": "Mã QR thẻ căn cước",
    "unknown": "Chưa rõ",
}


def identify_number(
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
            (
                _KINDS.get(answer.kind, answer.kind),
                "hợp lệ" if answer.valid else "không hợp lệ",
                answer.shown,
                answer.why,
            )
            for answer in found.answers
        ]
        table("Số này là gì", ("Loại", "Kết quả", "Dạng chuẩn", "Giải thích"), rows)
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
