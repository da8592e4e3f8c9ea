"""A validated object as a person looks at it, and a list of them as a DataFrame.

Law: pandas is imported only when a frame is wanted. A view has a text twin that says the
same; nothing of a value is read as HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from dataclasses import fields as dataclass_fields
from enum import Enum
from typing import TYPE_CHECKING, Any, get_args, get_origin

from pydantic import BaseModel

from mojentic_nb.views.markdown import as_html, bounded, inline, showable
from mojentic_nb.views.summary import summarise
from mojentic_nb.views.table import html_table, text_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["bundle", "framed", "growing_bundle", "is_many", "ready_for"]

_LONGEST_VALUE = 400
_NOT_YET = "…"


def is_many(value: Any) -> bool:
    """Whether a value becomes a frame by itself."""
    return isinstance(value, (list, set, tuple))


def ready_for(target: Any, *, as_frame: bool = False) -> None:
    """Load pandas if a frame will be made: later, its second would count as the model's."""
    if as_frame or (get_origin(target) or target) in (list, set, tuple):
        import pandas as pd  # noqa: F401


def framed(value: Any, target: Any) -> pd.DataFrame:
    """One row per object, one column per field, in the class's order.

    Args:
        value: One object or several.
        target: The type that was asked for: it names the columns when nothing was found.
    """
    import pandas as pd

    rows = [_record(one) for one in (value if is_many(value) else [value])]
    return pd.DataFrame(rows, columns=None if rows else _columns(target))


def _record(value: Any) -> dict[str, Any]:
    fields = _fields(value)
    return {"value": value} if fields is None else fields


def _fields(value: Any) -> dict[str, Any] | None:
    """An object's fields, nested objects as plain data; None for what has no fields."""
    if isinstance(value, BaseModel):
        return {name: _plain(one) for name, one in value.model_dump().items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(one) for name, one in asdict(value).items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}

    return None


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _columns(target: Any) -> list[str]:
    inner = next(iter(get_args(target)), target)
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return list(inner.model_fields)

    return list(getattr(inner, "__dataclass_fields__", ["value"]))


def bundle(value: Any, line: str = "") -> dict[str, str]:
    """A value as MIME types; `line` is the quiet one under it."""
    if hasattr(value, "_repr_html_"):
        with _without_formulas():
            shown = {"text/html": value._repr_html_(), "text/plain": repr(value)}
        return _with_line(shown, line)

    fields = _fields(value)
    if fields:
        return _with_line(_table(type(value).__name__, fields), line)

    if isinstance(value, str):
        below = f"\n\n<small>{inline(line)}</small>" if line else ""
        text = f"{value}\n\n{line}" if line else value
        return {"text/markdown": showable(value) + below, "text/plain": text or " "}

    return {"text/plain": f"{value!r}\n\n{line}" if line else repr(value)}


def growing_bundle(
    value: Any, target: Any, *, as_frame: bool = False, mark: str = ""
) -> dict[str, str] | None:
    """An object that is still being written, as its whole will look; None for what has no table.

    Args:
        value: The object so far.
        target: The type that was asked for.
        as_frame: Show a single object as a frame, too.
        mark: Why there is no more of it, where there will be none.
    """
    line = f"[{mark}]" if mark else ""
    if is_many(value):
        return _with_line(_growing_frame(list(value), target), line)

    fields = _fields_so_far(value)
    if not fields:
        return None
    if as_frame:
        return _with_line(_growing_frame([value], target), line)

    return _with_line(_table(type(value).__name__, fields), line)


def _growing_frame(values: list[Any], target: Any) -> dict[str, str]:
    import pandas as pd

    rows = [_record(one) for one in values[:-1]]
    rows += [_fields_so_far(one) or _record(one) for one in values[-1:]]
    names = list(dict.fromkeys(name for row in rows for name in row)) or _columns(target)
    cells = [[row.get(name, _NOT_YET) for name in names] for row in rows]
    # Of objects: a whole number beside one that has not come would be drawn as 36.0.
    frame = pd.DataFrame(cells, columns=names, dtype=object)
    with _without_formulas():
        drawn = str(frame.to_html(max_rows=60, notebook=True))
    return {"text/html": drawn, "text/plain": repr(frame)}


def _without_formulas() -> Any:
    """Have pandas mark its tables, so that a front end makes no formula of two prices."""
    import pandas as pd

    return pd.option_context("display.html.use_mathjax", False)


def _fields_so_far(value: Any) -> dict[str, Any] | None:
    """The same of an object that is not whole: `model_dump` would trip over what is missing."""
    if isinstance(value, BaseModel):
        come = value.model_fields_set
        return {
            name: _so_far(one) if one is not None or name in come else _NOT_YET
            for name, one in vars(value).items()
        }
    if is_dataclass(value) and not isinstance(value, type):
        fields = ((one.name, getattr(value, one.name)) for one in dataclass_fields(value))
        return {name: _NOT_YET if one is None else _so_far(one) for name, one in fields}
    if isinstance(value, Mapping):
        return {str(name): _so_far(one) for name, one in value.items()}

    return None


def _so_far(value: Any) -> Any:
    if isinstance(value, list):
        return [_so_far(one) for one in value]

    fields = _fields_so_far(value)
    return _plain(value) if fields is None else fields


def _table(title: str, fields: Mapping[str, Any]) -> dict[str, str]:
    rows = [(name, _written(one)) for name, one in fields.items()]
    columns = (title, "")
    return {"text/html": html_table(columns, rows), "text/plain": text_table(columns, rows)}


def _written(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)) and all(isinstance(one, (str, int)) for one in value):
        return bounded(", ".join(map(str, value)), _LONGEST_VALUE)

    return bounded(summarise(value, _LONGEST_VALUE), _LONGEST_VALUE)


def _with_line(shown: dict[str, str], line: str) -> dict[str, str]:
    if not line:
        return shown

    return {
        "text/html": f"{shown['text/html']}<small>{as_html(line)}</small>",
        "text/plain": f"{shown['text/plain']}\n\n{line}",
    }
