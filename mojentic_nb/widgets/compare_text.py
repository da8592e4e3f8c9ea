"""One answer of a comparison as a person reads it, with all that is known of it, as HTML.

Law: what a model, a person or a check wrote is escaped, or Markdown that was made harmless;
long texts are bounded with their true size told; numbers that nobody measured are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.grid import Cell
from mojentic_nb.compare.items import said
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.current import present
from mojentic_nb.tracer.picture import picture_of
from mojentic_nb.tracer.span import Span
from mojentic_nb.views import numbers
from mojentic_nb.views.markdown import bounded
from mojentic_nb.views.rendered import rendered
from mojentic_nb.views.word_diff import diff_html

if TYPE_CHECKING:
    from mojentic_nb.compare.comparison import Comparison

__all__ = ["cell_told"]

LONGEST = 40_000
LONGEST_REASON = 1_000


def cell_told(
    comparison: Comparison, *, item: int, candidate: int, repeat: int = 0, beside: int | None = None
) -> dict[str, Any]:
    """Tell of one answer.

    Args:
        comparison: Whose.
        item: By its place.
        candidate: By its place.
        repeat: Which of several times.
        beside: The candidate whose answer it is held against, word by word.

    Raises:
        BadArgument: There is no such answer.
    """
    cell = _cell(comparison, item, candidate, repeat)
    other = None if beside is None else _cell(comparison, item, beside, repeat)
    parts = [
        _line(cell),
        _answer(cell, other),
        _checks(cell),
        _asked(cell),
        _trace(cell.result.span_id if cell.result else ""),
    ]
    return {
        "title": f"{cell.candidate.name} · {cell.item.id}",
        "html": "".join(parts),
        "picks": _picks(comparison, candidate, repeat, beside),
    }


def _cell(comparison: Comparison, item: int, candidate: int, repeat: int) -> Cell:
    spec = comparison.spec
    if 0 <= item < len(spec.items) and 0 <= candidate < len(spec.candidates):
        wanted, who = spec.items[item], spec.candidates[candidate]
        for cell in comparison.cells:
            if cell.item is wanted and cell.candidate is who and cell.repeat == repeat:
                return cell

    raise BadArgument(f"There is no answer {item}, {candidate}, {repeat}.")


def _picks(
    comparison: Comparison, candidate: int, repeat: int, beside: int | None
) -> list[list[Any]]:
    """What can be chosen for it: name, label, values with their words, and the present one."""
    others = [
        [str(n), f"beside {one.name}"]
        for n, one in enumerate(comparison.spec.candidates)
        if n != candidate
    ]
    chosen = "" if beside is None else str(beside)
    picks: list[list[Any]] = [["beside", "Differences", [["", "as it stands"], *others], chosen]]
    if comparison.spec.repeats > 1:
        times = [[str(n), f"repeat {n + 1}"] for n in range(comparison.spec.repeats)]
        picks.append(["repeat", "Repeat", times, str(repeat)])

    return picks


def _line(cell: Cell) -> str:
    result = cell.result
    if result is None:
        return ""

    told = [
        result.finish_reason if result.finish_reason not in ("", "stop") else "",
        "" if result.duration_s is None else numbers.seconds(result.duration_s),
        "" if result.ttft_s is None else f"first {numbers.seconds(result.ttft_s)}",
        "" if result.input_tokens is None else f"{result.input_tokens:,} tok in",
        "" if result.output_tokens is None else f"{result.output_tokens:,} tok out",
        "" if result.cost is None else numbers.dollars(result.cost),
        f"{result.retries:,} retried" if result.retries else "",
        "cached" if result.cached else "",
        "cold" if result.cold else "",
        "from an earlier run" if result.stored else "",
    ]
    return f'<p class="quiet">{" · ".join(escape(one) for one in told if one)}</p>'


def _answer(cell: Cell, other: Cell | None) -> str:
    result = cell.result
    if result is None:
        return "<p>Not asked yet.</p>"
    if not result.ok:
        told = ": ".join(word for word in (result.error_type, result.error_message) if word)
        return f'<p class="bad">✗ {escape(bounded(told or result.status, LONGEST_REASON))}</p>'
    if other is None:
        return rendered(bounded(result.output, LONGEST)) or "<p>(an empty answer)</p>"

    before, after = (bounded(one.output, LONGEST) for one in (other, cell))
    name = escape(other.candidate.name)
    legend = f"<del>only {name}</del> <ins>only this one</ins>"
    return f'<p class="quiet">{legend}</p><div class="plain">{diff_html(before, after)}</div>'


def _checks(cell: Cell) -> str:
    if not cell.scores:
        return ""

    has_reasons = any(score.reason for score in cell.scores.values())
    head = ["check", "verdict", "score", *(["why"] if has_reasons else [])]
    rows = [
        [
            escape(name),
            _verdict(score.passed),
            "" if math.isnan(score.score) else f"{score.score:.4g}",
            *([escape(bounded(score.reason, LONGEST_REASON))] if has_reasons else []),
        ]
        for name, score in cell.scores.items()
    ]
    top = "".join(f"<th>{name}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{one}</td>' for one in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _verdict(passed: bool | None) -> str:
    return {True: "✓ pass", False: '<b class="bad">✗ fail</b>', None: ""}[passed]


def _asked(cell: Cell) -> str:
    expected = cell.item.expected
    right = "" if expected is None else f"\n\nexpected: {expected}"
    asked = escape(bounded(f"{said(cell.messages)}{right}", LONGEST))
    return f'<details><summary>asked</summary><div class="plain">{asked}</div></details>'


def _trace(span_id: str) -> str:
    """The picture of the call, where this session's tracer has it."""
    tracer = present()
    if tracer is None or not span_id:
        return ""

    try:
        spans = tracer.spans(trace=span_id)
    except BadArgument:
        return ""

    picture = picture_of(_below(span_id, spans))
    return f"<details><summary>trace</summary>{picture.html}</details>"


def _below(span_id: str, spans: Sequence[Span]) -> Iterator[Span]:
    """A span and all that happened in it; a batch shares its trace among many calls."""
    inside = {span_id}
    for span in spans:  # by start: none comes before what it is in
        if span.span_id == span_id or span.parent_id in inside:
            inside.add(span.span_id)
            yield span
