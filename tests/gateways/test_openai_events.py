"""The Responses API: what is made of its events, and what goes back to the model."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import GatewayBusy, GatewayFault, GatewayTorn, MojenticError
from mojentic_nb.events import Answer as Told
from mojentic_nb.events import ThinkingDelta, ToolCallDelta, TurnFinished, Usage
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.messages import LLMMessage, MessageRole
from tests.gateways.requests import LOOK, Owner, ask, sent
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.shapes import ONCE, Shape, every_shape

BOX = OpenAIGateway(base_url="http://box/v1", api="responses")


def broker(loopback: Loopback, model: str = "m") -> LLMBroker:
    gateway = OpenAIGateway("sk-test", f"{loopback.url}/v1", api="responses")
    return LLMBroker(model, gateway, retry=ONCE)


@every_shape
def test_an_answer_in_every_shape(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer("Hi you", thinking="hm so", usage=(3, 4)))
    outcome = shape.run(broker(loopback), "hi")

    assert outcome.error is None
    assert outcome.text == "Hi you"


@every_shape
def test_a_tool_loop_in_every_shape(loopback: Loopback, shape: Shape) -> None:
    def look(at: str) -> str:
        """Look somewhere."""
        return f"a hill in the {at}"

    calls = [ToolUse("look", {"at": "north"}), ToolUse("look", {"at": "south"})]
    loopback.script(Answer(tools=calls, argument_pieces=4), Answer("Two hills."))
    outcome = shape.run(broker(loopback), "look", tools=[look])

    assert outcome.text == "Two hills."
    outputs = [one["output"] for one in loopback.requests[1].body["input"] if "output" in one]
    assert outputs == ["a hill in the north", "a hill in the south"]


def told_by(loopback: Loopback, answer: Answer, **settings: Any) -> tuple[list[Any], Told]:
    loopback.script(answer)
    events = list(broker(loopback).generate_events("hi", **settings))
    assert isinstance(events[-1], TurnFinished)
    return events, events[-1].answer


def test_everything_an_answer_says(loopback: Loopback) -> None:
    said = Answer("Hi you", thinking="hm so", usage=(3, 4), finish="length")
    events, answer = told_by(loopback, said, logprobs=1)

    assert [event.text for event in events if type(event) is ThinkingDelta] == ["hm ", "so"]
    assert (answer.text, answer.thinking, answer.finish_reason) == ("Hi you", "hm so", "length")
    assert answer.usage == Usage(
        input_tokens=3, output_tokens=4, cached_tokens=0, reasoning_tokens=2, cache_write_tokens=0
    )
    assert [one["token"] for one in answer.logprobs] == ["Hi ", "you"]
    assert answer.model == "m"


@pytest.mark.parametrize("streams", [True, False])
def test_whole_and_streamed_come_to_the_same(loopback: Loopback, streams: bool) -> None:
    tools = [ToolUse("look", {"at": "a b c"}), ToolUse("look", "{"), ToolUse("look", {})]
    loopback.script(Answer("Well.", tools=tools, thinking="hm", argument_pieces=4))
    config = CompletionConfig(logprobs=1)
    exchange = broker(loopback).gateway.exchange(ask(tools=(LOOK,), stream=streams, config=config))
    with broker(loopback).gateway.transport.open(exchange.wire) as reading:
        events = [event for data in reading.chunks for event in exchange.feed(data)]
    events += exchange.finish()
    answer = exchange.answer(0, None, 1)

    assert [call.arguments for call in answer.tool_calls] == [{"at": "a b c"}, {}, {}]
    assert answer.tool_calls[1].malformed == "{"
    assert [call.id for call in answer.tool_calls] == ["call_1", "call_2", "call_3"]
    assert (answer.text, answer.thinking, answer.finish_reason) == ("Well.", "hm", "tool_calls")
    assert len(answer.logprobs) == 1
    pieces = [event for event in events if type(event) is ToolCallDelta]
    assert "".join(one.arguments for one in pieces if one.index == 0) == '{"at": "a b c"}'


def test_an_object(loopback: Loopback) -> None:
    loopback.script(Answer('{"name": "Ada", "pet": null, "first": {"name": "Rex"}}'))
    made = broker(loopback).generate_object("hi", Owner)
    assert made.first.name == "Rex"


def fed(*records: dict[str, Any]) -> Any:
    decoder = BOX.decoder(ask())
    for record in records:
        decoder.feed(b"data: " + json.dumps(record).encode() + b"\n\n")
    return decoder


DONE = {"type": "response.completed", "response": {"status": "completed", "output": []}}


def test_calls_that_begin_before_the_last_one_ended_and_know_no_place() -> None:
    def call(number: int, kind: str, **fields: Any) -> dict[str, Any]:
        item = {
            "type": "function_call",
            "id": f"fc_{number}",
            "call_id": f"c{number}",
            "name": "look",
        }
        return {"type": f"response.output_item.{kind}", "item": {**item, **fields}}

    def piece(number: int, text: str) -> dict[str, Any]:
        kind = "response.function_call_arguments.delta"
        return {"type": kind, "item_id": f"fc_{number}", "delta": text}

    answer = fed(
        call(1, "added"),
        piece(1, '{"at":'),
        call(2, "added"),
        piece(2, '{"at":"s"}'),
        piece(1, '"n"}'),
        call(1, "done", arguments='{"at":"n"}'),
        call(2, "done", arguments='{"at":"s"}'),
        call(3, "done", arguments='{"at":"w"}'),  # never opened, never in pieces
        DONE,
    ).answer(0, None, 1)

    assert [one.arguments["at"] for one in answer.tool_calls] == ["n", "s", "w"]
    assert [one.id for one in answer.tool_calls] == ["c1", "c2", "c3"]


def test_a_refusal_and_the_parts_of_a_summary() -> None:
    part = {"type": "response.reasoning_summary_part.added"}
    thought = {"type": "response.reasoning_summary_text.delta", "delta": "hm"}
    answer = fed(
        part, thought, part, thought, {"type": "response.refusal.delta", "delta": "No."}, DONE
    ).answer(0, None, 1)

    assert (answer.text, answer.thinking) == ("No.", "hm\n\nhm")


def test_an_event_nobody_knows_means_nothing() -> None:
    decoder = fed({"type": "response.web_search_call.searching", "output_index": 0}, DONE)
    assert decoder.is_over
    assert decoder.answer(0, None, 1).text == ""


@pytest.mark.parametrize(
    "record, kind",
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "slow down"}, GatewayBusy),
        ({"type": "error", "message": "slow down"}, GatewayFault),
        ({"type": "error", "error": {"type": "x", "message": "slow down"}}, GatewayFault),
        (
            {
                "type": "response.failed",
                "response": {
                    "status": "failed",
                    "error": {"code": "server_error", "message": "slow down"},
                },
            },
            GatewayFault,
        ),
    ],
)
def test_an_answer_that_fails_says_how(record: dict[str, Any], kind: type[MojenticError]) -> None:
    with pytest.raises(kind, match="slow down"):
        fed(record)


@every_shape
def test_an_answer_without_its_end_is_torn(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer("one two three", fault=Fault.TRUNCATED))
    error = shape.run(broker(loopback), "hi").error

    assert isinstance(error, GatewayTorn)


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_bytes_may_be_torn_anywhere(loopback: Loopback, piece: int) -> None:
    _, answer = told_by(loopback, Answer(chunks=["Hé", "llo €"], piece=piece))
    assert answer.text == "Héllo €"


# sealed thoughts --------------------------------------------------------------------


def sealing(loopback: Loopback, **settings: Any) -> LLMBroker:
    """A broker whose server seals thoughts, as OpenAI's does when it is asked to."""
    config = CompletionConfig(extra={"include": ["reasoning.encrypted_content"]}, **settings)
    return LLMBroker("m", broker(loopback).gateway, config=config, retry=ONCE)


