"""The file of conversations: private, shared, damaged, foreign, older, newer, or gone."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mojentic_nb import sqlite_opening
from mojentic_nb.errors import MojenticError, SessionConflict, StateError
from mojentic_nb.state import sqlite_file, tables
from mojentic_nb.state.sqlite_store import SQLiteStore
from tests.state.rooms import Room, header, row, rows, started, together

ONE = header(1).session_id


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.db"


@pytest.fixture
def store(path: Path) -> Iterator[SQLiteStore]:
    made = SQLiteStore(path)
    yield made
    made.close()


def begun(store: SQLiteStore, count: int = 1, text: str = "") -> None:
    store.write(header(), rows(0, count, text=text), from_position=0, expected_version=0)


def test_by_itself_it_stands_beside_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore()
    monkeypatch.chdir("/")
    begun(store)

    assert store.path == tmp_path / ".mojentic" / "sessions.db"
    assert repr(store) == f"SQLiteStore({str(store.path)!r})"
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in tmp_path.rglob("*")}
    store.close()
    assert modes == {
        ".mojentic": 0o700,
        "sessions.db": 0o600,
        "sessions.db-wal": 0o600,
        "sessions.db-shm": 0o600,
    }


def test_in_memory_it_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore(":memory:")
    begun(store)

    assert (store.path, repr(store)) == (None, "SQLiteStore(':memory:')")
    assert [one.session_id for one in store.names()] == [ONE]
    store.close()
    assert list(tmp_path.iterdir()) == []


IN_MEMORY = """
from mojentic_nb.state.sqlite_store import SQLiteStore
store = SQLiteStore(":memory:")
appended(store, 1, "before")
child = os.fork()
appended(store, 1, "after")
if child:
    _, status = os.waitpid(child, 0)
    print(status, len(store.read(header(1).session_id).rows))
else:
    assert len(store.read(header(1).session_id).rows) == 2
store.close()
"""


def test_in_memory_a_fork_has_its_own(path: Path) -> None:
    out, errors = started(IN_MEMORY, Room("sqlite", str(path))).communicate(timeout=50)
    assert (out, errors) == ("0 2\n", "")


ON_DISK = """
store = room.store()
appended(store, 1, "before")
opened = lambda: [one for one in os.listdir("/proc/self/fd")
                  if "sessions.db" in os.path.realpath(f"/proc/self/fd/{one}")]
assert opened()
child = os.fork()
if not child:
    os._exit(len(opened()))
print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc")
def test_a_fork_inherits_no_open_file(path: Path) -> None:
    out, errors = started(ON_DISK, Room("sqlite", str(path))).communicate(timeout=50)
    assert (out, errors) == ("0\n", "")


def test_a_program_can_read_it_with_sqlite_alone(store: SQLiteStore, path: Path) -> None:
    begun(store, 2)
    line = sqlite3.connect(path)
    found = line.execute(
        "SELECT position, json_extract(body, '$.messages[0].content') FROM mojentic_exchange"
    ).fetchall()
    assert found == [(0, "question 0"), (1, "question 1")]
    assert line.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    line.close()


def test_what_is_deleted_is_no_longer_in_the_file(store: SQLiteStore, path: Path) -> None:
    def is_there() -> bool:
        return any(b"very private" in one.read_bytes() for one in path.parent.iterdir())

    begun(store, 50, text="very private " * 20)
    assert is_there()
    store.delete(ONE)
    assert not is_there()


def test_it_is_deleted_even_while_somebody_reads(store: SQLiteStore, path: Path) -> None:
    begun(store, 5)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN")
    assert other.execute("SELECT count(*) FROM mojentic_exchange").fetchone() == (5,)
    assert store.delete(ONE)
    assert other.execute("SELECT count(*) FROM mojentic_exchange").fetchone() == (5,)
    other.close()
    assert store.names() == []


