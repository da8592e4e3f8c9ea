"""Mojentic's own words on a tracer: its methods, its events, its parameters."""

from __future__ import annotations

import inspect

from mojentic_nb.tools import AsyncParallelToolRunner
from mojentic_nb.tracer import (
    LLMCallTracerEvent,
    LLMResponseTracerEvent,
    ToolBatchTracerEvent,
    ToolCallTracerEvent,
    TracerSystem,
)
from tests.loopback import Answer, Loopback, ToolUse
from tests.tracer.test_system import add, asking, tracer

__all__ = ["tracer"]


def test_mojentics_methods_show_their_parameters() -> None:
    def named(method: str) -> list[str]:
        return list(inspect.signature(getattr(TracerSystem, method)).parameters)[1:]

    assert named("record_llm_call")[:4] == ["model", "messages", "temperature", "tools"]
    assert named("record_llm_response")[:4] == [
        "model",
        "content",
        "tool_calls",
        "call_duration_ms",
    ]
    assert named("record_tool_call")[:4] == ["tool_name", "arguments", "result", "caller"]
    assert named("record_tool_batch")[:3] == ["batch_id", "tool_names", "success_count"]
    assert named("record_agent_interaction")[:3] == ["from_agent", "to_agent", "event_type"]
    assert named("get_events")[:4] == ["event_type", "start_time", "end_time", "filter_func"]
    assert named("get_last_n_tracer_events") == ["n", "event_type"]


def test_nothing_told_by_hand_is_heard_while_disabled(tracer: TracerSystem) -> None:
    tracer.disable()
    tracer.record_llm_response("m", "x")
    tracer.record_tool_call("t", {}, 1)
    tracer.record_tool_batch("b", ["t"], 1, 0, 1.0)
    tracer.record_agent_interaction("a", "b", "Asked")
    tracer.record_event(LLMCallTracerEvent(timestamp=1.0, model="m", messages=[]))
    assert (tracer.get_events(), tracer.spans(), tracer.stats()["open"]) == ([], [], 0)

    tracer.enable()
    tracer.record_tool_batch("b", ["t"], 1, 0, 1.0)
    tracer.record_event(ToolCallTracerEvent(timestamp=1.0, tool_name="t", arguments={}, result=1))
    tracer.record_agent_interaction("a", "b", "Asked")
    assert [type(event).__name__ for event in tracer.query(type="AgentInteraction", to_agent="b")]
    assert tracer.query(type="AgentInteraction", to_agent="c") == []
    assert [span.kind for span in tracer.spans()] == ["tool", "tool_batch", "agent"]


def test_tools_side_by_side_are_a_batch_that_counts_them(
    loopback: Loopback, tracer: TracerSystem
) -> None:
    wrong = ToolUse("add", {"a": 1, "b": "many"})
    loopback.script(Answer(tools=[ToolUse("add", {"a": 1, "b": 2}), wrong]), Answer("3"))
    broker = asking(loopback, tracer)
    broker.generate("1+2?", tools=[add], tool_runner=AsyncParallelToolRunner(2))

    (batch,) = tracer.get_events(ToolBatchTracerEvent)
    assert (batch.tool_names, batch.success_count, batch.failure_count) == (["add", "add"], 1, 1)
    assert batch.batch_id == tracer.tools_df.batch_id[0]
    assert "1 ok / 1 failed" in batch.printable_summary()


def test_a_streams_tokens_and_reason_are_in_its_event(
    loopback: Loopback, tracer: TracerSystem
) -> None:
    loopback.script(Answer("one two", usage=(3, 2), thinking="hm"))
    assert list(asking(loopback, tracer).generate_stream("hi"))

    (response,) = tracer.get_events(LLMResponseTracerEvent)
    assert response.usage == {"input_tokens": 3, "output_tokens": 2}
    assert (response.finish_reason, response.provider_model, response.thinking) == (
        "stop",
        "m",
        "hm",
    )
    assert response.call_duration_ms > 0
    assert response.metadata["provider"] == "openai"


def test_clear_forgets_the_events(tracer: TracerSystem) -> None:
    tracer.record_tool_call("t", {}, 1)
    assert len(tracer.get_events()) == 1
    tracer.clear()
    assert tracer.get_events() == []
