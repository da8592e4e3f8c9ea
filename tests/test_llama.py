"""A real llama.cpp server through both protocols it speaks.

Law: the text is noise, so nothing is said of it; streams, usage, schemas, tool calls and
hang-ups are real. Every call has a bound: the random model seldom stops by itself.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Callable
from contextlib import aclosing, closing
from typing import Literal

import pytest
from pydantic import BaseModel

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.config import CompletionConfig
from mojentic_nb.events import ModelAsked, TextDelta, ToolCalled, TurnFinished
from mojentic_nb.gateways.anthropic import AnthropicGateway
from mojentic_nb.gateways.gateway import LLMGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from tests.real_server import LlamaServer
from tests.shapes import Shape, every_shape

pytestmark = pytest.mark.llama

GATEWAYS: dict[str, Callable[[str], LLMGateway]] = {
    "openai": lambda url: OpenAIGateway(base_url=url + "/v1"),
    "anthropic": lambda url: AnthropicGateway(base_url=url),
}
BOUND = CompletionConfig(temperature=0.8, max_tokens=24)


@pytest.fixture(params=GATEWAYS)
def gateway(request: pytest.FixtureRequest, llama: LlamaServer) -> LLMGateway:
    return GATEWAYS[request.param](llama.url)


@pytest.fixture
def broker(gateway: LLMGateway, llama: LlamaServer) -> LLMBroker:
    return LLMBroker(llama.model, gateway, config=BOUND)


@every_shape
def test_it_answers_in_every_shape(broker: LLMBroker, shape: Shape) -> None:
    # One answer of this model in some hundred has no words; three in a row never.
    outcomes = [shape.run(broker, "Say something.") for _ in range(3)]

    assert [one.error for one in outcomes] == [None] * 3
    assert any(one.text for one in outcomes)


def test_it_counts_tokens_and_says_why_it_stopped(broker: LLMBroker) -> None:
    events = list(broker.generate_events("Say something."))
    last = events[-1]
    assert isinstance(last, TurnFinished)
    reply = broker.generate("Say something.")

    for usage in (last.answer.usage, reply.usage):
        assert usage.input_tokens is not None
        assert usage.input_tokens > 0
        assert usage.output_tokens is not None
        assert 0 < usage.output_tokens <= 24
    assert last.answer.finish_reason in ("stop", "length")
    assert last.answer.text == "".join(one.text for one in events if type(one) is TextDelta)


class Place(BaseModel):
    x: int
    kind: Literal["town", "hill"]


def test_it_fills_a_schema(llama: LlamaServer) -> None:
    broker = LLMBroker(llama.model, GATEWAYS["openai"](llama.url))
    config = CompletionConfig(temperature=0.8, max_tokens=200)
    made = broker.generate_object("Where?", Place, config)

    assert isinstance(made, Place)


def test_its_tool_calls_run_and_their_results_go_back(broker: LLMBroker) -> None:
    called: list[str] = []

    def look(at: Literal["north", "south"]) -> str:
        """Look somewhere."""
        called.append(at)
        return "a hill"

    config = CompletionConfig(temperature=0.8, max_tokens=60, max_tool_iterations=1)
    events = list(broker.generate_events("Look north with the tool.", [look], config))
    told = [event.call for event in events if isinstance(event, ToolCalled)]

    assert isinstance(events[-1], TurnFinished)
    assert [event.round for event in events if isinstance(event, ModelAsked)] == [1, 2]
    # The last call may be cut at the bound; the model is told so, and it does not run.
    assert called == [call.arguments["at"] for call in told if call.arguments]
    assert len({call.id for call in told}) == len(told) > 0


def test_models_are_listed(gateway: LLMGateway, llama: LlamaServer) -> None:
    assert gateway.get_available_models() == [llama.model]


def test_an_unknown_model_is_answered_anyway(gateway: LLMGateway) -> None:
    """llama.cpp serves its one model under any name."""
    assert LLMBroker("nobody", gateway, config=BOUND).generate("hi").usage.output_tokens


def test_a_prompt_that_is_too_long_is_refused(broker: LLMBroker) -> None:
    with pytest.raises(errors.GatewayStatus) as caught:
        broker.generate("word " * 30_000)

    assert caught.value.status == 400
    assert "context" in caught.value.message


def busy_slots(llama: LlamaServer) -> int:
    with urllib.request.urlopen(f"{llama.url}/slots") as answer:
        return sum(bool(slot["is_processing"]) for slot in json.load(answer))


def wait_until_idle(llama: LlamaServer) -> bool:
    """Whether the server stops working long before its 100 000 tokens are written."""
    return any(busy_slots(llama) == 0 for _ in range(2000))


LONG = CompletionConfig(temperature=0.8, max_tokens=100_000)


def leave_here(broker: LLMBroker) -> None:
    with closing(broker.generate_stream("Talk.", config=LONG)) as pieces:
        next(pieces)


def leave_in_a_loop(broker: LLMBroker) -> None:
    async def asked() -> None:
        async with aclosing(broker.agenerate_stream("Talk.", config=LONG)) as pieces:
            await anext(pieces)

    asyncio.run(asked())


def leave_away(broker: LLMBroker) -> None:
    job = broker.submit("Talk.", config=LONG)
    next(event for event in job.events() if type(event) is TextDelta)
    job.cancel()


@pytest.mark.parametrize("leave", [leave_here, leave_in_a_loop, leave_away])
def test_a_call_that_is_left_frees_the_model(
    broker: LLMBroker, llama: LlamaServer, leave: Callable[[LLMBroker], None]
) -> None:
    leave(broker)
    assert wait_until_idle(llama)
