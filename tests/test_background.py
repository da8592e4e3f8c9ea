"""Jobs on the house loop: events, results, cancelling."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Iterator
from itertools import islice

import pytest

from mojentic_nb import DemoGateway, Job, LLMBroker, OllamaGateway, Reply, errors
from mojentic_nb.background import house_loop, wait_for
from mojentic_nb.events import TextDelta, TurnFailed, TurnFinished
from tests.loopback import Answer, Fault, Loopback


def broker(server: Loopback) -> LLMBroker:
    return LLMBroker("m", OllamaGateway(server.url))


def test_a_job_gives_the_reply_and_all_its_events(loopback: Loopback) -> None:
    loopback.script(Answer("one two three"))
    job = broker(loopback).submit("count")
    reply = job.result(timeout=10)
    assert reply == "one two three"
    assert isinstance(reply, Reply)
    events = list(job.events())
    assert isinstance(events[-1], TurnFinished)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == reply
    assert job.done
    assert not job.cancelled
    assert job.text == reply
    assert list(job.events()) == events, "events can be read again"


def test_a_job_streams_on_the_wire(loopback: Loopback) -> None:
    broker(loopback).submit("count").result(timeout=10)
    assert (loopback.requests[0].body or {})["stream"] is True


def test_cancel_hangs_up_before_the_first_token(loopback: Loopback) -> None:
    loopback.script(Answer(fault=Fault.SILENT_BEFORE_HEADERS))
    job = broker(loopback).submit("count")
    seen = loopback.wait_for(1, 10)[0]
    assert job.cancel()
    assert seen.hung_up.wait(10)
    with pytest.raises(errors.JobCancelled):
        job.result(timeout=10)
    assert job.cancelled


def test_a_cancelled_jobs_text_is_kept(loopback: Loopback) -> None:
    loopback.script(Answer("one two three four", fault=Fault.SILENT, fault_after=2))
    job = broker(loopback).submit("count")
    seen = "".join(event.text for event in islice(texts(job), 2))
    job.cancel()
    with pytest.raises(errors.JobCancelled) as caught:
        job.result(timeout=10)
    assert caught.value.partial == seen == "one two "


def texts(job: Job) -> Iterator[TextDelta]:
    return (event for event in job.events() if isinstance(event, TextDelta))


def test_a_timeout_leaves_the_job_running(loopback: Loopback) -> None:
    loopback.script(Answer(fault=Fault.SILENT_BEFORE_HEADERS))
    job = broker(loopback).submit("count")
    with pytest.raises(TimeoutError, match="still running"):
        job.result(timeout=0.05)
    assert not job.done
    job.cancel()


def test_a_failure_is_an_event_and_then_the_results_error(loopback: Loopback) -> None:
    loopback.script(Answer.error(400, "no"))
    job = broker(loopback).submit("count")
    with pytest.raises(errors.GatewayStatus):
        job.result(timeout=10)
    assert isinstance(list(job.events())[-1], TurnFailed)


def test_events_come_while_the_job_runs() -> None:
    job = LLMBroker("demo", DemoGateway(pace_s=0.001)).submit("Write a haiku")
    first = next(iter(job.events()))
    assert first is not None
    assert job.result(timeout=10)


def test_waiting_on_the_house_loop_itself_is_refused(loopback: Loopback) -> None:
    job = broker(loopback).submit("count")

    async def wait_here() -> None:
        job.result()

    with pytest.raises(errors.BadArgument, match="never end"):
        asyncio.run_coroutine_threadsafe(wait_here(), house_loop()).result(10)


def test_a_job_may_be_waited_for_from_many_threads(loopback: Loopback) -> None:
    job = broker(loopback).submit("count")
    told: list[str] = []
    threads = [threading.Thread(target=lambda: told.append(job.result(10))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert told == ["Hello from loopback."] * 4


def test_an_awaitable_runs_on_the_house_loop() -> None:
    async def where() -> bool:
        return asyncio.get_running_loop() is house_loop()

    assert wait_for(where())


def test_a_reply_survives_pickling(loopback: Loopback) -> None:
    reply = broker(loopback).generate("hi")
    again = pickle.loads(pickle.dumps(reply))
    assert again == reply
    assert again.usage == reply.usage
    assert again.model == reply.model
