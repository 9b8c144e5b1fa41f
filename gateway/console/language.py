"""The two languages of the pages: Vietnamese is the text in the templates, English stands in a gettext file."""

import datetime as dt
import functools
from importlib import resources
from typing import Final

from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from schemas.calendar import VIETNAM

LANGUAGES: Final = ("vi", "en")


def gettext(text: str, lang: str) -> str:
    """The text of a page in a language; a text that nobody translated stays Vietnamese."""
    return text if lang == "vi" else english().get(text, text)


@functools.cache
def english() -> dict[str, str]:
    """Every translated text of the pages."""
    with resources.files("gateway.console").joinpath("translations/en/LC_MESSAGES/console.po").open("rb") as file:
        catalog = read_po(file, locale="en", domain="console")
    return {str(each.id): str(each.string) for each in catalog if each.id and each.string}


def moment(at: dt.datetime | None) -> str:
    """``22/11/2026 08:05`` on the wall of a Vietnamese office; a dash for none.

    >>> moment(dt.datetime(2026, 11, 22, 1, 5, tzinfo=dt.UTC))
    '22/11/2026 08:05'
    """
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}" if at else "–"


def wall(at: dt.datetime) -> str:
    """As a ``datetime-local`` field takes it, in Viet Nam.

    >>> wall(dt.datetime(2026, 11, 22, 1, 5, tzinfo=dt.UTC))
    '2026-11-22T08:05'
    """
    return f"{at.astimezone(VIETNAM):%Y-%m-%dT%H:%M}"


def number(value: int, lang: str) -> str:
    """A count as the language writes it: 66.572 or 66,572."""
    return format_decimal(value, locale=lang)


def span(minutes: int, lang: str) -> str:
    """A stretch of time in words.

    >>> span(3 * 24 * 60 + 125, "vi"), span(45, "en")
    ('3 ngày 2 giờ', '45 minutes')
    """
    days, rest = divmod(max(minutes, 0), 24 * 60)
    hours, left = divmod(rest, 60)
    words = ("ngày", "giờ", "phút") if lang == "vi" else ("days", "hours", "minutes")
    told = [f"{count} {word}" for count, word in zip((days, hours, left), words, strict=True) if count]
    return " ".join(told[:2]) or f"0 {words[2]}"
