"""Small tables, twice: for a notebook and for a terminal."""

from __future__ import annotations

import re

import pytest

from mojentic_nb.views.table import html_table, text_table

COLUMNS = ["model", "tok", "s"]
ROWS = [["demo", 12, 0.841234], ["llama", 1234, None]]


def test_a_terminal_gets_aligned_columns() -> None:
    assert text_table(COLUMNS, ROWS).splitlines() == [
        "model   tok       s",
        "─────  ────  ──────",
        "demo     12  0.8412",
        "llama  1234       –",
    ]


def test_wide_signs_keep_the_columns_straight() -> None:
    lines = text_table(["a", "b"], [["模型", "x"], ["e\u0301", "y"]]).splitlines()
    assert lines[2:] == ["模型  x", "e\u0301     y"]


def test_a_notebook_gets_the_same_words() -> None:
    drawn = html_table(COLUMNS, ROWS)
    assert re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", drawn) == [
        *["model", "tok", "s"],
        *["demo", "12", "0.8412"],
        *["llama", "1234", "–"],
    ]


def test_numbers_stand_right_even_without_the_style_sheet() -> None:
    drawn = html_table(COLUMNS, ROWS)
    assert '<td class="number" style="text-align: right">12</td>' in drawn
    assert '<td style="text-align: left">demo</td>' in drawn


def test_every_word_is_escaped() -> None:
    drawn = html_table(["<a>"], [["<img onerror=x>"], ['"&']], caption="</caption><b>")
    for word in ("<a>", "<img", "<b>"):
        assert word not in drawn
    assert "&lt;img onerror=x&gt;" in drawn


def test_colours_come_from_the_theme_of_the_notebook() -> None:
    drawn = html_table(COLUMNS, ROWS)
    assert "var(--jp-ui-font-color1," in drawn
    assert "#fff" not in drawn
    assert 'class="mojentic-nb' in drawn


@pytest.mark.parametrize(
    "words, is_right",
    [
        (["0.84 s", "12 ms", "3 min 05 s", "–"], True),
        (["$0.0021", "$12.40", "$0"], True),
        (["4.7 GB", "800 MB"], True),
        (["2024-01-02"], False),
        (["1.2.3"], False),
        (["–", "–"], False),
        (["12", "many"], False),
        ([True, False], False),
    ],
)
def test_written_numbers_count_as_numbers(words: list[object], is_right: bool) -> None:
    drawn = html_table(["x"], [[word] for word in words])
    assert ("text-align: right" in drawn) is is_right


@pytest.mark.parametrize(
    "value, word",
    [(None, "–"), (float("nan"), "–"), (True, "yes"), (1.0, "1"), (2024, "2024"), ("a\nb", "a b")],
)
def test_a_value_is_one_short_line(value: object, word: str) -> None:
    assert text_table(["x"], [[value]]).splitlines()[-1].strip() == word


def test_uneven_rows_and_no_rows_are_tables_too() -> None:
    assert text_table(["a", "b"], [["x"], ["y", "z", "more"]]).splitlines()[2:] == ["x  –", "y  z"]
    assert text_table(["a"], []) == "a\n─"
    assert "<tbody>\n</tbody>" in html_table(["a"], [])
