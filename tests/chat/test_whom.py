"""Who is asked, with which settings, and how much they can read: asked once, and not for long."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb import ChatSession, LLMBroker, Timeouts
from mojentic_nb.config import CompletionConfig
from mojentic_nb.errors import BadArgument, ContextOverflow, GatewayError
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.retry import Retry
from tests.chat.test_room import shows
from tests.loopback import Answer, Fault, Loopback


def ollama(loopback: Loopback, model: str = "m", **settings: Any) -> LLMBroker:
    return LLMBroker(model, OllamaGateway(host=loopback.url), retry=Retry(attempts=1), **settings)


def asked(loopback: Loopback, path: str) -> list[Any]:
    return [seen.body for seen in loopback.requests if seen.path == path]


def rooms(loopback: Loopback) -> list[int]:
    """The context that each turn asked an Ollama to make."""
    return [body["options"]["num_ctx"] for body in asked(loopback, "/api/chat")]


def test_what_a_session_leaves_open_is_the_brokers(loopback: Loopback) -> None:
    config = CompletionConfig(temperature=0.25, max_tokens=77)
    broker = LLMBroker("m", OpenAIGateway("k", f"{loopback.url}/v1"), config=config)
    chat = ChatSession(broker, max_context=10_000, temperature=0.5)
    chat.send("one")
    asyncio.run(chat.asend("two", max_tokens=7))
    chat.send("three", config=CompletionConfig(temperature=1.0))
    bodies = asked(loopback, "/v1/chat/completions")
    sent = [(body["temperature"], body.get("max_tokens")) for body in bodies]
    assert sent == [(0.5, 77), (0.5, 7), (1.0, None)]


def test_the_brokers_num_ctx_is_the_window(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(8192))
    chat = ChatSession(ollama(loopback, config=CompletionConfig(num_ctx=512)))
    chat.send("one")
    assert chat.max_context == chat.context().max_context == 512
    assert rooms(loopback) == [512]


def test_one_calls_num_ctx_is_the_window_of_that_call(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(8192))
    chat = ChatSession(ollama(loopback))
    chat.send("one")
    with pytest.raises(ContextOverflow):
        chat.send("two " * 600, num_ctx=512)
    chat.max_context = 4096
    with pytest.raises(ContextOverflow):
        chat.send("two " * 600, num_ctx=512)
    chat.send("three", num_ctx=512)
    assert rooms(loopback) == [8192, 512]
    assert len(asked(loopback, "/api/show")) == 1


def test_another_model_has_its_own_room(loopback: Loopback) -> None:
    loopback.script_path("/api/show", shows(8192), shows(2048))
    one, other = ollama(loopback), ollama(loopback, "other")
    chat = ChatSession(one)
    for llm in (one, other, one, other):
        chat.send("x", llm=llm)
    assert rooms(loopback) == [8192, 2048, 8192, 2048]
    assert len(asked(loopback, "/api/show")) == 2


def test_a_server_that_does_not_say_is_asked_once(loopback: Loopback) -> None:
    loopback.script_path("/api/show", *[Answer.error(404, "no such page")] * 4)
    one, other = ollama(loopback), ollama(loopback, "other")
    chat = ChatSession(one)
    for llm in (one, other, one, other):
        chat.send("x", llm=llm)
    assert len(asked(loopback, "/api/show")) == 2
    assert len(asked(loopback, "/api/chat")) == 4


def test_after_a_failure_it_is_asked_again(loopback: Loopback) -> None:
    loopback.script_path("/api/show", Answer.error(500, "not yet"), shows(2048))
    loopback.script_path("/api/chat", Answer.error(500, "not yet"), Answer("ok"))
    chat = ChatSession(ollama(loopback))
    with pytest.raises(GatewayError, match="not yet"):
        chat.send("x")
    chat.send("x")
    assert rooms(loopback) == [32_768, 2048]


def test_a_dead_server_is_told_of_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        gateway = OllamaGateway(host=f"http://127.0.0.1:{taken.getsockname()[1]}")
        chat = ChatSession(LLMBroker("m", gateway, retry=Retry(attempts=1)))
        with pytest.raises(GatewayError, match="not running") as told:
            chat.send("x")
    chain = [told.value.__context__, told.value.__cause__]
    assert not [one for one in chain if isinstance(one, GatewayError)]
    assert chat.exchanges == ()


def test_a_silent_server_is_waited_for_less_than_for_a_connection(loopback: Loopback) -> None:
    silent = Answer("x", fault=Fault.SILENT_BEFORE_HEADERS)
    loopback.script_path("/api/show", silent, silent)
    assert ChatSession(ollama(loopback)).send("x", timeout=0.4) == "Hello from loopback."
    broker = ollama(loopback, timeout=Timeouts(connect_s=0.2))
    assert asyncio.run(ChatSession(broker).asend("x")) == "Hello from loopback."


def test_nobody_is_asked_where_the_call_makes_no_sense(loopback: Loopback) -> None:
    chat = ChatSession(ollama(loopback))
    wrongs: list[dict[str, Any]] = [
        {"query": ""},
        {"query": "x", "timeout": -1},
        {"query": "x", "at": 3},
    ]
    for wrong in wrongs:
        with pytest.raises(BadArgument):
            chat.send(**wrong)
    assert loopback.requests == []


LONG = "x " * 100


def told(loopback: Loopback) -> list[int]:
    """How many messages went along with each turn."""
    return [len(body["messages"]) for body in asked(loopback, "/v1/chat/completions")]


def long_chat(loopback: Loopback, **settings: Any) -> ChatSession:
    broker = LLMBroker("m", OpenAIGateway("k", f"{loopback.url}/v1"), retry=Retry(attempts=1))
    chat = ChatSession(broker, **settings)
    for _ in range(4):
        chat.send(LONG)
    return chat


def test_what_one_call_has_no_room_for_is_not_left_behind(loopback: Loopback) -> None:
    chat = long_chat(loopback, max_context=10_000)
    chat.send("aside", num_ctx=200)
    chat.send("aside", llm=LLMBroker("small", chat.llm.gateway), num_ctx=200)
    assert len(chat.messages) == 13
    chat.send("again")
    assert told(loopback) == [2, 4, 6, 8, 4, 6, 14]


def test_what_was_left_behind_comes_back_where_there_is_more_room(
    loopback: Loopback, tmp_path: Path
) -> None:
    chat = long_chat(loopback, max_context=300)
    chat.save("long", store=tmp_path / "s.db")
    chat.send("five")
    few = told(loopback)[-1]
    assert few < 10
    again = ChatSession.resume("long", chat.llm, store=tmp_path / "s.db", max_context=300)
    again.send("six")
    assert told(loopback)[-1] <= few + 2
    loopback.script(Answer.error(400, "no"))
    again.max_context = 10_000
    before = again.messages
    with pytest.raises(GatewayError):
        again.send("failed")
    assert again.messages == before
    again.send("seven")
    assert told(loopback)[-1] == 14
    assert len(again.messages) == 15
