"""First come, first served: threads, tasks and whoever gives up."""

from __future__ import annotations

import asyncio
import sys
import threading
from types import FrameType

import pytest

from mojentic_nb.chat.line import Line
from mojentic_nb.errors import BadArgument
from mojentic_nb.tools.policy_scope import correlated


def test_tasks_come_in_the_order_they_asked() -> None:
    line, order = Line(), []

    async def one(number: int) -> None:
        async with line.aturn():
            await asyncio.sleep(0)
            order.append(number)

    async def all_of_them() -> None:
        await asyncio.gather(*map(one, range(20)))

    asyncio.run(all_of_them())
    assert order == list(range(20))
    assert len(line) == 0


def test_threads_are_one_at_a_time_and_in_order() -> None:
    line, order, threads = Line(), [], []
    inside = []

    def one(number: int) -> None:
        with line.turn():
            inside.append(number)
            assert len(inside) == 1
            order.append(number)
            inside.remove(number)

    with line.turn():
        for number in range(8):
            thread = threading.Thread(target=one, args=[number])
            thread.start()
            threads.append(thread)
            while len(line) < number + 2:
                pass
    for thread in threads:
        thread.join(10)

    assert order == list(range(8))


def test_a_thread_and_a_loop_stand_in_the_same_line() -> None:
    line, order = Line(), []
    is_in, may_leave = threading.Event(), threading.Event()

    def here() -> None:
        with line.turn():
            is_in.set()
            may_leave.wait(10)
            order.append("thread")

    thread = threading.Thread(target=here)
    thread.start()
    assert is_in.wait(10)

    async def there() -> None:
        asyncio.get_running_loop().call_soon(may_leave.set)
        async with line.aturn():
            order.append("task")

    asyncio.run(there())
    thread.join(10)
    assert order == ["thread", "task"]


def test_one_who_gives_up_lets_the_others_pass() -> None:
    line, order = Line(), []

    async def waits(number: int) -> None:
        async with line.aturn():
            order.append(number)

    async def story() -> None:
        async with line.aturn():
            first, second = asyncio.create_task(waits(1)), asyncio.create_task(waits(2))
            await asyncio.sleep(0)
            first.cancel()
            await asyncio.sleep(0)
        await second
        assert first.cancelled()

    asyncio.run(story())
    assert order == [2]
    assert len(line) == 0


def test_an_error_inside_lets_the_next_one_in() -> None:
    line = Line()
    with pytest.raises(ZeroDivisionError), line.turn():
        raise ZeroDivisionError
    with line.turn():
        assert len(line) == 1


@pytest.mark.parametrize("awaits", [False, True])
def test_an_interrupt_on_the_way_out_still_lets_the_next_one_in(awaits: bool) -> None:
    line, was = Line(), sys.gettrace()

    def pressed(frame: FrameType, event: str, _: object) -> None:
        if frame.f_code is Line._leave.__code__:
            sys.settrace(was)
            raise KeyboardInterrupt

    sys.settrace(pressed)
    try:
        with pytest.raises(KeyboardInterrupt):
            here(line, awaits=awaits)
    finally:
        sys.settrace(was)
    assert len(line) == 0
    here(line, awaits=awaits)


def here(line: Line, *, awaits: bool) -> None:
    if awaits:
        asyncio.run(awaited(line))
    else:
        with line.turn():
            pass


def test_nobody_waits_for_themselves() -> None:
    line = Line()
    with line.turn():
        line.at_work = "mine"
        with correlated("mine"), pytest.raises(BadArgument, match="waiting for the tool"):
            line.turn().__enter__()
        assert len(line) == 1
    assert line.at_work == ""


def test_who_reads_an_answer_does_not_wait_for_its_end() -> None:
    line = Line()
    with line.turn():
        with pytest.raises(BadArgument, match="still being read here"):
            line.turn().__enter__()
        with line.look():
            assert len(line) == 1
    with line.turn(), pytest.raises(BadArgument, match="still being read here"):
        asyncio.run(awaited(line))


async def awaited(line: Line) -> None:
    async with line.aturn():
        pass


def test_a_task_that_reads_does_not_wait_for_itself_nor_block_its_loop() -> None:
    line, order = Line(), []

    async def other() -> None:
        async with line.aturn():
            order.append("other")

    async def story() -> None:
        async with line.aturn():
            with pytest.raises(BadArgument, match="still being read here"):
                await awaited(line)
            waiting = asyncio.create_task(other())
            await asyncio.sleep(0)
            assert len(line) == 2
            order.append("first")
        await waiting
        task = asyncio.create_task(held())
        await is_held.wait()
        with pytest.raises(BadArgument, match="still being read here"), line.turn():
            pass
        may_end.set()
        await task

    is_held, may_end = asyncio.Event(), asyncio.Event()

    async def held() -> None:
        async with line.aturn():
            is_held.set()
            await may_end.wait()

    asyncio.run(story())
    assert order == ["first", "other"]


def test_a_stream_that_threads_read_in_turn_holds_none_of_them_up() -> None:
    line, order = Line(), []
    stream = line.turn()

    def begin() -> None:
        stream.__enter__()
        thread = threading.Thread(target=end)
        thread.start()
        with line.turn():
            order.append("next")
        thread.join(10)

    def end() -> None:
        while len(line) < 2:
            pass
        order.append("end")
        stream.__exit__(None, None, None)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join(10)
    assert order == ["end", "next"]


def test_who_looks_waits_for_others_only() -> None:
    line, order = Line(), []

    def looks() -> None:
        with line.look():
            order.append("looked")

    with line.turn():
        line.at_work = "mine"
        with correlated("mine"), line.look():
            order.append("mine")
        thread = threading.Thread(target=looks)
        thread.start()
        while len(line) < 2:
            pass
        order.append("end")
    thread.join(10)
    assert order == ["mine", "end", "looked"]
