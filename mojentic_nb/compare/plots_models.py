"""Charts of each model by itself: how good, how strong, at what price.

Law: every estimate has its interval and its n. A title claims what the paired tests decided,
never what two intervals seem to say side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.means import mean_interval
from mojentic_nb.compare.plots_read import (
    ASK,
    HasComparison,
    Unit,
    answers,
    beside_rows,
    best_first,
    chosen_value,
    colour_in,
    colours_of,
    interval_row,
    item_means,
    names_key,
    room_for,
    same_count,
)
from mojentic_nb.compare.verdict import Measured
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.plots_canvas import (
    canvas,
    empty,
    headed,
    label,
    listed,
    measure_axis,
    rows_axis,
    sample_size,
)
from mojentic_nb.tracer.plots_spread import median_interval
from mojentic_nb.tracer.statistics import quantile
from mojentic_nb.views.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["bt", "forest", "pareto"]

_MOST_ROWS = 30
_MOST_DIRECT = 4

# Of a letter and a line of a name, in shares of a chart as wide and high as ours are.
_LETTER, _LINE = 0.0105, 0.06

_PRICES = {
    "cost": ("$ an item, mean with 95 % interval", "cheaper", "without a known price"),
    "p50_s": ("s a call, median with 95 % interval", "faster", "without a measured time"),
}


def forest(comparison: HasComparison, value: str | None, ax: Axes | None) -> Axes:
    """Draw one row for each candidate, the best on top."""
    with canvas(ax) as axes:
        summary, unit = comparison.summary(), chosen_value(comparison, value)
        best = best_first(summary, unit.value)
        if not best:
            return empty(axes, "Which model does best?", ASK)

        shown, colours = best[:_MOST_ROWS], colours_of(summary)
        room_for(axes, rows=len(shown), is_ours=ax is None)
        for row, each in enumerate(shown):
            scaled = (each.middle, each.lo, each.hi)
            middle, low, high = (unit.factor * number for number in scaled)
            interval_row(axes, row, (middle, low, high), colour_in(colours, each.name))

        rows_axis(axes, [each.name for each in shown])
        beside_rows(axes, [unit.written(each.middle) for each in shown])
        _good_axis(axes, unit)
        headed(
            axes,
            _finding(best, comparison.pairs(), unit),
            same_count([each.n for each in best], "item"),
            "bars: 95 % intervals",
            "intervals that overlap may still differ: see plot.diffs()" if len(best) > 1 else "",
            _without(len(summary) - len(best), "without a score"),
            _without(len(best) - len(shown), "lower ones not drawn"),
        )
        return axes


def _good_axis(ax: Axes, unit: Unit) -> None:
    if unit.value == "passed":
        ax.set_xlim(0, 100)
    else:
        ax.margins(x=0.08)

    ax.set_xlabel(unit.axis)
    ax.xaxis.grid(visible=True)


def _without(count: int, what: str) -> str:
    return f"{count:,} {what}" if count else ""


def _finding(best: Sequence[Measured], pairs: Any, unit: Unit) -> str:
    if len(best) == 1:
        return f"{label(best[0].name)}: {unit.written(best[0].middle)}"

    first, second = best[:2]
    if frozenset((first.name, second.name)) in _decided(pairs):
        return f"{label(first.name)} is best, decisively: {unit.written(first.middle)}"

    if first.middle == second.middle:
        return "The best two are level"

    return f"{label(first.name)} is ahead, but not decisively"


def _decided(pairs: Any) -> set[frozenset[str]]:
    rows = zip(*(listed(pairs, name) for name in ("a", "b", "decisive")), strict=True)
    return {frozenset((str(a), str(b))) for a, b, is_decided in rows if is_decided is True}


def bt(comparison: HasComparison, ax: Axes | None) -> Axes:
    """Draw the ranking that battles come to, on Elo's scale."""
    title = "Who wins against whom?"
    with canvas(ax) as axes:
        battles = comparison.battles()
        if not len(battles):
            fill = "no battles yet: give judge=..., or vote yourself with r.vote()"
            return empty(axes, title, fill)

        try:
            ranking = comparison.bt()
        except BadArgument as said:
            return empty(axes, title, f"no ranking: {said}")

        colours = colours_of(comparison.summary())
        names = [str(name) for name in listed(ranking, "model")]
        room_for(axes, rows=len(names), is_ours=ax is None)
        for row, values in enumerate(
            zip(*(listed(ranking, name) for name in ("elo", "elo_lo", "elo_hi")), strict=True)
        ):
            interval_row(axes, row, values, colour_in(colours, names[row]))

        axes.axvline(1000, color=GREY, linewidth=0.8, zorder=0)
        rows_axis(axes, names)
        beside_rows(axes, _ranks(ranking))
        axes.margins(x=0.08)
        axes.set_xlabel("strength on Elo's scale: 1000 in the middle, +400 for odds of ten to one")
        axes.xaxis.grid(visible=True)
        fought = sum(listed(ranking, "n_battles")) // 2
        headed(
            axes,
            _champion(names, ranking),
            sample_size(fought, "battle"),
            "bars: 95 % intervals",
            "at the right: rank, and the ranks that the battles leave open",
            str(ranking.attrs.get("warning", "")),
        )
        return axes


