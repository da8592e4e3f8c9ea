"""The tables of a comparison: their columns are a contract, their numbers the statistics'."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from mojentic_nb.compare.asking import compare
from mojentic_nb.compare.check_kinds import length
from mojentic_nb.compare.comparison import Comparison
from mojentic_nb.compare.paired import pair_test
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.statistics import wilson
from tests.compare.grids import models, says
from tests.loopback import Answer, Loopback

DF = (
    "comparison_id item_id cluster prompt model provider temperature repeat status output parsed "
    "error_type error duration_s wait_s ttft_s tokens_per_s input_tokens output_tokens cost cached "
    "cold score_contains pass_contains passed score candidate span_id cell_key"
)
SUMMARY = (
    "prompt model temperature n_items n_cells n_errors mean se lo hi ci_method pass_rate pass_lo "
    "pass_hi repeat_sd flip_rate p50_s p95_s ttft_p50_s tok_s cost_total cost_per_item "
    "cost_per_pass candidate"
)
PAIRS = "a b n diff se lo hi test statistic p p_holm wins losses ties decisive n_needed"


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def graded(loopback: Loopback, marks: dict[str, str], **options: object) -> Comparison:
    """Each model's answers to as many questions: `+` passes, `-` does not, `!` fails."""
    answers = {"+": Answer("yes"), "-": Answer("no"), "!": Answer.error(400, "no")}
    # A server on this machine has one model answer everything before the next.
    loopback.script(*[answers[sign] for signs in marks.values() for sign in signs])
    count = len(next(iter(marks.values())))

    return compare(
        [f"question {number}" for number in range(count)],
        models(loopback, *marks),
        concurrency=1,
        **{"checks": "yes", **options},
    )


def test_the_frame_has_the_columns_that_are_promised(loopback: Loopback) -> None:
    r = compare("a?", models(loopback), checks="x", params={"temperature": 0.5})
    assert list(r.df.columns) == DF.split()
    assert r.df.attrs["schema"] == "mojentic_nb.comparison/1"
    assert list(r.summary().columns) == SUMMARY.split()
    assert list(r.pairs().columns) == PAIRS.split()
    assert {str(r.df[name].dtype) for name in ("score_contains", "duration_s", "cost")} == {
        "float64"
    }
    assert str(r.df.passed.dtype) == "boolean"
    assert r.df.temperature.tolist() == [0.5, 0.5]
    assert r.df.comparison_id.nunique() == 1


def test_settings_that_are_words_are_categories(loopback: Loopback) -> None:
    r = compare("a?", models(loopback, "m"), params={"reasoning_effort": ["low", "high"]})
    assert r.df.reasoning_effort.tolist() == ["low", "high"]
    assert r.summary().reasoning_effort.tolist() == ["low", "high"]
    r = compare("a?", models(loopback, "m"), params={"retain_reasoning": [True, False]})
    for frame in (r.df, r.summary()):
        assert frame.retain_reasoning.tolist() == ["True", "False"]


def test_a_rate_counts_items(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "++-+", "large": "----"})
    one, other = r.summary().to_dict("records")
    assert (one["n_items"], one["n_cells"], one["n_errors"]) == (4, 4, 0)
    assert (one["pass_rate"], one["pass_lo"], one["pass_hi"]) == (0.75, *wilson(3, 4))
    assert (other["pass_rate"], other["pass_lo"], other["pass_hi"]) == (0, *wilson(0, 4))
    assert one["mean"] == 0.75


def test_repeats_are_averaged_within_their_item(loopback: Loopback) -> None:
    loopback.script(*says("yes", "yes", "no", "yes"))
    r = compare(["a?", "b?"], models(loopback, "m"), repeats=2, checks="yes", concurrency=1)
    [row] = r.summary().to_dict("records")
    # In order: a0 yes, b0 yes, a1 no, b1 yes.
    assert r.matrix().iloc[:, 0].tolist() == [0.5, 1.0]
    assert r.matrix("output").iloc[:, 0].tolist() == ["yes", "yes"]
    assert (row["n_items"], row["n_cells"], row["pass_rate"]) == (2, 4, 0.75)
    assert row["flip_rate"] == 0.5
    assert row["repeat_sd"] == pytest.approx(0.5)
    assert "repeats averaged" in row["ci_method"]


def test_what_failed_is_counted_and_is_no_wrong_answer(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "+!-!", "large": "++++"})
    row = r.summary().to_dict("records")[0]
    assert (row["n_items"], row["n_errors"], row["pass_rate"]) == (2, 2, 0.5)
    [pair] = r.pairs().to_dict("records")
    assert pair["n"] == 2
    assert r.matrix("passed").iloc[:, 0].isna().tolist() == [False, True, False, True]


