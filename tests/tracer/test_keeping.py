"""Where spans are kept: the ring, the file, what is left out, and several processes at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mojentic_nb.errors import BadArgument, TraceError
from mojentic_nb.place import Cell, standing
from mojentic_nb.tracer import TracerSystem
from tests.loopback import Answer, Loopback
from tests.tracer.test_system import asking, tracer

__all__ = ["tracer"]


def test_a_ring_that_is_full_says_what_is_gone(loopback: Loopback) -> None:
    tracer = TracerSystem(ring=2)
    loopback.script(*[Answer(str(number)) for number in range(5)])
    for _ in range(5):
        asking(loopback, tracer).generate("hi")

    frame = tracer.calls_df
    assert list(frame.response_preview) == ["3", "4"]
    assert frame.attrs["truncated"]
    assert frame.attrs["rows_total"] == 5
    assert "the last 2 of 5 spans" in repr(tracer)


def test_a_file_keeps_what_the_ring_lets_go(loopback: Loopback, tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db", ring=2)
    loopback.script(*[Answer(str(number)) for number in range(5)])
    for _ in range(5):
        asking(loopback, tracer).generate("hi")

    frame = tracer.calls_df
    assert (len(frame), frame.attrs["truncated"]) == (5, False)
    assert len(tracer.messages_df) == 10
    assert tracer.sql("select count(*) n from span").n[0] == 5
    tracer.close()

    again = TracerSystem(store=tmp_path / "t.db")
    assert list(again.calls_df.response_preview) == list("01234")
    assert again.attach(tmp_path / "t.db") == 0
    again.close()


def test_without_a_file_there_is_no_sql(tracer: TracerSystem) -> None:
    with pytest.raises(TraceError, match="keeps no file"):
        tracer.sql("select 1")


def test_sql_only_reads(tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db")
    with pytest.raises(TraceError):
        tracer.sql("delete from span")
    tracer.close()


def test_auto_is_a_file_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tracer = TracerSystem(store="auto")
    assert tracer.path == str(tmp_path / ".mojentic" / "trace.db")
    tracer.close()


@pytest.mark.parametrize("wrong", [{"store": ""}, {"sample": 2.0}, {"ring": 0}, {"capture": "all"}])
def test_settings_that_make_no_sense(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadArgument):
        TracerSystem(**wrong)


@pytest.mark.parametrize("capture", ["none", "text"])
def test_what_is_not_to_be_kept_is_not(loopback: Loopback, tmp_path: Path, capture: Any) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db", capture=capture)
    loopback.script(Answer("wwwww", thinking="zzzzz"))
    asking(loopback, tracer).generate("ppppp")
    tracer.close()

    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"zzzzz" not in kept
    assert (b"ppppp" in kept, b"wwwww" in kept) == ((capture == "text",) * 2)


def test_a_sample_keeps_all_numbers(loopback: Loopback) -> None:
    tracer = TracerSystem(sample=0.5)
    loopback.script(*[Answer("a", usage=(3, 2))] * 4)
    broker = asking(loopback, tracer)
    for first in ("00000000", "7fffffff", "80000000", "ffffffff"):
        broker.generate("hi", correlation_id=f"{first}-0000-4000-8000-000000000000")

    frame = tracer.calls_df
    assert list(frame.input_tokens) == [3] * 4
    assert list(frame.response_chars) == [1] * 4
    assert list(frame.prompt_preview == "hi") == [True, True, False, False]
    assert len(tracer.messages_df) == 4


def test_clear_forgets_everything(loopback: Loopback, tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db")
    loopback.script(Answer("a"), Answer("b"))
    asking(loopback, tracer).generate("hi")
    tracer.clear()
    assert tracer.calls_df.empty
    assert tracer.get_events() == []
    asking(loopback, tracer).generate("hi")
    assert len(tracer.calls_df) == len(tracer.messages_df) - 1 == 1
    tracer.close()


def _child(path: str) -> None:
    tracer = TracerSystem(store=path)
    for number in range(1000):
        with tracer.span(f"s{number}"):
            pass
    tracer.close()


def test_four_processes_write_one_file(tmp_path: Path) -> None:
    path = str(tmp_path / "t.db")
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_child, args=[path]) for _ in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)

    assert [child.exitcode for child in children] == [0] * 4
    tracer = TracerSystem(store=path)
    assert tracer.sql("select count(*) n, count(distinct run_id) r from span").iloc[0].tolist() == [
        4000,
        4,
    ]
    assert tracer.stats()["trouble"] == ""
    tracer.close()


def test_a_conversations_name_is_in_the_file_before_its_next_turn(tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db")
    tracer.name_session("one", title="About rivers")
    tracer.flush()
    assert tracer.sql("select title from session").title[0] == "About rivers"
    tracer.close()


def test_a_run_is_whole_where_it_has_a_file(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    before = TracerSystem(store=path)
    with before.span("another run"):
        pass
    before.close()
    tracer = TracerSystem(store=path, ring=3)
    for number in range(9):
        with within_cell(number // 3), tracer.span(f"{number}"):
            pass

    assert [span.name for span in tracer.spans()] == list("012345678")
    assert [span.name for span in tracer.spans(cell=0)] == list("012")
    assert [span.name for span in tracer.spans(cell=-1)] == list("678")
    assert [span.name for span in tracer.spans(session="2")] == list("678")
    assert [span.name for span in tracer.spans(session="1")] == list("345")
    assert len(tracer.spans(trace=tracer.spans()[0].trace_id)) == 1
    assert tracer.stats()["gone"] == 0
    tracer.close()


def test_what_went_before_there_was_a_file_is_said_to_be_gone(tmp_path: Path) -> None:
    tracer = TracerSystem(ring=2)
    for _ in range(5):
        with tracer.span("x"):
            pass
    assert tracer.stats()["gone"] == 3
    tracer.keep_in(tmp_path / "t.db")
    for _ in range(4):
        with tracer.span("y"):
            pass

    assert tracer.stats()["gone"] == 3
    assert len(tracer.spans()) == len(tracer.spans_df) == 6
    assert tracer.spans_df.attrs["truncated"]
    assert tracer.spans_df.attrs["rows_total"] == 9
    assert "the last 6 of 9 spans" in repr(tracer)
    tracer.clear()
    assert tracer.stats()["gone"] == 0
    tracer.close()


def test_a_file_that_is_lost_leaves_what_is_in_memory(tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db", ring=2)
    for _ in range(5):
        with tracer.span("x"):
            pass
    assert len(tracer.spans()) == 5
    store = tracer._keeping.store
    assert store is not None
    store.close()
    with pytest.warns(RuntimeWarning, match="goes on in memory"):
        assert len(tracer.spans()) == 2
    assert tracer.stats()["gone"] == 3
    assert tracer.calls_df.attrs["truncated"]


@contextmanager
def within_cell(number: int) -> Iterator[None]:
    """As a notebook runs it."""
    before = standing.cell, standing.session_id
    standing.cell, standing.session_id = Cell(number), str(number)
    try:
        yield
    finally:
        standing.cell, standing.session_id = before


def test_rows_that_nobody_counted_have_no_total(tmp_path: Path) -> None:
    path = tmp_path / "t.db"
    before = TracerSystem(store=path)
    for _ in range(5):
        with before.span("another run"):
            pass
    before.close()
    tracer = TracerSystem(ring=1)
    for _ in range(2):
        with tracer.span("x"):
            pass
    tracer.keep_in(path)
    frame = tracer.spans_df
    assert (len(frame), frame.attrs["truncated"], frame.attrs["rows_total"]) == (6, True, None)
    tracer.close()


def test_old_spans_can_be_taken_out_of_the_file_and_its_room_given_back(tmp_path: Path) -> None:
    tracer = TracerSystem(store=tmp_path / "t.db")
    for _ in range(20):
        with tracer.span("x", words="y" * 5_000):
            pass
    assert tracer.prune("30d") == 0
    tracer.flush()
    full = tracer._file().size_bytes
    tracer.vacuum()
    assert tracer._file().size_bytes < full  # the journal is in the file now
    assert tracer.prune(max_mb=0) == 20
    assert tracer.spans_df.empty
    tracer.close()
