"""The chart of what length has to do with the score: does whoever writes more, win?

Law: within models, since a model that is better and wordier proves nothing. The interval of the
correlation resamples items, all models' answers to one together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite, nan, sqrt
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.means import mean_interval
from mojentic_nb.compare.plots_read import (
    ASK,
    HasComparison,
    Unit,
    answers,
    best_first,
    chosen_value,
    colour_in,
    colours_of,
    item_means,
    names_key,
)
from mojentic_nb.compare.rates import rate_interval
from mojentic_nb.compare.samples import mean_of
from mojentic_nb.tracer.plots_canvas import canvas, empty, headed, label, measure_axis, sample_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Correlation", "length", "within_correlation"]

_DRAWS = 2000
_SEED = 0
_MOST_LINES = 4
_FEWEST_OF_A_BIN = 8
_MOST_BINS = 4
_FEWEST_ITEMS = 5

# Of one candidate: length and score of each item.
_Points = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """How two numbers go together within candidates.

    Attributes:
        r: Pearson's, of deviations from each candidate's own mean; NaN where one never varies.
        lo: Lower bound; NaN for too few items.
        hi: Upper bound.
        n: Items.
    """

    r: float
    lo: float
    hi: float
    n: int


def length(comparison: HasComparison, value: str | None, ax: Axes | None) -> Axes:
    """Draw each answer's score over its length, with the means of short and long ones."""
    with canvas(ax) as axes:
        unit, cells = chosen_value(comparison, value), comparison.df
        scores = answers(cells, unit.value)
        lengths, axis = _lengths(cells)
        points = {
            each.name: found
            for each in best_first(comparison.summary(), unit.value)
            if (found := _points(scores.get(each.name, {}), lengths.get(each.name, {})))
        }
        if not points:
            return empty(axes, "Do longer answers score higher?", ASK)

        drawn = _draw(axes, points, unit, colours_of(comparison.summary()))
        names_key(axes, drawn, is_ours=ax is None)
        measure_axis(axes.xaxis, axis, [x for own in points.values() for x, _ in own.values()])
        axes.set_ylabel(unit.axis.replace("% of items", "% of answers"))
        axes.yaxis.grid(visible=True)
        told = within_correlation(points)
        headed(
            axes,
            _finding(told),
            sample_size(told.n, "item"),
            _said(told),
            "lines: means of short to long answers" if _has_bins(points) else "",
        )
        return axes


def _lengths(cells: Any) -> tuple[dict[str, dict[str, list[float]]], str]:
    """Lengths in tokens where every answer has them, else in characters."""
    is_known = cells["output"].notna()
    if bool(cells.loc[is_known, "output_tokens"].notna().all()):
        return answers(cells[is_known], "output_tokens"), "length of the answer, tok"

    counted = cells[is_known]
    counted = counted.assign(characters=counted["output"].astype(str).str.len().astype(float))
    return answers(counted, "characters"), "length of the answer, characters"


def _points(
    scores: Mapping[str, Sequence[float]], lengths: Mapping[str, Sequence[float]]
) -> dict[str, tuple[float, float]]:
    long, good = item_means(lengths), item_means(scores)
    return {item: (long[item], good[item]) for item in good if item in long}


def _has_bins(points: Mapping[str, _Points]) -> bool:
    return any(len(own) >= 2 * _FEWEST_OF_A_BIN for own in points.values())


def _draw(
    ax: Axes, points: Mapping[str, _Points], unit: Unit, colours: Mapping[str, str]
) -> dict[str, Any]:
    drawn: dict[str, Any] = {}
    for place, (name, own) in enumerate(points.items()):
        colour = colour_in(colours, name)
        # Rates pile up on a few heights: a little apart, model by model, they can be seen.
        lift = 1.6 * (place - (len(points) - 1) / 2) / sqrt(len(points))
        lift = lift if unit.value == "passed" else 0.0
        faint = max(0.15, min(0.6, 4 / sqrt(len(own))))
        drawn[name] = ax.scatter(
            [x for x, _ in own.values()],
            [unit.factor * y + lift for _, y in own.values()],
            s=14,
            color=colour,
            alpha=faint,
            linewidths=0,
        )
        if len(own) >= 2 * _FEWEST_OF_A_BIN:
            drawn[name] = _draw_bins(ax, list(own.values()), unit, colour, len(points))

    return {label(name): artist for name, artist in drawn.items()}


def _draw_bins(
    ax: Axes, points: Sequence[tuple[float, float]], unit: Unit, colour: str, models: int
) -> Any:
    ordered = sorted(points)
    count = min(_MOST_BINS, len(ordered) // _FEWEST_OF_A_BIN)
    edges = [round(place * len(ordered) / count) for place in range(count + 1)]
    bins = [ordered[start:end] for start, end in pairwise(edges)]
    middles = [mean_of([x for x, _ in one]) for one in bins]
    (line,) = ax.plot(
        middles,
        [unit.factor * mean_of([y for _, y in one]) for one in bins],
        "o-",
        color=colour,
        markersize=5,
    )
    # Beyond a few models their intervals would hide each other.
    for middle, one in zip(middles, bins if models <= _MOST_LINES else [], strict=False):
        scores = [y for _, y in one]
        told = rate_interval(scores) if unit.value == "passed" else mean_interval(scores)
        bounds = [unit.factor * told.lo, unit.factor * told.hi]
        ax.plot([middle, middle], bounds, color=colour, linewidth=1.4, alpha=0.6)

    return line


def within_correlation(points: Mapping[str, _Points]) -> Correlation:
    """Correlate two numbers of each item within candidates, with a bootstrap over items.

    Args:
        points: For each candidate the two numbers of each item.
    """
    import numpy as np

    items: dict[str, int] = {}
    rows = []
    for own in points.values():
        x_mean, y_mean = (mean_of([point[side] for point in own.values()]) for side in (0, 1))
        for item, (x, y) in own.items():
            dx, dy = x - x_mean, y - y_mean
            rows.append((items.setdefault(item, len(items)), dx * dx, dx * dy, dy * dy))

    table = np.array(rows, dtype=np.float64)
    place = table[:, 0].astype(np.intp)
    sums = np.stack([np.bincount(place, table[:, column]) for column in (1, 2, 3)])
    r = _ratio(*sums.sum(axis=1))
    if len(items) < _FEWEST_ITEMS or not isfinite(r):
        return Correlation(r=r, lo=nan, hi=nan, n=len(items))

    random = np.random.default_rng(_SEED)
    times = random.multinomial(len(items), [1 / len(items)] * len(items), size=_DRAWS)
    xx, xy, yy = (times @ column for column in sums)
    drawn = xy / np.sqrt(np.where(xx * yy > 0, xx * yy, np.inf))
    lo, hi = np.quantile(drawn, [0.025, 0.975])
    return Correlation(r=r, lo=float(lo), hi=float(hi), n=len(items))


def _ratio(xx: float, xy: float, yy: float) -> float:
    return float(xy / sqrt(xx * yy)) if xx > 0 and yy > 0 else nan


def _finding(told: Correlation) -> str:
    if not isfinite(told.lo) or told.lo <= 0 <= told.hi:
        return "No sign that length matters for the score"

    return f"Longer answers score {'higher' if told.r > 0 else 'lower'}"


def _said(told: Correlation) -> str:
    if not isfinite(told.r):
        return "length or score never varies within a model"

    interval = f" [{told.lo:.2f}, {told.hi:.2f}]" if isfinite(told.lo) else ""
    text = f"correlation within models {told.r:.2f}{interval}".replace("-", "−")
    return f"{text}; seed {_SEED}" if interval else text
