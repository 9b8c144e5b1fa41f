"""Replies in JSON become checked shapes or :class:`schemas.errors.Misunderstood` with the raw bytes; never None.

``adapters/<peer>/wire.py`` holds the shapes as subclasses of :class:`Shape`; ``translate`` sees only them.
"""

import functools
import json
from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated, Any, TypeVar, cast

import pydantic

from schemas.errors import Misunderstood

T = TypeVar("T")


class Shape(pydantic.BaseModel):
    """A piece of a peer's JSON. Unknown fields are let through (peers add them without notice), known ones checked."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore", populate_by_name=True, str_strip_whitespace=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, value: object) -> object:
        """No database keeps a text with U+0000; found here it costs one row, found there it would cost the batch."""
        if isinstance(value, dict):
            for name, told in value.items():
                if isinstance(told, str) and "\0" in told:
                    raise ValueError(f"{name!s:.40} has a zero character")
        return value


def _text(value: object) -> object:
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _whole(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("true or false is no number")
    return value.strip() if isinstance(value, str) else value


def _seconds(value: object) -> object:
    if value is None or value == "":
        return 0.0
    if isinstance(value, bool):
        raise ValueError("true or false is no number")
    return value.strip() if isinstance(value, str) else value


Text = Annotated[str, pydantic.BeforeValidator(_text)]
"""Text that a peer may also send as a number or as null (then empty)."""
Whole = Annotated[int, pydantic.BeforeValidator(_whole)]
"""A whole number that a peer may also send as text: 0, "0", "00", "-3"."""
Seconds = Annotated[float, pydantic.BeforeValidator(_seconds), pydantic.Field(allow_inf_nan=False)]
"""Seconds as a number, as text, as null or an empty text (then 0)."""


@functools.lru_cache(maxsize=256)
def _adapter(shape: Hashable) -> pydantic.TypeAdapter[Any]:
    # Any: a shape is a model, a list of models or a union; pydantic's own TypeAdapter is generic over just that.
    return pydantic.TypeAdapter(cast("Any", shape))


def parse(shape: type[T], raw: bytes, *, subject: str = "", status: int | None = None) -> T:
    """Read ``raw`` as ``shape`` (a Shape, ``list[Shape]``, ``dict[str, str]`` …).

    Raises:
        Misunderstood: no JSON, a name told twice with two values, or a field that breaks the shape; names its path,
            keeps ``raw``, shows no value.
    """
    try:
        value: T = _adapter(cast("Hashable", shape)).validate_json(raw)
    except pydantic.ValidationError as error:
        raise Misunderstood(_first_faults(error), subject=subject, raw=raw, status=status) from error
    try:
        json.loads(raw, object_pairs_hook=_one_value_each, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise Misunderstood(str(error), subject=subject, raw=raw, status=status) from error
    return value


def _one_value_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Parsers take the first or the last of two values as they please (RFC 8259 §4), so two are a contradiction.
    told = dict(pairs)
    if len(told) != len(pairs):
        for name, value in pairs:
            if value != told[name]:
                raise ValueError(f"{name:.40}: told twice with two values")
    return told


def check(shape: type[T], value: object, *, raw: bytes, subject: str = "") -> T:
    """Like :func:`parse` for a piece that is already decoded: one bad row must not take its siblings along."""
    try:
        checked: T = _adapter(cast("Hashable", shape)).validate_python(value)
    except pydantic.ValidationError as error:
        raise Misunderstood(_first_faults(error), subject=subject, raw=raw) from error
    return checked


def dump(value: Mapping[str, object] | Sequence[object]) -> bytes:
    """JSON as UTF-8 without escapes for Vietnamese letters; the same value always gives the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def whole(value: object, *, raw: bytes = b"", path: str = "error_code") -> int:
    """An error code that is told as 0, "0" or "00".

    Raises:
        Misunderstood: neither a whole number nor a text of one.

    >>> whole("00"), whole("-3"), whole(7)
    (0, -3, 7)
    """
    text = str(value).strip() if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not text.isascii() or not text.removeprefix("-").isdecimal():
        raise Misunderstood(f"{path}: no whole number", raw=raw)
    return int(text)


def _first_faults(error: pydantic.ValidationError) -> str:
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(str(part) for part in fault['loc']) or 'body'}: {fault['msg']}" for fault in faults[:5]]
    more = f" and {len(faults) - 5} more" if len(faults) > 5 else ""
    return "; ".join(told) + more
