"""Answers that are kept: found again, by any process, and only answers."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mojentic_nb.batch.store import ResultStore, store_of
from mojentic_nb.batch.task import Result
from mojentic_nb.errors import StateError
from tests.tracer.processes import together


def result(number: int, **changes: object) -> Result:
    known = {"status": "ok", "output": f"answer {number}", "model": "small", "asked_ns": number}
    return Result(key=number.to_bytes(16, "big"), **(known | changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "results.db"


def test_what_is_put_is_found_and_says_that_it_was_kept(path: Path) -> None:
    store = ResultStore(path)
    store.put(result(1, input_tokens=3, cost=0.5, cold=True, wait_s=1.5))
    found = store.get([result(1).key, result(2).key])
    assert found == {result(1).key: result(1, input_tokens=3, cost=0.5, wait_s=1.5, stored=True)}


@pytest.mark.parametrize("status", ["error", "skipped"])
def test_only_answers_are_kept(path: Path, status: str) -> None:
    store = ResultStore(path)
    store.put(result(1, status=status))
    assert len(store) == 0


def test_another_process_finds_them(path: Path) -> None:
    ResultStore(path).put(result(7))
    script = (
        "import sys; from mojentic_nb.batch.store import ResultStore;"
        f"print(len(ResultStore({str(path)!r})))"
    )
    ResultStore(path).flush()
    # Nobody closed the first one: its writer has it in the file all the same.
    for _ in range(200):
        seen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        if seen.stdout.strip() == "1":
            return
    pytest.fail(seen.stdout + seen.stderr)


OPENING = """
from mojentic_nb.batch.store import ResultStore
for number in range(12):
    ResultStore(f"{sys.argv[1]}/{number}.db").close()
"""


def test_several_processes_make_one_file_at_once(tmp_path: Path) -> None:
    together(OPENING, tmp_path, 3)
    assert len(list(tmp_path.glob("*.db"))) == 12


def test_thousands_are_looked_up_at_once(path: Path) -> None:
    store = ResultStore(path)
    for number in range(1203):
        store.put(result(number))
    found = store.get([result(number).key for number in range(2000)])
    assert len(found) == 1203


def test_threads_lose_nothing(path: Path) -> None:
    store = ResultStore(path)

    def work(begin: int) -> None:
        for number in range(begin, begin + 200):
            store.put(result(number))

    threads = [threading.Thread(target=work, args=(1000 * one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store) == 800


def test_it_is_this_users_alone_and_holds_no_prompt(path: Path) -> None:
    store = ResultStore(path)
    store.put(result(1))
    store.close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with sqlite3.connect(path) as line:
        columns = [row[1] for row in line.execute("PRAGMA table_info(result)")]
    assert columns == ["key", "body", "created_ns"]


def test_what_is_forgotten_is_asked_for_again(path: Path) -> None:
    store = ResultStore(path)
    store.put(result(1))
    assert store.forget([result(1).key, result(2).key]) == 1
    assert store.get([result(1).key]) == {}


def test_a_row_of_another_version_is_as_good_as_none(path: Path) -> None:
    store = ResultStore(path)
    with store.transaction("IMMEDIATE") as line:
        for number, body in enumerate(['{"unheard_of": 1}', "no JSON"]):
            line.execute("INSERT INTO result VALUES (?, ?, 0)", (result(number).key, body))
    assert store.get([result(0).key, result(1).key]) == {}


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as line:
        line.execute("CREATE TABLE mine (x)")
    line.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match="something else"):
        ResultStore(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("shopping list " * 100)
    with pytest.raises(StateError, match="store="):
        ResultStore(path)
    assert path.read_text() == "shopping list " * 100


def test_a_newer_file_is_left_alone(path: Path) -> None:
    store = ResultStore(path)
    store.close()
    with sqlite3.connect(path) as line:
        line.execute("PRAGMA user_version = 99")
    line.close()
    with pytest.raises(StateError, match="newer mojentic_nb"):
        ResultStore(path)


def test_when_the_file_can_no_longer_be_written_the_run_goes_on(path: Path) -> None:
    store = ResultStore(path)
    store.put(result(1))
    store.flush()
    with store.transaction("IMMEDIATE") as line:
        line.execute("DROP TABLE result")

    def keep_two() -> None:
        for number in (2, 3):
            store.put(result(number))
            store.flush()

    with pytest.warns(RuntimeWarning, match="no longer kept") as told:
        keep_two()
    assert len(told) == 1


def test_a_deleted_file_begins_anew(path: Path) -> None:
    store = ResultStore(path)
    store.put(result(1))
    store.flush()
    for one in path.parent.iterdir():
        one.unlink()
    assert store.get([result(1).key]) == {}
    store.put(result(2))
    assert list(store.get([result(2).key])) == [result(2).key]


def test_what_store_means(path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert store_of(None) is None
    own = ResultStore(path)
    assert store_of(own) is own
    assert store_of(str(path)).path == path
    assert store_of("auto").path == tmp_path / ".mojentic/results.db"


FORKED = """
import os, signal, sys, threading
from mojentic_nb.batch import store as module
from mojentic_nb.batch.store import ResultStore
from mojentic_nb.batch.task import Result

def result(number):
    return Result(key=bytes([number]) * 16, status="ok", output=str(number))

module.GATHER_S = 0.2
store = ResultStore(sys.argv[1])
written = []
really = module._insert
def insert(line, rows):
    written.extend(body for _, body, _ in rows)
    really(line, rows)
module._insert = insert

is_held, is_forking = threading.Event(), threading.Event()
os.register_at_fork(before=is_forking.set)

def hold():
    with store.transaction():
        is_held.set()
        is_forking.wait(30)

threading.Thread(target=hold).start()
is_held.wait(30)
# Its thread waits for more of them, and is not there in the child.
store.put(result(1))
child = os.fork()
signal.alarm(30)
if child:
    print(os.waitpid(child, 0)[1])
    store.flush()
    print(len(written), len(store))
else:
    store.put(result(2))
    writer = [one for one in threading.enumerate() if one.name == "mojentic-results"]
    store.flush()
    os._exit(len(writer) != 1 or len(written) != 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_child_of_a_fork_writes_its_own_and_none_of_its_parents(path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (told.stdout, told.stderr) == ("0\n1 2\n", "")
