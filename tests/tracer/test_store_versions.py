"""A trace's file that is foreign, damaged, older or newer."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, replace
from pathlib import Path

import pytest

from mojentic_nb.messages import LLMMessage
from mojentic_nb.tracer import ddl
from mojentic_nb.tracer.content import Content
from mojentic_nb.tracer.rows import Batch
from mojentic_nb.tracer.scrubbing import Scrubber
from mojentic_nb.tracer.span import COLUMNS
from mojentic_nb.tracer.store import Store, StoreTrouble
from tests.tracer.processes import together
from tests.tracer.stored import made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.db"


@pytest.mark.parametrize(
    "content",
    [b"no database", b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000],
    ids=["short", "long", "damaged"],
)
def test_what_is_no_trace_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreTrouble) as found:
        Store(path)

    assert str(path) in found.value.message
    assert ("something else" in found.value.message) == (content[:6] != b"SQLite")
    assert "another path" in found.value.hint
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_somebody_elses_database_is_left_alone(path: Path) -> None:
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE span (name TEXT)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(StoreTrouble, match="something else"):
        Store(path)
    store = Store(":memory:")
    with pytest.raises(StoreTrouble, match="something else"):
        store.attach(path)
    with pytest.raises(StoreTrouble, match="unable to open"):
        store.attach(path.parent / "missing.db")

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_file_damaged_in_its_middle_is_told_and_left_alone(path: Path) -> None:
    store = Store(path)
    store.write(Batch(spans=[made(number, name="x" * 500) for number in range(500)]))
    store.close()
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2
    damaged[middle:] = b"\xff" * (len(damaged) - middle)
    path.write_bytes(damaged)

    store = Store(path)
    for use in (lambda: store.write(Batch(spans=[made(10**6)])), store.spans, store.clear):
        with pytest.raises(StoreTrouble, match="malformed") as found:
            use()
        assert "left as it is" in found.value.hint
    store.close()
    assert path.read_bytes() == bytes(damaged)


def of_version(path: Path, version: int, *, without: tuple[str, ...] = ()) -> None:
    """Make a file as another version would have, with one span in it."""
    columns = {name: kind for name, kind in ddl.SPAN_COLUMNS.items() if name not in without}
    told = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    line = sqlite3.connect(path)
    line.execute(f"CREATE TABLE span (seq INTEGER PRIMARY KEY, {told})")
    line.execute(
        "INSERT INTO span (span_id, trace_id, kind, name, start_ns, end_ns)"
        " VALUES ('old', 'old', 'llm', 'chat m', 1, 2)"
    )
    line.execute(f"PRAGMA application_id = {ddl.APPLICATION_ID}")
    line.execute(f"PRAGMA user_version = {version}")
    line.commit()
    line.close()


UUID = "6f3ad0a4-1f2b-4c5d-8e7f-0123456789ab"
NEW = ("n_messages", "prompt_preview", "tool_args", "attempt", "attrs", "cache_hit", "in_tip")

OPENER = """
store = Store(sys.argv[1])
store.write(Batch(spans=[made(int(sys.argv[2]) + 10, prompt_preview="new", n_messages=2)]))
print(store.count() > 1)
store.close()
"""


def test_several_processes_bring_an_older_file_up_to_date_at_once(path: Path) -> None:
    of_version(path, 0, without=NEW)
    assert together(OPENER, path, 4) == ["True\n"] * 4

    store = Store(path)
    old, *new = store.spans()
    assert (old.span_id, old.attrs, old.prompt_preview, old.n_messages) == ("old", "{}", "", None)
    assert [(one.prompt_preview, one.n_messages) for one in new] == [("new", 2)] * 4
    assert store.sql("SELECT count(*) FROM v_calls")[1] == [(5,)]
    store.close()


def test_spans_that_an_older_file_kept_in_full_are_packed(path: Path) -> None:
    of_version(path, 1)
    content = Content(Scrubber())
    tip = content.chain([LLMMessage(content="asked")])
    spans = [
        made(7, correlation_id="mine", model="m", run_id="r", in_tip=tip),
        made(5, correlation_id=UUID, trace_id=UUID.replace("-", ""), response_preview="so"),
        made(6, kind="tool", name="execute_tool t", stream=True, cost=0.5, attrs='{"a":1}'),
    ]
    names = [name for name in COLUMNS if name != "prompt_preview"]
    line = sqlite3.connect(path)
    line.execute("CREATE VIEW v_calls AS SELECT name FROM span")
    line.execute("CREATE VIEW mine AS SELECT name FROM span")
    line.execute("CREATE INDEX span_by_kind ON span (kind, start_ns)")
    line.execute(f"CREATE TABLE message ({', '.join(ddl.TABLES['message'])})")
    row = content.take_new()[0][0]
    line.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(row))
    marks = ", ".join("?" * len(names))
    line.executemany(
        f"INSERT INTO span ({', '.join(names)}) VALUES ({marks})",
        [[getattr(span, name) for name in names] for span in spans],
    )
    line.commit()
    line.close()

    store = Store(path)
    back = store.spans()
    assert [one.span_id for one in back] == ["old", *(spans[n].span_id for n in (1, 2, 0))]
    assert back[1:] == [spans[1], spans[2], replace(spans[0], prompt_preview="asked")]
    assert back[0].correlation_id == ""
    assert [one.seq for one in back] == [1, 3, 4, 2]
    assert store.sql("SELECT type FROM sqlite_master WHERE name = 'span'")[1] == [("view",)]
    assert store.sql("SELECT count(*) FROM sqlite_master WHERE name = 'span_by_kind'")[1] == [(0,)]
    assert store.sql("SELECT count(*) FROM span_own WHERE correlation_id IS NULL")[1] == [(1,)]
    assert store.sql("SELECT count(*) FROM mine")[1] == [(4,)]
    store.write(Batch(spans=[made(5, trace_id=UUID.replace("-", ""))]))
    assert store.count() == 4
    store.close()
    again = Store(path)
    assert again.count() == 4
    again.close()


def test_columns_that_an_older_file_lacks_are_added(path: Path) -> None:
    store = Store(path)
    store.write(Batch(spans=[made(1, batch_id="lost")]))
    store.close()
    line = sqlite3.connect(path)
    for name in ddl.VIEWS:
        line.execute(f"DROP VIEW {name}")
    line.execute("ALTER TABLE span_own DROP COLUMN batch_id")
    line.execute("ALTER TABLE message DROP COLUMN n_tokens")
    line.execute("PRAGMA user_version = 1")
    line.close()

    store = Store(path)
    store.write(Batch(spans=[made(2, batch_id="kept")]))
    assert [one.batch_id for one in store.spans()] == ["", "kept"]
    assert store.sql("SELECT n_tokens FROM message") == (["n_tokens"], [])
    store.close()


def test_an_update_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_version(path, 0, without=NEW)
    monkeypatch.setitem(ddl.VIEWS, "v_broken", "SELEC")
    with pytest.raises(StoreTrouble, match="syntax error"):
        Store(path)

    line = sqlite3.connect(path)
    columns = [row[1] for row in line.execute("PRAGMA table_info(span)")]
    assert set(NEW) & set(columns) == set()
    assert line.execute("PRAGMA user_version").fetchone() == (0,)
    line.close()
    monkeypatch.undo()
    store = Store(path)
    assert store.count() == 1
    store.close()


def test_an_older_file_is_added_without_being_changed(path: Path) -> None:
    of_version(path, 0, without=NEW)
    before = path.read_bytes()
    store = Store(":memory:")
    assert store.attach(path) == 1
    assert store.spans()[0].span_id == "old"
    assert path.read_bytes() == before


def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    of_version(path, 99)
    before = path.read_bytes()
    for use in (Store, Store(":memory:").attach):
        with pytest.raises(StoreTrouble, match=r"newer .* its version is 99") as found:
            use(path)
        assert "Upgrade mojentic_nb" in found.value.hint

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
