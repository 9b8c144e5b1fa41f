"""Everything that is wrong with a body, as faults with paths and sentence ids."""

import json
from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from gateway.desk.checks import Faults
from gateway.desk.requests import Fault
from gateway.inbound.forms.fields import Form

F = TypeVar("F", bound=Form)

_MOST: Final = 100
"""Faults told at once; a body with more of them was never meant for us."""

TEXTS: Final = {
    "missing": "form.missing",
    "extra_forbidden": "form.unknown_field",
    "json_invalid": "form.json",
    "string_type": "form.string",
    "string_too_short": "form.too_short",
    "string_too_long": "form.too_long",
    "string_unicode": "form.control_characters",
    "int_type": "form.integer",
    "int_from_float": "form.integer",
    "int_parsing": "form.integer",
    "bool_type": "form.boolean",
    "enum": "form.choice",
    "literal_error": "form.choice",
    "greater_than": "form.too_small",
    "greater_than_equal": "form.too_small",
    "less_than": "form.too_large",
    "less_than_equal": "form.too_large",
    "too_short": "form.list_short",
    "too_long": "form.list_long",
    "timezone_aware": "form.zone",
    "datetime_type": "form.instant",
    "datetime_parsing": "form.instant",
    "datetime_from_date_parsing": "form.instant",
    "datetime_object_invalid": "form.instant",
    "model_type": "form.object",
    "model_attributes_type": "form.object",
    "dict_type": "form.object",
    "list_type": "form.list",
    "tuple_type": "form.list",
}
"""Which sentence tells each kind of fault that pydantic knows; any other is ``form.invalid``."""

_LIMITS: Final = ("min_length", "max_length", "gt", "ge", "lt", "le", "expected")


def parse(form: type[F], body: bytes) -> F:
    """Read a JSON body.

    Raises:
        Faults: every fault of the body at once.
    """
    try:
        return form.model_validate_json(body)
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False)
        raise Faults(tuple(_fault(error) for error in errors if not _follows(error, errors))[:_MOST]) from None


def path_of(location: tuple[int | str, ...]) -> str:
    """Where in the body: ``components[0].name``.

    >>> path_of(("components", 0, "name"))
    'components[0].name'
    """
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _follows(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    """A list that is too short only because its entries have faults of their own."""
    where = error["loc"]
    return error["type"] == "too_short" and any(
        other["loc"][: len(where)] == where and len(other["loc"]) > len(where) for other in errors
    )


def _fault(error: ErrorDetails) -> Fault:
    context = {name: str(value) for name, value in error.get("ctx", {}).items()}
    if error["type"] == "fault":
        text = context.pop("text")
        return Fault(path=path_of(error["loc"]), text=text, values=tuple(sorted(context.items())))
    limits = tuple((name, context[name]) for name in _LIMITS if name in context)
    values = (("limit", limits[0][1]),) if limits else ()
    kind = error["type"]
    if kind in ("too_short", "too_long") and isinstance(error["input"], str):
        kind = f"string_{kind}"
    return Fault(path=path_of(error["loc"]), text=TEXTS.get(kind, "form.invalid"), values=values)


def check(form: type[F], fields: Mapping[str, object]) -> tuple[F | None, tuple[Fault, ...]]:
    """Check what a browser's form says with the same model as a JSON body; the form, or all faults."""
    try:
        return parse(form, json.dumps(fields).encode()), ()
    except Faults as wrong:
        return None, wrong.faults
