"""A tool that takes too long is left, stopped, and the model told; so is a cancelled one."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from mojentic_nb import tool
from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import ToolError
from mojentic_nb.messages import LLMToolCall
from mojentic_nb.tools.apart import Apart
from mojentic_nb.tools.calling import arun, run, wait_apart
from mojentic_nb.tools.definition import LLMTool
from mojentic_nb.tools.gathering import as_tools

CALL = LLMToolCall(id="1", name="dawdle")


def here(one: Any, call: LLMToolCall = CALL) -> Any:
    return run(as_tools(one), call, SystemClock(), await_here=wait_apart)


def awaiting(one: Any, call: LLMToolCall = CALL) -> Any:
    return asyncio.run(arun(as_tools(one), call, SystemClock()))


every_shape = pytest.mark.parametrize("shape", [here, awaiting])


class Endless:
    """A loop in Python that notes when it was left."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.left = threading.Event()

    def __call__(self) -> None:
        self.begun.set()
        try:
            while True:
                pass
        finally:
            self.left.set()


@every_shape
def test_a_tool_that_takes_too_long_is_stopped_and_told(shape):
    endless = Endless()

    @tool(timeout_s=0.05)
    def dawdle() -> None:
        """Never end."""
        endless()

    returned = shape(dawdle)
    assert returned.ok is False
    told = json.loads(returned.text)["error"]
    assert told == "dawdle took longer than 0.05 s and was stopped."
    assert endless.left.wait(10)


@every_shape
def test_an_async_tool_that_takes_too_long_is_cancelled(shape):
    left = threading.Event()

    @tool(timeout_s=0.05)
    async def dawdle() -> None:
        """Never end."""
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    returned = shape(dawdle)
    assert "took longer than 0.05 s" in returned.text
    assert left.wait(10)


@every_shape
@pytest.mark.parametrize("is_async", [False, True])
def test_a_tools_own_timeout_is_its_own(shape, is_async):
    def fail() -> None:
        raise TimeoutError("the database")

    async def afail() -> None:
        fail()

    one = tool(name="dawdle", timeout_s=10)(afail if is_async else fail)
    assert "TimeoutError: the database" in shape(one).text


@every_shape
def test_a_tool_in_time_is_as_ever(shape):
    @tool(timeout_s=10)
    def dawdle(n: int = 3) -> int:
        """Count."""
        return n

    assert shape(dawdle).text == "3"
    assert (
        "Wrong arguments" in shape(dawdle, CALL.model_copy(update={"arguments": {"n": "x"}})).text
    )


def test_a_class_says_its_time_as_an_attribute():
    class Dawdle(LLMTool):
        timeout_s = 0.05
        descriptor = {"name": "dawdle", "parameters": {"type": "object", "properties": {}}}

        def run(self) -> None:
            threading.Event().wait(0.3)

    assert "took longer" in here(Dawdle()).text


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
def test_no_time_at_all_is_refused(timeout_s):
    with pytest.raises(ToolError, match="seconds above 0"):
        tool(timeout_s=timeout_s)(lambda: None)


def test_a_cancelled_turn_stops_its_tool():
    endless = Endless()

    async def cancelled() -> None:
        task = asyncio.create_task(
            arun(as_tools(tool(name="dawdle")(endless.__call__)), CALL, SystemClock())
        )
        await asyncio.to_thread(endless.begun.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert endless.left.wait(10)


def test_work_that_is_over_is_not_disturbed():
    apart = Apart(lambda: 3)
    assert apart.result(10) == 3
    apart.stop()
    apart._thread.join(10)
    assert not apart._thread.is_alive()
