"""Leaving a call early hangs up, and the server sees it: in every shape, at every moment.

Law: the server's own word counts (`Seen.hung_up`), and nothing waits by sleeping. A call
whose answer is complete does not wait for a server that forgets to end it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import aclosing, closing
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.errors import GatewayTorn, JobCancelled
from mojentic_nb.events import TextDelta
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.raw_server import RawServer
from tests.shapes import SHAPES, Protocol, Shape, every_protocol, every_shape, every_streaming_shape
from tests.test_bad_input import SIX, recorded

BEFORE = Answer(fault=Fault.SILENT_BEFORE_HEADERS)
MIDWAY = Answer(SIX, fault=Fault.SILENT)


def stream_closed(broker: LLMBroker) -> None:
    with closing(broker.generate_stream("hi")) as pieces:
        assert next(pieces) == "one "


def stream_dropped(broker: LLMBroker) -> None:
    pieces = broker.generate_stream("hi")
    assert next(pieces) == "one "
    del pieces
    gc.collect()


def events_closed(broker: LLMBroker) -> None:
    with closing(broker.generate_events("hi")) as events:
        assert TextDelta("one ") in (next(events), next(events))


def astream_closed(broker: LLMBroker) -> None:
    async def asked() -> None:
        async with aclosing(broker.agenerate_stream("hi")) as pieces:
            assert await anext(pieces) == "one "

    asyncio.run(asked())


def aevents_closed(broker: LLMBroker) -> None:
    async def asked() -> None:
        async with aclosing(broker.agenerate_events("hi")) as events:
            assert TextDelta("one ") in (await anext(events), await anext(events))

    asyncio.run(asked())


def job_cancelled(broker: LLMBroker) -> None:
    job = broker.submit("hi")
    next(event for event in job.events() if type(event) is TextDelta)
    assert job.cancel()
    with pytest.raises(JobCancelled):
        job.result(timeout=5)

    assert job.text.startswith("one ")
    assert repr(job) == "Job(cancelled)"


LEAVINGS = [stream_closed, stream_dropped, events_closed]
LEAVINGS += [astream_closed, aevents_closed, job_cancelled]


@every_protocol
@pytest.mark.parametrize("leave", LEAVINGS)
def test_a_stream_that_is_left_hangs_up(
    loopback: Loopback, protocol: Protocol, leave: Callable[[LLMBroker], None]
) -> None:
    loopback.script(MIDWAY)
    leave(protocol.broker(loopback.url))

    assert loopback.requests[0].hung_up.wait(5)


@every_protocol
@pytest.mark.parametrize("answer", [BEFORE, MIDWAY], ids=["before headers", "midway"])
def test_a_job_that_is_cancelled_hangs_up(
    loopback: Loopback, protocol: Protocol, answer: Answer
) -> None:
    loopback.script(answer)
    job = protocol.broker(loopback.url).submit("hi")
    loopback.wait_for(1)
    assert job.cancel()

    assert loopback.requests[0].hung_up.wait(5)
    with pytest.raises(JobCancelled):
        job.result(timeout=5)


@every_protocol
@pytest.mark.parametrize("answer", [BEFORE, MIDWAY], ids=["before headers", "midway"])
@pytest.mark.parametrize("name", ["agenerate", "agenerate_stream", "agenerate_events"])
def test_a_task_that_is_cancelled_hangs_up(
    loopback: Loopback, protocol: Protocol, answer: Answer, name: str
) -> None:
    loopback.script(answer)
    broker = protocol.broker(loopback.url)

    async def asked() -> None:
        task = asyncio.create_task(consumed(getattr(broker, name)("hi")))
        await asyncio.to_thread(loopback.wait_for, 1)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError, match="enough"):
            await task

        seen = loopback.requests[0]
        assert await asyncio.to_thread(seen.hung_up.wait, 5)

    asyncio.run(asked())


async def consumed(answer: Any) -> None:
    if hasattr(answer, "__aiter__"):
        async for _ in answer:
            pass
    else:
        await answer


@every_protocol
@pytest.mark.parametrize("answer", [BEFORE, MIDWAY], ids=["before headers", "midway"])
@pytest.mark.parametrize("name", ["generate", "generate_stream", "generate_events", "submit"])
def test_an_interrupt_hangs_up(
    loopback: Loopback, protocol: Protocol, answer: Answer, name: str
) -> None:
    loopback.script(answer)
    broker = protocol.broker(loopback.url)

    def interrupt() -> None:
        loopback.wait_for(1)
        while not is_waiting(main):
            pass
        os.kill(os.getpid(), signal.SIGINT)

    main = threading.get_ident()

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        asked(broker, name)

    assert loopback.requests[0].hung_up.wait(5)


def is_waiting(thread: int) -> bool:
    """Whether that thread waits for bytes, or for a job."""
    found = sys._current_frames().get(thread)
    names = set()
    while found is not None:
        names.add(found.f_code.co_name)
        found = found.f_back

    return bool({"_in_slices", "_receive_event"} & names)


def asked(broker: LLMBroker, name: str) -> Any:
    if name == "submit":
        return broker.submit("hi").result(timeout=20)

    answer = getattr(broker, name)("hi")
    return answer if isinstance(answer, str) else list(answer)


@every_protocol
@pytest.mark.parametrize("shape", SHAPES[:3], ids=repr)  # a tool is interrupted where it runs: here
def test_an_interrupted_tool_leaves_no_connection_behind(
    loopback: Loopback, shape: Shape, protocol: Protocol
) -> None:
    def stop() -> str:
        """Stop it."""
        raise KeyboardInterrupt

    loopback.script(Answer(tools=[ToolUse("stop", {})]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeyboardInterrupt):
            shape.run(protocol.broker(loopback.url), "hi", tools=[stop])

        gc.collect()

    assert loopback.requests[0].finished.wait(5)


# the final marker is the end ------------------------------------------------


def http(protocol: Protocol, *, chunked: bool) -> list[bytes]:
    """An answer of six words, and separately what HTTP says at its end."""
    body = recorded(protocol, "stream")
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    if not chunked:
        return [head + b"connection: close\r\n\r\n" + body]

    framed = b"%x\r\n%b\r\n" % (len(body), body)
    return [head + b"transfer-encoding: chunked\r\n\r\n" + framed, b"0\r\n\r\n"]


@every_protocol
@every_streaming_shape
@pytest.mark.parametrize("chunked", [True, False])
def test_a_server_that_forgets_to_end_is_not_waited_for(
    shape: Shape, protocol: Protocol, chunked: bool
) -> None:
    with RawServer(http(protocol, chunked=chunked)[0]) as server:
        began = time.monotonic()
        outcome = shape.run(protocol.broker(server.url), "hi")

        assert outcome.error is None
        assert outcome.text == SIX
        assert time.monotonic() - began < 2
        assert server.hung_up.wait(5)


@every_protocol
def test_an_end_that_comes_a_little_later_keeps_the_connection(protocol: Protocol) -> None:
    gap = threading.Event()
    with RawServer(*http(protocol, chunked=True), gap=gap) as server:
        broker = protocol.broker(server.url)
        for _ in range(3):
            gap.clear()
            for piece in broker.generate_stream("hi"):
                if piece == "six":
                    gap.set()

        assert server.connections == 1


@every_protocol
def test_an_end_that_comes_a_little_later_keeps_the_connection_in_a_loop(
    protocol: Protocol,
) -> None:
    gap = threading.Event()
    with RawServer(*http(protocol, chunked=True), gap=gap) as server:
        broker = protocol.broker(server.url)

        async def asked() -> None:
            for _ in range(3):
                gap.clear()
                async for piece in broker.agenerate_stream("hi"):
                    if piece == "six":
                        gap.set()

        asyncio.run(asked())
        assert server.connections == 1


# a kept connection may be gone ----------------------------------------------


@every_protocol
@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[2], SHAPES[6]], ids=repr)
def test_a_kept_connection_that_broke_is_not_the_callers_trouble(
    shape: Shape, protocol: Protocol
) -> None:
    """As llama.cpp does: it closes after each stream, and does not say so."""
    with RawServer(b"".join(http(protocol, chunked=True)), answers=1) as server:
        broker = protocol.broker(server.url)
        told = [shape.run(broker, "hi").text for _ in range(4)]

        assert told == [SIX] * 4
        assert server.connections == 4


@every_protocol
def test_a_kept_connection_that_broke_is_no_trouble_in_a_loop_either(protocol: Protocol) -> None:
    with RawServer(b"".join(http(protocol, chunked=True)), answers=1) as server:
        broker = protocol.broker(server.url)

        async def asked() -> list[str]:
            return ["".join([one async for one in broker.agenerate_stream("hi")]) for _ in "1234"]

        assert asyncio.run(asked()) == [SIX] * 4
        assert server.connections == 4


@every_protocol
@every_shape
def test_a_fresh_connection_that_breaks_is_tried_once(shape: Shape, protocol: Protocol) -> None:
    with RawServer(answers=0) as server:
        outcome = shape.run(protocol.broker(server.url), "hi")

        assert type(outcome.error) is GatewayTorn
        assert server.connections == 1


@every_protocol
@every_shape
def test_a_server_that_speaks_no_http_is_an_error(shape: Shape, protocol: Protocol) -> None:
    with RawServer(b"SSH-2.0-OpenSSH_9.2\r\n", closes=True) as server:
        outcome = shape.run(protocol.broker(server.url, timeout=1), "hi")

    assert outcome.error is not None
    assert outcome.error.hint
