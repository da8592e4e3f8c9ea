"""Spans as a file keeps them: each one's own values, and once the words that many share.

Law: what is packed comes out again as it was. The id of shared words is a hash of them, so
that programs which write into one file at once, or one into another, agree on it unasked.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from operator import attrgetter, le
from typing import Any

from mojentic_nb.tracer import ddl
from mojentic_nb.tracer.plain import whole
from mojentic_nb.tracer.rows import MessageRow
from mojentic_nb.tracer.span import Span

__all__ = ["UNFIT", "fitting", "put_spans", "read_columns", "take_plain"]

# What is told of a value that no table takes.
UNFIT = (
    sqlite3.IntegrityError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    TypeError,
    UnicodeError,
)

_OWN_VALUES = attrgetter(*ddl.OWN)
_SHARED_VALUES = attrgetter(*ddl.SHARED)
_UPSERT = ddl.upsert()
# Only a row that is there is passed over: `OR IGNORE` would pass over one that is unfit.
_INSERT_SHARED = "INSERT INTO span_shared (id, {}) VALUES ({}) ON CONFLICT (id) DO NOTHING".format(
    ", ".join(ddl.SHARED), ", ".join("?" * (1 + len(ddl.SHARED)))
)
_TURN, _TRACE = ddl.OWN.index("correlation_id"), ddl.OWN.index("trace_id")
_BEGINNINGS = [(ddl.OWN.index(name), ddl.OWN.index(tip)) for name, tip in ddl.BEGINNINGS.items()]

# Characters of a message whose beginning is read from it: of a longer one SQLite would
# read every page to find the beginning.
LONGEST_READ_AGAIN = 2_000
# Shared words whose id is remembered.
MOST_REMEMBERED = 2_000
# Rows that are read, then turned into columns.
AT_ONCE = 100
_LARGEST = 2**63 - 1

Row = tuple[Any, ...]
_ids: dict[Row, int] = {}


def put_spans(line: sqlite3.Connection, spans: Sequence[Span], words: Iterable[MessageRow]) -> None:
    """Write spans.

    Args:
        line: Within a transaction.
        spans: Those that are there are written anew.
        words: Messages that are written, too: what begins one of them is left out.

    Raises:
        sqlite3.Error: It could not be written.
    """
    texts = {row.hash: row.text for row in words}
    try:
        _put(line, [(_OWN_VALUES(span), _SHARED_VALUES(span)) for span in spans], texts)
    except UNFIT:
        # One value that no table takes must not cost a whole batch.
        _put(line, list(map(_fitting_values, spans)), texts)


def _fitting_values(span: Span) -> tuple[Row, Row]:
    own = fitting(_OWN_VALUES(span), [ddl.DEFAULTS[name] for name in ddl.OWN])
    words = fitting(_SHARED_VALUES(span), [ddl.DEFAULTS[name] for name in ddl.SHARED])
    return tuple(own), tuple(words)


def _put(
    line: sqlite3.Connection, values: Iterable[tuple[Row, Row]], texts: Mapping[bytes, str]
) -> None:
    rows: list[list[Any]] = []
    shared: dict[int, Row] = {}
    for own, words in values:
        alike = _id_of(words)
        shared[alike] = words
        rows.append([*own, alike])
        _leave_out(rows[-1], texts)

    line.executemany(_INSERT_SHARED, [(one, *words) for one, words in shared.items()])
    line.executemany(_UPSERT, rows)


def _leave_out(row: list[Any], texts: Mapping[bytes, str]) -> None:
    """Leave out of a row what can be read from other values."""
    turn = row[_TURN]
    if turn is None:
        row[_TURN] = ""
    elif turn and turn == _as_uuid(row[_TRACE]):
        row[_TURN] = None

    for place, tip in _BEGINNINGS:
        begins = row[place]
        text = texts.get(row[tip], "") if begins else ""
        is_there = 0 < len(text) <= LONGEST_READ_AGAIN and begins == text[: ddl.BEGINNING_CHARS]
        # SQLite's own functions end at a NUL.
        if is_there and "\0" not in begins:
            row[place] = None


def _as_uuid(digits: Any) -> str:
    """What `ddl.TRACE_AS_UUID` gives; nothing for what is no trace's id."""
    if not isinstance(digits, str) or len(digits) != 32 or not digits.isalnum():
        return ""

    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _id_of(words: Row) -> int:
    found = _ids.get(words)
    if found is None:
        if len(_ids) >= MOST_REMEMBERED:
            _ids.clear()
        _ids[words] = found = _hashed(*words)

    return found


