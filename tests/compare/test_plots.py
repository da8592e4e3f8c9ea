"""Charts of a comparison: full, small, flat, empty, and in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import matplotlib
import pytest

from mojentic_nb.compare.plots import ComparePlots
from mojentic_nb.compare.plots_length import within_correlation
from mojentic_nb.errors import BadArgument
from mojentic_nb.views.theme import RED, model_colour
from tests.compare.invented import MODELS, Invented

CHARTS = (
    "forest",
    "diffs",
    "heatmap",
    "pareto",
    "scatter",
    "repeats",
    "winmatrix",
    "bt",
    "power",
    "length",
)
RUNS: dict[str, dict[str, Any]] = {
    "two models, five items": {"models": MODELS[:2], "items": 5, "repeats": 1},
    "three models": {"missing": 0.06},
    "eight models": {"models": MODELS, "items": 50, "missing": 0.1},
    "one model": {"models": MODELS[:1]},
    "one item": {"items": 1},
    "scores without prices": {"value": "score", "priced": False},
    "always equal": {"models": MODELS[:2], "is_flat": True, "judged": False},
    "nothing came back": {"missing": 1.0},
}
EMPTY = {
    "bt": "no battles yet: give judge=",
    "winmatrix": "give two models and checks=[...] or judge=",
}


@pytest.fixture(autouse=True)
def _off_screen() -> Iterator[None]:
    from matplotlib import pyplot

    with matplotlib.rc_context({"backend": "agg"}):
        yield
    pyplot.close("all")


def drawn(chart: str, run: Invented, **changes: Any) -> Any:
    """The axes of a chart, laid out and rendered: what cannot be drawn raises here."""
    ax = getattr(ComparePlots(run), chart)(**changes)
    ax.get_figure().canvas.draw()
    return ax


@cache
def one_of(run: str) -> Invented:
    return Invented(**RUNS[run])


def words(ax: Any) -> str:
    from matplotlib.text import Text

    told = "\n".join(found.get_text() for found in ax.findobj(Text)).replace("\\$", "$")
    return " ".join(told.split())


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_says_its_finding_its_units_and_its_n(chart):
    ax = drawn(chart, Invented())
    assert ax.get_title(loc="left")
    assert ax.get_xlabel() or chart == "winmatrix"
    assert "n = " in words(ax)


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("run", RUNS)
def test_any_comparison_can_be_drawn(chart, run):
    assert drawn(chart, one_of(run)).get_title(loc="left")


@pytest.mark.parametrize("chart", CHARTS)
def test_an_empty_chart_says_what_would_fill_it(chart):
    told = words(drawn(chart, Invented((), items=0)))
    assert EMPTY.get(chart, "nothing is scored yet: give checks=[...] or judge=...") in told


def test_a_chart_that_lacks_repeats_or_another_model_says_so():
    assert "repeats=3" in words(drawn("repeats", Invented(repeats=1)))
    alone = Invented(MODELS[:1])
    assert "give compare() two or more" in words(drawn("scatter", alone))
    assert "give compare() two or more" in words(drawn("diffs", alone))
    flat = Invented(MODELS[:2], is_flat=True)
    assert "no two models differ" in words(drawn("power", flat))


@pytest.mark.parametrize("chart", CHARTS)
def test_a_chart_draws_on_given_axes_and_forces_no_style(chart):
    from matplotlib import pyplot

    before = dict(matplotlib.rcParams)
    figure, axes = pyplot.subplots(1, 2)
    size = tuple(figure.get_size_inches())
    assert drawn(chart, Invented(MODELS, items=9), ax=axes[1]) is axes[1]
    assert not axes[0].has_data()
    assert dict(matplotlib.rcParams) == before
    assert len(pyplot.get_fignums()) == 1
    assert tuple(figure.get_size_inches()) == size


@pytest.mark.parametrize("chart", CHARTS)
def test_a_dark_session_stays_dark(chart):
    from matplotlib import pyplot

    with pyplot.style.context("dark_background"):
        ax = drawn(chart, Invented(missing=0.05))
    assert ax.get_figure().get_facecolor()[:3] == (0, 0, 0)
    assert matplotlib.colors.to_rgb(ax.title.get_color()) == (1, 1, 1)


@pytest.mark.parametrize("chart", CHARTS)
def test_any_name_can_be_drawn(chart):
    odd = ("a$b$c", "$\\frac{", "x" * 500, "two\nlines", "%s {0} \\", "_^")
    drawn(chart, Invented(odd, items=8))


@pytest.mark.parametrize("chart", ["forest", "diffs", "heatmap", "repeats", "bt"])
def test_a_long_name_leaves_its_title_inside(chart):
    ax = drawn(chart, Invented((MODELS[4], MODELS[4][::-1]), items=30))
    figure = ax.get_figure()
    for text in (ax.title, ax._left_title, *ax.texts):
        assert text.get_window_extent().x1 <= figure.bbox.x1 + 1, text.get_text()


def test_many_rows_have_room():
    assert drawn("forest", Invented(items=9)).get_figure().get_figheight() == 3.5
    many = Invented([f"model {n}" for n in range(26)], items=6, repeats=1, judged=False)
    assert drawn("forest", many).get_figure().get_figheight() > 7


def test_a_model_has_one_colour_everywhere():
    to_rgb = matplotlib.colors.to_rgb
    run = Invented()
    wanted = to_rgb(model_colour(MODELS[1]))
    for chart in ("forest", "pareto", "bt", "power", "length"):
        lines = drawn(chart, run).get_lines()
        assert wanted in {to_rgb(line.get_color()) for line in lines}, chart
    assert wanted in {patch.get_facecolor()[:3] for patch in drawn("repeats", run).patches}


def test_best_claims_only_what_is_decided():
    near, far = Invented(gap=0.1), Invented(items=200, gap=1.5)
    assert drawn("forest", near).get_title(loc="left").endswith("ahead, but not decisively")
    assert "is best, decisively" in drawn("forest", far).get_title(loc="left")
    flat = Invented(MODELS[:2], is_flat=True)
    assert drawn("forest", flat).get_title(loc="left") == "The best two are level"


def test_the_best_is_on_top_with_its_interval():
    run = Invented()
    ax = drawn("forest", run)
    best = run.summary().sort_values("pass_rate", ascending=False).iloc[0]
    bar, dot = ax.get_lines()[:2]
    assert list(bar.get_xdata()) == pytest.approx([100 * best.pass_lo, 100 * best.pass_hi])
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (pytest.approx(100 * best.pass_rate), 0)
    assert ax.get_yticklabels()[0].get_text() == best.model
    assert f"{100 * best.pass_rate:.0f} %" in words(ax)


def test_scores_are_drawn_as_scores():
    ax = drawn("forest", Invented(), value="score")
    assert ax.get_xlabel() == "mean score"
    assert drawn("forest", Invented(value="score")).get_xlabel() == "mean score"
    assert drawn("forest", Invented(value="score"), value="passed").get_xlim() == (0, 100)


def test_what_is_not_decided_is_a_grey_ring():
    far = drawn("diffs", Invented(MODELS[:2], items=200, gap=1.5))
    near = drawn("diffs", Invented(MODELS[:2], gap=0.0, items=20))
    dots = [next(line for line in ax.get_lines() if line.get_marker() == "o") for ax in (far, near)]
    assert dots[0].get_markerfacecolor() == model_colour(MODELS[0])
    assert dots[1].get_markerfacecolor() == near.get_facecolor()
    assert "is decisively better, by" in words(far)
    assert "but not decisively" in words(near)
    assert "p < .001" in words(far)


def test_of_many_pairs_those_of_the_best_are_drawn_or_those_asked_for():
    run = Invented(MODELS, items=60)
    told = words(drawn("diffs", run))
    assert "21 other pairs not drawn" in told
    asked = drawn("diffs", run, of="phi4")
    assert all("phi4" in tick.get_text() for tick in asked.get_yticklabels())
    with pytest.raises(BadArgument, match=r"'nobody' is in no pair.*phi4"):
        drawn("diffs", run, of="nobody")


def test_failures_are_red_and_gaps_are_blank_and_both_are_counted():
    ax = drawn("heatmap", Invented(repeats=1, missing=0.2))
    shades = ax.get_images()[0].get_array()
    red = matplotlib.colors.to_rgb(RED)
    failed = sum(tuple(cell[:3]) == red and cell[3] > 0 for row in shades for cell in row)
    blank = sum(cell[3] == 0 for row in shades for cell in row)
    assert failed
    assert blank
    assert f"red: {failed} failed" in words(ax)
    assert f"blank: {blank} without an answer" in words(ax)
    assert shades.shape[:2] == (3, 40)


def test_the_hardest_item_is_at_the_left():
    shades = drawn("heatmap", Invented(items=60)).get_images()[0].get_array()
    columns = shades[:, :, 3].mean(axis=0)
    assert list(columns) == pytest.approx(sorted(columns))


def test_the_frontier_is_of_those_that_nothing_beats():
    run = Invented()
    ax = drawn("pareto", run)
    assert "$ an item" in ax.get_xlabel()
    steps = next(line for line in ax.get_lines() if line.get_drawstyle() == "steps-post")
    assert list(steps.get_ydata()) == sorted(steps.get_ydata())
    cheap_and_good = drawn("pareto", Invented(gap=-0.9))
    assert "scored highest and was cheaper than the rest" in words(cheap_and_good)
    fast = drawn("pareto", run, x="p50_s")
    assert fast.get_xlabel().startswith("s a call")
    assert "cold or cached calls left out" in words(fast)
    assert drawn("pareto", Invented(priced=False)).get_xlabel().startswith("s a call")
    assert "without a known price" in words(drawn("pareto", Invented(priced=False), x="cost"))
    with pytest.raises(BadArgument, match=r"x='love'.*cost or p50_s"):
        drawn("pareto", run, x="love")


def test_names_of_points_do_not_cover_each_other():
    ax = drawn("pareto", Invented(MODELS[:2], is_flat=True))
    one, other = (text.get_window_extent() for text in ax.texts if text.get_text() in MODELS)
    assert not one.overlaps(other)


def test_items_lie_where_both_scores_put_them():
    run = Invented(MODELS[:2])
    ax = drawn("scatter", run)
    ours, theirs = run.by_item("passed").values()
    over = sum(a > b for a, b in zip(ours, theirs, strict=True))
    assert f"is better on {over}" in ax.get_title(loc="left")
    assert ax.get_xlim() == ax.get_ylim()
    turned = drawn("scatter", run, a=MODELS[1])
    assert turned.get_xlabel().startswith(MODELS[0])
    with pytest.raises(BadArgument, match="'nobody' has no such answers"):
        drawn("scatter", run, b="nobody")


def test_shares_of_repeats_add_up():
    ax = drawn("repeats", Invented())
    widths = [patch.get_width() for patch in ax.patches]
    assert sum(widths) == pytest.approx(300)
    assert "always passes" in words(ax)
    spread = drawn("repeats", Invented(value="score"))
    assert "standard deviation" in spread.get_xlabel()


def test_winning_is_counted_by_battles_or_by_items():
    run = Invented(MODELS[:2], items=30)
    bouts = run.bouts()
    share = sum(row["score"] for row in bouts) / len(bouts)
    told = words(drawn("winmatrix", run))
    assert f"{100 * share:.0f} % of {len(bouts)}" in told
    assert "item by item" in words(drawn("winmatrix", Invented(judged=False)))


def test_a_ranking_leaves_open_what_is_open():
    told = words(drawn("bt", Invented(items=12)))
    assert "(1–" in told
    lonely = Invented(MODELS[:2], items=1, seed=3)
    assert "no ranking" in words(drawn("bt", lonely))


def test_a_curve_says_how_many_items_would_do():
    run = Invented(MODELS[:2], gap=0.1)
    ax = drawn("power", run)
    needed = run.tests()[0].n_needed
    assert needed > 40
    assert ax.get_title(loc="left").startswith("About ")
    assert "n = 40" in words(ax)
    assert [40, 40] in [list(line.get_xdata()) for line in ax.get_lines()]
    (curve,) = [line for line in ax.get_lines() if len(line.get_xdata()) > 2]
    x, y = curve.get_xdata(), curve.get_ydata()
    at_needed = next(power for n, power in zip(x, y, strict=True) if n >= needed)
    assert at_needed >= 80


def test_length_is_judged_within_models():
    wordy = {f"i{n}": (100.0 + n, 0.9) for n in range(20)}
    terse = {f"i{n}": (10.0 + n, 0.1 + 0.001 * (n % 2)) for n in range(20)}
    told = within_correlation({"wordy": wordy, "terse": terse})
    assert abs(told.r) < 0.15
    assert told.lo < 0 < told.hi
    steep = {f"i{n}": (float(n), n + 0.5 * (n % 3)) for n in range(20)}
    assert within_correlation({"a": steep}).lo > 0.9
    assert within_correlation({"a": steep}) == within_correlation({"a": steep})


def test_length_is_in_characters_where_tokens_are_not_known():
    run = Invented()
    assert drawn("length", run).get_xlabel() == "length of the answer, tok"
    run.df.loc[3, "output_tokens"] = None
    assert drawn("length", run).get_xlabel() == "length of the answer, characters"


@pytest.mark.parametrize("chart", ["forest", "heatmap", "repeats", "scatter", "length"])
def test_an_unknown_number_is_told(chart):
    with pytest.raises(BadArgument, match="value='beauty'"):
        drawn(chart, Invented(items=3), value="beauty")


def test_the_charts_there_are_can_be_seen():
    assert repr(ComparePlots(Invented(items=2))).startswith("Plots: forest, diffs, heatmap")
