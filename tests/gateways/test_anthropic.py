"""Anthropic's protocol: what is sent, letter by letter, and what is made of the answer."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import pytest

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig, Timeouts
from mojentic_nb.events import TextDelta, ThinkingDelta, ToolCallDelta, Usage
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.messages import LLMMessage
from tests.gateways.requests import EVERYTHING, LOOK, OWNER, TALK, Owner, ask, last_body, sent
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.loopback.clients import Clients
from tests.shapes import ONCE

GATEWAY = AnthropicGateway("sk-ant-test")
TOOL = {"name": "look", "description": "Look somewhere.", "input_schema": LOOK.parameters}


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


def test_the_least_request() -> None:
    assert sent(GATEWAY, ask(stream=False)) == {
        "model": "m",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [text("hi")]}],
        "stream": False,
    }


def test_a_conversation_with_tools() -> None:
    body = sent(GATEWAY, ask(*TALK, tools=(LOOK,)))
    assert body["system"] == "Be brief."
    assert body["tools"] == [TOOL]
    assert "tool_choice" not in body
    assert body["messages"] == [
        {"role": "user", "content": [text("Look twice.")]},
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "c1", "name": "look", "input": {"at": "é"}},
                {"type": "tool_use", "id": "c2", "name": "look", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "seen"},
                {
                    "type": "tool_result",
                    "tool_use_id": "c2",
                    "content": "no JSON",
                    "is_error": True,
                },
            ],
        },
        {"role": "assistant", "content": [text("One.")]},
        {"role": "user", "content": [text("Thanks.")]},
    ]


def test_the_last_round_names_the_tools_and_forbids_them() -> None:
    body = sent(GATEWAY, ask(*TALK, tools=(LOOK,)).as_last())
    assert body["tools"] == [TOOL]
    assert body["tool_choice"] == {"type": "none"}


def test_turns_of_one_speaker_are_one_and_blanks_are_none() -> None:
    body = sent(
        GATEWAY,
        ask(
            LLMMessage.user("a"),
            LLMMessage.user("b"),
            LLMMessage.assistant(" \n"),
            LLMMessage.system("S1"),
            LLMMessage.user("c"),
            LLMMessage.system("S2"),
        ),
    )
    assert body["system"] == "S1\n\nS2"
    assert body["messages"] == [{"role": "user", "content": [text("a"), text("b"), text("c")]}]


def test_options() -> None:
    body = sent(GATEWAY, ask(config=EVERYTHING))
    rest = {name: body[name] for name in body if name not in ("model", "messages", "stream")}
    assert rest == {"max_tokens": 9, "temperature": 0.5, "top_p": 0.9, "top_k": 40}


def test_a_schema_is_one_forced_tool() -> None:
    body = sent(GATEWAY, ask(schema=OWNER.schema, schema_name="Owner"))
    assert [tool["name"] for tool in body["tools"]] == ["Owner"]
    assert body["tools"][0]["input_schema"] == OWNER.schema
    assert body["tool_choice"] == {"type": "any"}


@pytest.mark.parametrize("streams", [True, False])
def test_the_forced_tools_input_is_the_answers_text(loopback: Loopback, streams: bool) -> None:
    loopback.script(Answer('{"name": "Ada", "first": {"name": "Rex"}}'))
    gateway = AnthropicGateway(base_url=loopback.url)
    exchange = gateway.exchange(ask(schema=OWNER.schema, schema_name="Owner", stream=streams))
    with gateway.transport.open(exchange.wire) as reading:
        events = [event for data in reading.chunks for event in exchange.feed(data)]
    events += exchange.finish()
    answer = exchange.answer(0, None, 1)

    assert OWNER.read(answer.text) == Owner.model_validate(
        {"name": "Ada", "first": {"name": "Rex", "legs": 4}}
    )
    assert answer.tool_calls == ()
    assert answer.finish_reason == "stop"
    assert {type(event) for event in events} == {TextDelta}


def test_an_object_given_in_words_is_an_object_too(loopback: Loopback) -> None:
    body = {
        "type": "message",
        "content": [text('Here: {"name": "Ada", "first": {"name": "Rex"}}')],
        "stop_reason": "end_turn",
    }
    loopback.script(Answer(body=json.dumps(body).encode()))
    broker = LLMBroker("m", AnthropicGateway(base_url=loopback.url))

    assert broker.generate_object("hi", Owner).name == "Ada"


# the answer -----------------------------------------------------------------


def test_the_request_on_the_wire(loopback: Loopback) -> None:
    LLMBroker("m", AnthropicGateway("sk-ant-x", loopback.url + "/v1/")).generate("hi")
    seen = loopback.requests[0]

    assert (seen.method, seen.path) == ("POST", "/v1/messages")
    assert seen.headers["x-api-key"] == "sk-ant-x"
    assert seen.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in seen.headers


def test_the_official_client_sends_the_same(loopback: Loopback) -> None:
    with closing(Clients(loopback.url)) as clients:
        clients.anthropic.messages.create(
            model="m",
            max_tokens=9,
            messages=[{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
            tools=[TOOL],
            stream=True,
        ).close()
    config = CompletionConfig(max_tokens=9)

    assert sent(GATEWAY, ask(tools=(LOOK,), config=config)) == last_body(loopback)


def test_everything_an_answer_says(loopback: Loopback) -> None:
    loopback.script(Answer("Hi you", thinking="hm so", usage=(3, 4), finish="length"))
    broker = LLMBroker("m", AnthropicGateway(base_url=loopback.url))
    events = list(broker.generate_events("hi"))
    answer = events[-1].answer

    assert [event.text for event in events if type(event) is ThinkingDelta] == ["hm ", "so"]
    assert (answer.text, answer.thinking, answer.finish_reason) == ("Hi you", "hm so", "length")
    assert answer.usage == Usage(
        input_tokens=3, output_tokens=4, cached_tokens=0, cache_write_tokens=0
    )


@pytest.mark.parametrize("streams", [True, False])
def test_parallel_calls_in_pieces(loopback: Loopback, streams: bool) -> None:
    tools = [ToolUse("look", {"at": "a b c"}), ToolUse("wait", {}), ToolUse("look", {"at": "d"})]
    loopback.script(Answer("So:", tools=tools, argument_pieces=4))
    gateway = AnthropicGateway(base_url=loopback.url)
    exchange = gateway.exchange(replace(ask(tools=(LOOK,)), stream=streams))
    with gateway.transport.open(exchange.wire) as reading:
        events = [event for data in reading.chunks for event in exchange.feed(data)]
    events += exchange.finish()
    answer = exchange.answer(0, None, 1)

    assert [call.arguments for call in answer.tool_calls] == [{"at": "a b c"}, {}, {"at": "d"}]
    assert [call.id for call in answer.tool_calls] == ["toolu_1", "toolu_2", "toolu_3"]
    assert answer.finish_reason == "tool_calls"
    pieces = [event for event in events if type(event) is ToolCallDelta]
    assert json.loads("".join(one.arguments for one in pieces if one.index == 2)) == {"at": "d"}


# the gateway ----------------------------------------------------------------


def test_addresses_are_read_late(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = AnthropicGateway()
    assert gateway.url == "https://api.anthropic.com"
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://box/v1/")
    assert gateway.url == "http://box"


def test_a_key_is_needed_only_at_anthropic() -> None:
    with pytest.raises(errors.GatewayDenied, match="ANTHROPIC_API_KEY"):
        AnthropicGateway().encode(ask())

    assert AnthropicGateway(base_url="http://box").encode(ask())


def test_models_are_listed(loopback: Loopback) -> None:
    loopback.models = ["zeta", "alpha"]
    gateway = AnthropicGateway(base_url=loopback.url)

    assert gateway.listed_models() == ["zeta", "alpha"]
    assert gateway.get_available_models() == ["alpha", "zeta"]


def test_a_listing_that_is_none_is_an_error(loopback: Loopback) -> None:
    loopback.script_path("/v1/models", Answer(body=b"<html><title>Sign in</title></html>"))
    with pytest.raises(errors.GatewayGarbled, match="a web page titled 'Sign in'"):
        AnthropicGateway(base_url=loopback.url).get_available_models()


def test_tokens_are_counted_beforehand(loopback: Loopback) -> None:
    gateway = AnthropicGateway(base_url=loopback.url)
    config = CompletionConfig(temperature=1, max_tokens=9, stop="x")

    assert gateway.count_tokens(ask(tools=(LOOK,), config=config)) > 0
    seen = loopback.requests[0]
    assert seen.path == "/v1/messages/count_tokens"
    assert set(seen.body) == {"model", "messages", "tools"}

    loopback.script_path(seen.path, Answer(body=b'{"input_tokens": "many"}'))
    with pytest.raises(errors.GatewayGarbled, match="no number of tokens"):
        gateway.count_tokens(ask())


def test_a_call_has_its_own_timeout(loopback: Loopback) -> None:
    """Row 120: on every gateway, for all calls or for one."""
    gateway = AnthropicGateway(base_url=loopback.url, timeout=7)
    assert gateway.encode(ask()).silence_s == 7
    assert gateway.encode(ask(timeouts=Timeouts(silence_s=3))).silence_s == 3

    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS))
    with pytest.raises(errors.GatewayTimeout):
        LLMBroker("m", gateway, retry=ONCE).generate("hi", timeout=0.05)
