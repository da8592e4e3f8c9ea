"""Spans as a picture in a cell: a waterfall or a tree.

Law: from spans to `Bar` values here, from those to HTML and text in `views`; matplotlib is
loaded only when somebody asks for a PNG.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal

from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.span import Span
from mojentic_nb.views.bars import Bar, summary_line
from mojentic_nb.views.spans_tree import tree_html, tree_text
from mojentic_nb.views.waterfall import waterfall_html, waterfall_text

__all__ = ["Picture", "bars_of", "picture_of"]

Shape = Literal["waterfall", "tree"]
_SHAPES = ("waterfall", "tree")

# What a person calls the frames around calls, where their own name says less.
_NAMES = {"chat_turn": "turn", "tool_batch": "side by side"}
_LONGEST_WORD = 40


class Picture:
    """A waterfall or a tree, which a notebook shows, saves and exports without a script.

    In a terminal its `repr` is the text twin with at most 50 rows; `print()` writes all.

    Attributes:
        bars: Its rows.
        title: Before its sums.
        shape: `waterfall` or `tree`.
    """

    def __init__(self, bars: Iterable[Bar], *, title: str = "", shape: Shape = "waterfall") -> None:
        if shape not in _SHAPES:
            raise BadArgument(f"shape={shape!r} is not a picture", hint="waterfall or tree.")

        self.bars = tuple(bars)
        self.title = title
        self.shape = shape

    @property
    def html(self) -> str:
        """The picture for a notebook."""
        if self.shape == "tree" and self.bars:
            return tree_html(self.bars, title=self.title)

        return waterfall_html(self.bars, title=self.title)

    @property
    def text(self) -> str:
        """The whole picture in text."""
        return self._text(None)

    @property
    def summary(self) -> str:
        """One line: calls, tools, seconds, tokens, dollars."""
        return summary_line(self.bars)

    def png(self) -> bytes:
        """The same as a PNG of at most 100 rows, drawn by matplotlib."""
        from mojentic_nb.tracer.plots_waterfall import waterfall_png

        return waterfall_png(self.bars, title=self.title, is_tree=self.shape == "tree")

    def _text(self, most: int | None) -> str:
        if self.shape == "tree":
            return tree_text(self.bars, title=self.title, most=most)

        return waterfall_text(self.bars, title=self.title, most=most)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self._text(50)

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        makers = {"text/html": lambda: self.html, "text/plain": lambda: repr(self)}
        if include is not None and "image/png" in include:
            makers["image/png"] = self._png_text

        wanted = [
            mime
            for mime in makers
            if (include is None or mime in include) and mime not in (exclude or ())
        ]
        return {mime: makers[mime]() for mime in wanted}

    def _png_text(self) -> str:
        from base64 import b64encode

        return b64encode(self.png()).decode("ascii")


def picture_of(
    spans: Iterable[Span], *, title: str = "", shape: Shape = "waterfall", stable: bool = False
) -> Picture:
    """Draw spans.

    Args:
        spans: In any order; their parents decide the tree.
        title: Before the sums.
        shape: `waterfall` or `tree`.
        stable: Only what is the same at every run: structure, counts and tokens. The tree is
            drawn then, as there are no times.
    """
    return Picture(bars_of(spans, stable=stable), title=title, shape=shape)


def bars_of(spans: Iterable[Span], *, stable: bool = False) -> list[Bar]:
    """Put spans into the order of their tree, as rows.

    A span whose parent is not among them stands at the top, and so does every one of a
    circle of parents. Of two with one id the later one counts.

    Args:
        spans: In any order.
        stable: Leave out durations, ids, prices, and what tools said.
    """
    known = {span.span_id: span for span in spans}
    children: dict[str, list[Span]] = {}
    for span in known.values():
        parent = span.parent_id if span.parent_id in known else ""
        children.setdefault(parent, []).append(span)

    for siblings in children.values():
        siblings.sort(key=lambda span: (span.start_ns, span.seq, span.span_id))

    origin = min((span.start_ns for span in known.values()), default=0)
    bars: list[Bar] = []
    seen: set[str] = set()
    # What is in a circle is reached from no top: each such span is tried as one afterwards.
    for top in (*children.get("", ()), *known.values()):
        for span, depth in _below(top, children, seen, stable):
            bars.append(_untimed(span, depth) if stable else _timed(span, depth, origin))

    return bars


def _below(
    top: Span, children: Mapping[str, Sequence[Span]], seen: set[str], stable: bool
) -> Iterable[tuple[Span, int]]:
    """A span and everything below it, each before its children; nothing twice."""
    waiting = [(top, 0)]
    while waiting:
        span, depth = waiting.pop()
        if span.span_id in seen:
            continue

        seen.add(span.span_id)
        yield span, depth
        below = children.get(span.span_id, ())
        ordered = _by_name(below) if stable else below
        waiting += [(child, depth + 1) for child in reversed(ordered)]


def _by_name(siblings: Sequence[Span]) -> list[Span]:
    """Tools that ran side by side by their name, because who was first is chance."""
    ordered: list[Span] = []
    batch: list[Span] = []
    for span in siblings:
        if batch and (not span.batch_id or span.batch_id != batch[0].batch_id):
            ordered += sorted(batch, key=lambda one: (one.tool_name, one.tool_args))
            batch = []

        batch.append(span)

    return ordered + sorted(batch, key=lambda one: (one.tool_name, one.tool_args))


def _untimed(span: Span, depth: int) -> Bar:
    return Bar(
        name=_name(span),
        kind=span.kind,
        depth=depth,
        status=span.status,
        trouble=span.error_type,
        model=span.model,
        tokens_in=span.input_tokens,
        tokens_out=span.output_tokens,
        marks=_marks(span),
    )


def _timed(span: Span, depth: int, origin: int) -> Bar:
    trouble = ": ".join(word for word in (span.error_type, span.error_message) if word)
    return Bar(
        name=_name(span),
        kind=span.kind,
        depth=depth,
        start_s=(span.start_ns - origin) / 1e9,
        duration_s=max(span.duration_s, 0.0),
        first_s=None if span.ttft_ms is None else span.ttft_ms / 1000,
        wait_s=None if span.wait_ms is None else span.wait_ms / 1000,
        retries=span.retries or 0,
        status=span.status,
        trouble=trouble,
        model=span.model,
        said=_said(span),
        tokens_in=span.input_tokens,
        tokens_out=span.output_tokens,
        dollars=span.cost,
        marks=_marks(span),
    )


def _name(span: Span) -> str:
    if span.kind == "tool" and span.tool_name:
        return span.tool_name

    if span.kind == "agent" and span.agent_to:
        return f"{span.agent_from} → {span.agent_to}" if span.agent_from else span.agent_to

    if span.is_call and span.model:
        return span.model

    return _NAMES.get(span.kind) or span.name or span.kind


def _marks(span: Span) -> tuple[str, ...]:
    marks = {
        "cached": bool(span.cache_hit),
        "estimated": span.tokens_source == "estimated",
        "cut at the limit": span.finish_reason == "length",
        "filtered": span.finish_reason == "content_filter",
    }
    return tuple(mark for mark, is_so in marks.items() if is_so)


def _said(span: Span) -> str:
    """A tool's arguments and its result, shortened: `city="Rome" → 21 degrees, clear`."""
    if span.kind != "tool":
        return span.event_type

    told = "" if span.status == "error" else _short(span.tool_result)
    return " → ".join(word for word in (_arguments(span.tool_args), told) if word)


def _arguments(text: str) -> str:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        return _short(text)

    if not isinstance(given, dict):
        return _short(text)

    written = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in given.items())
    return _short(", ".join(written))


def _short(text: str) -> str:
    line = " ".join(text[: 4 * _LONGEST_WORD].split())
    return line if len(line) <= _LONGEST_WORD else f"{line[: _LONGEST_WORD - 1].rstrip()}…"
