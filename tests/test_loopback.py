"""The loopback server against the official clients.

Law: nothing here imports mojentic_nb. If the official clients of Ollama,
OpenAI and Anthropic accept what the server says, our decoders may be tested
with it; what they make of each fault is written down here as well.
"""

from __future__ import annotations

import contextlib
import json
import socket
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import anthropic
import ollama
import openai
import pytest

from tests.loopback import Answer, Loopback, ToolUse
from tests.loopback.clients import ASKED, SPEAKERS, Clients

PARIS = ToolUse("weather", {"city": "Paris"})
OSLO = ToolUse("weather", {"city": "Oslo"})
TOOL: dict[str, Any] = {
    "name": "weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
}
NOT_FOUND = (ollama.ResponseError, openai.NotFoundError, anthropic.NotFoundError)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


@pytest.fixture
def clients(server: Loopback) -> Iterator[Clients]:
    with contextlib.closing(Clients(server.url)) as opened:
        yield opened


every_speaker = pytest.mark.parametrize("speaker", SPEAKERS)


@every_speaker
def test_an_answer_comes_whole(server: Loopback, clients: Clients, speaker: str) -> None:
    server.script(Answer("Hello"), Answer("again"))

    assert [clients.ask(speaker), clients.ask(speaker), clients.ask(speaker)] == [
        "Hello",
        "again",
        "Hello from loopback.",
    ]


@every_speaker
def test_an_answer_streams_word_by_word(server: Loopback, clients: Clients, speaker: str) -> None:
    server.script(Answer("Héllo, dear  world"))

    assert list(clients.stream(speaker)) == ["Héllo, ", "dear  ", "world"]


@every_speaker
@pytest.mark.parametrize("piece", [1, 7, 1000])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_bytes_may_be_torn_anywhere(
    server: Loopback, clients: Clients, speaker: str, piece: int, newline: Any
) -> None:
    server.script(Answer(chunks=["Hé", "llo €"], piece=piece, newline=newline))

    assert "".join(clients.stream(speaker)) == "Héllo €"


@every_speaker
def test_one_write_per_frame_reads_the_same(speaker: str) -> None:
    with Loopback(coalesce=False) as server, contextlib.closing(Clients(server.url)) as clients:
        assert list(clients.stream(speaker)) == ["Hello ", "from ", "loopback."]
        assert "".join(clients.stream(speaker, "bench:50")) == "tok " * 50


@every_speaker
def test_a_benchmark_streams_as_many_tokens_as_asked(clients: Clients, speaker: str) -> None:
    assert sum(1 for _ in clients.stream(speaker, "bench:2000")) == 2000


def test_ollama_tells_tools_thinking_and_totals(server: Loopback, clients: Clients) -> None:
    server.script(*[Answer("Look.", tools=[PARIS, OSLO], thinking="Let me think")] * 2)
    whole = clients.ollama.chat("m", ASKED)
    parts = list(clients.ollama.chat("m", ASKED, stream=True))
    streamed = [call for part in parts for call in part.message.tool_calls or []]

    assert whole.message.thinking == "Let me think"
    assert "".join(part.message.thinking or "" for part in parts) == "Let me think"
    assert [call.function.arguments for call in streamed] == [{"city": "Paris"}, {"city": "Oslo"}]
    assert whole.message.tool_calls == streamed
    for last in (whole, parts[-1]):
        assert (last.done, last.done_reason) == (True, "stop")
        assert (last.prompt_eval_count, last.eval_count) == (11, 7)
        assert last.total_duration


def test_openai_tells_parallel_tools(server: Loopback, clients: Clients) -> None:
    server.script(*[Answer(tools=[PARIS, OSLO], usage=(3, 4))] * 2)
    whole = clients.openai.chat.completions.create(model="m", messages=ASKED)
    with clients.openai.chat.completions.stream(
        model="m", messages=ASKED, stream_options={"include_usage": True}
    ) as stream:
        streamed = stream.get_final_completion()

    for reply, ids in ((whole, ["call_1", "call_2"]), (streamed, ["call_3", "call_4"])):
        calls: list[Any] = list(reply.choices[0].message.tool_calls or [])
        assert [call.id for call in calls] == ids
        assert [json.loads(call.function.arguments) for call in calls] == [
            {"city": "Paris"},
            {"city": "Oslo"},
        ]
        assert reply.choices[0].finish_reason == "tool_calls"
        assert reply.usage is not None
        assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (3, 4)


def test_openai_tells_usage_only_when_asked(clients: Clients) -> None:
    def usages(**options: Any) -> list[Any]:
        with clients.openai.chat.completions.create(
            model="m", messages=ASKED, stream=True, **options
        ) as chunks:
            return [chunk.usage for chunk in chunks if chunk.usage]

    assert usages() == []
    assert [told.total_tokens for told in usages(stream_options={"include_usage": True})] == [18]


