"""What every chart shares: its axes, its title, its words, and lists out of a frame.

Law: the one place that opens a figure. The house's settings hold while a chart is drawn and
no longer; text and background stay the session's. A `$` in a name is never mathematics.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mojentic_nb.views.palette import CHART, CHART_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "bar_height",
    "canvas",
    "count_axis",
    "empty",
    "grouped",
    "headed",
    "house_settings",
    "key",
    "label",
    "listed",
    "measure_axis",
    "percent",
    "plain",
    "rows_axis",
    "sample_size",
    "since_first",
    "texts",
    "wake",
]

_LONGEST_NAME = 30
_NOTE_SIZE = 8.5
_KEY_POINTS = 38  # under the numbers and the name of the axis

# More than this between the smallest and the largest, and a linear axis shows only one of them.
_WIDE = 30

_UNITS = ((120, 1, "seconds"), (7200, 60, "minutes"), (172_800, 3600, "hours"))


def house_settings() -> AbstractContextManager[None]:
    """The house's settings of matplotlib, for the length of a `with`."""
    import matplotlib

    settings: Any = dict(CHART)
    return matplotlib.rc_context(settings)


def wake() -> None:
    """Have the session's backend loaded: what it sets would go again with our settings.

    Under Jupyter it switches pyplot to interactive; within a `with` of ours that would be
    undone, and no later figure of the session would be shown, the person's own included.
    """
    from matplotlib import pyplot

    if not pyplot.get_fignums():  # else it is awake
        pyplot.draw_if_interactive()  # type: ignore[no-untyped-call]


@contextmanager
def canvas(ax: Axes | None) -> Iterator[Axes]:
    """Draw on these axes or on new ones, in the house's settings, which end with the block."""
    if ax is None:
        wake()
    with house_settings():
        if ax is None:
            from matplotlib import pyplot

            _, ax = pyplot.subplots(figsize=CHART_SIZE)

        ax.spines[["top", "right"]].set_visible(False)
        yield ax


def headed(ax: Axes, title: str, *notes: str) -> None:
    """Write the finding above the chart, and under it, smaller, what it rests on."""
    note = _wrapped(ax, " · ".join(word for word in notes if word), size=_NOTE_SIZE)
    lines = note.count("\n") + 1 if note else 0
    size = 11 if _inches(ax) > 5 else 10
    ax.set_title(_wrapped(ax, title, size=size * 1.08), fontsize=size, pad=8 + 12 * lines)
    if note:
        ax.annotate(
            *(note, (0, 1)),
            xycoords="axes fraction",
            xytext=(0, 7),
            textcoords="offset points",
            fontsize=_NOTE_SIZE,
            alpha=0.75,
            va="bottom",
        )


def _wrapped(ax: Axes, text: str, *, size: float) -> str:
    return plain("\n".join(textwrap.wrap(text, max(20, int(_inches(ax) * 72 / (0.53 * size))))))


def _inches(ax: Axes) -> float:
    figure = ax.get_figure(root=True)
    if figure is None:
        return CHART_SIZE[0]

    # Before the layout is made a chart's place is a guess; alone it gets most of its figure.
    share = 0.86 if len(figure.axes) == 1 else 1.12 * ax.get_position().width
    return share * figure.get_figwidth() - _names_inches(ax)


def _names_inches(ax: Axes) -> float:
    """What the names of rows take of the width, beyond the few digits of a number."""
    lines = [line for tick in ax.get_yticklabels() for line in tick.get_text().splitlines()]
    return max(0, max(map(len, lines), default=0) - 6) * 0.53 * _NOTE_SIZE / 72


def empty(ax: Axes, title: str, what: str) -> Axes:
    """An empty chart that says what would fill it."""
    headed(ax, title)
    ax.spines[:].set_visible(False)
    ax.set_xticks([])
    ax.set_yticks([])
    words = _wrapped(ax, what, size=12)
    ax.text(0.5, 0.5, words, ha="center", va="center", alpha=0.75, transform=ax.transAxes)
    return ax


def plain(text: str) -> str:
    """Text in which matplotlib finds no mathematics."""
    return text.replace("$", r"\$")


