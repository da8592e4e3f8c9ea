"""What makes no sense is refused before anything is sent or changed, with its value told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mojentic_nb import ChatSession, LLMBroker, LLMMessage
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.openai import OpenAIGateway
from tests.loopback import Loopback


def made(**how: Any) -> ChatSession:
    return ChatSession(**{"llm": LLMBroker("demo"), **how})


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"llm": None}, "llm=None"),
        ({"llm": "ollama:m"}, "LLMBroker\\('ollama:m'\\)"),
        ({"max_context": 0}, "max_context=0"),
        ({"max_context": "8k"}, "max_context='8k'"),
        ({"max_context": True}, "max_context=True"),
        ({"max_messages": 0}, "max_messages=0"),
        ({"max_messages": 2.5}, "max_messages=2.5"),
        ({"keep_partial": "maybe"}, "keep_partial='maybe'"),
        ({"strategy": "hope"}, "strategy='hope'"),
        ({"temperature": -1}, "temperature=-1"),
    ],
)
def test_a_setting_of_no_sense(how: dict[str, Any], told: str) -> None:
    with pytest.raises(BadArgument, match=told):
        made(**how)


def test_a_setting_that_is_changed_later() -> None:
    chat = made(max_context=100)
    with pytest.raises(BadArgument, match="max_context=-1"):
        chat.max_context = -1
    assert chat.max_context == 100


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda chat: chat.insert_message("text"), "'text' is no message"),
        (lambda chat: chat.append(["text"]), "'text' is no Exchange"),
        (lambda chat: chat.undo("all"), "number='all'"),
        (lambda chat: chat.undo(-1), "number=-1"),
        (lambda chat: chat.undo(1.5), "number=1.5"),
        (lambda chat: chat.edit(None, "x"), "None is no place"),
        (lambda chat: chat.edit(False, "x"), "False is no place"),
        (lambda chat: chat.edit(-2, "x"), "no exchange -2. There are 1, from 0."),
        (lambda chat: chat.send("x", llm="demo"), "llm='demo'"),
        (lambda chat: chat.retry(model=3), "llm=3"),
        (lambda chat: chat.send(LLMMessage.assistant("x")), "assistant is no question"),
        (lambda chat: chat.send(LLMMessage.system("x")), "system is no question"),
    ],
)
def test_a_call_of_no_sense_changes_nothing(
    loopback: Loopback, wrong: Callable[[ChatSession], Any], told: str
) -> None:
    broker = LLMBroker("m", OpenAIGateway("k", f"{loopback.url}/v1"))
    chat = ChatSession(broker, max_context=10_000)
    chat.send("one")
    before = chat.exchanges, chat.branches
    with pytest.raises(BadArgument, match=told):
        wrong(chat)
    assert (chat.exchanges, chat.branches) == before
    assert len(loopback.requests) == 1


def test_what_was_put_in_for_the_system_is_no_question_to_ask_again() -> None:
    chat = made()
    chat.insert_message(LLMMessage.system("x"))
    with pytest.raises(BadArgument, match="system is no question"):
        chat.retry()
