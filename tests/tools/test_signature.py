"""From functions as people write them to what a model is shown of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.definition import tool
from mojentic_nb.tools.signature import manner_of, name_of, summary_of

if TYPE_CHECKING:
    from nowhere import Frame, Hidden


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class City(BaseModel):
    name: str
    title: str = "city"


@dataclass
class Point:
    x: float
    y: float = 0.0


def typed(
    text: str,
    number: int = 3,
    *,
    shade: Colour = Colour.RED,
    unit: Literal["C", "F"] = "C",
    where: City | None = None,
    at: Point | None = None,
    day: date | None = None,
    tags: list[str] = [],  # noqa: B006
    anything=None,
) -> Frame:
    """Look at everything."""


def properties_of(function: Any) -> dict[str, Any]:
    return tool(function).spec.parameters["properties"]


def test_types_become_a_schema_without_titles():
    schema = tool(typed).spec.parameters
    assert schema["required"] == ["text"]
    assert schema["additionalProperties"] is False
    shown = schema["properties"]
    assert shown["text"] == {"type": "string"}
    assert shown["number"] == {"type": "integer", "default": 3}
    assert shown["unit"] == {"type": "string", "enum": ["C", "F"], "default": "C"}
    assert shown["tags"] == {"type": "array", "items": {"type": "string"}, "default": []}
    assert shown["where"] == {
        "anyOf": [{"$ref": "#/$defs/City"}, {"type": "null"}],
        "default": None,
    }
    assert shown["shade"] == {"$ref": "#/$defs/Colour", "default": "red"}
    assert shown["anything"] == {"default": None}
    assert schema["$defs"]["Colour"] == {"type": "string", "enum": ["red", "blue"]}
    # A field that is called "title" is not one of pydantic's titles.
    assert schema["$defs"]["City"]["properties"] == {
        "name": {"type": "string"},
        "title": {"type": "string", "default": "city"},
    }


def test_arguments_become_the_functions_own_types():
    given = {
        "text": 5,
        "number": "7",
        "shade": "blue",
        "where": {"name": "Oslo"},
        "at": {"x": "1"},
        "day": "2026-11-18",
    }
    assert tool(typed).arguments(given) == {
        "text": "5",
        "number": 7,
        "shade": Colour.BLUE,
        "where": City(name="Oslo"),
        "at": Point(1.0),
        "day": date(2026, 11, 18),
    }


def described(
    one: Annotated[int, Field(description="the annotation's", ge=1)],
    two: Annotated[int, "plain words"] = 2,
    three: int = 3,
):
    """Look.

    Args:
        one: the docstring's
        two: the docstring's
        three: the docstring's
    """


def test_the_annotations_description_wins_over_the_docstrings():
    shown = properties_of(described)
    assert [part["description"] for part in shown.values()] == [
        "the annotation's",
        "plain words",
        "the docstring's",
    ]
    assert shown["one"]["minimum"] == 1


def reserved(json: str, copy: int, model_config: str, _hidden: int, schema: str = "s") -> tuple:
    return json, copy, model_config, _hidden, schema


def test_no_parameters_name_is_reserved():
    one = tool(reserved)
    given = {"json": "j", "copy": 1, "model_config": "m", "_hidden": 2}
    assert one.invoke(one.arguments(given)) == ("j", 1, "m", 2, "s")


def test_a_default_json_cannot_carry_is_not_shown():
    def look(city: str = object()):
        return city

    assert properties_of(look) == {"city": {"type": "string"}}


# kinds of functions ---------------------------------------------------------


class Weather:
    def look(self, city: str, days: int = 1) -> str:
        """Look at the sky."""
        return f"{city} {days}"

    async def alook(self, city: str) -> str:
        """Look at the sky, waiting."""
        return city

    @classmethod
    def of(cls, city: str) -> str:
        """Look, by class."""
        return f"{cls.__name__} {city}"

    @staticmethod
    def plain(city: str) -> str:
        """Look, plainly."""
        return city

    def __call__(self, city: str) -> str:
        """Look, by calling."""
        return f"called {city}"


class Forecast:
    """A forecast for a city."""

    def __init__(self, city: str) -> None:
        self.city = city

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Forecast) and other.city == self.city


def by_place(city: str = "Oslo", days: int = 1, /) -> tuple:
    return city, days


@pytest.mark.parametrize(
    "function, name, summary, offered, result",
    [
        (Weather().look, "look", "Look at the sky.", ["city", "days"], "Paris 1"),
        (Weather.of, "of", "Look, by class.", ["city"], "Weather Paris"),
        (Weather().plain, "plain", "Look, plainly.", ["city"], "Paris"),
        (Weather(), "Weather", "Look, by calling.", ["city"], "called Paris"),
        (
            functools.partial(Weather().look, days=9),
            "look",
            "Look at the sky.",
            ["city"],
            "Paris 9",
        ),
        (functools.partial(Weather.look, Weather()), "look", "Look at the sky.", None, "Paris 1"),
        (lambda city: city, "lambda", "", ["city"], "Paris"),
        (Forecast, "Forecast", "A forecast for a city.", ["city"], Forecast("Paris")),
        (by_place, "by_place", "", ["city", "days"], ("Paris", 1)),
    ],
)
def test_whatever_can_be_called_by_name_can_be_a_tool(function, name, summary, offered, result):
    one = tool(function)
    assert (one.name, one.description) == (name, summary)
    assert list(one.spec.parameters["properties"]) == (offered or ["city", "days"])
    assert one.invoke(one.arguments({"city": "Paris"})) == result


def test_types_are_found_under_partials_in_calls_and_in_classes():
    found = [functools.partial(typed, 1), Weather(), Forecast, Weather().look]
    assert [properties_of(one) for one in found[1:]] == [
        {"city": {"type": "string"}},
        {"city": {"type": "string"}},
        {"city": {"type": "string"}, "days": {"type": "integer", "default": 1}},
    ]
    assert properties_of(found[0])["number"] == {"type": "integer", "default": 3}


def test_a_model_cannot_overrule_what_a_partial_fixed():
    one = tool(functools.partial(functools.partial(Weather().look, days=9)))
    with pytest.raises(ValueError, match="days: Extra inputs are not permitted"):
        one.arguments({"city": "Paris", "days": 1})


@pytest.mark.parametrize(
    "given, received",
    [
        ({}, ("Oslo", 1)),
        ({"city": "Paris"}, ("Paris", 1)),
        ({"days": 5}, ("Oslo", 5)),
        ({"days": 5, "city": "Paris"}, ("Paris", 5)),
    ],
)
def test_positional_only_parameters_go_to_their_places(given, received):
    one = tool(by_place)
    arguments = one.arguments(given)
    assert one.invoke(arguments) == received
    assert arguments == given


def test_free_keywords_pass():
    def look(city: str, **others: Any) -> dict[str, Any]:
        return {"city": city, **others}

    one = tool(look)
    assert one.spec.parameters["additionalProperties"] is True
    assert one.invoke(one.arguments({"city": "x", "more": 1})) == {"city": "x", "more": 1}


def test_a_methods_manner_is_not_taken_for_its_functions():
    assert manner_of(Weather().look).whole == "city"
    assert manner_of(Weather.look).whole is None
    assert manner_of(Weather().look).whole == "city"


def starred(*cities: str): ...
def hidden(city: Hidden): ...
def unspeakable(city: object, do: type[int] | pytest.Session): ...
def fielded(city: str = Field("Oslo")): ...


@pytest.mark.parametrize(
    "function, why",
    [
        (starred, r"starred takes \*cities, which no model can fill"),
        (hidden, "hidden: city's type 'Hidden' is not known"),
        (unspeakable, "unspeakable cannot be a tool"),
        (fielded, "fielded: city has a Field as its default"),
        (max, "cannot be a tool"),
        (5, "cannot be a tool"),
        (classmethod(starred), "cannot be a tool"),
    ],
)
def test_what_cannot_be_offered_is_refused(function, why):
    with pytest.raises(ToolError, match=why):
        tool(function)


def test_names_and_summaries_see_through_partials():
    half = functools.partial(functools.partial(described, 1), 2)
    assert (name_of(half), summary_of(half)) == ("described", "Look.")