def _ranks(ranking: Any) -> list[str]:
    columns = [listed(ranking, name) for name in ("rank", "rank_lo", "rank_hi")]
    return [
        f"{rank}" if low == high else f"{rank}  ({low}–{high})"
        for rank, low, high in zip(*columns, strict=True)
    ]


def _champion(names: Sequence[str], ranking: Any) -> str:
    if listed(ranking, "rank_hi")[0] == 1:
        return f"{label(names[0])} is the strongest"

    level = sum(low == 1 for low in listed(ranking, "rank_lo"))
    return f"Any of {level} may be the strongest"


@dataclass(frozen=True, slots=True)
class _Priced:
    """A candidate between its price and its worth, each with its interval."""

    name: str
    price: tuple[float, float, float]
    worth: tuple[float, float, float]


def pareto(comparison: HasComparison, x: str | None, y: str | None, ax: Axes | None) -> Axes:
    """Draw worth over price, with the line of those that nothing beats in both."""
    if x is not None and x not in _PRICES:
        raise BadArgument(f"x={x!r}", hint="Choose cost or p50_s.")

    with canvas(ax) as axes:
        summary, unit = comparison.summary(), chosen_value(comparison, y)
        best = best_first(summary, unit.value)
        cells = comparison.df
        by = x or ("cost" if any(map(any, _prices(cells, "cost").values())) else "p50_s")
        prices = {name: _middle(values, by) for name, values in _prices(cells, by).items()}
        priced = [
            _Priced(
                each.name,
                prices[each.name],
                (unit.factor * each.middle, unit.factor * each.lo, unit.factor * each.hi),
            )
            for each in best
            if each.name in prices
        ]
        axis, less, lacking = _PRICES[by]
        if not priced:
            fill = f"every model is {lacking}: run it, or register_model()" if best else ASK
            return empty(axes, "What is worth its price?", fill)

        front = _frontier(priced)
        every = [number for each in priced for number in each.price if isfinite(number)]
        measure_axis(axes.xaxis, axis, [max(0.0, number) for number in every])
        _draw_frontier(axes, front)
        _draw_priced(axes, priced, colours_of(summary), is_ours=ax is None)
        axes.set_ylabel(unit.axis)
        axes.yaxis.grid(visible=True)
        headed(
            axes,
            _worth(priced, front, less),
            same_count([each.n for each in best], "item"),
            f"line: nothing is both {less} and better" if len(front) < len(priced) else "",
            _without(len(best) - len(priced), lacking),
            _apart(cells) if by == "p50_s" else "",
        )
        return axes


def _prices(cells: Any, by: str) -> dict[str, list[float]]:
    """What each candidate took: dollars by item, or seconds of work by call."""
    if by == "cost":
        costs = answers(cells, "cost")
        return {name: list(item_means(items).values()) for name, items in costs.items()}

    warm = cells[~(_is_set(cells, "cold") | _is_set(cells, "cached"))]
    worked = warm["duration_s"] - warm["wait_s"].fillna(0)
    seconds = answers(warm.assign(worked=worked.clip(lower=0)), "worked")
    return {name: [s for each in items.values() for s in each] for name, items in seconds.items()}


def _is_set(cells: Any, flag: str) -> Any:
    return cells[flag].fillna(value=False).astype(bool)


