"""``lienthong``: the application, and what an exception becomes."""

import sys
from collections.abc import Sequence

import cyclopts

from gateway.cli import operations, papers, serving
from gateway.cli.output import Exit, complain
from gateway.console.catalogue import sentence
from schemas.errors import BadConfiguration, CallError, LienthongError

HELP = """Cổng liên thông hồ sơ: bưu chính, một cửa và Cổng Dịch vụ công.

Exit codes: 0 done, 1 bad usage, 2 bad input, 3 a peer or a dependency failed, 4 discrepancies found (--fail-on).
"""

app = cyclopts.App(name="lienthong", help=HELP, version_flags=["--version"])
serving.register(app)
papers.register(app)
operations.register(app)


def main(words: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code; people never see a stack trace for what they can mend."""
    try:
        code = app(words, result_action="return_value", exit_on_error=False, print_error=True)
    except cyclopts.CycloptsError:
        sys.exit(Exit.USAGE)
    except KeyboardInterrupt:
        sys.exit(130)
    except LienthongError as error:
        complain(f"{sentence(error.text)} {error}")
        sys.exit(Exit.DEPENDENCY if isinstance(error, CallError) else _code(error))
    sys.exit(int(code) if code is not None else Exit.DONE)


def _code(error: LienthongError) -> Exit:
    return Exit.USAGE if isinstance(error, BadConfiguration) else Exit.BAD_INPUT
