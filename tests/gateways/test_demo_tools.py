"""Which tools the demo model calls, and what it says of their results."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb.gateways.demo_tools import answer_from, calls_for

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


def tool(name: str, description: str, *required: str, **parameters: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": parameters, "required": list(required)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema},
    }


RESOLVE = tool(
    "resolve_date",
    "Take text that specifies a relative date, and output an absolute date. If no reference "
    "date is provided, assume it is today.",
    "relative_date_found",
    relative_date_found=TEXT,
    reference_date_in_iso8601=TEXT,
)
NOW = tool(
    "get_current_datetime",
    "Get the current date and time. Useful when you need to know the current time or date.",
    format_string=TEXT,
)
ADD = tool("add", "Add two numbers.", "a", "b", a=WHOLE, b=WHOLE)
MULTIPLY = tool("multiply", "Multiply two numbers.", "a", "b", a=WHOLE, b=WHOLE)
COUNT = tool("word_count", "", "text", text=TEXT)
WEATHER = tool("weather", "", "city", city=TEXT)
CALCULATOR = tool("calculator", "Work out an expression.", "expression", expression=TEXT)
FILES = tool("list_files", "List the files in a folder.", folder=TEXT)
SEARCH = tool("search", "Search the web.", "query", query=TEXT)
THERMOSTAT = tool(
    "set_thermostat",
    "Set the thermostat.",
    "degrees",
    "mode",
    degrees={"type": "integer", "minimum": 5, "maximum": 30},
    mode={"enum": ["heat", "cool"]},
    quiet={"type": "boolean"},
)
MEAN = tool(
    "mean",
    "Mean of numbers.",
    "numbers",
    numbers={"type": "array", "items": {"type": "number"}},
)
EVERY = [RESOLVE, NOW, ADD, MULTIPLY, COUNT, WEATHER, CALCULATOR, FILES, SEARCH, THERMOSTAT, MEAN]


def asked_for(prompt: str, tools: list[dict[str, Any]], **seen: list[str]) -> list[tuple[str, Any]]:
    calls = calls_for(prompt, tools, seen.get("already", []), seen.get("results", []))
    return [(call["function"]["name"], call["function"]["arguments"]) for call in calls]


@pytest.mark.parametrize("tools", [None, EVERY], ids=["alone", "among all"])
@pytest.mark.parametrize(
    "prompt, wanted, arguments",
    [
        ("What date is next Friday?", RESOLVE, {"relative_date_found": "next Friday"}),
        ("What day is it in two weeks?", RESOLVE, {"relative_date_found": "in two weeks"}),
        ("Which date is 2026-12-24?", RESOLVE, {"relative_date_found": "2026-12-24"}),
        ("What time is it?", NOW, {}),
        ("What is today's date?", NOW, {}),
        ("Please add 3 and 4.", ADD, {"a": 3, "b": 4}),
        ("What is 3 plus 4?", ADD, {"a": 3, "b": 4}),
        ("Add with a=-3 and b=4", ADD, {"a": -3, "b": 4}),
        ("add: b=4, a=3", ADD, {"a": 3, "b": 4}),
        ("How many words are in 'the quick brown fox'?", COUNT, {"text": "the quick brown fox"}),
        ("What's the weather in Paris?", WEATHER, {"city": "Paris"}),
        ("weather in paris", WEATHER, {"city": "Paris"}),
        ("Will it be sunny in New York tomorrow?", WEATHER, {"city": "New York"}),
        ("Use the calculator for (2 + 3) * 4", CALCULATOR, {"expression": "(2 + 3) * 4"}),
        ("Search for otters", SEARCH, {"query": "Otters"}),
        (
            "Set the thermostat to heat at 21 degrees",
            THERMOSTAT,
            {"degrees": 21, "mode": "heat"},
        ),
        ("Mean of 1, 2 and 6", MEAN, {"numbers": [1, 2, 6]}),
    ],
)
def test_a_prompt_calls_its_tool(
    prompt: str, wanted: dict[str, Any], arguments: Any, tools: list[dict[str, Any]] | None
) -> None:
    assert asked_for(prompt, tools or [wanted]) == [(wanted["function"]["name"], arguments)]


@pytest.mark.parametrize(
    "prompt", ["hello", "Tell me a joke", "List three fruits", "Write a haiku", "", "What is DNA?"]
)
def test_no_tool_is_called_without_a_reason(prompt: str) -> None:
    assert asked_for(prompt, EVERY) == []


def test_two_jobs_are_two_calls_at_once() -> None:
    assert asked_for("add 3 and 4 and tell me the weather in Paris", [WEATHER, ADD]) == [
        ("add", {"a": 3, "b": 4}),
        ("weather", {"city": "Paris"}),
    ]
    assert asked_for("What's the weather in Paris and London?", [WEATHER]) == [
        ("weather", {"city": "Paris"}),
        ("weather", {"city": "London"}),
    ]


def test_a_second_step_waits_for_the_first_ones_result() -> None:
    prompt = "Add 3 and 4, then multiply the result by 5."
    tools = [ADD, MULTIPLY]
    assert asked_for(prompt, tools) == [("add", {"a": 3, "b": 4})]
    assert asked_for(prompt, tools, already=["add"], results=["7"]) == [
        ("multiply", {"a": 7, "b": 5})
    ]
    assert asked_for(prompt, tools, already=["add", "multiply"], results=["7", "35"]) == []


def test_no_step_builds_on_a_failure() -> None:
    prompt = "Add 3 and 4, then multiply the result by 5."
    failed = ["ValueError: 3 is out of order"]
    assert asked_for(prompt, [ADD, MULTIPLY], already=["add"], results=failed) == []


def test_a_sum_calls_the_calculator_or_the_tool_it_names_but_not_both() -> None:
    assert asked_for("What is 3 plus 4?", [CALCULATOR, ADD]) == [("add", {"a": 3, "b": 4})]
    assert asked_for("What is 9 - 4?", [CALCULATOR, ADD]) == [
        ("calculator", {"expression": "9 - 4"})
    ]


def test_a_required_argument_is_guessed_within_its_schema() -> None:
    ((_, arguments),) = asked_for("Set the thermostat", [tool_with_limits()])
    assert arguments["mode"] == "heat"
    assert 1 <= len(arguments["room"]) <= 8


def tool_with_limits() -> dict[str, Any]:
    return tool(
        "set_thermostat",
        "Set the thermostat.",
        "mode",
        "room",
        mode={"enum": ["heat", "cool"]},
        room={"type": "string", "minLength": 1, "maxLength": 8},
    )


@pytest.mark.parametrize(
    "content, said",
    [
        ("7", "The tool `add` says 7."),
        ("Sunny, 21 °C.", "The tool `add` says Sunny, 21 °C."),
        ('{"total": 7, "is_even": false}', "The tool `add` says total: 7, is even: no."),
        ("[1, 2]", "The tool `add` says 1, 2."),
        ("", "The tool `add` says nothing."),
        (
            '{"error": "no such number"}',
            "The tool `add` failed: no such number. So I cannot answer from it.",
        ),
        ("ValueError: too big", "The tool `add` failed: too big. So I cannot answer from it."),
    ],
)
def test_a_result_is_told_in_a_sentence(content: str, said: str) -> None:
    assert answer_from([("add", content)]) == said


def test_several_results_are_a_list() -> None:
    assert answer_from([("add", "7"), ("weather", "sun")]) == (
        "- The tool `add` says 7.\n- The tool `weather` says sun."
    )
