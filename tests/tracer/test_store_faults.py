"""A trace's file shared, killed, full, locked, forked, read-only, or taken away."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mojentic_nb import sqlite_opening
from mojentic_nb.errors import MojenticError, TraceError
from mojentic_nb.tracer.rows import Batch, MessageRow
from mojentic_nb.tracer.span import COLUMNS
from mojentic_nb.tracer.store import Store, StoreTrouble
from tests.tracer.processes import started, together
from tests.tracer.stored import S, made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trace.db"


WRITER = """
store = Store(sys.argv[1])
shared = MessageRow(b"shared", None, "system", "all say so", None, 10)
for number in range(0, 1000, 20):
    store.write(Batch(spans=[made(number + one) for one in range(20)], messages=[shared]))
    store.columns(["span_id"], where="start_ns = 0")
store.close()
"""


def test_four_processes_write_a_thousand_spans_each_into_one_file(path: Path) -> None:
    together(WRITER, path, 4)
    store = Store(path)
    assert store.count() == 4_000
    assert store.sql("SELECT count(*) FROM message")[1] == [(1,)]
    assert store.sql("SELECT count(DISTINCT span_id) FROM span")[1] == [(4_000,)]
    store.close()


def test_threads_share_a_store(path: Path) -> None:
    store = Store(path)

    def write(number: int) -> int:
        store.write(Batch(spans=[made(number)]))
        return len(store.spans("start_ns = ?", [number * S]))

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(write, range(200))) == {1}

    assert store.count() == 200
    store.close()


VICTIM = """
store = Store(sys.argv[1])
for number in range(10**6):
    store.write(Batch(spans=[made(number * 10 + one, model="x" * 500) for one in range(10)]))
    print(number, flush=True)
"""


def test_what_was_written_outlives_a_kill(path: Path) -> None:
    victim = started(VICTIM, str(path))
    assert victim.stdout is not None
    for _ in range(200):
        last = victim.stdout.readline()
    victim.send_signal(signal.SIGKILL)
    *_, last = last, *victim.stdout.readlines()
    victim.communicate()

    assert victim.returncode == -signal.SIGKILL
    store = Store(path)
    # Whole batches, and every one that was told of.
    assert store.count() % 10 == 0
    assert store.count() >= (int(last) + 1) * 10
    assert store.sql("SELECT max(start_ns) FROM span")[1] == [(store.count() - 1,)]
    store.write(Batch(spans=[made(10**9)]))
    store.close()
    line = sqlite3.connect(path)
    assert line.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    line.close()


def filled(store: Store) -> tuple[int, StoreTrouble]:
    """Write until it fails; how many spans were written, and what was said."""
    for number in range(10_000):
        try:
            store.write(Batch(spans=[made(number, model="x" * 2_000)]))
        except StoreTrouble as trouble:
            return number, trouble

    raise AssertionError("it never was full")


def test_a_full_file_is_told_and_what_is_in_it_stays(path: Path) -> None:
    store = Store(path)
    with store._lines.writer() as line:
        line.execute("PRAGMA max_page_count = 60")
    written, trouble = filled(store)

    assert "full" in trouble.message
    assert "Make room" in trouble.hint
    assert store.count() == written > 0
    with store._lines.writer() as line:
        line.execute("PRAGMA max_page_count = 6000")
    store.write(Batch(spans=[made(10**6)]))
    assert store.count() == written + 1
    store.close()


FULL_DISK = """
import resource
store = Store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
from mojentic_nb.tracer.store import StoreTrouble
for number in range(10_000):
    try:
        store.write(Batch(spans=[made(number, model="x" * 2_000)]))
    except StoreTrouble as trouble:
        print(number, store.count(), type(trouble).__name__, trouble)
        break
