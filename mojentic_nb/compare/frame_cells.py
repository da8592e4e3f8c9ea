"""`r.df`: one row for each cell; and what is pivoted of it.

Law: builders from cells. Every row is there, whatever came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mojentic_nb.compare.grid import Cell
from mojentic_nb.compare.items import AS_GIVEN, messages_of
from mojentic_nb.compare.spec import Candidate, Spec
from mojentic_nb.compare.values import tokens_per_s, usual_value, values_by_item
from mojentic_nb.tracer.columns import Kind, frame_of
from mojentic_nb.tracer.plain import as_json

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["cells_frame", "disagreements_frame", "matrix_frame", "setting_column"]

_RESULT: dict[str, Kind] = {
    "output": "text",
    "parsed": "text",
    "error_type": "category",
    "error": "text",
    "duration_s": "measure",
    "wait_s": "measure",
    "ttft_s": "measure",
    "tokens_per_s": "measure",
    "input_tokens": "count",
    "output_tokens": "count",
    "cost": "measure",
    "cached": "flag",
    "cold": "flag",
}


def cells_frame(spec: Spec, cells: Sequence[Cell]) -> DataFrame:
    """A row for each cell, as they stand.

    `prompt` is the item's own words, or the wording it was put into where there are any;
    `candidate` is the one name of model, wording and settings; `params` have a column each.
    """
    schema: dict[str, Kind] = {
        "comparison_id": "id",
        "item_id": "id",
        "cluster": "category",
        "prompt": "text",
        "model": "category",
        "provider": "category",
    }
    values: dict[str, list[Any]] = {
        "comparison_id": [spec.comparison_id] * len(cells),
        "item_id": [cell.item.id for cell in cells],
        "cluster": [cell.item.cluster for cell in cells],
        "prompt": [_prompt(cell) for cell in cells],
        "model": [cell.candidate.model for cell in cells],
        "provider": [cell.candidate.provider for cell in cells],
    }
    for name in spec.param_names:
        schema[name], values[name] = setting_column(name, [cell.candidate for cell in cells])

    schema |= {"repeat": "count", "status": "category", **_RESULT}
    values |= {"repeat": [cell.repeat for cell in cells], "status": [c.status for c in cells]}
    values |= {name: [_of(cell, name) for cell in cells] for name in _RESULT}
    for name in dict.fromkeys(name for cell in cells for name in cell.scores):
        scores = [cell.scores.get(name) for cell in cells]
        schema |= {f"score_{name}": "measure", f"pass_{name}": "flag"}
        values[f"score_{name}"] = [None if one is None else one.score for one in scores]
        values[f"pass_{name}"] = [None if one is None else one.passed for one in scores]

    schema |= {"passed": "flag", "score": "measure", "candidate": "category"}
    schema |= {"span_id": "id", "cell_key": "id"}
    values["passed"] = [cell.passed for cell in cells]
    values["score"] = [cell.score for cell in cells]
    values["candidate"] = [cell.candidate.name for cell in cells]
    values["span_id"] = [cell.result.span_id if cell.result else "" for cell in cells]
    values["cell_key"] = [cell.id for cell in cells]
    return frame_of("comparison/1", schema, values)


def _prompt(cell: Cell) -> str:
    wording = cell.candidate.wording
    if wording.label != AS_GIVEN:
        return wording.label

    return messages_of(wording, cell.item)[-1].content or ""


def setting_column(name: str, candidates: Sequence[Candidate]) -> tuple[Kind, list[Any]]:
    """A setting of each: numbers, or words where any is none."""
    given = [one.params.get(name) for one in candidates]
    known = [value for value in given if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        return "measure", given

    return "category", [None if value is None else str(value) for value in given]


def _of(cell: Cell, name: str) -> Any:
    result = cell.result
    if result is None:
        return None
    if name == "parsed":
        return None if result.value is None else as_json(result.value)
    if name == "error":
        return result.error_message or None
    if name == "tokens_per_s":
        return tokens_per_s(result)

    return getattr(result, name)


def matrix_frame(spec: Spec, cells: Sequence[Cell], value: str | None = None) -> DataFrame:
    """Items down, candidates across: wording, model, and the settings that are not all the same.

    Args:
        spec: What is compared.
        cells: Its cells.
        value: `passed`, `score`, `cost` or another number, its repeats averaged; `output` for
            the text of the first repeat that has one.

    Raises:
        BadArgument: There is no such column.
    """
    import pandas

    about = value or usual_value(cells)
    if about == "output":
        columns: dict[str, list[Any]] = dict(_outputs(spec, cells))
    else:
        columns = dict(values_by_item(cells, spec, about))

    names = spec.varied_names
    across = [
        (one.wording.label, one.model, *(one.params.get(name) for name in names))
        for one in spec.candidates
    ]
    frame = pandas.DataFrame(
        {place: columns[one.name] for place, one in enumerate(spec.candidates)},
        index=pandas.Index([item.id for item in spec.items], name="item_id", dtype=object),
        dtype=object if about == "output" else "float64",
    )
    frame.columns = pandas.MultiIndex.from_tuples(across, names=["prompt", "model", *names])
    frame.attrs = {"schema": "mojentic_nb.matrix/1", "value": about}
    return frame


def _outputs(spec: Spec, cells: Sequence[Cell]) -> dict[str, list[str | None]]:
    places = {id(item): place for place, item in enumerate(spec.items)}
    found: dict[str, list[str | None]] = {
        one.name: [None] * len(spec.items) for one in spec.candidates
    }
    for cell in sorted(cells, key=lambda cell: -cell.repeat):
        if cell.is_ok:
            found[cell.candidate.name][places[id(cell.item)]] = cell.output

    return found


def disagreements_frame(spec: Spec, cells: Sequence[Cell], value: str | None = None) -> DataFrame:
    """The items on which candidates differ: in what passed or scored, else in what they said.

    Raises:
        BadArgument: There is no such column.
    """
    about = value or ("output" if not _is_scored(cells) else usual_value(cells))
    frame = matrix_frame(spec, cells, about)
    differs = frame.nunique(axis=1, dropna=True) > 1
    chosen = frame[differs]
    chosen.attrs = dict(frame.attrs)
    return chosen


def _is_scored(cells: Sequence[Cell]) -> bool:
    return any(cell.scores for cell in cells)
