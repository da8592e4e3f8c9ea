"""The waterfall and the tree as a PNG, for slides and papers.

Law: the same rows in the same colours as `views.waterfall`, on a figure of its own that
pyplot never hears of. Where nothing is timed, there is no scale: words stand in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from mojentic_nb.tracer.plots_canvas import headed, house_settings, label, plain
from mojentic_nb.views import numbers
from mojentic_nb.views.bars import EMPTY, Bar, folded, is_known, name_of, summary_line, words_of
from mojentic_nb.views.palette import HATCH, bar_colour
from mojentic_nb.views.waterfall import is_leaf, scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["waterfall_png"]

_MOST_ROWS = 100
_WIDTH = 8.0

# The narrowest bar, as a share of the whole: three pixels of a PNG.
_LEAST = 0.005

# What fits beside a name of average length.
_LONGEST_WORDS = 90


def waterfall_png(bars: Sequence[Bar], *, title: str = "", is_tree: bool = False) -> bytes:
    """Draw at most 100 rows, and say how many more there are.

    Args:
        bars: Rows in the order of the tree.
        title: Above the sums.
        is_tree: Words in place of bars; so it is where nothing is timed.
    """
    from matplotlib.figure import Figure

    rows = folded(bars)
    shown = rows[:_MOST_ROWS]
    is_tree = is_tree or not any(is_known(bar.duration_s) for bar in shown)
    with house_settings():
        figure = Figure(figsize=(_WIDTH, 1.2 + 0.24 * max(len(shown), 3)), layout="constrained")
        ax = figure.add_subplot()
        ax.spines[:].set_visible(False)
        if shown:
            _rows(ax, shown)
            (_words if is_tree else _bars)(ax, shown)
            hidden = sum(bar.count for bar in rows[_MOST_ROWS:])
            notes = [summary_line(bars), f"{hidden:,} more spans not drawn" if hidden else ""]
            asked = "Who called whom?" if is_tree else "What took the time?"
            headed(ax, title or asked, *notes)
        else:
            ax.set_axis_off()
            ax.text(0.5, 0.5, plain(EMPTY), ha="center", va="center", transform=ax.transAxes)

        written = BytesIO()
        figure.savefig(written, format="png", dpi=figure.dpi)
        return written.getvalue()


def _rows(ax: Axes, rows: Sequence[Bar]) -> None:
    names = ["\u00a0" * 4 * min(bar.depth, 8) + _named(bar) for bar in rows]
    ax.set_yticks(range(len(rows)), names, ha="left")
    longest = max(len(name) for name in names)
    ax.tick_params(axis="y", length=0, pad=5.2 * longest)
    ax.set_ylim(len(rows) - 0.4, -0.6)


def _words(ax: Axes, rows: Sequence[Bar]) -> None:
    for row, bar in enumerate(rows):
        taken = numbers.seconds(bar.duration_s) if is_known(bar.duration_s) else ""
        words = " · ".join(word for word in (taken, words_of(bar)) if word)
        short = words if len(words) <= _LONGEST_WORDS else f"{words[: _LONGEST_WORDS - 1]}…"
        ax.text(0, row, plain(short), va="center", fontsize=8.5)

    ax.set_xticks([])


def _bars(ax: Axes, rows: Sequence[Bar]) -> None:
    start, span = scale(rows)
    ax.set_xlim(0, span * 1.001)
    for row, bar in enumerate(rows):
        if is_known(bar.duration_s):
            length = max(bar.duration_s, _LEAST * span)
            _bar(ax, row, bar, min(bar.start_s - start, span - length), length)
            _told(ax, row, numbers.seconds(bar.duration_s))

    ax.set_xlabel("s")
    ax.xaxis.grid(visible=True)


def _named(bar: Bar) -> str:
    name = label(name_of(bar))
    return name if bar.status == "ok" else f"{name} · {bar.status}"


def _told(ax: Axes, row: int, text: str) -> None:
    ax.annotate(
        *(text, (1, row)),
        xycoords=("axes fraction", "data"),
        xytext=(58, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=8.5,
    )


def _bar(ax: Axes, row: int, bar: Bar, at: float, length: float) -> None:
    """The bar of a row: its wait hatched, pale until its first token."""
    colour = bar_colour(bar.status, model=bar.model if is_leaf(bar) else "")
    if not is_leaf(bar):
        ax.barh(row, length, left=at, height=0.18, color=colour, alpha=0.6)
        return

    if bar.parts:
        least = _LEAST * ax.get_xlim()[1]
        pieces = [(at + begun - bar.start_s, max(took, least)) for begun, took in bar.parts]
        ax.broken_barh(pieces, (row - 0.3, 0.6), facecolors=colour, alpha=0.75, linewidth=0)
        return

    wait = min(bar.wait_s, length) if is_known(bar.wait_s) else 0.0
    first = min(bar.first_s, length) if is_known(bar.first_s) else 0.0
    begun = max(first, wait)
    ax.barh(row, length - begun, left=at + begun, height=0.6, color=colour)
    if first > wait:
        ax.barh(row, first - wait, left=at + wait, height=0.6, color=colour, alpha=0.35)

    if wait:
        ax.barh(
            *(row, wait),
            left=at,
            height=0.6,
            facecolor="none",
            edgecolor=colour,
            hatch=HATCH,
            linewidth=0,
        )
