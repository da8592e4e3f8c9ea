"""The loopback server's newer words of OpenAI's, against the official client.

Law: nothing here imports mojentic_nb: what this client accepts, our decoders may be
tested with.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.loopback.clients import ASKED, Clients

PARIS = ToolUse("weather", {"city": "Paris"})
OSLO = ToolUse("weather", {"city": "Oslo"})
SEALED: Any = ["reasoning.encrypted_content", "message.output_text.logprobs"]


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as running:
        yield running


@pytest.fixture
def client(server: Loopback) -> Iterator[openai.OpenAI]:
    with contextlib.closing(Clients(server.url)) as opened:
        yield opened.openai


def both(server: Loopback, client: openai.OpenAI, answer: Answer, **asked: Any) -> list[Any]:
    """The same answer, whole and put together from its stream."""
    server.script(answer, answer)
    whole = client.responses.create(model="m", input="hi", **asked)
    with client.responses.stream(model="m", input="hi", **asked) as stream:
        for _ in stream:
            pass
        return [whole, stream.get_final_response()]


def test_a_response_says_everything(server: Loopback, client: openai.OpenAI) -> None:
    answer = Answer("Look there.", tools=[PARIS, OSLO], thinking="Let me think", usage=(3, 4))
    for found in both(server, client, answer, include=SEALED, top_logprobs=2):
        kinds = [item.type for item in found.output]
        assert kinds == ["reasoning", "message", "function_call", "function_call"]
        assert found.output[0].summary[0].text == "Let me think"
        assert found.output[0].encrypted_content
        assert found.output_text == "Look there."
        told = found.output[1].content[0].logprobs
        assert [(one.token, len(one.top_logprobs)) for one in told] == [("Look ", 2), ("there.", 2)]
        arguments = [json.loads(item.arguments) for item in found.output[2:]]
        assert arguments == [{"city": "Paris"}, {"city": "Oslo"}]
        assert (found.status, found.usage.input_tokens, found.usage.output_tokens) == (
            "completed",
            3,
            4,
        )


@pytest.mark.parametrize(
    ("finish", "why"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
def test_a_response_may_be_incomplete(
    server: Loopback, client: openai.OpenAI, finish: Any, why: str
) -> None:
    server.script(*[Answer("Hi", finish=finish)] * 2)
    whole = client.responses.create(model="m", input="hi")
    with client.responses.create(model="m", input="hi", stream=True) as events:
        last: Any = list(events)[-1]

    assert last.type == "response.incomplete"
    for found in (whole, last.response):
        assert found.status == "incomplete"
        assert found.incomplete_details.reason == why


def test_a_response_that_fails_says_so(server: Loopback, client: openai.OpenAI) -> None:
    server.script(Answer("Hi there you", fault=Fault.ERROR_FRAME))
    with client.responses.create(model="m", input="hi", stream=True) as events:
        last: Any = list(events)[-1]

    assert (last.type, last.code, last.message) == ("error", "server_error", "Overloaded")


def test_a_refused_response_has_its_official_type(server: Loopback, client: openai.OpenAI) -> None:
    server.script(Answer.error(429, "slow down", headers={"retry-after": "1"}))
    with pytest.raises(openai.RateLimitError, match="slow down") as refused:
        client.responses.create(model="m", input="hi")

    assert refused.value.request_id == "req_loopback"


def test_chat_tells_logprobs_where_they_are_asked_for(
    server: Loopback, client: openai.OpenAI
) -> None:
    server.script(*[Answer("Hi you")] * 3)
    asked: dict[str, Any] = {"model": "m", "messages": ASKED, "logprobs": True, "top_logprobs": 1}
    whole = client.chat.completions.create(**asked).choices[0].logprobs
    with client.chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion().choices[0].logprobs

    for found in (whole, streamed):
        assert found is not None
        assert [one.token for one in found.content or []] == ["Hi ", "you"]
        assert [len(one.top_logprobs) for one in found.content or []] == [1, 1]

    unasked = client.chat.completions.create(model="m", messages=ASKED)
    assert unasked.choices[0].logprobs is None
