"""`models_df`: what is to be thought of each model.

Law: a pure builder from columns of spans. Speed is of the answers that came whole and
from a model: failed, cancelled and cached calls count, but do not make a model fast. Times
are without waiting in queues, which is no model's fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.tracer.columns import Columns, Schema, frame_of
from mojentic_nb.tracer.frame_calls import timing
from mojentic_nb.tracer.frame_sums import cost_of, grouped, sum_of
from mojentic_nb.tracer.span import CALL_KINDS
from mojentic_nb.tracer.statistics import quantile

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["MODELS", "MODELS_NEED", "models_frame"]

MODELS: Schema = {
    "provider": "id",
    "model": "id",
    "calls": "count",
    "error_rate": "measure",
    "p50_s": "measure",
    "p90_s": "measure",
    "p95_s": "measure",
    "p99_s": "measure",
    "max_s": "measure",
    "ttft_p50_s": "measure",
    "ttft_p95_s": "measure",
    "tokens_per_s_median": "measure",
    "input_tokens": "count",
    "output_tokens": "count",
    "cache_read_tokens": "count",
    "cost": "measure",
    "cost_per_call": "measure",
    "truncated_rate": "measure",
    "tool_call_rate": "measure",
}
MODELS_NEED = (
    *("kind", "provider", "model", "status", "start_ns", "end_ns", "wait_ms", "ttft_ms"),
    *("eval_ms", "retries", "n_chunks", "cache_hit", "finish_reason", "n_tool_calls"),
    *("input_tokens", "output_tokens", "cache_read_tokens", "cost"),
)
"""The columns of spans that `models_frame` reads."""

_PERCENTILES = {"p50_s": 0.5, "p90_s": 0.9, "p95_s": 0.95, "p99_s": 0.99, "max_s": 1.0}


def models_frame(columns: Columns) -> DataFrame:
    """One row for each provider's model, the most used first; a percentile needs its calls.

    Args:
        columns: Those of `MODELS_NEED`.
    """
    whose = zip(columns["kind"], columns["provider"], columns["model"], strict=True)
    models = grouped(
        (provider, model) if kind in CALL_KINDS else None for kind, provider, model in whose
    )
    timed = timing(columns)
    worked, speed = timed["work_s"].tolist(), timed["tokens_per_s"].tolist()
    by_use = sorted(models, key=lambda key: (-len(models[key]), key))
    rows = [
        {
            "provider": provider,
            "model": model,
            **_speed(columns, models[provider, model], worked, speed),
            **_use(columns, models[provider, model]),
        }
        for provider, model in by_use
    ]
    values = {name: [row[name] for row in rows] for name in MODELS}
    return frame_of("models/1", MODELS, values, index=["provider", "model"])


def _speed(
    columns: Columns, calls: list[int], worked: list[float], speed: list[float]
) -> dict[str, Any]:
    answered = [
        place
        for place in calls
        if columns["status"][place] == "ok" and not columns["cache_hit"][place]
    ]
    took = [worked[place] for place in answered]
    first = [ms / 1e3 for place in answered if (ms := columns["ttft_ms"][place]) is not None]
    return {
        **{name: quantile(took, q) for name, q in _PERCENTILES.items()},
        "ttft_p50_s": quantile(first, 0.5),
        "ttft_p95_s": quantile(first, 0.95),
        "tokens_per_s_median": quantile((speed[place] for place in answered), 0.5),
    }


def _use(columns: Columns, calls: list[int]) -> dict[str, Any]:
    cost = cost_of(columns, calls)
    n_priced = sum(columns["cost"][place] is not None for place in calls)
    reasons = (columns["finish_reason"][place] or None for place in calls)
    return {
        "calls": len(calls),
        "error_rate": _rate(columns["status"][place] == "error" for place in calls),
        "input_tokens": sum_of(columns["input_tokens"], calls),
        "output_tokens": sum_of(columns["output_tokens"], calls),
        "cache_read_tokens": sum_of(columns["cache_read_tokens"], calls),
        "cost": cost,
        "cost_per_call": None if cost is None else cost / n_priced,
        "truncated_rate": _rate(why == "length" for why in reasons if why is not None),
        "tool_call_rate": _rate(n > 0 for n in _known(columns["n_tool_calls"], calls)),
    }


def _known(values: Sequence[int | None], places: Iterable[int]) -> Iterable[int]:
    return (value for place in places if (value := values[place]) is not None)


def _rate(answers: Iterable[bool]) -> float | None:
    found = list(answers)
    return sum(found) / len(found) if found else None
