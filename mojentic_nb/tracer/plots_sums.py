"""Charts of what was used up: tokens, and dollars as they add up.

Law: what nobody counted or priced is told in the note, never drawn as nothing. Bars begin
at zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.plots_canvas import (
    bar_height,
    canvas,
    count_axis,
    empty,
    headed,
    key,
    label,
    listed,
    plain,
    rows_axis,
    sample_size,
    since_first,
    texts,
)
from mojentic_nb.views import numbers
from mojentic_nb.views.palette import GREY, HATCH
from mojentic_nb.views.theme import model_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SHADES", "By", "Shade", "cost", "tokens"]

By = Literal["model", "cell", "session"]

_MOST_ROWS = 12
_MOST_LINES = 6
_MISSING = {"model": "unknown model", "cell": "no cell", "session": "no session"}
_STYLES = ("-", "--", ":", "-.")

# Between the names of two lines, as a share of the chart's height.
_LINE_APART = 0.075
_LEADER = {"arrowstyle": "-", "relpos": (0, 0.5), "shrinkA": 2, "shrinkB": 0}


@dataclass(frozen=True, kw_only=True)
class Shade:
    """How one part of the tokens is drawn, in any hue."""

    name: str
    alpha: float
    hatch: str = ""

    def face(self, colour: str) -> tuple[float, float, float, float]:
        """The inside of a bar."""
        from matplotlib.colors import to_rgba

        return to_rgba(colour, self.alpha)

    def edge(self, colour: str, ax: Axes) -> Any:
        """What its hatching is drawn in: seen on a pale inside, and on a full one."""
        return colour if self.alpha < 0.6 else ax.get_facecolor()

    def swatch(self, ax: Axes) -> Any:
        """A sample of it in grey."""
        from matplotlib.patches import Patch

        edge = self.edge(GREY, ax)
        return Patch(facecolor=self.face(GREY), edgecolor=edge, hatch=self.hatch, linewidth=0)


SHADES = (
    Shade(name="read, cached", alpha=0.2, hatch=HATCH),
    Shade(name="read", alpha=0.42),
    Shade(name="reasoning", alpha=1.0, hatch=HATCH),
    Shade(name="written", alpha=1.0),
)


def _groups(calls: Any, by: str) -> list[str]:
    if by not in get_args(By):
        raise BadArgument(f"by={by!r} is not a group of calls", hint="model, cell or session.")

    column = "session_id" if by == "session" else by
    names = texts(calls, column, missing=_MISSING[by])
    return [f"cell {name}" if by == "cell" and name.isdigit() else name for name in names]


def tokens(calls: Any, by: str, ax: Axes | None) -> Axes:
    """Draw the tokens read and written, as stacked bars."""
    names = _groups(calls, by)
    with canvas(ax) as axes:
        parts, uncounted = _tokens(calls, names)
        if not any(map(sum, parts.values())):
            fill = "no tokens counted yet: run a %%llm cell"
            return empty(axes, "Where do the tokens go?", fill)

        biggest = sorted(parts, key=lambda name: -sum(parts[name]))[:_MOST_ROWS]
        shown = [name for name in parts if name in biggest] if by == "cell" else biggest
        colours = [model_colour(name) if by == "model" else GREY for name in shown]
        _stacked(axes, [parts[name] for name in shown], colours)
        rows_axis(axes, shown)
        count_axis(axes.xaxis, "tokens")
        axes.set_xlim(0, max(sum(parts[name]) for name in shown) * 1.18)
        total = sum(map(sum, parts.values()))
        read = sum(part[0] + part[1] for part in parts.values())
        left = len(parts) - len(shown)
        headed(
            axes,
            f"{total:,} tokens, {100 * read / total:.0f} % of them read",
            sample_size(len(names), "call"),
            f"{uncounted:,} without counts" if uncounted else "",
            f"{left:,} smaller rows not drawn" if left else "",
        )
        return axes


def _tokens(calls: Any, names: Sequence[str]) -> tuple[dict[str, list[int]], int]:
    """Cached, fresh, reasoning and other written tokens for each group; how many lack counts."""
    columns = ("input_tokens", "cache_read_tokens", "reasoning_tokens", "output_tokens")
    rows = zip(*(listed(calls, column) for column in columns), strict=True)
    parts: dict[str, list[int]] = {}
    uncounted = 0
    for name, (read, cached, reasoned, wrote) in zip(names, rows, strict=True):
        sums = parts.setdefault(name, [0, 0, 0, 0])
        if read is None and wrote is None:
            uncounted += 1
            continue

        from_cache = min(cached or 0, read or 0)
        thought = min(reasoned or 0, wrote or 0)
        new = (from_cache, (read or 0) - from_cache, thought, (wrote or 0) - thought)
        sums[:] = [old + more for old, more in zip(sums, new, strict=True)]

    return parts, uncounted


def _stacked(ax: Axes, rows: Sequence[Sequence[int]], colours: Sequence[str]) -> None:
    left = [0] * len(rows)
    drawn: dict[str, Any] = {}
    places, height = range(len(rows)), bar_height(len(rows))
    for part, shade in enumerate(SHADES):
        widths = [row[part] for row in rows]
        if any(widths):
            # Under a pale bar the grid would show.
            ax.barh(places, widths, left=left, height=height, color=ax.get_facecolor())
            ax.barh(
                *(places, widths),
                left=left,
                height=height,
                color=[shade.face(colour) for colour in colours],
                edgecolor=[shade.edge(colour, ax) for colour in colours],
                hatch=shade.hatch,
                linewidth=0,
            )
            drawn[shade.name] = shade.swatch(ax)

        left = [start + width for start, width in zip(left, widths, strict=True)]

    for row, total in enumerate(left):
        _beside(ax, f"{total:,}", total, row)

    key(ax, drawn)


def _beside(ax: Axes, text: str, x: float, y: float) -> None:
    ax.annotate(
        *(plain(text), (x, y)),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
    )


def cost(calls: Any, by: str, ax: Axes | None) -> Axes:
    """Draw dollars as they add up, one line for each group, or one over the cells."""
    names = _groups(calls, by)
    with canvas(ax) as axes:
        prices = listed(calls, "cost")
        unknown = sum(price is None for price in prices)
        if unknown == len(prices):
            title, fill = "What does it cost?", "no priced calls traced yet: run a %%llm cell"
            if prices:
                fill = f"no price is known for any of the {len(prices):,} calls: register_model()"
            return empty(axes, title, fill)

        known = [place for place, price in enumerate(prices) if price is not None]
        total = sum(prices[place] for place in known)
        when, unit = since_first(listed(calls, "start"))
        if by == "cell":
            _over_cells(axes, [(names[place], prices[place]) for place in known])
        else:
            spent = [(names[place], when[place], prices[place]) for place in known]
            _over_time(axes, spent, by, max(when))
            axes.set_xlabel(unit)

        _dollar_axis(axes, total)
        headed(
            axes,
            f"{numbers.dollars(total)} so far" if total else "Free so far",
            sample_size(len(known), "call"),
            f"{unknown:,} without a known price" if unknown else "",
        )
        return axes


def _dollar_axis(ax: Axes, total: float) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    # Of these steps one more decimal than the total's first says all.
    decimals = max(2, 1 - math.floor(math.log10(total))) if total > 0 else 2
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=(1, 2, 5, 10)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: plain(f"${value:,.{decimals}f}")))
    ax.set_ylabel(plain("$, added up"))
    ax.set_ylim(0, ax.get_ylim()[1] if total else 1)
    ax.yaxis.grid(visible=True)


def _over_time(ax: Axes, spent: Sequence[tuple[str, float, float]], by: str, end: float) -> None:
    totals: dict[str, float] = {}
    for name, _, price in spent:
        totals[name] = totals.get(name, 0) + price

    kept = sorted(totals, key=lambda name: -totals[name])[:_MOST_LINES]
    looks: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(kept):
        xs, ys = _steps([(when, price) for other, when, price in spent if other == name], end)
        colour = model_colour(name) if by == "model" else GREY
        style = "-" if by == "model" else _STYLES[number % len(_STYLES)]
        looks[name] = {"color": colour, "linestyle": style}
        ax.step(xs, ys, where="post", **looks[name])

    ax.set_xlim(0, end or 1)
    _name_lines(ax, {name: totals[name] for name in kept}, looks)


def _steps(points: Sequence[tuple[float, float]], end: float) -> tuple[list[float], list[float]]:
    xs, ys, total = [0.0], [0.0], 0.0
    for when, price in sorted(points):
        total += price
        xs.append(when)
        ys.append(total)

    return [*xs, end], [*ys, total]


def _name_lines(
    ax: Axes, totals: Mapping[str, float], looks: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write each line's name beside its right end, apart from each other; a stroke leads there."""
    top = (max(totals.values()) or 1) * 1.1
    ax.set_ylim(0, top)
    # From the top down, as many as there are below each find room above the axis.
    place = 1.0 + _LINE_APART
    for below, name in reversed(list(enumerate(sorted(totals, key=lambda name: totals[name])))):
        end = totals[name] / top
        place = max(min(end, place - _LINE_APART), below * _LINE_APART)
        ax.annotate(
            *(f"{label(name)} {plain(numbers.dollars(totals[name]))}", (1.0, end)),
            xycoords="axes fraction",
            xytext=(1.06, place),
            textcoords="axes fraction",
            va="center",
            fontsize=8.5,
            arrowprops={**_LEADER, **looks[name]},
        )


def _over_cells(ax: Axes, spent: Sequence[tuple[str, float]]) -> None:
    sums: dict[str, float] = {}
    for name, price in spent:
        sums[name] = sums.get(name, 0) + price

    total, steps = 0.0, []
    for amount in sums.values():
        total += amount
        steps.append(total)

    places = range(len(sums))
    ax.bar(places, list(sums.values()), bottom=[0.0, *steps[:-1]], width=1, color=GREY, alpha=0.35)
    ax.step([-0.5, *(place + 0.5 for place in places)], [0.0, *steps], where="pre", color=GREY)
    every = max(1, -(-len(sums) // 12))
    names = [label(name.removeprefix("cell ")) for name in sums]
    ax.set_xticks(list(places)[::every], names[::every])
    ax.set_xlabel("cell")
    ax.set_ylim(0, (total or 1) * 1.1)
