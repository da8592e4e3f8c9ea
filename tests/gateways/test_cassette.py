"""Recorded once, replayed by every shape: same answers, same times, and no server.

Law: a replay is asked of an address where nobody listens; were anything sent, it would fail.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.clock import FrozenClock
from mojentic_nb.events import TextDelta
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.ollama import OllamaGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.hooks.retry import Retry
from tests.loopback import Answer, Fault, Loopback, ToolUse
from tests.real_server import LlamaServer, find
from tests.shapes import (
    ONCE,
    SHAPES,
    Outcome,
    Protocol,
    Shape,
    every_protocol,
    every_shape,
    every_shape_and_object,
    every_streaming_shape,
)

CLOSED = "http://127.0.0.1:9"
EXACT = Retry(jitter_s=0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


def test_every_mode_is_one_of_four(file: Path) -> None:
    with pytest.raises(errors.BadArgument, match="'rewind' is no mode"):
        Cassette(file, mode="rewind")


@every_protocol
@every_shape_and_object
@pytest.mark.parametrize("mode", ["auto", "record"])
def test_what_was_recorded_is_replayed_without_a_server(
    loopback: Loopback, file: Path, shape: Shape, protocol: Protocol, mode: str
) -> None:
    loopback.script(Answer('{"said": "grüezi 👋"}', thinking="hm"))
    with Cassette(file, mode=mode) as recording:
        first = shape.run(protocol.broker(loopback.url), "hi")
    with Cassette(file, mode="replay") as replay:
        second = shape.run(protocol.broker(CLOSED), "hi")

    assert first.error is None
    assert second.text == first.text
    if first.events is not None:
        assert pieces(second) == pieces(first)
    assert (recording.recorded, replay.size, replay.replayed) == (1, 1, 1)
    assert len(loopback.requests) == 1


def pieces(outcome: Outcome) -> list[str]:
    return [event.text for event in outcome.events or () if type(event) is TextDelta]


@every_shape
def test_any_shape_replays_what_another_of_its_kind_recorded(
    loopback: Loopback, file: Path, shape: Shape
) -> None:
    from tests.shapes import PROTOCOLS

    loopback.script(Answer("one two"), Answer("one two"))
    with Cassette(file):
        for other in (SHAPES[0], SHAPES[1]):
            other.run(PROTOCOLS[0].broker(loopback.url), "hi")
    with Cassette(file, mode="replay"):
        assert shape.run(PROTOCOLS[0].broker(CLOSED), "hi").text == "one two"


@every_protocol
@every_shape
def test_a_turn_with_tools_replays_round_by_round(
    loopback: Loopback, file: Path, shape: Shape, protocol: Protocol
) -> None:
    def look(at: str) -> str:
        """Look somewhere."""
        looked.append(at)
        return f"a hill in the {at}"

    calls = [ToolUse("look", {"at": at}, id=f"call_{at}") for at in ("north", "south")]
    loopback.script(*[Answer(tools=[call]) for call in calls], Answer("Two hills."))
    looked: list[str] = []
    with Cassette(file):
        first = shape.run(protocol.broker(loopback.url), "hi", tools=[look])
    with Cassette(file, mode="replay"):
        second = shape.run(protocol.broker(CLOSED), "hi", tools=[look])

    assert (first.text, second.text) == ("Two hills.", "Two hills.")
    assert looked == ["north", "south"] * 2


class Hill(BaseModel):
    metres: int


def test_an_object_replays_with_its_repair(loopback: Loopback, file: Path) -> None:
    loopback.script(Answer('{"metres": "tall"}'), Answer('{"metres": 8}'))
    with Cassette(file):
        LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1")).generate_object("Hm?", Hill)
    with Cassette(file, mode="replay") as replay:
        broker = LLMBroker("m", OpenAIGateway(base_url=CLOSED + "/v1"))
        assert broker.generate_object("Hm?", Hill) == Hill(metres=8)

    assert replay.replayed == 2


@every_protocol
@every_shape
@pytest.mark.parametrize(
    "trouble",
    [
        Answer.error(429, "Slowly", headers={"retry-after": "7"}),
        Answer.error(503, "Later"),
        Answer("one", fault=Fault.TORN, fault_after=0),
        Answer(fault=Fault.EMPTY),
        Answer(fault=Fault.REFUSED_RESET),
        Answer("one", fault=Fault.ERROR_FRAME, fault_after=0),
    ],
    ids=["429", "503", "torn", "empty", "reset", "error frame"],
)
def test_trouble_that_passed_replays_and_nobody_waits(
    loopback: Loopback, file: Path, shape: Shape, protocol: Protocol, trouble: Answer
) -> None:
    loopback.script(trouble, Answer("done"))
    with Cassette(file):
        shape.run(protocol.broker(loopback.url, retry=EXACT, clock=FrozenClock()), "hi")

    for mode in ("auto", "replay"):
        clock = FrozenClock()
        with Cassette(file, mode=mode) as replay:
            outcome = shape.run(protocol.broker(CLOSED, retry=EXACT, clock=clock), "hi")

        assert (outcome.error, outcome.text) == (None, "done")
        assert (replay.replayed, clock.waits) == (2, [])


@every_protocol
@every_shape
@pytest.mark.parametrize("status", [401, 404, 429, 500, 307])
def test_a_refusal_replays_as_it_was(
    loopback: Loopback, file: Path, shape: Shape, protocol: Protocol, status: int
) -> None:
    loopback.script(Answer.error(status, "No such luck", headers={"retry-after": "1e999"}))
    with Cassette(file):
        first = shape.run(protocol.broker(loopback.url), "hi").error
    with Cassette(file, mode="replay"):
        second = shape.run(protocol.broker(loopback.url), "hi").error

    assert isinstance(first, errors.GatewayStatus)
    assert type(second) is type(first)
    assert vars(second) == vars(first)


@every_protocol
@every_streaming_shape
@pytest.mark.parametrize("fault", [Fault.TORN, Fault.TRUNCATED, Fault.MALFORMED, Fault.ERROR_FRAME])
def test_a_broken_answer_replays_broken(
    loopback: Loopback, file: Path, shape: Shape, protocol: Protocol, fault: Fault
) -> None:
    loopback.script(Answer("one two three", fault=fault))
    with Cassette(file):
        first = shape.run(protocol.broker(loopback.url), "hi")
    with Cassette(file, mode="replay"):
        second = shape.run(protocol.broker(loopback.url), "hi")

    assert first.error is not None
    assert (str(second.error), second.error.partial) == (str(first.error), first.error.partial)
    assert second.text == first.text


@every_protocol
@every_shape
def test_a_closed_door_is_not_recorded(file: Path, shape: Shape, protocol: Protocol) -> None:
    with Cassette(file) as cassette:
        outcome = shape.run(protocol.broker(CLOSED), "hi")

    assert isinstance(outcome.error, errors.GatewayUnreachable)
    assert (cassette.recorded, file.exists()) == (0, False)


def leave_here(broker: LLMBroker) -> None:
    stream: Any = broker.generate_stream("hi")
    next(stream)
    stream.close()


def leave_in_a_loop(broker: LLMBroker) -> None:
    async def asked() -> None:
        stream: Any = broker.agenerate_stream("hi")
        await anext(stream)
        await stream.aclose()

    asyncio.run(asked())


def leave_away(broker: LLMBroker) -> None:
    job = broker.submit("hi")
    next(event for event in job.events() if type(event) is TextDelta)
    job.cancel()
    list(job.events())


@pytest.mark.parametrize("leave", [leave_here, leave_in_a_loop, leave_away])
def test_what_was_left_is_not_recorded(loopback: Loopback, file: Path, leave: Any) -> None:
    loopback.script(Answer("one two three four", fault=Fault.SILENT))
    with Cassette(file) as cassette:
        leave(LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1")))
        assert loopback.requests[0].hung_up.wait(10)

    assert (cassette.recorded, file.exists()) == (0, False)


def test_repeats_keep_their_order(loopback: Loopback, file: Path) -> None:
    told = [f"answer {n}" for n in range(5)]
    loopback.script(*map(Answer, told))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
    with Cassette(file):
        assert [broker.generate("hi") for _ in told] == told
    with Cassette(file, mode="replay"):
        assert [broker.generate("hi") for _ in told] == told
        with pytest.raises(errors.CassetteMiss, match=r"recorded 5 times .* asked 6 times"):
            broker.generate("hi")


def test_calls_side_by_side_keep_the_order_in_which_they_were_asked(
    loopback: Loopback, file: Path
) -> None:
    """Although the first one asked was the last one to end, and to be written."""
    loopback.script(Answer("slow one", pace=0.2), Answer("quick"), Answer("quicker"))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
    with Cassette(file):
        first = broker.submit("hi")
        loopback.wait_for(1)
        others = [broker.submit("hi").result(10) for _ in range(2)]
        told = [str(first.result(10)), *map(str, others)]
    with Cassette(file, mode="replay"):
        replayed = [str(broker.submit("hi").result(10)) for _ in range(3)]

    assert told == ["slow one", "quick", "quicker"]
    assert replayed == told


def test_many_threads_record_and_replay_at_once(loopback: Loopback, file: Path) -> None:
    prompts = [f"prompt {n % 8}" for n in range(40)]
    loopback.script(*[Answer(f"answer {n}") for n in range(40)])
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
    with ThreadPoolExecutor(8) as pool:
        with Cassette(file):
            first = list(pool.map(broker.generate, prompts))
        with Cassette(file, mode="replay"):
            second = list(pool.map(broker.generate, prompts))

    assert sorted(second) == sorted(first)
    assert len(loopback.requests) == 40


def test_auto_asks_only_for_what_is_missing(loopback: Loopback, file: Path) -> None:
    loopback.script(Answer("one"), Answer("two"), Answer("three"))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"))
    for prompts, told in ((["a"], ["one"]), (["a", "b"], ["one", "two"]), (["b"], ["two"])):
        with Cassette(file):
            assert [broker.generate(prompt) for prompt in prompts] == told

    assert len(loopback.requests) == 2


def test_listings_and_what_no_model_is_named_for(
    loopback: Loopback, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loopback.models = ["llama3.2"]
    with Cassette(file):
        monkeypatch.setenv("OLLAMA_HOST", loopback.url)
        first = LLMBroker().model
        told = LLMBroker().generate("hi")
    with Cassette(file, mode="replay"):
        monkeypatch.setenv("OLLAMA_HOST", CLOSED)
        broker = LLMBroker()
        assert LLMBroker().generate("hi") == told

    assert broker.model == first == "llama3.2"


def test_a_providers_answers_replay_without_a_key(
    loopback: Loopback, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-of-a-person-1")
    monkeypatch.setattr(OpenAIGateway, "default_url", loopback.url + "/v1")
    with Cassette(file):
        told = LLMBroker("openai:gpt-5.4-mini").generate("hi")

    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.setattr(OpenAIGateway, "default_url", CLOSED + "/v1")
    for mode in ("replay", "auto"):
        with Cassette(file, mode=mode):
            broker = LLMBroker("openai:gpt-5.4-mini", retry=ONCE)
            assert broker.generate("hi") == told
            with pytest.raises((errors.CassetteMiss, errors.GatewayDenied)) as caught:
                broker.generate("something else")
        assert (
            type(caught.value).__name__ == {"replay": "CassetteMiss", "auto": "GatewayDenied"}[mode]
        )
    with pytest.raises(errors.GatewayDenied):
        LLMBroker("openai:gpt-5.4-mini").generate("hi")


def test_a_miss_is_not_asked_again_and_is_of_the_gateways(file: Path) -> None:
    with Cassette(file):
        LLMBroker("demo").generate("hi")
    clock = FrozenClock()
    with Cassette(file, mode="replay"), pytest.raises(errors.CassetteMiss) as caught:
        LLMBroker("demo", clock=clock).generate("ho")

    assert isinstance(caught.value, errors.GatewayError)
    assert (caught.value.gateway, clock.waits) == ("demo", [])
    assert "messages.0.content: 'ho' was recorded as 'hi' (line 2)" in caught.value.message


@pytest.mark.llama
@every_shape
def test_a_real_server_is_replayed_after_it_stopped(
    llama: LlamaServer, file: Path, shape: Shape
) -> None:
    installation = find()
    assert installation is not None  # or `llama` had skipped, or failed in CI

    options = {"temperature": 0.8, "max_tokens": 16}
    with LlamaServer(installation) as server, Cassette(file):
        broker = LLMBroker(server.model, OpenAIGateway(base_url=server.url + "/v1"))
        first = shape.run(broker, "Say something.", **options)
    with Cassette(file, mode="replay"):
        second = shape.run(broker, "Say something.", **options)

    assert first.text
    assert second.text == first.text


def test_vectors_too(loopback: Loopback, file: Path) -> None:
    loopback.models = ["m"]
    with Cassette(file):
        first = OllamaGateway(host=loopback.url).calculate_embeddings(["one", "two"], "m")
    with Cassette(file, mode="replay"):
        assert OllamaGateway(host=CLOSED).calculate_embeddings(["one", "two"], "m") == first
        with pytest.raises(errors.CassetteMiss):
            OllamaGateway(host=CLOSED).calculate_embeddings("three", "m")
