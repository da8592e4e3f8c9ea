"""Frames of the notebook by name, and rows of them as JSON.

Law: pandas is never imported here: a notebook that has no frame needs none. What is handed
back is bounded and holds only what JSON knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError, scrub
from mojentic_nb.tools.kit.notebook_tool import NotebookTool
from mojentic_nb.views.data_summary import is_from

__all__ = ["FrameTool", "Rows", "cell_of", "checked_columns"]

Row = dict[str, str | int | float | bool | None]

_LONGEST_CELL = 500


class Rows(TypedDict):
    """Rows of a table: `total` in all, the first ones told; `kept_as` is a new frame's name."""

    total: int
    columns: list[str]
    rows: list[Row]
    kept_as: str


class FrameTool(NotebookTool):
    """A tool over the notebook's frames."""

    def frame(self, name: str) -> Any:
        """A frame by its name.

        Raises:
            ToolError: There is none of that name, or it is something else.
        """
        value = self.value(name)
        if is_from(value, "pandas", "DataFrame"):
            return value
        if is_from(value, "pandas", "Series"):
            return value.to_frame()

        frames = [one for one, held in self.own().items() if is_from(held, "pandas", "DataFrame")]
        raise ToolError(
            f"{name!r} is no DataFrame but {type(value).__name__}.",
            hint=f"Frames here: {', '.join(frames[:20]) or 'none'}.",
        )

    def rows(self, frame: Any, *, limit: int, keep_as: str = "") -> Rows:
        """The first rows of a result, which may be kept in the notebook under a new name."""
        if keep_as:
            self.keep(keep_as, frame)

        limits = self.policy.limits
        columns = [str(name) for name in frame.columns]
        told: list[Row] = []
        size, secrets = 0, self.secrets()
        for values in frame.head(min(limit, limits.entries)).itertuples(index=False, name=None):
            cells = (_scrubbed(value, secrets) for value in values)
            row = dict(zip(columns, cells, strict=True))
            size += sum(len(name) + len(str(value)) + 6 for name, value in row.items())
            if told and size > limits.output_chars:
                break
            told.append(row)

        return {"total": len(frame), "columns": columns, "rows": told, "kept_as": keep_as}

    def cell(self, value: Any) -> str | int | float | bool | None:
        """A cell as JSON holds it, without keys."""
        return _scrubbed(value, self.secrets())


def _scrubbed(value: Any, secrets: Sequence[str]) -> str | int | float | bool | None:
    plain = cell_of(value)
    return scrub(plain, *secrets) if isinstance(plain, str) else plain


def cell_of(value: Any) -> str | int | float | bool | None:
    """A cell as JSON holds it: numbers and truth as they are, what is missing as null."""
    if is_from(value, "numpy", "generic"):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, float):
        return value if value - value == 0 else None if value != value else str(value)

    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"


def checked_columns(frame: Any, names: Iterable[str], *, whose: str) -> Sequence[Any]:
    """A frame's own labels for columns named by a model, which only writes text.

    Raises:
        ToolError: There is no such column, or there are two.
    """
    known = [*map(str, frame.columns)]
    labels = {str(label): label for label in frame.columns}
    for name in names:
        if name not in labels:
            near = get_close_matches(name, labels, n=3) or [*labels][:30]
            raise ToolError(
                f"{whose} has no column {name!r}.", hint=f"There are {', '.join(near)}."
            )
        if known.count(name) > 1:
            raise ToolError(f"{whose} has two columns called {name!r}.")

    return [labels[name] for name in names]
