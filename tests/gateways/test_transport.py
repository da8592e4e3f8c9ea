"""The road itself: connections are kept, belong to one loop, and are closed with it."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from mojentic_nb.config import Timeouts
from mojentic_nb.errors import GatewayTimeout
from mojentic_nb.gateways import failures
from mojentic_nb.gateways.wire import Headers, WireRequest
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import PROTOCOLS, SHAPES, Protocol, Shape, every_protocol

HERE = [shape for shape in SHAPES if shape.name.startswith("generate")]


@every_protocol
@pytest.mark.parametrize("shape", [*HERE, SHAPES[-1]], ids=repr)
def test_calls_share_a_connection(loopback: Loopback, shape: Shape, protocol: Protocol) -> None:
    broker = protocol.broker(loopback.url)
    for _ in range(4):
        assert shape.run(broker, "hi").error is None

    assert {seen.connection for seen in loopback.requests} == {1}


@every_protocol
@pytest.mark.parametrize("name", ["agenerate", "agenerate_stream"])
def test_calls_in_one_loop_share_a_connection(
    loopback: Loopback, protocol: Protocol, name: str
) -> None:
    broker = protocol.broker(loopback.url)

    async def asked() -> None:
        for _ in range(4):
            if name == "agenerate":
                await broker.agenerate("hi")
            else:
                assert [piece async for piece in broker.agenerate_stream("hi")]

    asyncio.run(asked())
    assert {seen.connection for seen in loopback.requests} == {1}


@every_protocol
def test_a_connection_is_kept_after_a_refusal(loopback: Loopback, protocol: Protocol) -> None:
    broker = protocol.broker(loopback.url)
    loopback.script(Answer.error(404, "No"))
    for _ in range(3):
        SHAPES[1].run(broker, "hi")

    assert {seen.connection for seen in loopback.requests} == {1}


@every_protocol
def test_a_loop_closes_its_connections_and_can_go(loopback: Loopback, protocol: Protocol) -> None:
    broker = protocol.broker(loopback.url)
    loops = []

    async def asked() -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        await broker.agenerate("hi")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            asyncio.run(asked())
        gc.collect()

    assert [seen.connection for seen in loopback.requests] == [1, 2, 3]
    assert [loop() for loop in loops] == [None, None, None]


def test_each_loop_has_connections_of_its_own(loopback: Loopback) -> None:
    broker = PROTOCOLS[0].broker(loopback.url)
    together = threading.Barrier(3, timeout=60)

    def in_a_loop(_: int) -> list[str]:
        async def asked() -> list[str]:
            together.wait(5)
            return [str(await broker.agenerate("hi")) for _ in range(5)]

        return asyncio.run(asked())

    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(in_a_loop, range(3)))

    assert told == [["Hello from loopback."] * 5] * 3


def test_many_threads_share_the_client(loopback: Loopback) -> None:
    broker = PROTOCOLS[1].broker(loopback.url)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: str(broker.generate("hi")), range(40)))

    assert told == ["Hello from loopback."] * 40


def test_nothing_of_one_server_is_told_to_another(loopback: Loopback) -> None:
    """No cookie jar: a shared client must not carry one caller's session to the next."""
    broker = PROTOCOLS[0].broker(loopback.url)
    for shape in (SHAPES[0], SHAPES[3]):
        loopback.script(Answer("Hi", headers={"set-cookie": "who=ada; Path=/"}))
        shape.run(broker, "hi")
        shape.run(broker, "hi")

    assert all("cookie" not in seen.headers for seen in loopback.requests)


