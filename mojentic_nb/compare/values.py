"""Numbers of cells, by candidate and item: what statistics are made of.

Law: pure. Repeats are averaged within their item first; an item without an answer has None,
never 0. Times are without waiting, and leave out cold and cached calls, which say nothing of
a model's speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import isnan

from mojentic_nb.batch.task import Result
from mojentic_nb.compare.grid import Cell
from mojentic_nb.compare.samples import Values, known, mean_of
from mojentic_nb.compare.spec import Spec
from mojentic_nb.compare.verdict import Value
from mojentic_nb.errors import BadArgument

__all__ = [
    "clusters_of",
    "has_known",
    "is_apart",
    "item_mean",
    "number_of",
    "repeats_by_item",
    "tokens_per_s",
    "usual_value",
    "value_names",
    "values_by_item",
]

Number = Callable[[Cell], float | None]


def _flag(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _worked_s(result: Result) -> float | None:
    if result.duration_s is None:
        return None

    return max(0.0, result.duration_s - (result.wait_s or 0.0))


def tokens_per_s(result: Result) -> float | None:
    """How fast an answer was written, of a cold or cached one too; None where nobody knows."""
    worked = _worked_s(result)
    if worked is None or not result.output_tokens:
        return None

    writing = worked - (result.ttft_s or 0.0)
    return result.output_tokens / writing if writing > 0 else None


def is_apart(result: Result) -> bool:
    """Whether its times say nothing of a model's speed."""
    return result.cold or result.cached


def _timed(number: Callable[[Result], float | None]) -> Number:
    def of(cell: Cell) -> float | None:
        result = cell.result
        return None if result is None or is_apart(result) else number(result)

    return of


_NUMBERS: dict[str, Number] = {
    "passed": lambda cell: _flag(cell.passed),
    "score": lambda cell: cell.score,
    "cost": lambda cell: cell.result.cost if cell.result else None,
    "duration_s": _timed(_worked_s),
    "ttft_s": _timed(lambda result: result.ttft_s),
    "tokens_per_s": _timed(tokens_per_s),
    "input_tokens": lambda cell: cell.result.input_tokens if cell.result else None,
    "output_tokens": lambda cell: cell.result.output_tokens if cell.result else None,
}


def number_of(cell: Cell, value: str) -> float | None:
    """A cell's number by its column's name; None where there is none.

    Raises:
        BadArgument: There is no such number.
    """
    if not cell.is_ok:
        return None
    if value in _NUMBERS:
        found = _NUMBERS[value](cell)
    elif value.startswith("score_") and (score := cell.scores.get(value[6:])):
        found = score.score
    elif value.startswith("pass_") and (score := cell.scores.get(value[5:])):
        found = _flag(score.passed)
    else:
        found = None

    return None if found is None or isnan(found) else float(found)


def value_names(cells: Iterable[Cell]) -> list[str]:
    """What there are numbers of."""
    checks = dict.fromkeys(name for cell in cells for name in cell.scores)
    return [*_NUMBERS, *(f"{kind}_{name}" for name in checks for kind in ("score", "pass"))]


def repeats_by_item(
    cells: Sequence[Cell], spec: Spec, value: str
) -> dict[str, list[list[float | None]]]:
    """For each candidate the numbers of each item's repeats, in the order of the items.

    Raises:
        BadArgument: There is no such number.
    """
    if value not in (names := value_names(cells)):
        raise BadArgument(f"There is no number {value!r}.", hint=f"One of {', '.join(names)}.")

    places = {id(item): place for place, item in enumerate(spec.items)}
    found: dict[str, list[list[float | None]]] = {
        one.name: [[] for _ in spec.items] for one in spec.candidates
    }
    for cell in cells:
        found[cell.candidate.name][places[id(cell.item)]].append(number_of(cell, value))

    return found


def values_by_item(cells: Sequence[Cell], spec: Spec, value: str) -> dict[str, list[float | None]]:
    """For each candidate one number for each item: the mean of its repeats."""
    return {
        name: [item_mean(repeats) for repeats in items]
        for name, items in repeats_by_item(cells, spec, value).items()
    }


def has_known(cells: Iterable[Cell], value: str) -> bool:
    """Whether any cell has this number."""
    return any(number_of(cell, value) is not None for cell in cells)


def usual_value(cells: Sequence[Cell]) -> Value:
    """What a comparison is about where nobody says: items passed, else the score."""
    return "passed" if has_known(cells, "passed") or not has_known(cells, "score") else "score"


def clusters_of(spec: Spec) -> list[str | None] | None:
    """The cluster of each item; None where no item has one."""
    clusters = [item.cluster or None for item in spec.items]
    return clusters if any(clusters) else None


def item_mean(repeats: Values) -> float | None:
    """An item's one number; None where no repeat has any."""
    return mean_of(sample) if (sample := known(repeats)) else None