def label(name: str) -> str:
    """A name as a label: one line, bounded, no mathematics."""
    line = " ".join(name.split())
    return plain(line if len(line) <= _LONGEST_NAME else f"{line[: _LONGEST_NAME - 1]}…")


def listed(frame: Any, column: str) -> list[Any]:
    """A column as a list of plain values, with None for what is not known."""
    values = frame[column]
    return [
        value if known else None
        for value, known in zip(values.tolist(), values.notna().tolist(), strict=True)
    ]


def texts(frame: Any, column: str, *, missing: str) -> list[str]:
    """A column of words, with one word for what has none."""
    return [missing if value is None else str(value) for value in listed(frame, column)]


def grouped(names: Iterable[str], values: Iterable[float | None]) -> dict[str, list[float]]:
    """Values by name, in the order in which the names come; unknown ones left out."""
    groups: dict[str, list[float]] = {}
    for name, value in zip(names, values, strict=True):
        if value is not None and math.isfinite(value):
            groups.setdefault(name, []).append(value)

    return groups


def bar_height(rows: int) -> float:
    """How thick a bar is among so many: a single one does not fill the chart."""
    return min(0.56, 0.14 + 0.12 * rows)


def sample_size(count: int, what: str) -> str:
    """How many there are: `n = 1 call`, `n = 1,200 calls`."""
    return f"n = {count:,} {what}{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """A share as a whole percentage, and the smallest ones not as none."""
    return "less than 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def rows_axis(ax: Axes, names: Sequence[str], notes: Sequence[str] = ()) -> None:
    """One row for each name, from the top, with a note under its name."""
    labels = [label(name) for name in names]
    if notes:
        labels = [f"{name}\n{plain(note)}" for name, note in zip(labels, notes, strict=True)]

    ax.set_yticks(range(len(names)), labels)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)


def measure_axis(axis: Any, what: str, values: Sequence[float]) -> None:
    """An axis of measurements: from zero, or of logarithms (and named so) where they vary much."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    least, most = min(values), max(values)
    set_scale = axis.axes.set_xscale if axis.axis_name == "x" else axis.axes.set_yscale
    set_limits = axis.axes.set_xlim if axis.axis_name == "x" else axis.axes.set_ylim
    if least > 0 and most / least > _WIDE:
        set_scale("log")
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if most / least < 300 else (1,)))
        axis.set_minor_locator(NullLocator())
        set_limits(least / 1.3, most * 1.5)
        what += " (log)"
    else:
        axis.set_major_locator(MaxNLocator(6))
        set_limits(min(0, least * 1.12), most * 1.12 or 1)

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{Decimal(f'{value:.10g}'):,f}"))
    axis.set_label_text(what)
    axis.grid(visible=True)


def count_axis(axis: Any, what: str) -> None:
    """An axis of whole numbers, from zero."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axis.set_label_text(what)
    axis.grid(visible=True)


def since_first(moments: Sequence[Any], *, what: str = "the first call") -> tuple[list[float], str]:
    """Moments as time since the first of them, and what the axis is called.

    Args:
        moments: Timestamps with a zone; at least one.
        what: Of what the first is.
    """
    first = min(moments)
    passed = [(moment - first).total_seconds() for moment in moments]
    longest = max(passed)
    divisor, unit = next(
        ((divisor, unit) for limit, divisor, unit in _UNITS if longest <= limit), (86_400, "days")
    )
    return [each / divisor for each in passed], f"{unit} since {what}, {first:%Y-%m-%d %H:%M} UTC"


def key(ax: Axes, entries: Mapping[str, Any]) -> None:
    """Name the series in one line under the chart.

    Args:
        ax: The axes.
        entries: An artist for each name.
    """
    from matplotlib.transforms import ScaledTranslation

    figure = ax.figure
    below = ScaledTranslation(0, -_KEY_POINTS / 72, figure.dpi_scale_trans)
    ax.legend(
        list(entries.values()),
        [label(name) for name in entries],
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=ax.transAxes + below,
        ncols=max(1, min(len(entries), int(_inches(ax) / 1.5))),
        frameon=False,
        fontsize=_NOTE_SIZE,
        borderaxespad=0,
        handlelength=1.2,
        columnspacing=1.4,
    )
