"""Who is asked when a model cannot answer, and when nobody is."""

from __future__ import annotations

from typing import Any

import pytest

from mojentic_nb import LLMBroker, OllamaGateway, errors, tool
from mojentic_nb.clock import FrozenClock
from mojentic_nb.events import FellBack, TextDelta
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.hooks.retry import Retry
from tests.conftest import CLOSED
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.shapes import (
    ONCE,
    PROTOCOLS,
    Protocol,
    Shape,
    every_protocol,
    every_shape,
    every_streaming_shape,
)

OLLAMA, OPENAI, ANTHROPIC = PROTOCOLS


def told_by(broker: LLMBroker) -> list[Any]:
    told: list[Any] = []
    broker.subscribe(lambda envelope: told.append(envelope.event))
    return told


@every_protocol
@every_shape
@pytest.mark.parametrize(
    "trouble",
    [Answer.error(429, "No"), Answer.error(500, "No"), Answer.error(503, "No"),
     Answer.error(529, "No"), Answer(fault=Fault.REFUSED_RESET),
     Answer("x", fault=Fault.TORN, fault_after=0)],
    ids=["429", "500", "503", "529", "reset", "torn"],
)  # fmt: skip
def test_trouble_leads_to_the_next(
    loopback: Loopback, shape: Shape, protocol: Protocol, trouble: Answer
) -> None:
    loopback.script(trouble)
    broker = protocol.broker(loopback.url, fallback=["demo"])
    told = told_by(broker)
    outcome = shape.run(broker, "hi")

    assert outcome.error is None
    assert "offline demo model" in outcome.text
    fell = [event for event in told if isinstance(event, FellBack)]
    assert [(one.failed, one.chosen) for one in fell] == [(f"{protocol.name}:m", "demo")]
    assert len(loopback.requests) == 1


@every_shape
def test_nothing_at_the_address_leads_to_the_next(shape: Shape) -> None:
    broker = LLMBroker("m", OllamaGateway(CLOSED), retry=ONCE, fallback="demo")
    assert "offline demo model" in shape.run(broker, "hi").text


@every_shape
def test_silence_before_the_first_piece_leads_to_the_next(loopback: Loopback, shape: Shape) -> None:
    loopback.script(Answer(fault=Fault.SILENT_BEFORE_HEADERS))
    broker = OPENAI.broker(loopback.url, fallback=["demo"], timeout=0.2)
    assert "offline demo model" in shape.run(broker, "hi").text


@every_protocol
@every_streaming_shape
def test_once_anything_has_come_nobody_else_is_asked(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    loopback.script(Answer("one two", fault=Fault.TORN, fault_after=1))
    outcome = shape.run(protocol.broker(loopback.url, fallback=["demo"]), "hi")

    assert isinstance(outcome.error, errors.GatewayTorn)
    assert outcome.text == "one "


@every_shape
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_mistake_stays_one(loopback: Loopback, shape: Shape, status: int) -> None:
    loopback.script(Answer.error(status, "No"))
    outcome = shape.run(OPENAI.broker(loopback.url, fallback=["demo"]), "hi")

    assert isinstance(outcome.error, errors.GatewayStatus)
    assert outcome.error.status == status


@every_shape
def test_each_is_asked_once_and_the_last_error_names_all(loopback: Loopback, shape: Shape) -> None:
    loopback.script(*[Answer.error(503, "No")] * 2, Answer.error(500, "Broken"))
    others = [OLLAMA.gateway(loopback.url), ANTHROPIC.gateway(loopback.url, api_key="k")]
    outcome = shape.run(OPENAI.broker(loopback.url, fallback=others), "hi")

    assert [seen.path for seen in loopback.requests] == [
        OPENAI.path,
        OLLAMA.path,
        ANTHROPIC.path,
    ]
    assert isinstance(outcome.error, errors.GatewayFault)
    assert "Broken" in outcome.error.message
    assert "openai:m (503), ollama:m (503)" in outcome.error.hint
    assert "openai:m (503)" in str(outcome.error)


def test_each_has_its_own_retries(loopback: Loopback) -> None:
    loopback.script(*[Answer.error(503, "No")] * 4, Answer("at last"))
    clock = FrozenClock()
    broker = OPENAI.broker(
        loopback.url,
        retry=Retry(attempts=3, jitter_s=0),
        clock=clock,
        fallback=OLLAMA.gateway(loopback.url),
    )
    assert broker.generate("hi") == "at last"
    assert [seen.path for seen in loopback.requests] == [OPENAI.path] * 3 + [OLLAMA.path] * 2
    assert clock.waits == [0.5, 1.0, 0.5]


def test_the_reply_tells_who_answered(loopback: Loopback) -> None:
    loopback.script(Answer.error(503, "No"))
    assert OPENAI.broker(loopback.url, fallback=["demo"]).generate("hi").model == "demo"


@every_shape
def test_a_turn_stays_with_who_answered(loopback: Loopback, shape: Shape) -> None:
    @tool
    def look() -> str:
        """Look."""
        return "seen"

    loopback.script(Answer.error(503, "No"), Answer(tools=[ToolUse("look")]), Answer("I saw it"))
    broker = OPENAI.broker(loopback.url, fallback=[OLLAMA.gateway(loopback.url)])
    assert shape.run(broker, "hi", tools=[look]).text == "I saw it"
    assert [seen.path for seen in loopback.requests] == [OPENAI.path, OLLAMA.path, OLLAMA.path]

    shape.run(broker, "and the next turn begins at the beginning")
    assert loopback.requests[-1].path == OPENAI.path


def test_nothing_of_the_failed_answer_is_told(loopback: Loopback) -> None:
    loopback.script(Answer.error(503, "No"), Answer("yes"))
    broker = OPENAI.broker(loopback.url, fallback=[OLLAMA.gateway(loopback.url)])
    events = list(broker.generate_events("hi"))
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["yes"]


def test_where_there_is_no_time_to_wait_the_next_is_asked(loopback: Loopback) -> None:
    loopback.script(Answer.error(429, "Slowly", headers={"Retry-After": "30"}))
    clock = FrozenClock()
    broker = OPENAI.broker(loopback.url, retry=Retry(), clock=clock, deadline=10, fallback=["demo"])
    assert broker.generate("hi").model == "demo"
    assert clock.waits == []


@pytest.mark.parametrize("given", [[7], ["nowhere", None], object()])
def test_what_names_no_model_is_refused(given: Any) -> None:
    with pytest.raises(errors.BadArgument, match="names no model"):
        LLMBroker("demo", DemoGateway(), fallback=given)
