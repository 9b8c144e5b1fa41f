"""``lienthong``: the application, and what an exception becomes."""

import os
import sys
from collections.abc import Sequence
from typing import Final

import cyclopts

from gateway.cli.faults import StoreUnopened
from gateway.cli.output import Exit, complain
from gateway.console.catalogue import sentence
from gateway.occupancy import FolderTaken
from schemas.errors import BadConfiguration, CallError, LienthongError, SealingWaits, StoreFull

HELP = """Cổng liên thông hồ sơ: bưu chính, một cửa và Cổng Dịch vụ công.

Exit codes: 0 done, 1 bad usage, 2 bad input, 3 a peer or a dependency failed, 4 discrepancies found (--fail-on).
"""

COMMANDS: Final = {
    "serve": "serving:serve",
    "sandbox": "sandboxes:app",
    "demo": "serving:demo",
    "scan": "papers:scan",
    "station": "station:station",
    "archive": "archiving:archive",
    "separator": "sheets:separator",
    "identify": "lookups:identify_number",
    "schema": "lookups:schema",
    "peers": "operations_peers:app",
    "carriers": "operations_carriers:app",
    "messages": "operations_messages:app",
    "portal": "operations_portal:app",
    "documents": "operations_documents:app",
    "reconcile": "operations_reconcile:reconcile",
    "explain": "operations_explain:explain",
    "simulate": "simulating:simulate",
    "calendar": "operations_calendar:app",
    "import": "operations_import:app",
    "remap": "operations_remap:remap_codes",
    "upgrade": "operations_store:upgrade",
    "migrate": "operations_store:migrate",
    "backup": "operations_store:back_up",
    "restore": "operations_store:restore",
    "audit": "operations_store:audit_app",
}
"""Where each command is. Its module is imported when it is called: a number is looked up without opening OpenCV."""

app = cyclopts.App(
    name="lienthong",
    help=HELP,
    version_flags=["--version"],
    default_parameter=cyclopts.Parameter(negative=()),
)
for name, place in COMMANDS.items():
    app.command(f"gateway.cli.{place}", name=name)


def main(words: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code; people never see a stack trace for what they can mend."""
    told_words = sys.argv[1:] if words is None else list(words)
    if not told_words or told_words[0] in app.help_flags:
        for name in COMMANDS:  # the list of commands shows the first line of each, so here all are imported
            app[name]
    try:
        code = app(told_words, result_action="return_value", exit_on_error=False, print_error=True)
    except cyclopts.CycloptsError:
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at the very end complains
        sys.exit(Exit.DONE)
    except LienthongError as error:
        complain(told(error))
        sys.exit(code_of(error))
    except OSError as error:  # a folder that may not be written, a full disk, a port in use
        complain(f"{sentence('file.failed')} {error}")
        sys.exit(Exit.DEPENDENCY)
    sys.exit(int(code) if code is not None else Exit.DONE)


def told(error: LienthongError) -> str:
    """One line for a person: what happened, to what, and the detail as it came."""
    parts = [sentence(error.text), f"[{error.subject}]" if error.subject else "", error.detail]
    return " ".join(part for part in parts if part)


def code_of(error: LienthongError) -> Exit:
    """The exit code that an error becomes."""
    if isinstance(error, BadConfiguration):
        return Exit.USAGE
    away = (CallError, StoreFull, StoreUnopened, FolderTaken, SealingWaits)
    return Exit.DEPENDENCY if isinstance(error, away) else Exit.BAD_INPUT
