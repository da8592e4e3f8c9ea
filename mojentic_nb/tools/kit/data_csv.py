"""Tables in files: CSV and its relatives.

Law: a column is numbers only where every cell is one, written as numbers are; `00123`
stays text, so does a number no float can hold. Ragged rows lose nothing: cells beyond the
header get columns of their own, cells that are not there are null.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from mojentic_nb.errors import ToolError
from mojentic_nb.tools.facts import Example, Facts
from mojentic_nb.tools.folder import Folder
from mojentic_nb.tools.kit.data_rows import Row, check_columns, columns_of, json_value
from mojentic_nb.tools.kit_tool import KitTool

__all__ = ["CsvPage", "CsvReadTool", "CsvWriteTool", "CsvWritten", "Sheet", "parsed", "written"]

Delimiter = Literal[",", ";", "\t", "|"]
DELIMITERS = ",;\t|"

_WHOLE = re.compile(r"[-+]?(?:0|[1-9]\d*)")
_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d*)?(?:\.\d+|(?<=\d)\.)?(?:[eE][-+]?\d+)?", re.ASCII)
_MISSING = {"", "na", "n/a", "nan", "null", "none"}
# Python reads no whole number of more digits from text.
MOST_DIGITS = 4300


class CsvPage(TypedDict):
    """Rows of a file.

    Attributes:
        columns: Names of the columns.
        rows: The rows asked for.
        total: Rows in the whole file.
    """

    columns: list[str]
    rows: list[dict[str, Any]]
    total: int


class CsvWritten(TypedDict):
    """What was written."""

    path: str
    columns: list[str]
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file's text as a table."""

    columns: list[str]
    rows: list[Row]


class CsvReadTool(KitTool):
    """Reads CSV files."""

    tool_name = "csv_read"
    facts = Facts(
        category="data",
        effects=frozenset({"reads"}),
        examples=(
            Example(arguments={"path": "sales.csv", "columns": ["city", "sold"], "limit": 20}),
        ),
        guidance="Name the delimiter or encoding where the columns look wrong.",
    )

    def run(
        self,
        path: str,
        *,
        delimiter: Delimiter | None = None,
        has_header: bool = True,
        as_text: bool = False,
        columns: list[str] | None = None,
        start: Annotated[int, Field(ge=0)] = 0,
        limit: Annotated[int, Field(ge=1)] = 100,
        encoding: str = "utf-8",
    ) -> CsvPage:
        """Read rows of a CSV file; columns of numbers become numbers.

        Args:
            path: The file.
            delimiter: What parts the cells; found out by default.
            has_header: Whether the first line names the columns.
            as_text: Whether every cell stays text.
            columns: Columns to keep; all by default.
            start: Rows to pass over.
            limit: Rows to give at most.
            encoding: The file's encoding.
        """
        folder = Folder(self.policy.roots, limits=self.policy.limits)
        text = folder.read_text(path, encoding=encoding).removeprefix("\ufeff")
        sheet = parsed(text, delimiter=delimiter, has_header=has_header, as_text=as_text)
        kept = columns if columns is not None else sheet.columns
        check_columns(kept, sheet.rows)
        chosen = sheet.rows[start : start + min(limit, self.policy.limits.entries)]
        rows = [{name: row.get(name) for name in kept} for row in chosen]
        return {"columns": list(kept), "rows": rows, "total": len(sheet.rows)}


class CsvWriteTool(KitTool):
    """Writes CSV files."""

    tool_name = "csv_write"
    facts = Facts(
        category="data",
        effects=frozenset({"writes"}),
        examples=(
            Example(arguments={"path": "people.csv", "rows": [{"name": "Ada", "born": 1815}]}),
        ),
        guidance="An existing file is kept beside as .bak when it is replaced.",
    )

    def run(
        self,
        path: str,
        *,
        rows: list[dict[str, Any]],
        columns: list[str] | None = None,
        delimiter: Delimiter = ",",
        replace: bool = False,
    ) -> CsvWritten:
        """Write rows to a CSV file, with a header, in UTF-8.

        Args:
            path: The file.
            rows: The table, a list of objects.
            columns: Columns to write, in order; all by default.
            delimiter: What parts the cells.
            replace: Whether a file that is there is replaced.
        """
        kept = columns if columns is not None else columns_of(rows)
        check_columns(kept, rows)
        text = written(rows, columns=kept, delimiter=delimiter)
        folder = Folder(self.policy.roots, limits=self.policy.limits)
        data = _bytes(text)
        folder.write_bytes(path, data, replace=replace, backup=True)
        return {
            "path": folder.shown(path),
            "columns": list(kept),
            "rows": len(rows),
            "bytes": len(data),
        }


def parsed(
    text: str,
    *,
    delimiter: str | None = None,
    has_header: bool = True,
    as_text: bool = False,
) -> Sheet:
    """Read a table from text.

    Raises:
        ToolError: A quoted cell never ends, or a cell is larger than the csv module reads.
    """
    lines = _lines(text, delimiter or _delimiter(text))
    if not lines:
        return Sheet([], [])

    width = max(map(len, lines))
    given, cells = (lines[0], lines[1:]) if has_header else ([], lines)
    columns = _names(given, width)
    by_column = [
        _column([line[place] if place < len(line) else None for line in cells], as_text=as_text)
        for place in range(width)
    ]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*by_column, strict=True)]
    return Sheet(columns, rows)


def _lines(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [line for line in reader if line]
    except csv.Error as problem:
        raise ToolError(
            f"Line {reader.line_num} is no CSV: {problem}.", hint="Is the delimiter right?"
        ) from None


def _delimiter(text: str) -> str:
    """The sign that parts the header into most cells; a comma where none does."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=bare.count)


def _names(given: Sequence[str], width: int) -> list[str]:
    """A name for every column, none of them twice."""
    names: list[str] = []
    for place in range(width):
        name = given[place].strip() if place < len(given) else ""
        name = wanted = name or f"column_{place + 1}"
        number = 2
        while name in names or (number > 2 and name in given):
            name, number = f"{wanted}_{number}", number + 1
        names.append(name)

    return names


def _column(cells: Sequence[str | None], *, as_text: bool) -> list[Any]:
    """A column's cells, as numbers if all that are there are numbers."""
    if as_text:
        return list(cells)

    bare = [cell.strip() if cell is not None else "" for cell in cells]
    told = [cell for cell in bare if cell.lower() not in _MISSING]
    if not told or not all(_is_number(cell) for cell in told):
        return list(cells)

    return [None if cell.lower() in _MISSING else _number(cell) for cell in bare]


def _is_number(cell: str) -> bool:
    if len(cell) > MOST_DIGITS or not any("0" <= one <= "9" for one in cell):
        return False
    if _WHOLE.fullmatch(cell):
        return cell.isascii()

    return _NUMBER.fullmatch(cell) is not None and abs(float(cell)) != float("inf")


def _number(cell: str) -> int | float:
    return int(cell) if _WHOLE.fullmatch(cell) else float(cell)


def written(rows: Iterable[Row], *, columns: Sequence[str], delimiter: str = ",") -> str:
    """A table as text; null is an empty cell, a list or an object its JSON."""
    target = io.StringIO(newline="")
    writer = csv.writer(target, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return target.getvalue()


def _cell(value: Any) -> Any:
    value = json_value(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)

    return value


def _bytes(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as problem:
        raise ToolError(
            f"{text[problem.start : problem.end]!r} is half a character pair and no text."
        ) from None
