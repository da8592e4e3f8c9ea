"""Values as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import numpy
import pandas
import pytest
from pydantic import BaseModel, Field

from mojentic_nb.batch.new_columns import dtyped, fields_of, parts_of, texts


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    deep: int


@pytest.mark.parametrize(
    "kind, values, dtype, kept",
    [
        (str, ["a", None], "string", ["a", pandas.NA]),
        (int, [1, None], "Int64", [1, pandas.NA]),
        (int | None, [1, 2], "Int64", [1, 2]),
        (Annotated[int, Field(ge=0)], [1], "Int64", [1]),
        (bool, [True, None], "boolean", [True, pandas.NA]),
        (float, [1, 2.5], "float64", [1.0, 2.5]),
        (int | float, [1, 2.5], "float64", [1.0, 2.5]),
        (int, [2**70, 1], "object", [2**70, 1]),
        (list[str], [["a"], None], "object", [["a"], None]),
        (Inner, [Inner(deep=1), None], "object", [{"deep": 1}, None]),
        (Any, [1, "a"], "object", [1, "a"]),
        (str | int, [1, "a"], "object", [1, "a"]),
    ],
)
def test_a_type_has_its_dtype(kind, values, dtype, kept):
    made = pandas.Series(dtyped(values, kind))
    assert made.dtype == dtype
    assert [one is pandas.NA or one for one in made.tolist()] == [
        one is pandas.NA or one for one in kept
    ]


@pytest.mark.parametrize(
    "kind, values",
    [(Literal["a", "b"], ["b", None]), (Colour, [Colour.BLUE, None]), (Colour | None, [None])],
)
def test_few_words_are_categories_and_all_of_them_are_known(kind, values):
    made = pandas.Series(dtyped(values, kind))
    words = ["a", "b"] if kind == Literal["a", "b"] else ["red", "blue"]
    assert list(made.cat.categories) == words
    assert made.isna().tolist() == [one is None for one in values]


def test_times_are_times_and_a_mixture_is_kept():
    moment = datetime(2026, 1, 2)
    assert pandas.Series(dtyped([moment, None], datetime)).dtype.kind == "M"
    mixed = [moment, moment.astimezone()]
    assert list(dtyped(mixed, datetime)) == mixed


def test_a_missing_measurement_is_nan():
    assert numpy.isnan(dtyped([None], float)[0])


@dataclass
class Point:
    x: int
    y: float = 0.0


class Named(TypedDict):
    name: str


SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}, "k": {"enum": ["a"]}}}


@pytest.mark.parametrize(
    "target, fields",
    [
        (Inner, {"deep": int}),
        (Point, {"x": int, "y": float}),
        (Named, {"name": str}),
        (SCHEMA, {"n": int, "k": Literal["a"]}),
        ({"type": "array"}, {"value": Any}),
        (Literal["a", "b"], {"value": Literal["a", "b"]}),
        (list[int], {"value": list[int]}),
    ],
)
def test_a_type_has_its_columns(target, fields):
    assert fields_of(target) == fields


@pytest.mark.parametrize(
    "value, names, parts",
    [
        (Inner(deep=3), ["deep"], [3]),
        (Point(1), ["x", "y"], [1, 0.0]),
        ({"n": 1}, ["n", "k"], [1, None]),
        ("a", ["value"], ["a"]),
        ([1, 2], ["value"], [[1, 2]]),
    ],
)
def test_an_object_is_taken_apart(value, names, parts):
    assert parts_of(value, names) == parts


def test_texts_keep_their_index_and_half_a_surrogate_pair():
    index = pandas.MultiIndex.from_tuples([("a", 1), ("a", 1)])
    column = texts(["\ud800", None], index)
    assert column.dtype == "string"
    assert column.index.equals(index)
    assert column.tolist() == ["\ud800", pandas.NA]