@every_shape
def test_sealed_thoughts_go_back_while_tools_are_called(loopback: Loopback, shape: Shape) -> None:
    def look(at: str) -> str:
        """Look somewhere."""
        return "a hill"

    called = Answer(tools=[ToolUse("look", {"at": "n"})], thinking="hm")
    loopback.script(called, Answer("A hill."))
    assert shape.run(sealing(loopback), "look", tools=[look]).text == "A hill."

    _, thought, call, output = loopback.requests[1].body["input"]
    assert thought["type"] == "reasoning"
    assert thought["encrypted_content"]
    assert (call["type"], call["call_id"]) == ("function_call", "call_1")
    assert (output["type"], output["call_id"]) == ("function_call_output", "call_1")


def remembered(loopback: Loopback) -> LLMMessage:
    loopback.script(Answer("Hi.", thinking="hm"))
    events = list(sealing(loopback).generate_events("hi"))
    assert isinstance(events[-1], TurnFinished)
    answer = events[-1].answer
    return LLMMessage(
        role=MessageRole.Assistant, content=answer.text, provider_state=answer.provider_state
    )


@pytest.mark.parametrize(
    "retains, model, kinds",
    [
        (False, "m", ["message", "message", "message"]),
        (True, "m", ["message", "reasoning", "message", "message"]),
        (True, "another", ["message", "message", "message"]),
    ],
)
def test_older_thoughts_go_back_where_they_are_retained(
    loopback: Loopback, retains: bool, model: str, kinds: list[str]
) -> None:
    talk = (LLMMessage.user("hi"), remembered(loopback), LLMMessage.user("and?"))
    config = CompletionConfig(retain_reasoning=retains)
    body = sent(BOX, replace(ask(*talk, config=config), model=model))
    assert [item["type"] for item in body["input"]] == kinds


def test_nothing_is_kept_where_nothing_is_sealed(loopback: Loopback) -> None:
    _, answer = told_by(loopback, Answer("Hi.", thinking="hm"))
    assert answer.provider_state is None
