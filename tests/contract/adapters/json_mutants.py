"""Mutants of a reply in JSON: of its form as a whole, and of each of its fields once."""

import copy
import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Any

from tests.contract.adapters.mutants import DEEP, SOAP_FAULT, Must, Mutant, Sort, broken_letter, of_bytes

MARK = "\u2063literal\u2063"
"""Stands where a literal is put that no JSON writer would write: 1e400, NaN, a second key."""
_DATE = re.compile(r"\d{8}(\d{4}(\d{2})?)?|\d{4}[-/]\d{2}[-/]\d{2}.*|\d{2}[-/]\d{2}[-/]\d{4}.*")
EPOCH_MS = 1_000_000_000_000
LONGEST_CODE = 4
EXTRA = {"truongMoi": {"danhSach": [1, "hai", None]}, "newField": "mới"}


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """A place in the document. ``keys`` lead to it; ``path`` is the same without the places in lists."""

    keys: tuple[str | int, ...]
    path: str
    value: Any


def mutants(good: bytes) -> Iterator[Mutant]:
    """Every mutant of ``good``."""
    document = json.loads(good)
    yield from of_bytes(good)
    yield from _forms(good)
    yield from _harmless(document)
    for field in fields(document):
        yield from _of_field(document, field)


def fields(document: Any) -> list[Field]:
    """Every field once; of a list the row in its middle stands for all."""
    found: list[Field] = []

    def walk(value: Any, keys: tuple[str | int, ...], path: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                place = f"{path}.{name}".lstrip(".")
                found.append(Field((*keys, name), place, inner))
                walk(inner, (*keys, name), place)
        elif isinstance(value, list) and value:
            middle = len(value) // 2
            if path:
                found.append(Field((*keys, middle), f"{path}[]", value[middle]))
            walk(value[middle], (*keys, middle), f"{path}[]")

    walk(document, (), "")
    return found


def _forms(good: bytes) -> Iterator[Mutant]:
    for literal in (b"null", b"true", b"5", b'"OK"', b"[]", b"[null]", b"{}", b"NaN", b"nul", b"ok=1&x=2"):
        yield Mutant(f"only {literal.decode()}", Sort.FORM, Must.NAMED, literal)
    yield Mutant("in a list", Sort.FORM, Must.NAMED, b"[" + good + b"]")
    yield Mutant("in a text", Sort.FORM, Must.NAMED, json.dumps(good.decode()).encode())
    yield Mutant("SOAP fault", Sort.FAULT, Must.NAMED, SOAP_FAULT)
    for told in ({"fault": {"code": 900902, "message": "Missing Credentials"}}, {"error": "server_error"}):
        yield Mutant(f"{next(iter(told))} object", Sort.FAULT, Must.NAMED, json.dumps(told).encode())
    yield Mutant("lists in lists", Sort.DEEP, Must.NAMED, b"[" * DEEP + b"]" * DEEP)
    yield Mutant("objects in objects", Sort.DEEP, Must.NAMED, b'{"a":' * DEEP + b"1" + b"}" * DEEP)
    place = good.find(b'": "') + 4 if b'": "' in good else good.find(b'"') + 1
    yield broken_letter(good, place)


def _harmless(document: Any) -> Iterator[Mutant]:
    yield _same("indented", Sort.HARMLESS, _write(document, indent=2))
    yield _same("escaped", Sort.HARMLESS, json.dumps(document).encode())
    yield _same("backwards", Sort.HARMLESS, _write(_backwards(document)))
    yield _same("extra fields", Sort.EXTRA, _write(_with_extra(document)))
    deep = _write({**document, MARK: 0}) if isinstance(document, dict) else b""
    if deep:
        nested = b'"sau":' + b"[" * 60 + b"]" * 60
        body = deep.replace(json.dumps(MARK, ensure_ascii=False).encode() + b": 0", nested)
        yield Mutant("an extra field nested 60 deep", Sort.DEEP, Must.SAME_OR_NAMED, body)
        number = b'"so":' + b"9" * 5000
        body = deep.replace(json.dumps(MARK, ensure_ascii=False).encode() + b": 0", number)
        yield Mutant("an extra number of 5000 digits", Sort.HUGE, Must.SAME_OR_NAMED, body)


def _same(name: str, sort: Sort, body: bytes) -> Mutant:
    return Mutant(name, sort, Must.SAME, body)


def _backwards(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _backwards(value[name]) for name in reversed(value)}
    return [_backwards(inner) for inner in value] if isinstance(value, list) else value


def _with_extra(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: _with_extra(inner) for name, inner in value.items()}, **EXTRA}
    return [_with_extra(inner) for inner in value] if isinstance(value, list) else value


# --- one field -------------------------------------------------------------------------------------------------------


