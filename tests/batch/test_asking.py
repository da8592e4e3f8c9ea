"""Many prompts, one call: what a person types and gets."""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import os
import re
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pandas
import pytest
from pydantic import BaseModel

import mojentic_nb as mj
from mojentic_nb import Budget, LLMBroker, LLMMessage
from mojentic_nb.batch.answers import Interrupted
from mojentic_nb.batch.store import ResultStore
from mojentic_nb.errors import BadArgument
from tests.batch.asking import asked_of, broker_at
from tests.loopback import Answer, Fault, Loopback


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Person(BaseModel):
    name: str
    age: int


def test_the_answers_stand_in_the_order_of_the_prompts(loopback: Loopback) -> None:
    class Echo:
        def around_model(self, call: Any, proceed: Any) -> Any:
            answer = yield from proceed(call)
            from dataclasses import replace

            return replace(answer, text=call.request.messages[-1].content.upper())

    answers = mj.batch([f"q{n}" for n in range(50)], broker_at(loopback, policies=[Echo()]))
    assert list(answers) == [f"Q{n}" for n in range(50)]
    assert answers == [f"Q{n}" for n in range(50)]
    assert isinstance(answers[0], mj.Reply)
    assert (len(answers), answers[-1], answers[1:3]) == (50, "Q49", ["Q1", "Q2"])


def test_it_works_at_once_on_the_demo_model() -> None:
    answers = mj.batch(["What is 2+2?", "What is 3+4?"], "demo")
    assert "4" in answers[0]
    assert "7" in answers[1]
    assert answers.status == "complete"


def test_it_stays_callable_after_its_package_is_imported() -> None:
    module = importlib.import_module("mojentic_nb.batch")
    import mojentic_nb.batch

    assert mojentic_nb.batch is module is mj.batch
    assert len(mojentic_nb.batch(["Hi"], "demo")) == 1
    assert list(inspect.signature(mj.batch).parameters) == ["prompts", "model", "options"]


def test_awaiting_gives_the_same() -> None:
    answers = asyncio.run(mj.abatch(["What is 2+2?"], "demo", store=None))
    assert answers == mj.batch(["What is 2+2?"], "demo", store=None)


def test_equal_prompts_are_questions_of_their_own(loopback: Loopback) -> None:
    mj.batch(["A poem.", "A poem.", "A poem."], broker_at(loopback))
    assert asked_of(loopback) == {"A poem.": 3}
    again = mj.batch(["A poem.", "A poem.", "A poem.", "A poem."], broker_at(loopback))
    assert asked_of(loopback) == {"A poem.": 4}
    assert again.summary.stored == 3


def test_it_is_kept_under_the_working_directory(loopback: Loopback, somewhere: Path) -> None:
    mj.batch(["Hi"], broker_at(loopback))
    assert (somewhere / ".mojentic/results.db").is_file()


def test_nothing_is_kept_where_nothing_is_to_be(loopback: Loopback, somewhere: Path) -> None:
    mj.batch(["Hi"], broker_at(loopback), store=None)
    mj.batch(["Hi"], broker_at(loopback), store=None)
    assert list(somewhere.iterdir()) == []
    assert asked_of(loopback) == {"Hi": 2}


def test_objects_are_objects_the_second_time_too(loopback: Loopback) -> None:
    loopback.script(Answer('{"name": "Ann", "age": 3}'))
    ann = Person(name="Ann", age=3)
    for _ in range(2):
        answers = mj.batch(["Who?"], broker_at(loopback), object_model=Person)
        assert list(answers) == [ann]
        assert answers.df["value"].tolist() == ['{"name":"Ann","age":3}']
    assert len(loopback.requests) == 1


def test_a_system_message_goes_before_each(loopback: Loopback) -> None:
    prompts = ["Hi", [LLMMessage.user("a"), LLMMessage.assistant("b"), LLMMessage.user("c")]]
    mj.batch(prompts, broker_at(loopback), system="Be brief.", concurrency=1)
    roles = [[one["role"] for one in seen.body["messages"]] for seen in loopback.requests]
    assert roles == [["system", "user"], ["system", "user", "assistant", "user"]]


def test_settings_reach_the_provider(loopback: Loopback) -> None:
    mj.batch(["Hi"], broker_at(loopback), temperature=0.25, max_tokens=9)
    body = loopback.requests[0].body
    assert body["temperature"] == 0.25
    assert 9 in (body.get("max_tokens"), body.get("max_completion_tokens"))


def test_a_row_that_failed_is_none_and_says_why(loopback: Loopback) -> None:
    loopback.script(Answer("one"), Answer.error(400, "no such thing"), Answer("three"))
    answers = mj.batch(["a", "b", "c"], broker_at(loopback), concurrency=1)
    assert list(answers) == ["one", None, "three"]
    assert list(answers.errors) == [1]
    assert "no such thing" in answers.errors[1]
    assert repr(answers).startswith("Answers(2 of 3 answered, 1 failed")


