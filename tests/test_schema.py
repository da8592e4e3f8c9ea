"""Shapes: schema out, value in."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb.schema import Shape, ShapeError, check, json_in, strict


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


class Inner(BaseModel):
    mood: Mood
    note: str | None = None


class Outer(BaseModel):
    inner: Inner
    tags: list[str] = []


class Free(BaseModel):
    anything: dict[str, int]


def test_a_models_schema_is_its_own() -> None:
    shape = Shape(Outer)
    assert shape.name == "Outer"
    assert set(shape.schema["properties"]) == {"inner", "tags"}


@pytest.mark.parametrize("target", [list[Outer], int, str | None, Mood])
def test_what_is_no_object_travels_in_one(target: Any) -> None:
    schema = Shape(target).schema
    assert schema["type"] == "object"
    assert schema["required"] == ["value"]


def test_a_nested_misfit_names_its_path() -> None:
    with pytest.raises(ShapeError) as caught:
        Shape(Outer).read('{"inner": {"mood": "so-so"}}')
    assert caught.value.field == "inner.mood"


@pytest.mark.parametrize(
    "text, value",
    [
        ('{"a": 1}', {"a": 1}),
        (" [1, 2]\n", [1, 2]),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('Sure! {"a": {"b": "}"}} Anything else?', {"a": {"b": "}"}}),
        ("```\n[1]\n```", [1]),
    ],
)
def test_json_is_found_among_words(text: str, value: object) -> None:
    assert json_in(text) == value


@pytest.mark.parametrize("text", ["", "no JSON here", '{"a": ', "NaN", "{'a': 1}"])
def test_no_json_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ShapeError):
        json_in(text)


def test_strict_requires_everything_and_nothing_else() -> None:
    exact = strict(Shape(Outer).schema)
    assert exact is not None
    assert exact["required"] == ["inner", "tags"]
    assert exact["additionalProperties"] is False
    inner = exact["$defs"]["Inner"]
    assert inner["required"] == ["mood", "note"]
    assert inner["additionalProperties"] is False


def test_free_keys_cannot_be_strict() -> None:
    assert strict(Shape(Free).schema) is None


@pytest.mark.parametrize("part", [True, {}, {"title": "Anything"}, {"anyOf": [True]}])
def test_what_may_be_anything_cannot_be_strict(part: Any) -> None:
    for whole in ({"properties": {"a": part}}, {"properties": {}, "$defs": {"a": part}}):
        assert strict({"type": "object", **whole}) is None
    assert strict({"type": "array", "items": part}) is None


def test_a_dict_schema_is_checked_too() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    check({"n": 1}, schema)
    with pytest.raises(ShapeError) as caught:
        check({"n": "one"}, schema)
    assert caught.value.field == "n"


def test_null_stays_null_in_the_strict_form() -> None:
    schema = {"type": "object", "properties": {"gone": {"const": None, "type": "null"}}}
    exact = strict(schema)
    assert exact is not None
    assert exact["properties"]["gone"] == {"const": None, "type": "null"}


def test_what_a_schema_refers_to_elsewhere_is_never_fetched():
    # Nobody listens there: the library itself would try, and say that it failed.
    for schema in ({"$ref": "http://127.0.0.1:9/x.json"}, {"$ref": "file:///etc/hostname"}):
        with pytest.raises(ShapeError, match="refers to what is not in it"):
            check({}, schema)
