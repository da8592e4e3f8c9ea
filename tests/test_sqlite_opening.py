"""SQLite files that several kernels share: made once, for one user, and never spoiled."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from mojentic_nb.errors import StateError
from mojentic_nb.sqlite_opening import Keeper, connected, transaction


def make(line: sqlite3.Connection) -> None:
    line.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)")


KEEPER = Keeper(
    what="The notes in",
    error=StateError,
    application_id=7,
    version=2,
    make=make,
    begins=("PRAGMA secure_delete = ON",),
    otherwise="Or write on paper.",
)


def test_a_connection_is_told_first_what_its_keeper_wants(tmp_path: Path) -> None:
    line = KEEPER.opened(tmp_path / "notes.db", "here")
    asked = ("journal_mode", "secure_delete", "application_id", "user_version")
    found = [line.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert found == ["wal", 1, 7, 2]
    line.close()


def test_what_goes_wrong_is_told_as_its_keeper_tells_it(tmp_path: Path) -> None:
    with pytest.raises(StateError) as found, KEEPER.telling("here"):
        raise sqlite3.OperationalError("disk I/O error")
    assert found.value.message == "The notes in here: disk I/O error."
    assert found.value.hint.startswith("Is the disk full?")
    assert found.value.hint.endswith("Or write on paper.")


def test_a_transaction_is_whole_or_not_at_all(tmp_path: Path) -> None:
    line = KEEPER.opened(None, ":memory:")
    with pytest.raises(ZeroDivisionError), transaction(line, "IMMEDIATE"):
        line.execute("INSERT INTO note VALUES ('half')")
        raise ZeroDivisionError
    with transaction(line, "IMMEDIATE") as inside:
        inside.execute("INSERT INTO note VALUES ('whole')")
    assert line.execute("SELECT text FROM note").fetchall() == [("whole",)]
    line.close()


def test_a_file_that_others_made_meanwhile_is_not_made_again(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    made = []

    def once(line: sqlite3.Connection) -> None:
        made.append(1)
        make(line)

    class Late(Keeper):
        """Looks once, and finds nothing; before it looks again somebody has made it."""

        looks = 0

        def is_current(self, line: sqlite3.Connection, shown: str) -> bool:
            Late.looks += 1
            if Late.looks == 1:
                KEEPER.opened(path, shown).close()
                return False
            return super().is_current(line, shown)

    late = Late(what="", error=StateError, application_id=7, version=2, make=once)
    late.opened(path, "here").close()
    assert made == []


@pytest.mark.parametrize("before", range(4))
def test_a_file_that_others_make_during_the_look_is_ours(tmp_path: Path, before: int) -> None:
    path = tmp_path / "notes.db"
    path.touch()
    asked = []

    def ask(statement: str) -> None:
        if len(asked) == before:
            KEEPER.opened(path, "here").close()
        asked.append(statement)

    line = connected(path, "rw")
    line.set_trace_callback(ask)
    KEEPER.is_current(line, "here")
    assert len(asked) >= min(before, 2)
    line.close()
