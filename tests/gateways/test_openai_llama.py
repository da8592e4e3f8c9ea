"""A real llama.cpp server: the Responses API, and the settings whose effect can be seen.

Law: the text is noise, so nothing is said of it but what a setting makes sure of.
"""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from mojentic_nb.broker import LLMBroker
from mojentic_nb.catalogue import ModelContextWindow
from mojentic_nb.config import CompletionConfig
from mojentic_nb.events import ModelAsked, ToolCalled, TurnFinished
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.messages import LLMMessage, MessageRole
from tests.gateways.requests import ask
from tests.real_server import LlamaServer
from tests.shapes import Shape, every_shape

pytestmark = pytest.mark.llama

BOUND = CompletionConfig(temperature=0.8, max_tokens=24)


def broker(llama: LlamaServer, **settings: Any) -> LLMBroker:
    return LLMBroker(
        llama.model, OpenAIGateway(base_url=llama.url + "/v1", **settings), config=BOUND
    )


@every_shape
def test_responses_in_every_shape(llama: LlamaServer, shape: Shape) -> None:
    outcome = shape.run(broker(llama, api="responses"), "Say something.")

    assert outcome.error is None
    assert outcome.text


def test_responses_count_tokens(llama: LlamaServer) -> None:
    reply = broker(llama, api="responses").generate("Say something.")

    assert reply.usage.input_tokens
    assert reply.usage.output_tokens
    assert reply.usage.output_tokens <= 24


class Place(BaseModel):
    x: int
    kind: Literal["town", "hill"]


def test_responses_take_thoughts_back(llama: LlamaServer) -> None:
    said = LLMMessage(role=MessageRole.Assistant, content="It is 4.", thinking="2 and 2.")
    talk = [LLMMessage.user("2 + 2?"), said, LLMMessage.user("Sure?")]
    config = BOUND.model_copy(update={"retain_reasoning": True})

    assert broker(llama, api="responses").generate(talk, config=config).usage.output_tokens


def test_responses_fill_a_schema(llama: LlamaServer) -> None:
    made = broker(llama, api="responses").generate_object("Where?", Place, max_tokens=200)
    assert isinstance(made, Place)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_a_tool_that_has_to_be_called_is_called(llama: LlamaServer, api: str) -> None:
    called: list[str] = []

    def look(at: Literal["north", "south"]) -> str:
        """Look somewhere."""
        called.append(at)
        return "a hill"

    config = CompletionConfig(
        temperature=0.8, max_tokens=60, max_tool_iterations=1, tool_choice="required"
    )
    events = list(broker(llama, api=api).generate_events("Go on.", [look], config))
    told = [event.call for event in events if isinstance(event, ToolCalled)]

    assert isinstance(events[-1], TurnFinished)
    assert [event.round for event in events if isinstance(event, ModelAsked)] == [1, 2]
    # The last call may be cut at the bound; the model is told so, and it does not run.
    assert called == [call.arguments["at"] for call in told if call.arguments]
    assert len({call.id for call in told}) == len(told) > 0


@pytest.mark.parametrize("others", [0, 3])
def test_every_token_has_its_probability(llama: LlamaServer, others: int) -> None:
    events = list(broker(llama).generate_events("Say something.", logprobs=others))
    assert isinstance(events[-1], TurnFinished)
    answer = events[-1].answer

    assert "".join(one["token"] for one in answer.logprobs) == answer.text
    assert all(one["logprob"] <= 0 for one in answer.logprobs)
    assert all(len(one["top_logprobs"]) == max(others, 1) for one in answer.logprobs)


def test_a_seed_makes_an_answer_come_again(llama: LlamaServer) -> None:
    first, second = (str(broker(llama).generate("Say something.", seed=7)) for _ in range(2))
    assert first == second


def test_an_answer_ends_at_its_stop(llama: LlamaServer) -> None:
    whole = str(broker(llama).generate("Say something.", seed=7))
    word = whole.split()[3]
    stopped = str(broker(llama).generate("Say something.", seed=7, stop=word))

    assert whole.startswith(stopped)
    assert word not in stopped


def test_json_mode_gives_json(llama: LlamaServer) -> None:
    gateway = OpenAIGateway(base_url=llama.url + "/v1")
    config = CompletionConfig(temperature=0.8, max_tokens=300, seed=1, stop="}")
    exchange = gateway.exchange(ask(is_json=True, config=config))
    with gateway.transport.open(exchange.wire) as reading:
        for data in reading.chunks:
            exchange.feed(data)
    list(exchange.finish())

    assert exchange.answer(0, None, 1).text.lstrip().startswith("{")


def test_its_context_window(llama: LlamaServer) -> None:
    gateway = OpenAIGateway(base_url=llama.url + "/v1")
    assert gateway.get_model_context_window(llama.model) == ModelContextWindow(
        max_context_tokens=8192, field="meta.n_ctx_train", model_num_ctx=2048
    )
