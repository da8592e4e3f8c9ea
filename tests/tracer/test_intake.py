"""From a call to the file: nothing waits, nothing raises, and trouble is told once."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import warnings
from pathlib import Path

import pytest

from mojentic_nb.broker import LLMBroker
from mojentic_nb.tracer import TracerSystem
from mojentic_nb.tracer import intake as intakes


def fill(tracer: TracerSystem, number: int) -> None:
    for one in range(number):
        with tracer.span(f"s{one}"):
            pass


def kept(path: Path) -> int:
    with sqlite3.connect(path) as line:
        found: int = line.execute("select count(*) from span").fetchone()[0]
    line.close()
    return found


def blocked(folder: Path) -> Path:
    (folder / "file").write_text("not a folder")
    return folder / "file" / "t.db"


def garbage(folder: Path) -> Path:
    path = folder / "t.db"
    path.write_bytes(b"this is no database at all, but somebody's letter" * 100)
    return path


def newer(folder: Path) -> Path:
    path = folder / "t.db"
    TracerSystem(store=path).close()
    with sqlite3.connect(path) as line:
        line.execute("pragma user_version = 9999")
    line.close()
    return path


@pytest.mark.parametrize("trouble", [blocked, garbage, newer])
def test_a_file_that_cannot_be_used_is_told_once_and_memory_goes_on(
    tmp_path: Path, trouble
) -> None:
    path = trouble(tmp_path)
    before = path.read_bytes() if path.is_file() else b""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        tracer = TracerSystem(store=path)
        assert LLMBroker("demo", tracer=tracer).generate("hi")
        fill(tracer, 3)
        tracer.flush()

    assert [one.category for one in told] == [RuntimeWarning]
    assert "in memory" in str(told[0].message)
    assert "t.db" in str(told[0].message)
    assert len(tracer.spans_df) == 4
    assert tracer.path == ""
    assert "t.db" in tracer.stats()["trouble"]
    assert (path.read_bytes() if path.is_file() else b"") == before
    tracer.close()


def test_a_disk_that_fills_up_is_told_once_and_memory_goes_on(tmp_path: Path) -> None:
    program = """
        import resource, signal, sys, warnings
        from mojentic_nb.tracer import TracerSystem
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        tracer = TracerSystem(store=sys.argv[1])
        tracer.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for number in range(2_000):
                with tracer.span("x" * 100, note="y" * 300):
                    pass
                if number % 200 == 0:
                    tracer.flush()
            tracer.flush()
        assert len(told) == 1, [str(one.message) for one in told]
        print(str(told[0].message))
        print(len(tracer.spans_df), tracer.path)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "t.db")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told, numbers = done.stdout.splitlines()
    assert "in memory" in told
    assert numbers.split() == ["2000"]


def test_a_killed_process_loses_nothing_older_than_a_second(tmp_path: Path) -> None:
    program = """
        import sys, time
        from mojentic_nb.tracer import TracerSystem
        tracer = TracerSystem(store=sys.argv[1])
        number = 0
        while True:
            with tracer.span(f"s{number}"):
                pass
            print(number, flush=True)
            number += 1
            time.sleep(0.01)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "t.db")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    seen: list[tuple[float, int]] = []
    for line in child.stdout:
        seen.append((time.monotonic(), int(line)))
        if seen[-1][0] - seen[0][0] > 2.0:
            break
    child.send_signal(signal.SIGKILL)
    killed_at = time.monotonic()
    child.wait(10)
    child.stdout.close()

    older = [number for at, number in seen if killed_at - at > 1.0]
    assert older
    tracer = TracerSystem(store=tmp_path / "t.db")
    names = set(tracer.spans_df.name)
    assert {f"s{number}" for number in older} <= names
    assert tracer.stats()["trouble"] == ""
    tracer.close()


def test_what_is_over_is_written_without_anybody_asking(tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db")
    fill(tracer, 3)
    written = threading.Event()

    def look() -> None:
        while kept(tmp_path / "t.db") < 3:
            pass
        written.set()

    threading.Thread(target=look, daemon=True).start()
    assert written.wait(20)
    tracer.close()


def test_the_end_of_the_process_writes_what_is_left(tmp_path: Path) -> None:
    program = """
        import sys
        from mojentic_nb.tracer import TracerSystem
        tracer = TracerSystem(store=sys.argv[1])
        for _ in range(500):
            with tracer.span("x"):
                pass
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "t.db")],
        timeout=60,
        check=True,
    )
    assert kept(tmp_path / "t.db") == 500


