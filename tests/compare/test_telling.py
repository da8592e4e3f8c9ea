"""How a comparison shows itself, and what it says besides the numbers."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mojentic_nb.compare.asking import compare
from mojentic_nb.compare.check_kinds import contains
from mojentic_nb.compare.comparison import Comparison
from tests.compare.grids import models, says
from tests.loopback import Answer, Loopback

ROWS = [
    {"country": "France", "expected": "Paris"},
    {"country": "Spain", "expected": "Madrid"},
    {"country": "Italy", "expected": "Rome"},
]


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def r(loopback: Loopback) -> Comparison:
    # A server on this machine has one model answer everything before the next.
    loopback.script(*says("Paris", "Madrid", "Rome", "Paris", "Lisbon", "Milan"))
    return compare(
        "Capital of {country}?", models(loopback), items=ROWS, checks=[contains()], concurrency=1
    )


def plain(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


def test_a_short_table_and_a_sentence(r: Comparison) -> None:
    lines = repr(r).splitlines()
    assert lines[0] == "Comparison: 2 candidates · 3 items · 6 of 6 answers"
    assert lines[3].split()[:4] == ["small", "3", "0", "100"]
    assert lines[4].split()[:4] == ["large", "3", "0", "33"]
    assert lines[5] == r.verdict()
    assert r.verdict().startswith("small 100 %")
    assert len(lines) == 6


def test_the_best_stands_first(loopback: Loopback) -> None:
    loopback.script(*says("no", "no", "yes", "yes"))
    r = compare(["a?", "b?"], models(loopback), checks="yes", concurrency=1)
    assert repr(r).index("large") < repr(r).index("small")


def test_both_forms_say_the_same(r: Comparison) -> None:
    words = [word for line in repr(r).splitlines() for word in line.split() if "─" not in word]
    html = plain(r._repr_html_())
    assert [word for word in words if word not in html] == []


def test_a_stable_form_has_no_seconds(r: Comparison) -> None:
    shown = r.show(stable=True)
    assert "median" not in repr(shown) + shown._repr_html_()
    assert "median" in repr(r.show())
    assert not re.search(r"\d m?s\b", repr(shown) + str(r.grid(stable=True)))
    assert re.search(r"\d m?s\b", plain(r.grid().html))
    assert not re.search(r"\d m?s\b", plain(r.grid(stable=True).html))


def test_the_grid_has_all_and_those_that_differ_first(r: Comparison) -> None:
    assert [row.name for row in r.grid().rows] == ["France", "Spain", "Italy"]
    assert [row.differs for row in r.grid().rows] == [False, True, True]
    assert [row.name for row in r.grid(only_disagreements=True).rows] == ["Spain", "Italy"]
    assert r.grid().rows[0].asked == "Capital of France?"


def test_what_was_not_checked_is_told(loopback: Loopback) -> None:
    r = compare("Capital of {country}?", models(loopback), items=ROWS)
    assert any("nothing checks it" in note for note in r.notes)


def test_a_check_that_raises_is_told(loopback: Loopback) -> None:
    def parses(text: str) -> bool:
        return int(text) > 0

    loopback.script(*says("1", "two"))
    r = compare("a?", models(loopback), checks=parses, concurrency=1)
    assert r.df.passed.tolist() == [True, False]
    assert r.notes == ["the check parses raised ValueError on 1 answer, which count as failed"]
    assert "note: the check parses" in repr(r)
    assert "note: the check parses" in r._repr_html_()


def test_nothing_anybody_wrote_becomes_markup(loopback: Loopback) -> None:
    evil = "<script>alert(1)</script>"
    loopback.script(Answer(evil), Answer.error(400, evil))
    r = compare([{"prompt": evil, "id": evil}], models(loopback, evil, "m"), concurrency=1)
    assert "<script" not in r._repr_html_() + r.grid().html


def test_many_candidates_are_cut_short_in_the_short_table() -> None:
    r = compare("hi", {f"model {n}": "demo" for n in range(23)}, store=None)
    assert "… and 3 more" in repr(r)


def test_what_is_kept_can_be_read_with_sql(loopback: Loopback) -> None:
    r = compare("a?", models(loopback), checks=["Hello", len], key="k", repeats=2)
    with closing(sqlite3.connect(".mojentic/results.db")) as line:
        [(key, status)] = line.execute("SELECT key, status FROM comparison").fetchall()
        assert (key, status) == ("k", "complete")
        cells = line.execute("SELECT cell_key, model_id, repeat, status FROM cell").fetchall()
        assert sorted(cells) == sorted(
            (cell.id, cell.candidate.model, cell.repeat, "ok") for cell in r.cells
        )
        scores = line.execute(
            "SELECT name, value, passed FROM score WHERE cell_key = ?", (r.cells[0].id,)
        ).fetchall()
        assert sorted(scores) == [("contains", 1.0, 1), ("len", 20.0, None)]
