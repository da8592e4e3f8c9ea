"""The demo model behind the gateway's door: no network, its pace, and Ollama's decoder."""

from __future__ import annotations

import socket

import pytest
from pydantic import BaseModel

from mojentic_nb.broker import LLMBroker
from mojentic_nb.clock import FrozenClock
from mojentic_nb.errors import BadArgument
from mojentic_nb.gateways.demo import PACE_S, DemoGateway
from tests.shapes import Shape, every_shape


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the demo model went to the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@every_shape
def test_it_answers_in_every_shape(shape: Shape) -> None:
    outcome = shape.run(LLMBroker("demo"), "Who are you?")
    again = shape.run(LLMBroker("demo"), "Who are you?")

    assert outcome.error is None
    assert "demo" in outcome.text.lower()
    assert outcome.text == again.text


@every_shape
def test_a_word_takes_its_time(shape: Shape) -> None:
    clock = FrozenClock()
    broker = LLMBroker("demo", DemoGateway(pace_s=0.25, clock=clock))
    outcome = shape.run(broker, "Who are you?")

    assert set(clock.waits) == {0.25}
    assert len(clock.waits) >= (len(outcome.text.split()) if shape.streams else 1)


def test_its_own_pace_and_none_under_test(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FrozenClock()
    gateway = DemoGateway(clock=clock)
    LLMBroker("demo", gateway).generate("hi")
    assert clock.waits == []

    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    LLMBroker("demo", gateway).generate("hi")
    assert set(clock.waits) == {PACE_S}


def test_a_pace_below_nothing_is_refused() -> None:
    with pytest.raises(BadArgument, match="pace_s"):
        DemoGateway(pace_s=-1)


def test_it_uses_a_tool_and_fills_a_form() -> None:
    class Person(BaseModel):
        name: str
        age: int

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    broker = LLMBroker("demo")
    assert broker.generate("What is 3 + 4?", tools=[add]).tool_results[0].text == "7"
    assert broker.generate_object("Ada is 36", Person) == Person(name="Ada", age=36)


def test_it_lists_itself_and_needs_no_key() -> None:
    gateway = DemoGateway()
    assert gateway.get_available_models() == ["demo"]
    assert not gateway.has_key
    assert not gateway.needs_key
    assert repr(gateway) == "DemoGateway()"
