"""Tools and forms at Anthropic: which tool is forced, and how an object is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anthropic.lib._parse._transform as official
import pytest
from pydantic import BaseModel, Field

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.anthropic_schema import native_schema
from mojentic_nb.messages import LLMMessage
from mojentic_nb.schema import Shape
from tests.gateways.requests import LOOK, OWNER, Owner, ask, last_body, sent
from tests.gateways.test_anthropic_events import END, GATEWAY, fed, piece, start, stop
from tests.loopback import Answer, Loopback, ToolUse
from tests.shapes import ONCE

ELSEWHERE = AnthropicGateway(base_url="http://box:1")
NEW, OLD = "claude-opus-4-7", "claude-opus-4-1"
ANSWER = {
    "name": "Owner",
    "description": "Give the answer in this form.",
    "input_schema": OWNER.schema,
}


def body(
    model: str = "m", gateway: AnthropicGateway = GATEWAY, *, last: bool = False, **asked: Any
) -> dict[str, Any]:
    config = CompletionConfig(**asked.pop("settings", {}))
    request = replace(ask(config=config, **asked), model=model)
    return sent(gateway, request.as_last() if last else request)


def names(found: dict[str, Any]) -> list[str]:
    return [tool["name"] for tool in found.get("tools", ())]


@pytest.mark.parametrize(
    "choice, wire",
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ("required", {"type": "any"}),
        ("look", {"type": "tool", "name": "look"}),
        (None, None),
    ],
)
def test_tool_choice(choice: str | None, wire: Any) -> None:
    found = body(tools=(LOOK,), settings={"tool_choice": choice})
    assert found.get("tool_choice") == wire
    assert names(found) == ["look"]
    last = body(tools=(LOOK,), settings={"tool_choice": choice}, last=True)
    assert last["tool_choice"] == {"type": "none"}


def test_a_tool_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadArgument, match=r"'lok': the tools on offer are look\."):
        body(tools=(LOOK,), settings={"tool_choice": "lok"})


def test_without_tools_nothing_is_said_of_them() -> None:
    assert {"tools", "tool_choice"} & body(settings={"tool_choice": "none"}).keys() == set()
    assert {"tools", "tool_choice"} & body(last=True).keys() == set()


# objects --------------------------------------------------------------------


def form(**asked: Any) -> dict[str, Any]:
    return body(schema=OWNER.schema, schema_name="Owner", **asked)


def test_at_anthropic_the_form_is_held_beside_the_tools() -> None:
    held = {"type": "json_schema", "schema": native_schema(OWNER.schema)}

    assert form(model=NEW)["output_config"] == {"format": held}
    assert {"tools", "tool_choice"} & form(model=NEW).keys() == set()
    both = form(model=NEW, tools=(LOOK,), settings={"reasoning_effort": "high"})
    assert both["output_config"] == {"effort": "high", "format": held}
    assert names(both) == ["look"]
    assert "tool_choice" not in both
    assert form(model=NEW, tools=(LOOK,), last=True)["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize(
    "model, gateway", [(OLD, GATEWAY), ("m", GATEWAY), (NEW, ELSEWHERE), ("m", ELSEWHERE)]
)
def test_else_the_answer_is_a_tool_beside_the_others(model: str, gateway: AnthropicGateway) -> None:
    alone = form(model=model, gateway=gateway)
    assert (alone["tools"], alone["tool_choice"]) == ([ANSWER], {"type": "any"})
    both = form(model=model, gateway=gateway, tools=(LOOK,))
    assert (names(both), both["tool_choice"]) == (["look", "Owner"], {"type": "any"})
    assert "output_config" not in both


def test_in_the_end_only_the_answer_may_be_called() -> None:
    only = {"type": "tool", "name": "Owner"}
    last = form(tools=(LOOK,), last=True)

    assert (names(last), last["tool_choice"]) == (["look", "Owner"], only)
    assert form(tools=(LOOK,), settings={"tool_choice": "none"})["tool_choice"] == only
    named = form(tools=(LOOK,), settings={"tool_choice": "look"})
    assert named["tool_choice"] == {"type": "tool", "name": "look"}
    assert form(last=True)["tool_choice"] == {"type": "any"}


@pytest.mark.parametrize("gateway", [GATEWAY, ELSEWHERE])
def test_a_thinking_claude_is_asked_for_the_answer_in_words(gateway: AnthropicGateway) -> None:
    found = form(model=OLD, gateway=gateway, settings={"reasoning_effort": "low"})
    assert found["tool_choice"] == {"type": "auto"}
    assert found["system"] == "Give your answer by calling Owner, once you need nothing else."
    assert names(found) == ["Owner"]


def test_other_models_can_be_forced_while_they_think() -> None:
    found = form(gateway=ELSEWHERE, settings={"reasoning_effort": "low"})
    assert found["tool_choice"] == {"type": "any"}


def test_a_form_that_cannot_be_held_is_a_tool() -> None:
    free = {"type": "object", "additionalProperties": {"type": "integer"}}
    assert names(body(model=NEW, schema=free, schema_name="Free")) == ["Free"]
    # The newest ones refuse to be forced at all.
    newest = body(model="claude-opus-5-5", schema=free, schema_name="Free")
    assert newest["tool_choice"] == {"type": "auto"}


def test_a_tool_of_the_objects_name_is_refused() -> None:
    with pytest.raises(BadArgument, match="both called 'look'"):
        body(tools=(LOOK,), schema=OWNER.schema, schema_name="look")


def test_json_mode_is_a_word_in_the_system_message() -> None:
    asked = ask(LLMMessage.system("Be brief."), LLMMessage.user("hi"), is_json=True)
    said = "Answer with one JSON object and nothing else."

    assert sent(GATEWAY, asked)["system"] == f"Be brief.\n\n{said}"
    assert body(is_json=True)["system"] == said


# what comes back ------------------------------------------------------------

OBJECT = '{"name": "Ada", "first": {"name": "Rex"}}'


def own(loopback: Loopback) -> AnthropicGateway:
    """A gateway for which the loopback is Anthropic itself."""
    return type("Own", (AnthropicGateway,), {"default_url": loopback.url})("sk-ant-x")


@pytest.mark.parametrize("model", [NEW, OLD, "m"])
@pytest.mark.parametrize("thinks", [True, False])
def test_an_object_is_made(loopback: Loopback, model: str, thinks: bool) -> None:
    loopback.script(Answer(OBJECT, thinking="hm"))
    settings: Any = {"reasoning_effort": "low"} if thinks else {}
    broker = LLMBroker(model, own(loopback), retry=ONCE)

    assert broker.generate_object("hi", Owner, repairs=0, **settings).name == "Ada"


def test_the_answers_tool_is_no_call_beside_others() -> None:
    one, events = fed(
        start(0, type="tool_use", id="a", name="look", input={}),
        piece(0, '{"at": "x"}'),
        stop(0),
        start(1, type="tool_use", id="b", name="Owner", input={}),
        piece(1, OBJECT),
        stop(1),
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        END,
        tools=(LOOK,),
        schema=OWNER.schema,
        schema_name="Owner",
    )
    answer = one.answer(0, None, 1)

    assert answer.text == OBJECT
    assert [call.name for call in answer.tool_calls] == ["look"]
    assert answer.finish_reason == "tool_calls"
    assert {type(event).__name__ for event in events} == {"TextDelta", "ToolCallDelta"}


def test_tools_run_before_the_answer_is_given(loopback: Loopback) -> None:
    loopback.script(Answer(tools=[ToolUse("look", {"at": "a"})]), Answer(OBJECT))
    gateway = AnthropicGateway(base_url=loopback.url)
    asked = ask(tools=(LOOK,), schema=OWNER.schema, schema_name="Owner", stream=False)
    answers = []
    for _ in range(2):
        exchange = gateway.exchange(asked)
        with gateway.transport.open(exchange.wire) as reading:
            for data in reading.chunks:
                exchange.feed(data)
        list(exchange.finish())
        answers.append(exchange.answer(0, None, 1))
        results = [LLMMessage.tool("seen", call=call) for call in answers[-1].tool_calls]
        asked = asked.after(answers[-1], results)

    assert [call.name for call in answers[0].tool_calls] == ["look"]
    assert answers[1].tool_calls == ()
    assert OWNER.read(answers[1].text).name == "Ada"
    assert last_body(loopback)["messages"][-1]["content"][0]["type"] == "tool_result"


# the schema of structured outputs -------------------------------------------


class Odd(BaseModel):
    """Everything that cannot be said."""

    size: int = Field(ge=1, le=9, description="how large")
    names: list[str] = Field(min_length=2)
    some: list[str] = Field(min_length=1)
    web: str = Field(pattern="^http")
    maybe: int | None = None
    on: str = Field(json_schema_extra={"format": "date"})


@pytest.mark.parametrize("kind", [Owner, Odd])
def test_the_official_client_rewrites_it_the_same(kind: type[BaseModel]) -> None:
    schema = Shape(kind).schema
    assert native_schema(schema) == official.transform_schema(dict(schema))


def test_what_cannot_be_said_is_told() -> None:
    found = native_schema(Shape(Odd).schema)
    assert found is not None
    assert found["properties"]["size"]["description"] == "how large\n\n{maximum: 9, minimum: 1}"
    assert found["properties"]["some"]["minItems"] == 1
    assert found["additionalProperties"] is False


class Tree(BaseModel):
    children: list[Tree] = []


class Wide(BaseModel):
    __annotations__ = {f"f{n}": int for n in range(25)}
    locals().update({f"f{n}": 0 for n in range(25)})


@pytest.mark.parametrize(
    "schema",
    [
        Shape(Tree).schema,
        Shape(Wide).schema,
        {"type": "object"},
        {"type": "object", "properties": {"x": {}}},
        {"type": "object", "properties": {"x": {"type": "object", "patternProperties": {"a": {}}}}},
        {
            "type": "object",
            "properties": {f"f{n}": {"type": ["string", "null"]} for n in range(17)},
            "required": [f"f{n}" for n in range(17)],
        },
    ],
)
def test_what_anthropic_would_refuse_in_any_form(schema: dict[str, Any]) -> None:
    assert native_schema(schema) is None
