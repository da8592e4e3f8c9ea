"""Charts of what went well and what did not: tools, errors, and who spoke to whom.

Law: a rate has its Wilson interval and its count; errors are red and say their name.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mojentic_nb.tracer.plots_canvas import (
    bar_height,
    canvas,
    count_axis,
    empty,
    headed,
    label,
    listed,
    percent,
    rows_axis,
    sample_size,
    texts,
)
from mojentic_nb.tracer.statistics import wilson
from mojentic_nb.views.palette import GREY
from mojentic_nb.views.theme import RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["agents", "errors", "tools"]

_MOST_ROWS = 14
_MOST_AGENTS = 12


def tools(used: Any, ax: Axes | None) -> Axes:
    """Draw how often each tool succeeds, with the interval that its count allows."""
    with canvas(ax) as axes:
        counts: dict[str, list[int]] = {}
        names = texts(used, "tool", missing="unnamed tool")
        for name, ok in zip(names, listed(used, "ok"), strict=True):
            counted = counts.setdefault(name, [0, 0])
            counted[0] += ok is True
            counted[1] += 1

        title = "How often do the tools succeed?"
        if not counts:
            return empty(axes, title, "no tools used yet: give a model tools=[...]")

        shown = sorted(counts, key=lambda name: -counts[name][1])[:_MOST_ROWS]
        shown.sort(key=lambda name: counts[name][0] / counts[name][1])
        for row, name in enumerate(shown):
            _rate(axes, row, *counts[name])

        rows_axis(axes, shown)
        axes.set_xlim(0, 100)
        axes.set_xlabel("% of uses that succeed, with the 95 % Wilson interval")
        axes.xaxis.grid(visible=True)
        left = len(counts) - len(shown)
        headed(
            axes,
            _finding(counts, title),
            sample_size(len(names), "use"),
            f"{left:,} less used tools not drawn" if left else "",
        )
        return axes


def _rate(ax: Axes, row: int, good: int, count: int) -> None:
    low, high = (100 * bound for bound in wilson(good, count))
    ax.plot([low, high], [row, row], color=GREY, linewidth=4, alpha=0.5, solid_capstyle="butt")
    ax.plot([100 * good / count], [row], "o", color=GREY, markersize=8, clip_on=False, zorder=3)
    ax.annotate(
        *(f"{good:,} of {count:,}", (1, row)),
        xycoords=("axes fraction", "data"),
        xytext=(10, 0),
        textcoords="offset points",
        va="center",
        fontsize=8.5,
    )


def _finding(counts: dict[str, list[int]], question: str) -> str:
    failed = {name: count - good for name, (good, count) in counts.items()}
    if not any(failed.values()):
        uses = sum(count for _, count in counts.values())
        return "Every use of a tool succeeded" if uses > 1 else question

    worst, times = max(failed.items(), key=lambda pair: pair[1])
    return f"{label(worst)} failed {times:,} of {counts[worst][1]:,} times"


def errors(calls: Any, used: Any, ax: Axes | None) -> Axes:
    """Draw what went wrong, counted by its name, for calls and tools."""
    with canvas(ax) as axes:
        found = Counter(
            f"{name}, {where}"
            for frame, where in ((calls, "call"), (used, "tool"))
            for name, state in zip(
                texts(frame, "error_type", missing="unnamed error"),
                texts(frame, "status", missing="ok"),
                strict=True,
            )
            if state == "error"
        )
        everything = len(calls) + len(used)
        if not found:
            what = (
                "1 call or tool use" if everything == 1 else f"{everything:,} calls and tool uses"
            )
            yet = "" if everything else " yet"
            return empty(axes, "What went wrong?", f"no errors in {what}{yet}")

        shown = found.most_common(_MOST_ROWS)
        axes.barh(
            range(len(shown)),
            [count for _, count in shown],
            height=bar_height(len(shown)),
            color=RED,
        )
        for row, (_, count) in enumerate(shown):
            axes.annotate(
                *(f"{count:,}", (count, row)),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8.5,
            )

        rows_axis(axes, [name for name, _ in shown])
        count_axis(axes.xaxis, "errors")
        axes.set_xlim(0, shown[0][1] * 1.15)
        total = found.total()
        low, high = wilson(total, everything)
        headed(
            axes,
            f"{total:,} of {everything:,} calls and tool uses failed",
            f"{percent(total / everything)}, 95 % interval {percent(low)} to {percent(high)}",
        )
        return axes


def agents(interactions: Any, ax: Axes | None) -> Axes:
    """Draw who sent how much to whom."""
    with canvas(ax) as axes:
        pairs = Counter(
            zip(
                texts(interactions, "from_agent", missing="nobody"),
                texts(interactions, "to_agent", missing="nobody"),
                strict=True,
            )
        )
        if not pairs:
            fill = "no agents have spoken yet: send an event from one to another"
            return empty(axes, "Which agent speaks to which?", fill)

        involved = Counter[str]()
        for (sender, receiver), count in pairs.items():
            involved[sender] += count
            involved[receiver] += count

        chosen = {name for name, _ in involved.most_common(_MOST_AGENTS)}
        senders = [name for name in dict.fromkeys(one for one, _ in pairs) if name in chosen]
        receivers = [name for name in dict.fromkeys(two for _, two in pairs) if name in chosen]
        if not senders or not receivers:
            senders, receivers = [one for one, _ in pairs][:1], [two for _, two in pairs][:1]

        _matrix(axes, [[pairs[one, two] for two in receivers] for one in senders])
        axes.set_yticks(range(len(senders)), [label(name) for name in senders])
        slant: dict[str, Any] = {"rotation": 30, "ha": "right"} if len(receivers) > 5 else {}
        axes.set_xticks(range(len(receivers)), [label(name) for name in receivers], **slant)
        axes.set_ylabel("from")
        axes.set_xlabel("to")
        (sender, receiver), most = pairs.most_common(1)[0]
        headed(
            axes,
            f"{label(sender)} speaks to {label(receiver)} most: {most:,} of {pairs.total():,}",
            sample_size(pairs.total(), "event"),
            f"{len(involved) - len(chosen):,} quieter agents not drawn"
            if len(involved) > len(chosen)
            else "",
        )
        return axes


def _matrix(ax: Axes, counts: list[list[int]]) -> None:
    from matplotlib.colors import to_rgba

    most = max(max(row) for row in counts) or 1
    # Grey of the same hue but more or less of it, so that numbers read on light and on dark.
    shades = [[to_rgba(GREY, 0.06 + 0.54 * count / most) for count in row] for row in counts]
    ax.imshow(shades, aspect="auto")
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            if count:
                ax.text(x, y, f"{count:,}", ha="center", va="center")

    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
