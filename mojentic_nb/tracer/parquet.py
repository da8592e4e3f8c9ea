"""Traces out to Parquet and in again.

Law: a table of spans, and beside it one of messages where what was said is asked for.
pandas loads here, when a table is written or read; what writes Parquet is the user's choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mojentic_nb.errors import TraceError
from mojentic_nb.tracer.events_of import FindRow
from mojentic_nb.tracer.interchange import (
    COLUMN_TYPES,
    MESSAGE_COLUMNS,
    new_rows,
    span_of,
    without_content,
    writing,
)
from mojentic_nb.tracer.rows import Batch, MessageRow
from mojentic_nb.tracer.span import COLUMNS, Span

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["from_parquet", "to_parquet"]

DTYPES = {
    str: "string",
    int: "Int64",
    int | None: "Int64",
    float | None: "float64",
    bool | None: "boolean",
    bytes | None: "object",
}
MESSAGE_DTYPES = dict(
    zip(
        MESSAGE_COLUMNS,
        ("object", "object", "string", "string", "string", "Int64", "Int64"),
        strict=True,
    )
)


def to_parquet(
    spans: Iterable[Span],
    path: str | PathLike[str],
    *,
    content: bool = False,
    find: FindRow | None = None,
) -> int:
    """Write spans as a Parquet table; messages go into a second one, `<name>.messages.parquet`.

    Args:
        spans: Those that are over.
        path: The file; one that is there is replaced.
        content: Write what was said, too.
        find: Gives the message with a hash; needed for the messages of `content`.

    Returns:
        How many spans were written.

    Raises:
        TraceError: The file cannot be written, or nothing here writes Parquet; install
            "mojentic-nb[parquet]".
    """
    told = [span if content else without_content(span) for span in spans]
    columns = zip(*(span.values() for span in told), strict=True) if told else [()] * len(COLUMNS)
    dtypes = {name: DTYPES[kind] for name, kind in COLUMN_TYPES.items()}
    _write_table(dict(zip(COLUMNS, columns, strict=True)), dtypes, Path(path))
    if content and find is not None:
        known: set[bytes] = set()
        rows = [row for span in told for row in new_rows(span, find, known)]
        _write_table(_row_columns(rows), MESSAGE_DTYPES, _messages_path(path))

    return len(told)


def _messages_path(path: str | PathLike[str]) -> Path:
    """Where the messages of a Parquet file are."""
    return Path(path).with_suffix(".messages.parquet")


def _row_columns(rows: Sequence[MessageRow]) -> dict[str, Sequence[Any]]:
    return {name: [getattr(row, name) for row in rows] for name in MESSAGE_COLUMNS}


def _write_table(columns: dict[str, Sequence[Any]], dtypes: dict[str, str], path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {name: pd.Series(list(values), dtype=dtypes[name]) for name, values in columns.items()}
    )
    try:
        with writing(path) as draft:
            frame.to_parquet(draft, index=False)
    except ImportError as missing:
        raise _no_parquet() from missing


def from_parquet(path: str | PathLike[str]) -> Batch:
    """Read what `to_parquet` wrote, with its messages where they stand beside it.

    Raises:
        TraceError: The file cannot be read or is no trace's, or nothing here reads Parquet;
            install "mojentic-nb[parquet]".
    """
    table = _read_table(Path(path))
    beside = _messages_path(path)
    try:
        spans = [span_of(told) for told in _records(table)]
        messages = (
            [MessageRow(**{"parent": None, **told}) for told in _records(_read_table(beside))]
            if beside.exists()
            else []
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise TraceError(
            f"{fspath(path)!r} is no trace's: {problem}.",
            hint="The file should be one that to_parquet wrote.",
        ) from problem

    return Batch(spans=spans, messages=messages)


def _read_table(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except ImportError as missing:
        raise _no_parquet() from missing
    except Exception as problem:
        # Each engine has errors of its own for a file that is no Parquet.
        raise TraceError(
            f"{str(path)!r} cannot be read as Parquet: {type(problem).__name__}: {problem}"
        ) from problem


def _records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Its rows, without what is missing."""
    columns = {str(name): table[name].tolist() for name in table.columns}
    for values in zip(*columns.values(), strict=True):
        told = zip(columns, values, strict=True)
        yield {name: value for name, value in told if not _is_missing(value)}


def _is_missing(value: Any) -> bool:
    return value is None or type(value).__name__ == "NAType" or value != value


def _no_parquet() -> TraceError:
    return TraceError(
        "Nothing here reads or writes Parquet.",
        hint='pip install "mojentic-nb[parquet]", or use to_jsonl, which needs nothing.',
    )
