"""One question of many: what is kept of its answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mojentic_nb import Budget, CompletionConfig
from mojentic_nb.batch.running import run
from mojentic_nb.batch.store import ResultStore
from mojentic_nb.hooks.retry import Retry
from tests.batch.asking import asked_of, broker_at, tasks_of
from tests.batch.test_running import Taken, prompts, put
from tests.loopback import Answer, Fault, Loopback


def test_an_answer_that_a_budget_cut_is_asked_for_again(loopback: Loopback, tmp_path: Path) -> None:
    store = ResultStore(tmp_path / "results.db")
    cut = Answer("only so", usage=(20, 30), finish="length")
    loopback.script(Answer("whole", usage=(20, 60)), cut)
    broker = broker_at(loopback, budget=Budget(tokens=400))
    taken: Taken = {}
    run(tasks_of(broker, prompts(2)), put(taken), store=store, concurrency=1)
    assert [taken[at].finish_reason for at in range(2)] == ["stop", "length"]
    loopback.clear()
    summary = run(tasks_of(broker_at(loopback), prompts(2)), put({}), store=store)
    assert (summary.stored, list(asked_of(loopback))) == (1, ["question 1"])


def test_an_answer_of_another_model_is_its_own_and_costs_what_that_one_costs(
    loopback: Loopback,
) -> None:
    loopback.script(Answer.error(500, "broken"), Answer("its own"))
    broker = broker_at(loopback, "gpt-5.4-mini", fallback="demo", retry=Retry(attempts=1))
    taken: Taken = {}
    summary = run(tasks_of(broker, prompts(2)), put(taken), concurrency=1)
    assert [(taken[at].provider, taken[at].model) for at in range(2)] == [
        ("demo", "demo"),
        ("openai", "gpt-5.4-mini"),
    ]
    assert taken[0].cost == 0.0
    assert summary.cost == taken[1].cost != 0.0


def test_a_deadline_holds_for_all_attempts_together(loopback: Loopback) -> None:
    busy = Answer.error(429, "later", headers={"retry-after": "7"})
    loopback.script(busy, Answer(fault=Fault.HTML), busy, Answer("too late"))
    taken: Taken = {}
    tasks = [
        replace(one, options={"deadline": 8}) for one in tasks_of(broker_at(loopback), prompts(1))
    ]
    run(tasks, put(taken))
    assert taken[0].error_type == "DeadlineExceeded"
    assert len(loopback.requests) == 3


def test_an_answer_cut_by_its_own_bound_is_kept(loopback: Loopback, tmp_path: Path) -> None:
    store = ResultStore(tmp_path / "results.db")
    loopback.script(Answer("only so", usage=(20, 30), finish="length"))
    broker = broker_at(loopback, budget=Budget(tokens=4000), config=CompletionConfig(max_tokens=30))
    run(tasks_of(broker, prompts(1)), put({}), store=store)
    assert run(tasks_of(broker, prompts(1)), put({}), store=store).stored == 1
