"""Charts of two models against each other: differences, battles, items, and what more would tell.

Law: the paired difference is what is drawn, with its interval and Holm's p. What is decided is
filled and has the better model's colour; what is not is a grey ring.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.bouts import Bout
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
    room_for,
    same_count,
)
from mojentic_nb.compare.verdict import as_number, mirrored, p_told
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.plots_canvas import canvas, empty, headed, label, listed, sample_size
from mojentic_nb.views.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["diffs", "scatter", "winmatrix"]

_MOST_PAIRS = 15
_MOST_MODELS = 12
# The area of the dot on which most items lie, in square points.
_LARGEST_DOT = 500
_COMPARE = "only one model has answers: give compare() two or more"


def diffs(comparison: HasComparison, of: str | None, ax: Axes | None) -> Axes:
    """Draw each pair's difference with its interval, beside the line of no difference."""
    with canvas(ax) as axes:
        summary, unit = comparison.summary(), chosen_value(comparison, None)
        best = best_first(summary, unit.value)
        tests = _turned(comparison.pairs())
        if not tests:
            fill = ASK if not best else _COMPARE
            return empty(axes, "Which differences are decisive?", fill)

        shown = _chosen(tests, of, best[0].name if best else "")
        room_for(axes, rows=2 * len(shown), is_ours=ax is None)
        colours = colours_of(summary)
        for row, test in enumerate(shown):
            values = tuple(unit.factor * as_number(test[name]) for name in ("diff", "lo", "hi"))
            is_decided = bool(test["decisive"])
            colour = colour_in(colours, test["a"]) if is_decided else GREY
            interval_row(
                *(axes, row, (values[0], values[1], values[2]), colour), is_open=not is_decided
            )

        axes.axvline(0, color=GREY, linewidth=1.2, zorder=0)
        _pair_rows(axes, shown)
        beside_rows(axes, [f"p {p_told(test['p_holm'])}" for test in shown])
        axes.margins(x=0.08)
        axes.set_xlabel(f"{unit.difference}, the first less the second, with its 95 % interval")
        axes.xaxis.grid(visible=True)
        headed(
            axes,
            _decided(tests, unit),
            same_count([int(test["n"]) for test in tests], "item"),
            "at the right: p, adjusted for all pairs (Holm)",
            _rest(len(tests), len(shown)),
        )
        return axes


def _turned(pairs: Any) -> list[Mapping[str, Any]]:
    """The tests with the better one first, the largest difference on top."""
    known = [row for row in pairs.to_dict("records") if isfinite(as_number(row["diff"]))]
    turned = [row if row["diff"] >= 0 else mirrored(row) for row in known]
    return sorted(turned, key=lambda row: (-row["diff"], row["a"], row["b"]))


def _chosen(
    tests: Sequence[Mapping[str, Any]], of: str | None, best: str
) -> Sequence[Mapping[str, Any]]:
    """All pairs, or only those of one candidate: the one asked for, or the best of many."""
    names = sorted({str(test[side]) for test in tests for side in "ab"})
    if of is not None and of not in names:
        raise BadArgument(f"of={of!r} is in no pair.", hint=f"One of {', '.join(names)}.")

    if of is None and len(tests) <= _MOST_PAIRS:
        return tests

    about = of or best
    return [test for test in tests if about in (test["a"], test["b"])][:_MOST_PAIRS] or tests[:1]


def _pair_rows(ax: Axes, tests: Sequence[Mapping[str, Any]]) -> None:
    names = [f"{label(str(test['a']))}\n− {label(str(test['b']))}" for test in tests]
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def _decided(tests: Sequence[Mapping[str, Any]], unit: Unit) -> str:
    decided = sum(bool(test["decisive"]) for test in tests)
    if len(tests) > 1:
        count = f"{decided} of {len(tests)} differences are" if decided else "No difference is"
        return f"{count} decisive"

    test = tests[0]
    if test["diff"] == 0:
        return f"{label(test['a'])} and {label(test['b'])} are level"

    if decided:
        return f"{label(test['a'])} is decisively better, by {unit.gap(test['diff'])}"

    return f"{label(test['a'])} is ahead by {unit.gap(test['diff'])}, but not decisively"


