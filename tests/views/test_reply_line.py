"""The quiet line under a reply."""

from __future__ import annotations

import mistune
import pytest

from mojentic_nb.views.reply_line import reply_line, reply_line_markdown

KNOWN = {"model": "demo", "duration_s": 0.84, "ttft_s": 0.05, "usage_in": 12, "usage_out": 34}
UNKNOWN = dict.fromkeys(KNOWN)


@pytest.mark.parametrize(
    "values, line",
    [
        (KNOWN, "demo · 0.84 s (first 0.05 s) · 12 → 34 tok"),
        (KNOWN | {"marks": ["partial"]}, "demo · 0.84 s (first 0.05 s) · 12 → 34 tok · partial"),
        (
            KNOWN | {"dollars": 0.0021, "marks": ["cached", "estimated"]},
            "demo · 0.84 s (first 0.05 s) · 12 → 34 tok · $0.0021 · cached · estimated",
        ),
        (UNKNOWN, "– · – (first –) · – → – tok"),
        (KNOWN | {"model": "a\nb"}, "a b · 0.84 s (first 0.05 s) · 12 → 34 tok"),
    ],
)
def test_the_line_says_who_how_fast_and_how_much(values: dict, line: str) -> None:
    assert reply_line(**values) == line


def test_as_markdown_it_is_small() -> None:
    line = reply_line_markdown(**KNOWN)
    assert line == "<small>demo · 0.84 s (first 0.05 s) · 12 → 34 tok</small>"


def test_as_markdown_money_is_no_formula() -> None:
    assert "<span>&#36;</span>0.35" in reply_line_markdown(**KNOWN, dollars=0.35)


@pytest.mark.parametrize("name", ["</small><img src=x>", "*a*_b_", "[x](http://y)", "`a`", "#1"])
def test_as_markdown_no_name_becomes_markup(name: str) -> None:
    line = reply_line_markdown(**KNOWN | {"model": name}, marks=[name])
    (paragraph,) = mistune.create_markdown(renderer="ast")(line)
    kinds = {part["type"] for part in paragraph["children"]}
    assert kinds == {"inline_html", "text"}
    assert [p["raw"] for p in paragraph["children"] if p["type"] == "inline_html"] == [
        "<small>",
        "</small>",
    ]
