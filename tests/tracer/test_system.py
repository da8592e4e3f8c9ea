"""The tracer as a person uses it: hears brokers, tells Mojentic's events, shows, keeps."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from mojentic_nb import place
from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import BadArgument, GatewayError
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.place import Cell, current_place, standing
from mojentic_nb.tools import tool
from mojentic_nb.tracer import (
    EventStore,
    LLMCallTracerEvent,
    LLMResponseTracerEvent,
    NullTracer,
    ToolCallTracerEvent,
    TracerSystem,
    current_tracer,
    null_tracer,
    use_tracer,
)
from tests.loopback import Answer, Loopback, ToolUse

KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture
def tracer() -> Iterator[TracerSystem]:
    made = TracerSystem()
    yield made
    made.close()


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def asking(loopback: Loopback, tracer: TracerSystem) -> LLMBroker:
    gateway = OpenAIGateway(KEY, f"{loopback.url}/v1")
    return LLMBroker("m", gateway, tracer=tracer, retry=Retry(attempts=1))


def test_a_finished_call_is_in_the_frames_at_once(loopback: Loopback, tracer: TracerSystem) -> None:
    loopback.script(Answer("one two", usage=(3, 2)))
    asking(loopback, tracer).generate("hi")

    (row,) = tracer.calls_df.to_dict("records")
    assert (row["provider"], row["model"], row["status"]) == ("openai", "m", "ok")
    assert (row["input_tokens"], row["output_tokens"], row["tokens_source"]) == (3, 2, "provider")
    assert (row["prompt_preview"], row["response_preview"]) == ("hi", "one two")
    said = tracer.messages_df
    assert list(zip(said.direction, said.role, said.text, strict=True)) == [
        ("in", "user", "hi"),
        ("out", "assistant", "one two"),
    ]


def test_what_a_model_thought_and_called_is_kept(loopback: Loopback, tracer: TracerSystem) -> None:
    loopback.script(
        Answer("so", thinking="hm", tools=[ToolUse("add", {"a": 1, "b": 2})]), Answer("3")
    )
    asking(loopback, tracer).generate("1+2?", tools=[add])

    response = tracer.get_events(LLMResponseTracerEvent)[0]
    assert response.content == "so"
    assert response.tool_calls[0]["name"] == "add"
    assert response.usage["input_tokens"] == 11
    assert "hm" in response.model_dump_json()
    (used,) = tracer.get_events(ToolCallTracerEvent)
    assert (used.tool_name, used.arguments, used.result) == ("add", {"a": 1, "b": 2}, "3")
    assert used.caller == tracer.tools_df.caller[0] == "LLMBroker"


def test_an_interrupted_call_is_closed_and_says_so(
    loopback: Loopback, tracer: TracerSystem
) -> None:
    @tool
    def stop() -> str:
        """Press the button."""
        raise KeyboardInterrupt

    loopback.script(Answer(tools=[ToolUse("stop", {})]))
    with pytest.raises(KeyboardInterrupt):
        asking(loopback, tracer).generate("go", tools=[stop])

    spans = tracer.spans_df.set_index("kind")
    assert spans.status.to_dict() == {"llm": "ok", "tool": "cancelled", "chat_turn": "cancelled"}
    assert spans.parent_id["tool"] == spans.span_id["chat_turn"]
    assert tracer.stats()["open"] == 0


def test_events_share_the_callers_correlation_id(loopback: Loopback, tracer: TracerSystem) -> None:
    loopback.script(Answer(tools=[ToolUse("add", {"a": 1, "b": 2})]), Answer("3"))
    asking(loopback, tracer).generate("1+2?", tools=[add], correlation_id="mine")

    kinds = [type(event) for event in tracer.get_events(correlation_id="mine")]
    assert kinds == [
        LLMCallTracerEvent,
        LLMResponseTracerEvent,
        ToolCallTracerEvent,
        LLMCallTracerEvent,
        LLMResponseTracerEvent,
    ]
    assert {event.correlation_id for event in tracer.query()} == {"mine"}


def test_metrics_count_calls_and_tools(loopback: Loopback, tracer: TracerSystem) -> None:
    assert tracer.metrics() == {
        "total_llm_calls": 0,
        "total_tool_calls": 0,
        "avg_response_time": 0.0,
    }
    loopback.script(Answer(tools=[ToolUse("add", {"a": 1, "b": 2})]), Answer("3"))
    asking(loopback, tracer).generate("1+2?", tools=[add])

    found = tracer.metrics()
    assert (found["total_llm_calls"], found["total_tool_calls"]) == (2, 1)
    assert found["avg_response_time"] == pytest.approx(tracer.calls_df.duration_s.mean())


def test_a_failed_call_is_told_without_its_key(loopback: Loopback, tracer: TracerSystem) -> None:
    loopback.script(Answer.error(401, "bad key", echo_key=True))
    with pytest.raises(GatewayError):
        asking(loopback, tracer).generate(f"my key is {KEY}")

    (row,) = tracer.calls_df.to_dict("records")
    assert (row["status"], row["error_type"], row["ok"]) == ("error", "GatewayDenied", False)
    shown = [
        tracer.messages_df.to_csv(),
        tracer.calls_df.to_csv(),
        repr(tracer),
        str(tracer.tree()),
    ]
    shown += [event.model_dump_json() for event in tracer.get_events()]
    shown += [repr(tracer.spans())]
    assert KEY not in "".join(shown)
    assert "redacted:openai_key" in shown[0]


def test_a_store_given_by_hand_hears_at_once_and_in_this_thread(loopback: Loopback) -> None:
    heard: list[tuple[str, int]] = []
    store = EventStore(lambda event: heard.append((type(event).__name__, threading.get_ident())))
    tracer = TracerSystem(store)
    loopback.script(Answer("a"))
    asking(loopback, tracer).generate("hi")

    here = threading.get_ident()
    assert heard == [("LLMCallTracerEvent", here), ("LLMResponseTracerEvent", here)]
    assert len(store.get_events()) == 2


def test_a_callback_that_fails_touches_nobody(loopback: Loopback) -> None:
    def broken(event: Any) -> None:
        raise ZeroDivisionError

    tracer = TracerSystem(EventStore(broken))
    loopback.script(Answer("a"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert asking(loopback, tracer).generate("hi") == "a"
    assert len(tracer.get_events()) == 2


def test_disabled_it_hears_nothing_and_enabled_again(
    loopback: Loopback, tracer: TracerSystem
) -> None:
    loopback.script(Answer("a"), Answer("b"))
    broker = asking(loopback, tracer)
    tracer.disable()
    broker.generate("hi")
    tracer.record_llm_call("m", [])
    assert not broker.bus
    assert tracer.get_events() == []
    tracer.enable()
    broker.generate("hi")
    assert len(tracer.calls_df) == 1


@pytest.mark.parametrize("made", [NullTracer(), null_tracer])
def test_a_null_tracer_has_everything_and_does_nothing(
    loopback: Loopback, made: NullTracer
) -> None:
    made.enable()
    loopback.script(Answer("a"))
    broker = LLMBroker("m", OpenAIGateway(KEY, f"{loopback.url}/v1"), tracer=made)
    assert not broker.bus
    broker.generate("hi")
    made.record_llm_call("m", [])
    made.record_tool_call("t", {}, None)
    with made.span("mine"):
        pass
    assert made.get_events() == made.get_last_n_tracer_events(3) == made.query() == []
    assert made.calls_df.empty
    assert made.flush()
    assert made.stats()["spans"] == 0


def test_calls_told_by_hand_stand_beside_those_heard(
    loopback: Loopback, tracer: TracerSystem
) -> None:
    loopback.script(Answer("a"))
    asking(loopback, tracer).generate("hi")
    tracer.record_llm_call("other", [{"role": "user", "content": "x"}], correlation_id="c")
    tracer.record_llm_response("other", "y", call_duration_ms=20, correlation_id="c")
    tracer.record_tool_call("t", {"a": 1}, {"b": 2}, "me", 5, correlation_id="c")
    tracer.record_agent_interaction("a", "b", "Asked", "e1")

    assert list(tracer.calls_df.model) == ["m", "other"]
    assert list(tracer.tools_df.tool) == ["t"]
    assert list(tracer.agents_df.to_agent) == ["b"]
    assert len(tracer.get_events()) == 6
    assert len(tracer.get_events(correlation_id="c")) == 3


def test_a_call_told_by_hand_and_never_answered_is_abandoned(tracer: TracerSystem) -> None:
    tracer.record_llm_call("m", [], correlation_id="c")
    assert tracer.calls_df.empty
    assert tracer.stats()["open"] == 1
    tracer.flush()
    assert list(tracer.calls_df.status) == ["abandoned"]


def test_the_last_events_are_the_last(loopback: Loopback, tracer: TracerSystem) -> None:
    loopback.script(Answer("a"), Answer("b"))
    for _ in range(2):
        asking(loopback, tracer).generate("hi")
    assert tracer.get_last_n_tracer_events(0) == []
    assert [event.content for event in tracer.get_last_n_tracer_events(1)] == ["b"]
    assert len(tracer.get_last_n_tracer_events(99)) == 4
    first = tracer.get_events()
    first.clear()
    assert len(tracer.get_events()) == 4


def test_a_block_of_ones_own_stands_around_what_it_calls(
    loopback: Loopback, tracer: TracerSystem
) -> None:
    loopback.script(Answer("a"), Answer("b"))
    with tracer.span("load", rows=3) as mine:
        asking(loopback, tracer).generate("hi")
        mine.set(done=True)
        with tracer.span("inner", kind="retrieval"):
            asyncio.run(asking(loopback, tracer).agenerate("hi"))

    assert current_place.get() is None
    spans = {span.name: span for span in tracer.spans()}
    assert spans["load"].parent_id == ""
    assert spans["inner"].parent_id == spans["load"].span_id
    assert spans["load"].attrs == '{"rows":3,"done":true}'
    assert sorted(tracer.calls_df.parent_id) == sorted(
        [spans["load"].span_id, spans["inner"].span_id]
    )
    assert len({span.trace_id for span in tracer.spans()}) == 1


def test_a_block_that_fails_says_so_and_raises(tracer: TracerSystem) -> None:
    with pytest.raises(ZeroDivisionError), tracer.span("mine"):
        raise ZeroDivisionError("never")
    (span,) = tracer.spans()
    assert (span.status, span.error_type, span.error_message) == (
        "error",
        "ZeroDivisionError",
        "never",
    )


def test_there_is_no_such_kind(tracer: TracerSystem) -> None:
    with pytest.raises(BadArgument, match="no kind"), tracer.span("x", kind="dream"):
        pass


def test_a_thread_of_ones_own_knows_its_place(loopback: Loopback, tracer: TracerSystem) -> None:
    loopback.script(Answer("a"), Answer("b"))
    broker = asking(loopback, tracer)
    with tracer.span("mine") as mine:
        threads = [threading.Thread(target=tracer.wrap(broker.generate), args=["x"])]
        threads += [threading.Thread(target=broker.generate, args=["x"])]
        for thread in threads:
            thread.start()
            thread.join()

    parents = tracer.calls_df.parent_id.fillna("")
    assert sorted(parents) == ["", mine.place.span_id]


@pytest.mark.parametrize("where", ["", "trace", "cell", "session"])
def test_pictures_show_what_is_named(
    loopback: Loopback, tracer: TracerSystem, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.script(Answer("a"), Answer("b"))
    monkeypatch.setattr(place, "standing", place.Standing())
    place.standing.cell, place.standing.session_id = Cell(1), "one"
    first = asking(loopback, tracer).generate("hi")
    place.standing.cell, place.standing.session_id = Cell(2), "two"
    asking(loopback, tracer).generate("hi")

    which = {
        "": {},
        "trace": {"trace": first.correlation_id},
        "cell": {"cell": 1},
        "session": {"session": "one"},
    }[where]
    assert (
        len(tracer.waterfall(**which).bars) == len(tracer.tree(**which).bars) == (1 if which else 2)
    )
    assert len(tracer.show(cell=-1).bars) == 1
    assert len(tracer.show().bars) == 1
    assert tracer.summary(**which).startswith("1 call ·" if which else "2 calls ·")


@pytest.mark.parametrize("which", [{"cell": 9}, {"trace": "nope"}, {"session": "nope"}])
def test_what_was_not_traced_is_said_to_be_missing(
    loopback: Loopback, tracer: TracerSystem, which: dict[str, Any]
) -> None:
    loopback.script(Answer("a"))
    asking(loopback, tracer).generate("hi")
    with pytest.raises(BadArgument, match=f"{next(iter(which.values()))!r}"):
        tracer.waterfall(**which)


def test_an_empty_tracer_shows_what_would_fill_it(tracer: TracerSystem) -> None:
    assert "no calls traced yet" in str(tracer.show())
    assert tracer.calls_df.empty
    assert repr(tracer).startswith("TracerSystem(")


def test_the_present_tracer_hears_brokers_without_one(loopback: Loopback) -> None:
    loopback.script(Answer("a"), Answer("b"))
    tracer = TracerSystem()
    use_tracer(tracer)
    try:
        assert current_tracer() is tracer
        LLMBroker("m", OpenAIGateway(KEY, f"{loopback.url}/v1")).generate("hi")
        LLMBroker("m", OpenAIGateway(KEY, f"{loopback.url}/v1"), tracer=NullTracer()).generate("hi")
    finally:
        use_tracer(None)

    assert len(tracer.calls_df) == 1


def test_a_tracer_nobody_holds_goes_away() -> None:
    import weakref

    tracer = TracerSystem()
    with tracer.span("x"):
        pass
    gone = weakref.ref(tracer._keeping.intake)
    tracer.flush()
    del tracer
    gc.collect()
    assert gone() is None


def test_standing_is_left_alone() -> None:
    assert standing.cell is None


def test_a_secret_set_in_mid_session_is_hidden_from_then_on(
    tracer: TracerSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_OWN_TOKEN", "nobody-knows-this-shape-at-all")
    LLMBroker("demo", tracer=tracer).generate("say nobody-knows-this-shape-at-all")
    assert "nobody-knows" not in tracer.messages_df.to_csv() + tracer.calls_df.to_csv()
