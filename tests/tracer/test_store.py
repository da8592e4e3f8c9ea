"""A trace's file: what goes in comes out, and nothing else can be done with it."""

from __future__ import annotations

import json
import signal
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.messages import LLMMessage, LLMToolCall, MessageRole
from mojentic_nb.tracer import ddl
from mojentic_nb.tracer.content import Content
from mojentic_nb.tracer.rows import Batch, SessionRow
from mojentic_nb.tracer.scrubbing import Scrubber
from mojentic_nb.tracer.span import COLUMNS, Span
from mojentic_nb.tracer.store import Store
from tests.tracer.stored import ROWS, S, made, told

KEYS = [
    "sk-proj-abcdefghij0123456789abcdefghij",
    "sk-ant-api03-abcdefghij0123456789",
    "AIzaSyabcdefghij0123456789abcdefghij",
    "ghp_abcdefghij0123456789abcdefghij",
    "hunter2hunter2",
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.db"


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    made = Store(path if request.param == "file" else ":memory:")
    yield made
    made.close()


def test_spans_come_back_as_they_were(store: Store) -> None:
    full = {}
    for one in fields(Span):
        kind = str(one.type).partition(" ")[0]
        full[one.name] = {"str": one.name, "int": 7, "float": 1.5, "bool": True, "bytes": b"\0"}[
            kind
        ]
    full.pop("seq")
    spans = [made(1), Span(**full), made(9, cost=None, cache_hit=False)]
    store.write(Batch(spans=spans))

    back = store.spans()
    assert sorted(back, key=lambda one: one.span_id) == sorted(spans, key=lambda one: one.span_id)
    assert all(one.seq for one in back)
    assert store.count() == 3


def test_a_span_that_comes_again_is_written_anew(store: Store) -> None:
    store.write(Batch(spans=[made(1, status="abandoned")]))
    store.write(Batch(spans=[made(1, output_tokens=5), made(2)]))

    assert [one.status for one in store.spans()] == ["ok", "ok"]
    assert store.columns(["output_tokens"]) == {"output_tokens": [5, None]}


def test_columns_come_by_start(store: Store) -> None:
    store.write(Batch(spans=[made(3), made(1, stream=True), made(2, kind="tool")]))

    assert store.columns(["start_ns", "stream"]) == {
        "start_ns": [1 * S, 2 * S, 3 * S],
        "stream": [True, None, None],
    }
    assert store.columns(["kind"], where="start_ns > ?", parameters=[S]) == {
        "kind": ["tool", "llm"]
    }
    assert store.columns(["kind", "seq"], where="0") == {"kind": [], "seq": []}


@pytest.mark.parametrize("names", [["kind", "nope"], [], ["kind; DROP TABLE span"]])
def test_only_columns_are_columns(store: Store, names: list[str]) -> None:
    with pytest.raises(BadArgument):
        store.columns(names)


@pytest.mark.parametrize("name", ROWS)
def test_every_kind_of_row_is_kept(store: Store, name: str) -> None:
    table, row = ROWS[name]
    store.write(Batch(**{name: [row]}))
    names = [one.name for one in fields(row)]
    _, found = store.sql(f"SELECT {', '.join(names)} FROM {table}")

    assert [type(row)(*one) for one in found] == [row]


def test_a_message_is_kept_once(store: Store) -> None:
    row = ROWS["messages"][1]
    store.write(Batch(messages=[row]))
    store.write(Batch(messages=[row, row]))

    assert store.sql("SELECT count(*) FROM message")[1] == [(1,)]
    assert store.message(row.hash) == row
    assert store.message(b"none") is None


def test_the_tables_columns_are_the_records_fields() -> None:
    assert tuple(ddl.SPAN_COLUMNS) == COLUMNS
    assert sorted((*ddl.OWN, *ddl.SHARED)) == sorted(COLUMNS)
    assert sorted(ddl.BOOLEANS) == ["cache_hit", "stream"]
    kinds = {name: kind.partition(" ")[0] for name, kind in ddl.SPAN_COLUMNS.items()}
    assert {
        one: kinds[one] for one in ("span_id", "cell_exec", "cost", "stream", "in_tip", "params")
    } == {
        "span_id": "TEXT",
        "cell_exec": "INTEGER",
        "cost": "REAL",
        "stream": "INTEGER",
        "in_tip": "BLOB",
        "params": "TEXT",
    }
    for _, table, kind, _ in ddl.ROWS:
        known = [name for name in ddl.TABLES[table] if name != "id"]
        assert [one.name for one in fields(kind)] == known


def test_a_preview_that_begins_its_message_is_not_kept_twice(store: Store) -> None:
    content = Content(Scrubber())
    words = "All that was asked, " * 20
    ask, answer = LLMMessage(content=words), LLMMessage.assistant("Yes.")
    span = told(store, content, 1, ask, answer, prompt_preview=words[:200], response_preview="Yes.")
    other = made(2, in_tip=span.in_tip, prompt_preview="another", response_preview="none")
    store.write(Batch(spans=[other]))

    assert store.sql("SELECT prompt_preview, response_preview FROM span_own ORDER BY seq")[1] == [
        (None, None),
        ("another", "none"),
    ]
    assert store.spans() == [span, other]
    assert store.sql("SELECT prompt_preview FROM v_calls")[1] == [(words[:200],), ("another",)]


def test_whole_conversations_come_at_once(store: Store) -> None:
    content = Content(Scrubber())
    said = [LLMMessage(content=str(number)) for number in range(2_000)]
    span = told(store, content, 1, *said)
    assert span.in_tip is not None
    assert span.out_tip is not None

    assert len(store.reachable([span.out_tip, span.in_tip])) == 2_000
    assert len(store.messages([span.in_tip, span.out_tip, b"none"])) == 2
    cold = Content(Scrubber())
    assert [row.text for row in cold.messages(span.out_tip, store.message)] == [
        one.content for one in said
    ]


def test_messages_of_a_chain_that_was_pruned_come_again(store: Store) -> None:
    content = Content(Scrubber())
    first, answer = LLMMessage(content="first"), LLMMessage.assistant("answer")
    told(store, content, 1, first, answer)
    store.clear()
    span = told(store, content, 2, first, answer, LLMMessage(content="second"), answer)

    assert [row.text for row in Content(Scrubber()).messages(span.out_tip, store.message)] == [
        "first",
        "answer",
        "second",
        "answer",
    ]


def test_views_tell_of_calls_tools_and_messages(store: Store) -> None:
    content = Content(Scrubber())
    call = LLMToolCall(id="c1", name="look", arguments={})
    said = (
        LLMMessage.system("s"),
        LLMMessage(content="u"),
        LLMMessage(role=MessageRole.Assistant, tool_calls=[call]),
        LLMMessage.tool("blue", call=call),
        LLMMessage.assistant("It is blue."),
    )
    told(store, content, 1, *said, params='{"temperature": 0.5}', input_tokens=3, output_tokens=4)
    store.write(Batch(spans=[made(2, kind="tool", tool_name="look", status="error")]))

    assert store.sql("SELECT duration_s, temperature, total_tokens, ok, started FROM v_calls") == (
        ["duration_s", "temperature", "total_tokens", "ok", "started"],
        [(0.5, 0.5, 7, 1, "1970-01-01T00:00:01.000Z")],
    )
    assert store.sql("SELECT tool, ok FROM v_tools")[1] == [("look", 0)]
    assert store.sql(
        "SELECT pos, direction, role, tool_call_id FROM v_messages ORDER BY span_id, pos"
    )[1] == [
        (0, "in", "system", None),
        (1, "in", "user", None),
        (2, "in", "assistant", None),
        (3, "in", "tool", "c1"),
        (4, "out", "assistant", None),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM span",
        "INSERT INTO session VALUES ('a', 'b', 1, '')",
        "CREATE TABLE x (y)",
        "DROP TABLE span",
        "PRAGMA query_only = OFF",
        "PRAGMA user_version = 7",
        "ATTACH DATABASE 'other.db' AS other",
        "VACUUM INTO 'copy.db'",
        "BEGIN IMMEDIATE",
    ],
)
def test_a_question_can_only_read(
    store: Store, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store.clear()  # the very statement is ready, and must not be taken as it is
    store.write(Batch(spans=[made(1)]))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(TraceError, match="only read"):
        store.sql(query)

    assert sorted(tmp_path.iterdir()) == before
    store.write(Batch(spans=[made(2)]))
    assert store.count() == 2


@pytest.mark.parametrize("query", ["SELECT nope FROM span", "SELEC", "SELECT 1; SELECT 2", ""])
def test_a_question_that_is_none_is_told(store: Store, query: str) -> None:
    if not query:
        assert store.sql(query) == ([], [])
        return
    with pytest.raises(TraceError) as found:
        store.sql(query)

    assert "v_calls" in found.value.hint


ENDLESS = """
WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n
"""


def test_a_long_question_can_be_interrupted(store: Store) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            store.sql(ENDLESS)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert store.count() == 0


ODD = [
    ("input_tokens", 10**30, 1e30),
    ("name", "half \udcff", "half \\udcff"),
    ("tool_args", {"a": 1}, "{'a': 1}"),
    ("name", None, ""),
    ("cost", float("nan"), None),
]


@pytest.mark.parametrize("name, value, kept", ODD, ids=[f"{n}-{k!r}" for n, _, k in ODD])
def test_one_odd_value_costs_no_batch(store: Store, name: str, value: Any, kept: Any) -> None:
    spans = [made(1), made(2, **{name: value}), made(3)]
    store.write(Batch(spans=spans, sessions=[SessionRow("s", "half \udcff", 1)]))

    assert store.count() == 3
    assert store.columns([name], where="start_ns = ?", parameters=[2 * S])[name] == [kept]
    assert store.sql("SELECT title FROM session")[1] == [("half \\udcff",)]


def test_no_key_reaches_the_file(path: Path) -> None:
    content, scrubber = Content(Scrubber()), Scrubber()
    store = Store(path)
    call = LLMToolCall(id="c", name="t", arguments={"password": KEYS[4], "all": KEYS[:4]})
    words = f"these: {' '.join(KEYS[:4])} and password={KEYS[4]}"
    pixels = "iVBORw0KGgo" + "A" * 4_000
    told(
        store,
        content,
        1,
        LLMMessage(content=words),
        LLMMessage(role=MessageRole.Assistant, tool_calls=[call], thinking=words),
        LLMMessage.tool(json.dumps({"got": words, "data": pixels}), call=call),
        LLMMessage(content=f"data:image/png;base64,{pixels}"),
        LLMMessage.assistant(words),
        error_message=scrubber.text(words),
        prompt_preview=scrubber.text(words),
        tool_args=json.dumps(scrubber.value(call.arguments)),
        tool_result=scrubber.text(words),
    )
    files = sorted(path.parent.iterdir())
    found = b"".join(file.read_bytes() for file in files)
    assert [file.name for file in files] == ["trace.db", "trace.db-shm", "trace.db-wal"]
    assert "‹redacted:openai_key".encode() in found
    assert [key for key in (*KEYS, pixels[:40]) if key.encode() in found] == []

    store.close()
    assert [key for key in KEYS if key.encode() in path.read_bytes()] == []


def test_files_and_folders_are_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "trace.db"
    store = Store(path)
    store.write(Batch(spans=[made(1)]))
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.rglob("*")}
    store.close()

    assert modes == {
        "new": 0o700,
        "deep": 0o700,
        "trace.db": 0o600,
        "trace.db-wal": 0o600,
        "trace.db-shm": 0o600,
    }


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    before = folder.stat().st_mode
    Store(folder / "trace.db").close()
    assert folder.stat().st_mode == before


def test_it_opens_again_with_all_that_was_written(path: Path) -> None:
    first = Store(path)
    first.write(Batch(spans=[made(1)]))
    first.close()
    second = Store(str(path))
    second.write(Batch(spans=[made(2)]))

    assert second.count() == 2
    assert repr(second) == f"Store({str(path)!r})"
    second.close()


def test_a_program_can_read_it_with_sqlite_alone(path: Path) -> None:
    store = Store(path)
    store.write(Batch(spans=[made(1)]))
    store.close()
    line = sqlite3.connect(path)
    assert line.execute("SELECT name, model FROM span").fetchall() == [("chat m", "m")]
    line.close()


def test_rows_are_values() -> None:
    row = ROWS["messages"][1]
    assert replace(row, text="b") != row