def test_openai_streams_arguments_in_fragments(server: Loopback, clients: Clients) -> None:
    server.script(Answer(tools=[ToolUse("add", '{"a": 1', id="mine")], argument_pieces=4))
    with clients.openai.chat.completions.create(model="m", messages=ASKED, stream=True) as chunks:
        deltas = [
            call
            for chunk in chunks
            for call in chunk.choices[0].delta.tool_calls or []
            if call.function
        ]

    assert (deltas[0].id, deltas[0].index) == ("mine", 0)
    assert [told.function.arguments for told in deltas if told.function] == [
        "",
        '{"',
        'a"',
        ": ",
        "1",
    ]


def test_anthropic_tells_thinking_text_and_parallel_tools(
    server: Loopback, clients: Clients
) -> None:
    server.script(*[Answer("Look.", tools=[PARIS, OSLO], thinking="Let me think")] * 2)
    whole = clients.anthropic.messages.create(model="m", messages=ASKED, max_tokens=9)
    with clients.anthropic.messages.stream(model="m", messages=ASKED, max_tokens=9) as stream:
        streamed = stream.get_final_message()

    for message in (whole, streamed):
        blocks: list[Any] = list(message.content)
        assert [block.type for block in blocks] == ["thinking", "text", "tool_use", "tool_use"]
        assert (blocks[0].thinking, blocks[1].text) == ("Let me think", "Look.")
        assert blocks[0].signature
        assert [block.input for block in blocks[2:]] == [{"city": "Paris"}, {"city": "Oslo"}]
        assert message.stop_reason == "tool_use"
        assert (message.usage.input_tokens, message.usage.output_tokens) == (11, 7)


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "weather"}])
def test_a_forced_anthropic_tool_gets_the_scripted_object(
    server: Loopback, clients: Clients, choice: Any
) -> None:
    server.script(Answer('{"city": "Bern"}'))
    tools: Any = [TOOL]
    with clients.anthropic.messages.stream(
        model="m", messages=ASKED, max_tokens=9, tools=tools, tool_choice=choice
    ) as stream:
        block: Any = stream.get_final_message().content[0]

    assert (block.type, block.name, block.input) == ("tool_use", "weather", {"city": "Bern"})


@pytest.mark.parametrize(
    ("finish", "words"),
    [
        ("stop", ("stop", "stop", "end_turn")),
        ("length", ("length", "length", "max_tokens")),
        ("content_filter", ("stop", "content_filter", "refusal")),
    ],
)
def test_each_protocol_has_its_word_for_the_finish(
    server: Loopback, clients: Clients, finish: Any, words: tuple[str, ...]
) -> None:
    server.script(*[Answer("Hi", finish=finish)] * 3)

    assert words == (
        clients.ollama.chat("m", ASKED).done_reason,
        clients.openai.chat.completions.create(model="m", messages=ASKED).choices[0].finish_reason,
        clients.anthropic.messages.create(model="m", messages=ASKED, max_tokens=9).stop_reason,
    )


@every_speaker
def test_listings_keep_their_order(server: Loopback, clients: Clients, speaker: str) -> None:
    server.models = ["zebra:7b", "alpha:latest"]

    assert clients.listed(speaker) == ["zebra:7b", "alpha:latest"]


def test_ollama_shows_and_embeds(server: Loopback, clients: Clients) -> None:
    server.capabilities["llama3.2:latest"] = ["completion", "vision"]
    vectors = clients.ollama.embed("m", ["a", "b", "a"]).embeddings

    assert clients.ollama.show("llama3.2:latest").capabilities == ["completion", "vision"]
    assert clients.ollama.show("llama3.2").modelinfo
    assert vectors[0] == vectors[2] != vectors[1]
    with pytest.raises(ollama.ResponseError, match="'nobody' not found"):
        clients.ollama.show("nobody")


def test_openai_embeds_in_numbers_and_in_base64(clients: Clients) -> None:
    packed = clients.openai.embeddings.create(model="m", input="a").data[0].embedding
    plain = clients.openai.embeddings.create(model="m", input="a", encoding_format="float")

    assert packed == pytest.approx(plain.data[0].embedding)


def test_plain_http_sees_the_version(server: Loopback) -> None:
    with urllib.request.urlopen(f"{server.url}/api/version") as page:
        assert json.load(page) == {"version": "0.12.6"}

    with urllib.request.urlopen(server.url) as page:
        assert page.read() == b"Ollama is running"


