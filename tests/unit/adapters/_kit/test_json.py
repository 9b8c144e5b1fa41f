from typing import Annotated

import pytest
from pydantic import Field

from adapters._kit.json import Shape, Text, Whole, check, dump, parse, whole
from schemas.errors import Misunderstood


class Inner(Shape):
    code: Whole
    text: Text = ""


class Outer(Shape):
    rows: list[Inner]
    id: Annotated[str, Field(alias="_id")]


def test_a_shape_is_read_and_unknown_fields_are_let_through() -> None:
    raw = b'{"_id": " a ", "rows": [{"code": "04", "text": null, "new": 1}, {"code": -3, "text": 7}]}'
    outer = parse(Outer, raw)
    assert outer.id == "a"
    assert [(row.code, row.text) for row in outer.rows] == [(4, ""), (-3, "7")]


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"", "body"),
        (b"null", "body"),
        (b"<html>", "body"),
        (b"[]", "body"),
        (b'{"_id": "a"}', "rows"),
        (b'{"_id": "a", "rows": [{"code": "x"}]}', r"rows\.0\.code"),
        (b'{"_id": "a", "rows": [{"code": true}]}', r"rows\.0\.code"),
        (b'{"_id": "a", "rows": [{"code": 1.5}]}', r"rows\.0\.code"),
        (b'{"_id": "a", "rows": null}', "rows"),
        (b'{"_id": "a", "rows": {"code": 1}}', "rows"),
        (b'\xff{"_id": "a"}', "body"),
    ],
)
def test_what_breaks_the_shape_is_misunderstood_with_its_path(raw: bytes, path: str) -> None:
    with pytest.raises(Misunderstood, match=path) as caught:
        parse(Outer, raw, subject="000.00.14.H99-261120-0007", status=200)
    assert caught.value.raw == raw
    assert caught.value.status == 200
    assert caught.value.subject == "000.00.14.H99-261120-0007"


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b'{"_id": "a", "_id": "b", "rows": []}', "_id: told twice"),
        (b'{"_id": "a", "rows": [{"code": 1, "code": 2}]}', "code: told twice"),
        (b'{"_id": "a", "rows": [], "other": {"x": 1, "x": 1.5}}', "x: told twice"),
        (b'{"_id": "a", "rows": [{"code": 1, "text": "a\\u0000b"}]}', "text has a zero character"),
    ],
)
def test_what_can_be_read_in_two_ways_or_not_be_kept_is_misunderstood(raw: bytes, what: str) -> None:
    with pytest.raises(Misunderstood, match=what) as caught:
        parse(Outer, raw)
    assert caught.value.raw == raw


def test_the_same_value_told_twice_is_no_contradiction() -> None:
    assert parse(Outer, b'{"_id": "a", "_id": "a", "rows": [], "n": ' + b"9" * 4000 + b"}").id == "a"


def test_a_fault_does_not_show_the_value() -> None:
    with pytest.raises(Misunderstood) as caught:
        parse(Outer, b'{"_id": 5, "rows": [{"code": "000099000001"}], "x": 1}')
    assert "000099000001" not in str(caught.value)


def test_one_bad_row_is_judged_by_itself() -> None:
    assert check(Inner, {"code": 4}, raw=b"{}").code == 4
    with pytest.raises(Misunderstood):
        check(Inner, {"code": None}, raw=b"{}")


@pytest.mark.parametrize(("value", "number"), [(0, 0), ("0", 0), ("00", 0), (" 7 ", 7), ("-3", -3)])
def test_error_codes_come_as_number_and_as_text(value: object, number: int) -> None:
    assert whole(value) == number


@pytest.mark.parametrize("value", ["", "OK", None, True, 1.5, [], "1.0", "--1"])
def test_what_is_no_whole_number_is_misunderstood(value: object) -> None:
    with pytest.raises(Misunderstood):
        whole(value)


def test_vietnamese_goes_out_as_it_is() -> None:
    assert dump({"TenTTHC": "Cấp bản sao"}) == '{"TenTTHC":"Cấp bản sao"}'.encode()