def test_the_frame_has_a_row_for_each_prompt(loopback: Loopback) -> None:
    loopback.script(Answer("one", usage=(4, 2)), Answer.error(400, "no such thing"))
    frame = mj.batch(["a", "b"], broker_at(loopback), concurrency=1).df
    assert frame["prompt"].tolist() == ["a", "b"]
    assert frame["output"].tolist() == ["one", ""]
    assert frame["status"].tolist() == ["ok", "error"]
    assert frame["input_tokens"].isna().tolist() == [False, True]
    assert str(frame["output_tokens"].dtype) == "Int64"
    assert str(frame["duration_s"].dtype) == "float64"
    assert frame["error_type"].isna().tolist() == [True, False]


def test_no_prompts_no_rows() -> None:
    answers = mj.batch([], "demo")
    assert (len(answers), answers.status) == (0, "complete")
    assert list(answers.df.columns)[:3] == ["prompt", "output", "status"]
    assert len(answers.df) == 0


def test_a_budget_in_dollars_ends_it(loopback: Loopback) -> None:
    loopback.script(*[Answer("word " * 900, usage=(5, 1000))] * 50)
    broker = broker_at(loopback, "gpt-5.4-mini")
    answers = mj.batch([f"q{n}" for n in range(50)], broker, budget=0.10, max_tokens=1000)
    assert answers.status == "stopped"
    assert 0 < answers.summary.ok < 50
    # The last call is bound to what is left, which this server does not heed.
    assert answers.cost <= 0.10 + 1000 * 4.5e-6
    assert answers.summary.skipped + answers.summary.ok == 50
    assert broker.policies.budget is None


def test_a_shared_budget_is_the_callers(loopback: Loopback) -> None:
    budget = Budget(tokens=10_000)
    mj.batch(["a", "b"], broker_at(loopback), budget=budget, max_tokens=100)
    assert budget.spent.tokens == 2 * (11 + 7)


def test_dollars_for_a_model_of_unknown_price_are_refused_at_once(loopback: Loopback) -> None:
    broker = broker_at(loopback, "priced-by-its-hint")
    with pytest.raises(BadArgument, match="price") as caught:
        mj.batch(["a"], broker, budget=1.0)
    assert loopback.requests == []

    # What it tells to type can be typed.
    typed = re.search(r"from mojentic_nb.*?\)", str(caught.value))
    assert typed is not None
    exec(typed.group())
    assert mj.batch(["a"], broker, budget=1.0).status == "complete"


@pytest.mark.parametrize(
    ("prompts", "options", "told"),
    [
        ("one prompt", {}, r"batch\(\[prompt\]\)"),
        (42, {}, "prompts"),
        (["a"], {"store": 3}, "store=3"),
        (["a"], {"system": 3}, "system=3"),
        (["a"], {"deadline": "soon"}, "deadline"),
        (["a"], {"concurency": 3}, "concurency"),
        (["a"], {"concurrency": 0}, "concurrency"),
        (["a"], {"temperature": "hot"}, "temperature"),
        (["a"], {"object_model": print}, "not a type"),
    ],
)
def test_nonsense_is_refused_before_anything_is_asked(
    loopback: Loopback, somewhere: Path, prompts: Any, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadArgument, match=told):
        mj.batch(prompts, broker_at(loopback), **options)
    assert loopback.requests == []
    assert list(somewhere.iterdir()) == []


@pytest.mark.parametrize("named", [{"a": "b"}, pandas.DataFrame({"a": ["b"]})])
def test_what_has_names_for_its_prompts_is_refused(named: Any) -> None:
    with pytest.raises(BadArgument, match=r"df\.llm"):
        mj.batch(named, "demo")


def test_a_prompt_that_cannot_be_sent_is_one_row_without_an_answer() -> None:
    answers = mj.batch(["fine", "half a smile: \ud83d"], "demo")
    assert (answers.summary.ok, list(answers.errors)) == (1, [1])
    assert "surrogates" in answers.errors[1]


def test_a_model_that_is_none() -> None:
    with pytest.raises(BadArgument, match="no model"):
        mj.batch(["a"], 42)


def test_what_it_will_cost_before_it_does(loopback: Loopback) -> None:
    prompts = ["word " * 700] * 100
    free = mj.batch.estimate(prompts, "demo")
    assert (free.n, free.low, free.high) == (100, 0.0, 0.0)
    assert "free" in str(free)

    priced = mj.batch.estimate(prompts, broker_at(loopback, "gpt-5.4-mini"), max_tokens=10)
    assert priced.low is not None
    assert priced.high is not None
    assert 0 < priced.low < priced.high
    assert 70_000 <= priced.input_tokens <= 110_000
    unknown = mj.batch.estimate(prompts, broker_at(loopback, "nobody-knows"))
    assert (unknown.low, "unknown" in str(unknown)) == (None, True)
    assert loopback.requests == []


