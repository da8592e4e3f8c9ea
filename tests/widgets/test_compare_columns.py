"""What the page of a grid draws, and which rows somebody wants."""

from __future__ import annotations

import json

import pytest

from mojentic_nb.widgets.compare_columns import Grid
from tests.compare.answered import answered

QUESTIONS = ["capital?", "Sum?", "poem?", "bye, and thanks for all of it?"]
SAYS = {
    "ann": ["Paris", "391", "Roses are\nred", "ok"],
    "ben": ["Paris", "390", None, "ok"],
}


def grid(**options):
    return Grid(answered(QUESTIONS, SAYS, **options))


def column(table, name, candidate=0):
    return [table["texts"][place] for place in table[name][candidate]]


def test_every_text_stands_once():
    table = grid().columns()
    assert len(set(table["texts"])) == len(table["texts"])
    assert [table["texts"][place] for place in table["items"]] == QUESTIONS
    assert column(table, "words") == ["Paris", "391", "Roses are red", "ok"]
    assert column(table, "words", 1) == ["Paris", "390", "429: slow down", "ok"]
    assert table["names"] == ["ann", "ben"]
    assert len(set(table["hues"])) == 2


def test_marks_are_what_the_checks_say():
    table = grid(checks={"right": lambda text: text in ("Paris", "391", "ok")}).columns()
    assert column(table, "marks") == ["✓ pass", "✓ pass", "✗ fail", "✓ pass"]
    assert column(table, "marks", 1) == ["✓ pass", "✗ fail", "error", "✓ pass"]
    assert column(grid().columns(), "marks") == ["", "", "", ""]


@pytest.mark.parametrize(
    "texts, told",
    [
        (["ok", "ok", "ok"], "✓ pass"),
        (["ok", "no", "ok"], "✓ 2 of 3 pass"),
        (["no", "no", "ok"], "✗ 1 of 3 pass"),
        (["ok", None, "ok"], "error 1 of 3"),
        ([None, "ok", "ok"], "error 1 of 3"),
    ],
)
def test_repeats_are_counted(texts, told):
    r = answered(["q"], {"x": lambda _n, m: texts[m]}, repeats=3, checks=["ok"])
    table = Grid(r).columns()
    assert column(table, "marks") == [told]
    assert column(table, "words") == [next(text for text in texts if text)]


def test_long_answers_are_begun_and_more_of_them_are_shorter():
    few = Grid(answered(["q"], {"x": ["word " * 90]})).columns()
    assert len(column(few, "words")[0]) == 120
    many = answered([f"q{n}" for n in range(2000)], {"x": ["word " * 90] * 2000})
    assert len(column(Grid(many).columns(), "words")[0]) == 100


def test_a_thousand_items_by_four_are_small():
    says = {who: [f"{who} {n} " + "word " * 90 for n in range(1000)] for who in "abcd"}
    table = Grid(answered([f"question {n}" for n in range(1000)], says)).columns()
    assert len(json.dumps(table)) < 400_000


def test_what_is_left_out_is_told():
    table = Grid(answered(QUESTIONS, SAYS), most=4).columns()
    assert (len(table["items"]), table["note"]) == (2, ", 2 more are not drawn")


def test_choices_have_counts_and_none_is_empty():
    assert grid().columns()["only"] == [
        ["", "all items"],
        ["differs", "disagreements (2)"],
        ["errors", "errors (1)"],
    ]
    assert [name for name, _ in grid().columns()["sorts"]] == ["", "name", "length"]
    checked = grid(checks=["a"]).columns()
    assert ["failed", "failed checks (2)"] in checked["only"]
    assert ["score", "lowest score first"] in checked["sorts"]


@pytest.mark.parametrize(
    "wanted, places",
    [
        ({}, [0, 1, 2, 3]),
        ({"only": "differs"}, [2]),
        ({"only": "errors"}, [2]),
        ({"only": "failed"}, [1, 3]),
        ({"text": " ROSES "}, [2]),
        ({"text": "sum"}, [1]),
        ({"text": "slow down"}, [2]),
        ({"text": "nowhere"}, []),
        ({"text": "39", "only": "errors"}, []),
        ({"sort": "name"}, [3, 0, 2, 1]),
        ({"sort": "length"}, [2, 0, 1, 3]),
        ({"sort": "score"}, [1, 3, 0, 2]),
        ({"only": "__class__", "sort": "nothing"}, [0, 1, 2, 3]),
    ],
)
def test_rows_are_chosen_and_sorted(wanted, places):
    assert grid(checks=["s"]).chosen(**wanted) == places


def test_all_of_an_answer_is_searched():
    r = answered(["q"], {"x": ["word " * 90 + "needle"]})
    assert Grid(r).chosen(text="needle") == [0]