"""


def test_a_full_disk_is_told_and_what_is_on_it_stays(path: Path) -> None:
    pytest.importorskip("resource")
    out, errors = started(FULL_DISK, str(path)).communicate(timeout=50)
    written, counted, kind, told = out.split(maxsplit=3)

    assert (errors, kind) == ("", "StoreTrouble")
    assert written == counted
    assert "Make room" in told
    store = Store(path)
    assert store.count() == int(written) > 0
    store.close()


def in_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("a file, no folder")
    return tmp_path / "file" / "trace.db"


def a_folder(tmp_path: Path) -> Path:
    (tmp_path / "trace.db").mkdir()
    return tmp_path / "trace.db"


def under_proc(tmp_path: Path) -> Path:
    return Path("/proc/nowhere/trace.db")


@pytest.mark.parametrize("place", [in_a_file, a_folder, under_proc])
def test_a_place_that_cannot_be_written_to_is_told(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    where = place(tmp_path)
    with pytest.raises(StoreTrouble) as found:
        Store(where)

    assert str(where) in found.value.message
    assert "may be written to" in found.value.hint
    assert found.value.__suppress_context__


def test_a_file_that_can_only_be_read_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(path).close()
    before = path.read_bytes()
    # What SQLite takes a file on a read-only disk for; root may write everywhere else.
    monkeypatch.setattr(sqlite_opening, "OPTIONS", "&mode=ro")
    with pytest.raises(StoreTrouble, match="readonly") as found:
        Store(path).write(Batch(spans=[made(1)]))

    assert "may be written to" in found.value.hint
    assert path.read_bytes() == before


def test_a_file_system_without_shared_memory_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file system of SQLite's own that has none, as network folders have none.
    monkeypatch.setattr(sqlite_opening, "OPTIONS", "&vfs=unix-dotfile")
    with pytest.raises(StoreTrouble, match="without shared memory") as found:
        Store(path)

    assert "local disk" in found.value.hint


def test_a_file_that_another_program_holds_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_opening, "PATIENCE_S", 0.01)
    store = Store(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreTrouble, match="locked") as found:
        store.write(Batch(spans=[made(1)]))
    assert "holds it" in found.value.hint
    assert store.count() == 0, "reading waits for nobody"

    other.execute("ROLLBACK")
    other.close()
    store.write(Batch(spans=[made(1)]))
    assert store.count() == 1
    store.close()


def test_a_batch_that_fails_leaves_nothing_behind(path: Path) -> None:
    store = Store(path)
    row = MessageRow(b"x", None, "user", "a")

    def fail(_: list[bytes]) -> list[MessageRow]:
        raise TypeError

    with pytest.raises(TypeError):
        store.write(Batch(messages=[row], spans=[made(1, in_tip=b"y")]), again=fail)

    assert (store.count(), store.message(b"x")) == (0, None)
    store.write(Batch(messages=[row], spans=[made(1)]))
    assert store.count() == 1
    store.close()


def test_a_file_that_was_taken_away_is_made_anew(path: Path) -> None:
    store = Store(path)
    store.write(Batch(spans=[made(1)]))
    path.rename(path.with_name("kept.db"))
    store.write(Batch(spans=[made(2)]))

    assert [one.start_ns for one in store.spans()] == [2 * S]
    path.unlink()
    assert store.count() == 0
    store.close()


FORKING = """
store = Store(sys.argv[1])
store.write(Batch(spans=[made(0)]))
child = os.fork()
for number in range(1, 101):
    store.write(Batch(spans=[made(number)]))
if child:
    _, status = os.waitpid(child, 0)
    store.write(Batch(spans=[made(101)]))
    print(status, store.count())
else:
    assert store._lines._process == os.getpid()
    del store
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_parent_and_child_of_a_fork_both_write(path: Path) -> None:
    out, errors = started(FORKING, str(path)).communicate(timeout=50)
    assert (out, errors) == ("0 202\n", "")
    line = sqlite3.connect(path)
    assert line.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    line.close()


def test_a_closed_store_says_so(path: Path) -> None:
    store = Store(path)
    store.close()
    store.close()
    with pytest.raises(StoreTrouble, match="is closed"):
        store.count()


def test_trouble_is_one_of_our_errors() -> None:
    assert issubclass(StoreTrouble, TraceError)
    assert issubclass(TraceError, MojenticError)
    assert "span_id" in COLUMNS
