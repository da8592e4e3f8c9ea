"""A comparison's rows out to files: CSV, JSON lines, Parquet.

Law: a file is there whole or not at all. A spreadsheet must not run what a model wrote.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from mojentic_nb.errors import BadArgument, StateError
from mojentic_nb.whole_file import drafted

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["to_csv", "to_jsonl", "to_parquet"]

# What a spreadsheet takes for a formula: OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(frame: DataFrame, path: str | PathLike[str]) -> int:
    """Write a frame as CSV, in UTF-8; text that a spreadsheet would run gets a `'` before it."""
    return _whole(
        _changed(frame, _harmless), path, lambda whole, draft: whole.to_csv(draft, index=False)
    )


def to_jsonl(frame: DataFrame, path: str | PathLike[str]) -> int:
    """Write a frame as JSON lines."""
    return _whole(
        frame,
        path,
        lambda whole, draft: whole.to_json(draft, orient="records", lines=True, force_ascii=False),
    )


def to_parquet(frame: DataFrame, path: str | PathLike[str]) -> int:
    """Write a frame as Parquet.

    Raises:
        BadArgument: Nothing here writes Parquet.
        StateError: The file cannot be written.
    """
    try:
        return _whole(frame, path, lambda whole, draft: whole.to_parquet(draft, index=False))
    except ImportError:
        pass

    raise BadArgument(
        "Nothing here writes Parquet.", hint='Install it: pip install "mojentic-nb[parquet]".'
    )


def _whole(
    frame: DataFrame, path: str | PathLike[str], write: Callable[[DataFrame, Path], object]
) -> int:
    target = Path(path)
    try:
        with drafted(target) as draft:
            try:
                write(frame, draft)
            except UnicodeEncodeError:
                write(_changed(frame, _encodable), draft)
    except OSError as problem:
        trouble = problem
    else:
        return len(frame)

    raise StateError(f"{str(target)!r} cannot be written: {trouble}.") from None


def _changed(frame: DataFrame, change: Callable[[object], object]) -> DataFrame:
    """A frame with the values of its text columns changed."""
    import pandas

    changed = frame.copy()
    for name in changed.columns:
        if _is_text(changed[name].dtype):
            known = changed[name].astype(object).where(changed[name].notna(), None)
            texts = [change(value) for value in known]
            changed[name] = pandas.Series(texts, index=changed.index, dtype=object)

    return changed


def _is_text(dtype: object) -> bool:
    return str(dtype) in ("object", "category") or str(dtype).startswith(("string", "str"))


def _harmless(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"

    return value


def _encodable(value: object) -> object:
    """Text with `\ufffd` for half a surrogate pair, which no file in UTF-8 can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    return value
