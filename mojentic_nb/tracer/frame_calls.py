"""`calls_df`: one row for each request to a model.

Law: a pure builder from columns of spans. Units are in the names. `duration_s` has all the
waiting in it, `work_s` has not; `ttft_s` counts from when the attempt that came through was
sent, so that `work_s` is `ttft_s` and `gen_s` where nothing had to be tried again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

from mojentic_nb.tracer.columns import Columns, Schema, frame_of, measured, seconds
from mojentic_nb.tracer.frame_tree import kinds_of_parents
from mojentic_nb.tracer.span import CALL_KINDS

if TYPE_CHECKING:
    import numpy
    from pandas import DataFrame

__all__ = ["CALLS", "CALLS_NEED", "calls_frame"]

CALLS: Schema = {
    "span_id": "id",
    "trace_id": "id",
    "parent_id": "id",
    "correlation_id": "id",
    "session_id": "id",
    "run_id": "category",
    "provider": "category",
    "model": "category",
    "response_model": "category",
    "status": "category",
    "error_type": "category",
    "finish_reason": "category",
    "output_type": "category",
    "tokens_source": "category",
    "kind_of_parent": "category",
    "cell": "count",
    "start": "time",
    "end": "time",
    "duration_s": "measure",
    "work_s": "measure",
    "wait_s": "measure",
    "ttft_s": "measure",
    "gen_s": "measure",
    "tokens_per_s": "measure",
    "load_s": "measure",
    "input_tokens": "count",
    "output_tokens": "count",
    "cache_read_tokens": "count",
    "cache_write_tokens": "count",
    "reasoning_tokens": "count",
    "total_tokens": "count",
    "n_messages": "count",
    "n_tools_offered": "count",
    "n_tool_calls": "count",
    "n_chunks": "count",
    "retries": "count",
    "prompt_chars": "count",
    "response_chars": "count",
    "stream": "flag",
    "cache_hit": "flag",
    "truncated": "flag",
    "ok": "flag",
    "temperature": "measure",
    "top_p": "measure",
    "seed": "count",
    "max_tokens": "count",
    "cost": "measure",
    "prompt_preview": "text",
    "response_preview": "text",
}

# The other columns are a span's own.
_DERIVED = {
    "output_type",
    "kind_of_parent",
    "cell",
    "start",
    "end",
    "duration_s",
    "work_s",
    "wait_s",
    "ttft_s",
    "gen_s",
    "tokens_per_s",
    "load_s",
    "total_tokens",
    "truncated",
    "ok",
    "temperature",
    "top_p",
    "seed",
    "max_tokens",
    "prompt_preview",
    "response_preview",
}
_AS_THEY_ARE = tuple(name for name in CALLS if name not in _DERIVED)

CALLS_NEED = (
    *_AS_THEY_ARE,
    *("kind", "cell_exec", "start_ns", "end_ns", "wait_ms", "ttft_ms", "load_ms", "eval_ms"),
    *("params", "prompt_preview", "response_preview"),
)
"""The columns of spans that `calls_frame` reads."""


def calls_frame(columns: Columns) -> DataFrame:
    """One row for each request to a model, by start.

    Args:
        columns: Those of `CALLS_NEED`, of all spans: the parents are among them.
    """
    are_calls = [kind in CALL_KINDS for kind in columns["kind"]]
    calls = {name: list(compress(columns[name], are_calls)) for name in CALLS_NEED}
    values = {
        **{name: calls[name] for name in _AS_THEY_ARE},
        **timing(calls),
        "load_s": measured(calls["load_ms"], 1e-3),
        **_asked_with(calls["params"]),
        "kind_of_parent": kinds_of_parents(columns, calls["parent_id"]),
        "cell": calls["cell_exec"],
        "start": calls["start_ns"],
        "end": calls["end_ns"],
        "total_tokens": total_tokens(calls),
        "truncated": [None if not why else why == "length" for why in calls["finish_reason"]],
        "ok": [status == "ok" for status in calls["status"]],
        "prompt_preview": _previews(calls["prompt_preview"], calls["prompt_chars"]),
        "response_preview": _previews(calls["response_preview"], calls["response_chars"]),
    }
    return frame_of("calls/1", CALLS, values)


def total_tokens(calls: Columns) -> list[int | None]:
    """Tokens in and out together; an embedding has none out."""
    kinds, tokens_in, tokens_out = calls["kind"], calls["input_tokens"], calls["output_tokens"]
    totals: list[int | None] = []
    for kind, sent, got in zip(kinds, tokens_in, tokens_out, strict=True):
        if got is None and kind == "embeddings":
            totals.append(sent)
        else:
            totals.append(None if sent is None or got is None else sent + got)

    return totals


def timing(calls: Columns) -> dict[str, numpy.ndarray[Any, Any]]:
    """How long each call took, in its parts, and how fast it wrote.

    Args:
        calls: With `start_ns end_ns wait_ms ttft_ms eval_ms retries n_chunks output_tokens`.

    Returns:
        The columns `duration_s work_s wait_s ttft_s gen_s tokens_per_s` of `calls_df`.
    """
    import numpy

    took = seconds(calls["start_ns"], calls["end_ns"])
    waited, first = measured(calls["wait_ms"], 1e-3), measured(calls["ttft_ms"], 1e-3)
    worked = took - numpy.nan_to_num(waited)  # a wait nobody recorded was none
    wrote = worked - first
    # How long the failed attempts took is not known, so neither is what is left.
    wrote[numpy.fromiter(map(bool, calls["retries"]), bool, len(wrote))] = numpy.nan
    wrote[wrote < 0] = numpy.nan
    return {
        "duration_s": took,
        "work_s": worked,
        "wait_s": waited,
        "ttft_s": first,
        "gen_s": wrote,
        "tokens_per_s": _writing_speed(calls, wrote),
    }


def _writing_speed(calls: Columns, wrote: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    """Tokens a second from the first piece to the end, or as Ollama reckons it."""
    import numpy

    tokens, pieces = measured(calls["output_tokens"]), measured(calls["n_chunks"])
    # One piece came all at once: the time after it says nothing of writing.
    by_pieces = numpy.where((pieces < 2) | (wrote <= 0), numpy.nan, wrote)
    by_server = measured(calls["eval_ms"], 1e-3)
    by_server[by_server <= 0] = numpy.nan
    result: numpy.ndarray[Any, Any] = tokens / numpy.where(
        numpy.isnan(by_pieces), by_server, by_pieces
    )
    return result


def _previews(texts: Sequence[str], sizes: Sequence[int | None]) -> list[str | None]:
    return [
        text if text or size is not None else None for text, size in zip(texts, sizes, strict=True)
    ]


def _asked_with(params: Sequence[str]) -> dict[str, list[Any]]:
    # Most calls of a notebook ask with the same few settings.
    read = {text: _read(text) for text in set(params)}
    by_name = {name: {text: one[name] for text, one in read.items()} for name in _SETTINGS}
    return {name: list(map(known.__getitem__, params)) for name, known in by_name.items()}


def _read(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text or "{}")
    except ValueError:
        given = {}

    if not isinstance(given, dict):
        given = {}

    return {name: kept(given.get(name)) for name, kept in _SETTINGS.items()}


def _number(value: Any) -> float | None:
    # JSON may hold longer numbers than a float does.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e308 else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


_SETTINGS = {
    "temperature": _number,
    "top_p": _number,
    "seed": _whole,
    "max_tokens": _whole,
    "output_type": _word,
}