def test_pairs_are_tested_on_the_same_items(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "++++-+", "large": "-+---+", "third": "++++-+"})
    rows = r.pairs().to_dict("records")
    expected = pair_test([1, 1, 1, 1, 0, 1], [0, 1, 0, 0, 0, 1])
    assert [(row["a"], row["b"]) for row in rows] == [
        ("small", "large"),
        ("small", "third"),
        ("large", "third"),
    ]
    assert (rows[0]["diff"], rows[0]["p"], rows[0]["wins"]) == (
        expected.diff,
        expected.p,
        expected.wins,
    )
    assert rows[0]["p_holm"] == pytest.approx(min(1, 3 * expected.p))
    assert (rows[1]["diff"], rows[1]["p"]) == (0, 1)


def test_pairs_may_be_of_another_number(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "+-", "large": "--"}, checks=["yes", length(unit="characters")])
    [row] = r.pairs("score_length_characters").to_dict("records")
    assert row["diff"] == 0.5
    assert r.pairs("duration_s").test.tolist() != []
    assert r.pairs("score_length_characters").attrs["value"] == "score_length_characters"
    for table in (r.pairs, r.matrix, r.disagreements, r.power):
        with pytest.raises(BadArgument, match="no number 'warmth'"):
            table("warmth")


def test_pairs_may_be_of_medians(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "++++-+", "large": "-+---+"})
    [row] = r.pairs("output_tokens", statistic="median").to_dict("records")
    assert (row["test"], row["n"], row["ties"]) == ("sign exact", 6, 6)
    assert r.pairs("duration_s", statistic="median").attrs["value"] == "duration_s"
    with pytest.raises(BadArgument, match="statistic='mode'"):
        r.pairs("duration_s", statistic="mode")  # type: ignore[arg-type]
    with pytest.raises(BadArgument, match="no clusters and no effect"):
        r.pairs("duration_s", effect=0.1, statistic="median")


def test_the_power_of_more_items_is_told(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "++++-+", "large": "-+---+"})
    curve = r.power()
    assert curve.power.is_monotonic_increasing
    assert (curve.n_run == 6).all()


def test_a_matrix_has_items_down_and_candidates_across(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "+-", "large": "--"})
    frame = r.matrix()
    assert frame.index.tolist() == ["question 0", "question 1"]
    assert frame.columns.tolist() == [("as given", "small"), ("as given", "large")]
    assert frame.columns.names == ["prompt", "model"]
    assert frame.to_numpy().tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert r.matrix("output").to_numpy().tolist() == [["yes", "no"], ["no", "no"]]
    assert r.matrix("output_tokens").dtypes.eq("float64").all()
    assert r.disagreements().index.tolist() == ["question 0"]


def test_without_checks_candidates_disagree_in_words(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "+-", "large": "--"}, checks=())
    assert r.disagreements().index.tolist() == ["question 0"]
    assert r.pairs().empty
    assert "give checks" in r.verdict()


def test_settings_stand_across_a_matrix_too(loopback: Loopback) -> None:
    r = compare("a?", models(loopback, "m"), params={"temperature": [0, 1]})
    assert r.matrix("output_tokens").columns.names == ["prompt", "model", "temperature"]
    r = compare("a?", models(loopback, "m"), params={"temperature": 0})
    assert r.matrix("output_tokens").columns.names == ["prompt", "model"]


def test_speed_leaves_out_what_says_nothing_of_it(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "++++"})
    [row] = r.summary().to_dict("records")
    assert row["p50_s"] >= 0
    assert pd.isna(row["p95_s"]), "three calls have no p95"
    cold = [cell for cell in r.cells if cell.result is not None and cell.result.cold]
    assert len(cold) == 1
    assert r.matrix("duration_s").iloc[:, 0].isna().sum() == 1
    assert r.df.duration_s.notna().all()


def test_a_failure_has_no_speed(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "++!"})
    assert r.matrix("duration_s").iloc[:, 0].isna().tolist() == [True, False, True]


def test_costs_are_summed_where_they_are_known(loopback: Loopback) -> None:
    from mojentic_nb.catalogue import register_model

    register_model("openai", "priced", price={"input": 10, "output": 20})
    loopback.script(*[Answer(text, usage=(1000, 500)) for text in ("yes", "no", "yes")])
    r = compare(
        ["a?", "b?", "c?"], models(loopback, "priced", "unheard-of"), checks="yes", concurrency=1
    )
    first, second = r.summary().to_dict("records")
    assert first["cost_total"] == pytest.approx(0.06)
    assert first["cost_per_item"] == pytest.approx(0.02)
    assert first["cost_per_pass"] == pytest.approx(0.03)
    assert pd.isna(second["cost_total"])
    assert r.cost == pytest.approx(0.06)


def test_every_frame_is_the_callers_own(loopback: Loopback) -> None:
    r = graded(loopback, {"small": "+"})
    frame = r.df
    frame.loc[0, "output"] = "changed"
    assert r.df.output.tolist() == ["yes"]
