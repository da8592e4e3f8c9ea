"""Calls made by an executor's workers: threads and processes."""

from __future__ import annotations

import pickle
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import mojentic_nb as mj
from mojentic_nb import Cassette, LLMBroker, OpenAIGateway
from mojentic_nb.batch.answers import Interrupted
from mojentic_nb.batch.asking import broker_for
from mojentic_nb.batch.engines import comes_whole, run_by
from mojentic_nb.batch.errand import Errand
from mojentic_nb.batch.running import run
from mojentic_nb.errors import (
    BadArgument,
    DeadlineExceeded,
    GatewayBusy,
    GatewayError,
    GatewayTorn,
)
from mojentic_nb.gateways.transport import http
from mojentic_nb.gateways.wire import Headers, WireRequest
from tests.batch.asking import asked_of, broker_at, tasks_of
from tests.loopback import Answer, Fault, Loopback
from tests.shapes import Protocol, Shape, every_protocol, every_shape

KEY = "sk-batch-secret"  # as `broker_at` has it


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8, "engine") as pool:
        yield pool


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


def test_threads_make_the_calls(loopback: Loopback, threads: Executor) -> None:
    answers = mj.batch([f"q{n}" for n in range(40)], broker_at(loopback), engine=threads)
    assert answers.summary.ok == 40
    assert set(asked_of(loopback).values()) == {1}
    again = mj.batch([f"q{n}" for n in range(41)], broker_at(loopback), engine=threads)
    assert again.summary.stored == 40
    assert len(loopback.requests) == 41


def test_processes_make_the_calls(loopback: Loopback, processes: Executor) -> None:
    answers = mj.batch([f"q{n}" for n in range(20)], broker_at(loopback), engine=processes)
    assert answers.summary.ok == 20
    assert set(asked_of(loopback).values()) == {1}
    assert {seen.key for seen in loopback.requests} == {KEY}


def test_the_demo_model_answers_there_too_and_in_order(processes: Executor) -> None:
    prompts = [f"What is {n}+1?" for n in range(6)]
    assert mj.batch(prompts, "demo", engine=processes) == mj.batch(prompts, "demo", store=None)


@every_protocol
@every_shape
def test_every_shape_of_call_goes_by_an_engine(
    loopback: Loopback, threads: Executor, protocol: Protocol, shape: Shape
) -> None:
    loopback.script(Answer("by a worker"))
    broker = broker_for(protocol.broker(loopback.url, api_key=KEY), engine=threads)
    assert shape.run(broker, "hi").text == "by a worker"


@every_shape
def test_what_came_before_it_broke_is_not_lost(
    loopback: Loopback, threads: Executor, shape: Shape
) -> None:
    loopback.script(Answer("one two three four", fault=Fault.TORN, fault_after=2))
    gateway = OpenAIGateway(api_key=KEY, base_url=f"{loopback.url}/v1")
    broker = broker_for(LLMBroker("m", gateway), engine=threads)
    error = shape.run(broker, "hi", retry=mj.Retry(attempts=1)).error
    assert isinstance(error, GatewayTorn)
    assert error.partial.startswith("one") == shape.streams
    assert KEY not in repr(error)


def test_refusals_come_back_as_they_are(loopback: Loopback, processes: Executor) -> None:
    loopback.script(Answer.error(429, "slow down", headers={"retry-after": "3"}, echo_key=True))
    broker = broker_for(
        LLMBroker("m", OpenAIGateway(api_key=KEY, base_url=f"{loopback.url}/v1")), engine=processes
    )
    with pytest.raises(GatewayBusy, match="slow down") as caught:
        broker.generate("hi", retry=mj.Retry(attempts=1))
    assert caught.value.retry_after_s == 3.0
    assert KEY not in str(caught.value)


@every_shape
def test_a_deadline_holds_there(loopback: Loopback, threads: Executor, shape: Shape) -> None:
    # The first call loads what the second finds, however busy the machine is.
    loopback.script(Answer("at once"), Answer("late", delay=30))
    gateway = OpenAIGateway(api_key=KEY, base_url=f"{loopback.url}/v1")
    broker = broker_for(LLMBroker("m", gateway), engine=threads)
    assert shape.run(broker, "hi").text == "at once"
    outcome = shape.run(broker, "hi", deadline=1, retry=mj.Retry(attempts=1))
    assert isinstance(outcome.error, DeadlineExceeded)
    assert loopback.requests[1].hung_up.wait(10)


def test_a_fallback_goes_by_the_engine_too(loopback: Loopback, threads: Executor) -> None:
    loopback.script(Answer.error(500, "broken"), Answer("from the other"))
    other = OpenAIGateway(api_key=KEY, base_url=f"{loopback.url}/v1")
    broker = broker_at(loopback, fallback=[other], retry=mj.Retry(attempts=1))
    sent = broker_for(broker, engine=threads)
    assert sent.policies.fallback is not None
    assert [comes_whole(one) for one, _ in sent.policies.fallback.candidates] == [True]
    assert mj.batch(["hi"], broker, engine=threads) == ["from the other"]
    assert not comes_whole(other)
    assert not comes_whole(broker.gateway)


