"""One sentence: what it says, and what it does not claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pytest

from mojentic_nb.compare.means import mean_interval
from mojentic_nb.compare.paired import pair_tests
from mojentic_nb.compare.rates import rate_interval
from mojentic_nb.compare.verdict import verdict


def summary_of(scores: Mapping[str, Sequence[float | None]]) -> list[dict[str, Any]]:
    """Rows as `r.summary()` has them."""
    rows = []
    for name, values in scores.items():
        rate, mean = rate_interval(values), mean_interval(values)
        rows.append(
            {
                "candidate": name,
                "n_items": rate.n,
                "mean": mean.mean,
                "lo": mean.lo,
                "hi": mean.hi,
                "pass_rate": rate.rate,
                "pass_lo": rate.lo,
                "pass_hi": rate.hi,
            }
        )

    return rows


def said(scores: Mapping[str, Sequence[float | None]], **more: Any) -> str:
    tests = [asdict(test) for test in pair_tests(scores)]
    return verdict(summary_of(scores), tests, **more)


def items(passed: int, n: int = 200, *, start: int = 0) -> list[float | None]:
    """`passed` of n, from a place on and round again."""
    return [float((place - start) % n < passed) for place in range(n)]


def test_what_is_not_decided_says_how_many_items_would_do():
    a, b = items(158), [*items(142)[:160], *items(26)[:40]]
    assert said({"llama3.2": a, "gemma3": b}) == (
        "gemma3 84 % [78, 88] vs llama3.2 79 % [73, 84] on 200 items, paired diff +5.0 "
        "[−1.4, +11.4], p (Holm) = .16: not decisive; ≈ 660 items needed to tell a difference "
        "of this size."
    )


def test_what_is_decided_is_said_to_be():
    told = said({"small": items(90), "large": items(180)})
    assert told == (
        "large 90 % [85, 93] vs small 45 % [38, 52] on 200 items, paired diff +45.0 "
        "[+37.6, +51.5], p (Holm) < .001: decisive."
    )


def test_the_order_of_rows_and_of_pairs_does_not_matter():
    scores = {"a": items(90), "b": items(180), "c": items(100, start=50)}
    backwards = dict(reversed(scores.items()))
    assert said(scores) == said(backwards)


def test_equal_models_are_told_so():
    told = said({"b": items(150), "a": items(150)})
    assert told.startswith("a 75 % [69, 80] vs b 75 % [69, 80] on 200 items, paired diff 0 [")
    assert told.endswith("p (Holm) = 1: equal on every item, so not decisive.")


def test_as_many_right_but_other_ones_is_not_equal():
    told = said({"a": items(100), "b": items(100, start=20)})
    assert "paired diff 0 [−6.3, +6.3], p (Holm) = 1: not decisive; ≈ 640 items" in told
    assert told.endswith("to tell a difference of five points.")


def test_the_rest_stand_beside_the_best():
    three = {"a": items(180), "b": items(170), "c": items(90)}
    assert said(three).endswith("; c is decisively behind a.")
    near = {"a": items(180), "b": items(179), "c": items(178)}
    assert said(near).endswith("; c is not decisively behind a.")
    four = {**three, "d": items(179)}
    assert said(four).endswith("; 2 of the 2 others are decisively behind a.")


def test_scores_are_told_as_scores():
    scores = {"a": [0.2, 0.31, 0.45, 0.4] * 20, "b": [0.3, 0.33, 0.5, 0.41] * 20}
    told = said(scores, value="score")
    assert told.startswith("b 0.385 [0.368, 0.402] vs a 0.34 [0.319, 0.361] on 80 items, paired")
    assert "+0.045 [+0.0372, +0.0528]" in told


def test_as_many_items_as_planned_and_still_undecided_is_more_items():
    scores = {"a": items(100), "b": items(80)}
    (test,) = (asdict(test) for test in pair_tests(scores))
    told = verdict(summary_of(scores), [{**test, "decisive": False, "p_holm": 0.06}])
    assert told.endswith("not decisive; more items needed to tell a difference of this size.")


def test_frames_will_do():
    pandas = pytest.importorskip("pandas")
    scores = {"small": items(90), "large": items(180)}
    tests = pandas.DataFrame([asdict(test) for test in pair_tests(scores)])
    tests["n_needed"] = tests["n_needed"].astype("Int64")
    assert verdict(pandas.DataFrame(summary_of(scores)), tests) == said(scores)
    unknown = pandas.DataFrame(summary_of(scores)).convert_dtypes()
    unknown.loc[:, "pass_rate"] = pandas.NA
    assert verdict(unknown, tests) == verdict([], [])


def ranked(model: str, theta: float, rank: int, rank_hi: int) -> dict[str, object]:
    elo = 1000 + 100 * theta
    bounds = {"elo": elo, "elo_lo": elo - 40, "elo_hi": elo + 40}
    ranks = {"rank": rank, "rank_lo": 1, "rank_hi": rank_hi}
    return {"model": model, "theta": theta, "win_rate": 0.5, "n_battles": 10, **bounds, **ranks}


def test_where_nothing_is_scored_it_goes_by_battles():
    close = [ranked("a", -1, 2, 2), ranked("b", 1, 1, 2)]
    assert verdict([], [], ranking=close) == (
        "By 10 battles b wins 50 % (Elo 1100 [1060, 1140]) vs a wins 50 % (Elo 900 [860, 940]):"
        " not decisive; more items would tell."
    )
    clear = [ranked("b", 1, 1, 1), ranked("a", -1, 2, 2), ranked("c", -1, 2, 2)]
    assert verdict([], [], ranking=clear).endswith(", before 1 other: decisive.")
    equal = [ranked("a", 0, 1, 2), ranked("b", 0, 1, 2)]
    assert ": equal, so not decisive" in verdict([], [], ranking=equal)


def test_what_cannot_be_told_is_not_told():
    assert "No answer is scored yet" in verdict([], [])
    assert said({"a": items(90)}).endswith(
        "45 % [38, 52] on 200 items: nothing to compare it with yet."
    )
    lonely = said({"a": [1.0, None], "b": [None, 0.0]})
    assert lonely.endswith("no item was answered by both, so nothing is decided.")
    assert verdict(summary_of({"a": items(9), "b": items(8)}), []).endswith(
        "not compared on the same items, so nothing is decided."
    )
