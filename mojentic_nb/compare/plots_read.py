"""What the charts of a comparison read: frames as lists, and how a number is written.

Law: reads frames by the names of their columns, never cells. An unknown value is left out and
counted. Nothing is drawn here except rows and names, which several charts share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

from mojentic_nb.compare.samples import mean_of
from mojentic_nb.compare.verdict import Measured, Value, measured
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.plots_canvas import listed
from mojentic_nb.views.palette import CHART_SIZE, GREY
from mojentic_nb.views.theme import model_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ASK",
    "HasComparison",
    "Unit",
    "answers",
    "best_first",
    "beside_rows",
    "chosen_value",
    "colour_in",
    "colours_of",
    "failed_items",
    "interval_row",
    "item_means",
    "names_key",
    "room_for",
    "same_count",
    "unit_of",
]

ASK = "nothing is scored yet: give checks=[...] or judge=..., then run the comparison"

# Inches of a row of a chart, and of what stands around the rows.
_ROW, _AROUND = 0.28, 1.35
_TALLEST = 12.0
_NOTE_SIZE = 8.5
_KEY_POINTS = 38  # under the numbers and the name of the axis
_KEY_ROW = 0.2


class HasComparison(Protocol):
    """What the charts read: frames, as a comparison makes them."""

    @property
    def df(self) -> Any:
        """One row for each cell."""

    def summary(self) -> Any:
        """One row for each candidate."""

    def pairs(self) -> Any:
        """One row for each two candidates."""

    def battles(self) -> Any:
        """One row for each judged pair of answers."""

    def bt(self) -> Any:
        """One row for each ranked candidate."""

    def power(self) -> Any:
        """One row for each point of each pair's power curve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """How a number is drawn and written.

    Attributes:
        value: `passed` or `score`.
        factor: From the frame's numbers to the axis's.
        axis: What the axis of the numbers is called.
        difference: What an axis of differences is called.
    """

    value: Value
    factor: float
    axis: str
    difference: str

    def written(self, number: float) -> str:
        """A number with its unit."""
        return f"{100 * number:.0f}\u00a0%" if self.value == "passed" else f"{number:.3g}"

    def gap(self, difference: float) -> str:
        """The size of a difference with its unit."""
        size = abs(difference)
        return f"{100 * size:.1f} points" if self.value == "passed" else f"{size:.3g}"


_UNITS: Mapping[str, Unit] = {
    "passed": Unit(
        value="passed", factor=100, axis="% of items passed", difference="percentage points"
    ),
    "score": Unit(value="score", factor=1, axis="mean score", difference="difference of scores"),
}


def unit_of(value: str) -> Unit:
    """How this number is drawn.

    Raises:
        BadArgument: Neither `passed` nor `score`.
    """
    if value not in _UNITS:
        raise BadArgument(f"value={value!r}", hint="Choose passed or score.")

    return _UNITS[value]


def chosen_value(comparison: HasComparison, value: str | None) -> Unit:
    """The number asked for, else the one that the paired tests are about."""
    return unit_of(comparison.pairs().attrs["value"] if value is None else value)


def best_first(summary: Any, value: Value) -> list[Measured]:
    """The candidates that have this number, the highest first."""
    return sorted(measured(summary, value=value), key=lambda each: (-each.middle, each.name))


def colours_of(summary: Any) -> dict[str, str]:
    """The colour of each candidate: its model's."""
    models = map(str, listed(summary, "model"))
    return {name: model_colour(model) for name, model in zip(_names(summary), models, strict=True)}


def _names(frame: Any) -> list[str]:
    return [str(name) for name in listed(frame, "candidate")]


def answers(cells: Any, column: str) -> dict[str, dict[str, list[float]]]:
    """Numbers by candidate and item, a list of repeats each; unknown ones left out."""
    if column not in cells.columns or not len(cells):
        return {}

    found: dict[str, dict[str, list[float]]] = {}
    rows = zip(_names(cells), listed(cells, "item_id"), listed(cells, column), strict=True)
    for name, item, value in rows:
        if value is not None and isfinite(value):
            found.setdefault(name, {}).setdefault(str(item), []).append(float(value))

    return found