FORKS = """
import asyncio, os, sys, warnings
warnings.simplefilter("error", ResourceWarning)
from mojentic_nb import LLMBroker, OllamaGateway
broker = LLMBroker("m", OllamaGateway(sys.argv[1]))

async def main():
    assert await broker.agenerate("hi") == "Hello from loopback."
    assert broker.generate("hi") == "Hello from loopback."
    assert broker.submit("hi").result(5) == "Hello from loopback."
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        assert await broker.agenerate("hi") == "Hello from loopback."
        assert broker.generate("hi") == "Hello from loopback."
        return

    try:
        assert broker.generate("hi") == "Hello from loopback."
        assert broker.submit("hi").result(5) == "Hello from loopback."
        os._exit(0)
    finally:
        os._exit(1)

asyncio.run(main())
"""


def test_a_fork_gets_connections_of_its_own(loopback: Loopback) -> None:
    command = [sys.executable, "-c", FORKS, loopback.url]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    # Parent: one of its loop, one of its thread, one of the house loop; the child's two are new.
    assert len({seen.connection for seen in loopback.requests}) == 5


LEAVES = """
import sys
from mojentic_nb import LLMBroker, OllamaGateway
broker = LLMBroker("m", OllamaGateway(sys.argv[1]))
broker.generate("hi")
broker.submit("hi").result(5)
"""


def test_a_process_ends_without_a_word(loopback: Loopback) -> None:
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", LEAVES]
    ended = subprocess.run(
        [*command, loopback.url], capture_output=True, text=True, timeout=30, check=False
    )

    assert ended.stderr == ""
    assert ended.returncode == 0


def test_making_a_gateway_touches_no_network_and_no_library() -> None:
    code = """
import socket, sys
def refuse(*anything): raise AssertionError("network")
socket.socket.connect = socket.getaddrinfo = refuse
from mojentic_nb import LLMBroker, OllamaGateway, OpenAIGateway, AnthropicGateway, DemoGateway
for kind in (OllamaGateway, OpenAIGateway, AnthropicGateway, DemoGateway):
    repr(kind()), LLMBroker("m", kind())
assert not {"httpx2", "aiohttp", "openai", "anthropic", "ollama"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


@every_protocol
@pytest.mark.parametrize("shape", [SHAPES[0], SHAPES[1], SHAPES[3], SHAPES[6]], ids=repr)
@pytest.mark.parametrize("where", ["gateway", "broker", "call"])
def test_patience_is_set_on_gateway_broker_or_call(
    loopback: Loopback, shape: Shape, protocol: Protocol, where: str
) -> None:
    from mojentic_nb.broker import LLMBroker
    from tests.shapes import ONCE

    loopback.script(Answer(fault=Fault.SILENT_BEFORE_HEADERS))
    short = {"timeout": 0.05}
    gateway = protocol.gateway(loopback.url, **(short if where == "gateway" else {}))
    broker = LLMBroker("m", gateway, retry=ONCE, **(short if where == "broker" else {}))
    outcome = shape.run(broker, "hi", **(short if where == "call" else {}))

    assert type(outcome.error) is GatewayTimeout
    assert "0.05 s" in outcome.error.message


def test_a_slow_stream_is_not_a_silent_one(loopback: Loopback) -> None:
    loopback.script(Answer("a b c d e f g h", pace=0.05))
    outcome = SHAPES[1].run(PROTOCOLS[0].broker(loopback.url, timeout=0.3), "hi")

    assert outcome.text == "a b c d e f g h"


# words ----------------------------------------------------------------------

WIRE = WireRequest(gateway="g", method="GET", url="http://u:p@box:1/x", headers=Headers())


@pytest.mark.parametrize(
    "location, told",
    [
        ("https://other/v1", "points to other."),
        ("/login", "points to box:1."),
        ("", "points to nowhere."),
        ("http://[bad", "points to"),
    ],
)
def test_a_redirect_names_where_it_points(location: str, told: str) -> None:
    assert told in failures.refusal(WIRE, 302, {"location": location}, b"").message


def test_default_patience() -> None:
    """Fixed by the project: connect 5 s, silence 120 s."""
    assert (Timeouts().connect_s, Timeouts().silence_s) == (5.0, 120.0)
