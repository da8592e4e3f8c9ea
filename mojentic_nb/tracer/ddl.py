"""The tables of a trace's file, in words of SQL.

Law: statements and names only. `span` is a view, whose columns are the fields of `Span` in
their order; what many spans have in common stands once, in `span_shared`. Whoever adds a
field raises `SCHEMA_VERSION`, and older files get the column.
"""

from __future__ import annotations

from dataclasses import MISSING, fields

from mojentic_nb.tracer.rows import BlobRow, MessageRow, PriceRow, RunRow, ScoreRow, SessionRow
from mojentic_nb.tracer.span import CALL_KINDS, COLUMNS, Span

__all__ = [
    "APPLICATION_ID",
    "BEGINNINGS",
    "BEGINNING_CHARS",
    "BOOLEANS",
    "DEFAULTS",
    "INDEXES",
    "OWN",
    "ROWS",
    "SCHEMA_VERSION",
    "SHARED",
    "SPAN_COLUMNS",
    "TABLES",
    "TRACE_AS_UUID",
    "VIEWS",
    "insert",
    "read_as",
    "span_columns",
    "upsert",
]

# In the file's header: "mjtr", and the version of the tables below.
APPLICATION_ID = 0x6D6A7472
SCHEMA_VERSION = 2

_TYPES = {"str": "TEXT", "int": "INTEGER", "float": "REAL", "bool": "INTEGER", "bytes": "BLOB"}

BOOLEANS = frozenset(one.name for one in fields(Span) if str(one.type).startswith("bool"))

# Words that few spans differ in: 160 bytes of a call, and a third of the time to read it.
SHARED = (
    *("kind", "name", "run_id", "status", "error_type", "provider", "model", "response_model"),
    *("server", "params", "tokens_source", "finish_reason", "price_id", "tool_name", "caller"),
    *("agent_from", "agent_to", "event_type"),
)
# Words that may be long stand last: SQLite reads through all before the last one asked for.
_LONG = ("error_message", "prompt_preview", "response_preview", "tool_args", "tool_result", "attrs")
OWN = tuple(name for name in COLUMNS if name not in (*SHARED, *_LONG)) + _LONG

# A turn's id and its trace's are mostly the same digits: NULL where they are.
TRACE_AS_UUID = " || '-' || ".join(
    f"substr(trace_id, {start}, {size})"
    for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)

# Beginnings of messages, with the tip of the message each begins: NULL where it is that
# message's own beginning, which saves a third of the file. `read_as` reads them.
BEGINNINGS = {"prompt_preview": "in_tip", "response_preview": "out_tip"}
BEGINNING_CHARS = 200


def read_as(name: str) -> str:
    """What to select for a column of a span, from `span_own` and, if need be, `span_shared`."""
    if name == "correlation_id":
        return f"coalesce(correlation_id, {TRACE_AS_UUID}) AS correlation_id"
    tip = BEGINNINGS.get(name)
    if tip is None:
        return name

    words = f"SELECT substr(text, 1, {BEGINNING_CHARS}) FROM message WHERE hash = span_own.{tip}"
    return f"coalesce({name}, ({words}), '') AS {name}"


def span_columns() -> dict[str, str]:
    """What SQL calls each of a span's columns, by name."""
    found = {}
    for one in fields(Span):
        if one.name not in COLUMNS:
            continue
        kind = _TYPES[str(one.type).partition(" ")[0]]
        # An older file has none of it: what the field says by itself holds there.
        default = one.default
        if one.name in BEGINNINGS:
            pass
        elif isinstance(default, str):
            kind += "" if one.name == "correlation_id" else " NOT NULL"
            kind += f" DEFAULT '{default}'"
        elif default is MISSING:
            kind += " NOT NULL"
        found[one.name] = kind + (" UNIQUE" if one.name == "span_id" else "")

    return found


SPAN_COLUMNS = span_columns()

# What stands for a value that may not be missing.
DEFAULTS: dict[str, str | int | None] = {
    one.name: None
    if one.name in BEGINNINGS
    else (one.default if one.default is not MISSING else 0 if one.type == "int" else "")
    for one in fields(Span)
    if one.name in COLUMNS
}

# Rows have ids, although their hashes are keys: in the order of random hashes, words of
# 600 letters took five times as long to write and 13 % more room (SQLite 3.40, 40 000 rows).
TABLES: dict[str, dict[str, str]] = {
    "span_own": {
        "seq": "INTEGER PRIMARY KEY",
        "shared": "INTEGER NOT NULL",
        **{name: SPAN_COLUMNS[name] for name in OWN},
    },
    # The id is a hash of the words, so that programs that write at once agree on it.
    "span_shared": {
        "id": "INTEGER PRIMARY KEY",
        **{name: SPAN_COLUMNS[name] for name in SHARED},
    },
    "message": {
        "hash": "BLOB PRIMARY KEY",
        "parent": "BLOB",
        "role": "TEXT NOT NULL",
        "text": "TEXT NOT NULL",
        "parts": "TEXT",
        "n_chars": "INTEGER",
        "n_tokens": "INTEGER",
    },
    "blob": {"hash": "BLOB PRIMARY KEY", "mime": "TEXT", "n_bytes": "INTEGER", "data": "BLOB"},
    "session": {
        "session_id": "TEXT PRIMARY KEY",
        "title": "TEXT",
        "created_ns": "INTEGER",
        "meta": "TEXT",
    },
    "run": {
        "run_id": "TEXT PRIMARY KEY",
        "started_ns": "INTEGER",
        "host": "TEXT",
        "pid": "INTEGER",
        "notebook": "TEXT",
        "versions": "TEXT",
    },
    "score": {
        "id": "INTEGER PRIMARY KEY",
        "span_id": "TEXT",
        "cell_key": "TEXT",
        "name": "TEXT",
        "value": "REAL",
        "label": "TEXT",
        "passed": "INTEGER",
        "explanation": "TEXT",
        "source": "TEXT",
        "judge_span_id": "TEXT",
        "created_ns": "INTEGER",
    },
    "price": {
        "price_id": "TEXT PRIMARY KEY",
        "provider": "TEXT",
        "model": "TEXT",
        "input": "REAL",
        "output": "REAL",
        "cache_read": "REAL",
        "cache_write": "REAL",
        "per": "INTEGER",
        "as_of": "TEXT",
        "source": "TEXT",
    },
}

