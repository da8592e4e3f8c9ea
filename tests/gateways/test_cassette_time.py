"""A replay takes no time, and tells the time it took; clocks that err do no harm."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.clock import FrozenClock
from mojentic_nb.events import TurnFinished
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.cassette_reading import read
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.gateways.openai import OpenAIGateway
from mojentic_nb.setting import Setting
from tests.loopback import Answer, Loopback, ToolUse
from tests.shapes import SHAPES

CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


@pytest.mark.parametrize("asked", ["generate", "agenerate", "submit"])
def test_durations_are_the_recorded_ones(loopback: Loopback, file: Path, asked: str) -> None:
    def reply(url: str) -> Any:
        broker = LLMBroker("m", OpenAIGateway(base_url=url + "/v1"))
        if asked == "agenerate":
            return asyncio.run(broker.agenerate("hi"))
        return broker.generate("hi") if asked == "generate" else broker.submit("hi").result(10)

    loopback.script(Answer("one two three", pace=0.02, delay=0.02))
    with Cassette(file):
        first = reply(loopback.url)
    with Cassette(file, mode="replay"):
        second = reply(CLOSED)

    assert first.duration_s > 0.01
    assert second.duration_s == pytest.approx(first.duration_s, abs=1e-9)
    assert second.ttft_s == pytest.approx(first.ttft_s, abs=1e-9)
    assert (second.model, second.usage) == (first.model, first.usage)


def test_a_turn_with_tools_takes_as_long_as_it_took(loopback: Loopback, file: Path) -> None:
    """Also what is between its calls, whether the tool is faster now or not."""
    loopback.script(Answer(tools=[ToolUse("look", {})]), Answer("A hill."))
    clock = FrozenClock()

    def look() -> str:
        """Look around."""
        clock.sleep(90.0)
        return "a hill"

    with Cassette(file, clock=clock):
        first = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1")).generate("hi", [look])
    with Cassette(file, mode="replay"):
        second = LLMBroker("m", OpenAIGateway(base_url=CLOSED + "/v1")).generate("hi", [look])

    assert first.duration_s == pytest.approx(90.0, abs=1e-6)
    assert second.duration_s == pytest.approx(90.0, abs=1e-6)


def test_a_clock_that_goes_back_gives_no_negative_times(loopback: Loopback, file: Path) -> None:
    class Wobbling(FrozenClock):
        """On by 5 seconds, then back by 8, and on again."""

        def now(self) -> float:
            self._now += 5.0 if self._now < 20 else -8.0
            return self._now

    loopback.script(Answer(tools=[ToolUse("look_around", {})]), Answer("A hill or two or three."))
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"), clock=Wobbling())
    with Cassette(file, clock=Wobbling()):
        *_, first = broker.generate_events("hi", [look_around])
    with Cassette(file, mode="replay", clock=Wobbling()):
        *_, second = broker.generate_events("hi", [look_around])

    for one in read(file.read_bytes(), str(file)):
        times = [0.0, *(at_s for at_s, _ in one.pieces), one.ended_s]
        assert times == sorted(times)
    for finished in (first, second):
        assert isinstance(finished, TurnFinished)
        assert finished.answer.asked_at <= finished.answer.answered_at


def test_a_turn_may_begin_on_the_cassette_and_end_at_the_model(
    loopback: Loopback, file: Path
) -> None:
    """Its time is what the recorded part took, and what the rest takes now: nothing here."""

    class Slow(FrozenClock):
        def now(self) -> float:
            self._now += 10.0
            return self._now

    loopback.script(Answer(tools=[ToolUse("look_around", {})]), Answer("A hill."))
    clock = FrozenClock()
    broker = LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1"), clock=clock)
    with Cassette(file, clock=Slow()):
        first = broker.generate_response("hi", [look_around])
    with Cassette(file, clock=clock) as cassette:
        whole = broker.generate("hi", [look_around])

    assert (whole, cassette.replayed, cassette.recorded) == ("A hill.", 1, 1)
    assert first.duration_s > 9
    assert whole.duration_s == pytest.approx(first.duration_s)


def test_a_replay_waits_for_nothing(file: Path) -> None:
    with Cassette(file):
        LLMBroker("demo").generate("hi")
    clock = FrozenClock()
    for mode, skips in (("auto", False), ("replay", True)):
        with Cassette(file, mode=mode):
            setting = Setting(
                gateway=DemoGateway(),
                tools={},
                bus=None,
                correlation_id="",
                await_here=asyncio.run,
                clock=clock,
            )
            setting.time.sleep(3.0)
            asyncio.run(setting.time.asleep(4.0))
        assert clock.waits == ([] if skips else [3.0, 4.0])
        clock.waits.clear()


def look_around() -> str:
    """Look around."""
    return "a hill"


@pytest.mark.parametrize("name", ["generate_stream", "agenerate_stream"])
def test_it_can_be_replayed_at_its_own_pace(loopback: Loopback, file: Path, name: str) -> None:
    shape = next(one for one in SHAPES if one.name == name)
    loopback.script(Answer("one two three", pace=0.02))
    with Cassette(file):
        shape.run(LLMBroker("m", OpenAIGateway(base_url=loopback.url + "/v1")), "hi")
    clock = FrozenClock()
    with Cassette(file, mode="replay", pace=True, clock=clock):
        shape.run(LLMBroker("m", OpenAIGateway(base_url=CLOSED + "/v1")), "hi")

    assert sum(clock.waits) > 0.03
