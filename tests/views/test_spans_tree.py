"""The tree of spans in text, and in HTML."""

from __future__ import annotations

import pytest

from mojentic_nb.views.bars import EMPTY, Bar, folded, summary_line, words_of
from mojentic_nb.views.spans_tree import branches, tree_html, tree_text


def rows(*depths: int) -> list[Bar]:
    return [Bar(name=f"row {number}", depth=depth) for number, depth in enumerate(depths)]


@pytest.mark.parametrize(
    "depths, drawn",
    [
        ([], []),
        ([0, 0], ["", ""]),
        ([0, 1, 1], ["", "├─ ", "└─ "]),
        ([0, 1, 2, 1], ["", "├─ ", "│  └─ ", "└─ "]),
        ([0, 1, 2, 0, 1], ["", "└─ ", "   └─ ", "", "└─ "]),
        ([0, 1, 2, 2, 3, 1], ["", "├─ ", "│  ├─ ", "│  └─ ", "│     └─ ", "└─ "]),
    ],
)
def test_branches_join_what_belongs_together(depths: list[int], drawn: list[str]) -> None:
    assert branches(rows(*depths)) == drawn


def test_a_thousand_levels_are_still_a_page_wide() -> None:
    drawn = branches(rows(*range(1000)))
    assert max(map(len, drawn)) <= 48


def test_a_row_says_everything_in_a_line() -> None:
    bar = Bar(
        name="llama3.2",
        kind="llm",
        duration_s=1.5,
        first_s=0.6,
        wait_s=0.3,
        retries=2,
        status="error",
        trouble="GatewayTimeout: nothing\nfor 30 s",
        tokens_in=412,
        tokens_out=None,
        dollars=0.0021,
        marks=("estimated",),
    )
    assert tree_text([bar]).splitlines()[1] == (
        "llama3.2 · 1.50 s · 412 → – tok · first 0.60 s · waited 0.30 s · 2 retries · $0.0021 · "
        "estimated · ✗ GatewayTimeout: nothing for 30 s"
    )


@pytest.mark.parametrize("status", ["cancelled", "abandoned"])
def test_what_was_stopped_says_so(status: str) -> None:
    assert words_of(Bar(name="x", status=status, trouble="interrupted")) == f"◌ {status}"


def test_an_empty_tree_says_what_would_fill_it() -> None:
    assert tree_text([]) == EMPTY
    assert EMPTY in tree_html([])


def test_sums_stand_first_and_count_only_calls() -> None:
    bars = [
        Bar(name="turn", kind="chat_turn", duration_s=4.1, tokens_in=999, dollars=5.0),
        *[
            Bar(name="m", kind="llm", depth=1, duration_s=1, tokens_in=900, dollars=0.0007)
            for _ in range(2)
        ],
        Bar(name="calculator", kind="tool", depth=1, duration_s=0.1, status="error"),
    ]
    told = "2 calls · 1 tool · 4.10 s · 1,800 tok · $0.0014 · 1 error"
    assert summary_line(bars) == told
    assert tree_text(bars, title="cell 7").splitlines()[0] == f"cell 7 · {told}"


def test_four_alike_are_one_row_with_their_count() -> None:
    alike = [
        Bar(name="calc", kind="tool", depth=1, start_s=number, duration_s=0.5, tokens_in=number)
        for number in range(4)
    ]
    (row,) = folded(alike)
    assert (row.count, row.start_s, row.duration_s, row.tokens_in) == (4, 0, 3.5, 6)
    assert row.parts == tuple((float(number), 0.5) for number in range(4))
    assert "calc ×4" in tree_text(alike)


@pytest.mark.parametrize(
    "change",
    [{"name": "other"}, {"depth": 2}, {"model": "m"}, {"status": "error"}, {"kind": "llm"}],
)
def test_what_differs_is_not_folded_away(change: dict[str, object]) -> None:
    alike = [Bar(name="calc", kind="tool", depth=1) for _ in range(3)]
    odd = Bar(**{"name": "calc", "kind": "tool", "depth": 1, **change})
    assert len(folded([*alike[:2], odd, alike[2]])) == 4


def test_a_parent_is_never_folded() -> None:
    turns = [bar for _ in range(5) for bar in rows(0, 1)]
    assert len(folded(turns)) == 10
    alike = [Bar(name="calc", kind="tool") for _ in range(4)]
    assert len(folded([*alike, Bar(name="below", depth=1)])) == 5


def test_an_unknown_price_makes_the_run_unknown() -> None:
    prices = (0.1, 0.1, None, 0.1)
    (row,) = folded([Bar(name="m", kind="llm", dollars=price) for price in prices])
    assert row.dollars is None


def test_more_than_fifty_rows_wait_and_none_is_lost() -> None:
    many = rows(*[0] * 60)
    text = tree_text(many)
    assert text.splitlines()[-1] == "… 10 more spans: print() shows all"
    assert len(text.splitlines()) == 52
    assert "row 59" in tree_text(many, most=None)
    drawn = tree_html(many)
    assert "<details><summary>show all 60 spans</summary>" in drawn
    assert drawn.index("row 49") < drawn.index("<details>") < drawn.index("row 59")


def test_the_forks_of_a_long_tree_know_what_is_hidden() -> None:
    text = tree_text(rows(0, *[1] * 60), most=2)
    assert text.splitlines()[2].startswith("├─ row 1")