# Few: each costs every span some 25 bytes.
INDEXES = {
    "span_by_trace": "span_own (trace_id)",
    "span_by_session": "span_own (session_id, start_ns) WHERE session_id <> ''",
    "score_by_cell": "score (cell_key)",
    "score_by_span": "score (span_id)",
}

_CALLS = ", ".join(f"'{kind}'" for kind in CALL_KINDS)
_SECONDS = "(end_ns - start_ns) / 1e9"
_WHEN = "strftime('%Y-%m-%dT%H:%M:%fZ', start_ns / 1e9, 'unixepoch')"

VIEWS = {
    # Outer, so that a question which needs no shared words does not look for them.
    "span": f"""
        SELECT seq, {", ".join(map(read_as, COLUMNS))}
        FROM span_own LEFT JOIN span_shared ON span_shared.id = span_own.shared""",
    "v_calls": f"""
        SELECT seq, span_id, trace_id, parent_id, correlation_id, session_id, run_id,
            cell_exec AS cell, kind, name, provider, model, response_model,
            status, status = 'ok' AS ok, error_type, error_message, finish_reason,
            {_WHEN} AS started, start_ns, end_ns, {_SECONDS} AS duration_s,
            wait_ms / 1e3 AS wait_s, ttft_ms / 1e3 AS ttft_s, load_ms / 1e3 AS load_s,
            input_tokens, output_tokens, cache_read_tokens, cache_write_tokens,
            reasoning_tokens, input_tokens + output_tokens AS total_tokens, tokens_source,
            n_messages, n_tools_offered, n_tool_calls, n_chunks, retries, stream, cache_hit,
            json_extract(params, '$.temperature') AS temperature,
            json_extract(params, '$.max_tokens') AS max_tokens,
            json_extract(params, '$.seed') AS seed,
            cost, price_id, prompt_chars, response_chars,
            prompt_preview, response_preview
        FROM span WHERE kind IN ({_CALLS})""",
    "v_tools": f"""
        SELECT seq, span_id, trace_id, parent_id, session_id, batch_id, cell_exec AS cell,
            tool_name AS tool, tool_call_id, caller, status, status = 'ok' AS ok,
            error_type, error_message, {_WHEN} AS started, start_ns, end_ns,
            {_SECONDS} AS duration_s, attempt, tool_args AS args, tool_result AS result,
            result_bytes
        FROM span WHERE kind = 'tool'""",
    # From each tip back to the beginning; the answer ends where what was sent ends.
    "v_messages": """
        WITH RECURSIVE walk (span_id, start_ns, direction, hash, stop, back) AS (
            SELECT span_id, start_ns, 'in', in_tip, NULL, 0 FROM span WHERE in_tip IS NOT NULL
            UNION ALL
            SELECT span_id, start_ns, 'out', out_tip, in_tip, 0 FROM span
                WHERE out_tip IS NOT NULL AND out_tip IS NOT in_tip
            UNION ALL
            SELECT walk.span_id, start_ns, direction, message.parent, stop, back + 1
                FROM walk JOIN message ON message.hash = walk.hash
                WHERE message.parent IS NOT NULL AND message.parent IS NOT walk.stop
        )
        SELECT walk.span_id,
            row_number() OVER (
                PARTITION BY walk.span_id ORDER BY direction, back DESC
            ) - 1 AS pos,
            direction, role, text, json_extract(parts, '$.tool_call_id') AS tool_call_id,
            json_extract(parts, '$.name') AS tool_name, parts, n_chars, n_tokens,
            lower(hex(message.hash)) AS hash, walk.start_ns
        FROM walk JOIN message ON message.hash = walk.hash""",
}


def insert(table: str, kind: type, *, otherwise: str) -> str:
    """The statement that writes a row of this kind; `otherwise` for one that is there."""
    names = [one.name for one in fields(kind)]
    marks = ", ".join("?" * len(names))
    return f"INSERT OR {otherwise} INTO {table} ({', '.join(names)}) VALUES ({marks})"


def upsert() -> str:
    """The statement that writes a span's own row, or writes it anew."""
    names = (*OWN, "shared")
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "span_id")
    marks = ", ".join("?" * len(names))
    return (
        f"INSERT INTO span_own ({', '.join(names)}) VALUES ({marks})"
        f" ON CONFLICT (span_id) DO UPDATE SET {changes}"
    )


# What is written beside spans, and whether the newer row wins.
ROWS: tuple[tuple[str, str, type, str], ...] = (
    ("messages", "message", MessageRow, "IGNORE"),
    ("blobs", "blob", BlobRow, "IGNORE"),
    ("prices", "price", PriceRow, "IGNORE"),
    ("sessions", "session", SessionRow, "REPLACE"),
    ("runs", "run", RunRow, "IGNORE"),
    ("scores", "score", ScoreRow, "IGNORE"),
)
