"""Charts of the items: which are hard, which answers waver, and what length has to do with it.

Law: every item is there; one without an answer is blank, one whose calls failed is red, and
both are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.means import Noise, repeat_noise
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
    failed_items,
    item_means,
    room_for,
)
from mojentic_nb.compare.samples import mean_of
from mojentic_nb.tracer.plots_canvas import (
    bar_height,
    canvas,
    empty,
    headed,
    key,
    label,
    rows_axis,
    sample_size,
)
from mojentic_nb.views.palette import HATCH
from mojentic_nb.views.theme import RED

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["heatmap", "repeats"]

_MOST_MODELS = 24
_MOST_NAMES = 14
_GOLDEN = 0.618033988749895


def heatmap(comparison: HasComparison, value: str | None, ax: Axes | None) -> Axes:
    """Draw items across and candidates down, the hardest item left, the best candidate on top."""
    with canvas(ax) as axes:
        cells, summary = comparison.df, comparison.summary()
        unit = chosen_value(comparison, value)
        found = answers(cells, unit.value)
        names = [each.name for each in best_first(summary, unit.value) if each.name in found]
        if not names:
            return empty(axes, "Which items are hard, and for whom?", ASK)

        shown = names[:_MOST_MODELS]
        means = {name: item_means(found[name]) for name in shown}
        items = _hardest_first(means, cells)
        failed = failed_items(cells)
        room_for(axes, rows=len(shown) + 2, is_ours=ax is None)
        lacking = _draw_shades(axes, means, items, failed, colours_of(summary))
        rows_axis(axes, shown)
        _items_axis(axes, items)
        red = sum(
            (name, item) in failed for name in shown for item in items if item not in means[name]
        )
        headed(
            axes,
            _disagreed(means, items, unit),
            sample_size(len(items), "item"),
            "stronger: more of its repeats passed"
            if unit.value == "passed"
            else "stronger: higher score",
            f"red: {red:,} failed" if red else "",
            f"blank: {lacking - red:,} without an answer" if lacking > red else "",
            f"{len(names) - len(shown):,} lower models not drawn"
            if len(names) > len(shown)
            else "",
        )
        return axes


def _hardest_first(means: Mapping[str, Mapping[str, float]], cells: Any) -> list[str]:
    every = dict.fromkeys(str(item) for item in cells["item_id"].tolist())

    def ease(item: str) -> tuple[float, str]:
        known = [own[item] for own in means.values() if item in own]
        return (mean_of(known) if known else -1.0, item)

    return sorted(every, key=ease)


def _draw_shades(
    ax: Axes,
    means: Mapping[str, Mapping[str, float]],
    items: Sequence[str],
    failed: set[tuple[str, str]],
    colours: Mapping[str, str],
) -> int:
    """Draw what there is; returns how much there is not."""
    from matplotlib.colors import to_rgba

    known = [mean for own in means.values() for mean in own.values()]
    low, high = min(0.0, *known), max(1.0, *known)
    blank = to_rgba(RED, 0.0)
    shades, lacking = [], 0
    for name, own in means.items():
        colour, row = colour_in(colours, name), []
        for item in items:
            if item in own:
                row.append(to_rgba(colour, 0.07 + 0.93 * (own[item] - low) / (high - low)))
                continue

            lacking += 1
            row.append(to_rgba(RED, 0.9) if (name, item) in failed else blank)

        shades.append(row)

    ax.imshow(shades, aspect="auto", interpolation="nearest")
    for edge in range(1, len(shades)):
        ax.axhline(edge - 0.5, color=ax.get_facecolor(), linewidth=2)
    for edge in range(1, len(items) if len(items) <= 60 else 0):
        ax.axvline(edge - 0.5, color=ax.get_facecolor(), linewidth=1)

    return lacking


def _items_axis(ax: Axes, items: Sequence[str]) -> None:
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    if len(items) > _MOST_NAMES:
        ax.set_xticks([])
        ax.set_xlabel("items, the hardest at the left")
        return

    names = [label(item) for item in items]
    is_slanted = sum(map(len, names)) > 70
    slant: dict[str, Any] = {"rotation": 30, "ha": "right"} if is_slanted else {}
    ax.set_xticks(range(len(items)), names, **slant)
    ax.set_xlabel("item, the hardest at the left")


def _disagreed(means: Mapping[str, Mapping[str, float]], items: Sequence[str], unit: Unit) -> str:
    answered = [[own[item] for own in means.values() if item in own] for item in items]
    if len(means) == 1:
        (name,) = means
        return f"{label(name)}: {unit.written(mean_of([mean for one in answered for mean in one]))}"

    if unit.value != "passed":
        return "Which items are hard, and for whom?"

    # By most of its repeats: shares of a few differ by chance on nearly every item.
    split = sum(len({mean > 0.5 for mean in known}) > 1 for known in answered)
    hopeless = sum(bool(known) and max(known) == 0 for known in answered)
    nobody = f"; nobody passes {hopeless:,}" if hopeless else ""
    if not split:
        return f"No item parts the models{nobody}"

    return f"Some pass where others fail on {split:,} of {len(items):,} items{nobody}"


def repeats(comparison: HasComparison, value: str | None, ax: Axes | None) -> Axes:
    """Draw how much the answer to one item changes when it is asked again."""
    with canvas(ax) as axes:
        summary, unit = comparison.summary(), chosen_value(comparison, value)
        found = answers(comparison.df, unit.value)
        repeated = {
            each.name: samples
            for each in best_first(summary, unit.value)
            if (samples := [one for one in found.get(each.name, {}).values() if len(one) > 1])
        }
        if not repeated:
            fill = "every item was asked once: give compare() repeats=3" if found else ASK
            return empty(axes, "Would it answer the same again?", fill)

        shown = list(repeated)[:_MOST_MODELS]
        room_for(axes, rows=round(1.3 * len(shown)) + 2, is_ours=ax is None)
        rows_axis(axes, shown)
        draw = _draw_shares if unit.value == "passed" else _draw_spreads
        draw(axes, {name: repeated[name] for name in shown}, colours_of(summary))
        noise = {name: repeat_noise(repeated[name]) for name in shown}
        items = max(len(samples) for samples in repeated.values())
        most = max(len(one) for samples in repeated.values() for one in samples)
        headed(
            axes,
            _wavering(noise, unit),
            sample_size(items, "item"),
            f"each asked {most} times" if most > 2 else "each asked twice",
            "at the right: items that change" if unit.value == "passed" else "line: pooled",
        )
        return axes


def _wavering(noise: Mapping[str, Noise], unit: Unit) -> str:
    """The finding: whose answers change most, in the number that is drawn."""
    is_rate = unit.value == "passed"
    spreads = {name: one.flip_rate if is_rate else one.sd for name, one in noise.items()}
    steady, wavering = min(spreads, key=spreads.__getitem__), max(spreads, key=spreads.__getitem__)
    if not spreads[wavering]:
        return "Asked again, every answer scores the same"

    most = spreads[wavering]
    told = f"{100 * most:.0f}\u00a0% of items change" if is_rate else f"scores vary by {most:.2g}"
    if spreads[steady] == most:
        return f"Asked again, {told}"

    return f"{label(wavering)} wavers most: {told}"


def _draw_shares(
    ax: Axes, samples: Mapping[str, Sequence[Sequence[float]]], colours: Mapping[str, str]
) -> None:
    """Bars of items that always pass, sometimes, and never."""
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Patch

    notes = []
    for row, (name, items) in enumerate(samples.items()):
        always = 100 * sum(min(one) == 1 for one in items) / len(items)
        never = 100 * sum(max(one) == 0 for one in items) / len(items)
        sometimes, colour = 100 - always - never, colour_in(colours, name)
        size: dict[str, Any] = {"height": bar_height(len(samples)), "linewidth": 0}
        ax.barh(row, always, color=colour, **size)
        size |= {"edgecolor": colour}
        pale, paler = to_rgba(colour, 0.25), to_rgba(colour, 0.12)
        ax.barh(row, sometimes, left=always, facecolor=pale, hatch=HATCH, **size)
        ax.barh(row, never, left=always + sometimes, facecolor=paler, **size)
        notes.append(f"{abs(sometimes):.0f} %")  # rounding leaves −0 of nothing

    beside_rows(ax, notes)
    text = ax.xaxis.label.get_color()
    faint: dict[str, Any] = {
        "facecolor": to_rgba(text, 0.15),
        "edgecolor": text,
        "linewidth": 0,
    }
    key(
        ax,
        {
            "always passes": Patch(facecolor=to_rgba(text, 0.7), linewidth=0),
            "sometimes": Patch(hatch=HATCH, **faint),
            "never": Patch(facecolor=to_rgba(text, 0.1), linewidth=0),
        },
    )
    ax.set_xlim(0, 100)
    ax.set_xlabel("% of items")
    ax.xaxis.grid(visible=True)


def _draw_spreads(
    ax: Axes, samples: Mapping[str, Sequence[Sequence[float]]], colours: Mapping[str, str]
) -> None:
    """A dot for each item's standard deviation, and a line for all together."""
    notes = []
    for row, (name, items) in enumerate(samples.items()):
        colour = colour_in(colours, name)
        spreads = [repeat_noise([one]).sd for one in items]
        heights = [row + 0.5 * ((place * _GOLDEN + 0.5) % 1 - 0.5) for place in range(len(items))]
        faint = max(0.2, min(0.6, 4 / sqrt(len(items))))
        ax.scatter(spreads, heights, s=14, color=colour, alpha=faint, linewidths=0)
        pooled = repeat_noise(items).sd
        ax.plot([pooled, pooled], [row - 0.34, row + 0.34], color=colour, linewidth=2.4)
        notes.append(f"{pooled:.2g}")

    beside_rows(ax, notes)
    ax.set_xlim(left=0)
    ax.set_xlabel("standard deviation of the score within an item")
    ax.xaxis.grid(visible=True)
