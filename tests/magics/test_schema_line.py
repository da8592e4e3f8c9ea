"""A schema on one line, as `%%structured` reads it."""

from __future__ import annotations

import datetime
import subprocess
import sys
from typing import Any, Literal, get_args

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.errors import BadArgument
from mojentic_nb.magics.schema_line import SchemaLineError, model_from_line


def annotations_of(line: str) -> dict[str, Any]:
    model = model_from_line(line)
    assert isinstance(model, type)
    return {name: about.annotation for name, about in model.model_fields.items()}


@pytest.mark.parametrize(
    "line, types",
    [
        ("name", {"name": str}),
        ("name, age int", {"name": str, "age": int}),
        ("name: str, age: int", {"name": str, "age": int}),
        (" name ,\n age int,", {"name": str, "age": int}),
        (
            "name str, tags list[str], price float?",
            {"name": str, "tags": list[str], "price": float | None},
        ),
        ("a?, b?: int, c: int?, d int?", {"a": str | None, **dict.fromkeys("bcd", int | None)}),
        ("a str | None, b int|float", {"a": str | None, "b": int | float}),
        ("a bool, b date, c datetime", {"a": bool, "b": datetime.date, "c": datetime.datetime}),
        ("a time, b any?", {"a": datetime.time, "b": Any}),
        ("a text, b number, c integer, d boolean", {"a": str, "b": float, "c": int, "d": bool}),
        ("a list, b list?, c dict", {"a": list[str], "b": list[str] | None, "c": dict[str, Any]}),
        ("a list[list[int?]], b dict[str, list[int]]",
         {"a": list[list[int | None]], "b": dict[str, list[int]]}),
        ("mood (good|bad)", {"mood": Literal["good", "bad"]}),
        ("mood ( very good | 'so, so' )?".replace(", ", " "),
         {"mood": Literal["very good", "so so"] | None}),
        ("stars (1|2|3)", {"stars": Literal[1, 2, 3]}),
        ("tags list[(a|b)]", {"tags": list[Literal["a", "b"]]}),
        ("list, date date", {"list": str, "date": datetime.date}),
        ("schema, json, model_name", dict.fromkeys(["schema", "json", "model_name"], str)),
        ("größe float", {"größe": float}),
    ],
)  # fmt: skip
def test_a_line_declares_its_fields(line: str, types: dict[str, Any]) -> None:
    assert annotations_of(line) == types


def test_a_field_with_a_question_mark_may_be_missing() -> None:
    model = model_from_line("name, price float?")
    assert model(name="x").price is None
    with pytest.raises(pydantic.ValidationError):
        model(price=1)


@pytest.mark.parametrize(
    "line, told",
    [
        ('name "full name", age int', {"name": "full name", "age": None}),
        ("name 'full name', age int \"in years\"", {"name": "full name", "age": "in years"}),
        ("name # full name, age int # in years", {"name": "full name", "age": "in years"}),
        ("name # full\n, age int", {"name": "full", "age": None}),
        ('name "a, b"', {"name": "a, b"}),
    ],
)
def test_a_field_may_say_what_it_is(line: str, told: dict[str, str | None]) -> None:
    model = model_from_line(line)
    assert isinstance(model, type)
    assert {name: about.description for name, about in model.model_fields.items()} == told


@pytest.mark.parametrize(
    "line", ["list of name, age int", "[name, age int]", "List  of\nname, age int"]
)
def test_a_list_of_records_is_a_list_of_the_model(line: str) -> None:
    several = model_from_line(line, name="Person")
    (person,) = get_args(several)
    assert person.__name__ == "Person"
    read = pydantic.TypeAdapter(several).validate_json('[{"name": "Ann", "age": 3}]')
    assert read == [person(name="Ann", age=3)]


def test_the_model_has_the_name_it_is_given() -> None:
    model = model_from_line("x", name="Person")
    assert isinstance(model, type)
    assert model.model_json_schema()["title"] == "Person"


@pytest.mark.parametrize(
    "line, column, message, hint",
    [
        ("", 1, "A field is missing", "name, age int"),
        ("   ", 4, "A field is missing", "name, age int"),
        ("list of", 8, "A field is missing", "name, age int"),
        ("name, age itn", 11, "'itn' is not a type", "Did you mean int?"),
        ("name, age strng?", 11, "'strng' is not a type", "Did you mean string?"),
        ("name full", 6, "'full' is not a type", "Types: str, int"),
        ("name,,b", 6, "',' is not a field's name", "name, age int"),
        ("1a", 1, "'1' is not a field's name", "name, age int"),
        ("a int b", 7, "'b' is not expected here", "commas"),
        ("a int = 3", 7, "'=' is not expected here", "commas"),
        ("id, id", 5, "'id' is there twice", "a name of its own"),
        ("_x", 1, "'_x' begins with an underscore", "letter"),
        ("class", 1, "'class' is a word of Python's own", "class_"),
        ("a, model_dump", 4, "'model_dump' is pydantic's own name", "model_dump_"),
        ("a: , b", 4, "A type is missing", "Types: str"),
        ("a {b}", 3, "A type is missing", "Types: str"),
        ("a None", 7, "None alone is not a type", "str?"),
        ("a int[3]", 6, "int takes no brackets", "list[int]"),
        ("a list[int", 11, "The bracket is not closed", "]"),
        ("a dict[str]", 11, "dict needs two types", "dict[str, int]"),
        ("[a", 3, "The list is not closed", "]"),
        ("[a] b", 5, "'b' is not expected here", "commas"),
        ("a (x|", 3, "The choices are not closed", "(good|bad)"),
        ("a (x,y)", 3, "Choices are separated by |", "(good|bad)"),
        ("a (x|)", 3, "A choice is empty", "(good|bad)"),
        ('a "b', 3, "The description is not closed", "quote"),
    ],
)
def test_a_mistake_is_pointed_at(line: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(SchemaLineError) as refused:
        model_from_line(line)

    assert refused.value.column == column
    assert refused.value.message == f"{message}. (column {column})"
    assert hint in refused.value.hint
    assert isinstance(refused.value, BadArgument)
    assert isinstance(refused.value, ValueError)


def test_the_message_draws_the_place_in_its_own_line() -> None:
    with pytest.raises(SchemaLineError) as refused:
        model_from_line("name,\n  age itn, x")

    assert str(refused.value).splitlines()[:3] == [
        "'itn' is not a type. (column 7)",
        "    age itn, x",
        "        ^",
    ]


def test_pydantic_is_loaded_only_for_a_model() -> None:
    code = "import sys, mojentic_nb.magics.schema_reader; print('pydantic' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


WORDS = st.lists(
    st.sampled_from([*"ab,:?|[]()#=\"'\n ", "list", "dict", "int", "str", "None", "of", "name "]),
    max_size=14,
).map("".join)


@given(WORDS | st.text(max_size=30))
def test_a_line_is_read_or_refused_and_nothing_else(line: str) -> None:
    try:
        model_from_line(line)
    except SchemaLineError as problem:
        refused = problem
    else:
        return

    assert 1 <= refused.column <= len(line) + 1
    assert refused.hint
