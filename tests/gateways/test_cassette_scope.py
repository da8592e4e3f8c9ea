"""Which cassette holds: the nearest one, alone, whichever thread or shape asks."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mojentic_nb import errors
from mojentic_nb.broker import LLMBroker
from mojentic_nb.gateways import cassette_scope
from mojentic_nb.gateways.cassette import Cassette
from mojentic_nb.gateways.demo import DemoGateway
from tests.shapes import Shape, every_shape


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [tmp_path / f"{name}.jsonl" for name in "abc"]


def counts(files: list[Path]) -> list[int]:
    return [file.read_text().count('"ask"') if file.exists() else 0 for file in files]


@every_shape
def test_the_innermost_block_holds(files: list[Path], shape: Shape) -> None:
    broker = LLMBroker("demo", DemoGateway(pace_s=0))
    with Cassette(files[0]):
        shape.run(broker, "hi")
        with Cassette(files[1]):
            shape.run(broker, "hi")
            with Cassette(files[2], mode="off"):
                shape.run(broker, "hi")
        shape.run(broker, "hi")
    shape.run(broker, "hi")

    assert counts(files) == [2, 1, 0]


@every_shape
def test_a_broker_with_its_own_keeps_to_it(files: list[Path], shape: Shape) -> None:
    gateways = [Cassette(file).on(DemoGateway(pace_s=0)) for file in files[:2]]
    first, second = (LLMBroker("demo", gateway) for gateway in gateways)
    off = LLMBroker("demo", Cassette("x", mode="off").on(DemoGateway(pace_s=0)))
    with Cassette(files[2]):
        for broker, times in ((first, 1), (second, 2), (off, 3)):
            for _ in range(times):
                assert shape.run(broker, "hi").error is None

    assert counts(files) == [1, 2, 0]


def test_every_thread_sees_it_and_ones_own_block_goes_first(files: list[Path]) -> None:
    inside = threading.Barrier(2, timeout=60)

    def in_a_block(file: Path) -> None:
        with Cassette(file):
            inside.wait(5)
            LLMBroker("demo").generate("hi")
            LLMBroker("demo").submit("hi").result(10)
            inside.wait(5)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(in_a_block, files[:2]))
    with Cassette(files[2]), ThreadPoolExecutor(1) as pool:
        pool.submit(LLMBroker("demo").generate, "hi").result(10)

    assert counts(files) == [2, 2, 1]


def test_tasks_of_one_loop_do_not_mix_them_up(files: list[Path]) -> None:
    async def in_a_block(file: Path) -> None:
        with Cassette(file):
            await LLMBroker("demo", DemoGateway(pace_s=0.001)).agenerate("hi")

    async def together() -> None:
        await asyncio.gather(*map(in_a_block, files))

    asyncio.run(together())
    assert counts(files) == [1, 1, 1]


def test_one_cassette_may_be_entered_twice_and_begins_anew_after(files: list[Path]) -> None:
    cassette = Cassette(files[0])
    with cassette:
        LLMBroker("demo").generate("hi")
        with cassette:
            LLMBroker("demo").generate("hi")
        LLMBroker("demo").generate("hi")
    with cassette:
        LLMBroker("demo").generate("hi")

    assert counts(files) == [3, 0, 0]
    assert (cassette.replayed, cassette.recorded) == (1, 0)


def test_lent_means_this_thread_alone(files: list[Path]) -> None:
    with Cassette(files[0]).lent(), ThreadPoolExecutor(1) as pool:
        pool.submit(LLMBroker("demo").generate, "hi").result(10)
        LLMBroker("demo").generate("hi")

    assert counts(files) == [1, 0, 0]


@every_shape
def test_the_environment_names_one(
    files: list[Path], shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = LLMBroker("demo", DemoGateway(pace_s=0))
    monkeypatch.setenv("MOJENTIC_NB_CASSETTE", str(files[0]))
    told = shape.run(broker, "hi").text
    monkeypatch.setenv("MOJENTIC_NB_CASSETTE_MODE", "replay")
    assert shape.run(broker, "hi").text == told
    assert isinstance(shape.run(broker, "ho").error, errors.CassetteMiss)
    with Cassette(files[1]):
        shape.run(broker, "hi")
    standing = Cassette(files[2])
    cassette_scope.stand(standing)
    shape.run(broker, "hi")
    cassette_scope.stand(None)

    assert counts(files) == [1, 1, 1]


@pytest.mark.parametrize("variable", ["MOJENTIC_NB_CASSETTE", "MOJENTIC_NB_CASSETTE_MODE"])
def test_nonsense_in_the_environment_is_told(
    files: list[Path], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("MOJENTIC_NB_CASSETTE", str(files[0]))
    monkeypatch.setenv(variable, str(files[0].parent))
    with pytest.raises(errors.BadArgument):
        LLMBroker("demo").generate("hi")


def test_nothing_is_left_behind(files: list[Path]) -> None:
    for problem in (None, KeyError):
        try:
            with Cassette(files[0]):
                if problem:
                    raise problem
        except KeyError:
            pass

        assert cassette_scope.holding() is None
