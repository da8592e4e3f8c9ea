"""Charts over time: what ran when, how much at once, and how full the context became.

Law: time is counted from the first call, so that a chart reads the same in any time zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from mojentic_nb.catalogue.book import house_catalogue
from mojentic_nb.tracer.plots_canvas import (
    canvas,
    count_axis,
    empty,
    headed,
    key,
    listed,
    measure_axis,
    percent,
    plain,
    sample_size,
    since_first,
    texts,
)
from mojentic_nb.tracer.plots_sums import SHADES
from mojentic_nb.views.palette import GREY, status_colour
from mojentic_nb.views.theme import model_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["concurrency", "context", "timeline"]

_NO_CALLS = "no calls traced yet: run a %%llm cell"
_MARKS = {"error": "X", "cancelled": "D", "abandoned": "D"}

# Under a window that is ten times as high, bars cannot be read.
_SEEN = 0.1
_MOST_TURNS = 60

# There is room for so many: a single bar does not fill the chart.
_FEWEST_TURNS = 6

_MOST_STEPS = 300
_SLICES = 100


def timeline(calls: Any, ax: Axes | None) -> Axes:
    """Draw each call where it began, as high as it took."""
    with canvas(ax) as axes:
        title = "When did which model work?"
        took = listed(calls, "duration_s")
        if not took:
            return empty(axes, title, _NO_CALLS)

        when, unit = since_first(listed(calls, "start"))
        models = texts(calls, "model", missing="unknown model")
        states = texts(calls, "status", missing="ok")
        marks: dict[str, Any] = {}
        for name, state in dict.fromkeys(zip(models, states, strict=True)):
            places = [
                index
                for index, pair in enumerate(zip(models, states, strict=True))
                if pair == (name, state) and took[index] is not None
            ]
            artist = axes.scatter(
                [when[place] for place in places],
                [took[place] for place in places],
                color=model_colour(name) if state == "ok" else status_colour(state),
                **_mark(state),
            )
            marks.setdefault(name if state == "ok" else state, artist)

        axes.set_xlabel(unit)
        last = max(when) or 1
        axes.set_xlim(-0.02 * last, 1.02 * last)
        known = [value for value in took if value is not None]
        measure_axis(axes.yaxis, "duration, s", known or [1.0])
        key(axes, dict(sorted(marks.items(), key=lambda pair: pair[0] in _MARKS)))
        failed = states.count("error")
        said = f"{failed:,} of {len(took):,} calls failed" if failed else title
        headed(axes, said, sample_size(len(took), "call"))
        return axes


def _mark(state: str) -> dict[str, Any]:
    is_ok = state == "ok"
    return {
        "marker": _MARKS.get(state, "o"),
        "s": 26 if is_ok else 46,
        "alpha": 0.75 if is_ok else 1.0,
        "linewidths": 0,
        "zorder": 2 if is_ok else 3,
    }


def concurrency(calls: Any, ax: Axes | None) -> Axes:
    """Draw how many calls were under way at each moment."""
    with canvas(ax) as axes:
        spans = [
            (begun, done)
            for begun, done in zip(listed(calls, "start"), listed(calls, "end"), strict=True)
            if begun is not None and done is not None
        ]
        if not spans:
            return empty(axes, "How many calls ran at once?", _NO_CALLS)

        when, levels, unit = _levels(spans)
        slices = _drawn_levels(axes, when, levels)
        count_axis(axes.yaxis, "calls under way")
        peak = max(levels)
        axes.set_ylim(0, max(peak, 1) * 1.12)
        axes.set_xlabel(unit)
        busy = sum(done.value - begun.value for begun, done in spans) / 1e9
        said = "Calls ran one after the other" if peak <= 1 else f"Up to {peak:,} calls at once"
        headed(axes, said, f"{sample_size(len(spans), 'call')}, {busy:,.1f} s of work", slices)
        return axes


def _levels(spans: Sequence[tuple[Any, Any]]) -> tuple[list[float], list[int], str]:
    """When the number of calls under way changes, to how many, and the unit of time."""
    # At one moment what ends goes first: calls one after the other are not two at once.
    changes = sorted([(begun, 1) for begun, _ in spans] + [(done, -1) for _, done in spans])
    when, unit = since_first([moment for moment, _ in changes])
    return when, list(accumulate(change for _, change in changes)), unit


def _drawn_levels(ax: Axes, when: Sequence[float], levels: Sequence[int]) -> str:
    """Draw the steps, or where they are too many to be seen, slices of time; say which."""
    if len(when) <= _MOST_STEPS:
        ax.fill_between(when, levels, step="post", color=GREY, alpha=0.35, linewidth=0)
        ax.step(when, levels, where="post", color=GREY, linewidth=1.2)
        return ""

    width = when[-1] / _SLICES or 1.0
    busy, most = [0.0] * _SLICES, [0] * _SLICES
    for begun, done, level in zip(when, when[1:], levels, strict=False):
        for place in range(int(begun / width), min(int(done / width), _SLICES - 1) + 1):
            overlap = min(done, (place + 1) * width) - max(begun, place * width)
            if place < _SLICES and overlap > 0:
                busy[place] += level * overlap / width
                most[place] = max(most[place], level)

    edges = [place * width for place in range(_SLICES + 1)]
    ax.stairs(busy, edges, fill=True, color=GREY, alpha=0.45)
    ax.stairs(most, edges, color=GREY, linewidth=1.0)
    return "area: on average, line: at most"


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """One call of a session; its tokens are the cached, the fresh and the written ones."""

    tokens: tuple[int, int, int]
    model: str
    provider: str


def context(calls: Any, session: str | None, ax: Axes | None) -> Axes:
    """Draw what each call of a session read and wrote, beside its window."""
    with canvas(ax) as axes:
        rows = _of_session(calls, session)
        fill = "no conversation traced yet: ask a model twice in one session"
        if not rows:
            return empty(axes, "How full is the context?", fill)

        rows, dropped = rows[-_MOST_TURNS:], max(0, len(rows) - _MOST_TURNS)
        turns = list(range(dropped + 1, dropped + len(rows) + 1))
        base = [0] * len(rows)
        drawn: dict[str, Any] = {}
        for part, shade in enumerate(SHADES[:2] + SHADES[3:]):
            heights = [row.tokens[part] for row in rows]
            if any(heights):
                faces = [shade.face(model_colour(row.model)) for row in rows]
                edges = [model_colour(row.model) for row in rows]
                axes.bar(turns, heights, bottom=base, width=0.7, color=axes.get_facecolor())
                axes.bar(
                    *(turns, heights),
                    bottom=base,
                    width=0.7,
                    color=faces,
                    edgecolor=edges,
                    hatch=shade.hatch,
                    linewidth=0,
                )
                drawn[shade.name] = shade.swatch(axes)

            base = [low + high for low, high in zip(base, heights, strict=True)]

        count_axis(axes.yaxis, "tokens")
        count_axis(axes.xaxis, "call of the session")
        axes.xaxis.grid(visible=False)
        axes.set_xlim(turns[0] - 0.6, max(turns[-1], turns[0] + _FEWEST_TURNS - 1) + 0.6)
        axes.set_ylim(0, max(base) * 1.15)
        key(axes, drawn)
        headed(axes, *_window(axes, rows[-1], base))
        return axes


def _of_session(calls: Any, session: str | None) -> list[_Asked]:
    """What each call of a session read and wrote, by start.

    Without a name it is the session that was used last.
    """
    sessions = listed(calls, "session_id")
    chosen = session or next((name for name in reversed(sessions) if name), None)
    rows = zip(
        sessions,
        listed(calls, "input_tokens"),
        listed(calls, "cache_read_tokens"),
        listed(calls, "output_tokens"),
        texts(calls, "model", missing=""),
        texts(calls, "provider", missing=""),
        strict=True,
    )
    return [
        _Asked(
            tokens=(min(cached or 0, read), max(read - (cached or 0), 0), wrote or 0),
            model=model,
            provider=provider,
        )
        for name, read, cached, wrote, model, provider in rows
        if chosen is not None and name == chosen and read is not None
    ]


def _window(ax: Axes, last: _Asked, totals: list[int]) -> tuple[str, str]:
    """The title and its note; the window is drawn where it can be seen beside the bars."""
    model, provider = last.model, last.provider
    most = house_catalogue().card(provider, model).context_tokens if model else None
    if not most:
        return (
            f"The context grew to {max(totals):,} tokens",
            f"{model}, whose window is not known" if model else "",
        )

    if max(totals) >= _SEEN * most:
        ax.axhline(most, color=GREY, linestyle=(0, (4, 3)), linewidth=1.2)
        ax.annotate(
            *(plain(f"window of {model}: {most:,}"), (0.01, most)),
            xycoords=("axes fraction", "data"),
            xytext=(0, 3),
            textcoords="offset points",
            fontsize=8.5,
        )
        ax.set_ylim(0, max(most, *totals) * 1.15)

    share = percent(totals[-1] / most)
    return f"The last call used {share} of its window", f"{model}: {most:,} tokens"
