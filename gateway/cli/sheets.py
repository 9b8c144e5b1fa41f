"""``lienthong separator``: a sheet to print and lay between two dossiers in the feeder."""

from pathlib import Path
from typing import Annotated

import cyclopts

from gateway.cli.output import Exit, say
from gateway.paper import separators


def separator(
    *,
    out: Annotated[Path, cyclopts.Parameter(help="The PDF to write.")],
    kind: Annotated[
        separators.Kind,
        cyclopts.Parameter(help="`own`: this system's sheet. `patch-t`: the one that most programs know."),
    ] = "own",
) -> int:
    """In tờ ngăn hồ sơ (PDF, một trang A4) để đặt giữa hai hồ sơ khi quét.

    Exit codes: 0 written; 3 the file cannot be written.
    """
    out.write_bytes(separators.pdf(kind))
    say(str(out))
    return Exit.DONE
