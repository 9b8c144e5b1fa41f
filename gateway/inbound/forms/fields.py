"""Field types that several forms share: each says what it takes, and its fault is the id of a sentence."""

import datetime as dt
import unicodedata
from collections.abc import Callable
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from schemas.errors import InvalidNumber
from schemas.numbers import dossier_code, procedure_code, s10

LONGEST_NAME: Final = 200
LONGEST_LINE: Final = 500
LONGEST_NOTE: Final = 2_000


class Form(BaseModel):
    """A request body: strict, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def fault(text: str, **values: str) -> PydanticCustomError:
    """A fault with the id of its sentence and the values that fill it."""
    return PydanticCustomError("fault", text, {"text": text, **values})


def _clean(text: object) -> object:
    """One line of text as it was meant: NFC, no control characters, no doubled or outer white space."""
    if not isinstance(text, str):
        return text
    if any(unicodedata.category(ch) in ("Cc", "Cs", "Co") and ch not in "\t\r\n" for ch in text):
        raise fault("form.control_characters")
    return " ".join(unicodedata.normalize("NFC", text).split())


def _clean_block(text: object) -> object:
    """Text of several lines, each cleaned."""
    if not isinstance(text, str):
        return text
    return "\n".join(str(_clean(line)) for line in text.splitlines()).strip()


def _number(validate: Callable[[str], str], text: str) -> AfterValidator:
    def check(value: str) -> str:
        try:
            return validate(value)
        except InvalidNumber as wrong:
            raise fault(text, why=str(wrong.text)) from None

    return AfterValidator(check)


def _instant(value: dt.datetime) -> dt.datetime:
    """In UTC; a year that a database and a calendar can hold."""
    if not 2000 <= value.year <= 2100:
        raise fault("form.instant_range")
    return value.astimezone(dt.UTC)


Line = Annotated[str, BeforeValidator(_clean), StringConstraints(max_length=LONGEST_LINE)]
Name = Annotated[str, BeforeValidator(_clean), StringConstraints(min_length=1, max_length=LONGEST_NAME)]
"""A person's or an organisation's name as it is: no rule about words or letters (``Giàng A Tủa``, ``Ơi``)."""
Note = Annotated[str, BeforeValidator(_clean_block), StringConstraints(max_length=LONGEST_NOTE)]
Reason = Annotated[str, BeforeValidator(_clean_block), StringConstraints(min_length=3, max_length=LONGEST_NOTE)]
"""Why a person decided so; three letters at least, because a dot is no reason."""
UnitRef = Annotated[str, BeforeValidator(_clean), StringConstraints(min_length=1, max_length=64)]
"""Our own id of a unit; whether it exists is the desk's to say."""
DossierCodeText = Annotated[str, StringConstraints(max_length=64), _number(dossier_code.validate, "form.dossier_code")]
ProcedureCodeText = Annotated[
    str, StringConstraints(max_length=64), _number(procedure_code.validate, "form.procedure_code")
]
ItemNumberText = Annotated[str, StringConstraints(max_length=40), _number(s10.validate, "form.item_number")]
Instant = Annotated[AwareDatetime, AfterValidator(_instant)]
"""ISO 8601 with zone; a time without one is refused, because nobody can say when it was."""
