"""Calls that are told as they begin, where somebody gave an event store."""

from __future__ import annotations

import gc
import json
import weakref
from typing import Any

import pytest

from mojentic_nb.errors import GatewayError
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.messages import LLMMessage
from mojentic_nb.tools import tool
from mojentic_nb.tracer import EventStore, LLMCallTracerEvent, LLMResponseTracerEvent, TracerSystem
from tests.loopback import Answer, Loopback, ToolUse
from tests.shapes import Shape, every_shape
from tests.tracer.test_system import KEY, asking


class Watch(list[Any]):
    """What a callback was told, and how many requests the server had seen by then."""

    def __init__(self, loopback: Loopback) -> None:
        super().__init__()
        self._loopback = loopback
        self.sent: list[int] = []
        self.shown: list[str] = []

    def __call__(self, event: Any) -> None:
        self.append(event)
        self.shown.append(event.model_dump_json() + repr(event))
        self.sent.append(len(self._loopback.requests))

    @property
    def kinds(self) -> list[type]:
        return [type(event) for event in self]


@pytest.fixture
def watch(loopback: Loopback) -> Watch:
    return Watch(loopback)


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


BOTH = [LLMCallTracerEvent, LLMResponseTracerEvent]


@every_shape
def test_a_call_is_told_before_it_is_sent(loopback: Loopback, watch: Watch, shape: Shape) -> None:
    loopback.script(Answer("one two"))
    tracer = TracerSystem(EventStore(watch))
    assert shape.run(asking(loopback, tracer), "hi").error is None

    assert watch.kinds == BOTH
    assert watch.sent == [0, 1]
    call, response = watch
    assert [message["content"] for message in call.messages] == ["hi"]
    assert call.span_id == response.span_id == tracer.spans()[0].span_id
    assert call.correlation_id == response.correlation_id
    assert call.timestamp <= response.timestamp
    assert tracer.get_events() == [call, response]


def test_it_names_the_tools_on_offer(loopback: Loopback, watch: Watch) -> None:
    loopback.script(Answer(tools=[ToolUse("add", {"a": 1, "b": 2})]), Answer("3"))
    tracer = TracerSystem(EventStore(watch))
    asking(loopback, tracer).generate("1+2?", tools=[add])
    first, *_, second, _ = watch
    assert first.tools == [{"name": "add", "description": "Add two numbers."}]
    assert "Available Tools: add" in first.printable_summary()
    assert [message["role"] for message in second.messages] == ["user", "assistant", "tool"]
    assert watch.sent == [0, 1, 1, 1, 2]


def test_told_later_it_names_them_too(loopback: Loopback) -> None:
    loopback.script(Answer("3"))
    tracer = TracerSystem()
    asking(loopback, tracer).generate("1+2?", tools=[add])
    assert tracer.get_events()[0].tools == [{"name": "add"}]


def test_a_call_that_is_over_holds_no_messages_of_its_own(loopback: Loopback, watch: Watch) -> None:
    loopback.script(Answer("a"))
    tracer = TracerSystem(EventStore(watch))
    said = [LLMMessage.user("hi")]
    asking(loopback, tracer).generate(said)
    call, _ = watch
    gone = weakref.ref(said.pop())
    gc.collect()
    assert gone() is None
    assert [message["content"] for message in call.messages] == ["hi"]
    tracer.clear()
    assert (list(call.messages), call.messages.n_messages) == ([], 1)


def test_a_failed_call_is_told_twice_and_not_thrice(loopback: Loopback, watch: Watch) -> None:
    loopback.script(Answer.error(401, "no"))
    with pytest.raises(GatewayError):
        asking(loopback, TracerSystem(EventStore(watch))).generate("hi")
    assert (watch.kinds, watch[1].ok) == (BOTH, False)


def test_a_fallback_is_two_calls(loopback: Loopback, watch: Watch) -> None:
    from mojentic_nb.broker import LLMBroker
    from mojentic_nb.hooks.retry import Retry

    loopback.script(Answer.error(503, "down"), Answer("here"))
    roads = [OpenAIGateway("k", f"{loopback.url}/v1") for _ in range(2)]
    tracer = TracerSystem(EventStore(watch))
    LLMBroker("m", roads[0], tracer=tracer, retry=Retry(attempts=1), fallback=roads[1:]).generate(
        "hi"
    )
    assert watch.kinds == BOTH + BOTH
    assert watch.sent == [0, 1, 1, 2]


def test_no_secret_is_told(
    loopback: Loopback, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = asking(loopback, TracerSystem(EventStore(watch)))
    monkeypatch.setenv("MY_OWN_TOKEN", "nobody-knows-this-shape-at-all")
    loopback.script(Answer("a"))
    broker.generate(f"keep {KEY} and nobody-knows-this-shape-at-all")
    assert KEY not in watch.shown[0]
    assert "nobody-knows" not in watch.shown[0]
    assert "redacted" in json.loads(watch[0].model_dump_json())["messages"][0]["content"]


@pytest.mark.parametrize("how", [{"capture": "none"}, {"sample": 0.0}])
def test_what_is_not_to_be_kept_is_only_counted(
    loopback: Loopback, watch: Watch, how: dict[str, Any]
) -> None:
    loopback.script(Answer("a"))
    asking(loopback, TracerSystem(EventStore(watch), **how)).generate("hi")
    assert (list(watch[0].messages), watch[0].messages.n_messages) == ([], 1)
