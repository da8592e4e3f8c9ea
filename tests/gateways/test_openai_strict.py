"""Strict tools: only where the strict form says the same, and null means not given."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.gateways.openai_strict import strict_parameters
from mojentic_nb.tools.definition import tool
from tests.loopback import Answer, Loopback, ToolUse


class Place(BaseModel):
    x: int
    y: int


class Loose(BaseModel):
    x: int = 3


def parameters(function: Any) -> Any:
    return tool(function).spec.parameters


def go(
    at: Place, how: Literal["walk", "run"] = "walk", far: int = 3, note: str | None = None
) -> str:
    """Go."""
    return f"{at.x},{at.y},{how},{far},{note}"


def test_what_may_be_left_out_may_be_null() -> None:
    found = strict_parameters(parameters(go))
    assert found is not None
    properties = found["properties"]

    assert found["required"] == ["at", "how", "far", "note"]
    assert found["additionalProperties"] is False
    assert found["$defs"]["Place"]["additionalProperties"] is False
    assert properties["how"]["anyOf"][1] == {"type": "null"}
    assert properties["how"]["anyOf"][0]["enum"] == ["walk", "run"]
    assert {"type": "integer"} in properties["far"]["anyOf"]
    assert "default" not in str(found)


def test_null_is_read_as_not_given(loopback: Loopback) -> None:
    given = {"at": {"x": 1, "y": 2}, "how": None, "far": None, "note": None}
    loopback.script(Answer(tools=[ToolUse("go", given)]), Answer("There."))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))

    assert broker.generate("go", [go]) == "There."
    assert loopback.requests[1].body["messages"][-1]["content"] == "1,2,walk,3,None"


def free(at: dict[str, int]) -> str:
    """Free keys."""
    return ""


def anything(at: Any) -> str:
    """No type at all."""
    return ""


def nested(at: Loose) -> str:
    """An object within that may leave something out."""
    return ""


def null_is_a_value(at: str | None = "here") -> str:
    """Null and nothing are two things."""
    return ""


def mixed(at: Literal["all", 1] = 1) -> str:
    """Its schema says no type, so null could not be told from a value."""
    return ""


def pair(at: tuple[int, str]) -> str:
    """A list whose places differ."""
    return ""


@pytest.mark.parametrize("function", [free, anything, nested, null_is_a_value, mixed, pair])
def test_a_schema_that_strict_cannot_say_stays_as_it_is(function: Any) -> None:
    assert strict_parameters(parameters(function)) is None


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {
            "type": "object",
            "properties": {"a": {"type": "string", "minLength": 3}},
            "required": ["a"],
        },
        {"type": "object", "properties": {"a": {"type": "array"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "string", "format": "uri"}}},
        {"type": "object", "properties": {"a": True}},
    ],
)
def test_words_that_openai_refuses_are_never_sent_as_strict(schema: dict[str, Any]) -> None:
    assert strict_parameters(schema) is None


def test_a_tool_without_parameters_is_strict() -> None:
    found = strict_parameters({"type": "object", "properties": {}})
    assert found == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": False,
    }
