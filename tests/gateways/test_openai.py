"""OpenAI's protocol: what is sent, letter by letter, and what is made of the answer."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from openai.lib._pydantic import to_strict_json_schema
from pydantic import BaseModel

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.catalogue import ModelContextWindow
from mojentic_nb.events import ThinkingDelta, ToolCallDelta, Usage
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.messages import LLMMessage, MessageRole
from mojentic_nb.schema import Shape
from tests.gateways.requests import (
    EVERYTHING,
    LOOK,
    OWNER,
    TALK,
    Owner,
    ask,
    last_body,
    sent,
)
from tests.loopback import Answer, Loopback, ToolUse
from tests.loopback.clients import Clients

COMPATIBLE = OpenAIGateway(base_url="http://box/v1")
TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Look somewhere.",
        "parameters": {
            "type": "object",
            "properties": {"at": {"type": "string"}},
            "required": ["at"],
        },
    },
}


def test_the_least_request() -> None:
    assert sent(COMPATIBLE, ask(stream=False)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }


def test_a_stream_asks_for_its_usage() -> None:
    body = sent(COMPATIBLE, ask())
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}


def test_a_conversation_with_tools() -> None:
    body = sent(COMPATIBLE, ask(*TALK, tools=(LOOK,)))
    assert body["tools"] == [TOOL]
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look twice."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "look", "arguments": '{"at":"é"}'},
                },
                {"id": "c2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "seen"},
        {"role": "tool", "tool_call_id": "c2", "content": "no JSON"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "Thanks."},
    ]


def test_the_last_round_offers_no_tools() -> None:
    assert "tools" not in sent(COMPATIBLE, ask(*TALK, tools=(LOOK,)).as_last())


def test_no_content_is_an_empty_text() -> None:
    silent = LLMMessage(role=MessageRole.Assistant)
    assert sent(COMPATIBLE, ask(silent))["messages"] == [{"role": "assistant", "content": ""}]


@pytest.mark.parametrize(
    "url, options",
    [
        (None, {"temperature": 0.5, "max_completion_tokens": 9, "top_p": 0.9}),
        ("http://box/v1", {"temperature": 0.5, "max_tokens": 9, "top_p": 0.9, "top_k": 40}),
    ],
)
def test_options_as_each_kind_of_server_takes_them(
    url: str | None, options: dict[str, Any]
) -> None:
    body = sent(OpenAIGateway("sk-test", url), ask(config=EVERYTHING))
    rest = {name: body[name] for name in body if name not in ("model", "messages")}
    assert rest == {"stream": True, "stream_options": {"include_usage": True}, **options}


# structured -----------------------------------------------------------------


class Node(BaseModel):
    value: int
    below: list[Node] = []


def test_a_schema_is_sent_in_its_strict_form() -> None:
    body = sent(COMPATIBLE, ask(schema=OWNER.schema, schema_name=OWNER.name))
    form = body["response_format"]["json_schema"]
    pet = form["schema"]["$defs"]["Pet"]

    assert body["response_format"]["type"] == "json_schema"
    assert (form["name"], form["strict"]) == ("Owner", True)
    assert form["schema"]["required"] == ["name", "pet", "first", "others"]
    assert form["schema"]["additionalProperties"] is False
    assert pet["required"] == ["name", "legs"]
    assert pet["additionalProperties"] is False
    assert "default" not in json.dumps(form["schema"])
    assert form["schema"]["properties"]["first"] == {
        "anyOf": [{"$ref": "#/$defs/Pet"}],
        "description": "the first one",
    }


def test_a_recursive_schema_has_an_object_at_its_top() -> None:
    shape = Shape(Node)
    form = sent(COMPATIBLE, ask(schema=shape.schema))["response_format"]["json_schema"]

    assert form["schema"]["type"] == "object"
    assert form["strict"] is True
    assert shape.read('{"value": 1, "below": [{"value": 2}]}').below[0].value == 2


@pytest.mark.parametrize("kind", [Owner, Node])
def test_the_strict_form_requires_what_the_official_client_requires(kind: type[BaseModel]) -> None:
    ours = sent(COMPATIBLE, ask(schema=Shape(kind).schema))["response_format"]["json_schema"]
    theirs = to_strict_json_schema(kind)

    assert ours["schema"]["required"] == theirs["required"]
    assert ours["schema"]["additionalProperties"] == theirs["additionalProperties"]
    assert set(ours["schema"]["$defs"]) == set(theirs["$defs"])


@pytest.mark.parametrize("kind", [dict[str, int], dict[str, Any]])
def test_free_keys_cannot_be_strict(kind: Any) -> None:
    form = sent(COMPATIBLE, ask(schema=Shape(kind).schema))["response_format"]["json_schema"]
    assert form["strict"] is False
    assert form["schema"] == Shape(kind).schema


def test_an_object_is_made_with_its_defaults(loopback: Loopback) -> None:
    loopback.script(Answer('{"name": "Ada", "pet": null, "first": {"name": "Rex"}}'))
    made = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1")).generate_object("hi", Owner)

    assert made == Owner.model_validate({"name": "Ada", "first": {"name": "Rex", "legs": 4}})


# the answer -----------------------------------------------------------------


def broker(loopback: Loopback, **settings: Any) -> LLMBroker:
    return LLMBroker("m", OpenAIGateway(base_url=f"{loopback.url}/v1/", **settings))


def test_the_request_on_the_wire(loopback: Loopback) -> None:
    broker(loopback, api_key="  sk-test \n").generate("hi")
    seen = loopback.requests[0]

    assert (seen.method, seen.path) == ("POST", "/v1/chat/completions")
    assert seen.key == "sk-test"
    assert seen.headers["content-type"] == "application/json"
    assert "openai-organization" not in seen.headers


def test_the_official_client_sends_the_same(loopback: Loopback) -> None:
    with closing(Clients(loopback.url)) as clients:
        clients.ask("openai")
    theirs = last_body(loopback)
    broker(loopback).generate("hello")
    ours = last_body(loopback)

    assert {**ours, "stream": False} == {"stream": False, **theirs}


def test_everything_an_answer_says(loopback: Loopback) -> None:
    loopback.script(Answer("Hi you", thinking="hm so", usage=(3, 4), finish="length"))
    events = list(broker(loopback).generate_events("hi"))
    answer = events[-1].answer

    assert [event.text for event in events if type(event) is ThinkingDelta] == ["hm ", "so"]
    assert (answer.text, answer.thinking, answer.finish_reason) == ("Hi you", "hm so", "length")
    assert answer.usage == Usage(input_tokens=3, output_tokens=4)
    assert answer.model == "m"


@pytest.mark.parametrize("streams", [True, False])
def test_parallel_calls_in_pieces(loopback: Loopback, streams: bool) -> None:
    tools = [ToolUse("look", {"at": "a b c"}), ToolUse("look", {"at": "d"}), ToolUse("look", "{")]
    loopback.script(Answer("", tools=tools, argument_pieces=4))
    gateway = OpenAIGateway(base_url=loopback.url + "/v1")
    exchange = gateway.exchange(replace(ask(tools=(LOOK,)), stream=streams))
    with gateway.transport.open(exchange.wire) as reading:
        events = [event for data in reading.chunks for event in exchange.feed(data)]
    events += exchange.finish()
    answer = exchange.answer(0, None, 1)

    assert [call.arguments for call in answer.tool_calls] == [{"at": "a b c"}, {"at": "d"}, {}]
    assert answer.tool_calls[2].malformed == "{"
    assert [call.id for call in answer.tool_calls] == ["call_1", "call_2", "call_3"]
    assert answer.finish_reason == "tool_calls"
    pieces = [event for event in events if type(event) is ToolCallDelta]
    assert "".join(one.arguments for one in pieces if one.index == 0) == '{"at": "a b c"}'


def test_details_of_usage_and_a_refusal() -> None:
    one = COMPATIBLE.decoder(ask())
    chunk = {
        "choices": [{"delta": {"refusal": "I will not."}, "finish_reason": "content_filter"}],
        "usage": {
            "prompt_tokens": 9,
            "completion_tokens": "many",
            "prompt_tokens_details": {"cached_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }
    one.feed(b"data: " + json.dumps(chunk).encode() + b"\n\ndata: [DONE]\n\n")
    answer = one.answer(0, None, 1)

    assert answer.text == "I will not."
    assert answer.finish_reason == "content_filter"
    assert answer.usage == Usage(input_tokens=9, cached_tokens=5, reasoning_tokens=2)


def test_reasoning_goes_by_two_names() -> None:
    one = COMPATIBLE.decoder(ask())
    for name in ("reasoning_content", "reasoning"):
        chunk = {"choices": [{"delta": {name: f"{name}."}}]}
        one.feed(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    assert one.answer(0, None, 1).thinking == "reasoning_content.reasoning."


# the gateway ----------------------------------------------------------------


def test_addresses_are_read_late(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = OpenAIGateway()
    assert gateway.url == "https://api.openai.com/v1"
    monkeypatch.setenv("OPENAI_API_ENDPOINT", "http://old/v1")
    assert gateway.url == "http://old/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", " http://new/v1/ ")
    assert gateway.url == "http://new/v1"
    assert OpenAIGateway(base_url="http://mine/v1").url == "http://mine/v1"


def test_the_key_is_read_late(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = broker(loopback)
    ours.generate("hi")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-late")
    ours.generate("hi")

    assert [seen.key for seen in loopback.requests] == ["", "sk-late"]


def test_a_key_is_needed_only_at_openai() -> None:
    with pytest.raises(errors.GatewayDenied, match="OPENAI_API_KEY"):
        OpenAIGateway().encode(ask())

    assert OpenAIGateway(headers={"Authorization": "Bearer x"}).encode(ask())
    assert COMPATIBLE.encode(ask())


def test_models_are_listed(loopback: Loopback) -> None:
    loopback.models = ["zeta", "alpha"]
    gateway = OpenAIGateway(base_url=loopback.url + "/v1")

    assert gateway.listed_models() == ["zeta", "alpha"]
    assert gateway.get_available_models() == ["alpha", "zeta"]


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"{", b"[]", b'{"data": 5}', b""])
def test_a_listing_that_is_none_is_an_error(loopback: Loopback, body: bytes) -> None:
    loopback.script_path("/v1/models", Answer(body=body))
    with pytest.raises(errors.GatewayGarbled) as caught:
        OpenAIGateway(base_url=loopback.url + "/v1").get_available_models()

    assert caught.value.hint


# the context window ---------------------------------------------------------


def test_openais_windows_are_the_catalogues() -> None:
    gateway = OpenAIGateway("sk-test")
    found = gateway.get_model_context_window("gpt-4o")

    assert found == ModelContextWindow(max_context_tokens=128_000, field="catalogue")
    assert gateway.get_model_context_window("gpt-9") is None


@pytest.mark.parametrize(
    "entry, most, field, served",
    [
        ({"max_model_len": 4096}, 4096, "max_model_len", None),
        ({"context_window": 131072}, 131072, "context_window", None),
        ({"context_length": 200000}, 200000, "context_length", None),
        ({"meta": {"n_ctx_train": 8192, "n_ctx": 2048}}, 8192, "meta.n_ctx_train", 2048),
        ({"meta": {"n_ctx_train": 8192}}, 8192, "meta.n_ctx_train", None),
    ],
)
def test_other_servers_tell_their_windows(
    loopback: Loopback, entry: dict[str, Any], most: int, field: str, served: int | None
) -> None:
    listing = {"data": [{"id": "other"}, {"id": "m", **entry}]}
    loopback.script_path("/v1/models", Answer(body=json.dumps(listing).encode()))
    found = OpenAIGateway(base_url=loopback.url + "/v1").get_model_context_window("m")

    assert found == ModelContextWindow(max_context_tokens=most, field=field, model_num_ctx=served)


@pytest.mark.parametrize("entry", [{}, {"context_length": "long"}, {"meta": {}}, {"meta": None}])
def test_a_server_may_not_tell_its_windows(loopback: Loopback, entry: dict[str, Any]) -> None:
    listing = {"data": [{"id": "m", **entry}]}
    body = Answer(body=json.dumps(listing).encode())
    loopback.script_path("/v1/models", body, body)
    gateway = OpenAIGateway(base_url=loopback.url + "/v1")

    assert gateway.get_model_context_window("m") is None
    assert gateway.get_model_context_window("nobody") is None


def test_a_list_that_is_none_tells_no_windows(loopback: Loopback) -> None:
    loopback.script_path("/v1/models", Answer(body=b'{"data": 5}'))
    with pytest.raises(errors.GatewayGarbled):
        OpenAIGateway(base_url=loopback.url + "/v1").get_model_context_window("m")