# what is no file of ours ----------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"no database", b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000],
    ids=["short", "long", "damaged"],
)
def test_what_keeps_no_sessions_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StateError) as found:
        SQLiteStore(path)

    assert str(path) in found.value.message
    assert ("something else" in found.value.message) == (content[:6] != b"SQLite")
    assert "another path" in found.value.hint
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_somebody_elses_database_is_left_alone(path: Path) -> None:
    theirs = sqlite3.connect(path)
    theirs.execute("CREATE TABLE mojentic_session (name TEXT)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match="something else"):
        SQLiteStore(path)

    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_file_damaged_in_its_middle_is_told_and_left_alone(path: Path) -> None:
    store = SQLiteStore(path)
    begun(store, 200, text="x" * 500)
    store.close()
    damaged = bytearray(path.read_bytes())
    damaged[8192:] = b"\xff" * (len(damaged) - 8192)
    path.write_bytes(damaged)

    store = SQLiteStore(path)
    uses: list[Callable[[], object]] = [
        lambda: store.read(ONE),
        lambda: store.write(header(), [], from_position=0, expected_version=1),
        lambda: store.delete(ONE),
    ]
    for use in uses:
        with pytest.raises(StateError, match="malformed") as found:
            use()
        assert "left as it is" in found.value.hint
    store.close()
    assert path.read_bytes() == bytes(damaged)


# versions -------------------------------------------------------------------

NEW = ("title", "summary", "updated_ns")


def of_version(path: Path, version: int, *, lacking: tuple[str, ...] = ()) -> None:
    """Make a file as another version would have, with one conversation in it."""
    line = sqlite3.connect(path)
    for table, columns in tables.TABLES.items():
        told = (f"{name} {kind}" for name, kind in columns.items() if name not in lacking)
        line.execute(f"CREATE TABLE {table} ({', '.join(told)})")
    line.execute(
        "INSERT INTO mojentic_session (session_id, name, version) VALUES (?, 'old', 1)", (ONE,)
    )
    line.execute(
        "INSERT INTO mojentic_exchange (session_id, position, exchange_id, body)"
        " VALUES (?, 0, 'e', '{}')",
        (ONE,),
    )
    line.execute(f"PRAGMA application_id = {sqlite_file.APPLICATION_ID}")
    line.execute(f"PRAGMA user_version = {version}")
    line.commit()
    line.close()


def test_several_processes_bring_an_older_file_up_to_date_at_once(path: Path) -> None:
    of_version(path, 0, lacking=NEW)
    program = 'with room.open() as store: appended(store, 1, f"new {me}"); print("done")'
    assert together(program, Room("sqlite", str(path)), 4) == ["done\n"] * 4

    store = SQLiteStore(path)
    kept = store.read("old") or store.read(ONE)
    store.close()
    assert kept is not None
    assert (kept.header.version, kept.header.title, kept.header.summary) == (5, "", {})
    assert kept.rows[0].exchange_id == "e"
    assert len(kept.rows) == 5


def test_an_update_that_fails_leaves_the_file_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_version(path, 0, lacking=NEW)
    before = path.read_bytes()
    monkeypatch.setitem(tables.INDEXES, "broken", "mojentic_session (nowhere)")
    with pytest.raises(StateError, match="no such column"):
        SQLiteStore(path)

    assert path.read_bytes() == before
    monkeypatch.undo()
    store = SQLiteStore(path)
    assert [one.name for one in store.names()] == ["old"]
    store.close()


def test_a_newer_file_is_refused_and_left_alone(path: Path) -> None:
    of_version(path, 99)
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"newer .* its version is 99") as found:
        SQLiteStore(path)

    assert "Upgrade mojentic_nb" in found.value.hint
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


# trouble --------------------------------------------------------------------


def in_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("a file, no folder")
    return tmp_path / "file" / "sessions.db"


def a_folder(tmp_path: Path) -> Path:
    (tmp_path / "sessions.db").mkdir()
    return tmp_path / "sessions.db"


def under_proc(tmp_path: Path) -> Path:
    return Path("/proc/nowhere/sessions.db")


@pytest.mark.parametrize("place", [in_a_file, a_folder, under_proc])
def test_a_place_that_cannot_be_written_to_is_told(
    tmp_path: Path, place: Callable[[Path], Path]
) -> None:
    where = place(tmp_path)
    with pytest.raises(StateError) as found:
        SQLiteStore(where)

    assert str(where) in found.value.message
    assert "may be written to" in found.value.hint


def test_a_file_that_can_only_be_read_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SQLiteStore(path).close()
    before = path.read_bytes()
    # What SQLite takes a file on a read-only disk for; root may write everywhere else.
    monkeypatch.setattr(sqlite_opening, "OPTIONS", "&mode=ro")
    with pytest.raises(StateError, match="readonly") as found:
        begun(SQLiteStore(path))

    assert "may be written to" in found.value.hint
    assert path.read_bytes() == before


def test_a_file_system_without_shared_memory_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file system of SQLite's own that has none, as network folders have none.
    monkeypatch.setattr(sqlite_opening, "OPTIONS", "&vfs=unix-dotfile")
    with pytest.raises(StateError, match="without shared memory") as found:
        SQLiteStore(path)

    assert "local disk" in found.value.hint


def test_a_file_that_another_program_holds_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_opening, "PATIENCE_S", 0.01)
    store = SQLiteStore(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError, match="locked") as found:
        begun(store)
    assert "holds it" in found.value.hint
    assert store.names() == [], "reading waits for nobody"

    other.execute("ROLLBACK")
    other.close()
    begun(store)
    assert len(store.names()) == 1
    store.close()


FULL_DISK = """
import resource
store = room.store()
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
for number in range(10_000):
    try:
        store.write(header(), [row(number, "x" * 2_000)], from_position=number,
                    expected_version=number)
    except StateError as trouble:
        print(number, len(store.read(header().session_id).rows), trouble)
        break
"""


def test_a_full_disk_is_told_and_what_is_on_it_stays(path: Path) -> None:
    pytest.importorskip("resource")
    out, errors = started(FULL_DISK, Room("sqlite", str(path))).communicate(timeout=50)
    written, counted, told = out.split(maxsplit=2)

    assert errors == ""
    assert written == counted
    assert "Make room" in told
    store = SQLiteStore(path)
    kept = store.read(ONE)
    assert kept is not None
    assert len(kept.rows) == kept.header.version == int(written) > 0
    store.close()


def test_a_file_that_was_taken_away_is_made_anew(store: SQLiteStore, path: Path) -> None:
    begun(store, 3)
    for one in sorted(path.parent.iterdir()):
        one.unlink()
    with pytest.raises(SessionConflict, match="no longer kept") as found:
        store.write(header(), [row(3)], from_position=3, expected_version=1)

    assert found.value.version == 0
    begun(store, 4)
    kept = store.read(ONE)
    assert kept is not None
    assert kept.rows == rows(0, 4)


def test_it_lets_go_by_itself(path: Path) -> None:
    SQLiteStore(path)  # a warning of SQLite's would be an error here
    assert sorted(os.listdir(path.parent)) == ["sessions.db"]


def test_trouble_is_one_of_our_errors() -> None:
    assert issubclass(StateError, MojenticError)
    assert issubclass(SessionConflict, StateError)
