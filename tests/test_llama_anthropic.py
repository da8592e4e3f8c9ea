"""Anthropic's protocol in full, as a real llama.cpp server takes it.

Law: as `test_llama.py`: nothing is said of the words, of which there may be none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from pydantic import BaseModel

from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.media import DocumentPart
from mojentic_nb.messages import LLMMessage, MessageRole
from mojentic_nb.request import ChatRequest
from tests.gateways.requests import LOOK, ask
from tests.real_server import LlamaServer

pytestmark = pytest.mark.llama

BOUND = CompletionConfig(temperature=0.8, max_tokens=24)


@pytest.fixture
def gateway(llama: LlamaServer) -> AnthropicGateway:
    return AnthropicGateway(base_url=llama.url)


@pytest.fixture
def broker(gateway: AnthropicGateway, llama: LlamaServer) -> LLMBroker:
    return LLMBroker(llama.model, gateway, config=BOUND)


def test_tokens_are_counted_as_they_are_read(gateway: AnthropicGateway, broker: LLMBroker) -> None:
    plain = gateway.count_tokens(replace(ask(), model=broker.model))
    with_tool = gateway.count_tokens(replace(ask(tools=(LOOK,)), model=broker.model))

    assert broker.generate("hi").usage.input_tokens == plain < with_tool


def test_a_document_is_read(gateway: AnthropicGateway, broker: LLMBroker) -> None:
    document = DocumentPart(media_type="text/plain", text="word " * 100, name="a.txt")
    messages = (LLMMessage(content="hi", parts=(document,)),)
    asked = ChatRequest(model=broker.model, messages=messages)

    reply = broker.generate(list(messages))
    assert reply.usage.input_tokens == gateway.count_tokens(asked) > 100


def test_marks_for_the_cache_do_no_harm(broker: LLMBroker) -> None:
    config = BOUND.model_copy(update={"cache_prompt": True})
    reply = broker.generate([LLMMessage.system("S"), LLMMessage.user("hi")], config=config)
    assert reply.usage.input_tokens


def test_a_text_to_stop_at(broker: LLMBroker) -> None:
    reply = broker.generate("hi", stop=["e", "a", "o", "i"])
    assert not set(reply) & set("eaoi")
    assert reply.finish_reason == "stop"


@pytest.mark.parametrize("effort", ["low", "disabled"])
def test_thinking_may_be_asked_for(broker: LLMBroker, effort: str) -> None:
    config = CompletionConfig(max_tokens=1100, stop="e", temperature=0.8, reasoning_effort=effort)
    assert broker.generate("hi", config=config).finish_reason == "stop"


def test_thoughts_are_taken_back(broker: LLMBroker) -> None:
    said = LLMMessage(role=MessageRole.Assistant, content="4", thinking="2+2")
    config = BOUND.model_copy(update={"retain_reasoning": True})
    talk = [LLMMessage.user("2+2?"), said, LLMMessage.user("again?")]
    assert broker.generate(talk, config=config).finish_reason in ("stop", "length")


class Place(BaseModel):
    x: Literal[1, 2]
    kind: Literal["town", "hill"]


@pytest.mark.parametrize("effort", [None, "low"])
def test_an_object_is_made(broker: LLMBroker, effort: str | None) -> None:
    config = CompletionConfig(temperature=0.8, max_tokens=1100, reasoning_effort=effort)
    assert isinstance(broker.generate_object("Where?", Place, config), Place)
