"""The file of a cache: shared, damaged, foreign, or not to be written."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mojentic_nb import LLMBroker, ResponseCache
from mojentic_nb.errors import CacheError
from mojentic_nb.gateways.demo import DemoGateway
from mojentic_nb.hooks.cache_file import APPLICATION_ID, CacheFile

BOUNDS = {"max_entries": 1000, "max_bytes": 10**6}


def broker(cache: ResponseCache) -> LLMBroker:
    return LLMBroker("demo", DemoGateway(pace_s=0), cache=cache)


def test_answers_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    with ResponseCache(path) as cache:
        first = broker(cache).generate("hi")
    with ResponseCache(path) as cache:
        second = broker(cache).generate("hi")

    assert (first, first.is_cached, second, second.is_cached) == (first, False, first, True)


WRITER = """
import sys
from mojentic_nb.hooks.cache_file import CacheFile
file = CacheFile(sys.argv[1], max_entries=10**6, max_bytes=10**9)
print("ready", flush=True)
sys.stdin.readline()
for number in range(200):
    key = f"{sys.argv[2]}-{number}".encode()
    file.put(key, b"x" * 100, number)
    assert file.get(key, number)
    file.put(b"shared", sys.argv[2].encode(), number)
"""


def test_two_kernels_write_one_file_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "answers.db")
    # Both make the file at once, too.
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, path, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in "ab"
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=50)

    assert [writer.returncode for writer in writers] == [0, 0]
    file = CacheFile(path, **BOUNDS)
    assert file.totals()[0] == 401
    assert file.get(b"shared", 0)
    file.close()


def test_threads_share_one_cache(tmp_path: Path) -> None:
    file = CacheFile(tmp_path / "answers.db", **BOUNDS)

    def write(number: int) -> None:
        file.put(b"%d" % number, b"x", number)
        assert file.get(b"%d" % number, number) == (b"x", number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(200)))

    assert file.totals() == (200, 200)
    file.close()


@pytest.mark.parametrize(
    "content", [b"no database", b"x" * 5000, b"SQLite format 3\0" + b"\xff" * 5000],
    ids=["short", "long", "damaged"],
)  # fmt: skip
def test_what_is_no_cache_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.db"
    path.write_bytes(content)
    with pytest.raises(CacheError) as found:
        ResponseCache(path)

    assert str(path) in str(found.value)
    assert "another path" in found.value.hint
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_somebody_elses_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE things (name TEXT)")
    theirs.close()
    before = path.read_bytes()
    with pytest.raises(CacheError, match="something else"):
        ResponseCache(path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_cache_of_another_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "later.db"
    with sqlite3.connect(path) as later:
        later.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        later.execute("PRAGMA user_version = 99")
        later.execute("CREATE TABLE other (name TEXT)")
    later.close()
    before = path.read_bytes()
    with pytest.raises(CacheError, match="version is 99, and this one knows 1") as found:
        ResponseCache(path)

    assert "another path" in found.value.hint
    assert path.read_bytes() == before


def test_a_file_damaged_meanwhile_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    with ResponseCache(path) as cache:
        for number in range(50):
            broker(cache).generate(str(number))
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xff" * (len(damaged) - 4096)
    path.write_bytes(damaged)

    with pytest.raises(CacheError, match=r"answers\.db"):
        broker(ResponseCache(path)).generate("0")


@pytest.mark.skipif(os.name == "nt", reason="rights are told in another way there")
def test_what_is_made_is_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "made" / "answers.db"
    with ResponseCache(path) as cache:
        broker(cache).generate("hi")
        made = [path.parent, *path.parent.iterdir()]
        found = {one.name: oct(one.stat().st_mode & 0o777) for one in made}

    rights = dict.fromkeys(("answers.db", "answers.db-wal", "answers.db-shm"), "0o600")
    assert found == {"made": "0o700", **rights}


def test_a_file_that_was_taken_away_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    file = CacheFile(path, **BOUNDS)
    file.put(b"first", b"x", 0)
    for one in tmp_path.iterdir():
        one.unlink()
    file.put(b"second", b"x", 0)

    assert file.totals() == (1, 1)
    file.close()
    assert path.is_file()


FORKED = """
import os, signal, sys, threading
from mojentic_nb.hooks.cache_file import CacheFile
file = CacheFile(sys.argv[1], max_entries=100, max_bytes=10**6)
file.put(b"before", b"x", 0)
is_held, is_forking = threading.Event(), threading.Event()
os.register_at_fork(before=is_forking.set)

def hold():
    with file._file.held():
        is_held.set()
        is_forking.wait(30)

threading.Thread(target=hold).start()
is_held.wait(30)
child = os.fork()
signal.alarm(20)
file.put(b"parent" if child else b"child", b"x", 0)
found = [file.get(key, 0) is not None for key in (b"before", b"child")]
if child == 0:
    os._exit(found != [True, True])
print(os.waitpid(child, 0)[1], file.totals()[0])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_parent_and_child_of_a_fork_both_go_on(tmp_path: Path) -> None:
    """A child in which another thread's lock was held would wait for ever."""
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKED, str(tmp_path / "answers.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (told.stdout, told.stderr) == ("0 3\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="only there may even root not write to /proc")
def test_a_folder_that_may_not_be_written_is_told() -> None:
    with pytest.raises(CacheError) as found:
        ResponseCache("/proc/answers.db")

    assert "may be written" in found.value.hint


def test_an_answer_that_cannot_be_kept_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "answers.db"
    cache = ResponseCache(path)
    with sqlite3.connect(path) as other:  # what a full disk does, too: no write succeeds
        other.execute("CREATE TRIGGER full BEFORE INSERT ON answers BEGIN"
                      " SELECT RAISE(FAIL, 'database or disk is full'); END")  # fmt: skip
    other.close()
    with pytest.warns(RuntimeWarning, match="Make room"):
        assert broker(cache).generate("hi")
    cache.close()


def test_a_closed_cache_says_so() -> None:
    cache = ResponseCache()
    cache.close()
    cache.close()
    with pytest.raises(CacheError, match="is closed"):
        broker(cache).generate("hi")


def test_an_empty_cache_is_a_cache() -> None:
    assert ResponseCache()
    assert repr(ResponseCache()) == "ResponseCache('in memory')"
