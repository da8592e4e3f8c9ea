"""One question of many: what is kept of its answer."""

from __future__ import annotations

from pathlib import Path

from mojentic_nb import Budget, CompletionConfig
from mojentic_nb.batch.running import run
from mojentic_nb.batch.store import ResultStore
from tests.batch.asking import asked_of, broker_at, tasks_of
from tests.batch.test_running import Taken, prompts, put
from tests.loopback import Answer, Loopback


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


def test_an_answer_cut_by_its_own_bound_is_kept(loopback: Loopback, tmp_path: Path) -> None:
    store = ResultStore(tmp_path / "results.db")
    loopback.script(Answer("only so", usage=(20, 30), finish="length"))
    broker = broker_at(loopback, budget=Budget(tokens=4000), config=CompletionConfig(max_tokens=30))
    run(tasks_of(broker, prompts(1)), put({}), store=store)
    assert run(tasks_of(broker, prompts(1)), put({}), store=store).stored == 1
