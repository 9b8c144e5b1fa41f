"""The judges of PDF/A that only tests ask, veraPDF (the reference) and pdfluent; beside them the line's own.

Which judge speaks for which kind of file: 2b and 3b all three; 2u all three, pikepdf with the letter taken for a B;
sealed files and printed papers veraPDF. See docs/judges.md.

veraPDF is a child of the test session (`tests/verapdf/Judge.java`): one Java machine judges every file, 20 ms each.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BUILT = Path(sys.prefix) / "verapdf"
"""Where `make stacks` puts the libraries and the runner's class."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one judge says of one file. ``faults`` are rule and message, for a person."""

    judge: str
    passed: bool
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.judge}: " + ("passed" if self.passed else "; ".join(self.faults))


class VeraPdf:
    """The reference validator as a long-lived child."""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child

    def judge(self, path: Path, flavour: str) -> Word:
        """Judge one file as PDF/A of this flavour ("2b", "2u", "3b" …). A file it cannot parse is refused."""
        told = self._ask({"path": str(path.resolve()), "flavour": flavour})
        if "error" in told:
            return Word("veraPDF", passed=False, faults=(str(told["error"]),))
        faults = tuple(f"{fault['rule']} {fault['message']} [{fault['where']}]" for fault in told["faults"])
        assert told["checks"] > 0, "a judgement without a check is none"
        return Word("veraPDF", passed=told["passed"], faults=faults)

    def _ask(self, job: dict[str, str]) -> Any:  # one decoded answer of the child
        assert self._child.stdin is not None and self._child.stdout is not None, "asked for pipes"
        self._child.stdin.write(json.dumps(job).encode() + b"\n")
        self._child.stdin.flush()
        return json.loads(self._child.stdout.readline())


@pytest.fixture(scope="session")
def verapdf() -> Iterator[VeraPdf]:
    """veraPDF, started once; skipped by name where `make stacks` could not build it."""
    if not (BUILT / "Judge.class").is_file():
        pytest.skip("veraPDF is not built: `make stacks` fetches it with Maven")
    quick = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m"]
    command = ["java", *quick, "-cp", f"{BUILT}:{BUILT}/*", "Judge"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None, "asked for a pipe"
        assert json.loads(child.stdout.readline() or "null") == {"ready": True}, "veraPDF does not start"
        yield VeraPdf(child)  # leaving the block closes its stdin, and it ends


def ask_pdfluent(path: Path, flavour: str) -> Word:
    """pdfluent's word; it judges by the flavour that the file declares, so another one is a refusal."""
    import pdfluent  # here and below: every session reads this file, and most ask no judge

    try:
        report = pdfluent.validate_pdfa(str(path))
    except pdfluent.PdfluentError as error:
        return Word("pdfluent", passed=False, faults=(str(error),))
    declared = str(report.pdfa_level).removeprefix("PDF/A-").lower()
    faults = [f"{issue.rule} {issue.message}" for issue in report.issues if issue.severity == "error"]
    if declared != flavour:
        faults.append(f"it took the file for {report.pdfa_level}")
    return Word("pdfluent", passed=report.is_compliant and not faults, faults=tuple(faults))


def ask_line(path: Path, flavour: str) -> Word:
    """The line's own word: byte checks, pikepdf.pdfa and, for 2u, every glyph's Unicode."""
    from scanning import verify
    from scanning.structure import BadFile

    try:
        verify.judge(path, flavour=flavour)
    except BadFile as bad:
        return Word("line", passed=False, faults=(bad.detail,))
    return Word("line", passed=True)


def all_words(verapdf: VeraPdf, path: Path, flavour: str) -> list[Word]:
    """The word of every judge of a scanned document that is not sealed."""
    return [verapdf.judge(path, flavour), ask_pdfluent(path, flavour), ask_line(path, flavour)]


def refusals(verapdf: VeraPdf, path: Path, flavour: str) -> list[str]:
    """Who refuses the scanned document, and why; empty when all judges agree that it is good."""
    return [str(word) for word in all_words(verapdf, path, flavour) if not word.passed]
