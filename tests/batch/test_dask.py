"""A batch on a dask cluster: two worker processes, one thread each, and the loopback server."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest

import mojentic_nb as mj
from mojentic_nb import Budget, LLMBroker, OpenAIGateway, TracerSystem
from mojentic_nb.batch.answers import Interrupted
from mojentic_nb.batch.asking import broker_for
from mojentic_nb.batch.dask_office import GONE_S, DaskOffice
from mojentic_nb.batch.engines import EngineRoad
from mojentic_nb.clock import SystemClock
from mojentic_nb.errors import GatewayError, GatewayTorn
from mojentic_nb.gateways.transport import http
from tests.batch.asking import asked_of, broker_at
from tests.loopback import Answer, Loopback
from tests.shapes import ONCE, Shape, every_shape

KEY = "sk-batch-secret"  # as `broker_at` has it

# dask looks up the machine's own address, which asks for a way out of it.
HERE: dict[str, Any] = {"dashboard_address": ":0", "host": "127.0.0.1", "protocol": "tcp"}

# Two processes have to start, and to load what they need, beside other tests.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[distributed.Client]:
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            **HERE,
            local_directory=str(tmp_path_factory.mktemp("dask")),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def prompts(count: int) -> list[str]:
    return [f"question {n}" for n in range(count)]


def most_at_once(loopback: Loopback) -> int:
    """How many connections carried requests: as many as were under way at once."""
    return len({seen.connection for seen in loopback.requests})


@pytest.mark.parametrize("is_named", [True, False])
def test_the_workers_make_the_calls_many_at_once(
    loopback: Loopback, client: distributed.Client, is_named: bool
) -> None:
    loopback.script(*[Answer("ok", delay=0.2)] * 200)
    engine: Any = "dask" if is_named else client
    answers = mj.batch(prompts(200), broker_at(loopback), engine=engine, concurrency=64)
    assert answers.summary.ok == 200
    assert set(asked_of(loopback).values()) == {1}
    assert {seen.key for seen in loopback.requests} == {KEY}
    assert 40 <= most_at_once(loopback) <= 128


def test_answers_stand_in_order_and_the_demo_model_runs_there(client: distributed.Client) -> None:
    asked = [f"What is {n}+1?" for n in range(12)]
    assert mj.batch(asked, "demo", engine=client) == mj.batch(asked, "demo", store=None)


@every_shape
def test_every_shape_of_call_goes_by_dask(
    loopback: Loopback, client: distributed.Client, shape: Shape
) -> None:
    loopback.script(Answer("by a worker"), Answer.error(401, "who are you?", echo_key=True))
    gateway = OpenAIGateway(api_key=KEY, base_url=f"{loopback.url}/v1")
    broker = broker_for(LLMBroker("m", gateway, retry=ONCE), engine=client)
    assert shape.run(broker, "hi").text == "by a worker"
    error = shape.run(broker, "hi").error
    assert error is not None
    assert error.status == 401
    assert KEY not in str(error)


def test_a_budget_holds_for_all_workers(loopback: Loopback, client: distributed.Client) -> None:
    loopback.script(*[Answer("ok", usage=(50, 50))] * 40)
    broker = broker_at(loopback, budget=Budget(tokens=1000))
    answers = mj.batch(prompts(40), broker, engine=client, concurrency=8)
    asked = len(loopback.requests)
    assert answers.status == "stopped"
    assert (answers.summary.ok, answers.summary.skipped) == (asked, 40 - asked)
    assert 8 <= asked <= 10


def test_a_provider_that_wants_fewer_calls_is_heard_for_all(
    loopback: Loopback, client: distributed.Client
) -> None:
    busy = Answer.error(429, "slow down", headers={"retry-after": "7"})
    loopback.script(*[Answer("ok")] * 10, busy, busy, *[Answer("ok")] * 30)
    broker = broker_at(loopback)
    answers = mj.batch(prompts(40), broker, engine=client, concurrency=8)
    assert (answers.status, answers.summary.ok) == ("complete", 40)
    assert len(loopback.requests) == 42
    assert max(broker.clock.waits) >= 7


def test_traces_are_kept_here(loopback: Loopback, client: distributed.Client) -> None:
    tracer = TracerSystem()
    broker = broker_at(loopback, tracer=tracer)
    answers = mj.batch(prompts(10), broker, engine=client)
    calls = tracer.calls_df
    assert len(calls) == 10
    assert calls["ok"].all()
    assert {one.span_id for one in answers.results} <= set(tracer.spans_df["span_id"])


def test_a_comparison_goes_by_the_workers_too(
    loopback: Loopback, client: distributed.Client
) -> None:
    tracer = TracerSystem()
    models = {name: broker_at(loopback, name, tracer=tracer) for name in ("small", "large")}
    busy = Answer.error(429, "slow down", headers={"retry-after": "7"})
    loopback.script(*[Answer("Paris")] * 3, busy, *[Answer("Paris")] * 9)
    r = mj.compare(
        ["a?", "b?"], models, repeats=3, checks="Paris", key="k", engine=client, concurrency=1
    )
    assert (r.status, r.df["passed"].all(), len(loopback.requests)) == ("complete", True, 13)
    assert set(r.df["span_id"]) <= set(tracer.spans_df["span_id"])
    assert len(tracer.calls_df) == 12
    assert any(one.clock.waits for one in models.values())
    assert mj.compare(["a?", "b?"], models, repeats=3, key="k", engine=client).asked.stored == 12


def test_a_budget_holds_for_a_comparison_on_all_workers(
    loopback: Loopback, client: distributed.Client
) -> None:
    models = {name: broker_at(loopback, name) for name in ("small", "large")}
    loopback.script(*[Answer("ok", usage=(50, 50))] * 80)
    r = mj.compare(prompts(20), models, budget=Budget(tokens=2000), engine=client)
    assert r.status == "stopped"
    assert r.asked.ok == len(loopback.requests) <= 20
    assert set(r.df["status"]) == {"ok", "skipped"}


def test_an_interrupt_hangs_up_on_the_workers(
    loopback: Loopback, client: distributed.Client
) -> None:
    loopback.script(Answer("one"), *[Answer("late", delay=60)] * 3)

    def interrupt() -> None:
        loopback.wait_for(4, timeout=60)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(Interrupted) as caught:
        mj.batch(prompts(4), broker_at(loopback), engine=client, concurrency=4)
    assert caught.value.answers.summary.ok <= 1
    assert all(seen.finished.wait(20) for seen in loopback.requests)
    assert sum(seen.hung_up.is_set() for seen in loopback.requests) >= 3
    assert len(mj.batch(prompts(4), broker_at(loopback), engine=client).errors) == 0


def test_a_worker_that_is_killed_loses_nothing(
    loopback: Loopback, client: distributed.Client
) -> None:
    loopback.script(*[Answer("ok", delay=0.2)] * 400)
    pids = client.run(os.getpid)

    def kill() -> None:
        loopback.wait_for(60, timeout=60)
        os.kill(min(pids.values()), signal.SIGKILL)

    threading.Thread(target=kill).start()
    broker = broker_at(loopback)
    answers = mj.batch(prompts(200), broker, engine=client, concurrency=16)
    assert (answers.status, answers.summary.ok) == ("complete", 200)
    assert sum(one.retries for one in answers.results) > 0
    asked = asked_of(loopback)
    # What was under way on that worker was asked again, and nothing else.
    assert sum(asked.values()) - 200 <= 16
    again = {prompt for prompt, times in asked.items() if times > 1}
    retried = {answers.prompts[at] for at, one in enumerate(answers.results) if one.retries}
    assert again <= retried
    count = len(loopback.requests)
    assert mj.batch(prompts(200), broker_at(loopback)).summary.stored == 200
    assert len(loopback.requests) == count


def test_without_workers_it_says_so(loopback: Loopback) -> None:
    with (
        distributed.LocalCluster(n_workers=0, processes=False, **HERE) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        answers = mj.batch(["hi"], broker_at(loopback), engine=client)
        assert "no workers now. Give it some: cluster.scale(2)." in answers.errors[0]

    broker = broker_for(broker_at(loopback), engine=client)
    with pytest.raises(GatewayError, match="The dask client is closed"):
        broker.generate("hi")
    assert loopback.requests == []


def test_a_worker_that_only_seemed_lost_is_asked_again(
    loopback: Loopback, client: distributed.Client
) -> None:
    office = DaskOffice(client)
    road = EngineRoad(office, http)
    broker = broker_at(loopback, retry=ONCE)
    broker.gateway = broker.gateway.travelling(road)
    workers = list(client.nthreads())
    office._gone = dict.fromkeys(workers, SystemClock.now())
    with pytest.raises(GatewayTorn, match="no workers now"):
        broker.generate("hi")
    office._gone = dict.fromkeys(workers, SystemClock.now() - GONE_S)
    assert broker.generate("hi") == "Hello from loopback."


def test_an_asynchronous_client_serves_who_awaits(loopback: Loopback) -> None:
    async def asked() -> Any:
        async with (
            distributed.LocalCluster(
                n_workers=1, processes=False, asynchronous=True, **HERE
            ) as cluster,
            distributed.Client(cluster, asynchronous=True, set_as_default=False) as client,
        ):
            return await mj.abatch(prompts(5), broker_at(loopback), engine=client)

    assert asyncio.run(asked()).summary.ok == 5


def test_no_key_is_in_any_log_nor_in_what_the_cluster_keeps(
    loopback: Loopback, client: distributed.Client, capfd: pytest.CaptureFixture[str]
) -> None:
    loopback.script(
        Answer.error(400, "no such thing", echo_key=True), *[Answer("late", delay=3)] * 2
    )
    private = "a very private prompt"
    worker = min(client.run(os.getpid).values())

    def kill() -> None:
        loopback.wait_for(3, timeout=60)
        os.kill(worker, signal.SIGKILL)

    threading.Thread(target=kill).start()
    broker = broker_at(loopback, retry=ONCE)
    answers = mj.batch([private] * 6, broker, engine=client, concurrency=3)
    assert answers.errors

    logs = [str(client.get_worker_logs()), str(client.get_scheduler_logs())]
    scheduler: Any = client.cluster.scheduler
    kept = [repr(scheduler.tasks), str(scheduler.get_events()), str(client.story())]
    told = [*logs, *kept, *capfd.readouterr(), repr(answers.errors)]
    assert Counter(KEY in one for one in told)[True] == 0
    assert Counter(private in one for one in told)[True] == 0