@every_speaker
def test_a_missing_model_is_not_found(clients: Clients, speaker: str) -> None:
    with pytest.raises(
        (ollama.ResponseError, openai.NotFoundError, anthropic.NotFoundError)
    ) as told:
        clients.ask(speaker, "missing")

    assert getattr(told.value, "status_code", None) == 404
    assert "missing" in str(told.value)


@every_speaker
def test_an_answer_may_reject_some_models(server: Loopback, clients: Clients, speaker: str) -> None:
    server.script(*[Answer("Hi", reject_models=["old"])] * 2)
    with pytest.raises(NOT_FOUND):
        clients.ask(speaker, "old")

    assert clients.ask(speaker, "new") == "Hi"


STATUS_ERRORS = [
    (400, "BadRequestError"),
    (401, "AuthenticationError"),
    (403, "PermissionDeniedError"),
    (429, "RateLimitError"),
    (500, "InternalServerError"),
]


@pytest.mark.parametrize(("status", "name"), STATUS_ERRORS)
def test_errors_have_their_official_types(
    server: Loopback, clients: Clients, status: int, name: str
) -> None:
    server.script(*[Answer.error(status, "slow down", headers={"retry-after": "1"})] * 3)
    with pytest.raises(ollama.ResponseError, match="slow down") as ours:
        clients.ask("ollama")

    with pytest.raises(getattr(openai, name), match="slow down") as theirs:
        clients.ask("openai")

    with pytest.raises(getattr(anthropic, name), match="slow down") as others:
        list(clients.stream("anthropic"))

    assert ours.value.status_code == status
    assert theirs.value.response.headers["retry-after"] == "1"
    assert theirs.value.request_id == others.value.request_id == "req_loopback"


@every_speaker
def test_a_required_key_is_required(server: Loopback, speaker: str) -> None:
    server.require_key = "sk-right"
    server.script(Answer("Welcome"))
    refused = (ollama.ResponseError, openai.AuthenticationError, anthropic.AuthenticationError)
    wrong = contextlib.closing(Clients(server.url, "sk-wrong"))
    with wrong as clients, pytest.raises(refused) as told:
        clients.ask(speaker)

    with contextlib.closing(Clients(server.url, "sk-right")) as right:
        assert right.listed(speaker) == server.models
        assert right.ask(speaker) == "Welcome"

    assert getattr(told.value, "status_code", None) == 401


@every_speaker
def test_an_error_may_repeat_the_key(server: Loopback, clients: Clients, speaker: str) -> None:
    server.script(Answer.error(401, "No entry", echo_key=True))
    with pytest.raises(Exception, match=r"No entry \(key: sk-test\)"):
        clients.ask(speaker)


@every_speaker
def test_a_listing_may_be_scripted_too(server: Loopback, clients: Clients, speaker: str) -> None:
    path = "/api/tags" if speaker == "ollama" else "/v1/models"
    server.script_path(path, Answer.error(500, "no list today"))
    with pytest.raises(Exception, match="no list today"):
        clients.listed(speaker)

    assert clients.listed(speaker) == server.models


@every_speaker
def test_requests_are_seen_in_order_and_reuse_a_connection(
    server: Loopback, clients: Clients, speaker: str
) -> None:
    clients.ask(speaker, "first")
    list(clients.stream(speaker, "second"))
    seen = server.wait_for(2)

    assert [one.body["model"] for one in seen] == ["first", "second"]
    assert {one.connection for one in seen} == {1}
    assert {one.method for one in seen} == {"POST"}
    assert {one.key for one in seen} == {"sk-test"}
    assert all(one.finished.wait(5) and not one.hung_up.is_set() for one in seen)


@every_speaker
def test_a_hang_up_in_mid_stream_is_noticed(
    server: Loopback, clients: Clients, speaker: str
) -> None:
    server.script(Answer("one two three", pace=30))
    with contextlib.closing(clients.stream(speaker)) as pieces:
        assert next(pieces) == "one "

    assert server.requests[0].hung_up.wait(5)
    assert server.requests[0].finished.wait(5)


def test_a_hang_up_before_the_headers_is_noticed(server: Loopback) -> None:
    server.script(Answer("late", delay=30))
    line = socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=5)
    line.sendall(b"POST /api/chat HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
    seen = server.wait_for(1)[0]
    assert not seen.hung_up.is_set()
    line.close()

    assert seen.hung_up.wait(5)


def test_waiting_for_requests_that_never_come_says_so(server: Loopback, clients: Clients) -> None:
    clients.ask("ollama")
    with pytest.raises(TimeoutError, match="1 of 2 requests"):
        server.wait_for(2, timeout=0.01)

    server.clear()
    assert server.requests == []
