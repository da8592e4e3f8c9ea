"""The same contract with many at once: threads, processes, forks, and one that is killed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from mojentic_nb.errors import SessionConflict
from mojentic_nb.state.sql_store import SQLStore
from tests.state.rooms import Room, header, read, row, rows, started, together


def test_what_is_read_is_of_one_moment(room: Room) -> None:
    count = "SELECT count(*) FROM mojentic_exchange"
    with room.open() as store, room.open() as other:
        store.write(header(), rows(0, 2), from_position=0, expected_version=0)
        with store._reading() as line:
            before = line.rows(count)
            other.write(header(), rows(2, 5), from_position=2, expected_version=1)
            assert line.rows(count) == before == [(2,)]
        assert read(store).rows == rows(0, 5)


# many at once ---------------------------------------------------------------


def test_threads_share_a_store(store: SQLStore) -> None:
    def append(number: int) -> None:
        for at in range(10):
            store.write(header(number), [row(at)], from_position=at, expected_version=at)
            assert read(store, header(number).session_id).rows == rows(0, at + 1)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(append, range(8)))

    assert [one.version for one in store.names()] == [10] * 8


def test_of_many_threads_one_wins(room: Room) -> None:
    at_once = threading.Barrier(4, timeout=60)

    def begin(number: int) -> bool:
        with room.open() as store:
            at_once.wait()
            try:
                store.write(header(number), [], from_position=0, expected_version=0)
                store.rename(header(number).session_id, name="wanted")
                return True
            except SessionConflict:
                return False

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(begin, range(4))) == [False, False, False, True]

    at_once.reset()
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(lambda _: begin(9), range(4))) == 0

    with room.open() as store:
        assert sorted(one.name for one in store.names()) == ["", "", "", "", "wanted"]


APART = """
with room.open() as store:
    for at in range(25):
        store.write(header(me), [row(at)], from_position=at, expected_version=at)
"""


def test_four_processes_write_to_four_conversations(room: Room) -> None:
    together(APART, room, 4)
    with room.open() as store:
        for number in range(4):
            assert read(store, header(number).session_id).rows == rows(0, 25)


# Each has seen that there is nothing yet: all but one must find that this no longer holds.
TOGETHER = """
with room.open() as store:
    print(sum(appended(store, 1, f"{me} says {number}", seen_nothing=not number)
              for number in range(25)))
"""


def test_four_processes_write_to_one_conversation_and_lose_nothing(room: Room) -> None:
    conflicts = [int(told) for told in together(TOGETHER, room, 4)]
    with room.open() as store:
        kept = read(store)

    assert kept.header.version == 100
    assert [one.position for one in kept.rows] == list(range(100))
    for me in range(4):
        own = [one.body for one in kept.rows if f'"{me} says' in one.body]
        assert own == [row(0, f"{me} says {number}").body for number in range(25)]
    assert sum(conflicts) >= 3


VICTIM = """
store = room.store()
for version in range(10**6):
    # Each writes the whole anew, with a branch: half of it would show.
    said = rows(0, 50, text=f"round {version}")
    old = (BranchRow(branch_id="b", at=0), rows(0, 50, branch="b", text=f"round {version}"))
    store.write(header(title=f"round {version}"), said, from_position=0, expected_version=version,
                branches=[old])
    print(version, flush=True)
"""


def test_what_was_written_outlives_a_kill(room: Room) -> None:
    victim = started("from mojentic_nb.state.records import BranchRow\n" + VICTIM, room)
    assert victim.stdout is not None
    for _ in range(25):
        last = victim.stdout.readline()
    victim.kill()
    *_, last = last, *victim.stdout.readlines()
    victim.communicate()

    with room.open() as store:
        kept = read(store)
        told = f"round {kept.header.version - 1}"
        assert kept.header.version in (int(last) + 1, int(last) + 2)
        assert kept.header.title == told
        assert kept.rows == [*rows(0, 50, text=told), *rows(0, 50, branch="b", text=told)]
        version = kept.header.version
        store.write(header(), [row(50)], from_position=50, expected_version=version)


FORKING = """
store = room.store()
store.write(header(1), [row(0)], from_position=0, expected_version=0)
child = os.fork()
if not child:
    assert store.read(header(1).session_id).header.version >= 1
for number in range(20):
    appended(store, 1, f"{'parent' if child else 'child'} {number}")
if child:
    _, status = os.waitpid(child, 0)
    print(status, len(store.read(header(1).session_id).rows))
store.close()
"""


def test_parent_and_child_of_a_fork_both_write(room: Room) -> None:
    out, errors = started(FORKING, room).communicate(timeout=50)
    assert (out, errors) == ("0 41\n", "")


FORKING_AMONG_THREADS = """
import threading
store = room.store()
def write(number):
    for at in range(15):
        store.write(header(number), [row(at)], from_position=at, expected_version=at)
threads = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
for one in threads:
    one.start()
children = []
for number in range(5):
    child = os.fork()
    if not child:
        write(100 + number)
        os._exit(0)
    children.append(child)
told = [os.waitpid(child, 0)[1] for child in children]
for one in threads:
    one.join()
print(told, sorted(one.version for one in store.names()))
store.close()
"""


def test_a_fork_while_other_threads_write_hurts_nobody(room: Room) -> None:
    out, errors = started(FORKING_AMONG_THREADS, room).communicate(timeout=50)
    assert out == f"{[0] * 5} {[15] * 7}\n", errors
