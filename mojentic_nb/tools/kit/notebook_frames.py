"""Tools over the notebook's DataFrames: describe, query, group, join.

Law: a frame of the notebook is never changed. A result may be kept under a new name, never
under one that is taken; a model is told its first rows.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.kit.notebook_filter import selected
from mojentic_nb.tools.kit.notebook_table import FrameTool, Rows, cell_of, checked_columns

__all__ = [
    "ColumnTold",
    "FrameDescribeTool",
    "FrameDescribed",
    "FrameGroupTool",
    "FrameJoinTool",
    "FrameQueryTool",
    "Measure",
]

Measure = Literal["count", "first", "last", "max", "mean", "median", "min", "nunique", "std", "sum"]

_SEEN = 3
_BYTES_PER_CELL = 8

Cell = str | int | float | bool | None


class ColumnTold(TypedDict, total=False):
    """A column; numbers and dates have `smallest` and `largest`, numbers a `mean`."""

    name: str
    type: str
    missing: int
    different: int
    smallest: Cell
    largest: Cell
    mean: float | None
    examples: list[Cell]


class FrameDescribed(TypedDict):
    """A frame and its columns; `columns_in_all` counts those that are not told, too."""

    name: str
    rows: int
    columns_in_all: int
    columns: list[ColumnTold]


class FrameDescribeTool(FrameTool):
    """Describes a frame."""

    tool_name = "frame_describe"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={"name": "orders"}, says="every column"),
            Example(arguments={"name": "orders", "columns": ["price"]}, says="one of them"),
        ),
        guidance="namespace_list with type_name DataFrame tells which frames there are.",
    )

    def run(self, name: str, *, columns: list[str] | None = None) -> FrameDescribed:
        """Describe a DataFrame of the notebook: rows, and of each column its type and range.

        Args:
            name: The frame.
            columns: Only these columns.
        """
        frame = self.frame(name)
        if columns:
            frame = frame[checked_columns(frame, columns, whose=name)]
        rows, wide = frame.shape
        most = min(wide, self.policy.limits.entries)
        told = [self._column(frame.iloc[:, place]) for place in range(most)]
        return {"name": name, "rows": rows, "columns_in_all": wide, "columns": told}

    def _column(self, column: Any) -> ColumnTold:
        known = column.dropna()
        told: ColumnTold = {
            "name": str(column.name),
            "type": str(column.dtype),
            "missing": int(len(column) - len(known)),
            "examples": [self.cell(value) for value in known.head(_SEEN)],
        }
        with suppress(TypeError):  # lists and dicts cannot be counted apart
            told["different"] = int(known.nunique())
        if len(known) and column.dtype.kind in "iufmM":
            told["smallest"], told["largest"] = cell_of(known.min()), cell_of(known.max())
        if len(known) and column.dtype.kind in "iuf":
            mean = float(known.mean())
            told["mean"] = mean if mean - mean == 0 else None

        return told


class FrameQueryTool(FrameTool):
    """Finds rows of a frame."""

    tool_name = "frame_query"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(
            Example(
                arguments={"name": "orders", "where": "price > 10 and city == 'Rome'"},
                says="rows that fit",
            ),
            Example(
                arguments={
                    "name": "orders",
                    "columns": ["city", "price"],
                    "sort_by": "price",
                    "is_descending": True,
                    "limit": 5,
                },
                says="the five largest",
            ),
        ),
        guidance="frame_describe tells the columns; a name with blanks stands in `backticks`.",
    )

    def run(
        self,
        name: str,
        *,
        where: str = "",
        columns: list[str] | None = None,
        sort_by: str = "",
        is_descending: bool = False,
        limit: Annotated[int, Field(ge=0)] = 20,
        keep_as: str = "",
    ) -> Rows:
        """Select rows of a DataFrame of the notebook by a condition, sorted if wanted.

        A condition compares columns and values: `price > 10 and city in ['Rome', 'Oslo']`.
        It may count (+ - * / // %) and call abs, contains, day, ends, length, lower,
        missing, month, starts, upper, weekday and year with a column.

        Args:
            name: The frame.
            where: The condition; empty for all rows.
            columns: Only these columns, in this order.
            sort_by: A column to sort by.
            is_descending: Whether the largest come first.
            limit: Show so many rows; `total` counts all.
            keep_as: Keep the whole result in the notebook under this new name.
        """
        frame = self.frame(name)
        found = selected(frame, where) if where.strip() else frame
        if sort_by:
            (label,) = checked_columns(found, [sort_by], whose=name)
            found = _sorted(found, label, is_descending)
        if columns:
            found = found[checked_columns(found, columns, whose=name)]

        return self.rows(found.copy() if keep_as else found, limit=limit, keep_as=keep_as)


def _sorted(frame: Any, label: Any, is_descending: bool) -> Any:
    try:
        return frame.sort_values(label, ascending=not is_descending, kind="stable")
    except TypeError as problem:
        raise ToolError(f"{label!r} cannot be sorted: {problem}.") from None


class FrameGroupTool(FrameTool):
    """Groups the rows of a frame."""

    tool_name = "frame_group"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(
            Example(
                arguments={"name": "orders", "by": ["city"], "measures": {"price": "mean"}},
                says="the mean price of each city",
            ),
            Example(arguments={"name": "orders", "by": ["city"]}, says="how many rows of each"),
        ),
        guidance="Sums and means need columns of numbers: frame_describe tells which those are.",
    )

    def run(
        self,
        name: str,
        *,
        by: Annotated[list[str], Field(min_length=1)],
        measures: dict[str, Measure] | None = None,
        where: str = "",
        limit: Annotated[int, Field(ge=0)] = 50,
        keep_as: str = "",
    ) -> Rows:
        """Group the rows of a DataFrame of the notebook, and measure each group.

        The result has a row per group, sorted, with the number of its rows as `rows`.

        Args:
            name: The frame.
            by: Columns whose values make a group.
            measures: What to work out, by column: {"price": "mean"}.
            where: Only rows for which this condition holds, as in frame_query.
            limit: Show so many groups.
            keep_as: Keep the whole result in the notebook under this new name.
        """
        frame = self.frame(name)
        keys = [*checked_columns(frame, by, whose=name)]
        measured = measures or {}
        labels = [*checked_columns(frame, measured, whose=name)]
        found = selected(frame, where) if where.strip() else frame
        try:
            groups = found.groupby(keys, dropna=False, observed=True)
            result = groups.size().rename("rows").to_frame()
            for label, measure in zip(labels, measured.values(), strict=True):
                result[f"{label}_{measure}"] = groups[label].agg(measure)
        except (TypeError, ValueError) as problem:
            raise ToolError(
                f"The groups cannot be measured: {str(problem)[:300]}",
                hint="Count, first, last and nunique fit any column.",
            ) from None

        result.index.names = [str(key) for key in keys]
        return self.rows(_flat(result), limit=limit, keep_as=keep_as)


def _flat(grouped: Any) -> Any:
    """A grouped table with its keys as columns, even where one is called like a measure."""
    taken = set(grouped.columns)
    keys = [f"{key}_" if key in taken else key for key in grouped.index.names]
    return grouped.reset_index(names=keys)


class FrameJoinTool(FrameTool):
    """Joins two frames."""

    tool_name = "frame_join"
    facts = Facts(
        category="notebook",
        effects=frozenset({"reads"}),
        examples=(
            Example(
                arguments={"left": "orders", "right": "customers", "on": ["customer"]},
                says="rows of both with the same customer",
            ),
            Example(
                arguments={
                    "left": "orders",
                    "right": "customers",
                    "on": ["customer"],
                    "right_on": ["id"],
                    "how": "left",
                },
                says="every order, with its customer where there is one",
            ),
        ),
        guidance="Where many rows of both sides match, group one side first.",
    )

    def run(
        self,
        left: str,
        right: str,
        *,
        on: Annotated[list[str], Field(min_length=1)],
        right_on: list[str] | None = None,
        how: Literal["inner", "left", "right", "outer"] = "inner",
        limit: Annotated[int, Field(ge=0)] = 20,
        keep_as: str = "",
    ) -> Rows:
        """Join two DataFrames of the notebook where columns have the same values.

        Args:
            left: One frame.
            right: The other.
            on: The columns to match.
            right_on: What the same columns are called in the right frame, if otherwise.
            how: Keep rows of both, of the left, of the right, or of either.
            limit: Show so many rows.
            keep_as: Keep the whole result in the notebook under this new name.
        """
        ours, theirs = self.frame(left), self.frame(right)
        our_keys = [*checked_columns(ours, on, whose=left)]
        their_keys = [*checked_columns(theirs, right_on or on, whose=right)]
        if len(our_keys) != len(their_keys):
            raise ToolError(f"{len(our_keys)} columns cannot match {len(their_keys)}.")

        keys: dict[str, Any] = {"left_on": our_keys, "right_on": their_keys}
        if our_keys == their_keys:
            keys = {"on": our_keys}
        try:
            self._check_size(ours, theirs, our_keys, their_keys)
            suffixes = (f"_{left}", f"_{right}" if right != left else f"_{right}_2")
            joined = ours.merge(theirs, how=how, suffixes=suffixes, **keys)
        except (TypeError, ValueError) as problem:
            raise ToolError(f"The frames cannot be joined: {str(problem)[:300]}") from None

        return self.rows(joined, limit=limit, keep_as=keep_as)

    def _check_size(self, ours: Any, theirs: Any, our_keys: Any, their_keys: Any) -> None:
        """Refuse a join of many with many before it takes the memory."""
        counts = [_counted(ours, our_keys, "ours"), _counted(theirs, their_keys, "theirs")]
        both = counts[0].merge(counts[1], on=[*range(len(our_keys))])
        rows = int((both["ours"] * both["theirs"]).sum()) + len(ours) + len(theirs)
        size = rows * (ours.shape[1] + theirs.shape[1]) * _BYTES_PER_CELL
        if size > self.policy.limits.memory_bytes:
            raise ToolError(
                f"The join could have {rows} rows, which is more than fits in memory.",
                hint="Join on more columns, or group one side first.",
            )


def _counted(frame: Any, keys: list[Any], name: str) -> Any:
    """How many rows there are of each key, the keys numbered."""
    plain = frame[keys].set_axis([*range(len(keys))], axis=1)
    return (
        plain.groupby([*plain.columns], dropna=False, observed=True).size().reset_index(name=name)
    )
