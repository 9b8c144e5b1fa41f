"""The one catalogue of sentences for people: Vietnamese first, English beside.

Errors, faults, states, reasons and rules carry message ids; only here they become sentences. The texts stand in
``translations/sentences.toml``. Texts that belong to a page (titles, labels, buttons) are gettext strings of the
templates instead (:mod:`gateway.console.language`).
"""

import functools
import string
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Final

LANGUAGES: Final = ("vi", "en")


class _Gaps(dict[str, str]):
    """A place that nobody filled stays visible as an ellipsis instead of breaking the answer."""

    def __missing__(self, key: str) -> str:
        return "…"


def sentence(message_id: str, lang: str = "vi", **values: str) -> str:
    """The sentence of an id, its places filled.

    An id without a sentence comes back as it is: a screen never breaks for it, and the test that asks for a sentence
    to every id of the code sees it.

    >>> sentence("form.too_long", limit="200")
    'Nhiều nhất 200 ký tự.'
    >>> sentence("no.such.id")
    'no.such.id'
    """
    told = _sentences().get(message_id)
    if told is None:
        return message_id
    text = told[lang == "en"]
    return string.Formatter().vformat(text, (), _Gaps(values)) if "{" in text else text


def known(message_id: str) -> bool:
    """Whether the catalogue has a sentence for the id."""
    return message_id in _sentences()


def ids() -> frozenset[str]:
    """Every id that has a sentence."""
    return frozenset(_sentences())


@functools.cache
def _sentences() -> dict[str, tuple[str, str]]:
    text = resources.files("gateway.console").joinpath("translations/sentences.toml").read_text("utf-8")
    return dict(_flat(tomllib.loads(text), ""))


def _flat(table: Mapping[str, object], above: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        elif isinstance(value, list) and len(value) == len(LANGUAGES):
            yield f"{above}{name}", (str(value[0]), str(value[1]))
        else:
            raise ValueError(f"{above}{name}: a sentence is a pair [Vietnamese, English]")
