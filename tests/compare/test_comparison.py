"""A comparison against a real server, which counts what it is asked."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from mojentic_nb import Budget
from mojentic_nb.catalogue import register_model
from mojentic_nb.compare.asking import acompare, compare
from mojentic_nb.compare.check_kinds import equals
from mojentic_nb.compare.comparison import Comparison, Interrupted
from mojentic_nb.compare.items import Item
from mojentic_nb.errors import BadArgument
from tests.compare.grids import asked, models, says
from tests.loopback import Answer, Fault, Loopback

CAPITALS = [{"country": "France", "expected": "Paris"}, {"country": "Spain", "expected": "Madrid"}]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def made_here(prompts: Any, candidates: Any, **options: Any) -> Comparison:
    return compare(prompts, candidates, **options)


def made_awaiting(prompts: Any, candidates: Any, **options: Any) -> Comparison:
    return asyncio.run(acompare(prompts, candidates, **options))


both_shapes = pytest.mark.parametrize("made", [made_here, made_awaiting])


@both_shapes
def test_each_repeat_of_each_candidate_is_a_call_of_its_own(loopback: Loopback, made: Any) -> None:
    r = made(["a?", "b?"], models(loopback), repeats=3)
    assert asked(loopback) == {(m, p): 3 for m in ("small", "large") for p in ("a?", "b?")}
    assert (r.status, len(r.cells), r.asked.ok) == ("complete", 12, 12)


@both_shapes
def test_the_same_again_asks_nothing(loopback: Loopback, made: Any) -> None:
    first = made(["a?", "b?"], models(loopback), repeats=2)
    again = made(["a?", "b?"], models(loopback), repeats=2)
    assert len(loopback.requests) == 8
    assert (again.asked.stored, again.status) == (8, "complete")
    assert again.df.output.tolist() == first.df.output.tolist()
    assert Path(".mojentic/results.db").exists()


def test_without_a_store_everything_is_asked_again(loopback: Loopback) -> None:
    for _ in range(2):
        compare("a?", models(loopback), store=None)
    assert len(loopback.requests) == 4
    assert list(Path().iterdir()) == []


def test_a_model_more_asks_only_that_model(loopback: Loopback) -> None:
    compare(["a?", "b?"], models(loopback, "small"), key="k")
    loopback.clear()
    compare(["a?", "b?"], models(loopback, "small", "large"), key="k")
    assert asked(loopback) == {("large", "a?"): 1, ("large", "b?"): 1}


def test_a_changed_prompt_asks_only_that_prompt(loopback: Loopback) -> None:
    compare(["a?", "b?"], models(loopback, "small"), key="k")
    loopback.clear()
    r = compare(["a?", "c?"], models(loopback, "small"), key="k")
    assert asked(loopback) == {("small", "c?"): 1}
    assert r.df.item_id.tolist() == ["a?", "c?"]


def test_more_repeats_ask_only_the_new_ones(loopback: Loopback) -> None:
    compare("a?", models(loopback, "small"), repeats=2)
    compare("a?", models(loopback, "small"), repeats=5)
    assert len(loopback.requests) == 5


def test_other_checks_ask_nothing(loopback: Loopback) -> None:
    loopback.script(*says("Paris", "Rome"))
    first = compare("a?", models(loopback), concurrency=1, checks="Paris")
    again = compare("a?", models(loopback), checks="Rome")
    assert (first.df.passed.tolist(), again.df.passed.tolist()) == ([True, False], [False, True])
    assert len(loopback.requests) == 2


def test_an_error_is_a_row_and_asked_for_again(loopback: Loopback) -> None:
    loopback.script(Answer("fine"), Answer.error(400, "no such luck"))
    r = compare("a?", models(loopback), concurrency=1)
    assert r.df.status.tolist() == ["ok", "error"]
    assert r.df.error_type.tolist()[1] == "GatewayStatus"
    assert r.status == "complete"
    assert any("no such luck" in note for note in r.notes)
    again = compare("a?", models(loopback))
    assert again.df.status.tolist() == ["ok", "ok"]
    assert asked(loopback) == {("small", "a?"): 1, ("large", "a?"): 2}


def test_run_again_it_asks_for_what_failed(loopback: Loopback) -> None:
    loopback.script(Answer.error(400, "no"))
    r = compare("a?", models(loopback), concurrency=1, store=None, checks="Hello")
    assert r.df.status.tolist() == ["error", "ok"]
    assert r.run() is r
    assert r.df.passed.tolist() == [True, True]
    assert len(loopback.requests) == 3


def test_no_key_is_in_what_is_kept_or_shown(loopback: Loopback) -> None:
    loopback.script(Answer.error(401, "wrong", echo_key=True))
    r = compare("a?", models(loopback), concurrency=1, judge=models(loopback, "judge")["judge"])
    r.to_jsonl("r.jsonl")
    shown = repr(r) + r._repr_html_() + r.grid().html + r.df.to_csv() + Path("r.jsonl").read_text()
    assert "sk-batch-secret" not in shown
    for path in Path(".mojentic").iterdir():
        assert b"sk-batch-secret" not in path.read_bytes()


def test_a_bound_on_cells_stops_and_the_next_run_goes_on(loopback: Loopback) -> None:
    r = compare(["a?", "b?"], models(loopback), max_cells=3)
    assert (len(loopback.requests), r.status) == (3, "stopped")
    assert sorted(r.df.status) == ["ok", "ok", "ok", "skipped"]
    assert any("max_cells=3" in note for note in r.notes)
    again = compare(["a?", "b?"], models(loopback), max_cells=1)
    assert (len(loopback.requests), again.status) == (4, "complete")


def test_a_budget_is_for_all_together_and_stops_cleanly(loopback: Loopback) -> None:
    for name in ("dear", "dearer"):
        register_model("openai", name, price={"input": 1000, "output": 1000})
    params, both = {"max_tokens": 10}, models(loopback, "dear", "dearer")
    r = compare([f"{n}?" for n in range(9)], both, budget_usd=0.1, params=params)
    assert r.status == "stopped"
    assert 0 < len(loopback.requests) < 18
    assert r.cost <= 0.1 + 1e-9
    assert set(r.df.status) == {"ok", "skipped"}
    compare([f"{n}?" for n in range(9)], both, budget=Budget(usd=9.0), params=params)
    assert max(asked(loopback).values()) == 1


def test_a_budget_needs_prices(loopback: Loopback) -> None:
    with pytest.raises(BadArgument, match="costs is not known"):
        compare("a?", models(loopback, "nobody-prices-this"), budget_usd=1.0)
    assert loopback.requests == []


def test_the_system_message_and_settings_arrive(loopback: Loopback) -> None:
    compare("a?", models(loopback, "small"), system="Be brief.", params={"temperature": [0, 0.5]})
    sent = [seen.body for seen in loopback.requests]
    assert sorted(body["temperature"] for body in sent) == [0, 0.5]
    assert {body["messages"][0]["content"] for body in sent} == {"Be brief."}


def test_what_is_expected_is_for_checks_and_never_sent(loopback: Loopback) -> None:
    loopback.script(*says("Paris", "Lisbon"))
    r = compare(
        "Capital of {country}?",
        models(loopback, "small"),
        items=CAPITALS,
        checks=[equals(), lambda text, item: item["country"] != text],
        concurrency=1,
    )
    assert r.df.pass_equals.tolist() == [True, False]
    assert r.df.pass_check.tolist() == [True, True]
    assert r.matrix("passed").iloc[:, 0].tolist() == [1.0, 0.0]
    assert "Madrid" not in str([seen.body for seen in loopback.requests])


def test_answers_may_be_objects(loopback: Loopback) -> None:
    class City(BaseModel):
        name: str

    loopback.script(Answer('{"name": "Paris"}'))
    r = compare("a?", models(loopback, "small"), object_model=City)
    assert r.df.parsed.tolist() == ['{"name":"Paris"}']
    again = compare("a?", models(loopback, "small"), object_model=City)
    assert again.df.parsed.tolist() == r.df.parsed.tolist()
    assert len(loopback.requests) == 1


def test_tools_run(loopback: Loopback) -> None:
    from tests.loopback import ToolUse

    def look() -> str:
        """Look."""
        return "seen"

    loopback.script(Answer(tools=[ToolUse("look", {})]), Answer("done"))
    r = compare("a?", models(loopback, "small"), tools=[look])
    assert r.df.output.tolist() == ["done"]


def test_the_first_call_of_a_model_is_cold_and_stays_so(loopback: Loopback) -> None:
    for _ in range(2):
        r = compare(["a?", "b?", "c?"], models(loopback, "small"), concurrency=1)
        assert r.df.cold.tolist() == [True, False, False]
        assert r.summary().attrs["cold_or_cached"] == 1


def test_equal_questions_and_equal_models_are_asked_apart(loopback: Loopback) -> None:
    same = models(loopback, "small")["small"]
    r = compare(["a?", "a?"], {"one": same, "two": same}, checks="Hello")
    assert asked(loopback) == {("small", "a?"): 4}
    [row] = r.pairs().to_dict("records")
    assert (row["diff"], row["p"], row["p_holm"], row["decisive"]) == (0, 1, 1, False)
    assert "not decisive" in r.verdict()


RUN = """
import sys
from tests.loopback import Loopback
from tests.compare.grids import models
from mojentic_nb.compare.asking import compare

