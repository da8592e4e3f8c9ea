"""Structured answers: filled from the prompt, valid whatever the prompt says."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, RootModel

from mojentic_nb.gateways.demo_schema import fill


class Person(BaseModel):
    name: str
    age: int
    city: str | None = None


class People(BaseModel):
    people: list[Person]


class Book(BaseModel):
    title: str
    author: str
    year: int
    pages: int | None = None


class Recipe(BaseModel):
    name: str
    servings: int = Field(ge=1)
    minutes: int
    ingredients: list[str] = Field(min_length=1)


class Review(BaseModel):
    sentiment: Literal["positive", "negative", "neutral"]
    confidence: float = Field(ge=0, le=1)


class Address(BaseModel):
    street: str
    city: str


class Employee(BaseModel):
    name: str
    email: str
    is_student: bool
    company: str | None = None
    address: Address | None = None


class Event(BaseModel):
    title: str
    day: date
    price: float


class Answer(BaseModel):
    answer: str


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Ticket(BaseModel):
    colour: Colour
    code: Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{2}$")]
    tags: list[str] = Field(max_length=3)


class Basket(BaseModel):
    counts: dict[str, int]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: int


class Owner(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Tree(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    parent: Tree | None = None
    children: list[Tree]


Shopping = RootModel[list[str]]

ADA = {"name": "Ada Lovelace", "age": 36, "city": "London"}
TWO = [
    {"name": "Ada", "age": 36, "city": "London"},
    {"name": "Grace", "age": 45, "city": "New York"},
]


@pytest.mark.parametrize(
    "model, prompt, told",
    [
        (Person, "Ada Lovelace is 36 and lives in London.", ADA),
        (Person, "Extract the person: Ada Lovelace is 36 and lives in London.", ADA),
        (Person, "Who is this?\n'Ada Lovelace, 36, lives in London'", ADA),
        (Person, "Name: Ada Lovelace\nAge: 36\nCity: London", ADA),
        (Person, "ada is thirty-six", {"name": "Ada", "age": 36, "city": None}),
        (Person, "Grace, who moved in 1944, is 45 years old", {"name": "Grace", "age": 45}),
        (
            People,
            "Ada is 36 and lives in London, Grace is 45 and lives in New York",
            {"people": TWO},
        ),
        (People, "Ada is 36 and lives in London. Grace is 45. She lives in New York.", {}),
        (People, "List them:\n- Ada (36) from London\n- Grace (45) from New York", {"people": TWO}),
        (
            Book,
            "Dune by Frank Herbert, published in 1965, 412 pages.",
            {"title": "Dune", "author": "Frank Herbert", "year": 1965, "pages": 412},
        ),
        (
            Book,
            "'The Hobbit' was written by J. R. R. Tolkien in 1937.",
            {"title": "The Hobbit", "author": "J. R. R. Tolkien", "year": 1937, "pages": None},
        ),
        (
            Recipe,
            "Pancakes serve 4 and take 20 minutes. Ingredients: flour, milk and eggs",
            {"name": "Pancakes", "servings": 4, "minutes": 20},
        ),
        (Recipe, "Give me a recipe for pancakes", {"name": "Pancakes"}),
        (Review, "I love it, great!", {"sentiment": "positive"}),
        (Review, "Is this positive or negative: The film was terrible", {"sentiment": "negative"}),
        (
            Employee,
            "Grace Hopper (grace@navy.mil) is a student and works at Yale in New Haven",
            {
                "name": "Grace Hopper",
                "email": "grace@navy.mil",
                "is_student": True,
                "company": "Yale",
                "address": {"street": "", "city": "New Haven"},
            },
        ),
        (Employee, "Bob is not a student", {"name": "Bob", "is_student": False, "address": None}),
        (
            Event,
            "'Opening night' on December 24, 2026 costs $12.50",
            {"title": "Opening night", "day": "2026-12-24", "price": 12.5},
        ),
        (Answer, "What is the capital of France?", {"answer": "The capital of France is Paris."}),
        (
            Ticket,
            "Ticket ABC-12 is green. Tags: urgent, wet and late",
            {"colour": "green", "code": "ABC-12", "tags": ["urgent", "wet", "late"]},
        ),
        (Basket, "3 apples and 4 pears", {"counts": {"apples": 3, "pears": 4}}),
        (Owner, "My dog knows 5 tricks", {"pet": {"kind": "dog", "tricks": 5}}),
        (Tree, "Oak", {"name": "Oak", "parent": None, "children": []}),
        (Shopping, "Buy milk, eggs and bread.", ["milk", "eggs", "bread"]),
    ],
)
def test_a_schema_is_filled_from_the_prompt(model: type[BaseModel], prompt: str, told: Any) -> None:
    value = fill(model.model_json_schema(), prompt, plain_answer)
    model.model_validate(value)
    if isinstance(told, dict):
        value = {key: value[key] for key in told}

    assert value == told


def plain_answer(text: str) -> str:
    assert "France" in text
    return "The capital of France is Paris."


class Awkward(BaseModel):
    """One of each thing that pydantic writes."""

    whole: int = Field(gt=3, multiple_of=5)
    part: float = Field(gt=0, lt=0.5)
    money: Decimal
    short: str = Field(min_length=3, max_length=4)
    word: str = Field(pattern=r"^(?:cat|dog)\d+[a-f]{2}$")
    when: datetime
    day: date
    key: UUID
    either: int | str | None
    pair: tuple[int, str]
    kinds: set[Colour] = Field(min_length=2)
    counted: dict[str, list[int]]
    fixed: Literal["x"] = "x"
    anything: Any
    many: list[Address] = Field(min_length=2, max_length=2)


PROMPTS = [
    "",
    "Ada is 36.",
    "5 cats, 1,000,000 dogs and -3.5",
    "{not json",
    "é 漢字\n\n- a\n- b",
    "x" * 5000,
]


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("model", [Awkward, Tree, Owner, Ticket, Event, Employee, Recipe, People])
def test_any_prompt_gives_a_valid_value(model: type[BaseModel], prompt: str) -> None:
    model.model_validate_json(json.dumps(fill(model.model_json_schema(), prompt)))


NAMES = st.sampled_from(["name", "age", "city", "is_open", "date", "items", "title", "x", "price"])
NUMBERS = st.builds(
    lambda kind, low, width: {"type": kind, "minimum": low, "maximum": low + width},
    st.sampled_from(["integer", "number"]),
    st.integers(-50, 50),
    st.integers(0, 200),
)
STRINGS = st.builds(
    lambda low, width: {"type": "string", "minLength": low, "maxLength": low + width},
    st.integers(0, 9),
    st.integers(0, 9),
)
LEAVES = st.one_of(
    NUMBERS,
    STRINGS,
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"const": 3}, {"type": "integer"}]),
    st.lists(st.sampled_from(["red", "green", 3, None]), min_size=1).map(
        lambda values: {"enum": values}
    ),
    st.sampled_from(["date", "date-time", "email", "uri", "uuid"]).map(
        lambda form: {"type": "string", "format": form}
    ),
)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties)[::2],
        "additionalProperties": False,
    }


def _wider(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(
            lambda item, low: {"type": "array", "items": item, "minItems": low},
            inner,
            st.integers(0, 3),
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
        st.dictionaries(NAMES, inner, max_size=5).map(_object),
    )


@given(st.recursive(LEAVES, _wider, max_leaves=12), st.sampled_from(PROMPTS) | st.text(max_size=80))
def test_a_value_always_fits_its_schema(schema: dict[str, Any], prompt: str) -> None:
    value = json.loads(json.dumps(fill(schema, prompt)))
    jsonschema.validate(value, schema, format_checker=jsonschema.FormatChecker())
