"""An interrupt closes what it finds open, wherever the reader of a stream stands, and says so."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from typing import Any

import pytest

from mojentic_nb.chat.session import ChatSession
from mojentic_nb.clock import FrozenClock
from mojentic_nb.errors import MojenticError
from mojentic_nb.events import Limited, ModelAnswered, TextDelta
from mojentic_nb.hooks.limit import RateLimit
from tests.loopback import Answer, Fault, Loopback
from tests.tracer.test_recorder import Heard, add, broker, heard

__all__ = ["heard"]  # a fixture


@pytest.mark.parametrize("tools", [[], [add]])
@pytest.mark.parametrize("leave", ["generate_stream", "generate_events", "send_stream"])
def test_a_reader_interrupted_between_two_pieces_was_interrupted(
    loopback: Loopback, heard: Heard, tools: list[Any], leave: str
) -> None:
    loopback.script(Answer("one two three four", fault=Fault.SILENT))
    asked = broker(loopback, heard)
    talker = ChatSession(asked, keep_partial="stopped") if leave == "send_stream" else asked
    with pytest.raises(KeyboardInterrupt), closing(getattr(talker, leave)("hi", tools=tools)) as it:
        for piece in it:
            if "one" in str(piece):
                raise KeyboardInterrupt  # as the stop button does while a piece is drawn

    assert {(one.status, one.error_type) for one in heard} == {("cancelled", "interrupted")}
    assert heard.only("llm").partial.startswith("one")
    assert len(heard) == (2 if tools else 1)
    assert len(heard.recorder) == 0


@pytest.mark.parametrize("leave", ["agenerate_stream", "agenerate_events", "asend_stream"])
@pytest.mark.parametrize("how", ["by a task", "by the clock"])
def test_a_reader_cancelled_between_two_pieces_was_cancelled(
    loopback: Loopback, heard: Heard, how: str, leave: str
) -> None:
    loopback.script(Answer("one two three four", fault=Fault.SILENT))
    asked = broker(loopback, heard)
    talker = ChatSession(asked) if leave.startswith("asend") else asked

    async def read() -> None:
        reader = asyncio.current_task()
        assert reader is not None
        async with asyncio.timeout(None) as ends, aclosing(getattr(talker, leave)("hi")) as pieces:
            async for piece in pieces:
                if "one" in str(piece):
                    if how == "by a task":
                        asyncio.get_running_loop().call_soon(reader.cancel)
                    else:
                        ends.reschedule(0)
                    await asyncio.Event().wait()

    with pytest.raises(asyncio.CancelledError if how == "by a task" else TimeoutError):
        asyncio.run(read())
    assert [(one.status, one.error_type) for one in heard] == [("cancelled", "cancelled")]
    assert heard.only("llm").partial.startswith("one")


def test_a_reader_who_failed_has_left(loopback: Loopback, heard: Heard) -> None:
    loopback.script(Answer("one two three four", fault=Fault.SILENT))
    with pytest.raises(ValueError), closing(broker(loopback, heard).generate_stream("hi")) as it:
        for _ in it:
            raise ValueError

    assert [(one.status, one.error_type) for one in heard] == [("abandoned", "stream_abandoned")]


def test_an_interrupt_after_the_last_word_closes_the_turn(loopback: Loopback, heard: Heard) -> None:
    """Where all is there, and nobody has heard of the end yet."""

    class Pressed(FrozenClock):
        is_over = False

        def now(self) -> float:
            if self.is_over:
                self.is_over = False
                raise KeyboardInterrupt
            return super().now()

    clock = Pressed()
    loopback.script(Answer("one two"))
    with pytest.raises(KeyboardInterrupt):
        for event in broker(loopback, heard, clock=clock).generate_events("hi", tools=[add]):
            clock.is_over = type(event) is ModelAnswered

    assert [(one.kind, one.status) for one in heard] == [("llm", "ok"), ("chat_turn", "cancelled")]
    assert len(heard.recorder) == 0


def test_a_job_cancelled_before_its_turn_came_is_a_span_too(
    loopback: Loopback, heard: Heard
) -> None:
    loopback.script(Answer("one two", fault=Fault.SILENT))
    asked = broker(loopback, heard, limit=RateLimit(concurrent=1))
    first = asked.submit("first")
    next(event for event in first.events() if type(event) is TextDelta)
    second = asked.submit("my secret")
    next(event for event in second.events() if type(event) is Limited)
    second.cancel()
    with pytest.raises(MojenticError):
        second.result(10)

    done = heard.wait("llm")
    assert (done.status, done.error_type) == ("cancelled", "cancelled")
    assert done.asked is not None
    assert (done.asked.model, done.asked.gateway) == (asked.model, asked.gateway)
    assert done.asked.request is None, "no policy that redacts has seen it"
    assert done.correlation_id == second.correlation_id
    first.cancel()
    with pytest.raises(MojenticError):
        first.result(10)
