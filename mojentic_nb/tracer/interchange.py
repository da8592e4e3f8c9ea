"""Traces out to files and in again, as JSON lines.

Law: what was said goes out only where it is asked for; ids, numbers and names always do. A
file is there whole or not at all. What is read was written by somebody else, and is checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, get_type_hints

from mojentic_nb.errors import TraceError
from mojentic_nb.tracer.events_of import FindRow, chain_of
from mojentic_nb.tracer.rows import Batch, MessageRow
from mojentic_nb.tracer.span import COLUMNS, Span
from mojentic_nb.whole_file import drafted

__all__ = [
    "COLUMN_TYPES",
    "MESSAGE_COLUMNS",
    "from_jsonl",
    "new_rows",
    "one_line",
    "read",
    "span_of",
    "to_jsonl",
    "without_content",
    "writing",
    "written",
]

SCHEMA = "mojentic_nb.trace/1"

COLUMN_TYPES: dict[str, Any] = {
    name: kind for name, kind in get_type_hints(Span).items() if name in COLUMNS
}
DEFAULTS = {one.name: one.default for one in fields(Span)}
# What `str.splitlines` and some editors end a line at, and JSON leaves as it is.
LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
REQUIRED = tuple(name for name in COLUMNS if DEFAULTS[name] is MISSING)
MESSAGE_COLUMNS = ("hash", "parent", "role", "text", "parts", "n_chars", "n_tokens")


def without_content(span: Span) -> Span:
    """The span without anything that was said; what a tool failed with was told to a model."""
    return replace(
        span,
        prompt_preview="",
        response_preview="",
        tool_args="",
        tool_result="",
        error_message="" if span.kind == "tool" else span.error_message,
        in_tip=None,
        out_tip=None,
    )


def to_jsonl(
    spans: Iterable[Span],
    path: str | PathLike[str],
    *,
    content: bool = False,
    find: FindRow | None = None,
) -> int:
    """Write spans as JSON, one a line, each message once and before the first span it is in.

    Args:
        spans: Those that are over.
        path: The file; one that is there is replaced.
        content: Write what was said, too.
        find: Gives the message with a hash; needed for the messages of `content`.

    Returns:
        How many spans were written.

    Raises:
        TraceError: The file cannot be written.
    """
    count = 0

    def lines() -> Iterator[str]:
        nonlocal count
        yield one_line({"schema": SCHEMA, "content": content})
        known: set[bytes] = set()
        for span in spans:
            count += 1
            if content and find is not None:
                yield from (
                    one_line({"message": _row_json(row)}) for row in new_rows(span, find, known)
                )
            yield one_line({"span": _span_json(span if content else without_content(span))})

    written(path, lines())
    return count


def one_line(told: dict[str, Any]) -> str:
    """JSON on one line, whatever its reader takes for the end of a line."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else text.translate(LINE_ENDS)


def new_rows(span: Span, find: FindRow, known: set[bytes]) -> Iterator[MessageRow]:
    """Messages of a span that are not known yet, which they are from then on."""
    for tip in (span.in_tip, span.out_tip):
        if tip is None or tip in known:
            continue
        for row in chain_of(tip, find):
            if row.hash not in known:
                known.add(row.hash)
                yield row


def _span_json(span: Span) -> dict[str, Any]:
    told = zip(COLUMNS, span.values(), strict=True)
    return {name: _hex(value) for name, value in told if value != DEFAULTS[name]}


def _row_json(row: MessageRow) -> dict[str, Any]:
    return {name: _hex(getattr(row, name)) for name in MESSAGE_COLUMNS}


def _hex(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def from_jsonl(path: str | PathLike[str]) -> Batch:
    """Read what `to_jsonl` wrote.

    Raises:
        TraceError: The file cannot be read, or a line of it is no trace's.
    """
    spans: list[Span] = []
    messages: list[MessageRow] = []
    for number, line in enumerate(read(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            _take_line(json.loads(line), spans, messages)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise TraceError(
                f"Line {number} of {fspath(path)!r} is no line of a trace: {problem}.",
                hint=f"The file should be one that to_jsonl wrote ({SCHEMA}).",
            ) from problem

    return Batch(spans=spans, messages=messages)


def _take_line(told: dict[str, Any], spans: list[Span], messages: list[MessageRow]) -> None:
    if "span" in told:
        spans.append(span_of(told["span"]))
    elif "message" in told:
        messages.append(_row_of(told["message"]))
    elif told.get("schema") != SCHEMA:
        raise ValueError(f"it has the schema {told.get('schema')!r}")


def span_of(told: dict[str, Any]) -> Span:
    """A span from its columns; those of a later version stay among its `attrs`.

    Raises:
        ValueError: A column that every span has is missing, or one has a value of another
            type.
    """
    known = {name: _column(name, value) for name, value in told.items() if name in COLUMN_TYPES}
    missing = [name for name in REQUIRED if not isinstance(known.get(name), COLUMN_TYPES[name])]
    if missing:
        raise ValueError(f"a span has no {', '.join(missing)}")

    others = {name: value for name, value in told.items() if name not in COLUMN_TYPES}
    if others:
        known["attrs"] = json.dumps({**json.loads(known.get("attrs") or "{}"), **others})

    return Span(**known)


def _column(name: str, value: Any) -> Any:
    kind = COLUMN_TYPES[name]
    if kind == bytes | None and isinstance(value, str):
        value = bytes.fromhex(value)
    if kind == float | None and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    fits = isinstance(value, kind) and not (isinstance(value, bool) and kind != bool | None)
    if not fits:
        raise ValueError(f"{name} is {value!r}")

    return value


def _row_of(told: dict[str, Any]) -> MessageRow:
    parent = told.get("parent")
    return MessageRow(
        hash=bytes.fromhex(told["hash"]),
        parent=None if parent is None else bytes.fromhex(parent),
        role=str(told["role"]),
        text=str(told["text"]),
        parts=told.get("parts"),
        n_chars=int(told.get("n_chars") or 0),
        n_tokens=told.get("n_tokens"),
    )


# files ----------------------------------------------------------------------


def written(path: str | PathLike[str], lines: Iterable[str]) -> None:
    """Write a text file whole or not at all.

    Raises:
        TraceError: It cannot be written.
    """
    # Half of a surrogate pair goes out as the escape that JSON has for it.
    how: Any = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}
    with writing(path) as draft, draft.open("w", **how) as file:
        file.writelines(f"{line}\n" for line in lines)


def read(path: str | PathLike[str]) -> str:
    """A text file.

    Raises:
        TraceError: It cannot be read, or is no text.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as problem:
        raise TraceError(f"{fspath(path)!r} cannot be read: {problem}") from problem


@contextmanager
def writing(path: str | PathLike[str]) -> Iterator[Path]:
    """Where to write a file that is to be there whole or not at all.

    Raises:
        TraceError: It cannot be written.
    """
    try:
        with drafted(Path(path)) as draft:
            yield draft
    except OSError as problem:
        raise TraceError(f"{fspath(path)!r} cannot be written: {problem}") from problem
