"""Spans as bars in time: HTML without a script, and the same in text.

Law: everything a bar shows is also said in words, so that the picture survives a place that
drops styles (GitHub) and a reader who sees no colour. Every word is escaped. One row is at
most some 200 bytes: it is saved in the notebook.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from mojentic_nb.views import numbers
from mojentic_nb.views.bars import EMPTY, Bar, folded, is_known, name_of, summary_line, words_of
from mojentic_nb.views.palette import GREY, bar_colour
from mojentic_nb.views.spans_tree import SHOWN, branches, left_out, tree_html, tree_text
from mojentic_nb.views.table import text_width
from mojentic_nb.views.theme import CSS_CLASS, NO_MATH, WATERFALL_STYLE

__all__ = ["is_leaf", "scale", "waterfall_html", "waterfall_text"]

# A notebook is saved with its outputs, and more rows are read in a frame.
_MOST = 500

# A bar of a smaller share would be hidden by the mark of its first token.
_NARROWEST = 0.04

# What took no time at the very end is still seen.
_LAST = 0.99

_INDENT = "\u00a0\u00a0\u00a0"
_DEEPEST = 8
_TEXT_CELLS = 32
_TEXT_NAME = 36

# Kinds whose bar is work of its own; the others hold the bars of others.
_LEAVES = ("llm", "embeddings", "tool", "retrieval", "judge")


def is_leaf(bar: Bar) -> bool:
    """Whether its bar is drawn full: it is work, not the frame around work."""
    return bar.kind in _LEAVES


def scale(bars: Sequence[Bar]) -> tuple[float, float]:
    """When the picture begins and how many seconds it spans; never 0 seconds."""
    timed = [(bar.start_s, bar.duration_s) for bar in bars if is_known(bar.duration_s)]
    start = min((start for start, _ in timed), default=0.0)
    end = max((start + length for start, length in timed), default=0.0)
    return start, max(end - start, 1e-6)


# HTML


def waterfall_html(bars: Sequence[Bar], *, title: str = "") -> str:
    """Draw the bars for a notebook.

    Args:
        bars: Rows in the order of the tree. Where none has a duration, the tree is drawn.
        title: Before the sums.
    """
    if not bars:
        return f'<p class="{CSS_CLASS}">{escape(EMPTY)}</p>'

    if not any(is_known(bar.duration_s) for bar in bars):
        return tree_html(bars, title=title)

    rows = folded(bars)
    head = " · ".join(word for word in (" ".join(title.split()), summary_line(bars)) if word)
    start, _ = scale(bars)
    return (
        f'<div class="{CSS_CLASS} spans {NO_MATH}">{WATERFALL_STYLE}'
        f"{_table(rows[:SHOWN], start, head)}{_rest(bars, rows, start)}</div>"
    )


def _rest(bars: Sequence[Bar], rows: Sequence[Bar], origin: float) -> str:
    """What waits behind "show all": what comes after, or everything where rows were folded."""
    if len(rows) == len(bars):
        rest, said = bars[SHOWN:], f"show all {len(bars):,} spans"
    else:
        rest, said = bars, f"show all {len(bars):,} spans, one by one"

    if not rest:
        return ""

    note = ""
    if len(rest) > _MOST:
        note = f"<p>… {len(rest) - _MOST:,} more: they are in the frame of all spans</p>"

    return f"<details><summary>{said}</summary>{_table(rest[:_MOST], origin)}{note}</details>"


def _table(rows: Sequence[Bar], origin: float, head: str = "") -> str:
    """Rows on a scale of their own: fifty of a thousand would else be fifty dots.

    Args:
        rows: To draw.
        origin: When the whole picture begins; times are told from there.
        head: The caption.
    """
    scaled = _scaled(rows, origin)
    caption = f"<caption>{escape(head)}</caption>" if head else ""
    ticks = "".join(
        f'<span style="left:{_percent(number * scaled.step / scaled.span)}" '
        f'data-t="{scaled.tick(number)}"></span>'
        for number in range(math.floor(scaled.span / scaled.step) + 1)
    )
    body = "\n".join(_row(bar, scaled) for bar in rows)
    return (
        f'<table style="--step:{_percent(scaled.step / scaled.span)}">{caption}<thead><tr>'
        f"<th>span</th><th>start{ticks}</th><th>takes</th><th>what</th></tr></thead><tbody>\n"
        f"{body}</tbody></table>"
    )


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """Where seconds stand: all counted from the beginning of the whole picture."""

    origin: float
    start: float
    span: float
    step: float

    def tick(self, number: int) -> str:
        """The label of a line of the grid, all in one unit."""
        moment, end = self.start + number * self.step, self.start + self.span
        if end >= 300:
            return f"{moment / 60:.4g} min"

        return f"{moment:.4g} s" if end >= 1 else f"{moment * 1000:.4g} ms"


def _scaled(rows: Sequence[Bar], origin: float) -> _Scale:
    start, span = scale(rows)
    step = _step(span)
    # A line of the grid stands at the left edge.
    begin = math.floor((start - origin) / step + 1e-9) * step
    return _Scale(origin=origin, start=begin, span=start + span - origin - begin, step=step)


def _row(bar: Bar, scaled: _Scale) -> str:
    indent = _INDENT * min(max(bar.depth, 0), _DEEPEST)
    return (
        f"<tr><td>{indent}{escape(name_of(bar))}</td><td>{_drawn(bar, scaled)}</td>"
        f"<td>{numbers.seconds(bar.duration_s)}</td><td>{escape(words_of(bar))}</td></tr>"
    )


def _drawn(bar: Bar, scaled: _Scale) -> str:
    if not is_known(bar.duration_s):
        return ""

    kind = ' class="r"' if bar.parts else "" if is_leaf(bar) else ' class="k"'
    at, span = bar.start_s - scaled.origin, scaled.span
    left = min((at - scaled.start) / span, _LAST)
    place = f"left:{_percent(left)};width:{_percent(bar.duration_s / span)}"
    colour = bar_colour(bar.status, model=bar.model if is_leaf(bar) else "")
    inside = _inside(bar, bar.duration_s) if bar.duration_s >= _NARROWEST * span else ""
    hue = "" if colour == GREY else f";color:{colour}"
    begun = numbers.seconds(at, beside=scaled.start + span).replace(" ", "\u00a0")
    return f'<i{kind} style="{place}{hue}">{inside}{begun}</i>'


def _inside(bar: Bar, length: float) -> str:
    """The wait, the time to the first token, or the parts of a run."""
    if length <= 0:
        return ""

    if bar.parts:
        return "".join(
            f'<s style="left:{_percent((start - bar.start_s) / length)};'
            f'width:{_percent(part / length)}"></s>'
            for start, part in _lanes(bar.parts)
        )

    wait = min(bar.wait_s, length) if is_known(bar.wait_s) else 0.0
    drawn = f'<u style="width:{_percent(wait / length)}"></u>' if wait > 0 else ""
    if is_known(bar.first_s) and bar.first_s > wait:
        first = min(bar.first_s, length) - wait
        drawn += f'<b style="width:{_percent(first / length)}"></b>'

    return drawn


def _lanes(parts: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """At most 24 of a run: more marks than that are one grey block."""
    every = -(-len(parts) // 24)
    return parts[::every]


def _percent(share: float) -> str:
    return f"{100 * min(max(share, 0), 1):.1f}".removesuffix(".0") + "%"


def _step(span: float) -> float:
    """Seconds between two lines of the grid: 1, 2 or 5 times a power of ten, three to seven."""
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * 0.999)


# Text


def waterfall_text(bars: Sequence[Bar], *, title: str = "", most: int | None = SHOWN) -> str:
    """Draw the bars with block characters.

    Args:
        bars: Rows in the order of the tree. Where none has a duration, the tree is drawn.
        title: Before the sums.
        most: Rows to show; None for all.
    """
    if not any(is_known(bar.duration_s) for bar in bars):
        return tree_text(bars, title=title, most=most)

    rows = folded(bars)
    shown = rows if most is None else rows[:most]
    start, span = scale(bars)
    names = [_cut(fork + name_of(bar)) for fork, bar in zip(branches(rows), shown, strict=False)]
    width = max(map(text_width, names))
    lines = [
        f"{name}{' ' * (width - text_width(name))}  {_blocks(bar, start, span)}  "
        f"{numbers.seconds(bar.duration_s):>10}  {words_of(bar)}".rstrip()
        for name, bar in zip(names, shown, strict=True)
    ]
    head = " · ".join(word for word in (" ".join(title.split()), summary_line(bars)) if word)
    return "\n".join([head, *lines, *left_out(rows, shown), *_legend(shown)])


def _cut(name: str) -> str:
    return name if len(name) <= _TEXT_NAME else f"{name[: _TEXT_NAME - 1]}…"


def _legend(bars: Sequence[Bar]) -> list[str]:
    signs = []
    if any(bar.first_s for bar in bars):
        signs.append("░ until the first token")

    if any(bar.wait_s for bar in bars):
        signs.append("╌ waiting")

    return [", ".join(signs)] if signs else []


def _blocks(bar: Bar, start: float, span: float) -> str:
    if not is_known(bar.duration_s):
        return " " * _TEXT_CELLS

    def cell(moment: float) -> int:
        return min(max(round((moment - start) / span * _TEXT_CELLS), 0), _TEXT_CELLS)

    first = min(cell(bar.start_s), _TEXT_CELLS - 1)
    last = max(cell(bar.start_s + bar.duration_s), first + 1)
    signs = [" "] * first + ["█" if is_leaf(bar) else "━"] * (last - first)
    if bar.parts:
        signs[first:last] = ["░"] * (last - first)
        for begin, length in bar.parts:
            at = min(cell(begin), _TEXT_CELLS - 1)
            end = max(cell(begin + length), at + 1)
            signs[at:end] = ["█"] * (end - at)
    else:
        began = cell(bar.start_s + bar.first_s) if is_known(bar.first_s) else first
        waited = cell(bar.start_s + bar.wait_s) if is_known(bar.wait_s) and bar.wait_s else first
        pale = max(min(began, last - 1), first)
        signs[first:pale] = ["░"] * (pale - first)
        signs[first : min(waited, last)] = ["╌"] * (min(waited, last) - first)

    return "".join(signs).ljust(_TEXT_CELLS)