def failed_items(cells: Any) -> set[tuple[str, str]]:
    """Candidate and item of every call that failed."""
    rows = zip(_names(cells), listed(cells, "item_id"), listed(cells, "status"), strict=True)
    return {(name, str(item)) for name, item, status in rows if status == "error"}


def item_means(items: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """One number for each item: the mean of its repeats."""
    return {item: mean_of(values) for item, values in items.items()}


def same_count(counts: Sequence[int], what: str) -> str:
    """How many each has: one number where it is the same, else from and to."""
    low, high = min(counts), max(counts)
    plural = "" if high == 1 else "s"
    return f"n = {low:,} {what}{plural}" if low == high else f"n = {low:,} to {high:,} {what}s"


def room_for(ax: Axes, *, rows: int, is_ours: bool) -> None:
    """Make a figure of our own tall enough for its rows."""
    figure = ax.get_figure(root=True)
    if is_ours and figure is not None:
        figure.set_figheight(min(_TALLEST, max(CHART_SIZE[1], _AROUND + _ROW * rows)))


def interval_row(
    ax: Axes, row: float, values: tuple[float, float, float], colour: str, *, is_open: bool = False
) -> None:
    """Draw one estimate with its interval.

    Args:
        ax: Where.
        row: At which height.
        values: Estimate, lower and upper bound; a bound may be NaN.
        colour: Of both.
        is_open: A ring instead of a dot, for what is not decided.
    """
    middle, low, high = values
    if isfinite(low) and isfinite(high):
        ax.plot(
            [low, high], [row, row], color=colour, linewidth=4, alpha=0.55, solid_capstyle="butt"
        )

    ax.plot(
        *([middle], [row], "o"),
        markersize=7.5,
        markerfacecolor=ax.get_facecolor() if is_open else colour,
        markeredgecolor=colour,
        markeredgewidth=1.8,
        clip_on=False,
        zorder=3,
    )


def beside_rows(ax: Axes, notes: Sequence[str]) -> None:
    """Write a note at the right of each row."""
    for row, note in enumerate(notes):
        ax.annotate(
            *(note, (1, row)),
            xycoords=("axes fraction", "data"),
            xytext=(10, 0),
            textcoords="offset points",
            va="center",
            fontsize=_NOTE_SIZE,
        )


def names_key(ax: Axes, entries: Mapping[str, Any], *, is_ours: bool) -> None:
    """Name the series under the chart, in as many columns as their names allow.

    Args:
        ax: The axes.
        entries: An artist for each name, which is a label already.
        is_ours: Whether the figure may grow for it.
    """
    from matplotlib.transforms import ScaledTranslation

    figure, root = ax.figure, ax.get_figure(root=True)
    if root is None:
        return

    # Letters and a swatch of this size, in inches, as measured with matplotlib's own font.
    width = (max(map(len, entries), default=1) + 6) * 0.075
    share = 0.86 if len(root.axes) == 1 else 1.1 * ax.get_position().width
    columns = max(1, min(len(entries), int(share * root.get_figwidth() / width)))
    if is_ours:
        root.set_figheight(CHART_SIZE[1] + _KEY_ROW * (-(-len(entries) // columns) - 1))

    below = ScaledTranslation(0, -_KEY_POINTS / 72, figure.dpi_scale_trans)
    ax.legend(
        list(entries.values()),
        list(entries),
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=ax.transAxes + below,
        ncols=columns,
        frameon=False,
        fontsize=_NOTE_SIZE,
        borderaxespad=0,
        handlelength=1.2,
        columnspacing=1.4,
    )


def colour_in(colours: Mapping[str, str], name: str) -> str:
    """A candidate's colour; grey for one that nobody summed up."""
    return colours.get(name, GREY)
