"""From real calls to spans: one closed span each, with the right parent, however it ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb import ids
from mojentic_nb.broker import LLMBroker
from mojentic_nb.clock import FrozenClock
from mojentic_nb.errors import MojenticError
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.retry import Retry
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.place import Cell, Place, current_place, in_session, standing, within
from mojentic_nb.tools import AsyncParallelToolRunner, ToolWrapper, tool
from mojentic_nb.tracer.finished import Finished
from mojentic_nb.tracer.recorder import Recorder
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.shapes import Shape, every_shape

ONCE = Retry(attempts=1)


class Heard(list[Finished]):
    """What a recorder handed on, by kind."""

    def __init__(self) -> None:
        super().__init__()
        self.recorder = Recorder(self.take)
        self._news = threading.Condition()

    def take(self, done: Finished) -> None:
        with self._news:
            self.append(done)
            self._news.notify_all()

    def wait(self, kind: str) -> Finished:
        with self._news:
            assert self._news.wait_for(lambda: self.of(kind), 10)
        return self.only(kind)

    def of(self, kind: str) -> list[Finished]:
        return [one for one in self if one.kind == kind]

    def only(self, kind: str) -> Finished:
        (found,) = self.of(kind)
        return found


@pytest.fixture
def heard() -> Heard:
    return Heard()


def broker(loopback: Loopback, heard: Heard, **how: Any) -> LLMBroker:
    how.setdefault("retry", ONCE)
    return LLMBroker("m", OpenAIGateway("k", f"{loopback.url}/v1"), tracer=heard.recorder, **how)


@every_shape
def test_a_call_is_one_span_without_a_parent(
    loopback: Loopback, heard: Heard, shape: Shape
) -> None:
    loopback.script(Answer("one two three"))
    outcome = shape.run(broker(loopback, heard), "hi")

    assert outcome.error is None
    (span,) = heard
    assert (span.kind, span.status, span.place.parent_id) == ("llm", "ok", "")
    assert span.place.trace_id == ids.trace_id_of(span.correlation_id)
    assert span.asked is not None
    assert span.asked.request.messages[-1].content == "hi"
    assert span.answer is not None
    assert span.answer.text == "one two three"
    assert span.start_ns <= span.end_ns
    assert len(heard.recorder) == 0


def test_tools_stand_under_the_turn_and_between_its_calls(loopback: Loopback, heard: Heard) -> None:
    loopback.script(Answer(tools=[ToolUse("add", {"a": 1, "b": 2})]), Answer("3"))
    broker(loopback, heard).generate("1+2?", tools=[add])

    first, second = heard.of("llm")
    turn, used = heard.only("chat_turn"), heard.only("tool")
    assert {one.place.parent_id for one in (first, second, used)} == {turn.place.span_id}
    assert turn.place.parent_id == ""
    assert turn.start_ns <= first.start_ns <= first.end_ns <= used.start_ns
    assert used.start_ns <= used.end_ns <= second.end_ns <= turn.end_ns
    assert len({one.place.span_id for one in heard}) == 4
    assert len({one.place.trace_id for one in heard}) == 1
    assert used.batch_id == ""
    assert used.returned is not None
    assert used.returned.text == "3"


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def test_tools_at_once_share_a_batch(loopback: Loopback, heard: Heard) -> None:
    meeting = threading.Barrier(2, timeout=60)

    @tool
    def meet(name: str) -> str:
        """Come together."""
        meeting.wait(10)
        return name

    loopback.script(
        Answer(tools=[ToolUse("meet", {"name": "a"}), ToolUse("meet", {"name": "b"})]), Answer("ok")
    )
    asked = broker(loopback, heard, tool_runner=AsyncParallelToolRunner(2))
    asked.generate("meet", tools=[meet])

    batch = heard.only("tool_batch")
    tools = heard.of("tool")
    assert [one.batch_id for one in tools] == [batch.place.span_id] * 2
    assert batch.attrs == {
        "tool_names": ["meet", "meet"],
        "success_count": 2,
        "failure_count": 0,
    }
    assert {one.place.parent_id for one in tools} == {batch.place.span_id}
    assert batch.place.parent_id == heard.only("chat_turn").place.span_id
    assert max(one.start_ns for one in tools) < min(one.end_ns for one in tools)


@every_shape
def test_a_failed_call_is_one_closed_span(loopback: Loopback, heard: Heard, shape: Shape) -> None:
    loopback.script(Answer.error(400, "no"))
    outcome = shape.run(broker(loopback, heard), "hi")

    assert outcome.error is not None
    (span,) = heard
    assert (span.kind, span.status) == ("llm", "error")
    assert type(span.error) is type(outcome.error)
    assert len(heard.recorder) == 0


def test_attempts_are_one_span_that_counts_them(loopback: Loopback, heard: Heard) -> None:
    loopback.script(Answer.error(503, "wait"), Answer.error(503, "wait"), Answer("at last"))
    asked = broker(loopback, heard, retry=Retry(jitter_s=0), clock=FrozenClock())
    asked.generate("hi")

    (span,) = heard
    assert (span.status, span.retries, span.wait_s) == ("ok", 2, 1.5)
    assert (span.end_ns - span.start_ns) / 1e9 == pytest.approx(1.5)


def test_a_fallback_is_a_failed_span_and_a_good_one(loopback: Loopback, heard: Heard) -> None:
    loopback.script(Answer.error(503, "down"), Answer("here"))
    other = OpenAIGateway("k", f"{loopback.url}/v1")
    broker(loopback, heard, fallback=[other]).generate("hi")

    bad, good = heard
    assert [bad.status, good.status] == ["error", "ok"]
    assert bad.place.span_id != good.place.span_id


@pytest.mark.parametrize("tools", [[], [add]])
def test_an_abandoned_stream_is_closed_and_says_so(
    loopback: Loopback, heard: Heard, tools: list[Any]
) -> None:
    loopback.script(Answer("one two three four", fault=Fault.SILENT))
    stream = broker(loopback, heard).generate_stream("hi", tools=tools)
    with closing(stream) as pieces:
        next(pieces)

    assert {one.status for one in heard} == {"abandoned"}
    assert {one.error_type for one in heard} == {"stream_abandoned"}
    assert heard.only("llm").partial.startswith("one")
    assert len(heard) == (2 if tools else 1)
    assert len(heard.recorder) == 0


def test_a_cancelled_job_is_closed_and_says_so(loopback: Loopback, heard: Heard) -> None:
    loopback.script(Answer("one two", fault=Fault.SILENT))
    job = broker(loopback, heard).submit("hi")
    next(event for event in job.events() if type(event).__name__ == "TextDelta")
    job.cancel()
    with pytest.raises(MojenticError):
        job.result(10)

    span = heard.wait("llm")
    assert (span.status, span.error_type) == ("cancelled", "cancelled")


def test_what_was_refused_before_it_was_sent_is_a_span_too(
    loopback: Loopback, heard: Heard
) -> None:
    class Never:
        def around_model(self, call: Any, proceed: Any) -> Iterator[Any]:
            raise MojenticError("not today")
            yield

    asking = broker(loopback, heard, policies=[Never()])
    with pytest.raises(MojenticError):
        asking.generate("my secret")

    done = heard.only("llm")
    assert done.status == "error"
    assert done.asked is not None
    assert (done.asked.model, done.asked.gateway) == (asking.model, asking.gateway)
    assert done.asked.request is None, "no policy that redacts has seen it"


def test_a_policys_own_error_closes_the_span(loopback: Loopback, heard: Heard) -> None:
    class Breaks:
        def around_model(self, call: Any, proceed: Any) -> Iterator[Any]:
            yield from proceed(call)
            raise ZeroDivisionError

    loopback.script(Answer("ok"))
    with pytest.raises(ZeroDivisionError):
        broker(loopback, heard, policies=[Breaks()]).generate("hi", tools=[add])

    assert heard.only("chat_turn").error_type == "ZeroDivisionError"
    assert len(heard.recorder) == 0


@every_shape
def test_a_model_called_by_a_tool_stands_under_it(
    loopback: Loopback, heard: Heard, shape: Shape
) -> None:
    expert = ToolWrapper(broker(loopback, heard), "expert", "Knows.")
    loopback.script(
        Answer(tools=[ToolUse("expert", {"input": "why?"})]), Answer("because"), Answer("so")
    )
    outcome = shape.run(broker(loopback, heard), "why?", tools=[expert])
    assert outcome.error is None
    used = heard.only("tool")
    inner = [one for one in heard.of("llm") if one.place.parent_id == used.place.span_id]
    assert [one.answer.text for one in inner if one.answer] == ["because"]
    assert len({one.place.trace_id for one in heard}) == 1


def test_a_thread_of_the_tools_own_knows_its_place_when_wrapped(
    loopback: Loopback, heard: Heard
) -> None:
    from mojentic_nb.tracer.handle import wrapped

    asked = broker(loopback, heard)

    @tool
    def apart() -> str:
        """Ask elsewhere."""
        with ThreadPoolExecutor(1) as pool:
            return str(pool.submit(wrapped(asked.generate), "inner").result())

    loopback.script(Answer(tools=[ToolUse("apart", {})]), Answer("inner"), Answer("outer"))
    asked.generate("go", tools=[apart])

    used = heard.only("tool")
    inner = next(one for one in heard.of("llm") if one.place.parent_id == used.place.span_id)
    assert inner.answer is not None
    assert inner.answer.text == "inner"


def test_a_stream_leaks_no_place_to_its_reader(loopback: Loopback, heard: Heard) -> None:
    loopback.script(Answer("one two three"), Answer("other"))
    asked = broker(loopback, heard)
    stream = asked.generate_stream("hi")
    next(stream)
    assert current_place.get() is None
    asked.generate("between")
    list(stream)

    assert [one.place.parent_id for one in heard] == ["", ""]


def test_a_call_knows_its_cell_and_session_when_it_was_planned(
    loopback: Loopback, heard: Heard
) -> None:
    loopback.script(Answer("a"), Answer("b"))
    standing.cell, standing.session_id = Cell(7, "abc", "1+1"), "mine"
    try:
        stream = broker(loopback, heard).generate_events("hi")
        with in_session("other"):
            later = broker(loopback, heard).submit("hi")
    finally:
        standing.cell, standing.session_id = None, ""
    list(stream)
    later.result(10)

    told = {
        (one.place.cell.number if one.place.cell else None, one.place.session_id) for one in heard
    }
    assert told == {(7, "mine"), (7, "other")}


def test_calls_in_tasks_stand_under_the_span_around_them(loopback: Loopback, heard: Heard) -> None:
    loopback.script(Answer("a"), Answer("b"))
    around = Place("f" * 32, "e" * 16)

    async def both() -> None:
        with within(around):
            await asyncio.gather(*(broker(loopback, heard).agenerate("hi") for _ in range(2)))

    asyncio.run(both())
    assert {one.place.parent_id for one in heard} == {around.span_id}


def test_a_replay_has_the_times_of_its_recording(
    loopback: Loopback, heard: Heard, tmp_path: Path
) -> None:
    loopback.script(
        Answer("a b c", pace=0.02), Answer(tools=[ToolUse("add", {"a": 1, "b": 2})]), Answer("3")
    )

    def day(heard: Heard, cassette: Cassette) -> list[tuple[str, int, int]]:
        asked = broker(loopback, heard, cassette=cassette)
        asked.generate_response("hi", config=None)
        asked.generate("1+2?", tools=[add])
        calls = [one for one in heard if one.kind == "llm"]
        first = calls[0].start_ns
        return [(one.kind, one.start_ns - first, one.end_ns - one.start_ns) for one in calls]

    with Cassette(tmp_path / "day.cassette", mode="record") as cassette:
        recorded = day(heard, cassette)
    with Cassette(tmp_path / "day.cassette", mode="replay") as cassette:
        replayed = day(Heard(), cassette)
    with Cassette(tmp_path / "day.cassette", mode="replay") as cassette:
        again = day(Heard(), cassette)

    assert replayed == again
    for was, now in zip(recorded, replayed, strict=True):
        assert now[0] == was[0]
        assert abs(now[1] - was[1]) < 3_000_000
        assert abs(now[2] - was[2]) < 3_000_000


def test_a_tool_nobody_announced_is_still_told(heard: Heard) -> None:
    from mojentic_nb.events import Envelope, ToolReturned

    call = LLMToolCall(name="x")
    heard.recorder(Envelope(ToolReturned(call, "t", True, 0.5), "c", 0, 10.0, None))

    assert heard.only("tool").end_ns - heard.only("tool").start_ns == 500_000_000


def test_tools_of_a_replay_follow_the_answer_that_asked_for_them(heard: Heard) -> None:
    """What was between two answers then is not what is there now: a tool's time is its own."""
    from dataclasses import replace

    from mojentic_nb.events import Answer as Answered
    from mojentic_nb.events import Envelope, ModelAnswered, ModelAsked, ToolCalled, ToolReturned

    def starts(turn: str, recorded: tuple[str, float] | None) -> list[int]:
        heard.clear()
        calls = [LLMToolCall(name=name) for name in "ab"]
        answer = Answered(asked_at=100.0, answered_at=102.0)
        told: list[tuple[Any, float]] = [
            (ModelAsked("m", 1), 100.0),
            (ModelAnswered(replace(answer, recorded=recorded)), 102.0),
            *((ToolCalled(call), 107.0) for call in calls),
            *((ToolReturned(call, "t", True, 0.5, began_at=107.0), 107.5) for call in calls),
        ]
        for number, (event, at) in enumerate(told):
            heard.recorder(Envelope(event, turn, number, at, None))
        end_ns = heard.only("llm").end_ns
        return [one.start_ns - end_ns for one in heard.of("tool")]

    assert starts("now", None) == [5_000_000_000, 5_000_000_000]
    assert starts("then", ("run", 3.0)) == [1000, 2000]