def test_a_forked_child_writes_its_own_and_none_of_its_parents(tmp_path: Path) -> None:
    program = """
        import os, sys
        from mojentic_nb.tracer import TracerSystem, intake
        intake.PAUSE_S = 60.0
        tracer = TracerSystem(store=sys.argv[1])
        with tracer.span("parents"):
            pass
        child = os.fork()
        with tracer.span("own"):
            pass
        tracer.flush()
        if child == 0:
            os._exit([span.name for span in tracer.spans()] != ["own"])
        assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program), str(tmp_path / "t.db")],
        timeout=60,
        check=True,
    )
    tracer = TracerSystem(store=tmp_path / "t.db")
    assert sorted(tracer.spans_df.name) == ["own", "own", "parents"]
    tracer.close()


def test_a_fork_waits_for_what_is_being_written(tmp_path: Path) -> None:
    """A child in which the writer's locks were held would wait for ever."""
    program = """
        import os, signal, threading
        from mojentic_nb import LLMBroker
        from mojentic_nb.tracer import TracerSystem
        is_writing, is_forking = threading.Event(), threading.Event()

        def redact(text, where):
            if where == "message":
                is_writing.set()
                is_forking.wait(30)
            return text

        tracer = TracerSystem(redact=[redact])
        broker = LLMBroker("demo", tracer=tracer)
        os.register_at_fork(before=is_forking.set)
        broker.generate("hello")
        assert is_writing.wait(30)
        child = os.fork()
        if child == 0:
            signal.alarm(20)
            broker.generate("hello again")
            os._exit(not tracer.flush())
        assert os.waitpid(child, 0)[1] == 0
        assert len(tracer.calls_df) == 1
    """
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program)], timeout=60, check=True
    )


def test_more_than_can_be_written_loses_words_first_and_counts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intakes, "MOST_WITH_CONTENT", 10)
    monkeypatch.setattr(intakes, "MOST_WAITING", 20)
    tracer = TracerSystem()
    broker = LLMBroker("demo", tracer=tracer)
    with tracer._keeping.intake._draining:  # as if a slow disk held it
        for _ in range(25):
            broker.generate("hi")
        told = tracer.stats()

    assert (told["dropped"], told["spans"]) == (5, 25)
    assert told["dropped_content"] >= 5
    frame = tracer.calls_df
    assert len(frame) == 20
    assert frame.duration_s.notna().all()
    assert frame.prompt_preview.eq("hi").sum() <= 15
    assert frame.prompt_preview.eq("hi").iloc[-1]


def test_a_flush_that_cannot_be_done_in_time_says_so() -> None:
    tracer = TracerSystem()
    holds, is_held = threading.Event(), threading.Event()

    def hold() -> None:
        with tracer._keeping.intake._draining:
            is_held.set()
            holds.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    is_held.wait(20)
    fill(tracer, 1)
    assert not tracer.flush(0.01)
    holds.set()
    thread.join()
    assert tracer.flush(20)


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db")
    threads = [threading.Thread(target=fill, args=[tracer, 200]) for _ in range(8)]
    for thread in threads:
        thread.start()
    readers = [len(tracer.spans_df) for _ in range(3)]
    for thread in threads:
        thread.join()

    assert sorted(readers) == readers
    assert len(tracer.spans_df) == 1600
    tracer.close()


def test_a_span_that_cannot_be_written_out_is_counted() -> None:
    tracer = TracerSystem()
    fill(tracer, 1)

    class Breaks:
        def __getattr__(self, name: str) -> object:
            raise ZeroDivisionError

    from mojentic_nb.tracer.finished import Finished

    broken = Finished(
        kind="tool",
        place=Breaks(),
        correlation_id="",
        start_ns=0,
        end_ns=1,
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        tracer._take(broken)
        tracer._take(broken)
        assert len(tracer.spans_df) == 1

    assert tracer.stats()["dropped"] == 2
    assert len(told) == 1


def test_closing_twice_and_tracing_on_is_harmless(tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db")
    fill(tracer, 2)
    tracer.close()
    tracer.close()
    fill(tracer, 1)
    assert kept(tmp_path / "t.db") == 2
    assert len(tracer.spans_df) == 3


def test_a_tracer_with_a_file_lets_go_when_nobody_holds_it(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    for number in range(5):
        tracer = TracerSystem(store=tmp_path / f"{number}.db")
        fill(tracer, 1)
        tracer.close()
        del tracer
    gc.collect()
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + 2
