"""What of a trace goes: what is too old, and what is too much; and what another one adds.

Law: a trace's spans go together, and a message goes with the last span that needs it. The
caller opens the transaction.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import timedelta

from mojentic_nb.errors import BadArgument
from mojentic_nb.sqlite_opening import columns_of
from mojentic_nb.tracer.ddl import TABLES
from mojentic_nb.tracer.packing import take_plain

__all__ = ["age_s", "forget_before", "forget_oldest", "merge", "used_bytes"]

_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|h|d|w)\s*")
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}

# Of the traces that are left, how many go before their room is measured again.
_SHARE = 10

_OLD = "SELECT trace_id FROM span_own GROUP BY trace_id HAVING max(end_ns) < ?"
_OLDEST = "SELECT trace_id FROM span_own GROUP BY trace_id ORDER BY max(end_ns) LIMIT ?"

# Nothing points at these any more.
_LEFT_OVER = (
    "DELETE FROM span_shared WHERE id NOT IN (SELECT shared FROM span_own)",
    """DELETE FROM message WHERE hash NOT IN (
        WITH RECURSIVE kept (hash) AS (
            SELECT in_tip FROM span_own WHERE in_tip IS NOT NULL
            UNION SELECT out_tip FROM span_own WHERE out_tip IS NOT NULL
            UNION SELECT message.parent FROM kept JOIN message ON message.hash = kept.hash
                WHERE message.parent IS NOT NULL
        ) SELECT hash FROM kept)""",
    """DELETE FROM blob WHERE lower(hex(hash)) NOT IN (
        SELECT json_extract(medium.value, '$.hash')
            FROM message, json_each(message.parts, '$.media') AS medium
            WHERE json_extract(medium.value, '$.hash') IS NOT NULL)""",
    "DELETE FROM session WHERE session_id NOT IN (SELECT session_id FROM span_own)",
    "DELETE FROM run WHERE run_id NOT IN (SELECT run_id FROM span_shared)",
    "DELETE FROM price WHERE price_id NOT IN (SELECT price_id FROM span_shared)",
    "DELETE FROM score WHERE span_id <> '' AND span_id NOT IN (SELECT span_id FROM span_own)",
)


def age_s(age: str | float | timedelta) -> float:
    """An age in seconds.

    Args:
        age: Such as `30d`, `12h`, `90min`, `2w`, `45s`; a number of seconds; a timedelta.

    Raises:
        BadArgument: It is none of these, or negative.
    """
    if isinstance(age, timedelta):
        seconds = age.total_seconds()
    elif isinstance(age, str):
        found = _AGE.fullmatch(age)
        seconds = float(found[1]) * _SECONDS[found[2]] if found else -1.0
    else:
        seconds = -1.0 if isinstance(age, bool) else float(age)

    if not seconds >= 0:
        raise BadArgument(f"{age!r} is no age.", hint="Write '30d', '12h', '90min' or '2w'.")

    return seconds


def forget_before(line: sqlite3.Connection, end_ns: int) -> int:
    """Delete traces that ended before; how many spans those were."""
    gone = line.execute(f"DELETE FROM span_own WHERE trace_id IN ({_OLD})", (end_ns,)).rowcount
    if gone:
        _sweep(line)

    return gone


def forget_oldest(line: sqlite3.Connection, most_bytes: float) -> int:
    """Delete the oldest traces until the rest fits; how many spans those were."""
    gone = 0
    while used_bytes(line) > most_bytes:
        traces = line.execute("SELECT count(DISTINCT trace_id) FROM span_own").fetchone()[0]
        if not traces:
            break
        share = max(1, traces // _SHARE)
        query = f"DELETE FROM span_own WHERE trace_id IN ({_OLDEST})"
        gone += line.execute(query, (share,)).rowcount
        _sweep(line)

    return gone


def _sweep(line: sqlite3.Connection) -> None:
    for statement in _LEFT_OVER:
        line.execute(statement)


def used_bytes(line: sqlite3.Connection) -> int:
    """What the tables take, without pages that are free."""
    pages, free, size = (
        line.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def merge(line: sqlite3.Connection, schema: str) -> int:
    """Add what an attached trace has and this one has not; how many spans came."""
    came = 0
    for table, columns in TABLES.items():
        known = set(columns_of(line, table, schema=schema))
        # A score's own id means nothing in another file; a span's place neither.
        left = {"score": "id", "span_own": "seq"}.get(table)
        names = ", ".join(name for name in columns if name in known and name != left)
        if not names:
            continue

        query = f"INSERT OR IGNORE INTO main.{table} ({names}) SELECT {names} FROM {schema}.{table}"
        if table == "score":
            query += f" EXCEPT SELECT {names} FROM main.score"
        added = line.execute(query + (" ORDER BY start_ns, seq" if table == "span_own" else ""))
        came += added.rowcount if table == "span_own" else 0

    if not columns_of(line, "span_own", schema=schema):
        known = set(columns_of(line, "span", schema=schema))
        came += take_plain(line, f"{schema}.span", known, keeps_place=False)
    return came