class At:
    url = sys.argv[1]

r = compare([f"q{n}" for n in range(10)], models(At), repeats=2, concurrency=2, key="k")
print(r.asked.ok, r.asked.stored, r.status)
"""


def begun(loopback: Loopback) -> subprocess.Popen[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(RUN), loopback.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )


def stuck_after(loopback: Loopback, count: int) -> None:
    silent = Answer("never", fault=Fault.SILENT_BEFORE_HEADERS)
    loopback.script(*[Answer("fine")] * count, silent, silent)


def test_an_interrupted_grid_goes_on_with_what_is_missing(loopback: Loopback) -> None:
    stuck_after(loopback, 20)
    with begun(loopback) as first:
        loopback.wait_for(22, 20)
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=30)
    assert "Interrupted after 20 of 40 answers. The same call again asks only for the rest." in err
    under_way = {
        (seen.model, seen.body["messages"][-1]["content"]) for seen in loopback.requests[-2:]
    }
    with begun(loopback) as second:
        out, err = second.communicate(timeout=60)
    assert out.split() == ["40", "20", "complete"], err
    assert len(loopback.requests) == 42
    assert {key for key, count in asked(loopback).items() if count > 2} <= under_way
    with sqlite3.connect(".mojentic/results.db") as line:
        assert line.execute("SELECT status FROM comparison").fetchall() == [("complete",)]
        assert line.execute("SELECT DISTINCT status FROM cell").fetchall() == [("ok",)]
    line.close()


def test_an_interrupt_brings_along_what_there_is(loopback: Loopback) -> None:
    r = compare("a?", models(loopback))
    told = Interrupted(r)
    assert isinstance(told, KeyboardInterrupt)
    assert told.comparison is r
    assert told._render_traceback_() == [str(told)]


def test_an_interrupt_among_slow_checks_ends_them(loopback: Loopback) -> None:
    looked_at: list[str] = []

    def slow(text: str) -> bool:
        looked_at.append(text)
        if len(looked_at) == 2:
            raise KeyboardInterrupt
        return True

    with pytest.raises(Interrupted) as stopped:
        compare(["a?", "b?", "c?"], models(loopback, "small"), checks=slow)
    r = stopped.value.comparison
    assert (len(looked_at), r.status, r.matrix().notna().sum().tolist()) == (2, "partial", [1])
    assert (r.run().status, len(looked_at)) == ("complete", 4)
    assert len(loopback.requests) == 3


def test_awaited_and_cancelled_it_keeps_what_there_is(loopback: Loopback) -> None:
    stuck_after(loopback, 3)

    async def whole() -> BaseException:
        made = asyncio.ensure_future(
            acompare(["a?", "b?", "c?"], models(loopback), checks="fine", concurrency=1, key="k")
        )
        await asyncio.get_running_loop().run_in_executor(None, loopback.wait_for, 4)
        made.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await made
        return caught.value

    error = asyncio.run(whole())
    told = "Interrupted after 3 of 6 answers. The same call again asks only for the rest."
    assert type(error) is asyncio.CancelledError
    assert error.__notes__ == error._render_traceback_() == [told]
    with sqlite3.connect(".mojentic/results.db") as line:
        assert line.execute("SELECT count(*) FROM score").fetchone() == (3,)
    line.close()


def test_what_did_not_fit_is_an_error_and_not_asked_for_again(loopback: Loopback) -> None:
    loopback.script(*says("no number", "7"))
    r = compare("How many?", models(loopback), object_model=int, concurrency=1)
    assert sorted(r.df.status) == ["error", "ok"]
    assert len(loopback.requests) == 2


def test_everything_shows_itself_before_and_without_answers(loopback: Loopback) -> None:
    loopback.script(*[Answer.error(400, "no")] * 4)
    r = compare(["a?", "b?"], models(loopback), checks="x", repeats=1)
    assert "2 answers failed" in repr(r)
    assert r._repr_html_().count("<table>") == 1
    assert r.pairs().empty
    assert r.power().empty
    assert r.battles().empty
    assert r.disagreements().empty
    with pytest.raises(BadArgument, match="nothing to rank by"):
        r.bt()


@pytest.mark.parametrize(
    "wrong",
    [
        {"warmth": 1},
        {"max_cells": -1},
        {"max_cells": "3"},
        {"system": 3},
        {"concurrency": 0},
        {"budget": 1.0, "budget_usd": 1.0},
    ],
)
def test_a_wrong_argument_asks_nothing(loopback: Loopback, wrong: Any) -> None:
    with pytest.raises(BadArgument):
        compare("a?", models(loopback), **wrong)
    assert loopback.requests == []
    assert list(Path().iterdir()) == []


def test_demo_needs_nobody() -> None:
    r = compare(["q1", "q2"], ["demo", "demo:other"])
    assert r.df.status.tolist() == ["ok"] * 4
    assert r.df.model.tolist() == ["demo", "demo", "demo:other", "demo:other"]
    assert r.status == "complete"


def test_clusters_widen_what_is_known(loopback: Loopback) -> None:
    loopback.script(*says(*["yes"] * 4, *["no"] * 4))
    items = [Item(prompt=f"{n}?", cluster="x" if n < 4 else "y") for n in range(8)]
    r = compare(items, models(loopback, "small"), checks="yes", concurrency=1)
    [row] = r.summary().to_dict("records")
    assert "2 clusters" in row["ci_method"]
    alone = compare(
        [Item(prompt=f"{n}?") for n in range(8)], models(loopback, "small"), checks="yes"
    )
    [free] = alone.summary().to_dict("records")
    assert row["pass_rate"] == free["pass_rate"] == 0.5
    assert row["pass_hi"] - row["pass_lo"] > free["pass_hi"] - free["pass_lo"]