def _apart(cells: Any) -> str:
    count = int((_is_set(cells, "cold") | _is_set(cells, "cached")).sum())
    return f"{count:,} cold or cached calls left out" if count else ""


def _middle(values: Sequence[float], by: str) -> tuple[float, float, float]:
    if by == "cost":
        found = mean_interval(values)
        return found.mean, max(0.0, found.lo), found.hi

    middle = quantile(values, 0.5) if len(values) > 1 else values[0]
    low, high = median_interval(values) or (nan, nan)
    return middle, low, high


def _frontier(priced: Sequence[_Priced]) -> list[_Priced]:
    """Those that nothing else beats in price and worth, the cheapest first."""
    front: list[_Priced] = []
    for each in sorted(priced, key=lambda one: (one.price[0], -one.worth[0])):
        if not front or each.worth[0] > front[-1].worth[0]:
            front.append(each)

    return front


def _draw_frontier(ax: Axes, front: Sequence[_Priced]) -> None:
    prices, worths = [each.price[0] for each in front], [each.worth[0] for each in front]
    ax.step(prices, worths, where="post", color=GREY, linewidth=1.2, linestyle="--", zorder=1)


def _draw_priced(
    ax: Axes, priced: Sequence[_Priced], colours: Mapping[str, str], *, is_ours: bool
) -> None:
    drawn = {}
    for number, each in enumerate(priced, start=1):
        colour = colour_in(colours, each.name)
        (x, left, right), (y, low, high) = each.price, each.worth
        ax.plot([left, right], [y, y], color=colour, linewidth=1.6, alpha=0.6)
        ax.plot([x, x], [low, high], color=colour, linewidth=1.6, alpha=0.6)
        (dot,) = ax.plot([x], [y], "o", color=colour, markersize=9, zorder=3)
        drawn[f"{number}  {label(each.name)}"] = dot

    is_direct = len(priced) <= _MOST_DIRECT
    texts = [label(each.name) if is_direct else str(n) for n, each in enumerate(priced, start=1)]
    _name_points(ax, [(each.price[0], each.worth[0]) for each in priced], texts)
    if not is_direct:
        names_key(ax, drawn, is_ours=is_ours)


def _name_points(ax: Axes, points: Sequence[tuple[float, float]], texts: Sequence[str]) -> None:
    """Write a name beside each point: towards the middle, and on no other name if it can be."""
    taken: list[tuple[float, float, float]] = []
    for point, text in zip(points, texts, strict=True):
        x, y = ax.transAxes.inverted().transform(ax.transData.transform(point))
        sides = (1, -1) if x < 0.6 else (-1, 1)
        places = [(side, up) for up in (1, -1) for side in sides]
        boxes = [_box(x, y, len(text), side=side, up=up) for side, up in places]
        free = next((n for n, box in enumerate(boxes) if not _is_taken(box, taken)), 0)
        taken.append(boxes[free])
        side, up = places[free]
        ax.annotate(
            *(text, point),
            xytext=(7 * side, 6 * up),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            va="bottom" if up > 0 else "top",
            fontsize=8.5,
            zorder=4,
        )


def _box(x: float, y: float, letters: int, *, side: int, up: int) -> tuple[float, float, float]:
    """Left, right and middle height of a text beside a point, in shares of the axes."""
    far = x + side * letters * _LETTER
    return min(x, far), max(x, far), y + up * _LINE


def _is_taken(box: tuple[float, float, float], taken: Sequence[tuple[float, float, float]]) -> bool:
    left, right, height = box
    return not (left >= 0 and right <= 1) or any(
        left < other_right and other_left < right and abs(height - other) < _LINE
        for other_left, other_right, other in taken
    )


def _worth(priced: Sequence[_Priced], front: Sequence[_Priced], less: str) -> str:
    """What the points say of this run; whether it is decided stands in the paired tests."""
    if len(priced) == 1:
        return "One model: nothing to weigh it against"

    if len(front) == 1:
        alone = sum(each.worth[0] == front[0].worth[0] for each in priced) == 1
        scored = "highest" if alone else "as high as any"
        return f"{label(front[0].name)} scored {scored} and was {less} than the rest"

    if len(front) == len(priced):
        return (
            "Whoever did better cost more" if less == "cheaper" else "Whoever did better was slower"
        )

    return f"{len(front)} of {len(priced)} models are not beaten in both"
