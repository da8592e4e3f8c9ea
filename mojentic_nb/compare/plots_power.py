"""The chart of how many items would tell models apart.

Law: a curve for each pair, with this run's own spread; what the run had is a mark on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.plots_read import (
    ASK,
    HasComparison,
    best_first,
    chosen_value,
    colour_in,
    colours_of,
    names_key,
)
from mojentic_nb.compare.power import POWER
from mojentic_nb.compare.verdict import count_told
from mojentic_nb.tracer.plots_canvas import canvas, empty, headed, label
from mojentic_nb.views.palette import GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["power"]

_MOST_CURVES = 7
_STYLES = ("-", "--", ":", "-.")
_Curve = Sequence[Mapping[str, Any]]


def power(comparison: HasComparison, ax: Axes | None) -> Axes:
    """Draw for each pair how likely so many items show its difference."""
    with canvas(ax) as axes:
        summary = comparison.summary()
        unit = chosen_value(comparison, None)
        best = best_first(summary, unit.value)
        curves = _curves(comparison.power())
        if not curves:
            lacking = ASK if len(best) < 2 else "no two models differ on any item yet: ask more"
            return empty(axes, "How many items would tell them apart?", lacking)

        leader = best[0].name if best else ""
        shown = _chosen(curves, leader)
        colours = colours_of(summary)
        drawn = {}
        for place, (pair, curve) in enumerate(shown.items()):
            other = pair[1] if pair[0] == leader else pair[0]
            (line,) = axes.plot(
                [row["n"] for row in curve],
                [100 * row["power"] for row in curve],
                color=colour_in(colours, other),
                linestyle=_STYLES[place // 4 % len(_STYLES)],
            )
            name = label(other) if leader in pair else f"{label(pair[0])} − {label(other)}"
            needed = count_told(curve[0]["n_needed"])
            drawn[f"{name}: {unit.gap(curve[0]['effect'])}, {needed} items"] = line

        runs = sorted({int(curve[0]["n_run"]) for curve in shown.values()})
        axes.axhline(100 * POWER, color=GREY, linewidth=0.8, zorder=0)
        axes.axvline(runs[-1], color=GREY, linewidth=1.2, linestyle="--", zorder=0)
        _axes(axes)
        names_key(axes, drawn, is_ours=ax is None)
        left = len(curves) - len(shown)
        headed(
            axes,
            _finding(shown, runs[-1]),
            f"behind {label(leader)}" if leader else "",
            f"dashed: this run, n = {runs[-1]:,}",
            "level line: 80 %, as usual",
            f"{left:,} other pair{'' if left == 1 else 's'} not drawn" if left else "",
        )
        return axes


def _curves(rows: Any) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    curves: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows.to_dict("records"):
        curves.setdefault((str(row["a"]), str(row["b"])), []).append(row)

    return curves


def _chosen(
    curves: Mapping[tuple[str, str], _Curve], leader: str
) -> Mapping[tuple[str, str], _Curve]:
    """Those of the best against each other, the easiest to tell first."""
    of_leader = {pair: curve for pair, curve in curves.items() if leader in pair}
    chosen = of_leader or curves
    order = sorted(chosen, key=lambda pair: chosen[pair][0]["n_needed"])
    # The closest race is the one that is asked about: it is always among the shown.
    kept = order if len(order) <= _MOST_CURVES else [*order[: _MOST_CURVES - 1], order[-1]]
    return {pair: chosen[pair] for pair in kept}


def _axes(ax: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=12))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    ax.set_xlabel("items (log)")
    ax.set_ylim(0, 100)
    ax.set_ylabel("% of such runs that\nwould show it")
    ax.grid(visible=True)


def _finding(curves: Mapping[tuple[str, str], _Curve], run: int) -> str:
    short = [curve for curve in curves.values() if curve[0]["n_needed"] > curve[0]["n_run"]]
    if not short:
        return f"{run:,} items are enough for differences like these"

    if len(curves) == 1:
        return f"About {count_told(short[0][0]['n_needed'])} items would tell the two apart"

    return f"{len(short)} of {len(curves)} differences would need more than {run:,} items"