def _rest(every: int, shown: int) -> str:
    left = every - shown
    return f"{left:,} other pairs not drawn: diffs(of=...)" if left else ""


def winmatrix(comparison: HasComparison, ax: Axes | None) -> Axes:
    """Draw how often each (row) beats each (column): by battles, else item by item."""
    with canvas(ax) as axes:
        bouts = _bouts(comparison.battles())
        wins, met = _counts(bouts)
        if not bouts:
            wins, met = _by_items(comparison.pairs())

        if not met:
            fill = "nothing to compare yet: give two models and checks=[...] or judge=..."
            return empty(axes, "Who beats whom?", fill)

        names = _strongest(wins, met)
        order = names[:_MOST_MODELS]
        room_for(axes, rows=round(1.3 * len(order)), is_ours=ax is None)
        _draw_matrix(axes, order, wins, met)
        left = len(names) - len(order)
        headed(
            axes,
            _often(wins, met),
            sample_size(len(bouts), "battle") if bouts else "item by item",
            "row beats column; a tie is half",
            f"{left:,} lower models not drawn" if left else "",
        )
        return axes


_Counts = Mapping[tuple[str, str], float]


def _bouts(battles: Any) -> list[Bout]:
    if not len(battles):
        return []

    columns = [listed(battles, name) for name in ("a", "b", "score", "item_id")]
    rows = zip(*columns, strict=True)
    return [Bout(str(a), str(b), score, item) for a, b, score, item in rows if score is not None]


def _counts(bouts: Sequence[Bout]) -> tuple[_Counts, _Counts]:
    wins: dict[tuple[str, str], float] = {}
    met: dict[tuple[str, str], float] = {}
    for a, b, score, _ in bouts:
        for pair, share in (((a, b), score), ((b, a), 1 - score)):
            wins[pair] = wins.get(pair, 0.0) + share
            met[pair] = met.get(pair, 0) + 1

    return wins, met


def _by_items(pairs: Any) -> tuple[_Counts, _Counts]:
    wins: dict[tuple[str, str], float] = {}
    met: dict[tuple[str, str], float] = {}
    for row in pairs.to_dict("records"):
        if not row["n"]:
            continue

        a, b = str(row["a"]), str(row["b"])
        for pair, won in (((a, b), row["wins"]), ((b, a), row["losses"])):
            wins[pair] = won + row["ties"] / 2
            met[pair] = row["n"]

    return wins, met


def _strongest(wins: _Counts, met: _Counts) -> list[str]:
    def rate(name: str) -> float:
        own = [pair for pair in met if pair[0] == name]
        return sum(wins[pair] for pair in own) / sum(met[pair] for pair in own)

    return sorted({one for one, _ in met}, key=lambda name: (-rate(name), name))


def _draw_matrix(ax: Axes, names: Sequence[str], wins: _Counts, met: _Counts) -> None:
    from matplotlib.colors import to_rgba

    shades = [[to_rgba(GREY, 0.0)] * len(names) for _ in names]
    for y, row in enumerate(names):
        for x, column in enumerate(names):
            count = met.get((row, column), 0)
            if not count:
                continue

            share = wins[row, column] / count
            shades[y][x] = to_rgba(GREY, 0.04 + 0.56 * share)
            # Where few are compared there is room for how many they are.
            below = f"\nof {count:,.0f}" if len(names) <= 5 else ""
            size = 9.5 if len(names) <= 8 else 8
            ax.text(x, y, f"{100 * share:.0f} %{below}", ha="center", va="center", fontsize=size)

    ax.imshow(shades, aspect="auto")
    ax.set_yticks(range(len(names)), [label(name) for name in names])
    is_slanted = len(names) * max(len(label(name)) for name in names) > 60
    slant: dict[str, Any] = {"rotation": 30, "ha": "right"} if is_slanted else {}
    ax.set_xticks(range(len(names)), [label(name) for name in names], **slant)
    if slant:
        for tick in ax.get_xticklabels():
            tick.set_rotation_mode("anchor")

    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)


