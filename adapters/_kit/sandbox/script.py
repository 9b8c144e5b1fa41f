"""The script language: what a test or a demo writes into a free-text field of an order to say what shall happen to it.

``@sequence.0s-70.2s-100`` lets code 70 happen at once and code 100 two seconds after the order. Any chaos verb works
too: ``@html_503.2`` (twice), ``@reply_lost`` (once), ``@refuse``. Words are separated by blanks; the rest of the text
is left alone, an e-mail address too.
"""

import dataclasses
import re
from collections.abc import Mapping

_WORD = re.compile(r"(?<![\w.+-])@([a-z][a-z0-9_]*)((?:\.[A-Za-z0-9_:-]+)*)")
_STEP = re.compile(r"(\d+)(ms|s|m|h|d)-(.+)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """Code ``code`` happens ``after_s`` seconds after the order."""

    after_s: float
    code: str


@dataclasses.dataclass(frozen=True, slots=True)
class Script:
    """Steps in the order of their time, and the other words with their arguments."""

    steps: tuple[Step, ...]
    verbs: Mapping[str, tuple[str, ...]]

    def times(self, verb: str) -> int:
        """How often a verb shall strike: its first argument, 1 without one, 0 where it is not in the script.

        >>> parse_script("Giao nhanh @html_503.2").times("html_503")
        2
        """
        if verb not in self.verbs:
            return 0
        first = self.verbs[verb][:1]
        return int(first[0]) if first and first[0].isdecimal() else 1


def parse_script(text: str) -> Script:
    """Read the script out of a text; a step that cannot be read is left out.

    >>> parse_script("Hồ sơ đất đai @sequence.0s-70.2s-100 @duplicate").steps
    (Step(after_s=0.0, code='70'), Step(after_s=2.0, code='100'))
    >>> dict(parse_script("to someone@duplicate.vn, @refuse.12").verbs)
    {'refuse': ('12',)}
    """
    verbs: dict[str, tuple[str, ...]] = {}
    steps: list[Step] = []
    for match in _WORD.finditer(text):
        arguments = tuple(match[2].split(".")[1:])
        if match[1] == "sequence":
            steps += [_step(told) for told in map(_STEP.fullmatch, arguments) if told is not None]
        else:
            verbs[match[1]] = arguments
    return Script(tuple(sorted(steps, key=lambda step: step.after_s)), verbs)


def _step(told: re.Match[str]) -> Step:
    return Step(int(told[1]) * _SECONDS[told[2]], told[3])
