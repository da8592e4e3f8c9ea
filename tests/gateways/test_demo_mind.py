"""The demo model's frames: their order, their counts, and which kind of answer they carry."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mojentic_nb.gateways.demo_mind import respond

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
ADD = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
        },
    },
}
CALL = {"role": "assistant", "content": "", "tool_calls": [
    {"function": {"name": "add", "arguments": {"a": 3, "b": 4}}}
]}  # fmt: skip


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def body(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "demo", "messages": list(messages), "stream": True, **more}


def text_of(frames: list[dict[str, Any]]) -> str:
    return "".join(frame["message"]["content"] for frame in frames)


def test_an_answer_comes_word_by_word_and_then_is_done() -> None:
    frames = respond(body(user("List three fruits")))
    assert [frame["message"]["content"] for frame in frames[:3]] == ["1. ", "apple\n", "2. "]
    assert [frame["done"] for frame in frames] == [False] * (len(frames) - 1) + [True]
    assert frames[-1]["done_reason"] == "stop"
    assert (frames[-1]["prompt_eval_count"], frames[-1]["eval_count"]) == (3, 28)


def test_without_streaming_there_is_one_whole_frame() -> None:
    streamed = text_of(respond(body(user("Hello"))))
    (whole,) = respond(body(user("Hello"), stream=False))
    assert whole["done"]
    assert whole["message"] == {"role": "assistant", "content": streamed}


@pytest.mark.parametrize(
    "options, said, reason",
    [
        ({"num_predict": 2}, "1. apple\n", "length"),
        ({"num_predict": -1, "stop": ["banana"]}, "1. apple\n2. ", "stop"),
        ({"stop": "2."}, "1. apple\n", "stop"),
    ],
)
def test_options_cut_the_answer(options: dict[str, Any], said: str, reason: str) -> None:
    frames = respond(body(user("List three fruits"), options=options))
    assert (text_of(frames), frames[-1]["done_reason"]) == (said, reason)


def test_a_tool_is_called_once_and_its_result_told() -> None:
    asked = user("Please add 3 and 4.")
    first = respond(body(asked, tools=[ADD]))
    assert [frame["message"].get("tool_calls") for frame in first] == [CALL["tool_calls"], None]
    result = {"role": "tool", "content": "7", "tool_name": "add"}
    assert text_of(respond(body(asked, CALL, result, tools=[ADD]))) == "The tool `add` says 7."
    again = respond(body(asked, CALL, result, user("Now add 5 and 6"), tools=[ADD]))
    assert again[0]["message"]["tool_calls"][0]["function"]["arguments"] == {"a": 5, "b": 6}


def test_a_result_without_a_name_takes_its_calls_name() -> None:
    frames = respond(body(user("add 3 and 4"), CALL, {"role": "tool", "content": "7"}))
    assert text_of(frames) == "The tool `add` says 7."


def test_a_schema_is_answered_in_json_over_several_frames() -> None:
    frames = respond(body(user("Ada Lovelace is 36."), format=SCHEMA))
    assert json.loads(text_of(frames)) == {"name": "Ada Lovelace", "age": 36}
    assert len(frames) > 3


@pytest.mark.parametrize(
    "repair",
    [
        "That answer did not validate: age: not a valid integer\nAnswer again with JSON only",
        "That reply is not valid JSON for the schema. 3 validation errors for Person",
        "The previous answer doesn't match the schema:\n- age: Field required",
    ],
)
def test_a_repair_is_answered_from_the_first_prompt(repair: str) -> None:
    wrong = {"role": "assistant", "content": '{"name": 1}'}
    frames = respond(body(user("Ada is 36."), wrong, user(repair), format=SCHEMA))
    assert json.loads(text_of(frames)) == {"name": "Ada", "age": 36}


def test_a_schema_may_be_filled_from_a_result() -> None:
    schema = {"type": "object", "properties": {"total": {"type": "integer"}}}
    result = {"role": "tool", "content": '{"total": 7}', "tool_name": "add"}
    frames = respond(body(user("add 3 and 4"), CALL, result, tools=[ADD], format=schema))
    assert json.loads(text_of(frames)) == {"total": 7}


def test_plain_json_holds_the_answer() -> None:
    assert "**7**" in json.loads(text_of(respond(body(user("3 + 4"), format="json"))))["answer"]


def test_the_model_introduces_itself_once() -> None:
    first = {"role": "assistant", "content": text_of(respond(body(user("Hello"))))}
    assert "rule-based" in first["content"]
    assert "rule-based" not in text_of(respond(body(user("Hello"), first, user("3 + 4"))))


@pytest.mark.parametrize("messages", [[], [{"role": "system", "content": "Be kind."}], [CALL]])
def test_a_conversation_without_a_prompt_is_answered(messages: list[dict[str, Any]]) -> None:
    assert "demo model" in text_of(respond(body(*messages)))


@given(
    st.text(max_size=300),
    st.sampled_from([{}, {"tools": [ADD]}, {"format": SCHEMA}, {"format": "json"}]),
)
def test_any_text_is_answered(text: str, more: dict[str, Any]) -> None:
    frames = respond(body(user(text), **more))
    json.dumps(frames)
    assert frames[-1]["done"]


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "( " * 20_000, "A b, " * 9_000, "1+" * 20_000, "\n- " * 9_000]
)
def test_a_huge_paste_does_not_stall(text: str) -> None:
    for more in ({}, {"tools": [ADD]}, {"format": SCHEMA}):
        assert respond(body(user(text), **more))[-1]["done"]


PROGRAM = """
import json
from mojentic_nb.gateways.demo_mind import respond
from tests.gateways.test_demo_mind import ADD, SCHEMA, body, user
prompts = ["Hello", "List ten planets", "Ada, Grace and Alan went to Paris and Rome", "add 1 and 2"]
kinds = [{}, {"tools": [ADD]}, {"format": SCHEMA}]
print(json.dumps([respond(body(user(p), **kind)) for p in prompts for kind in kinds]))
"""


def test_the_same_body_gives_the_same_frames_under_any_hash_seed() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]