def _often(wins: _Counts, met: _Counts) -> str:
    (first, second), most = max(
        ((pair, wins[pair] / count) for pair, count in met.items()), key=lambda one: one[1]
    )
    if most == 0.5:
        return "Nobody beats anybody more often than not"

    return f"{label(first)} beats {label(second)} most: {100 * most:.0f}\u00a0%"


def scatter(
    comparison: HasComparison, a: str | None, b: str | None, value: str | None, ax: Axes | None
) -> Axes:
    """Draw each item where the scores of two candidates put it."""
    with canvas(ax) as axes:
        unit = chosen_value(comparison, value)
        best = best_first(comparison.summary(), unit.value)
        found = answers(comparison.df, unit.value)
        names = [each.name for each in best if each.name in found]
        for name in (a, b):
            if name is not None and name not in names:
                known = ", ".join(names) or "none has scored answers"
                raise BadArgument(
                    f"{name!r} has no such answers.", hint=f"Those there are: {known}."
                )

        title = "On which items do two models differ?"
        free = [name for name in names if name not in (a, b)]
        first = a or (free.pop(0) if free else None)
        second = b or (free.pop(0) if free else None)
        if first is None or second is None:
            return empty(axes, title, ASK if not names else _COMPARE)

        ours, theirs = item_means(found[first]), item_means(found[second])
        points = [(theirs[item], ours[item]) for item in ours if item in theirs]
        if not points:
            return empty(axes, title, "no item was answered by both: run the comparison on")

        _draw_points(axes, points, unit, colours_of(comparison.summary()), (first, second))
        over, under = (sum(y > x for x, y in points), sum(x > y for x, y in points))
        missing = len(ours.keys() | theirs.keys()) - len(points)
        headed(
            axes,
            _split(label(first), label(second), over, under),
            sample_size(len(points), "item"),
            f"{level:,} level" if (level := len(points) - over - under) else "",
            "larger dot: more items" if len(set(points)) < len(points) else "",
            f"{missing:,} answered by one only" if missing else "",
        )
        return axes


def _split(first: str, second: str, over: int, under: int) -> str:
    if not over and not under:
        return f"{first} and {second} are level on every item"

    if not over or not under:
        better, count = (first, over) if over else (second, under)
        return f"{better} is better on {count:,}, the other on none"

    return f"{first} is better on {over:,}, {second} on {under:,}"


def _draw_points(
    ax: Axes,
    points: Sequence[tuple[float, float]],
    unit: Unit,
    colours: Mapping[str, str],
    names: tuple[str, str],
) -> None:
    places = Counter(points)
    most = max(places.values())
    first, second = (colour_in(colours, name) for name in names)
    for (x, y), count in places.items():
        colour = GREY if x == y else first if y > x else second
        size = max(26.0, _LARGEST_DOT * count / most) if most > 1 else 26.0
        at = (unit.factor * x, unit.factor * y)
        ax.scatter(
            *at, s=size, color=colour, alpha=0.75 if most > 1 else 0.6, linewidths=0, zorder=2
        )
        if len(places) <= 16 and most > 1:
            ax.annotate(
                *(f"{count:,}", at),
                xytext=(sqrt(size) / 2 + 3, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
            )

    numbers = [unit.factor * number for point in points for number in point]
    low, high = (0.0, 100.0) if unit.value == "passed" else (min(numbers), max(numbers))
    room = 0.1 * (high - low) or 1.0
    low, high = low - room, high + room
    ax.plot([low, high], [low, high], color=GREY, linewidth=1, zorder=1)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    what = "% of its answers passed" if unit.value == "passed" else "score"
    ax.set_xlabel(f"{label(names[1])}: {what}")
    ax.set_ylabel(f"{label(names[0])}:\n{what}")
    if unit.value == "passed":
        ax.set_xticks([0, 50, 100])
        ax.set_yticks([0, 50, 100])
