"""`r.summary()`, `r.pairs()`, `r.power()`: each candidate by itself, and two by two.

Law: builders; the statistics are in `means.py`, `rates.py`, `paired.py` and `power.py`. The
unit is the item. Costs and seconds that nobody knows are NaN.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from math import nan
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.frame_cells import setting_column
from mojentic_nb.compare.grid import Cell
from mojentic_nb.compare.means import Statistic, mean_interval, repeat_noise
from mojentic_nb.compare.paired import PairTest, median_tests, pair_tests
from mojentic_nb.compare.power import PowerRow, power_rows
from mojentic_nb.compare.rates import rate_interval
from mojentic_nb.compare.spec import Spec
from mojentic_nb.compare.values import (
    clusters_of,
    has_known,
    is_apart,
    item_mean,
    number_of,
    repeats_by_item,
    usual_value,
    values_by_item,
)
from mojentic_nb.errors import BadArgument
from mojentic_nb.tracer.columns import Kind, frame_of
from mojentic_nb.tracer.statistics import quantile

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["pair_rows", "pairs_frame", "power_frame", "summary_frame"]

SUMMARY: Mapping[str, Kind] = {
    "n_items": "count",
    "n_cells": "count",
    "n_errors": "count",
    "mean": "measure",
    "se": "measure",
    "lo": "measure",
    "hi": "measure",
    "ci_method": "category",
    "pass_rate": "measure",
    "pass_lo": "measure",
    "pass_hi": "measure",
    "repeat_sd": "measure",
    "flip_rate": "measure",
    "p50_s": "measure",
    "p95_s": "measure",
    "ttft_p50_s": "measure",
    "tok_s": "measure",
    "cost_total": "measure",
    "cost_per_item": "measure",
    "cost_per_pass": "measure",
}
PAIRS: Mapping[str, Kind] = {
    "a": "id",
    "b": "id",
    "n": "count",
    "diff": "measure",
    "se": "measure",
    "lo": "measure",
    "hi": "measure",
    "test": "category",
    "statistic": "measure",
    "p": "measure",
    "p_holm": "measure",
    "wins": "count",
    "losses": "count",
    "ties": "count",
    "decisive": "flag",
    "n_needed": "count",
}
POWER: Mapping[str, Kind] = {
    "a": "id",
    "b": "id",
    "effect": "measure",
    "n": "count",
    "power": "measure",
    "n_run": "count",
    "n_needed": "count",
}


def summary_frame(spec: Spec, cells: Sequence[Cell]) -> DataFrame:
    """A row for each candidate; `n_items` counts those with an answer."""
    shares, scores = (repeats_by_item(cells, spec, name) for name in ("passed", "score"))
    rows = []
    for one in spec.candidates:
        ours = [cell for cell in cells if cell.candidate is one]
        rows.append(
            {
                "prompt": one.wording.label,
                "model": one.model,
                **_counts(ours),
                **_goodness(shares[one.name], scores[one.name], clusters_of(spec)),
                **_speed(ours),
                **_money(ours),
                "candidate": one.name,
            }
        )

    schema: dict[str, Kind] = {"prompt": "category", "model": "category"}
    settings = {name: setting_column(name, spec.candidates) for name in spec.param_names}
    schema |= {name: kind for name, (kind, _) in settings.items()}
    schema |= {**SUMMARY, "candidate": "id"}
    values = {name: [row.get(name) for row in rows] for name in schema}
    values |= {name: column for name, (_, column) in settings.items()}
    frame = frame_of("summary/1", schema, values)
    frame.attrs["cold_or_cached"] = sum(
        cell.is_ok and cell.result is not None and is_apart(cell.result) for cell in cells
    )
    return frame


def _counts(cells: Sequence[Cell]) -> dict[str, Any]:
    return {
        "n_items": len({id(cell.item) for cell in cells if cell.is_ok}),
        "n_cells": len(cells),
        "n_errors": sum(cell.status == "error" for cell in cells),
    }


def _goodness(
    shares: Sequence[Sequence[float | None]],
    scores: Sequence[Sequence[float | None]],
    clusters: list[str | None] | None,
) -> dict[str, Any]:
    answers = sum(value is not None for repeats in shares for value in repeats)
    rate = rate_interval([item_mean(one) for one in shares], clusters=clusters, cells=answers)
    mean = mean_interval([item_mean(one) for one in scores], clusters=clusters)
    noise = repeat_noise(scores)
    flips = repeat_noise(shares) if answers else noise
    return {
        "mean": mean.mean,
        "se": mean.se,
        "lo": mean.lo,
        "hi": mean.hi,
        "ci_method": f"{rate.method}; {mean.method}" if rate.n else mean.method,
        "pass_rate": rate.rate,
        "pass_lo": rate.lo,
        "pass_hi": rate.hi,
        "repeat_sd": noise.sd,
        "flip_rate": flips.flip_rate,
    }


def _speed(cells: Sequence[Cell]) -> dict[str, Any]:
    def known(name: str) -> list[float]:
        return [value for cell in cells if (value := number_of(cell, name)) is not None]

    worked = known("duration_s")
    return {
        "p50_s": quantile(worked, 0.5),
        "p95_s": quantile(worked, 0.95),
        "ttft_p50_s": quantile(known("ttft_s"), 0.5),
        "tok_s": quantile(known("tokens_per_s"), 0.5),
    }


def _money(cells: Sequence[Cell]) -> dict[str, Any]:
    known = [
        (cell, cell.result.cost) for cell in cells if cell.result and cell.result.cost is not None
    ]
    if not known:
        return {"cost_total": nan, "cost_per_item": nan, "cost_per_pass": nan}

    total = sum(cost for _, cost in known)
    passes = sum(bool(cell.passed) for cell, _ in known)
    return {
        "cost_total": total,
        "cost_per_item": total / len({id(cell.item) for cell, _ in known}),
        "cost_per_pass": total / passes if passes else nan,
    }


def pair_rows(
    spec: Spec, cells: Sequence[Cell], value: str | None = None, effect: float | None = None
) -> list[PairTest]:
    """Paired tests of every two candidates; none where nothing says which answer is better.

    Raises:
        BadArgument: There is no such number.
    """
    about = value or usual_value(cells)
    scores = values_by_item(cells, spec, about)
    if value is None and not has_known(cells, about):
        return []

    return pair_tests(scores, clusters=clusters_of(spec), effect=effect)


def pairs_frame(
    spec: Spec,
    cells: Sequence[Cell],
    value: str | None = None,
    effect: float | None = None,
    statistic: Statistic = "mean",
) -> DataFrame:
    """A row for each pair of candidates."""
    about = value or usual_value(cells)
    if statistic == "median":
        if clusters_of(spec) is not None or effect is not None:
            raise BadArgument("statistic='median' knows no clusters and no effect.")
        rows = median_tests(values_by_item(cells, spec, about), seed=spec.seed)
    elif statistic == "mean":
        rows = pair_rows(spec, cells, value, effect)
    else:
        raise BadArgument(f"statistic={statistic!r}", hint="Choose mean or median.")

    columns = {name: [getattr(row, name) for row in rows] for name in PAIRS}
    frame = frame_of("pairs/1", PAIRS, columns)
    frame.attrs["value"] = about
    return frame


def power_frame(
    spec: Spec, cells: Sequence[Cell], value: str | None = None, effect: float | None = None
) -> DataFrame:
    """How likely so many items show the difference, pair by pair."""
    rows = [asdict(row) for row in power_rows(pair_rows(spec, cells, value, effect), effect=effect)]
    names = [field.name for field in fields(PowerRow)]
    return frame_of("power/1", POWER, {name: [row[name] for row in rows] for name in names})
