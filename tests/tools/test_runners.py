"""Several tools at once: really at once, bounded, in order."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from mojentic_nb import FrozenClock, LLMBroker, OpenAIGateway, errors, tool
from mojentic_nb.events import ToolCalled, ToolReturned
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.tools import calling
from mojentic_nb.tools.gathering import as_tools
from mojentic_nb.tools.runners import AsyncParallelToolRunner, SerialToolRunner
from tests.loopback import Answer, Loopback, ToolUse
from tests.shapes import Shape, every_shape


def asking(loopback: Loopback, count: int) -> LLMBroker:
    uses = [ToolUse("look", {"at": place}) for place in range(count)]
    loopback.script(Answer(tools=uses), Answer("done"))
    gateway = OpenAIGateway(api_key="k", base_url=f"{loopback.url}/v1")
    return LLMBroker("m", gateway, tool_runner=AsyncParallelToolRunner(4))


def told(loopback: Loopback) -> list[str]:
    return [
        one["content"] for one in loopback.requests[1].body["messages"] if one["role"] == "tool"
    ]


@every_shape
def test_they_run_side_by_side_and_their_results_keep_their_order(
    loopback: Loopback, shape: Shape
) -> None:
    # Four must be inside together, or none comes out again.
    inside = threading.Barrier(4, timeout=30)

    @tool
    def look(at: int) -> str:
        """Look."""
        inside.wait()
        return f"seen {at}"

    outcome = shape.run(asking(loopback, 8), "go", tools=[look])
    assert outcome.error is None
    assert told(loopback) == [f"seen {at}" for at in range(8)]


@every_shape
def test_never_more_than_allowed(loopback: Loopback, shape: Shape) -> None:
    lock, now, most = threading.Lock(), [0], [0]

    @tool
    def look(at: int) -> int:
        """Look."""
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.005)
        with lock:
            now[0] -= 1
        return at

    assert shape.run(asking(loopback, 12), "go", tools=[look]).error is None
    assert 1 < most[0] <= 4


@every_shape
def test_every_call_and_return_is_told(loopback: Loopback, shape: Shape) -> None:
    @tool
    async def look(at: int) -> int:
        """Look."""
        if at == 1:
            raise ValueError("boom")
        return at

    events: list[Any] = []
    broker = asking(loopback, 3)
    broker.subscribe(lambda envelope: events.append(envelope.event))
    assert shape.run(broker, "go", tools=[look]).error is None
    assert [one.call.arguments["at"] for one in events if isinstance(one, ToolCalled)] == [0, 1, 2]
    assert [one.ok for one in events if isinstance(one, ToolReturned)] == [True, False, True]


def test_one_after_another_is_the_default(loopback: Loopback) -> None:
    seen: list[str] = []

    @tool
    def look(at: int) -> int:
        """Look."""
        seen.append(threading.current_thread().name)
        return at

    broker = asking(loopback, 3)
    broker.generate("go", [look], tool_runner=SerialToolRunner())
    assert set(seen) == {threading.current_thread().name}


@pytest.mark.parametrize("runner", [SerialToolRunner(), AsyncParallelToolRunner(2)])
def test_a_batch_by_hand(runner: Any) -> None:
    double = tool(name="double")(lambda number: 2 * number)
    calls = [LLMToolCall(id=str(n), name="double", arguments={"number": n}) for n in range(5)]
    assert [one.text for one in runner.run_batch(calls, [double])] == ["0", "2", "4", "6", "8"]


@pytest.mark.parametrize("runner", [SerialToolRunner(), AsyncParallelToolRunner(3)])
def test_one_that_fails_leaves_the_others_and_their_order(runner: Any) -> None:
    @tool
    def invert(number: int) -> float:
        """Invert a number."""
        return 1 / number

    calls = [LLMToolCall(id=str(n), name="invert", arguments={"number": n}) for n in (1, 0, 2)]
    returned = runner.run_batch(calls, [invert])
    assert [one.ok for one in returned] == [True, False, True]
    assert [one.call.id for one in returned] == ["1", "0", "2"]
    assert [returned[0].text, returned[2].text] == ["1.0", "0.5"]
    assert "ZeroDivisionError" in returned[1].text


def test_the_loop_goes_on_while_a_tool_works() -> None:
    ticks = 0

    @tool
    def work() -> int:
        """Work out something in Python until the loop has gone on, or for long."""
        for _ in range(300_000_000):
            if ticks >= 25:
                break
        return ticks

    async def ticking() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    async def turn() -> Any:
        ticker = asyncio.create_task(ticking())
        call = LLMToolCall(id="1", name="work")
        returned = await calling.arun(as_tools(work), call, FrozenClock())
        ticker.cancel()
        return returned

    assert int(asyncio.run(turn()).text) >= 25


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "4"])
def test_a_bound_is_a_whole_number_above_0(wrong: Any) -> None:
    with pytest.raises(errors.BadArgument):
        AsyncParallelToolRunner(wrong)


def test_what_is_no_runner_is_refused() -> None:
    with pytest.raises(errors.BadArgument, match="no runner"):
        LLMBroker("demo").generate("hi", tool_runner=4)