def _hashed(*words: Any) -> int:
    digest = blake2b(json.dumps(words, default=repr).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def fitting(row: Sequence[Any], defaults: Sequence[Any] = ()) -> Iterator[Any]:
    """Values that a table takes, in place of these; the default for None."""
    for place, value in enumerate(row):
        if value is None and defaults:
            yield defaults[place]
        elif isinstance(value, str):
            yield whole(value)
        elif isinstance(value, int) and abs(value) > _LARGEST:
            yield float(value) if abs(value) < 1e300 else None
        elif value is None or isinstance(value, int | float | bytes):
            yield value
        else:
            yield repr(value)


def read_columns(
    line: sqlite3.Connection, names: Sequence[str], where: str, parameters: Sequence[Any]
) -> dict[str, list[Any]]:
    """Columns of the spans, by start and then in the order in which they came.

    Args:
        line: Within a transaction: two tables are read.
        names: Of `COLUMNS`, or `seq`.
        where: Of SQL, about columns of `span`; empty for all.
        parameters: What its question marks stand for.
    """
    own = [name for name in names if name not in ddl.SHARED]
    wanted = list(dict.fromkeys([*own, *_needed_for(names)]))
    told = ", ".join(name if name == "correlation_id" else ddl.read_as(name) for name in wanted)
    condition = f" WHERE seq IN (SELECT seq FROM span WHERE {where})" if where else ""
    asked = line.execute(f"SELECT {told} FROM span_own{condition} ORDER BY seq", tuple(parameters))

    found = _transposed(asked, wanted)
    if "correlation_id" in found:
        found["correlation_id"] = _turns(found["correlation_id"], found["trace_id"])
    for name, values in _words(line, [name for name in names if name in ddl.SHARED]).items():
        found[name] = list(map(values.__getitem__, found["shared"]))
    for name in ddl.BOOLEANS.intersection(names):
        found[name] = [None if value is None else bool(value) for value in found[name]]

    return _by_start({name: found[name] for name in names}, found["start_ns"])


def _needed_for(names: Sequence[str]) -> Iterator[str]:
    yield "start_ns"
    if "correlation_id" in names:
        yield "trace_id"
    if not set(ddl.SHARED).isdisjoint(names):
        yield "shared"


def _turns(turns: Sequence[str | None], traces: Sequence[str]) -> list[str]:
    return [
        f"{trace[:8]}-{trace[8:12]}-{trace[12:16]}-{trace[16:20]}-{trace[20:]}"
        if turn is None
        else turn
        for turn, trace in zip(turns, traces, strict=True)
    ]


def _transposed(asked: sqlite3.Cursor, names: Sequence[str]) -> dict[str, list[Any]]:
    # Some rows at a time: they are still in the processor's cache when they are turned.
    found: list[list[Any]] = [[] for _ in names]
    adders = [column.extend for column in found]
    while rows := asked.fetchmany(AT_ONCE):
        for add, values in zip(adders, zip(*rows, strict=True), strict=True):
            add(values)

    return dict(zip(names, found, strict=True))


def _words(line: sqlite3.Connection, names: Sequence[str]) -> dict[str, dict[int, Any]]:
    """The shared words under these names, by id."""
    if not names:
        return {}

    found = _transposed(
        line.execute(f"SELECT id, {', '.join(names)} FROM span_shared"), ["id", *names]
    )
    return {name: dict(zip(found["id"], found[name], strict=True)) for name in names}


def _by_start(found: dict[str, list[Any]], starts: Sequence[int]) -> dict[str, list[Any]]:
    # Spans come as they end, which mostly is in order already, or nearly so.
    if all(map(le, starts, islice(starts, 1, None))):
        return found

    places = sorted(range(len(starts)), key=starts.__getitem__)
    return {name: [values[place] for place in places] for name, values in found.items()}


def take_plain(
    line: sqlite3.Connection, source: str, known: Iterable[str], *, keeps_place: bool
) -> int:
    """Pack spans of a table that has them in full, as files of the first version do.

    Args:
        line: Within a transaction.
        source: The table, with its schema.
        known: Its columns; the others get their defaults.
        keeps_place: Whether they keep their `seq`; else they get new ones, by start.

    Returns:
        How many spans were not there before.
    """
    line.create_function("hashed", -1, _hashed, deterministic=True)
    there = set(known)
    words, values = _plain(ddl.SHARED, there), _plain(ddl.OWN, there)
    line.execute(
        f"INSERT OR IGNORE INTO main.span_shared (id, {', '.join(ddl.SHARED)})"
        f" SELECT hashed({words}), * FROM (SELECT DISTINCT {words} FROM {source})"
    )
    place, order = ("seq, ", "seq") if keeps_place else ("", "start_ns, seq")
    came = line.execute(
        f"INSERT OR IGNORE INTO main.span_own ({place}{', '.join(ddl.OWN)}, shared)"
        f" SELECT {place}{values}, hashed({words}) FROM {source} ORDER BY {order}"
    )
    return came.rowcount


def _plain(names: Iterable[str], known: set[str]) -> str:
    told = []
    for name in names:
        default = ddl.DEFAULTS[name]
        if name not in known:
            told.append("NULL" if default is None else repr(default))
        elif name == "correlation_id":
            told.append(f"nullif({name}, {ddl.TRACE_AS_UUID})")
        else:
            told.append(name)

    return ", ".join(told)
