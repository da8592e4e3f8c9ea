"""What of a frame, an array or a picture goes into a prompt.

Law: a value is known by the name of its class's home, so that neither pandas nor numpy is ever
imported for a value that is not theirs; a table is described, never dumped.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from mojentic_nb.views.markdown import bounded

__all__ = ["data_summary", "is_from"]

_MOST_COLUMNS = 30
_MOST_ROWS = 20
_MOST_VALUES = 20
_LONGEST_CELL = 200


def is_from(value: object, library: str, name: str) -> bool:
    """Whether a class of this name from this library is among the value's ancestors."""
    return any(
        ancestor.__name__ == name and str(ancestor.__module__).partition(".")[0] == library
        for ancestor in type(value).__mro__
    )


def data_summary(value: Any, limit: int) -> str | None:
    """Describe a frame, series, array or picture; None for anything else."""
    if is_from(value, "pandas", "DataFrame"):
        return _frame(value, limit)

    if is_from(value, "pandas", "Series"):
        return _series(value, limit)

    if is_from(value, "numpy", "generic"):
        return bounded(str(value), limit)

    if is_from(value, "numpy", "ndarray"):
        return _array(value, limit)

    return _picture(value)


def _frame(frame: Any, limit: int) -> str:
    rows, columns = frame.shape
    typed = [f"{name} ({dtype})" for name, dtype in zip(frame.columns, frame.dtypes, strict=True)]
    more = f", … {columns - _MOST_COLUMNS} more" if columns > _MOST_COLUMNS else ""
    head = (
        f"DataFrame {rows} rows × {columns} columns\n"
        f"Columns: {bounded(', '.join(typed[:_MOST_COLUMNS]), limit // 2)}{more}"
    )
    return f"{head}\n{_rows(frame, limit - len(head))}" if rows and columns else head


def _rows(frame: Any, limit: int) -> str:
    """As many first rows as fit, as CSV: a model reads it well and it costs least."""
    count = min(len(frame), _MOST_ROWS)
    while True:
        title = "All rows" if count == len(frame) else f"First {count} rows"
        shown = frame.iloc[:count, :_MOST_COLUMNS].apply(_short_cells)
        has_plain_index = is_from(frame.index, "pandas", "RangeIndex")
        text = f"{title}, as CSV:\n{shown.to_csv(index=not has_plain_index).rstrip()}"
        if len(text) <= limit or count == 1:
            return bounded(text, max(limit, 200))

        count = max(1, count // 2)


def _short_cells(column: Any) -> Any:
    return column.map(_cell)  # DataFrame.map is newer than the oldest pandas we allow


def _cell(value: object) -> object:
    return bounded(value, _LONGEST_CELL) if isinstance(value, str) else value


def _series(series: Any, limit: int) -> str:
    name = "" if series.name is None else f" {series.name!r}"
    head = f"Series{name}: {len(series)} values, {series.dtype}"
    if is_from(series.index, "pandas", "RangeIndex"):
        return f"{head}{_values(series, len(series), limit - len(head))}"

    pairs = (f"{key}: {value}" for key, value in islice(series.items(), _MOST_VALUES))
    return f"{head}{_listed(pairs, len(series), limit - len(head))}"


def _array(array: Any, limit: int) -> str:
    shape = " × ".join(map(str, array.shape)) or "single value"
    head = f"{type(array).__name__} {shape}, {array.dtype}{_range(array)}"
    return f"{head}{_values(array.flat, array.size, limit - len(head))}"


def _range(array: Any) -> str:
    if not array.size or array.dtype.kind not in "iuf":
        return ""

    known = array[array == array] if array.dtype.kind == "f" else array  # NaN differs from itself
    missing = array.size - known.size
    told = f", {missing} NaN" if missing else ""
    if not known.size:
        return told

    return f", min {known.min():.6g}, max {known.max():.6g}, mean {known.mean():.6g}{told}"


def _values(values: Iterable[object], size: int, limit: int) -> str:
    return _listed(map(str, islice(values, _MOST_VALUES)), size, limit)


def _listed(written: Iterable[str], size: int, limit: int) -> str:
    if not size:
        return ""

    shown = [_cell(text) for text in written]
    title = "first values" if len(shown) < size else "values"
    rest = ", …" if len(shown) < size else ""
    return bounded(f"; {title}: {', '.join(map(str, shown))}{rest}", max(limit, 200))


def _picture(value: Any) -> str | None:
    if is_from(value, "matplotlib", "Figure"):
        width, height = value.get_size_inches()
        return f"<figure of {width:g} × {height:g} in; {_SENT_APART}>"

    if is_from(value, "PIL", "Image"):
        return f"<picture of {value.width} × {value.height} px; {_SENT_APART}>"

    return f"<axes of a figure; {_SENT_APART}>" if is_from(value, "matplotlib", "Axes") else None


_SENT_APART = "text cannot hold it: send it as an image with --image"