def _of_field(document: Any, field: Field) -> Iterator[Mutant]:
    if isinstance(field.keys[-1], str):
        yield _noticed("missing", Sort.MISSING, field, _write(_without(document, field)))
        yield _twice(document, field)
    for name, value in (("null", None), ("a list", [[]]), ("an object", {"x": 1}), ("true", True)):
        if type(value) is not type(field.value):
            sort = Sort.MISSING if value is None else Sort.WRONG_TYPE
            yield _noticed(name, sort, field, _write(_with(document, field, value)))
    match field.value:
        case bool() | None:
            return
        case int() | float():
            yield from _numbers(document, field)
        case str():
            yield from _texts(document, field)
        case dict() | list():
            yield _noticed("a text", Sort.WRONG_TYPE, field, _write(_with(document, field, "không")))
            yield _noticed("a number", Sort.WRONG_TYPE, field, _write(_with(document, field, 0)))


def _numbers(document: Any, field: Field) -> Iterator[Mutant]:
    yield _noticed("words", Sort.WRONG_TYPE, field, _write(_with(document, field, "không phải số")))
    yield _noticed("a fraction", Sort.WRONG_TYPE, field, _literal(document, field, f"{field.value}.5"))
    for literal in ("1e400", "-1e400", "9" * 40, "-" + "9" * 40, "9" * 5000, "NaN", "Infinity", "0x10", "007"):
        name = f"{literal[:12]}…" if len(literal) > 12 else literal
        yield _noticed(name, Sort.HUGE, field, _literal(document, field, literal))
    if field.value >= EPOCH_MS:
        for value in (10**18, -(10**18), 253_402_300_800_000):  # the last: the first moment of the year 10000
            yield _noticed(f"time {value}", Sort.DATE, field, _write(_with(document, field, value)))


def _texts(document: Any, field: Field) -> Iterator[Mutant]:
    yield _noticed("an empty text", Sort.MISSING, field, _write(_with(document, field, "")))
    yield _noticed("a zero in it", Sort.ENCODING, field, _write(_with(document, field, f"{field.value}\0x")))
    half = _literal(document, field, json.dumps(field.value)[:-1] + '\\ud83d"')
    yield _noticed("half a letter", Sort.ENCODING, field, half)
    if re.fullmatch(r"-?\d+", field.value):
        yield _noticed("40 nines", Sort.HUGE, field, _write(_with(document, field, "9" * 40)))
        if len(field.value) <= LONGEST_CODE:  # int() takes them for ours; in the text of an identifier they are text
            yield _noticed("digits of Arabia", Sort.WRONG_TYPE, field, _write(_with(document, field, "٣")))
    if _DATE.fullmatch(field.value):
        for name, bad in _bad_dates(field.value):
            yield _noticed(name, Sort.DATE, field, _write(_with(document, field, bad)))


def _bad_dates(good: str) -> Iterator[tuple[str, str]]:
    """The same form with nines for digits, with zeros, and with a 45th day or thirteenth month."""
    yield "nines", re.sub(r"\d", "9", good)
    yield "zeros", re.sub(r"\d", "0", good)
    if re.match(r"\d{4}[-/]", good):
        yield "month 13", good[:5] + "13" + good[7:]
        yield "30 February", good[:5] + "02" + good[7] + "30" + good[10:]
    elif re.match(r"\d{8}", good):
        yield "month 13", good[:4] + "13" + good[6:]
        yield "30 February", good[:4] + "0230" + good[8:]
    yield "a word", "hôm qua"


def _twice(document: Any, field: Field) -> Mutant:
    key = json.dumps(field.keys[-1], ensure_ascii=False)
    second = f"{_text(field.value)}, {key}: {_text(_other(field.value))}"
    return _noticed("told twice", Sort.TWICE, field, _literal(document, field, second))


def _other(value: Any) -> Any:
    match value:
        case bool() | None:
            return 7
        case str():
            return f"{value}9"
        case int() | float():
            return value + 1
        case dict():
            return {}
        case _:
            return []


def _noticed(name: str, sort: Sort, field: Field, body: bytes) -> Mutant:
    return Mutant(f"{field.path}: {name}", sort, Must.NOTICED, body, path=field.path)


# --- writing ---------------------------------------------------------------------------------------------------------


def _literal(document: Any, field: Field, literal: str) -> bytes:
    return _write(_with(document, field, MARK)).replace(_text(MARK).encode(), literal.encode())


def _with(document: Any, field: Field, value: Any) -> Any:
    changed = copy.deepcopy(document)
    _parent(changed, field)[field.keys[-1]] = value
    return changed


def _without(document: Any, field: Field) -> Any:
    changed = copy.deepcopy(document)
    del _parent(changed, field)[field.keys[-1]]
    return changed


def _parent(document: Any, field: Field) -> Any:
    here = document
    for key in field.keys[:-1]:
        here = here[key]
    return here


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write(value: Any, *, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8", "surrogatepass")
