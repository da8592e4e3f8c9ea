"""Ollama's protocol: what is sent, letter by letter, and what is made of the answer."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig, Timeouts
from mojentic_nb.events import ThinkingDelta, ToolCallDelta, Usage
from mojentic_nb.gateways.ollama import OllamaGateway, host_url
from tests.gateways.requests import EVERYTHING, LOOK, OWNER, TALK, Owner, ask, last_body, sent
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.loopback.clients import Clients
from tests.shapes import ONCE

GATEWAY = OllamaGateway("http://box:1")


def test_the_least_request() -> None:
    assert sent(GATEWAY, ask(stream=False)) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": False,
    }


def test_a_conversation_with_tools() -> None:
    body = sent(GATEWAY, ask(*TALK, tools=(LOOK,)))
    assert body["stream"] is True
    assert [tool["function"]["name"] for tool in body["tools"]] == ["look"]
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look twice."},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c1", "function": {"name": "look", "arguments": {"at": "é"}}},
                {"id": "c2", "function": {"name": "look", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "seen", "tool_name": "look", "tool_call_id": "c1"},
        {"role": "tool", "content": "no JSON", "tool_name": "look", "tool_call_id": "c2"},
        {"role": "assistant", "content": "One."},
        {"role": "user", "content": "Thanks."},
    ]


def test_the_last_round_offers_no_tools() -> None:
    assert "tools" not in sent(GATEWAY, ask(*TALK, tools=(LOOK,)).as_last())


def test_options_go_under_ollamas_names() -> None:
    assert sent(GATEWAY, ask(config=EVERYTHING))["options"] == {
        "temperature": 0.5,
        "num_ctx": 4096,
        "num_predict": 9,
        "top_p": 0.9,
        "top_k": 40,
    }


def test_a_schema_is_the_format_as_it_is() -> None:
    assert sent(GATEWAY, ask(schema=OWNER.schema))["format"] == OWNER.schema


def test_an_object_is_made(loopback: Loopback) -> None:
    loopback.script(Answer('{"name": "Ada", "first": {"name": "Rex"}}'))
    made = LLMBroker("m", OllamaGateway(loopback.url)).generate_object("hi", Owner)

    assert made.first.legs == 4


def test_the_official_client_sends_the_same(loopback: Loopback) -> None:
    tool = sent(GATEWAY, ask(tools=(LOOK,)))["tools"][0]
    with closing(Clients(loopback.url)) as clients:
        clients.ollama.chat(
            "m",
            [{"role": "user", "content": "hi"}],
            tools=[tool],
            options={"temperature": 0.5, "num_ctx": 4096},
        )
        clients.ollama.chat("m", [{"role": "user", "content": "hi"}], format=OWNER.schema)
    config = EVERYTHING.model_copy(update={"max_tokens": None, "top_p": None, "top_k": None})
    with_tool = ask(tools=(LOOK,), config=config, stream=False)
    with_form = ask(schema=OWNER.schema, stream=False)

    assert sent(GATEWAY, with_tool) == loopback.requests[-2].body
    assert {"tools": [], **sent(GATEWAY, with_form)} == last_body(loopback)


# the answer -----------------------------------------------------------------


def test_the_request_on_the_wire(loopback: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = LLMBroker("m", OllamaGateway(loopback.url))
    broker.generate("hi")
    monkeypatch.setenv("OLLAMA_API_KEY", "late")
    broker.generate("hi")
    first, second = loopback.requests

    assert (first.method, first.path) == ("POST", "/api/chat")
    assert first.headers["content-type"] == "application/json"
    assert (first.key, second.key) == ("", "late")


def test_everything_an_answer_says(loopback: Loopback) -> None:
    loopback.script(Answer("Hi you", thinking="hm so", usage=(3, 4), finish="length"))
    events = list(LLMBroker("m", OllamaGateway(loopback.url)).generate_events("hi"))
    answer = events[-1].answer

    assert [event.text for event in events if type(event) is ThinkingDelta] == ["hm ", "so"]
    assert (answer.text, answer.thinking, answer.finish_reason) == ("Hi you", "hm so", "length")
    assert answer.usage == Usage(input_tokens=3, output_tokens=4)
    assert answer.model == "m"


@pytest.mark.parametrize("streams", [True, False])
def test_calls_get_ids_that_count_on_in_the_conversation(loopback: Loopback, streams: bool) -> None:
    tools = [ToolUse("look", {"at": "a"}), ToolUse("look", {"at": "b"}), ToolUse("look", "{", "x")]
    loopback.script(Answer("", tools=tools))
    gateway = OllamaGateway(loopback.url)
    exchange = gateway.exchange(replace(ask(*TALK, tools=(LOOK,)), stream=streams))
    with gateway.transport.open(exchange.wire) as reading:
        events = [event for data in reading.chunks for event in exchange.feed(data)]
    events += exchange.finish()
    answer = exchange.answer(0, None, 1)

    assert [call.id for call in answer.tool_calls] == ["call_3", "call_4", "x"]
    assert [call.arguments for call in answer.tool_calls] == [{"at": "a"}, {"at": "b"}, {}]
    assert answer.tool_calls[2].malformed == "{"
    assert answer.finish_reason == "tool_calls"
    assert [event.index for event in events if type(event) is ToolCallDelta] == [0, 1, 2]


@pytest.mark.parametrize(
    "message",
    [
        {"tool_calls": [{"function": {"name": "look", "arguments": {"at": "a"}}}]},
        {"role": "assistant", "tool_calls": [{"function": {"name": "look"}}]},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look"}}]},
        {"content": "Hm.", "tool_calls": [{"function": {"name": "look"}}]},  # some proxies
    ],
)
def test_a_call_needs_no_words_beside_it(message: dict[str, Any]) -> None:
    import json

    one = GATEWAY.decoder(ask())
    one.feed(json.dumps({"message": message, "done": True}).encode() + b"\n")
    assert one.answer(0, None, 1).tool_calls[0].name == "look"


@pytest.mark.parametrize("streams", [True, False])
def test_log_probabilities_are_kept(loopback: Loopback, streams: bool) -> None:
    loopback.script(Answer("Hi you"))
    gateway = OllamaGateway(loopback.url)
    asked = ask(config=CompletionConfig(logprobs=1), stream=streams)
    exchange = gateway.exchange(asked)
    with gateway.transport.open(exchange.wire) as reading:
        for data in reading.chunks:
            exchange.feed(data)
    list(exchange.finish())
    answer = exchange.answer(0, None, 1)

    assert [told["token"] for told in answer.logprobs] == ["Hi ", "you"]
    assert answer.logprobs[0]["top_logprobs"] == [{"token": "0", "logprob": -1.0}]
    assert answer.text == "Hi you"


# the gateway ----------------------------------------------------------------

# Read by Ollama's own client, which names the port of http and https too.
HOSTS = [
    ("1.2.3.4", "http://1.2.3.4:11434"),
    (":56789", "http://127.0.0.1:56789"),
    ("1.2.3.4:56789", "http://1.2.3.4:56789"),
    ("http://1.2.3.4", "http://1.2.3.4"),
    ("https://1.2.3.4", "https://1.2.3.4"),
    ("https://1.2.3.4:56789", "https://1.2.3.4:56789"),
    ("example.com", "http://example.com:11434"),
    ("example.com/", "http://example.com:11434"),
    ("example.com:56789/path/", "http://example.com:56789/path"),
    ("https://example.com/path", "https://example.com/path"),
    ("[::1]", "http://[::1]:11434"),
    ("[::1]:56789", "http://[::1]:56789"),
    ("https://[::1]", "https://[::1]"),
    ("https://[::1]:56789/path", "https://[::1]:56789/path"),
    (" localhost ", "http://localhost:11434"),
]
# What that client leaves to chance.
MORE_HOSTS = [
    ("0.0.0.0", "http://127.0.0.1:11434"),
    ("0.0.0.0:8080", "http://127.0.0.1:8080"),
    ("http://0.0.0.0", "http://127.0.0.1"),
    ("10.0.0.0:8080", "http://10.0.0.0:8080"),
    ("::1", "http://[::1]:11434"),
    ("ada:pw@box", "http://ada:pw@box:11434"),
]


@pytest.mark.parametrize("host, url", [*HOSTS, *MORE_HOSTS])
def test_a_host_is_read_as_ollama_reads_it(
    monkeypatch: pytest.MonkeyPatch, host: str, url: str
) -> None:
    gateway = OllamaGateway()
    monkeypatch.setenv("OLLAMA_HOST", host)

    assert host_url(host) == url
    assert gateway.url == url
    assert OllamaGateway(host).url == url


@pytest.mark.parametrize("host, url", HOSTS)
def test_the_official_client_reads_it_the_same(host: str, url: str) -> None:
    from ollama import Client

    theirs = str(Client(host=host.strip())._client.base_url).rstrip("/")
    assert theirs == url


def test_without_a_host_it_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OLLAMA_HOST")
    assert OllamaGateway().url == "http://127.0.0.1:11434"


def test_models_are_listed(loopback: Loopback) -> None:
    loopback.models = ["zeta:1b", "alpha:latest"]
    gateway = OllamaGateway(loopback.url)

    assert gateway.listed_models() == ["zeta:1b", "alpha:latest"]
    assert gateway.get_available_models() == ["alpha:latest", "zeta:1b"]


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"{", b"[]", b'{"models": 5}', b""])
def test_a_listing_that_is_none_is_an_error(loopback: Loopback, body: bytes) -> None:
    loopback.script_path("/api/tags", Answer(body=body))
    with pytest.raises(errors.GatewayGarbled) as caught:
        OllamaGateway(loopback.url).get_available_models()

    assert caught.value.hint


def test_hints_say_what_to_do(loopback: Loopback) -> None:
    with pytest.raises(errors.ModelNotFound, match='"ollama pull missing"'):
        LLMBroker("missing", OllamaGateway(loopback.url)).generate("hi")

    with pytest.raises(errors.GatewayUnreachable, match=r"not running at 127\.0\.0\.1:9\..*serve"):
        LLMBroker("ollama:m").generate("hi")


def test_a_call_has_its_own_timeout(loopback: Loopback) -> None:
    """Row 120: on every gateway, for all calls or for one."""
    gateway = OllamaGateway(loopback.url, timeout=7)
    assert gateway.encode(ask()).silence_s == 7
    assert gateway.encode(ask(timeouts=Timeouts(silence_s=3))).silence_s == 3

    loopback.script(Answer("late", fault=Fault.SILENT_BEFORE_HEADERS))
    with pytest.raises(errors.GatewayTimeout):
        LLMBroker("m", gateway, retry=ONCE).generate("hi", timeout=0.05)