def test_its_first_piece_has_no_time(loopback: Loopback, threads: Executor) -> None:
    taken: list[Any] = []
    broker = broker_for(broker_at(loopback), engine=threads)
    tasks = [replace(one, stream=True) for one in tasks_of(broker, ["hi"])]
    run(tasks, lambda task, result: taken.append(result))
    assert (taken[0].ok, taken[0].ttft_s) == (True, None)
    assert not loopback.requests[0].body.get("stream")


def test_an_interrupt_hangs_up_in_the_threads(loopback: Loopback, threads: Executor) -> None:
    loopback.script(Answer("one"), *[Answer("late", delay=30)] * 3)

    def interrupt() -> None:
        loopback.wait_for(4, timeout=20)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interrupted) as caught:
        mj.batch(["a", "b", "c", "d"], broker_at(loopback), engine=threads, concurrency=4)
    assert caught.value.answers.summary.ok <= 1
    late = [seen for seen in loopback.requests if not seen.finished.wait(0)]
    assert all(seen.hung_up.wait(10) for seen in late)


def test_a_cassette_stays_here(loopback: Loopback, processes: Executor, tmp_path: Path) -> None:
    for _ in range(2):
        with Cassette(tmp_path / "a.jsonl"):
            answers = mj.batch(["hi"], broker_at(loopback), engine=processes, store=None)
        assert answers == ["Hello from loopback."]
    own = broker_at(loopback, cassette=tmp_path / "b.jsonl")
    for _ in range(2):
        assert comes_whole(broker_for(own, engine=processes).gateway)
        assert mj.batch(["ho"], own, engine=processes, store=None) == ["Hello from loopback."]
        own = broker_at(loopback, cassette=tmp_path / "b.jsonl")
    assert asked_of(loopback) == {"hi": 1, "ho": 1}


def test_an_executor_that_takes_nothing_any_more_says_so(loopback: Loopback) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    answers = mj.batch(["hi"], broker_at(loopback), engine=pool)
    assert "takes no calls any more" in answers.errors[0]


def die(_: object) -> None:
    import os

    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_ends_it_and_loses_nothing(loopback: Loopback) -> None:
    prompts = [f"q{n}" for n in range(60)]
    loopback.script(*[Answer("one", delay=0.02)] * 60)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:

        def kill() -> None:
            loopback.wait_for(10, timeout=30)
            pool.submit(die, None)

        threading.Thread(target=kill).start()
        answers = mj.batch(prompts, broker_at(loopback), engine=pool, concurrency=8)
    assert answers.summary.ok >= 2
    assert "make a new one" in next(iter(answers.errors.values()))
    again = mj.batch(prompts, broker_at(loopback))
    assert again.summary.status == "complete"
    assert again.summary.stored == answers.summary.ok


def test_a_transport_that_cannot_travel_is_refused(threads: Executor, processes: Executor) -> None:
    class Own:
        def __init__(self) -> None:
            self.lock = threading.Lock()

    gateway = OpenAIGateway(api_key=KEY, transport=Own())
    broker = LLMBroker("m", gateway)
    with pytest.raises(BadArgument, match="cannot be sent to a worker"):
        run_by(processes, broker)
    assert comes_whole(run_by(threads, broker).gateway)


@pytest.mark.parametrize("engine", ["ray", 3, object()])
def test_what_is_no_engine_is_refused(engine: Any) -> None:
    with pytest.raises(BadArgument, match="engine="):
        mj.batch(["hi"], "demo", engine=engine)


def test_without_a_client_it_says_how_to_start_one() -> None:
    with pytest.raises(BadArgument, match=r"client = Client\(\)"):
        mj.batch(["hi"], "demo", engine="dask")


def test_without_dask_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(BadArgument, match=r'pip install "mojentic-nb\[dask\]"'):
        mj.batch(["hi"], "demo", engine="dask")


def test_an_errand_never_shows_what_it_carries() -> None:
    wire = WireRequest(
        gateway="openai",
        method="POST",
        url="https://user:hidden@host/v1?key=hidden",
        headers=Headers({"x-mine": KEY, "authorization": f"Bearer {KEY}"}),
        body=b"a private prompt",
    )
    errand = Errand.of(wire, http)
    assert repr(errand) == "<Errand to openai at host>"
    assert pickle.loads(pickle.dumps(errand)).unpacked() == wire


def test_what_an_errand_may_take_is_told_in_seconds_left() -> None:
    from mojentic_nb.clock import SystemClock

    wire = WireRequest(gateway="g", method="GET", url="http://x", ends_at=SystemClock.now() + 60)
    errand = pickle.loads(pickle.dumps(Errand.of(wire, http)))
    assert errand.wire.ends_at is None
    assert 50 < errand.unpacked().within(100) <= 60
    with pytest.raises(GatewayError):
        raise GatewayError("as a value it is pickled, too")