def test_what_is_kept_already_will_cost_nothing(loopback: Loopback) -> None:
    broker = broker_at(loopback, "gpt-5.4-mini")
    mj.batch(["a", "b"], broker)
    rest = mj.batch.estimate(["a", "b", "c"], broker)
    assert (rest.n, rest.stored) == (1, 2)
    assert str(rest).startswith("1 call (2 kept), ")
    assert mj.batch.estimate(["a", "b", "c"], broker, store=None).n == 3


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are told there")
def test_the_file_that_it_opened_is_closed(somewhere: Path) -> None:
    gc.disable()
    try:
        mj.batch(["Hi"], "demo")
        mj.batch.estimate(["Hi"], "demo")
        opened = [os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()]
    finally:
        gc.enable()
    assert [one for one in opened if one.startswith(str(somewhere))] == []


def test_a_store_of_the_callers_stays_open(tmp_path: Path) -> None:
    store = ResultStore(tmp_path / "own.db")
    mj.batch(["Hi"], "demo", store=store)
    assert store._file._line is not None


def test_the_key_is_nowhere(loopback: Loopback, somewhere: Path) -> None:
    loopback.script(Answer.error(401, "bad", echo_key=True), Answer("fine"))
    answers = mj.batch(["a", "b"], broker_at(loopback), concurrency=1)
    told = repr(answers) + str(answers.errors) + answers.df.to_json() + repr(answers.results)
    assert "sk-batch-secret" not in told
    kept = b"".join(path.read_bytes() for path in (somewhere / ".mojentic").iterdir())
    assert b"sk-batch-secret" not in kept


RUN = """
import sys
import mojentic_nb as mj
from mojentic_nb import LLMBroker, OpenAIGateway
broker = LLMBroker("small", OpenAIGateway(api_key="k", base_url=sys.argv[1] + "/v1"))
print("begun", flush=True)
answers = mj.batch([f"q{n}" for n in range(40)], broker, concurrency=4, progress=False)
print(answers.summary.ok, answers.summary.stored)
"""


def begun(loopback: Loopback) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUN), loopback.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )


def stuck_after(loopback: Loopback, count: int) -> None:
    """So many answers, and then silence for the four that are under way."""
    loopback.script(
        *[Answer("fine")] * count, *[Answer("never", fault=Fault.SILENT_BEFORE_HEADERS)] * 4
    )


def test_killed_and_run_again_it_asks_only_for_what_is_missing(loopback: Loopback) -> None:
    silent = Answer("never", fault=Fault.SILENT_BEFORE_HEADERS)
    loopback.script(*[Answer("fine")] * 20, Answer("late", delay=0.5), *[silent] * 4)
    with begun(loopback) as first:
        # One question more than the silence leaves: the late answer has come, so that those
        # before it are half a second old. They are in the file, where the late one may be.
        loopback.wait_for(25, 20)
        first.send_signal(signal.SIGKILL)

    unsure = {seen.body["messages"][-1]["content"] for seen in loopback.requests[20:]}
    with begun(loopback) as second:
        out, err = second.communicate(timeout=60)
    assert out.split() in (["begun", "40", "20"], ["begun", "40", "21"]), err
    twice = {prompt for prompt, count in asked_of(loopback).items() if count > 1}
    assert twice <= unsure


def test_interrupted_it_says_what_it_has_and_keeps_it(loopback: Loopback) -> None:
    stuck_after(loopback, 20)
    with begun(loopback) as first:
        requests = loopback.wait_for(24, 20)
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=30)
    assert "Interrupted after 20 of 40 answers" in err
    assert all(seen.hung_up.wait(5) for seen in requests[-4:])
    with begun(loopback) as second:
        out, err = second.communicate(timeout=60)
    assert out.split() == ["begun", "40", "20"], err


def test_awaited_and_cancelled_it_says_what_it_has(loopback: Loopback) -> None:
    stuck_after(loopback, 3)

    async def whole() -> BaseException:
        made = asyncio.ensure_future(mj.abatch(["a", "b", "c", "d"], broker_at(loopback)))
        await asyncio.get_running_loop().run_in_executor(None, loopback.wait_for, 4)
        made.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await made
        return caught.value

    error = asyncio.run(whole())
    # What it is stays as it is: asyncio's own time limits ask for just this class.
    assert type(error) is asyncio.CancelledError
    assert error._render_traceback_() == error.__notes__
    assert "of 4 answers. They are kept" in error.__notes__[0]


def test_what_was_answered_comes_along_with_an_interrupt() -> None:
    answers = mj.batch(["Hi"], "demo")
    told = Interrupted(answers)
    assert isinstance(told, KeyboardInterrupt)
    assert told.answers is answers
    assert told._render_traceback_() == [str(told)]


def test_a_broker_is_left_as_it_is(loopback: Loopback) -> None:
    broker = broker_at(loopback)
    before = (broker.gateway, broker.policies, broker.retry)
    mj.batch(["a"], broker, budget=Budget(tokens=100_000))
    assert (broker.gateway, broker.policies, broker.retry) == before
    assert isinstance(broker, LLMBroker)


def test_a_thousand_requests_take_the_time_of_their_rounds(loopback: Loopback) -> None:
    # Through a limit of fifty the fifty-first waits for a place, and none is left behind.
    answers = mj.batch([f"q{n}" for n in range(1000)], broker_at(loopback), concurrency=50)
    assert answers.summary.ok == 1000
    assert len(loopback.requests) == 1000
    assert max(seen.connection for seen in loopback.requests) <= 50
